"""The local book equals the exchange's, or says that it is unsure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.instruments import futures, spot
from mtrade.domain.market import Book, Level
from mtrade.gate import book_sync
from mtrade.gate.book_sync import MOST_BUFFERED, BookSync, Step
from mtrade.gate.book_text import Change

BTC = futures("BTC_USDT")
D = Decimal


def snapshot(sequence: int, *, bids: str = "99:5 98:4", asks: str = "101:5 102:4") -> Book:
    return Book(
        instrument=BTC,
        bids=levels(bids),
        asks=levels(asks),
        time_ms=1000,
        sequence=sequence,
    )


def levels(text: str) -> tuple[Level, ...]:
    pairs = (item.split(":") for item in text.split())
    return tuple(Level(D(price), D(size)) for price, size in pairs)


def push(first: int, last: int, *, bids: str = "", asks: str = "", **more: Any) -> dict[str, Any]:
    def rows(text: str) -> list[dict[str, str]]:
        return [{"p": item.split(":")[0], "s": item.split(":")[1]} for item in text.split()]

    return {
        "t": 2000,
        "s": "BTC_USDT",
        "U": first,
        "u": last,
        "b": rows(bids),
        "a": rows(asks),
    } | more


def book_of(sync: BookSync) -> Book:
    found = sync.book()
    assert found is not None
    return found


def synced(sequence: int = 100) -> BookSync:
    sync = BookSync(BTC, 100)
    assert sync.snapshot(snapshot(sequence)) is Step.CHANGED
    return sync


def test_updates_wait_for_a_snapshot_and_continue_it() -> None:
    sync = BookSync(BTC, 100)
    assert sync.book() is None
    assert sync.apply(push(95, 99, bids="99:1")) is Step.BUFFERED  # older than the snapshot
    assert sync.apply(push(100, 102, bids="99:7")) is Step.BUFFERED  # U <= id+1 <= u
    assert sync.apply(push(103, 103, asks="101:0")) is Step.BUFFERED
    assert sync.snapshot(snapshot(100)) is Step.CHANGED
    assert book_of(sync).bids == levels("99:7 98:4")
    assert book_of(sync).asks == levels("102:4")
    assert book_of(sync).sequence == 103


def test_a_snapshot_older_than_the_first_update_is_refused_until_a_younger_one_comes() -> None:
    sync = BookSync(BTC, 100)
    sync.apply(push(105, 106, bids="99:7"))
    assert sync.snapshot(snapshot(103)) is Step.BROKEN
    assert sync.book() is None
    assert sync.snapshot(snapshot(104)) is Step.CHANGED
    assert book_of(sync).sequence == 106


def test_a_missing_number_starts_over_with_the_updates_since_then() -> None:
    sync = synced()
    assert sync.apply(push(101, 101, bids="99:1")) is Step.CHANGED
    assert sync.apply(push(103, 104, bids="99:3")) is Step.BROKEN
    assert sync.book() is None
    assert sync.apply(push(105, 105, bids="98:0")) is Step.BUFFERED
    assert sync.snapshot(snapshot(103)) is Step.CHANGED
    assert book_of(sync).bids == levels("99:3")


def test_old_and_repeated_updates_change_nothing() -> None:
    sync = synced()
    sync.apply(push(101, 103, bids="99:1"))
    assert sync.apply(push(101, 103, bids="99:9")) is Step.SAME
    assert sync.apply(push(90, 99, bids="99:9")) is Step.SAME
    assert sync.apply(push(102, 104, bids="99:2")) is Step.CHANGED  # reaches back, absolute sizes
    assert book_of(sync).bids == levels("99:2 98:4")


def test_an_update_without_levels_still_counts() -> None:
    sync = synced()
    assert sync.apply(push(101, 105)) is Step.CHANGED
    assert sync.apply(push(106, 106, asks="101:1")) is Step.CHANGED


def test_a_full_push_replaces_the_book_at_any_time() -> None:
    for sync in (BookSync(BTC, 100), synced()):
        assert sync.apply(push(900, 900, bids="50:1", asks="51:1", full=True)) is Step.CHANGED
        assert book_of(sync).bids == levels("50:1")
        assert sync.apply(push(901, 901, asks="51:0")) is Step.CHANGED
        assert book_of(sync).asks == ()
    only_u = {"t": 1, "s": "BTC_USDT", "full": True, "u": 7, "b": [], "a": []}
    assert BookSync(BTC, 100).apply(only_u) is Step.CHANGED


def test_a_crossed_book_is_not_believed() -> None:
    sync = synced()
    assert sync.apply(push(101, 101, bids="101:1")) is Step.CHANGED
    assert sync.book() is None
    assert not sync.synced
    fresh = BookSync(BTC, 100)
    assert fresh.snapshot(snapshot(1, bids="105:1")) is Step.BROKEN
    assert fresh.book() is None


def test_when_the_exchange_counts_anew_the_book_starts_over() -> None:
    sync = synced(1_000_000)
    assert sync.apply(push(11, 12, bids="99:1", t=1000 + 6_000)) is Step.BROKEN


def test_one_price_in_two_spellings_is_one_level_and_any_zero_removes() -> None:
    sync = synced()
    sync.apply(push(101, 101, bids="99.00:8"))
    assert book_of(sync).bids == levels("99:8 98:4")
    sync.apply(push(102, 102, bids="99.0:0.000 98:0"))
    assert book_of(sync).bids == ()
    sync.apply(push(103, 103, asks="100:1"))
    assert book_of(sync).asks[0] == Level(D(100), D(1))


@given(
    updates=st.lists(
        st.lists(
            st.tuples(
                st.integers(1, 9), st.sampled_from(["", ".0", ".00"]), st.sampled_from(["0", "7"])
            ),
            max_size=5,
        ),
        max_size=20,
    )
)
def test_prices_may_be_forgotten_and_written_otherwise_the_next_time(
    updates: list[list[tuple[int, str, str]]],
) -> None:
    """A moving market has ever new prices; what is known of them is bounded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(book_sync, "MOST_PRICES", 12)
        sync, truth = synced(), {D(101): D(5), D(102): D(4)}
        for number, changes in enumerate(updates, 101):
            asks = " ".join(f"{101 + step}{places}:{size}" for step, places, size in changes)
            assert sync.apply(push(number, number, asks=asks)) is Step.CHANGED
            truth |= {D(101 + step): D(size) for step, _, size in changes}
        found = {level.price: level.size for level in book_of(sync).asks}
    assert found == {price: size for price, size in truth.items() if size}
    assert list(found) == sorted(found)


def test_a_book_of_more_levels_than_prices_are_known_of_is_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(book_sync, "MOST_PRICES", 50)
    sync = synced()
    asks = " ".join(f"{101 + step}:1" for step in range(60))
    assert sync.apply(push(101, 101, asks=asks)) is Step.BROKEN
    assert sync.book() is None


def test_spot_levels_are_pairs_and_sizes_may_be_whole_numbers() -> None:
    sync = BookSync(spot("BTC_USDT"), 100)
    sync.snapshot(snapshot(100))
    raw = {"t": 1, "s": "x", "U": 101, "u": 101, "b": [["99", "0.05"]], "a": [["101", 3]]}
    assert sync.apply(raw) is Step.CHANGED
    assert book_of(sync).bids[0] == Level(D(99), D("0.05"))
    assert book_of(sync).asks[0] == Level(D(101), D(3))


def test_only_the_depth_is_kept() -> None:
    sync = BookSync(BTC, 2)
    sync.snapshot(snapshot(100, asks="101:1 102:1"))
    sync.apply(push(101, 101, asks="100.5:1"))
    assert book_of(sync).asks == levels("100.5:1 101:1")


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        "x",
        {},
        {"U": 1, "u": "2", "b": [], "a": [], "t": 1},
        {"U": 103, "u": 102, "b": [], "a": [], "t": 1},
        Change(time_ms=1, name="BTC_USDT", first=103, last=102, bids=[], asks=[]),
        push(101, 101) | {"b": [["99"]]},
        push(101, 101) | {"b": ["99"]},
        push(101, 101) | {"b": [None]},
        push(101, 101) | {"b": [[["99"], "1"]]},
        push(101, 101) | {"b": [{"p": "99"}]},
        push(101, 101, bids="-5:1"),
        push(101, 101, bids="NaN:1"),
        push(101, 101, bids="1e999:1"),
        push(101, 101) | {"b": 5},
    ],
    ids=str,
)
def test_what_cannot_be_read_breaks_the_book_and_nothing_else(raw: Any) -> None:
    sync = synced()
    assert sync.apply(raw) is Step.BROKEN
    assert sync.book() is None
    assert sync.snapshot(snapshot(100)) is Step.CHANGED


@pytest.mark.parametrize("size", ["-1", "x", "NaN", None, [], True, "1e999"])
def test_an_unreadable_size_breaks_the_book_when_it_is_looked_at(size: Any) -> None:
    sync = synced()
    raw = push(101, 101) | {"b": [{"p": "99", "s": size}]}
    assert sync.apply(raw) in (Step.CHANGED, Step.BROKEN)
    assert sync.book() is None
    assert not sync.synced


def test_the_buffer_is_bounded() -> None:
    sync = BookSync(BTC, 100)
    for number in range(MOST_BUFFERED + 500):
        sync.apply(push(number, number))
    assert sync.snapshot(snapshot(10)) is Step.BROKEN
    assert sync.snapshot(snapshot(MOST_BUFFERED + 400)) is Step.CHANGED


@given(
    updates=st.lists(
        st.lists(
            st.tuples(
                st.sampled_from("ba"), st.integers(1, 6), st.sampled_from(["0", "00.0", "1", "2"])
            ),
            max_size=4,
        ),
        max_size=12,
    )
)
def test_it_makes_no_difference_how_often_somebody_looks(
    updates: list[list[tuple[str, int, str]]],
) -> None:
    """Also where levels fall out of the depth between two looks."""
    watched, left_alone = BookSync(BTC, 3), BookSync(BTC, 3)
    for sync in (watched, left_alone):
        sync.snapshot(snapshot(100))
    for number, changes in enumerate(updates, 101):
        sides = {
            side: " ".join(
                f"{99 - step if side == 'b' else 101 + step}:{size}"
                for which, step, size in changes
                if which == side
            )
            for side in "ba"
        }
        for sync in (watched, left_alone):
            sync.apply(push(number, number, bids=sides["b"], asks=sides["a"]))
        book_of(watched)
    assert book_of(watched) == book_of(left_alone)


def test_a_cross_between_two_looks_is_nobodys_business() -> None:
    sync = synced()
    sync.apply(push(101, 101, bids="101:1"))
    sync.apply(push(102, 102, asks="101:0"))
    assert book_of(sync).bids[0] == Level(D(101), D(1))


CHANGES = st.lists(
    st.tuples(st.sampled_from("ba"), st.integers(1, 9), st.integers(0, 3)), min_size=1, max_size=6
)


@given(
    history=st.lists(CHANGES, min_size=1, max_size=12),
    at=st.integers(0, 11),
    order=st.lists(st.integers(0, 11), max_size=24),
)
def test_whatever_comes_in_whatever_order_a_told_book_is_one_that_was(
    history: list[list[tuple[str, int, int]]], at: int, order: list[int]
) -> None:
    """Random updates, shuffled, repeated and lost, with a snapshot from somewhere among them."""
    sides: dict[str, dict[int, int]] = {"b": {}, "a": {}}
    truth = {0: ({}, {})}
    pushes, sequence = [], 0
    for changes in history:
        first = sequence + 1
        rows: dict[str, list[Any]] = {"b": [], "a": []}
        for side, step, size in changes:
            sequence += 1
            price = 100 - step if side == "b" else 100 + step
            sides[side][price] = size
            rows[side].append({"p": str(price), "s": str(size)})
        truth[sequence] = tuple({p: s for p, s in sides[k].items() if s} for k in "ba")
        pushes.append({"t": 1, "s": "x", "U": first, "u": sequence, **rows})
    numbers = sorted(truth)
    start = numbers[at % len(numbers)]
    sync = BookSync(BTC, 100)
    bids, asks = truth[start]
    read = Book(
        instrument=BTC,
        bids=tuple(Level(D(p), D(s)) for p, s in sorted(bids.items(), reverse=True)),
        asks=tuple(Level(D(p), D(s)) for p, s in sorted(asks.items())),
        time_ms=1,
        sequence=start,
    )
    for index in [*order, *range(len(pushes))]:
        if sync.apply(pushes[index % len(pushes)]) is Step.BUFFERED:
            sync.snapshot(read)
        found = sync.book()
        if found is not None:
            told = tuple({int(x.price): int(x.size) for x in s} for s in (found.bids, found.asks))
            assert told == truth[found.sequence]
            assert [x.price for x in found.bids] == sorted(
                (x.price for x in found.bids), reverse=True
            )
            assert [x.price for x in found.asks] == sorted(x.price for x in found.asks)
