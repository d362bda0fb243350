"""Private pushes as Gate documents them, and anything else, become events or a count."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.accounts import MarginMode
from mtrade.domain.events import (
    Filled,
    FuturesBalanceChanged,
    Liquidated,
    OrderChanged,
    PositionChanged,
    PositionClosed,
    SpotBalanceChanged,
    TriggerChanged,
)
from mtrade.domain.instruments import Side, futures, spot
from mtrade.domain.orders import OrderType, TriggerSource
from mtrade.domain.positions import Leg
from mtrade.gate.frames import Push, classify
from mtrade.gate.parse_push import PARSERS, Owner, parse_private
from tests.gate.push_samples import FUTURES_ORDER, POSITION, SPOT_ORDER, SPOT_TRIGGER

D = Decimal
SPOT, USDT = Owner("paper:42", ""), Owner("paper:42", "usdt")


def as_gate_writes(frame: object) -> str:
    """Decimals as JSON floats."""
    return json.dumps(frame, default=float)


def parsed(owner: Owner, channel: str, result: object) -> Any:
    """The only event, through the very decoder that frames go through."""
    text = as_gate_writes({"channel": channel, "event": "update", "result": result})
    push = classify(text)
    assert isinstance(push, Push)
    found = parse_private(owner, push)
    assert found.unreadable == 0
    (event,) = found.events
    assert event.account_id == "paper:42"  # type: ignore[union-attr]
    return event


@pytest.mark.parametrize(
    ("event", "finish", "open_", "said"),
    [
        ("put", "open", True, ""),
        ("update", "open", True, ""),
        ("finish", "filled", False, "filled"),
        ("finish", "cancelled", False, "cancelled"),
        ("finish", "ioc", False, "ioc"),
    ],
)
def test_a_spot_order_has_no_status_of_its_own(
    event: str, finish: str, open_: bool, said: str
) -> None:
    row = {**SPOT_ORDER, "event": event, "finish_as": finish}
    order = parsed(SPOT, "spot.orders_v2", [row]).order
    assert isinstance(parsed(SPOT, "spot.orders", [row]), OrderChanged)
    assert (order.open, order.finish_as) == (open_, said)
    assert order.instrument == spot("BTC_USDT")
    assert (order.order_id, order.text, order.updated_ms) == ("810000017", "t-a7", 1700000003118)
    assert (order.filled, order.average) == (D("0.002"), D(60950))


def test_a_spot_fill_and_balance() -> None:
    row = {
        "id": 12,
        "order_id": "810000017",
        "currency_pair": "BTC_USDT",
        "create_time": 1700000003,
        "create_time_ms": "1700000003117.482",
        "side": "buy",
        "amount": "0.002",
        "role": "taker",
        "price": "60950",
        "fee": "0.000004",
        "fee_currency": "BTC",
        "text": "t-a7",
    }
    event = parsed(SPOT, "spot.usertrades_v2", [row])
    assert isinstance(event, Filled)
    (fill,) = event.fills
    assert (fill.trade_id, fill.time_ms, fill.fee) == ("12", 1700000003117, D("0.000004"))
    money = {
        "timestamp": "1700000003",
        "timestamp_ms": "1700000003118",
        "currency": "USDT",
        "total": "100",
        "available": "60.5",
        "freeze": "39.5",
    }
    event = parsed(SPOT, "spot.balances", [money])
    assert isinstance(event, SpotBalanceChanged)
    assert (event.balance.available, event.balance.locked) == (D("60.5"), D("39.5"))
    assert event.time_ms == 1700000003118


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({}, "open"),
        ({"fired_order_id": 9, "ftime": "1700000001000"}, "succeeded"),
        ({"ftime": "1700000001000"}, "cancelled"),
        ({"ftime": "1700000001000", "reason": "cancelled by user"}, "cancelled"),
        ({"instant_cancel": True}, "cancelled"),
        ({"ftime": "1700000001000", "reason": "expired"}, "expired"),
        ({"ftime": "1700000001000", "err_msg": "BALANCE_NOT_ENOUGH"}, "failed"),
    ],
)
def test_a_spot_price_order_tells_its_state_indirectly(more: Any, status: str) -> None:
    event = parsed(SPOT, "spot.priceorders", {**SPOT_TRIGGER, **more})
    assert isinstance(event, TriggerChanged)
    assert event.trigger.status == status
    when = event.trigger.order.trigger
    assert when is not None
    assert (when.price, when.above, when.expires_s) == (D(60000), True, 3600)
    assert event.trigger.order.side is Side.SELL
    assert event.trigger.fired_order_id == ("9" if status == "succeeded" else "")


def test_a_futures_order_has_its_update_time_in_milliseconds_and_exact_floats() -> None:
    frame = {"channel": "futures.orders", "event": "update", "result": [FUTURES_ORDER]}
    push = classify(as_gate_writes(frame).replace("3004.15,", "3004.150000000000000001,", 1))
    assert isinstance(push, Push)
    (event,) = parse_private(USDT, push).events
    assert isinstance(event, OrderChanged)
    order = event.order
    assert order.price == D("3004.150000000000000001")
    assert (order.side, order.size, order.left, order.filled) == (Side.SELL, D(12), D(5), D(7))
    assert (order.open, order.finish_as, order.reduce_only) == (True, "", True)
    assert (order.created_ms, order.updated_ms) == (1700000010012, 1700000010040)
    done = {**FUTURES_ORDER, "status": "finished", "finish_as": "ioc", "price": 0, "left": 0}
    order = parsed(USDT, "futures.orders", [done]).order
    assert (order.open, order.finish_as, order.type) == (False, "ioc", OrderType.MARKET)


def test_a_futures_fill_takes_its_side_from_the_sign() -> None:
    row = {
        "id": "55120",
        "order_id": "990017",
        "contract": "ETH_USDT",
        "create_time": 1700000010,
        "create_time_ms": 1700000010017,
        "size": "-12",
        "price": "3004.15",
        "role": "taker",
        "text": "t-lead-3",
        "fee": 0.18024900,
        "point_fee": 0,
    }
    (fill,) = parsed(USDT, "futures.usertrades", [row]).fills
    assert (fill.trade_id, fill.side, fill.size, fill.fee) == (
        "55120",
        Side.SELL,
        D(12),
        D("0.180249"),
    )
    assert fill.instrument == futures("ETH_USDT")


def test_a_position_with_leverage_zero_is_cross() -> None:
    event = parsed(USDT, "futures.positions", [POSITION])
    assert isinstance(event, PositionChanged)
    update = event.update
    assert (update.size, update.leg, update.update_id) == (D(-12), Leg.NET, 8841)
    assert (update.margin_mode, update.leverage) == (MarginMode.CROSS, D(10))
    assert (update.entry_price, update.realised_pnl) == (D("3004.15"), D("-0.180249"))
    flat = {**POSITION, "mode": "dual_long", "leverage": 5, "size": 0, "entry_price": 0}
    update = parsed(USDT, "futures.positions", [flat]).update
    assert (update.leg, update.size, update.entry_price) == (Leg.LONG, D(0), None)
    assert (update.margin_mode, update.leverage) == (MarginMode.ISOLATED, D(5))


def test_the_other_futures_channels() -> None:
    money = {"balance": 9.998739899, "change": -0.1, "time": 1, "time_ms": 1700000010016}
    event = parsed(USDT, "futures.balances", [money])
    assert isinstance(event, FuturesBalanceChanged)
    assert (event.settle, event.total) == ("usdt", D("9.998739899"))
    close = {
        "contract": "ETH_USDT",
        "side": "short",
        "pnl": -1.25,
        "text": "web",
        "time": 1700000010,
        "time_ms": 1700000010016,
    }
    event = parsed(USDT, "futures.position_closes", [close])
    assert isinstance(event, PositionClosed)
    assert (event.close.pnl, event.close.side) == (D("-1.25"), "short")
    forced = {
        "contract": "ETH_USDT",
        "order_id": 4,
        "size": "12",
        "left": "0",
        "liq_price": 3010.5,
        "fill_price": 3011,
        "time": 1700000010,
        "time_ms": 1700000010016,
    }
    event = parsed(USDT, "futures.liquidates", [forced])
    assert isinstance(event, Liquidated)
    assert (event.liquidation.order_id, event.liquidation.time_ms) == ("4", 1700000010016)


def test_a_futures_price_order() -> None:
    row = {
        "id": 5,
        "user": 42,
        "trigger": {
            "strategy_type": 0,
            "price_type": 1,
            "price": "2900",
            "rule": 2,
            "expiration": 86400,
        },
        "initial": {
            "contract": "ETH_USDT",
            "size": "-3",
            "price": "0",
            "tif": "ioc",
            "text": "t-s",
            "is_reduce_only": True,
        },
        "trade_id": 0,
        "status": "open",
        "reason": "",
        "create_time": 1700000010,
        "name": "price_autoorders",
    }
    event = parsed(USDT, "futures.autoorders", [row])
    assert isinstance(event, TriggerChanged)
    order = event.trigger.order
    assert order.trigger is not None
    assert (order.trigger.source, order.trigger.above) == (TriggerSource.MARK, False)
    assert (order.size, order.side, order.reduce_only) == (D(3), Side.SELL, True)


def test_one_unreadable_row_is_counted_and_hides_no_other() -> None:
    push = Push("futures.positions", 1, [POSITION, {**POSITION, "mode": "strange"}, None])
    found = parse_private(USDT, push)
    assert len(found.events) == 1
    assert found.unreadable == 2


def test_an_unknown_channel_is_of_no_interest() -> None:
    assert parse_private(USDT, Push("futures.news", 1, [1])).events == ()


ROWS = (SPOT_ORDER, SPOT_TRIGGER, FUTURES_ORDER, POSITION)
FIELDS = sorted({name for row in ROWS for name in row})
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**45), 10**45)
    | st.decimals()
    | st.text(max_size=5)
    | st.sampled_from(["1", "0", "-3", "BTC_USDT", "buy", "open", "9e99"])
    | st.lists(st.integers(), max_size=1)
)


@given(
    channel=st.sampled_from(sorted(PARSERS)),
    base=st.sampled_from(ROWS),
    changed=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4),
)
def test_no_row_can_make_the_parser_fail(channel: str, base: Any, changed: Any) -> None:
    found = parse_private(USDT, Push(channel, 1, [{**base, **changed}]))
    assert len(found.events) + found.unreadable == 1


@given(channel=st.sampled_from(sorted(PARSERS)), result=VALUES)
def test_no_result_can_either(channel: str, result: Any) -> None:
    parse_private(USDT, Push(channel, 1, result))
