"""Placing orders: what is refused and with which label, and how orders live and end."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Side
from mtrade.paper.faults import GateFault
from tests.paper.futures.stand import ALICE, BOB, BTC, COIN, ETH, Stand, refusal

ORDERS = "/futures/usdt/orders"


def refused(stand: Stand, **body: Any) -> str:
    """The label of an order that may not exist, which must have changed nothing."""
    stand.events()
    before = (stand.total(), stand.available(), len(stand.venue.state.orders.rows))
    label = refusal(stand, "POST", ORDERS, body={"contract": "BTC_USDT", "price": "0"} | body)
    assert (stand.total(), stand.available(), len(stand.venue.state.orders.rows)) == before
    assert not stand.events()
    return label


@pytest.mark.parametrize(
    ("body", "label"),
    [
        ({"contract": "NO_USDT", "size": 1, "tif": "ioc"}, "CONTRACT_NOT_FOUND"),
        ({"tif": "ioc"}, "MISSING_REQUIRED_PARAM"),
        ({"size": 1}, "INVALID_PARAM_VALUE"),
        ({"size": 1, "tif": "poc"}, "INVALID_PARAM_VALUE"),
        ({"size": 0, "tif": "ioc"}, "INVALID_PARAM_VALUE"),
        ({"size": "x", "tif": "ioc"}, "INVALID_PARAM_VALUE"),
        ({"size": "0.5", "price": "60000"}, "INVALID_PARAM_VALUE"),
        ({"size": 1, "price": "60000.05"}, "INVALID_PARAM_VALUE"),
        ({"size": 1, "price": "-1"}, "INVALID_PARAM_VALUE"),
        ({"size": 1, "price": "60000", "tif": "day"}, "INVALID_PARAM_VALUE"),
        ({"size": 1, "price": "60000", "text": "mine"}, "INVALID_PARAM_VALUE"),
        ({"size": 1, "price": "60000", "text": "t-" + "a" * 29}, "INVALID_PARAM_VALUE"),
        ({"size": 1, "price": "60000", "stp_act": "cn"}, "INVALID_PARAM_VALUE"),
        ({"size": 1, "price": "60000", "auto_size": "close_long"}, "INVALID_PARAM_VALUE"),
        ({"size": 0, "tif": "ioc", "auto_size": "close_long"}, "INVALID_PARAM_VALUE"),
        ({"size": 1, "price": "60000", "close": True}, "INVALID_PARAM_VALUE"),
        ({"size": 1_000_001, "price": "60000"}, "SIZE_TOO_LARGE"),
        ({"size": 500_001, "tif": "ioc"}, "SIZE_TOO_LARGE"),
        ({"size": 1, "price": "72000.1"}, "PRICE_TOO_DEVIATED"),
        ({"size": -1, "price": "47999.9"}, "PRICE_TOO_DEVIATED"),
        ({"size": 17_000, "price": "60000"}, "INSUFFICIENT_AVAILABLE"),
        ({"size": -17_000, "tif": "ioc"}, "INSUFFICIENT_AVAILABLE"),
        ({"size": 600_000, "price": "60000"}, "RISK_LIMIT_EXCEEDED"),
        ({"size": 1, "price": "60010", "tif": "poc"}, "ORDER_POC_IMMEDIATE"),
        ({"size": 200_000, "price": "60010", "tif": "fok"}, "ORDER_FOK"),
        ({"size": -1, "tif": "ioc", "reduce_only": True}, "POSITION_EMPTY"),
        ({"size": 0, "tif": "ioc", "close": True}, "POSITION_EMPTY"),
    ],
)
def test_refusals(stand: Stand, body: dict[str, Any], label: str) -> None:
    assert refused(stand, **body) == label


def test_too_small_is_refused_on_a_decimal_contract(stand: Stand) -> None:
    stand.world.rooms[ETH].instrument = _with_minimum(stand, "0.5")
    with pytest.raises(GateFault, match="SIZE_TOO_SMALL"):
        stand.place(key=ETH, size="0.4")


def test_a_contract_being_delisted_only_closes(stand: Stand) -> None:
    stand.place(size=10)
    room = stand.world.rooms[BTC]
    room.instrument = replace(room.instrument, tradable=False)
    assert refused(stand, size=1, tif="ioc") == "CONTRACT_IN_DELISTING"
    assert stand.place(size=-4, reduce_only=True).filled == 4


def test_too_many_orders(stand: Stand) -> None:
    for _ in range(5):
        stand.place(size=1, price="59000")
    assert refused(stand, size=1, price="59000") == "TOO_MANY_ORDERS"
    assert stand.place(size=1).filled == 1  # an order that cannot rest is not counted


def test_sizes_may_be_text_or_numbers(stand: Stand) -> None:
    for size in (2, "2", D("2"), D("2.0")):
        assert stand.place(size=size).filled == 2
    assert stand.place(key=ETH, size="0.3").filled == D("0.3")


def test_market_order_fills_and_ends(stand: Stand) -> None:
    order = stand.ask("POST", ORDERS, body={"contract": "BTC_USDT", "size": 10, "tif": "ioc"})
    assert order["status"] == "finished"
    assert order["finish_as"] == "filled"
    assert (order["size"], order["left"], order["fill_price"]) == ("10", "0", "60010")
    assert order["price"] == "0"
    assert order["text"] == "api"


def test_created_is_201_and_sizes_follow_the_header(stand: Stand) -> None:
    body = {"contract": "ETH_USDT", "size": "1.7", "tif": "ioc", "price": "0"}
    reply = stand.call("POST", ORDERS, body=body, decimal_sizes=False)
    assert reply.status == 201
    assert reply.body["size"] == 1  # type: ignore[index]


def test_an_unfilled_and_a_partly_filled_ioc_differ_only_by_left(stand: Stand) -> None:
    stand.book("59990", "61000")
    stand.quote(Side.SELL, "60010", 4)
    partly = stand.place(size=10, price="60010", tif="ioc")
    unfilled = stand.place(size=10, price="60010", tif="ioc")
    assert (partly.finish_as, partly.left) == ("ioc", 6)
    assert (unfilled.finish_as, unfilled.left) == ("ioc", 10)


def test_a_market_order_stops_at_its_slip_ratio(stand: Stand) -> None:
    stand.book("59990", "60700")
    assert stand.place(size=5, market_order_slip_ratio="0.01").filled == 0
    assert stand.place(size=5, market_order_slip_ratio="0.02").filled == 5


def test_a_limit_order_takes_then_rests(stand: Stand) -> None:
    stand.book("59990", "61000")
    stand.quote(Side.SELL, "60010", 4)
    order = stand.place(size=10, price="60020", text="t-1")
    assert (order.open, order.filled, order.left) == (True, 4, 6)
    stand.quote(Side.SELL, "60020", 6)
    assert (order.finish_as, order.left) == ("filled", 0)
    assert order.worth / order.filled / D("0.0001") == D("60016")


def test_fok_and_poc_that_may_exist(stand: Stand) -> None:
    assert stand.place(size=10, price="60010", tif="fok").finish_as == "filled"
    assert stand.place(size=10, price="60000", tif="poc").open
    assert stand.place(size=5, tif="fok").finish_as == "filled"


def test_own_orders_match_each_other(stand: Stand) -> None:
    resting = stand.place(size=3, price="60005", tif="poc")
    assert stand.place(size=-3, price="60005").finish_as == "filled"
    assert resting.finish_as == "filled"
    assert stand.position().size == 0


def test_liquidate_immediately(stand: Stand) -> None:
    stand.leverage("leverage=125")
    stand.book("59000", "60600")
    assert refused(stand, size=100, tif="ioc") == "LIQUIDATE_IMMEDIATELY"
    stand.leverage("leverage=0&cross_leverage_limit=125")
    stand.venue.withdraw(ALICE, "usdt", D(9_980), stand.now_ms)
    stand.book("59000", "63000")
    assert refused(stand, size=200, tif="ioc") == "LIQUIDATE_IMMEDIATELY"


def test_closing_limits_beyond_liquidation_and_bankruptcy(stand: Stand) -> None:
    stand.leverage("leverage=20")
    stand.place(size=1000)
    stand.mark("59000")
    assert refused(stand, size=-1000, price="57200") == "PRICE_OVER_LIQUIDATION"
    assert refused(stand, size=-1000, price="56900") == "PRICE_OVER_BANKRUPT"
    assert refused(stand, size=-1000, price="56900", reduce_only=True) == "PRICE_OVER_BANKRUPT"


def test_a_market_close_stops_where_the_margin_is_used_up(stand: Stand) -> None:
    stand.leverage("leverage=50")
    stand.place(size=1000)
    stand.book("58700", "61000")
    stand.world.rooms[BTC].mark = D(59_500)
    assert stand.place(size=-1000, reduce_only=True).filled == 0


def test_inverse_contract(stand: Stand) -> None:
    order = stand.place(key=COIN, size=5000)
    position = stand.position(key=COIN)
    assert order.finish_as == "filled"
    assert position.entry == 50_010
    assert stand.total(settle="btc") == 1 - D(5000) / D(50_010) * D("0.0005")
    stand.book("55000", "55010", key=COIN)
    stand.place(key=COIN, size=-5000)
    gained = 5000 * (1 / D(50_010) - 1 / D(55_000))
    closed = stand.ask("GET", "/futures/btc/position_close")[0]
    assert D(closed["pnl_pnl"]) == pytest.approx(gained, rel=D("1e-9"))


def test_another_users_resting_order_is_the_maker(stand: Stand) -> None:
    maker = stand.place(BOB, size=-5, price="60005", tif="poc")
    taker = stand.place(size=5)
    assert maker.finish_as == "filled"
    mine, theirs = (
        stand.venue.state.trades.of(ALICE, "usdt"),
        stand.venue.state.trades.of(BOB, "usdt"),
    )
    assert (mine[0].role, theirs[0].role) == ("taker", "maker")
    assert mine[0].id == theirs[0].id
    assert theirs[0].fee == D("5") * D("0.0001") * 60_005 * D("0.0002")
    assert taker.text == "api"


def test_pushes_come_as_position_trade_order_balance(stand: Stand) -> None:
    stand.place(size=5)
    mine = [event.channel for event in stand.events() if event.uid == ALICE]
    assert mine == ["positions", "usertrades", "orders", "balances"]
    stand.place(size=5, price="59000")
    (accepted,) = stand.events()
    assert (accepted.channel, accepted.body["finish_as"]) == ("orders", "_new")
    assert accepted.body["status"] == "open"


def test_a_partial_fill_pushes_an_update(stand: Stand) -> None:
    order = stand.place(size=10, price="60000", tif="poc")
    stand.events()
    stand.quote(Side.SELL, "60000", 4)
    pushed = [event for event in stand.events() if event.channel == "orders"]
    assert [event.body["finish_as"] for event in pushed] == ["_update"]
    assert pushed[0].body["left"] == "6"
    assert order.open


def test_best_price_order(stand: Stand) -> None:
    body = {"contract": "BTC_USDT", "size": 3, "direction": "sell", "level": 1}
    resting = stand.ask("POST", "/futures/usdt/bbo_orders", body=body)
    assert (resting["price"], resting["status"]) == ("59990", "open")
    body |= {"direction": "buy"}
    assert stand.ask("POST", "/futures/usdt/bbo_orders", body=body)["finish_as"] == "filled"
    body |= {"level": 7}
    assert refusal(stand, "POST", "/futures/usdt/bbo_orders", body=body) == "CONTRACT_NO_COUNTER"


def test_batch_says_for_each_order_how_it_went(stand: Stand) -> None:
    items = [
        {"contract": "BTC_USDT", "size": 1, "price": "59000", "text": "t-a"},
        {"contract": "BTC_USDT", "size": 1, "price": "1", "text": "t-b"},
        {"contract": "ETH_USDT", "size": "0.5", "price": "0", "tif": "ioc", "settle": "usdt"},
        "nonsense",
    ]
    reply = stand.call("POST", "/futures/usdt/batch_orders", body=items)
    answers: Any = reply.body
    assert reply.status == 200
    assert [answer["succeeded"] for answer in answers] == [True, False, True, False]
    assert answers[1]["label"] == "PRICE_TOO_DEVIATED"
    assert answers[1]["text"] == "t-b"
    assert answers[3]["label"] == "INVALID_REQUEST_BODY"
    assert refusal(stand, "POST", "/futures/usdt/batch_orders", body=[{}] * 11) == (
        "INVALID_PARAM_VALUE"
    )


def _with_minimum(stand: Stand, minimum: str) -> Any:
    return replace(stand.world.rooms[ETH].instrument, min_size=D(minimum))
