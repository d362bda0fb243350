"""Reduce-only and closing orders never open or flip, one-way and hedged."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from mtrade.domain.instruments import Side
from mtrade.domain.positions import Leg
from tests.paper.futures.stand import ALICE, BOB, Stand, refusal

ORDERS = "/futures/usdt/orders"
DUAL = "/futures/usdt/dual_mode?dual_mode=True"


@pytest.mark.parametrize(
    ("held", "size", "label"),
    [(10, 5, "INCREASE_POSITION"), (-10, -5, "INCREASE_POSITION"), (10, -11, "REDUCE_EXCEEDED")],
)
def test_refusals(stand: Stand, held: int, size: int, label: str) -> None:
    stand.place(size=held)
    body = {"contract": "BTC_USDT", "size": size, "price": "0", "tif": "ioc", "reduce_only": True}
    assert refusal(stand, "POST", ORDERS, body=body) == label
    assert stand.position().size == held


def test_close_closes_everything(stand: Stand) -> None:
    stand.place(size=-10)
    order = stand.place(size=0, close=True)
    assert (order.size, order.finish_as, order.close) == (10, "filled", True)
    assert stand.position().size == 0


def test_a_close_may_be_smaller_than_the_smallest_order(stand: Stand) -> None:
    stand.place(size=10)
    stand.venue.state.position(ALICE, "usdt", "BTC_USDT", Leg.NET).size = D("0.5")
    assert stand.place(size=0, close=True).finish_as == "filled"


def test_older_reduce_only_orders_give_way_to_a_new_one(stand: Stand) -> None:
    stand.place(size=10)
    first = stand.place(size=-6, price="61000", reduce_only=True)
    second = stand.place(size=-4, price="61100", reduce_only=True)
    third = stand.place(size=-5, price="61200", reduce_only=True)
    assert (first.finish_as, second.open, third.open) == ("reduce_out", True, True)


def test_they_are_trimmed_when_the_position_shrinks(stand: Stand) -> None:
    stand.place(size=10)
    first = stand.place(size=-6, price="61000", reduce_only=True)
    second = stand.place(size=-4, price="61100", reduce_only=True)
    stand.place(size=-5)
    assert (first.finish_as, second.open) == ("reduce_out", True)
    stand.place(size=-5)
    assert second.finish_as == "position_closed"


def test_a_flip_ends_them(stand: Stand) -> None:
    stand.place(size=10)
    order = stand.place(size=-6, price="61000", reduce_only=True)
    stand.place(size=-15)
    assert order.finish_as == "reduce_only"
    assert stand.position().size == -5


def test_one_sweep_cannot_flip_through_a_resting_reduce_only_order(stand: Stand) -> None:
    """Both sells rest at one price; the first closes the position, so the second must go."""
    stand.place(size=10)
    stand.place(size=-10, price="60500")
    reducing = stand.place(size=-10, price="60500", reduce_only=True)
    stand.book("59990", "61000")
    stand.quote(Side.BUY, "60500", 20)
    assert stand.position().size == 0
    assert reducing.finish_as == "position_closed"
    assert reducing.filled == 0


def test_an_amended_reduce_only_order_stays_within_the_position(stand: Stand) -> None:
    stand.place(size=10)
    first = stand.place(size=-4, price="61000", reduce_only=True)
    second = stand.place(size=-6, price="61100", reduce_only=True)
    body = {"size": -11}
    assert refusal(stand, "PUT", f"{ORDERS}/{first.id}", body=body) == "REDUCE_EXCEEDED"
    stand.call("PUT", f"{ORDERS}/{first.id}", body={"size": -8})
    assert (first.open, first.left, second.finish_as) == (True, 8, "reduce_out")


def test_a_flip_closes_then_opens_in_one_fill(stand: Stand) -> None:
    stand.place(size=10)
    stand.place(size=-15)
    assert stand.position().size == -5
    assert stand.position().entry == 59_990
    trade = stand.ask("GET", "/futures/usdt/my_trades")[0]
    assert (trade["size"], trade["close_size"]) == ("-15", "-10")
    closed = stand.ask("GET", "/futures/usdt/position_close")[0]
    assert (closed["side"], closed["pnl_pnl"]) == ("long", "-0.02")
    assert (closed["long_price"], closed["short_price"]) == ("60010", "59990")
    assert (closed["max_size"], closed["accum_size"]) == ("10", "10")
    fees = D("10") * D("0.0001") * (60_010 + 59_990) * D("0.0005")
    assert D(closed["pnl_fee"]) == -fees
    assert D(closed["pnl"]) == D("-0.02") - fees
    assert stand.position().last_close_pnl == D(closed["pnl"])


def test_hedge_legs_do_not_net(stand: Stand) -> None:
    stand.call("POST", DUAL)
    stand.place(size=10)
    stand.place(size=-4)
    long, short = stand.position(leg=Leg.LONG), stand.position(leg=Leg.SHORT)
    assert (long.size, short.size) == (10, -4)
    stand.place(size=4, reduce_only=True)
    stand.place(size=-3, reduce_only=True)
    assert (long.size, short.size) == (7, 0)
    order = stand.place(size=0, reduce_only=True, auto_size="close_long")
    assert (order.size, order.finish_as, long.size) == (-7, "filled", 0)


def test_hedge_refusals(stand: Stand) -> None:
    stand.call("POST", DUAL)
    stand.place(size=10)

    def label(**body: object) -> str:
        whole = {"contract": "BTC_USDT", "price": "0", "tif": "ioc", "size": 0} | body
        return refusal(stand, "POST", ORDERS, body=whole)

    assert label(close=True) == "POSITION_DUAL_MODE"
    assert label(auto_size="close_long") == "INVALID_PARAM_VALUE"
    assert label(auto_size="close_short", reduce_only=True) == "POSITION_EMPTY"
    assert label(auto_size="close_up", reduce_only=True) == "INVALID_PARAM_VALUE"
    assert label(size=1, reduce_only=True) == "POSITION_EMPTY"
    assert label(size=-11, reduce_only=True) == "REDUCE_EXCEEDED"


def test_hedge_legs_reserve_on_both_sides(stand: Stand) -> None:
    for uid in (ALICE, BOB):
        stand.place(uid, size=10, price="59000")
    one_way = 10_000 - stand.available(BOB)
    stand.place(BOB, size=-10, price="61000")
    assert 10_000 - stand.available(BOB) < 2 * one_way
    stand.call("DELETE", ORDERS)
    stand.call("POST", DUAL)
    stand.place(size=10, price="59000")
    stand.place(size=-10, price="61000")
    assert 10_000 - stand.available() > 2 * one_way
