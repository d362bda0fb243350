"""Margin formulas against the worked examples of gate-notes and against each other."""

from __future__ import annotations

from decimal import Decimal as D
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.instruments import Instrument, futures
from mtrade.domain.market import RiskTier
from mtrade.domain.positions import profit
from mtrade.paper import margin

LINEAR = Instrument(
    id=futures("BTC_USDT"),
    base="BTC",
    quote="USDT",
    price_step=D("0.1"),
    size_step=D(1),
    min_size=D(1),
    multiplier=D("0.0001"),
    leverage_max=D(125),
)
INVERSE = Instrument(
    id=futures("BTC_USD", "btc"),
    base="BTC",
    quote="USD",
    price_step=D("0.1"),
    size_step=D(1),
    min_size=D(1),
    inverse=True,
    leverage_max=D(100),
)
LIMITS = [D(n) for n in (20_000, 50_000, 100_000, 200_000, 1_000_000, 2_000_000, 3_000_000)]
RATES = [D(n) for n in ("0.004", "0.0045", "0.005", "0.007", "0.01", "0.02", "0.05")]
LEVERAGES = [D(n) for n in (125, 111, 100, 75, 50, 25, 10)]


def brackets() -> tuple[RiskTier, ...]:
    """The sample table of BTC_USDT, deductions by their recurrence."""
    tiers: list[RiskTier] = []
    for index, (limit, rate, leverage) in enumerate(zip(LIMITS, RATES, LEVERAGES, strict=True)):
        deduction = D(0)
        if tiers:
            last = tiers[-1]
            deduction = last.deduction + last.limit * (rate - last.maintenance_rate)
        tiers.append(
            RiskTier(
                tier=index + 1,
                limit=limit,
                initial_rate=1 / leverage,
                maintenance_rate=rate,
                leverage_max=leverage,
                deduction=deduction,
            )
        )
    return tuple(tiers)


TIERS = brackets()
FLAT = (
    RiskTier(
        tier=1,
        limit=D(10**12),
        initial_rate=D("0.01"),
        maintenance_rate=D("0.004"),
        leverage_max=D(125),
        deduction=D(0),
    ),
)


def cents(value: D | None) -> D:
    assert value is not None
    return value.quantize(D("0.01"))


def test_linear_worked_example() -> None:
    size, entry = D(1000), D(60_000)
    assert margin.worth(LINEAR, size, entry) == 6000
    posted = margin.initial_margin(LINEAR, size, entry, D(20))
    assert posted == D("304.5")
    assert cents(margin.liquidation_price(LINEAR, size, entry, posted, FLAT)) == D("57226.83")
    assert cents(margin.liquidation_price(LINEAR, -size, entry, posted, FLAT)) == D("62746.95")
    assert margin.bankruptcy_price(LINEAR, size, entry, posted) == 56_955


def test_equity_at_the_liquidation_price_is_what_must_remain() -> None:
    posted = D("304.5")
    price = margin.liquidation_price(LINEAR, D(1000), D(60_000), posted, FLAT)
    assert price is not None
    equity = posted + profit(LINEAR, D(1000), D(60_000), price)
    required = margin.maintenance_margin(FLAT, margin.worth(LINEAR, D(1000), price))
    assert cents(equity) == cents(required) == D("27.18")


def test_inverse_worked_example() -> None:
    size, entry = D(20_000), D(50_000)
    posted = margin.initial_margin(INVERSE, size, entry, D(10))
    assert posted == D("0.0403")
    assert cents(margin.liquidation_price(INVERSE, size, entry, posted, FLAT)) == D("45639.34")
    assert cents(margin.liquidation_price(INVERSE, -size, entry, posted, FLAT)) == D("55337.78")


def test_progressive_maintenance_worked_example() -> None:
    assert margin.tiered_maintenance(TIERS, D(120_000)) == 605
    assert margin.tier_at(TIERS, D(120_000)).deduction == 235


@given(st.integers(0, 3_000_000))
def test_closed_form_equals_the_sum_over_brackets(value: int) -> None:
    total, floor = D(0), D(0)
    for tier in TIERS:
        total += max(min(D(value), tier.limit) - floor, D(0)) * tier.maintenance_rate
        floor = tier.limit
    assert margin.tiered_maintenance(TIERS, D(value)) == total


def test_order_cost_counts_the_exit_of_the_losing_side_at_the_bankruptcy_value() -> None:
    taker = D("0.0005")
    assert margin.order_cost(LINEAR, D(1000), D(60_000), D(20), taker) == D("307.5")
    assert margin.order_cost(LINEAR, D(-1000), D(60_000), D(20), taker) == D("307.725")
    inverse_long = margin.order_cost(INVERSE, D(20_000), D(50_000), D(10), taker)
    inverse_short = margin.order_cost(INVERSE, D(-20_000), D(50_000), D(10), taker)
    assert (inverse_long, inverse_short) == (D("0.04053"), D("0.0405"))


def test_entry_is_weighted_by_worth() -> None:
    assert margin.entry_after_add(LINEAR, D(10), D(100), D(30), D(200)) == 175
    assert margin.entry_after_add(LINEAR, D(0), D(0), D(30), D(200)) == 200
    assert margin.entry_after_add(INVERSE, D(100), D(50), D(100), D(100)) == D(200) / D(3)
    assert margin.entry_after_add(INVERSE, D(0), D(0), D(100), D(100)) == 100


def test_fee_and_funding() -> None:
    assert margin.fee(LINEAR, D(-1000), D(60_000), D("0.0005")) == 3
    assert margin.fee(INVERSE, D(50_000), D(50_000), D("-0.0001")) == D("-0.0001")
    assert margin.funding(LINEAR, D(1000), D(60_000), D("0.0001")) == D("-0.6")
    assert margin.funding(LINEAR, D(-1000), D(60_000), D("0.0001")) == D("0.6")
    assert margin.funding(INVERSE, D(50_000), D(50_000), D("0.0001")) == D("-0.0001")


def test_leverage_caps_the_value() -> None:
    assert margin.most_value(TIERS, D(125)) == 20_000
    assert margin.most_value(TIERS, D(50)) == 1_000_000
    assert margin.most_value(TIERS, D(200)) == 0


def test_a_position_that_cannot_be_liquidated_has_no_price() -> None:
    assert margin.liquidation_price(LINEAR, D(10), D(100), D(5), FLAT) is None
    assert margin.bankruptcy_price(INVERSE, D(-100), D(100), D(2)) is None


@pytest.mark.parametrize("instrument", [LINEAR, INVERSE])
@pytest.mark.parametrize("sign", [1, -1])
@given(size=st.integers(1, 400_000), entry=st.integers(1000, 200_000), leverage=st.integers(2, 100))
def test_equity_meets_maintenance_exactly_at_the_liquidation_price(
    instrument: Instrument, sign: int, size: int, entry: int, leverage: int
) -> None:
    signed = D(size * sign)
    posted = margin.initial_margin(instrument, signed, D(entry), D(leverage))
    price = margin.liquidation_price(instrument, signed, D(entry), posted, TIERS)
    if price is None:
        return
    value = margin.worth(instrument, signed, price)
    gap = posted + profit(instrument, signed, D(entry), price)
    gap -= margin.maintenance_margin(TIERS, value)
    assert abs(gap) <= value * D("1e-20")


@pytest.mark.parametrize("instrument", [LINEAR, INVERSE])
@pytest.mark.parametrize("sign", [1, -1])
def test_bankruptcy_lies_beyond_liquidation(instrument: Instrument, sign: int) -> None:
    size, entry = D(1000 * sign), D(50_000)
    posted = margin.initial_margin(instrument, size, entry, D(10))
    liquidation = margin.liquidation_price(instrument, size, entry, posted, TIERS)
    bankruptcy = margin.bankruptcy_price(instrument, size, entry, posted)
    assert liquidation is not None
    assert bankruptcy is not None
    assert (bankruptcy < liquidation) == (sign > 0)
    loss = profit(instrument, size, entry, bankruptcy)
    assert abs(loss + posted) < D("1e-20")


def test_tiers_of_the_sample_are_continuous() -> None:
    for low, high in pairwise(TIERS):
        below = low.limit * low.maintenance_rate - low.deduction
        above = low.limit * high.maintenance_rate - high.deduction
        assert below == above
