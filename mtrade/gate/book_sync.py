"""The local copy of an order book: a snapshot, then updates in unbroken sequence. Pure.

The procedure is Gate's (WebSocket docs, "local order book"): buffer updates, take a snapshot with
its id, drop what is older, demand that the first one applied reaches back to id+1, and start over
whenever a number is missing. Sizes are absolute; size 0 removes a level; `full` replaces the book.

Speed matters here: a size is stored as it came, under the first text that its price had. When
somebody looks at the book, the levels are ordered and become Decimals, and bids that cross asks are
found out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any

from mtrade.domain.instruments import InstrumentId
from mtrade.domain.market import Book, Level
from mtrade.gate.book_text import Change, Row
from mtrade.gate.faults import Unreadable
from mtrade.gate.fields import as_number

MOST_BUFFERED = 2000
MOST_PRICES = 20_000
RECOUNT_MS = 5_000
PLACES = 24  # decimals a price may have

_ZEROS = frozenset({"0", 0})  # the usual spellings; `0.000` is found when the levels are ordered


class Step(StrEnum):
    """What a message did to the book."""

    SAME = "same"
    CHANGED = "changed"
    BUFFERED = "buffered"
    BROKEN = "broken"  # out of sequence or unreadable: a snapshot is needed


CHANGED = Step.CHANGED  # for every update; an enum is looked up in Python


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
        self._waiting: deque[Change[Row]] = deque(maxlen=MOST_BUFFERED)

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
            if self.synced and item.first <= self.sequence + 1 <= item.last and not item.full:
                return self._write(item)  # most of what comes
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
            fits = all(self._follow(c) is not Step.BROKEN for c in waiting)
            fits = fits and not self._crossed()
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
        """The book now; None while it is unsure. Raises nothing: bids that cross asks, or a size
        that is none, break the book."""
        if not self.synced:
            return None
        try:
            bids, asks = self._bids.levels(), self._asks.levels()
        except Unreadable:
            self.restart()
            return None
        if self._crossed():
            self.restart()
            return None
        return Book(
            instrument=self.instrument,
            bids=bids,
            asks=asks,
            time_ms=self.time_ms,
            sequence=self.sequence,
        )

    def _take(self, item: Change[Row]) -> Step:
        if item.first > item.last:
            raise Unreadable("order book update: not a sequence")
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

    def _follow(self, item: Change[Row]) -> Step:
        if item.last <= self.sequence:
            return Step.BROKEN if self._recounted(item) else Step.SAME
        if item.first > self.sequence + 1:
            return Step.BROKEN
        return self._write(item)

    def _write(self, item: Change[Row]) -> Step:
        self._bids.write(item.bids)
        self._asks.write(item.asks)
        self.sequence = item.last
        self.time_ms = item.time_ms
        return CHANGED

    def _recounted(self, item: Change[Row]) -> bool:
        """An update much younger than the book but with a smaller number: counting began anew."""
        return item.last < self.sequence and item.time_ms > self.time_ms + RECOUNT_MS

    def _put(self, book: Book) -> None:
        for side, levels in ((self._bids, book.bids), (self._asks, book.asks)):
            side.clear()
            side.write([Row(str(level.price), str(level.size)) for level in levels])
        self.sequence = book.sequence
        self.time_ms = book.time_ms
        self.synced = True

    def _crossed(self) -> bool:
        """Bids at or above asks cannot be: the copy is wrong."""
        bid, ask = self._bids.best(), self._asks.best()
        return bid is not None and ask is not None and -bid >= ask


class _Side:
    """Levels of one side, as they came until somebody looks."""

    __slots__ = (
        "_depth", "_firsts", "_levels", "_numbers", "_ordered", "_prices", "_sign", "_values",
    )  # fmt: skip

    def __init__(self, depth: int, sign: int) -> None:
        self._depth = depth
        self._sign = sign
        self._levels: dict[str, str | int] = {}
        self._ordered = True  # best first, and none of them is empty
        self._prices: dict[str, str] = {}  # the first text of each price, by all its texts
        self._numbers: dict[str, int] = {}  # by first text; they sort from the best price away
        self._firsts: dict[int, str] = {}  # the other way round
        self._values: dict[str, Decimal] = {}  # by first text

    def clear(self) -> None:
        self._levels.clear()

    def write(self, rows: Sequence[Row]) -> None:
        """Absolute sizes; levels beyond the depth are forgotten, as they are at the exchange.

        Raises Unreadable for a price that is none.
        """
        levels, prices = self._levels, self._prices
        for row in rows:
            try:
                price = prices[row.price]
            except KeyError:
                price = self._learn(row.price)
            size = row.size
            if size in _ZEROS:
                levels.pop(price, None)
            else:
                levels[price] = size
        self._ordered = False
        if len(levels) > self._depth:
            self._order()

    def best(self) -> int | None:
        """The number of the best price."""
        self._order()
        return next((self._numbers[price] for price in self._levels), None)

    def levels(self) -> tuple[Level, ...]:
        """Best first. Raises Unreadable for a size that is none."""
        self._order()
        values = self._values
        return tuple(_level(values[price], size) for price, size in self._levels.items())

    def _order(self) -> None:
        if not self._ordered:
            levels, numbers = self._levels, self._numbers
            some = [price for price, size in levels.items() if _is_some(size)]
            some.sort(key=numbers.__getitem__)
            self._levels = {price: levels[price] for price in some[: self._depth]}
            self._ordered = True

    def _learn(self, text: str) -> str:
        """The first text of the same price, from now on known for this one too."""
        number = as_number(text, "level")
        key = int(number.scaleb(PLACES)) * self._sign
        if number <= 0 or not key:
            raise Unreadable("level: price out of range")
        if len(self._prices) >= MOST_PRICES:
            self._forget()
        price = self._prices[text] = self._firsts.setdefault(key, text)
        self._numbers[price], self._values[price] = key, number
        return price

    def _forget(self) -> None:
        """All prices but those of the book. Raises Unreadable for a book that has as many."""
        if len(self._levels) >= MOST_PRICES:
            raise Unreadable("order book update: too many levels")
        for known in (self._numbers, self._values):
            for price in known.keys() - self._levels.keys():
                del known[price]
        for texts in (self._prices, self._firsts):
            texts.clear()
        self._prices.update((price, price) for price in self._numbers)
        self._firsts.update((key, price) for price, key in self._numbers.items())


def _is_some(size: str | int) -> bool:
    """Whether a size is not zero in any spelling. Raises Unreadable."""
    if type(size) is str and not "1" <= size[:1] <= "9":
        return not as_number(size, "level").is_zero()
    return size != 0


def _row(raw: Any) -> Row:
    """A level of any shape. Raises Unreadable."""
    if type(raw) is dict:
        price, size = raw["p"], raw["s"]
    elif type(raw) is list:
        price, size = raw
    else:
        raise Unreadable("order book update: a level is neither pair nor object")
    return Row(str(as_number(price, "level")), str(as_number(size, "level")))


def _level(price: Decimal, size: str | int) -> Level:
    amount = as_number(size, "level")
    if amount <= 0:
        raise Unreadable("level: size out of range")
    return Level(price, amount)


def change(raw: Any) -> Change[Row]:
    """Read a push. Raises Unreadable, or what a level of a wrong shape leads to."""
    try:
        last = raw["u"]
        first = raw.get("U", last)
        time_ms, bids, asks = raw["t"], raw["b"] or [], raw["a"] or []
    except (TypeError, KeyError, AttributeError):
        raise Unreadable("order book update: a field is missing") from None
    whole = type(first) is int and type(last) is int and type(time_ms) is int
    if not whole or type(bids) is not list or type(asks) is not list:
        raise Unreadable("order book update: not a sequence")
    return Change(
        time_ms=time_ms,
        name=raw.get("s", ""),
        first=first,
        last=last,
        bids=[_row(row) for row in bids],
        asks=[_row(row) for row in asks],
        full=raw.get("full") is True,
    )
