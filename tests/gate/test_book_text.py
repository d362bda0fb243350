"""The quick reader of order book updates says what JSON says, or nothing."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.numbers import loads
from mtrade.gate import book_text, frames
from mtrade.gate.book_sync import change
from mtrade.gate.faults import Unreadable
from mtrade.gate.frames import Push

NUMBERS = st.decimals(0, 10**9, allow_nan=False, allow_infinity=False, places=4).map(
    lambda number: format(number, "f")
)
WHOLE = st.integers(0, 10**15)
OBJECTS = st.lists(st.builds(lambda p, s: {"p": p, "s": s}, NUMBERS, WHOLE | NUMBERS), max_size=4)
PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS).map(list), max_size=4)
USUAL = {"futures": OBJECTS, "spot": PAIRS}


def frame(market: str, bids: Any, asks: Any, first: int = 5, last: int = 9, **more: Any) -> str:
    """A frame as Gate's documentation writes it."""
    extra = {"e": "depthUpdate", "E": 1_606_294_781} if market == "spot" else {}
    ends = {"s": "BTC_USDT", "U": first, "u": last}
    result = {"t": 1_606_294_781_123, **extra, **ends, "b": bids, "a": asks, **more}
    head = {"time": 1_606_294_781, "time_ms": 1_606_294_781_236}
    body = {**head, "channel": f"{market}.order_book_update", "event": "update", "result": result}
    return json.dumps(body, separators=(",", ":"))


def by_json(text: str) -> Any:
    """What the ordinary way makes of a frame: channel, time and change in numbers, or None."""
    try:
        raw = loads(text)
        item = change(raw["result"])
    except (ValueError, Unreadable, TypeError, KeyError):
        return None
    return (raw["channel"], raw["time_ms"], *plain(item))


def plain(item: book_text.Change) -> Any:
    pairs = [
        [(row["p"], row["s"]) if isinstance(row, dict) else tuple(row) for row in side]
        for side in (item.bids, item.asks)
    ]
    sides = [[(Decimal(p), Decimal(s)) for p, s in side] for side in pairs]
    return (item.name, item.first, item.last, item.full, item.time_ms, *sides)


@given(market=st.sampled_from(sorted(USUAL)), data=st.data(), first=WHOLE, more=WHOLE)
def test_it_reads_what_is_written_as_usual(
    market: str, data: st.DataObject, first: int, more: int
) -> None:
    bids, asks = data.draw(USUAL[market]), data.draw(USUAL[market])
    text = frame(market, bids, asks, first, first + more, l="100")
    found = book_text.read(text)
    assert found is not None
    assert (found.channel, found.time_ms, *plain(found.change)) == by_json(text)


@given(data=st.data())
def test_a_damaged_frame_is_what_json_says_or_nothing(data: st.DataObject) -> None:
    text = frame("futures", [{"p": "99.5", "s": 4}], [{"p": "101", "s": "0.5"}])
    place = data.draw(st.integers(0, len(text) - 1))
    put = data.draw(
        st.sampled_from(["", "0", "-", ".", '"', ",", "}", "]", " ", "e5", "a", "\u0661"])
    )
    cut = data.draw(st.integers(0, 3))
    damaged = text[:place] + put + text[place + cut :]
    found = book_text.read(damaged)
    if found is not None:
        assert (found.channel, found.time_ms, *plain(found.change)) == by_json(damaged)


@pytest.mark.parametrize(
    "text",
    [
        frame("futures", [{"p": "99", "s": 1, "x": 1}], []),
        frame("futures", [], [], full=True),
        frame("futures", [], [], 9, 5),
        frame("futures", [["99", 1.5]], []),
        frame("futures", [{"p": "99", "s": -1}], []),
        frame("futures", [{"p": ".5", "s": 1}], []),
        frame("futures", [], []) + " ",
        frame("futures", [], []).replace('"update"', '"subscribe"'),
        frame("futures", [], []).replace("order_book_update", "order_book"),
        frame("futures", [{"p": "99", "s": "1" * 200_000 + "x"}], []),
    ],
)
def test_everything_else_goes_the_ordinary_way(text: str) -> None:
    assert book_text.read(text) is None


def test_a_stream_hears_it_as_a_push() -> None:
    heard = frames.classify(frame("spot", [["99", "1"]], []))
    assert isinstance(heard, Push)
    assert (heard.channel, heard.time_ms) == ("spot.order_book_update", 1_606_294_781_236)
    assert heard.result == book_text.Change(
        "BTC_USDT", 5, 9, [("99", "1")], [], False, 1_606_294_781_123
    )
