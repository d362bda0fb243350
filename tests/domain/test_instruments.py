"""Instruments: sizes and prices conform to the rules, and never to the trader's harm."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.errors import InvalidRequest
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Instrument, InstrumentId, Market, Side, futures, spot
from mtrade.domain.numbers import is_multiple

LINEAR = Instrument(
    id=futures("BTC_USDT"),
    base="BTC",
    quote="USDT",
    price_step=D("0.1"),
    size_step=D(1),
    min_size=D(1),
    max_size=D(1000),
    market_max_size=D(500),
    multiplier=D("0.0001"),
)
INVERSE = replace(LINEAR, id=futures("BTC_USD", "btc"), multiplier=D(1), inverse=True)

amounts = st.decimals(min_value=D("0.000001"), max_value=D("1e9"), places=6)
prices = st.decimals(min_value=D("0.1"), max_value=D("1e6"), places=4)
instruments = st.sampled_from([LINEAR, INVERSE, replace(LINEAR, size_step=D("0.001"))])


@given(instruments, amounts, st.sampled_from([1, -1]))
def test_conform_size_never_rounds_up_and_is_idempotent(
    instrument: Instrument, size: D, sign: int
) -> None:
    conformed = instrument.conform_size(size * sign)
    assert abs(conformed) <= size
    assert is_multiple(conformed, instrument.size_step)
    assert instrument.conform_size(conformed) == conformed


@given(instruments, prices)
def test_conform_price_takes_the_safe_side(instrument: Instrument, price: D) -> None:
    assert instrument.conform_price(price, Side.BUY) <= price
    assert instrument.conform_price(price, Side.SELL) >= price


@given(instruments, amounts, prices)
def test_a_size_from_money_or_coins_is_never_worth_more(
    instrument: Instrument, amount: D, price: D
) -> None:
    tiny = D("1e-20")
    by_value = instrument.size_from_value(amount, price)
    assert instrument.value(by_value, price) <= amount + tiny
    by_coins = instrument.size_from_coins(amount, price)
    assert instrument.coins(by_coins, price) <= amount + tiny


def test_linear_and_inverse_worth() -> None:
    assert LINEAR.value(D(1000), D(60000)) == D(6000)
    assert LINEAR.coins(D(1000), D(60000)) == D("0.1")
    assert INVERSE.value(D(20000), D(50000)) == D(20000)
    assert INVERSE.coins(D(20000), D(50000)) == D("0.4")


@pytest.mark.parametrize(
    ("size", "market", "limit"),
    [("0", False, "1"), ("1.5", False, "1"), ("1001", False, "1000"), ("501", True, "500"),
     ("-3", False, "1")],
)  # fmt: skip
def test_a_size_that_breaks_a_rule_names_the_limit(size: str, market: bool, limit: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        LINEAR.check_size(D(size), market_order=market)
    assert limit in caught.value.fields["size"]


@pytest.mark.parametrize("price", ["0", "-1", "0.05"])
def test_a_price_off_the_grid_is_refused(price: str) -> None:
    with pytest.raises(InvalidRequest):
        LINEAR.check_price(D(price))


def test_good_sizes_and_prices_pass() -> None:
    LINEAR.check_size(D(1000))
    LINEAR.check_price(D("60000.1"))


def test_ids_are_values() -> None:
    assert spot("A_B") == InstrumentId(Market.SPOT, "", "A_B")
    assert str(futures("A_B")) == "usdt:A_B"
    assert str(spot("A_B")) == "spot:A_B"
    assert Side.BUY.opposite is Side.SELL
    assert (Side.BUY.sign, Side.SELL.sign) == (1, -1)
