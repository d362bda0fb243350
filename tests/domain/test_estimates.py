"""Estimates agree with the worked examples of Gate's margin pages (docs/gate-notes.md)."""

from __future__ import annotations

from decimal import Decimal as D

from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.estimates import (
    MARGIN_FEE,
    entry_after,
    isolated_liquidation,
    isolated_margin,
    settle_value,
    tier_of,
)
from mtrade.domain.market import RiskTier
from mtrade.domain.positions import profit
from tests.domain.test_instruments import INVERSE, LINEAR

TIER = RiskTier(
    tier=1,
    limit=D(20000),
    initial_rate=D("0.008"),
    maintenance_rate=D("0.004"),
    leverage_max=D(125),
    deduction=D(0),
)


def test_linear_worked_example() -> None:
    margin = isolated_margin(D(6000), D(20))
    assert margin == D("304.5")
    long = isolated_liquidation(LINEAR, D(1000), D(60000), margin, [TIER])
    short = isolated_liquidation(LINEAR, D(-1000), D(60000), margin, [TIER])
    assert long is not None
    assert short is not None
    assert (round(long, 2), round(short, 2)) == (D("57226.83"), D("62746.95"))


def test_inverse_worked_example() -> None:
    margin = isolated_margin(D("0.4"), D(10))
    assert margin == D("0.0403")
    long = isolated_liquidation(INVERSE, D(20000), D(50000), margin, [TIER])
    short = isolated_liquidation(INVERSE, D(-20000), D(50000), margin, [TIER])
    assert long is not None
    assert short is not None
    assert (round(long, 2), round(short, 2)) == (D("45639.34"), D("55337.78"))


def test_no_liquidation_when_the_margin_covers_everything() -> None:
    assert isolated_liquidation(LINEAR, D(1000), D(60000), D(10000), [TIER]) is None
    assert isolated_liquidation(INVERSE, D(-20000), D(50000), D(1), [TIER]) is None
    assert isolated_liquidation(LINEAR, D(0), D(60000), D(1), [TIER]) is None


def test_entries_average_linear_and_harmonic() -> None:
    assert entry_after(LINEAR, D(10), D(100), D(10), D(200)) == D(150)
    harmonic = entry_after(INVERSE, D(10), D(100), D(10), D(200))
    assert harmonic is not None
    assert round(harmonic, 6) == round(D(20) / (D("0.1") + D("0.05")), 6)


def test_reducing_keeps_the_entry_flipping_takes_the_new_price_closing_has_none() -> None:
    assert entry_after(LINEAR, D(10), D(100), D(-4), D(200)) == D(100)
    assert entry_after(LINEAR, D(10), D(100), D(-14), D(200)) == D(200)
    assert entry_after(LINEAR, D(10), D(100), D(-10), D(200)) is None
    assert entry_after(LINEAR, D(0), None, D(5), D(200)) == D(200)


def test_brackets() -> None:
    second = RiskTier(
        tier=2,
        limit=D(50000),
        initial_rate=D("0.009"),
        maintenance_rate=D("0.0045"),
        leverage_max=D(111),
        deduction=D(10),
    )
    assert tier_of([TIER, second], D(20000)) is TIER
    assert tier_of([TIER, second], D(20001)) is second
    assert tier_of([TIER, second], D(10**9)) is second
    assert tier_of([], D(1)) is None


@given(
    size=st.integers(min_value=1, max_value=1000),
    sign=st.sampled_from([1, -1]),
    entry=st.decimals(min_value=D(100), max_value=D(100000), places=1),
    leverage=st.integers(min_value=2, max_value=100),
)
def test_at_liquidation_the_margin_left_is_what_the_rule_demands(
    size: int, sign: int, entry: D, leverage: int
) -> None:
    held = D(size * sign)
    margin = settle_value(LINEAR, held, entry) / leverage
    price = isolated_liquidation(LINEAR, held, entry, margin, [TIER])
    assert price is not None
    left = margin + profit(LINEAR, held, entry, price)
    demanded = settle_value(LINEAR, held, price) * (TIER.maintenance_rate + MARGIN_FEE)
    assert abs(left - demanded) < D("0.000001")
