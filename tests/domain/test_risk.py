"""Risk gates: each refuses with its deciding number; what shrinks a position always passes."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from mtrade.domain.errors import OrderDenied
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Side
from mtrade.domain.market import Book
from mtrade.domain.orders import AutoSize, OrderType, Trigger
from mtrade.domain.risk import RiskLimits, check_leverage, check_order, is_reducing
from tests.trading.fakes import BTC, BTC_SPOT, CONTRACT, PAIR, book, request

LIMITS = RiskLimits(max_order_value=D(1000), max_leverage=D(20), price_band=D("0.05"))
EMPTY = Book(instrument=BTC, bids=(), asks=(), time_ms=0)


def denied(order: object, *, of: Book | None = None, instrument: object = CONTRACT) -> str:
    with pytest.raises(OrderDenied) as caught:
        check_order(order, instrument, of or book(BTC), LIMITS, reducing=False)  # type: ignore[arg-type]
    return caught.value.code


def test_value_limit_names_value_and_limit() -> None:
    order = request(size=D(200), price=D(60000))
    with pytest.raises(OrderDenied) as caught:
        check_order(order, CONTRACT, book(BTC), LIMITS, reducing=False)
    assert caught.value.params == {"value": "1200", "limit": "1000"}
    check_order(replace(order, size=D(166)), CONTRACT, book(BTC), LIMITS, reducing=False)


def test_a_market_buy_in_money_is_measured_in_money() -> None:
    order = request(instrument=BTC_SPOT, type=OrderType.MARKET, price=None, size=D("1000.01"))
    assert denied(order, of=book(BTC_SPOT), instrument=PAIR) == "order_value_limit"


def test_the_band_stops_typing_mistakes_on_the_expensive_side_only() -> None:
    small = request(size=D(1))
    assert denied(replace(small, price=D(63001))) == "price_band"
    check_order(replace(small, price=D(63000)), CONTRACT, book(BTC), LIMITS, reducing=False)
    check_order(replace(small, price=D(100)), CONTRACT, book(BTC), LIMITS, reducing=False)
    sell = replace(small, side=Side.SELL)
    assert denied(replace(sell, price=D(56000))) == "price_band"
    check_order(replace(sell, price=D(90000)), CONTRACT, book(BTC), LIMITS, reducing=False)


def test_no_price_means_no_action() -> None:
    market = request(type=OrderType.MARKET, price=None, size=D(1))
    assert denied(market, of=EMPTY) == "no_price"


def test_a_trigger_is_measured_at_its_own_price_not_at_todays_book() -> None:
    far = request(size=D(1), price=D(90000), trigger=Trigger(price=D(90000), above=True))
    check_order(far, CONTRACT, book(BTC), LIMITS, reducing=False)
    big = replace(far, price=None, type=OrderType.MARKET, size=D(200))
    assert denied(big, of=EMPTY) == "order_value_limit"


def test_an_instrument_that_does_not_trade_takes_no_entry() -> None:
    assert denied(request(), instrument=replace(CONTRACT, tradable=False)) == "not_tradable"


def test_reducing_passes_every_gate() -> None:
    big = request(size=D(10**6), price=D(10**6))
    check_order(big, replace(CONTRACT, tradable=False), EMPTY, LIMITS, reducing=True)


def test_limits_that_are_off_stop_nothing() -> None:
    off = RiskLimits(max_order_value=None, max_leverage=None, price_band=D(1))
    check_order(request(size=D(10**6)), CONTRACT, book(BTC), off, reducing=False)
    check_leverage(D(125), CONTRACT, off)


def test_leverage_is_the_smaller_of_both_limits() -> None:
    check_leverage(D(20), CONTRACT, LIMITS)
    with pytest.raises(OrderDenied) as caught:
        check_leverage(D(21), CONTRACT, LIMITS)
    assert caught.value.params["limit"] == "20"
    with pytest.raises(OrderDenied):
        check_leverage(D(6), replace(CONTRACT, leverage_max=D(5)), LIMITS)


def test_what_counts_as_reducing() -> None:
    assert is_reducing(request(reduce_only=True))
    assert is_reducing(request(close=True))
    assert is_reducing(request(auto_size=AutoSize.CLOSE_LONG))
    assert not is_reducing(request())
    assert not is_reducing(request(instrument=BTC_SPOT, side=Side.SELL))


def test_a_market_order_may_not_eat_through_the_book_beyond_the_band() -> None:
    near, far = book(BTC).asks[0], replace(book(BTC).asks[1], price=D(63001))
    steep = replace(book(BTC), asks=(near, far))
    limits = replace(LIMITS, max_order_value=None)
    market = request(type=OrderType.MARKET, price=None, size=D(5000))
    check_order(market, CONTRACT, steep, limits, reducing=False)
    with pytest.raises(OrderDenied) as caught:
        check_order(replace(market, size=D(5001)), CONTRACT, steep, limits, reducing=False)
    assert (caught.value.code, caught.value.params["price"]) == ("price_band", "63001")
    with pytest.raises(OrderDenied) as caught:
        check_order(replace(market, size=D(10_001)), CONTRACT, book(BTC), limits, reducing=False)
    assert (caught.value.code, caught.value.params["size"]) == ("thin_book", "1")
    in_money = replace(market, instrument=BTC_SPOT, size=D(10**9))
    with pytest.raises(OrderDenied):
        check_order(in_money, PAIR, book(BTC_SPOT), limits, reducing=False)


def test_the_limit_price_of_a_trigger_is_measured_from_its_trigger() -> None:
    order = request(size=D(1), price=D(94_501), trigger=Trigger(price=D(90_000), above=True))
    assert denied(order) == "price_band"
    check_order(replace(order, price=D(94_500)), CONTRACT, book(BTC), LIMITS, reducing=False)
