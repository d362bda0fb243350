"""The checklist: shares below the smallest order, caps, and prices that run away, rule by rule.

A contract is worth 60 USDT and the smallest order is one of them.
"""

from __future__ import annotations

from decimal import Decimal as D
from fractions import Fraction
from typing import Any

import pytest

from mtrade.domain.copying.choices import BelowMin, Rounding
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.episodes import rounded
from mtrade.domain.copying.model import Episode
from mtrade.domain.frozen import replace
from tests.domain.copying.facts import Bench


def episode(bench: Bench) -> Episode:
    assert bench.leg.episode is not None
    return bench.leg.episode


def reasons(bench: Bench) -> list[tuple[Act, Code, dict[str, str]]]:
    """The rows of the feed that give a reason."""
    return [(e.act, e.code, dict(e.numbers)) for e in bench.events if e.code is not None]


def in_one(bench: Bench, size: int) -> None:
    """The leader's order fills at once."""
    bench.to(str(size))


def in_parts(bench: Bench, size: int) -> None:
    """The leader's order fills contract by contract, then ends."""
    before = int(bench.size)
    bench.leader |= {"order_id": "7", "order_open": True}
    for part in range(before + 1, size + 1):
        bench.to(str(part))
    bench.leader["order_open"] = False
    bench.to(str(size))


fills = pytest.mark.parametrize("fills", [in_one, in_parts], ids=["one_fill", "forty_fills"])


def opened(fills: Any, multiplier: str, **params: Any) -> Bench:
    """The leader opens forty contracts."""
    bench = Bench(multiplier=D(multiplier), **params)
    fills(bench, 40)
    return bench


@fills
def test_c14_skip(fills: Any) -> None:
    """0.8 of a contract: this part is not copied in this episode, told once with the numbers; what
    the leader adds later is, and what he reduces comes off the uncopied part last."""
    bench = opened(fills, "0.02", below_min=BelowMin.SKIP)
    assert bench.sent == []
    numbers = {"minimum": "1", "wanted": "0.8", "minimum_value": "60", "share_value": "48"}
    assert reasons(bench) == [(Act.SKIPPED, Code.MIN_SIZE, numbers)]
    assert episode(bench).base == 40
    bench.to("140")
    assert bench.leg.owned == 2
    bench.to("90")
    assert bench.leg.owned == 1
    bench.to("40")
    assert bench.leg.owned == 0


@fills
def test_c14_skip_judges_the_order_and_not_its_fills(fills: Any) -> None:
    """Each fortieth is 0.05 of a contract, the order is two: two are copied, nothing is told."""
    bench = opened(fills, "0.05", below_min=BelowMin.SKIP)
    assert bench.leg.owned == 2
    assert reasons(bench) == []


@fills
def test_c14_bump(fills: Any) -> None:
    """The minimum instead of 0.8, once; reductions by the ratio it raised, adds by k."""
    bench = opened(fills, "0.02", below_min=BelowMin.BUMP)
    assert bench.sent == [D(1)]
    assert episode(bench).k_eff == Fraction(1, 40)
    bench.to("140")
    assert bench.leg.owned == 2  # 0.02 of 140 is 2.8
    bench.to("50")
    assert bench.leg.owned == 1


@fills
def test_c14_bump_refused(fills: Any) -> None:
    """0.2 of a contract: the minimum is five times that, the limit is three."""
    bench = opened(fills, "0.005", below_min=BelowMin.BUMP)
    assert bench.sent == []
    numbers = {"factor": "5", "limit": "3"}
    assert reasons(bench) == [(Act.SKIPPED, Code.BUMP_REFUSED, numbers)]
    bench = opened(fills, "0.005", below_min=BelowMin.BUMP, max_bump_factor=D(5))
    assert bench.sent == [D(1)]


@fills
def test_c14_bump_is_refused_by_a_cap(fills: Any) -> None:
    bench = opened(fills, "0.02", below_min=BelowMin.BUMP, max_position=D(50))
    assert bench.sent == []
    numbers = {"allowed": "50", "wanted": "60"}
    assert reasons(bench) == [(Act.SKIPPED, Code.CAP_POSITION, numbers)]


@fills
def test_c14_accumulate(fills: Any) -> None:
    """The exact remainder is kept until adds bring it to one contract; it ends with the episode."""
    bench = Bench(multiplier=D("0.02"), below_min=BelowMin.ACCUMULATE)
    fills(bench, 40)
    assert bench.sent == []
    assert bench.look().why == Reason(Code.DUST, {"size": "0.8"})
    fills(bench, 50)
    assert bench.sent == [D(1)]
    bench.to("0")
    fills(bench, 40)
    assert bench.leg.owned == 0
    assert sum(bench.sent) == 0


def test_c14_accumulate_opens_while_the_order_still_fills() -> None:
    bench = Bench(multiplier=D("0.05"), below_min=BelowMin.ACCUMULATE)
    bench.leader |= {"order_id": "7", "order_open": True}
    owned = []
    for part in range(1, 41):
        bench.to(str(part))
        owned.append(bench.leg.owned)
    assert owned == [D(0)] * 19 + [D(1)] * 20 + [D(2)]


@pytest.mark.parametrize(
    ("exact", "down", "nearest", "up"),
    [
        ("0.35", "0.3", "0.3", "0.4"),
        ("0.36", "0.3", "0.4", "0.4"),
        ("-0.36", "-0.3", "-0.4", "-0.4"),
        ("0.3", "0.3", "0.3", "0.3"),
        ("1234567.89", "1234567.8", "1234567.9", "1234567.9"),
        ("0.04", "0", "0", "0.1"),
        ("0", "0", "0", "0"),
    ],
)
def test_c15_a_step_of_a_tenth_is_exact(exact: str, down: str, nearest: str, up: str) -> None:
    for rounding, wanted in zip(
        (Rounding.DOWN, Rounding.NEAREST, Rounding.UP), (down, nearest, up), strict=True
    ):
        assert str(rounded(Fraction(exact), D("0.1"), rounding).normalize()) == wanted


@pytest.mark.parametrize("sizes", [("20", "10"), ("20", "30", "15"), ("10", "20", "10")])
def test_c16_a_cap_once_reached_keeps_the_proportion(sizes: tuple[str, ...]) -> None:
    """A cap of eight contracts; the leader halves, so does the follower, told with the numbers."""
    bench = Bench(max_position=D(480))
    for size in sizes[:-1]:
        bench.to(size)
        assert bench.leg.owned == 8
    assert episode(bench).k_eff == Fraction(8, int(sizes[-2]))
    bench.to(sizes[-1])
    assert bench.leg.owned == 4
    act, code, numbers = reasons(bench)[0]
    assert (act, code) == (Act.CLIPPED, Code.CAP_POSITION)
    assert D(numbers["allowed"]) < D(numbers["wanted"])


def test_c17_what_was_obtained_before_the_price_ran_is_kept_in_proportion() -> None:
    """Half of ten is filled, then the price is 83 bps away: ten seconds later the rest is given up,
    with both numbers; when the leader goes to six, the follower goes to three."""
    bench = Bench()
    bench.size = D(10)
    outcome = bench.look()
    bench.fill(outcome, D("0.5"))
    started = bench.now
    bench.market = replace(bench.market, bid=D(60_490), ask=D(60_500))
    while bench.now <= started + 9_500:
        outcome = bench.look()
        assert outcome.order is None
        assert outcome.why is not None
        assert outcome.why.code is Code.PRICE_RAN
        assert episode(bench).k_eff == 1
        bench.now += 500
    bench.now += 500
    bench.look()
    numbers = {"bps": "83.3", "limit": "30"}
    assert reasons(bench)[-1] == (Act.SKIPPED, Code.PRICE_RAN, numbers)
    assert episode(bench).k_eff == Fraction(1, 2)
    bench.market = replace(bench.market, bid=D(59_999), ask=D(60_001))
    bench.now += 500
    assert bench.look().order is None
    bench.to("6")
    assert bench.leg.owned == 3
    assert bench.sent == [D(10), D(-2)]


def test_c17_a_price_that_comes_back_in_time_is_taken() -> None:
    bench = Bench()
    bench.size = D(10)
    bench.fill(bench.look(), D("0.5"))
    bench.market = replace(bench.market, ask=D(60_500))
    for _ in range(10):
        bench.now += 500
        assert bench.look().order is None
    bench.market = replace(bench.market, ask=D(60_100))
    bench.to("10")
    assert bench.leg.owned == 10
