"""Subscriptions, errors and liveness of one connection (gate-notes, WebSocket frames)."""

from __future__ import annotations

import json

import pytest

from mtrade.gate.signing import sign_subscribe
from tests.paper.ws.stand import Client, Stand

PUBLIC = [
    ("futures.tickers", ["BTC_USDT", "ETH_USDT"]),
    ("futures.trades", ["BTC_USDT"]),
    ("futures.book_ticker", ["BTC_USDT"]),
    ("futures.order_book", ["BTC_USDT", "20", "0"]),
    ("futures.order_book_update", ["BTC_USDT", "100ms", "100"]),
    ("futures.order_book_update", ["BTC_USDT", "20ms"]),
    ("futures.obu", ["ob.BTC_USDT.400"]),
    ("futures.candlesticks", ["1m", "mark_BTC_USDT"]),
    ("futures.contract_stats", ["BTC_USDT", "1m"]),
    ("futures.public_liquidates", ["!all"]),
]
SPOT = [
    ("spot.tickers", ["BTC_USDT"]),
    ("spot.trades", ["BTC_USDT"]),
    ("spot.book_ticker", ["BTC_USDT"]),
    ("spot.order_book", ["BTC_USDT", "20", "100ms"]),
    ("spot.order_book_update", ["BTC_USDT", "20ms"]),
    ("spot.obu", ["ob.BTC_USDT.50"]),
    ("spot.candlesticks", ["1m", "BTC_USDT"]),
]
PRIVATE = [
    ("futures.orders", ["42", "!all"]),
    ("futures.usertrades", ["42", "BTC_USDT"]),
    ("futures.positions", ["whoever", "!all"]),
    ("futures.balances", ["42"]),
    ("futures.position_closes", ["42", "!all"]),
    ("futures.liquidates", ["42", "!all"]),
    ("futures.auto_deleverages", ["42", "!all"]),
    ("futures.reduce_risk_limits", ["42", "!all"]),
    ("futures.position_adl_rank", ["BTC_USDT"]),
    ("futures.autoorders", ["42", "!all"]),
    ("futures.autoorders", ["!all"]),
]
SPOT_PRIVATE = [
    ("spot.orders", ["!all"]),
    ("spot.orders_v2", ["BTC_USDT"]),
    ("spot.usertrades", ["!all"]),
    ("spot.usertrades_v2", ["!all"]),
    ("spot.priceorders", ["!all"]),
    ("spot.balances", None),
    ("spot.balances", {}),
]


@pytest.mark.parametrize(("channel", "payload"), PUBLIC + SPOT)
def test_public_channels_are_acknowledged_and_may_be_left(stand, channel, payload):
    client = Client(stand, channel.partition(".")[0])
    first, *_ = client.subscribe(channel, payload)
    assert first["channel"] == channel
    assert first["event"] == "subscribe"
    assert first["id"] == 7
    assert first["result"] == {"status": "success"}
    assert first["payload"] == payload
    assert "error" not in first
    left = client.subscribe(channel, payload, event="unsubscribe")
    assert left[0]["result"] == {"status": "success"}
    assert stand.hub.idle
    assert (
        client.subscribe(channel, payload, event="unsubscribe")[0]["result"]["status"] == "success"
    )


@pytest.mark.parametrize(("channel", "payload"), PRIVATE + SPOT_PRIVATE)
def test_private_channels_want_a_signature(stand, channel, payload):
    client = Client(stand, channel.partition(".")[0])
    (refused,) = client.subscribe(channel, payload)
    assert refused["error"]["code"] == 4
    assert refused["result"] == {"status": "fail"}
    (first,) = client.subscribe(channel, payload, key="ann")
    assert first["result"] == {"status": "success"}
    (left,) = client.subscribe(channel, payload, event="unsubscribe")
    assert left["result"] == {"status": "success"}


def test_the_message_of_a_failed_authentication_embeds_json(stand):
    client = Client(stand)
    (answer,) = client.subscribe("futures.balances", ["42"], key="nobody")
    told = answer["error"]["message"]
    assert told.endswith("\n")
    assert json.loads(told) == {"label": "INVALID_KEY", "message": "Invalid key provided"}


def test_a_stale_time_a_wrong_signature_and_a_missing_right_are_refused(stand):
    client = Client(stand)
    channel, old = "futures.orders", stand.clock.ms // 1000 - 61
    for stamp, secret, label in (
        (old, "ann-secret", "REQUEST_EXPIRED"),
        (old + 61, "wrong", "INVALID_SIGNATURE"),
    ):
        sign = sign_subscribe(secret, channel, "subscribe", stamp)
        auth = {"method": "api_key", "KEY": "ann", "SIGN": sign}
        frame = {"time": stamp, "channel": channel, "event": "subscribe", "payload": ["42", "!all"]}
        (answer,) = client.say({**frame, "auth": auth})
        assert answer["error"]["code"] == 4
        assert json.loads(answer["error"]["message"])["label"] == label
    key = stand.world.users[42].keys["ann"]
    del key.permissions["futures"]
    (answer,) = client.subscribe(channel, ["42", "!all"], key="ann")
    assert json.loads(answer["error"]["message"])["label"] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("market", "channel", "payload", "words"),
    [
        ("spot", "spot.tickers", ["BTC_USDT", "FOO_BAR"], "unknown currency pair: FOO_BAR"),
        ("futures", "futures.trades", ["FOO_BAR"], "unknown contract: FOO_BAR"),
        ("futures", "futures.nope", ["BTC_USDT"], "unknown channel"),
        ("spot", "futures.trades", ["BTC_USDT"], "unknown channel"),
        ("spot", "spot.contract_stats", ["BTC_USDT", "1m"], "unknown channel"),
        ("futures", "futures.candlesticks", ["7m", "BTC_USDT"], "interval"),
        ("futures", "futures.candlesticks", ["1m"], "interval"),
        ("futures", "futures.order_book_update", ["BTC_USDT", "20ms", "100"], "level"),
        ("futures", "futures.order_book_update", ["BTC_USDT", "1s"], "interval"),
        ("futures", "futures.obu", ["ob.BTC_USDT.77"], "level"),
        ("futures", "futures.obu", ["BTC_USDT"], "invalid"),
        ("futures", "futures.tickers", [], "empty"),
        ("futures", "futures.tickers", "BTC_USDT", "list"),
        ("futures", "futures.tickers", [["BTC_USDT"]], "list"),
        ("futures", "futures.orders", ["42", "FOO_USDT"], "unknown contract"),
        (
            "futures",
            "futures.orders",
            ["42", "BTC_USDT", "ETH_USDT"],
            "need 1 or 2 param and here is 3",
        ),
        ("spot", "spot.orders", [], "empty"),
    ],
)
def test_senseless_arguments_have_code_two(stand, market, channel, payload, words):
    (answer,) = Client(stand, market).subscribe(channel, payload, key="ann")
    assert answer["error"]["code"] == 2
    assert words in answer["error"]["message"]
    assert answer["result"] == {"status": "fail"}


def test_one_bad_symbol_fails_the_whole_payload(stand):
    client = Client(stand)
    client.subscribe("futures.tickers", ["BTC_USDT", "FOO_BAR"])
    stand.pass_time(1_000)
    assert client.take() == []
    assert stand.hub.idle


SENSELESS = [
    "",
    "{",
    "7",
    "[]",
    '{"event":"subscribe"}',
    '{"channel":1}',
    '{"channel":"a","event":2}',
    '{"channel":"futures.ping","x":NaN}',
    '{"channel":"a","x":' + "[" * 100_000 + "}",
]


@pytest.mark.parametrize("text", SENSELESS)
def test_what_is_no_request_has_code_one(stand, text):
    (answer,) = Client(stand).say(text)
    assert answer["error"]["code"] == 1


def test_an_unknown_event_is_refused(stand):
    (answer,) = Client(stand).say({"time": 1, "channel": "futures.trades", "event": "dance"})
    assert answer["error"]["code"] == 2


@pytest.mark.parametrize("extra", [{}, {"event": "subscribe", "payload": None}, {"event": ""}])
def test_a_ping_is_answered_whatever_its_event(stand, extra):
    (answer,) = Client(stand).say({"time": 1, "channel": "futures.ping", **extra})
    assert answer == {
        "time": stand.clock.ms // 1000,
        "time_ms": stand.clock.ms,
        "channel": "futures.pong",
        "event": "",
        "result": None,
    }


def test_the_id_comes_back_as_it_was(stand):
    client = Client(stand)
    for value in (7, "abc", 9007199254740993, [1], {"a": 1}):
        frame = {"time": 1, "id": value, "channel": "futures.trades", "event": "subscribe"}
        assert client.say({**frame, "payload": ["BTC_USDT"]})[0]["id"] == value
    assert "id" not in client.say({"time": 1, "channel": "futures.trades", "event": "subscribe"})[0]


def test_repeated_subscriptions_add_up_and_send_once(stand):
    client = Client(stand)
    for names in (["BTC_USDT"], ["BTC_USDT"], ["ETH_USDT"]):
        assert client.subscribe("futures.tickers", names)[0]["result"]["status"] == "success"
    stand.pass_time(1_000)
    names = [rows[0]["contract"] for rows in client.results("futures.tickers")]
    assert names == ["BTC_USDT", "ETH_USDT"]


def test_a_connection_that_is_gone_hears_nothing_and_costs_nothing(stand):
    client = Client(stand)
    client.subscribe("futures.order_book_update", ["BTC_USDT", "20ms"])
    client.subscribe("futures.orders", ["42", "!all"], key="ann")
    client.session.close()
    stand.pass_time(1_000)
    assert client.take() == []
    assert stand.hub.idle
    assert all(room.book.trail is None for room in stand.world.rooms.values())


def test_a_wrong_user_id_is_acknowledged_and_then_silent(stand: Stand):
    client = Client(stand)
    assert (
        client.subscribe("futures.orders", ["43", "!all"], key="ann")[0]["result"]["status"]
        == "success"
    )
    client.login("ann")
    client.done(
        "futures.order_place", {"contract": "BTC_USDT", "size": 1, "price": "0", "tif": "ioc"}
    )
    client.take()
    stand.publish()
    assert client.take() == []
