"""Size units: every conversion rounds down, and nothing is computed from a missing number."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.errors import InvalidRequest, OrderDenied
from mtrade.domain.instruments import Side
from mtrade.domain.orders import OrderType
from mtrade.domain.sizing import SizeUnit, SizingFacts, order_size
from tests.domain.test_instruments import INVERSE, LINEAR
from tests.trading.fakes import PAIR

FACTS = SizingFacts(
    price=D(60000), leverage=D(10), available=D(1000), position=D(7), taker_fee=D("0.0005")
)
BLIND = SizingFacts(price=None)


def futures_size(typed: str, unit: SizeUnit, facts: SizingFacts = FACTS, **more: bool) -> D:
    return order_size(D(typed), unit, LINEAR, Side.BUY, OrderType.MARKET, facts, **more)


def test_futures_units() -> None:
    assert futures_size("12", SizeUnit.CONTRACTS) == 12
    assert futures_size("0.00125", SizeUnit.BASE) == 12
    assert futures_size("75", SizeUnit.QUOTE) == 12
    assert futures_size("7.5", SizeUnit.MARGIN) == 12
    assert futures_size("50", SizeUnit.PERCENT, reduce_only=True) == 3


def test_percent_of_the_free_money_leaves_room_for_both_fees() -> None:
    size = futures_size("100", SizeUnit.PERCENT)
    value = LINEAR.value(size, D(60000))
    assert value / 10 + 2 * value * D("0.0005") <= 1000
    assert LINEAR.value(size + 1, D(60000)) * (D("0.1") + D("0.001")) > 1000


def test_inverse_margin_is_in_coins() -> None:
    size = order_size(D("0.01"), SizeUnit.MARGIN, INVERSE, Side.BUY, OrderType.LIMIT, FACTS)
    assert size == D("0.01") * 10 * 60000


def test_spot_market_buy_is_in_money_and_everything_else_in_coins() -> None:
    def spot_size(typed: str, unit: SizeUnit, side: Side, kind: OrderType) -> D:
        return order_size(D(typed), unit, PAIR, side, kind, FACTS)

    market, limit = OrderType.MARKET, OrderType.LIMIT
    assert spot_size("100.019", SizeUnit.QUOTE, Side.BUY, market) == D("100.01")
    assert spot_size("0.01", SizeUnit.BASE, Side.BUY, market) == D(600)
    assert spot_size("50", SizeUnit.PERCENT, Side.BUY, market) == D(500)
    assert spot_size("100", SizeUnit.QUOTE, Side.BUY, limit) == D("0.00166")
    assert spot_size("10", SizeUnit.PERCENT, Side.SELL, market) == D(100)
    assert spot_size("0.0123456", SizeUnit.BASE, Side.SELL, market) == D("0.01234")


@pytest.mark.parametrize(
    ("unit", "code"),
    [(SizeUnit.QUOTE, "no_price"), (SizeUnit.MARGIN, "no_price"), (SizeUnit.PERCENT, "no_balance")],
)
def test_a_missing_number_is_said_not_invented(unit: SizeUnit, code: str) -> None:
    with pytest.raises(OrderDenied) as caught:
        futures_size("10", unit, BLIND)
    assert caught.value.code == code


def test_reducing_nothing_is_refused() -> None:
    with pytest.raises(OrderDenied):
        futures_size("10", SizeUnit.PERCENT, BLIND, reduce_only=True)


@pytest.mark.parametrize("typed", ["0", "-1"])
def test_not_positive_is_refused(typed: str) -> None:
    with pytest.raises(InvalidRequest):
        futures_size(typed, SizeUnit.CONTRACTS)


def test_units_without_meaning_are_refused() -> None:
    with pytest.raises(InvalidRequest):
        order_size(D(1), SizeUnit.CONTRACTS, PAIR, Side.BUY, OrderType.LIMIT, FACTS)
    with pytest.raises(InvalidRequest):
        futures_size("101", SizeUnit.PERCENT)


@given(
    typed=st.decimals(min_value=D("0.01"), max_value=D("100"), places=2),
    unit=st.sampled_from(list(SizeUnit)),
    price=st.decimals(min_value=D(1), max_value=D(200_000), places=1),
)
def test_no_unit_ever_rounds_up(typed: D, unit: SizeUnit, price: D) -> None:
    facts = SizingFacts(
        price=price, leverage=D(10), available=D(1000), position=D(100), taker_fee=D("0.0005")
    )
    size = order_size(typed, unit, LINEAR, Side.BUY, OrderType.LIMIT, facts)
    value, tiny = LINEAR.value(size, price), D("1e-20")
    most = {
        SizeUnit.BASE: typed * price,
        SizeUnit.QUOTE: typed,
        SizeUnit.CONTRACTS: LINEAR.value(typed, price),
        SizeUnit.MARGIN: typed * 10,
        SizeUnit.PERCENT: typed * 100,
    }[unit]
    assert value <= most + tiny
