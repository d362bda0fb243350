"""Frames are written as Gate reads them, and nothing that comes in can do harm."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.accounts import Credentials, Secret
from mtrade.gate import frames
from mtrade.gate.faults import Unreadable
from mtrade.gate.frames import Ack, ApiAnswer, Other, Pong, Push, Refused, Upgrade, classify
from mtrade.gate.signing import sign_subscribe

KEY = Credentials("demo-key", Secret("demo-secret"))


def test_a_private_subscription_is_signed_for_its_own_event() -> None:
    for write, event in ((frames.subscribe, "subscribe"), (frames.unsubscribe, "unsubscribe")):
        text = write("spot.orders_v2", ["!all"], id=12, time_s=1_700_000_000, credentials=KEY)
        assert json.loads(text) == {
            "time": 1_700_000_000,
            "id": 12,
            "channel": "spot.orders_v2",
            "event": event,
            "payload": ["!all"],
            "auth": {
                "method": "api_key",
                "KEY": "demo-key",
                "SIGN": sign_subscribe("demo-secret", "spot.orders_v2", event, 1_700_000_000),
            },
        }


def test_a_public_one_carries_no_key_and_an_empty_payload_is_left_out() -> None:
    public = json.loads(frames.subscribe("spot.tickers", ["BTC_USDT"], id=1, time_s=2))
    assert "auth" not in public
    assert "payload" not in json.loads(frames.subscribe("spot.balances", [], id=1, time_s=2))
    assert json.loads(frames.ping("futures", time_s=3)) == {"time": 3, "channel": "futures.ping"}
    sent = json.loads(frames.api("spot.login", {"req_id": "r"}, time_s=4))
    assert sent == {"time": 4, "channel": "spot.login", "event": "api", "payload": {"req_id": "r"}}


SUCCESS = {"status": "success"}


@pytest.mark.parametrize(
    ("raw", "frame"),
    [
        (
            {"id": 3, "channel": "c", "event": "subscribe", "result": SUCCESS},
            Ack(3, "c", "subscribe"),
        ),
        (
            {"id": "3", "channel": "c", "event": "subscribe", "error": None, "result": SUCCESS},
            Ack(3, "c", "subscribe"),
        ),
        (
            {
                "id": 3,
                "channel": "c",
                "event": "subscribe",
                "error": {"code": 2, "message": "unknown\nX"},
                "result": {"status": "fail"},
            },
            Refused(3, "c", "subscribe", 2, "unknown X"),
        ),
        (
            {"id": 3, "channel": "c", "event": "subscribe", "result": {"status": "fail"}},
            Refused(3, "c", "subscribe", 0, "refused without a reason"),
        ),
        ({"error": {"code": 1, "message": "m"}}, Refused(0, "", "", 1, "m")),
        ({"error": "strange"}, Refused(0, "", "", 0, "")),
        (
            {"channel": "spot.trades", "event": "update", "time_ms": 7, "result": [1]},
            Push("spot.trades", 7, [1]),
        ),
        (
            {"channel": "futures.order_book", "event": "all", "result": {}},
            Push("futures.order_book", 0, {}),
        ),
        ({"channel": "spot.pong", "event": "", "result": None}, Pong("spot.pong")),
        ({"channel": "futures.pong", "error": None}, Pong("futures.pong")),
        (
            {
                "channel": "spot.system",
                "event": "update",
                "result": {"type": "upgrade", "msg": "x"},
            },
            Upgrade("x"),
        ),
        ({"event": "upgrade"}, Upgrade("")),
        (
            {"channel": "spot.system", "event": "update", "result": {"type": "news"}},
            Other("spot.system", "update"),
        ),
        ({"hello": 1}, Other("", "")),
    ],
)
def test_what_a_frame_means(raw: object, frame: object) -> None:
    assert classify(json.dumps(raw)) == frame


def test_an_answer_of_the_trading_api() -> None:
    refused = classify(
        '{"request_id":"r3","header":{"status":"400","channel":"futures.order_place"},'
        '"data":{"errs":{"label":"INSUFFICIENT_AVAILABLE","message":"no money"}}}'
    )
    assert isinstance(refused, ApiAnswer)
    assert (refused.status, refused.label, refused.message) == (
        400,
        "INSUFFICIENT_AVAILABLE",
        "no money",
    )
    ack = classify('{"request_id":"r","ack":true,"header":{"status":"200"},"data":{"result":{}}}')
    assert isinstance(ack, ApiAnswer)
    assert ack.ack
    assert ack.request_id == "r"


def test_floats_keep_the_digits_that_were_printed() -> None:
    push = classify('{"channel":"c","event":"update","result":{"p":3004.150000000000001}}')
    assert isinstance(push, Push)
    assert push.result["p"] == Decimal("3004.150000000000001")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "1",
        "null",
        "{",
        '{"a":NaN}',
        '{"a":1e999}',
        "[" * 100_000,
        '{"a":' + "9" * 5000 + "}",
        " " * (frames.MAX_FRAME + 1),
    ],
    ids=lambda text: text[:12],
)
def test_what_is_not_a_frame_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        classify(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
FIELDS = ("channel", "event", "error", "result", "id", "time_ms", "request_id", "header", "data")
WORDS = st.sampled_from(["update", "all", "subscribe", "spot.system", "x.pong", "upgrade"])


@given(st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "replace")))
def test_any_text_is_a_frame_or_unreadable(text: str) -> None:
    with suppress(Unreadable):
        classify(text)


@given(st.dictionaries(st.sampled_from(FIELDS), WORDS | JSON))
def test_any_object_is_some_frame(raw: dict[str, object]) -> None:
    try:
        frame = classify(json.dumps(raw))
    except Unreadable:  # a float of more than money's range
        return
    assert len(getattr(frame, "message", "")) <= 300
