"""The quick reader of answers to orders says what JSON says, or nothing."""

from __future__ import annotations

import json
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from mtrade.domain.errors import ExchangeError
from mtrade.domain.instruments import Side
from mtrade.domain.numbers import dumps, loads
from mtrade.domain.orders import OrderRequest, VenueOrder
from mtrade.gate import bodies, confirm, order_text, parse_futures
from mtrade.gate.faults import Unreadable
from mtrade.gate.trading_frames import Reply, outcome, read_reply, usual_reply

from .loopback import NOW_MS
from .samples import FUTURES_ORDER
from .test_exchange import futures_request
from .trading_bench import ack, final

PLACE = "futures.order_place"
ENDS = ["open", "finished"]
DIGITS = st.decimals(-(10**9), 10**9, allow_nan=False, allow_infinity=False, places=4).map(
    lambda number: format(number, "f")
)
NUMBERS = (
    DIGITS | st.integers(-(10**16), 10**16) | st.sampled_from(["0", "-0", "0.0", "007", "1e3"])
)
TIMES = st.integers(0, 10**17) | st.sampled_from(
    [1_700_000_000.5, 1_700_000_000.123456, 0.1, "1.5"]
)
WORDS = st.text(max_size=8) | st.sampled_from(["t-1", "a" * 256, "a" * 257, "é", "\t"])
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "id": st.integers(-5, 10**20) | WORDS,
    "contract": WORDS,
    "status": st.sampled_from(["open", "finished", "lost"]),
    "size": NUMBERS,
    "left": NUMBERS,
    "price": NUMBERS,
    "fill_price": NUMBERS,
    "tif": st.sampled_from(["gtc", "ioc", "poc", "fok", "new"]),
    "text": WORDS,
    "finish_as": WORDS,
    "is_reduce_only": st.booleans() | st.sampled_from([0, 1, "true", None]),
    "is_close": st.booleans(),
    "create_time": TIMES,
    "update_time": TIMES | st.none(),
    "finish_time": TIMES | st.sampled_from(["", None]),
}


def by_json(text: str, sent: OrderRequest) -> VenueOrder | None:
    """What the ordinary way makes of an order; None for one it refuses."""
    try:
        return confirm.placed(parse_futures.order(loads(text), "usdt"), sent)
    except (Unreadable, ValueError):
        return None


def both(
    raw: dict[str, Any], sent: OrderRequest | None = None
) -> tuple[VenueOrder | None, VenueOrder | None]:
    sent = sent or futures_request()
    text = json.dumps(raw, default=float)  # Gate writes times as floats
    quick = order_text.placed(Raw(text.encode()), sent, bodies.futures_order(sent))
    return quick, by_json(text, sent)


SENT = st.builds(
    futures_request,
    side=st.sampled_from(Side),
    size=st.sampled_from(["0", "1", "12", "0.5", "12.50"]).map(D),
    price=st.none() | st.sampled_from(["3004.1", "60000", "60000.0", "0.00000001", "1E+3"]).map(D),
    text=st.sampled_from(["", "t-f9"]),
    reduce_only=st.booleans(),
)


@given(sent=SENT, left=st.sampled_from(["0", "all", "some"]), status=st.sampled_from(ENDS))
def test_an_order_as_it_is_usually_answered_is_read(
    sent: OrderRequest, left: str, status: str
) -> None:
    body = bodies.futures_order(sent)
    part = {"0": D(0), "all": sent.signed_size, "some": sent.signed_size / 4}[left]
    raw = FUTURES_ORDER | body | {"left": dumps(part)[1:-1], "status": status}
    quick, ordinary = both({**raw, "is_reduce_only": sent.reduce_only}, sent)
    assert ordinary is not None
    assert quick == (ordinary if sent.text and sent.size else None)


@given(changed=st.fixed_dictionaries({}, optional=FIELDS))
def test_whatever_is_written_it_is_what_json_says_or_nothing(changed: dict[str, Any]) -> None:
    quick, ordinary = both(FUTURES_ORDER | changed)
    assert quick in (None, ordinary)


@given(gone=st.sets(st.sampled_from(sorted(FUTURES_ORDER)), min_size=1))
def test_what_is_missing_is_not_made_up(gone: set[str]) -> None:
    quick, ordinary = both({k: v for k, v in FUTURES_ORDER.items() if k not in gone})
    assert quick in (None, ordinary)


@pytest.mark.parametrize(
    "other",
    [
        {"contract": "BTC_USDT"},
        {"text": "t-other"},
        {"size": "-11", "left": "0"},
        {"size": "12", "left": "2"},
        {"left": "-13"},
        {"left": "2"},
    ],
    ids=str,
)
def test_an_order_that_differs_from_what_was_sent_is_left_to_the_judge(other: Any) -> None:
    assert both(FUTURES_ORDER | other) == (None, None)


@pytest.mark.parametrize("seconds", ["1e999999", "1e300000", "1e14", "-1", "NaN", "Infinity"])
def test_a_time_that_is_none_is_refused_before_anything_is_reckoned_with_it(seconds: str) -> None:
    """A number of a million digits would hold up everybody for a minute."""
    with pytest.raises(ValueError, match="not a time"):
        order_text._ms(D(seconds))


def ordinary_reply(text: str) -> Reply:
    raw = loads(text)
    return read_reply(raw["request_id"], raw)


def said(reply: Reply) -> Any:
    """Everything a reply tells, and what comes of it."""
    try:
        came: Any = outcome(reply, lambda raw: raw, NOW_MS)
    except ExchangeError as error:
        came = (type(error), error.label, error.code)
    return reply.request_id, reply.channel, reply.status, reply.budget, reply.whole(), came


HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "x_gate_ratelimit_requests_remain": st.integers(-2, 10**17) | st.just("9"),
        "x_gat_ratelimit_reset_timestamp": st.integers(-2, 10**17) | st.none(),
        "x_gate_ratelimit_reset_timestamp": st.integers(0, 10**14),
        "x_in_time": st.integers(0, 10**16),
    },
)


@given(
    status=st.sampled_from([200, 201, 400, 429, 500]),
    result=st.none() | st.integers() | st.lists(st.integers()) | st.just(FUTURES_ORDER),
    header=HEADERS,
)
def test_a_reply_tells_the_same_both_ways(status: int, result: Any, header: Any) -> None:
    label = None if status < 400 else "BALANCE_NOT_ENOUGH"
    text = final("m7", PLACE, result, status=status, label=label, **header)
    answer = order_text.read(text)
    if answer is not None:
        assert not answer.ack
        assert said(usual_reply(answer)) == said(ordinary_reply(text))


def test_a_usual_answer_and_its_acknowledgement_are_read() -> None:
    answer = order_text.read(final("m7", PLACE, FUTURES_ORDER))
    assert answer is not None
    assert not answer.ack
    first = order_text.read(ack("m7", PLACE, {"size": "1"}))
    assert first is not None
    assert first.ack


@given(data=st.data())
def test_a_damaged_answer_is_what_json_says_or_nothing(data: st.DataObject) -> None:
    text = final("m7", PLACE, FUTURES_ORDER)
    place = data.draw(st.integers(0, len(text) - 1))
    put = data.draw(
        st.sampled_from(["", "0", "-", ".", '"', ",", "}", "]", " ", "a", "\u0661", "\ud800"])
    )
    damaged = text[:place] + put + text[place + data.draw(st.integers(0, 3)) :]
    answer = order_text.read(damaged)
    if answer is None:
        return
    assert answer.ack is (loads(damaged).get("ack") is True)
    assert said(usual_reply(answer)) == said(ordinary_reply(damaged))
    sent = futures_request()
    quick = order_text.placed(answer.data.result, sent, bodies.futures_order(sent))
    assert quick in (None, by_json(bytes(answer.data.result).decode(), sent))


@pytest.mark.parametrize(
    "text",
    [
        final("", PLACE, {}),
        final("m7", PLACE, {}, status=201),
        final("m7", PLACE, {}, status=400, label="X"),
        final("m7", PLACE, {}).replace('"result"', '"errs":{},"result"'),
        final("m7", PLACE, {}).replace('"result":{}', ""),
        final("m7", PLACE, {}).replace("false", "null"),
        final("m7", PLACE, {}).replace('"200"', "200"),
        final("m7", PLACE, {}).replace("{}", "NaN"),
        final("m7", PLACE, {}).replace('"m7"', "7"),
        final("m7", PLACE, {}).replace("{}", "[" * 100_000),
        dumps({"time": 1, "channel": "futures.pong", "event": "", "result": None}),
        "",
    ],
)
def test_everything_else_goes_the_ordinary_way(text: str) -> None:
    assert order_text.read(text) is None
