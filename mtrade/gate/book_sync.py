"""The local copy of an order book: a snapshot, then updates in unbroken sequence. Pure.

The procedure is Gate's (WebSocket docs, "local order book"): buffer updates, take a snapshot with
its id, drop what is older, demand that the first one applied reaches back to id+1, and start over
whenever a number is missing. Sizes are absolute; size 0 removes a level; `full` replaces the book.

Speed matters here: a level is stored as it came, under a whole number that sorts like its price,
and becomes a Decimal only when somebody looks at the book.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from mtrade.domain.instruments import InstrumentId
from mtrade.domain.market import Book, Level
from mtrade.gate.book_text import Change
from mtrade.gate.faults import Unreadable
from mtrade.gate.fields import as_number

MOST_BUFFERED = 2000
MOST_PRICES = 20_000
RECOUNT_MS = 5_000
PLACES = 24  # decimals a price may have

_ZEROS = frozenset({"0", 0})  # the usual spellings; `0.000` is zero too


class Step(StrEnum):
    """What a message did to the book."""

    SAME = "same"
    CHANGED = "changed"
    BUFFERED = "buffered"
    BROKEN = "broken"  # out of sequence, crossed or unreadable: a snapshot is needed


class BookSync:
    """One book of at most `depth` levels a side."""

    def __init__(self, instrument: InstrumentId, depth: int) -> None:
        self.instrument = instrument
        self.synced = False
        self.sequence = 0
        self.time_ms = 0
        self._depth = depth
        self._bids = _Side(depth, -1)
        self._asks = _Side(depth, 1)
        self._waiting: deque[Change] = deque(maxlen=MOST_BUFFERED)

    def restart(self) -> None:
        """Distrust everything; updates are buffered until a snapshot comes."""
        self.synced = False
        self._bids.clear()
        self._asks.clear()
        self._waiting.clear()

    def apply(self, raw: Any) -> Step:
        """The `result` of an `order_book_update` push, or the Change it is."""
        try:
            item = raw if type(raw) is Change else change(raw)
            step = self._take(item)
        except (Unreadable, TypeError, KeyError, ValueError):
            self.restart()
            return Step.BROKEN
        if step is Step.BROKEN:
            self.restart()
            self._waiting.append(item)
        return step

    def snapshot(self, book: Book) -> Step:
        """A REST snapshot with its id; BROKEN when it is older than the updates at hand."""
        if self.synced:
            return Step.SAME
        waiting = sorted(self._waiting, key=lambda c: (c.last, c.first))
        try:
            self._put(book)
            fits = not self._crossed() and all(self._follow(c) is not Step.BROKEN for c in waiting)
        except (Unreadable, TypeError, KeyError, ValueError):
            self.restart()
            return Step.BROKEN
        if not fits:
            # The updates stay: the next snapshot will be younger than they are.
            self.synced = False
            return Step.BROKEN
        self._waiting.clear()
        return Step.CHANGED

    def book(self) -> Book | None:
        """The book now; None while it is unsure. Raises nothing: a bad size breaks the book."""
        if not self.synced:
            return None
        try:
            bids, asks = self._bids.levels(), self._asks.levels()
        except Unreadable:
            self.restart()
            return None
        return Book(
            instrument=self.instrument,
            bids=bids,
            asks=asks,
            time_ms=self.time_ms,
            sequence=self.sequence,
        )

    def _take(self, item: Change) -> Step:
        if item.full:
            self._bids.clear()
            self._asks.clear()
            self._waiting.clear()
            self.synced = True
            return self._write(item)
        if not self.synced:
            self._waiting.append(item)
            return Step.BUFFERED
        return self._follow(item)

    def _follow(self, item: Change) -> Step:
        if item.last <= self.sequence:
            return Step.BROKEN if self._recounted(item) else Step.SAME
        if item.first > self.sequence + 1:
            return Step.BROKEN
        return self._write(item)

    def _write(self, item: Change) -> Step:
        self._bids.write(item.bids)
        self._asks.write(item.asks)
        self.sequence = item.last
        self.time_ms = item.time_ms
        if self._crossed():
            return Step.BROKEN
        return Step.CHANGED

    def _recounted(self, item: Change) -> bool:
        """An update much younger than the book but with a smaller number: counting began anew."""
        return item.last < self.sequence and item.time_ms > self.time_ms + RECOUNT_MS

    def _put(self, book: Book) -> None:
        for side, levels in ((self._bids, book.bids), (self._asks, book.asks)):
            side.clear()
            side.write([[str(level.price), str(level.size)] for level in levels])
        self.sequence = book.sequence
        self.time_ms = book.time_ms
        self.synced = True

    def _crossed(self) -> bool:
        """Bids at or above asks cannot be: the copy is wrong."""
        bids, asks = self._bids.keys, self._asks.keys
        return bool(bids) and bool(asks) and -bids[0] >= asks[0]


class _Side:
    """Levels of one side, best first: `keys` grow away from the best price."""

    __slots__ = ("_depth", "_known", "_levels", "_sign", "keys")

    def __init__(self, depth: int, sign: int) -> None:
        self.keys: list[int] = []
        self._depth = depth
        self._sign = sign
        self._levels: dict[int, Any] = {}  # price and size as they came, or the Level they are
        self._known: dict[str, int] = {}

    def clear(self) -> None:
        self.keys.clear()
        self._levels.clear()

    def write(self, rows: Iterable[Any]) -> None:
        """Absolute sizes; levels beyond the depth are forgotten, as they are at the exchange."""
        levels, known, keys = self._levels, self._known, self.keys
        for row in rows:
            pair = row if type(row) is tuple else _pair(row)
            price, size = pair
            key = known.get(price)
            if key is None:
                key = self._learn(price)
            if size in _ZEROS or (type(size) is str and size[:1] == "0" and not size.strip("0.")):
                if levels.pop(key, None) is not None:
                    del keys[bisect_left(keys, key)]
                continue
            if key not in levels:
                insort(keys, key)
            levels[key] = pair
        while len(keys) > self._depth:
            del levels[keys.pop()]

    def levels(self) -> tuple[Level, ...]:
        """The levels as Decimals. Raises Unreadable for a size that is none."""
        found = self._levels
        for key in self.keys:
            if type(found[key]) is not Level:
                found[key] = _level(*found[key])
        return tuple([found[key] for key in self.keys])

    def _learn(self, price: Any) -> int:
        """The whole number of a price; texts that mean the same price have the same one."""
        number = as_number(price, "level")
        key = int(number.scaleb(PLACES)) * self._sign
        if number <= 0 or not key:
            raise Unreadable("level: price out of range")
        if len(self._known) >= MOST_PRICES:
            self._known.clear()
        self._known[price] = key
        return key


def _pair(row: Any) -> tuple[Any, Any]:
    """Price and size of a level as JSON has it."""
    if type(row) is dict:
        return row["p"], row["s"]
    if type(row) is list:
        price, size = row
        return price, size
    raise Unreadable("order book update: a level is neither pair nor object")


def _level(price: Any, size: Any) -> Level:
    amount = as_number(size, "level")
    if amount <= 0:
        raise Unreadable("level: size out of range")
    return Level(as_number(price, "level"), amount)


def change(raw: Any) -> Change:
    """Read a push. Raises Unreadable."""
    try:
        last = raw["u"]
        first = raw.get("U", last)
        bids, asks = raw["b"] or [], raw["a"] or []
        item = Change(raw.get("s", ""), first, last, bids, asks, raw.get("full") is True, raw["t"])
    except (TypeError, KeyError, AttributeError):
        raise Unreadable("order book update: a field is missing") from None
    whole = type(first) is int and type(last) is int and type(item.time_ms) is int
    if not whole or first > last or type(bids) is not list or type(asks) is not list:
        raise Unreadable("order book update: not a sequence")
    return item
