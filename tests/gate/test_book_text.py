"""The quick reader of order book updates says what JSON says, or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.instruments import futures, spot
from mtrade.domain.market import Book, Level
from mtrade.domain.numbers import loads
from mtrade.gate import book_text
from mtrade.gate.book_sync import BookSync, change
from mtrade.gate.book_text import Change, Row
from mtrade.gate.faults import Unreadable
from mtrade.gate.fields import as_number

NUMBERS = st.decimals(0, 10**9, allow_nan=False, allow_infinity=False, places=4).map(
    lambda number: format(number, "f")
)
WHOLE = st.integers(0, 10**25)
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
        return (raw["channel"], raw.get("time_ms", 0), *meaning(change(raw["result"])))
    except (ValueError, Unreadable, TypeError, KeyError):
        return None


def by_text(text: str) -> Any:
    """The same of the quick way; None as well for what a book would not believe."""
    found = book_text.read(text)
    try:
        return found and (found.channel, found.time_ms, *meaning(found.result))
    except Unreadable:
        return None


def meaning(item: Change[Row]) -> Any:
    sides = (
        [(as_number(row.price, "p"), as_number(row.size, "s")) for row in side]
        for side in (item.bids, item.asks)
    )
    return (item.name, item.first, item.last, item.full, item.time_ms, *sides)


@given(market=st.sampled_from(sorted(USUAL)), data=st.data(), first=WHOLE, more=WHOLE)
def test_it_reads_what_is_written_as_usual(
    market: str, data: st.DataObject, first: int, more: int
) -> None:
    bids, asks = data.draw(USUAL[market]), data.draw(USUAL[market])
    extra = data.draw(st.sampled_from([{}, {"l": "100"}, {"full": True}, {"full": False}]))
    text = frame(market, bids, asks, first, first + more, **extra)
    assert by_text(text) is not None
    assert by_text(text) == by_json(text)


@given(data=st.data())
def test_a_damaged_frame_is_what_json_says_or_nothing(data: st.DataObject) -> None:
    text = data.draw(
        st.sampled_from(
            [
                frame("futures", [{"p": "99.5", "s": 4}], [{"p": "101", "s": "0.5"}]),
                frame("spot", [["99.5", "4"]], [["101", "0.5"]], l="20"),
            ]
        )
    )
    place = data.draw(st.integers(0, len(text) - 1))
    put = data.draw(
        st.sampled_from(["", "0", "-", ".", '"', ",", "}", "]", " ", "a", "\u0661", "\ud800"])
    )
    cut = data.draw(st.integers(0, 3))
    damaged = text[:place] + put + text[place + cut :]
    assert by_text(damaged) in (None, by_json(damaged))


@pytest.mark.parametrize(
    "text",
    [
        frame("futures", [["99", 1]], []),
        frame("futures", [{"p": "99"}], []),
        frame("futures", [{"p": "99", "s": 1.0}], []),
        frame("futures", [{"p": 99.5, "s": 1}], []),
        frame("futures", [{"p": "99", "s": True}], []),
        frame("futures", [{"p": "99", "s": None}], []),
        frame("futures", [{"p": "99", "s": 1}], [])[:-1],
        frame("futures", [{"p": "99", "s": 1}], []).replace("1}", "NaN}"),
        frame("futures", [], [], x=float("inf")),
        frame("futures", [], [], full=1),
        frame("futures", None, []),
        frame("futures", [], [], first=1.0),  # type: ignore[arg-type]
        frame("futures", [], []).replace('"U":5', '"U":5e0'),
        frame("spot", [["99", "1", "2"]], []),
        frame("spot", [{"p": "99", "s": "1"}], []),
        frame("futures", [], []).replace('"update"', '"subscribe"'),
        frame("futures", [], []).replace('"event"', '"error":{"code":2},"event"'),
        frame("futures", [], []).replace('"event"', '"header":{"status":"200"},"event"'),
        frame("futures", [], []).replace("order_book_update", "order_book"),
        frame("futures", [], []).replace('"channel"', '"name"'),
        frame("futures", [], [], x="X").replace('"X"', "[" * 200_000 + "]" * 200_000),
        frame("futures", [], [], x="X").replace("X", "\ud800"),
    ],
)
def test_everything_else_goes_the_ordinary_way(text: str) -> None:
    assert book_text.read(text) is None


BAD = ["", "x", "NaN", "sNaN", "Infinity", "-1", "1e999", "1_0", " 1", "1" * 400]


def booked(market: str, row: dict[str, Any]) -> BookSync:
    """A book that has had one update with this bid."""
    instrument = futures("BTC_USDT") if market == "futures" else spot("BTC_USDT")
    sync = BookSync(instrument, 100)
    level = (Level(as_number("99", "p"), as_number("1", "s")),)
    sync.snapshot(Book(instrument=instrument, bids=level, asks=(), time_ms=1, sequence=4))
    update = book_text.read(
        frame(market, [row if market == "futures" else [row["p"], row["s"]]], [])
    )
    assert update is not None
    sync.apply(update.result)
    return sync


@pytest.mark.parametrize("market", sorted(USUAL))
@pytest.mark.parametrize("bad", [*BAD, "0"], ids=lambda bad: bad[:9])
def test_a_price_that_is_none_breaks_the_book(market: str, bad: str) -> None:
    sync = booked(market, {"p": bad, "s": "1"})
    assert (sync.synced, sync.book()) == (False, None)


@pytest.mark.parametrize("market", sorted(USUAL))
@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad[:9])
def test_a_size_that_is_none_breaks_the_book(market: str, bad: str) -> None:
    sync = booked(market, {"p": "99", "s": bad})
    assert (sync.book(), sync.synced) == (None, False)


@pytest.mark.parametrize("size", [-1, 10**41], ids=lambda size: str(size)[:9])
def test_a_whole_size_out_of_range_breaks_the_book(size: int) -> None:
    assert booked("futures", {"p": "99", "s": size}).book() is None


@pytest.mark.parametrize("zero", ["0", "0.000", "-0", "0e5", 0], ids=str)
def test_zero_in_any_spelling_removes_a_level(zero: str | int) -> None:
    found = booked("futures", {"p": "99", "s": zero}).book()
    assert found is not None
    assert found.bids == ()


def test_a_number_is_kept_to_its_last_digit() -> None:
    found = booked("spot", {"p": "99.000000000000000001", "s": "0.1000000000000000055"}).book()
    assert found is not None
    assert str(found.bids[0].price) == "99.000000000000000001"
    assert str(found.bids[0].size) == "0.1000000000000000055"
