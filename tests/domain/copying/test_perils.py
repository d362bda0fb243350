"""Dangers that no fill tells of: the leader's leverage and margin, the follower's liquidation."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from mtrade.domain.accounts import MarginMode
from mtrade.domain.copying.codes import Code
from mtrade.domain.copying.perils import Stand, distance_pct, geared, is_near, merged, near, padded
from mtrade.domain.frozen import replace

LONG = Stand(
    size=D(10), leverage=D(10), margin_mode=MarginMode.ISOLATED, margin=D(100), liq_price=D(54_000)
)
OWN = Stand(
    size=D(5), leverage=D(5), margin_mode=MarginMode.CROSS, margin=D(0), liq_price=D("50500.5")
)


def test_leverage_and_margin_mode_are_told_with_both_values() -> None:
    now = replace(LONG, leverage=D(20), margin_mode=MarginMode.CROSS)
    why = geared(LONG, now, OWN)
    assert why is not None
    assert why.code is Code.LEADER_GEARING
    assert why.numbers == {
        "before": "10", "before_margin": "isolated", "after": "20", "after_margin": "cross",
        "own": "5", "own_margin": "cross",
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [{"leverage": D(20)}, {"margin_mode": MarginMode.CROSS}, {"leverage": D(20), "size": D(4)}],
)
def test_either_change_counts_also_with_a_trade(change: dict[str, object]) -> None:
    assert geared(LONG, replace(LONG, **change), None) is not None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change", [{}, {"size": D(20)}, {"margin": D(500)}, {"leverage": None}, {"margin_mode": None}]
)
def test_what_is_the_same_or_not_told_is_no_change(change: dict[str, object]) -> None:
    assert geared(LONG, replace(LONG, **change), OWN) is None  # type: ignore[arg-type]


def test_added_margin_is_told_with_both_liquidation_prices_and_the_own_one() -> None:
    now = replace(LONG, margin=D("150.123"), liq_price=D(49_000))
    why = padded(LONG, now, OWN)
    assert why is not None
    assert why.code is Code.LEADER_MARGIN
    assert why.numbers == {
        "added": "50.12", "before": "54000", "after": "49000", "own": "50500.5",
    }  # fmt: skip
    short = replace(LONG, size=D(-10), liq_price=D(66_000))
    assert padded(short, replace(short, margin=D(150), liq_price=D(70_000)), None) is not None


@pytest.mark.parametrize(
    "change",
    [
        {"size": D(20)},  # he traded
        {"leverage": D(5)},  # told as such
        {"margin": D("100.9")},  # less than a person would add
        {"margin": D(50), "liq_price": D(57_000)},  # taken out
        {"liq_price": D(54_000)},  # it moved nothing
        {"liq_price": D(55_000)},
        {"liq_price": None},
        {"margin": None},
    ],
)
def test_what_else_moves_margin_is_no_addition(change: dict[str, object]) -> None:
    now = replace(LONG, margin=D(150), liq_price=D(49_000))
    assert padded(LONG, replace(now, **change), OWN) is None  # type: ignore[arg-type]


def test_a_push_without_a_liquidation_price_is_completed_by_the_next_read() -> None:
    pushed = replace(LONG, margin=D(150), liq_price=None)
    known = merged(LONG, pushed)
    assert padded(LONG, known, OWN) is None
    read = replace(LONG, margin=D(150), liq_price=D(49_000))
    assert padded(known, merged(known, read), OWN) is not None


def test_margin_that_a_smaller_leverage_asks_for_is_not_added_margin() -> None:
    """A push tells the leverage, a read later the larger margin that comes with it."""
    known = merged(LONG, replace(LONG, leverage=D(5), margin=D(200), liq_price=None))
    assert geared(LONG, known, OWN) is not None
    read = replace(LONG, leverage=D(5), margin=D(200), liq_price=D(48_000))
    assert padded(known, merged(known, read), OWN) is None
    assert geared(known, read, OWN) is None


def test_cross_margin_is_not_added_to_a_position() -> None:
    cross = replace(LONG, margin_mode=MarginMode.CROSS)
    assert padded(cross, replace(cross, margin=D(150), liq_price=D(49_000)), OWN) is None


@pytest.mark.parametrize(
    ("size", "mark", "liq", "percent"),
    [
        ("10", "100", "97", "3"), ("-10", "100", "103", "3"), ("10", "100", "101", "0"),
        ("-10", "100", "99", "0"), ("1", "64000.7", "60000", "6.25"),
    ],
)  # fmt: skip
def test_the_distance_is_what_the_price_may_still_move(
    size: str, mark: str, liq: str, percent: str
) -> None:
    assert distance_pct(D(size), D(mark), D(liq)) == D(percent)


def test_without_a_position_or_a_price_there_is_no_distance() -> None:
    assert distance_pct(D(0), D(100), D(97)) is None
    assert distance_pct(D(1), None, D(97)) is None
    assert distance_pct(D(1), D(100), None) is None
    assert distance_pct(D(1), D(0), D(97)) is None


def test_nearness_begins_at_the_limit_and_ends_well_away() -> None:
    assert is_near(D(3), D(3), was_near=False)
    assert not is_near(D("3.01"), D(3), was_near=False)
    assert is_near(D("3.75"), D(3), was_near=True)
    assert not is_near(D("3.76"), D(3), was_near=True)


def test_a_near_liquidation_is_told_next_to_the_leaders() -> None:
    why = near(D("2.5"), D(3), D(100), D("97.5"), D("12.34"))
    assert why.numbers == {
        "distance": "2.5", "limit": "3", "mark": "100", "liq": "97.5", "leader": "12.34",
    }  # fmt: skip
    assert "leader" not in near(D("2.5"), D(3), D(100), D("97.5"), None).numbers
