"""The worst price of an order is one the exchange accepts, however wide the link's own band is."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from mtrade.domain.copying.outcome import Outcome
from mtrade.domain.frozen import replace
from tests.domain.copying.facts import NOW, RULES, Bench

DEVIATION = D("0.1")
MARK = D(60_000)


def bench(**params: object) -> Bench:
    made = Bench(**params)
    made.market = replace(made.market, rules=replace(RULES, price_deviation=DEVIATION))
    return made


def price(outcome: Outcome) -> D:
    assert outcome.order is not None
    assert outcome.order.order.price is not None
    return outcome.order.order.price


@pytest.mark.parametrize("size", ["10", "-10"])
def test_an_entry_stays_within_what_the_exchange_accepts(size: str) -> None:
    made = bench(entry_slip_bps=D(1000))
    made.size = D(size)
    worst = price(made.look())
    assert D("0.05") < abs(worst / MARK - 1) < DEVIATION
    assert (worst > MARK) is (made.size > 0)


def test_a_late_entry_does_too() -> None:
    made = bench(late_band_bps=D(2000))
    made.link = replace(made.link, armed_ms=NOW - 90_000)
    made.leader["increase_ms"] = NOW - 60_000
    made.size = D(10)
    assert D("0.05") < price(made.look()) / MARK - 1 < DEVIATION


def test_an_exit_does_too() -> None:
    made = bench(exit_steps_bps=(D(5000),))
    made.to("10")
    made.size = D(0)
    assert D("0.05") < 1 - price(made.look()) / MARK < DEVIATION


def test_a_narrow_band_is_left_alone() -> None:
    made = bench(entry_slip_bps=D(30))
    made.size = D(10)
    assert price(made.look()) == D(60_180)


def test_without_a_rule_of_the_exchange_the_band_of_the_link_counts() -> None:
    made = Bench(entry_slip_bps=D(1000))
    made.size = D(10)
    assert price(made.look()) == D(66_000)


def test_a_late_entry_whose_leader_price_nobody_knows_goes_by_mark() -> None:
    """The net of a hedging leader has no entry price, and no execution that made it grow."""
    made = Bench(late_band_bps=D(50))
    made.leader |= {"increase_price": None, "entry_price": None}
    made.leader["increase_ms"] = NOW - 60_000
    made.link = replace(made.link, armed_ms=NOW - 90_000)
    made.size = D(10)
    assert price(made.look()) == D(60_300)
