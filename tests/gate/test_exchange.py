"""The exchange port on scripted answers: what is sent, and what an answer is taken to prove."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from mtrade.domain.accounts import MarginMode, PositionMode
from mtrade.domain.errors import (
    AuthenticationFailed,
    ExchangeUnavailable,
    InvalidRequest,
    OrderRejected,
    OutcomeUnknown,
)
from mtrade.domain.instruments import Market, Side, futures, spot
from mtrade.domain.numbers import dumps
from mtrade.domain.orders import (
    AutoSize,
    OrderRequest,
    OrderType,
    TimeInForce,
    Trigger,
    TriggerSource,
)
from mtrade.domain.positions import Leg
from mtrade.gate.exchange import GateExchange

from .loopback import NOW_MS, Server, Step, client, hang_up, reply, serve
from .samples import ACCOUNT, CONTRACT, FUTURES_ORDER, POSITION, SPOT_ORDER

D = Decimal
BTC, ETH = spot("BTC_USDT"), futures("ETH_USDT")
SOON = NOW_MS + 3000

Run = Callable[[GateExchange], Any]


def spot_request(**changed: Any) -> OrderRequest:
    fields: dict[str, Any] = {
        "instrument": BTC,
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "size": D("0.002"),
        "price": D(61000),
        "text": "t-a7",
    }
    return OrderRequest(**(fields | changed))


def futures_request(**changed: Any) -> OrderRequest:
    fields: dict[str, Any] = {
        "instrument": ETH,
        "side": Side.SELL,
        "type": OrderType.MARKET,
        "size": D(12),
        "text": "t-f9",
    }
    return OrderRequest(**(fields | changed))


def json_reply(body: object, status: int = 200) -> Step:
    return reply(dumps(body), status)


def refused(label: str, status: int = 400) -> Step:
    return json_reply({"label": label, "message": "no"}, status)


def run(action: Run, *script: Step) -> tuple[Any, Server]:
    with serve(*script) as server:
        exchange = GateExchange(client(server))
        try:
            return action(exchange), server
        finally:
            exchange.close()


def sent(server: Server, index: int = -1) -> Any:
    return json.loads(server.requests[index].body)


def place(order: OrderRequest) -> Run:
    return lambda exchange: exchange.place(order, expires_ms=SOON)


def test_a_spot_limit_order() -> None:
    order, server = run(place(spot_request()), json_reply(SPOT_ORDER, 201))
    assert order.filled == D("0.002")
    assert sent(server) == {
        "currency_pair": "BTC_USDT",
        "type": "limit",
        "account": "spot",
        "side": "buy",
        "amount": "0.002",
        "price": "61000",
        "time_in_force": "gtc",
        "text": "t-a7",
    }
    assert server.requests[0].headers["x-gate-exptime"] == str(SOON)


def test_a_spot_market_buy_spends_quote_and_has_no_price() -> None:
    answer = SPOT_ORDER | {"type": "market", "amount": "70", "left": "0.1", "price": "0"}
    request = spot_request(type=OrderType.MARKET, size=D(70), price=None)
    _, server = run(place(request), json_reply(answer, 201))
    body = sent(server)
    assert (body["amount"], body["time_in_force"], "price" in body) == ("70", "ioc", False)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, {"size": "-12", "price": "0", "tif": "ioc"}),
        ({"side": Side.BUY}, {"size": "12", "price": "0", "tif": "ioc"}),
        ({"size": D("0.5")}, {"size": "-0.5", "price": "0", "tif": "ioc"}),
        ({"tif": TimeInForce.FOK}, {"size": "-12", "price": "0", "tif": "fok"}),
        (
            {"type": OrderType.LIMIT, "price": D("3000.10"), "tif": TimeInForce.POC},
            {"size": "-12", "price": "3000.1", "tif": "poc"},
        ),
        (
            {"reduce_only": True},
            {"size": "-12", "price": "0", "tif": "ioc", "reduce_only": True},
        ),
        (
            {"size": D(0), "close": True},
            {"size": "0", "price": "0", "tif": "ioc", "close": True},
        ),
        (
            {"size": D(0), "auto_size": AutoSize.CLOSE_LONG},
            {
                "size": "0",
                "price": "0",
                "tif": "ioc",
                "auto_size": "close_long",
                "reduce_only": True,
            },
        ),
    ],
)
def test_the_body_of_a_futures_order(changed: dict[str, Any], expected: dict[str, Any]) -> None:
    request = futures_request(**changed)
    size = request.signed_size
    answer = FUTURES_ORDER | {"size": str(size), "left": "0", "price": expected["price"]}
    _, server = run(place(request), json_reply(answer, 201))
    assert sent(server) == {"contract": "ETH_USDT", "text": "t-f9"} | expected


@pytest.mark.parametrize(
    "changed",
    [{"text": "t-other"}, {"contract": "BTC_USDT"}, {"size": "-13"}, {"size": "12", "left": "0"}],
)
def test_an_answer_about_another_futures_order_is_an_unknown_outcome(
    changed: dict[str, Any],
) -> None:
    with pytest.raises(OutcomeUnknown, match="the request had"):
        run(place(futures_request()), json_reply(FUTURES_ORDER | changed, 201))


@pytest.mark.parametrize(
    "changed",
    [{"text": "t-b"}, {"currency_pair": "ETH_USDT"}, {"amount": "0.003"}, {"side": "sell"}],
)
def test_an_answer_about_another_spot_order_is_an_unknown_outcome(changed: dict[str, Any]) -> None:
    with pytest.raises(OutcomeUnknown, match="the request had"):
        run(place(spot_request()), json_reply(SPOT_ORDER | changed, 201))


def test_a_full_close_keeps_the_side_that_was_asked_for() -> None:
    answer = FUTURES_ORDER | {"size": "0", "left": "0", "is_close": True}
    request = futures_request(size=D(0), close=True)
    order, _ = run(place(request), json_reply(answer, 201))
    assert (order.side, order.close) == (Side.SELL, True)


@pytest.mark.parametrize("label", ["ORDER_NOT_FOUND", "CLIENT_ID_NOT_FOUND"])
@pytest.mark.parametrize("instrument", [BTC, ETH], ids=str)
def test_only_the_exchanges_own_word_means_that_there_is_no_order(
    label: str, instrument: Any
) -> None:
    found, _ = run(lambda e: e.find(instrument, "t-x"), refused(label, 404))
    assert found is None


@pytest.mark.parametrize(
    "step",
    [reply(b"", 404), refused("NOT_FOUND", 404), refused("ORDER_NOT_FOUND", 500), hang_up()],
    ids=["bare 404", "wrong route", "500", "no answer"],
)
def test_a_failed_look_up_is_not_a_missing_order(step: Step) -> None:
    with pytest.raises(ExchangeUnavailable):
        run(lambda e: e.find(ETH, "t-x"), step)


def test_a_look_up_that_answers_with_another_order_is_no_answer() -> None:
    with pytest.raises(ExchangeUnavailable, match="another order"):
        run(lambda e: e.find(ETH, "t-x"), json_reply(FUTURES_ORDER))


@pytest.mark.parametrize("label", ["ORDER_NOT_FOUND", "ORDER_FINISHED", "ORDER_CANCELLED"])
def test_a_cancel_that_came_too_late_returns_the_final_state(label: str) -> None:
    order, server = run(
        lambda e: e.cancel(ETH, "990017"), refused(label, 404), json_reply(FUTURES_ORDER)
    )
    assert (order.open, order.filled) == (False, 10)
    assert [r.method for r in server.requests] == ["DELETE", "GET"]


def test_a_cancel_of_an_order_nobody_knows_is_rejected() -> None:
    script = refused("ORDER_NOT_FOUND", 404), refused("ORDER_NOT_FOUND", 404)
    with pytest.raises(OrderRejected) as caught:
        run(lambda e: e.cancel(BTC, "1"), *script)
    assert caught.value.label == "ORDER_NOT_FOUND"


@pytest.mark.parametrize("read", [json_reply(FUTURES_ORDER | {"status": "open"}), hang_up()])
def test_a_cancel_without_an_answer_is_unknown_and_not_repeated(read: Step) -> None:
    with serve(hang_up(), read) as server, pytest.raises(OutcomeUnknown):
        GateExchange(client(server)).cancel(ETH, "990017")
    assert [r.method for r in server.requests] == ["DELETE", "GET"]


def test_a_cancel_without_an_answer_of_an_order_that_has_ended_is_known() -> None:
    order, server = run(lambda e: e.cancel(ETH, "990017"), hang_up(), json_reply(FUTURES_ORDER))
    assert (order.open, order.filled) == (False, 10)
    assert [r.method for r in server.requests] == ["DELETE", "GET"]


OPEN_SHORT = FUTURES_ORDER | {"status": "open", "left": "-12", "price": "3100", "fill_price": "0"}


def test_amending_a_short_sends_the_negative_total() -> None:
    amended = OPEN_SHORT | {"size": "-9", "left": "-9"}
    order, server = run(
        lambda e: e.amend(ETH, "990017", price=None, size=D(9), expires_ms=SOON),
        json_reply(OPEN_SHORT),
        json_reply(amended),
    )
    assert sent(server) == {"size": "-9"}
    assert (order.size, order.side) == (9, Side.SELL)


def test_an_amend_answered_with_the_old_price_is_an_unknown_outcome() -> None:
    with pytest.raises(OutcomeUnknown, match="price"):
        run(
            lambda e: e.amend(ETH, "990017", price=D(3200), size=None, expires_ms=SOON),
            json_reply(OPEN_SHORT),
        )


def test_search_finds_a_finished_spot_order_by_its_text() -> None:
    order, server = run(
        lambda e: e.search(BTC, "t-a7", NOW_MS - 5000),
        json_reply([]),
        json_reply([SPOT_ORDER | {"text": "t-other"}, SPOT_ORDER]),
    )
    assert order.order_id == "810000017"
    assert "status=finished" in server.requests[1].query
    assert f"from={(NOW_MS - 5000) // 1000}" in server.requests[1].query


TRADE = {
    "id": "5",
    "order_id": "810000017",
    "currency_pair": "BTC_USDT",
    "create_time_ms": str(NOW_MS),
    "side": "buy",
    "amount": "0.002",
    "price": "60950",
    "text": "t-a7",
}


def test_search_follows_a_trade_to_its_order() -> None:
    empty = json_reply([])
    order, _ = run(
        lambda e: e.search(BTC, "t-a7", NOW_MS - 5000),
        empty,
        empty,
        json_reply([TRADE]),
        json_reply(SPOT_ORDER),
    )
    assert order.text == "t-a7"


def test_trades_of_an_order_that_cannot_be_read_are_not_nothing() -> None:
    empty = json_reply([])
    with pytest.raises(ExchangeUnavailable, match="cannot be read yet"):
        run(
            lambda e: e.search(BTC, "t-a7", NOW_MS - 5000),
            empty,
            empty,
            json_reply([TRADE]),
            refused("ORDER_NOT_FOUND", 404),
        )


def test_search_without_a_trace_is_none() -> None:
    found, server = run(lambda e: e.search(ETH, "t-x", NOW_MS), *[json_reply([])] * 3)
    assert found is None
    paths = [r.path.removeprefix("/api/v4/futures/usdt/") for r in server.requests]
    assert paths == ["orders", "orders_timerange", "my_trades_timerange"]


def test_leverage_uses_the_calls_of_the_accounts_mode_and_the_query() -> None:
    legs, server = run(
        lambda e: e.set_leverage(ETH, D(10), MarginMode.CROSS),
        json_reply(ACCOUNT),
        json_reply([POSITION, POSITION | {"mode": "dual_long", "size": "0"}]),
    )
    assert len(legs) == 2
    request = server.requests[1]
    assert request.path == "/api/v4/futures/usdt/dual_comp/positions/ETH_USDT/leverage"
    assert (request.query, request.body) == ("leverage=0&cross_leverage_limit=10", b"")


def test_isolated_leverage_one_way() -> None:
    single = ACCOUNT | {"position_mode": "single", "in_dual_mode": False}
    answer = POSITION | {"mode": "single", "leverage": "5"}
    _, server = run(
        lambda e: e.set_leverage(ETH, D(5), MarginMode.ISOLATED),
        json_reply(single),
        json_reply(answer),
    )
    assert server.requests[1].target == (
        "/api/v4/futures/usdt/positions/ETH_USDT/leverage?leverage=5"
    )


def test_margin_of_a_leg() -> None:
    _, server = run(lambda e: e.change_margin(ETH, D("-1.5"), Leg.SHORT), json_reply([POSITION]))
    assert server.requests[0].target == (
        "/api/v4/futures/usdt/dual_comp/positions/ETH_USDT/margin?change=-1.5&dual_side=dual_short"
    )


def test_an_answer_about_another_position_is_an_unknown_outcome() -> None:
    with pytest.raises(OutcomeUnknown, match="contract"):
        run(
            lambda e: e.change_margin(ETH, D(1), Leg.NET),
            json_reply(POSITION | {"contract": "BTC_USDT"}),
        )


def test_switching_to_the_present_position_mode_sends_nothing() -> None:
    account, server = run(
        lambda e: e.set_position_mode("usdt", PositionMode.DUAL), json_reply(ACCOUNT)
    )
    assert account.mode is PositionMode.DUAL
    assert [r.method for r in server.requests] == ["GET"]


def test_the_stop_of_a_whole_long_position() -> None:
    trigger = Trigger(price=D(2850), above=False, source=TriggerSource.MARK, expires_s=600)
    request = futures_request(size=D(0), close=True, reduce_only=True, trigger=trigger)
    found, server = run(lambda e: e.place_trigger(request), json_reply({"id": 55}, 201))
    assert found == "55"
    assert sent(server) == {
        "initial": {
            "contract": "ETH_USDT",
            "size": 0,
            "price": "0",
            "tif": "ioc",
            "close": True,
            "reduce_only": True,
            "text": "t-f9",
        },
        "trigger": {
            "strategy_type": 0,
            "price_type": 1,
            "price": "2850",
            "rule": 2,
            "expiration": 600,
        },
        "order_type": "close-long-position",
    }


def test_a_partial_take_profit_of_a_decimal_contract() -> None:
    trigger = Trigger(price=D(2850), above=False)
    request = futures_request(
        side=Side.BUY, size=D("0.5"), price=D(2840), reduce_only=True, trigger=trigger
    )
    _, server = run(lambda e: e.place_trigger(request), json_reply({"id": 55}, 201))
    body = sent(server)
    assert body["order_type"] == "plan-close-short-position"
    assert (body["initial"]["size"], body["initial"]["amount"]) == (0, "0.5")
    assert (body["initial"]["price"], body["initial"]["tif"]) == ("2840", "gtc")


def test_a_spot_trigger() -> None:
    trigger = Trigger(price=D(50000), above=False, expires_s=3600)
    request = spot_request(side=Side.SELL, trigger=trigger)
    _, server = run(lambda e: e.place_trigger(request), json_reply({"id": 7}, 201))
    assert sent(server) == {
        "trigger": {"price": "50000", "rule": "<=", "expiration": 3600},
        "put": {
            "type": "limit",
            "side": "sell",
            "price": "61000",
            "amount": "0.002",
            "account": "normal",
            "time_in_force": "gtc",
            "text": "t-a7",
        },
        "market": "BTC_USDT",
    }


def test_a_trigger_order_needs_a_trigger() -> None:
    with pytest.raises(InvalidRequest):
        run(lambda e: e.place_trigger(futures_request()))


def test_a_futures_transfer_names_the_settle_currency() -> None:
    tx, server = run(
        lambda e: e.transfer("USDT", D("10.50"), "spot", "futures"), json_reply({"tx_id": 9})
    )
    assert tx == "9"
    assert sent(server) == {
        "currency": "USDT",
        "from": "spot",
        "to": "futures",
        "amount": "10.5",
        "settle": "usdt",
    }


def test_a_batch_tells_what_became_of_each_order() -> None:
    orders = [futures_request(), futures_request(text="t-g"), futures_request(text="t-h")]
    answer = [
        FUTURES_ORDER | {"succeeded": True},
        {"succeeded": False, "label": "INSUFFICIENT_AVAILABLE", "detail": "no margin"},
        {"succeeded": False, "label": "INTERNAL", "detail": ""},
    ]
    outcome, _ = run(
        lambda e: e.futures_orders("usdt").create_batch(orders, expires_ms=SOON),
        json_reply(answer),
    )
    assert outcome[0].filled == 10
    assert [type(o) for o in outcome[1:]] == [OrderRejected, OutcomeUnknown]
    assert outcome[1].raw == "no margin"


def test_a_batch_answer_of_another_length_is_an_unknown_outcome() -> None:
    with pytest.raises(OutcomeUnknown):
        run(
            lambda e: e.spot.create_batch([spot_request()] * 2, expires_ms=SOON),
            json_reply([SPOT_ORDER]),
        )


def test_cancel_all_returns_only_what_was_cancelled() -> None:
    failed = {"succeeded": False, "label": "ORDER_CLOSED", "message": "closed"}
    cancelled = SPOT_ORDER | {"succeeded": True, "status": "cancelled"}
    orders, server = run(
        lambda e: e.cancel_all(Market.SPOT, instrument=BTC), json_reply([cancelled, failed])
    )
    assert len(orders) == 1
    assert server.requests[0].query == "currency_pair=BTC_USDT&account=spot"


def test_open_spot_orders_of_all_pairs_are_read_page_by_page() -> None:
    def group(first: int, count: int) -> dict[str, Any]:
        ids = range(first, first + count)
        orders = [SPOT_ORDER | {"id": str(i), "status": "open"} for i in ids]
        return {"currency_pair": "BTC_USDT", "total": 130, "orders": orders}

    orders, server = run(
        lambda e: e.open_orders(Market.SPOT),
        json_reply([group(1, 100)]),
        json_reply([group(101, 30)]),
    )
    assert len(orders) == 130
    assert len(server.requests) == 2


def test_fills_before_the_asked_time_are_left_out() -> None:
    old = TRADE | {"id": "4", "create_time_ms": str(NOW_MS - 9000)}
    fills, _ = run(
        lambda e: e.fills(Market.SPOT, instrument=BTC, since_ms=NOW_MS - 5000),
        json_reply([TRADE, old]),
    )
    assert [fill.trade_id for fill in fills] == ["5"]


def test_an_amend_needs_something_to_change() -> None:
    with pytest.raises(InvalidRequest):
        run(lambda e: e.amend(BTC, "1", price=None, size=None, expires_ms=SOON))


def test_spot_trades_are_asked_for_no_further_back_than_gate_keeps_them() -> None:
    _, server = run(lambda e: e.fills(Market.SPOT, instrument=BTC, since_ms=0), json_reply([]))
    oldest = int(server.requests[0].query.partition("from=")[2].partition("&")[0])
    assert NOW_MS // 1000 - 30 * 86_400 < oldest < NOW_MS // 1000 - 29 * 86_400


def test_trades_are_read_page_by_page() -> None:
    pages = [
        [TRADE | {"id": str(n)} for n in range(first, first + count)]
        for first, count in ((0, 500), (500, 3))
    ]
    fills, server = run(
        lambda e: e.fills(Market.SPOT, instrument=BTC, limit=5000), *map(json_reply, pages)
    )
    assert len({fill.trade_id for fill in fills}) == 503
    assert [r.query.rpartition("page=")[2] for r in server.requests] == ["1", "2"]


def test_the_funding_time_of_tickers_comes_from_the_contracts_once() -> None:
    ticker = {"contract": "ETH_USDT", "last": "3000"}
    contract = CONTRACT | {"funding_next_apply": NOW_MS // 1000 + 60}

    def twice(exchange: GateExchange) -> Any:
        exchange.tickers(Market.FUTURES, "usdt")
        return exchange.tickers(Market.FUTURES, "usdt")

    found, server = run(twice, json_reply([ticker]), json_reply([contract]), json_reply([ticker]))
    assert found[0].funding_next_ms == NOW_MS + 60_000
    assert len(server.requests) == 3


def test_identity_of_a_key_that_may_not_ask_for_its_account() -> None:
    identity, _ = run(
        lambda e: e.identity(),
        refused("FORBIDDEN", 403),
        json_reply({"user_id": 42}),
        refused("FORBIDDEN", 403),
    )
    assert (identity.uid, identity.permissions) == ("42", ())


def test_identity_of_an_unknown_key_fails() -> None:
    with pytest.raises(AuthenticationFailed):
        run(lambda e: e.identity(), refused("INVALID_KEY", 401))


def test_an_unknown_settle_currency_is_named() -> None:
    with pytest.raises(InvalidRequest):
        run(lambda e: e.positions("eur"))
