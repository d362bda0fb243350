"""Order book channels: differences, snapshots and obu, from the sequence that REST reports too.

A difference names every level that was touched since the last one, with its size now, so that it
fits any snapshot taken in between. A level that was not touched itself can still have been pushed
out of the subscribed depth and back by better ones; at most as many as have vanished in front of
it, so that many of the last levels are repeated.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from decimal import Decimal

from mtrade.domain.instruments import Market, Side
from mtrade.domain.market import Level
from mtrade.domain.numbers import text
from mtrade.paper.matching import OrderBook
from mtrade.paper.room import Room
from mtrade.paper.wire import wire_quote, wire_size
from mtrade.paper.ws.feed import Body, Feed

Sides = dict[Side, list[Level]]


class Trail:
    """The changes of one book, kept as far back as the slowest of its readers needs them."""

    def __init__(self, book: OrderBook) -> None:
        self.book = book
        self._base = book.sequence
        self._readers: list[Differences] = []

    def join(self, reader: Differences) -> None:
        """Keep what changes from now on for `reader`."""
        if not self._readers:
            self.book.trail, self._base = [], self.book.sequence
        self._readers.append(reader)

    def leave(self, reader: Differences) -> None:
        """Keep nothing for `reader` any more."""
        self._readers.remove(reader)
        if not self._readers:
            self.book.trail = None

    def since(self, sequence: int) -> dict[Side, set[Decimal]]:
        """The prices touched after `sequence`."""
        touched: dict[Side, set[Decimal]] = {side: set() for side in Side}
        for side, price in (self.book.trail or ())[sequence - self._base :]:
            touched[side].add(price)
        return touched

    def trim(self) -> None:
        """Forget what every reader has read."""
        if self.book.trail:
            lowest = min(reader.cursor for reader in self._readers)
            del self.book.trail[: lowest - self._base]
            self._base = lowest


class Differences(Feed, ABC):
    """What changed in a book since the last push. `depth` levels a side are kept complete."""

    def __init__(
        self, channel: str, room: Room, trail: Trail, *, depth: int, period_ms: int
    ) -> None:
        super().__init__(channel, room)
        self.depth = depth
        self.period_ms = period_ms
        self.cursor = room.book.sequence
        self._trail = trail
        trail.join(self)

    def poll(self, now_ms: int) -> Sequence[Body]:
        book = self.room.book
        if book.sequence == self.cursor:
            return ()
        touched = self._trail.since(self.cursor)
        first, self.cursor = self.cursor + 1, book.sequence
        self._trail.trim()
        changed = {side: self._changed(side, touched[side]) for side in Side}
        return (self.body(now_ms, first, self.cursor, changed),)

    def close(self) -> None:
        self._trail.leave(self)

    @abstractmethod
    def body(self, now_ms: int, first: int, last: int, changed: Sides) -> Body:
        """The result of a push."""

    def _changed(self, side: Side, touched: set[Decimal]) -> list[Level]:
        book = self.room.book
        levels = [Level(price, book.resting(side, price)) for price in touched]
        vanished = sum(1 for level in levels if level.size.is_zero())
        if vanished:
            kept = book.levels(side, self.depth)
            again = kept[max(self.depth - vanished, 0) :]
            levels += [level for level in again if level.price not in touched]
        return sorted(levels, key=_price, reverse=side is Side.BUY)


class Updates(Differences):
    """`order_book_update`: a newcomer gets an empty one that says where the counting stands."""

    def first(self, now_ms: int) -> Sequence[Body]:
        return (self.body(now_ms, self.cursor, self.cursor, {side: [] for side in Side}),)

    def body(self, now_ms: int, first: int, last: int, changed: Sides) -> Body:
        name, depth = self.room.id.name, str(self.depth)
        ends = {"U": first, "u": last}
        if self.room.id.market is Market.SPOT:
            head = {"t": now_ms, "e": "depthUpdate", "E": now_ms // 1000, "s": name, **ends}
            sides = {"b": pairs(changed[Side.BUY]), "a": pairs(changed[Side.SELL])}
            return lambda _: {**head, **sides, "l": depth}
        return lambda sizes: {
            "t": now_ms,
            "s": name,
            **ends,
            "b": objects(changed[Side.BUY], sizes),
            "a": objects(changed[Side.SELL], sizes),
            "l": depth,
        }


class Obu(Differences):
    """`obu`: a newcomer gets the whole book with `full`; differences follow from its `u` on."""

    def __init__(
        self, channel: str, room: Room, trail: Trail, *, depth: int, period_ms: int, stream: str
    ) -> None:
        super().__init__(channel, room, trail, depth=depth, period_ms=period_ms)
        self._stream = stream

    def first(self, now_ms: int) -> Sequence[Body]:
        whole = {side: self.room.book.levels(side, self.depth) for side in Side}
        head = {"t": now_ms, "full": True, "s": self._stream, "u": self.cursor}
        return (self._sided(head, whole),)

    def body(self, now_ms: int, first: int, last: int, changed: Sides) -> Body:
        head: dict[str, object] = {"t": now_ms, "s": self._stream, "U": first, "u": last}
        return self._sided(head, changed)

    def _sided(self, head: dict[str, object], levels: Sides) -> Body:
        spot = self.room.id.market is Market.SPOT
        return lambda sizes: {
            **head,
            "b": pairs(levels[Side.BUY], spot or sizes),
            "a": pairs(levels[Side.SELL], spot or sizes),
        }


class Snapshots(Feed):
    """`order_book`: the whole top of the book whenever it has changed."""

    def __init__(self, channel: str, room: Room, *, depth: int, period_ms: int) -> None:
        super().__init__(channel, room)
        self.depth = depth
        self.period_ms = period_ms
        self.event = "update" if room.id.market is Market.SPOT else "all"
        self._sent = -1

    def poll(self, now_ms: int) -> Sequence[Body]:
        if self.room.book.sequence == self._sent:
            return ()
        return self.first(now_ms)

    def first(self, now_ms: int) -> Sequence[Body]:
        book, depth = self.room.book, str(self.depth)
        self._sent = book.sequence
        asks, bids = (book.levels(side, self.depth) for side in (Side.SELL, Side.BUY))
        name, number = self.room.id.name, self._sent
        if self.room.id.market is Market.SPOT:
            head = {"t": now_ms, "lastUpdateId": number, "s": name, "l": depth}
            return (lambda _: {**head, "bids": pairs(bids), "asks": pairs(asks)},)
        head = {"t": now_ms, "contract": name, "id": number}
        return (
            lambda sizes: {
                **head,
                "asks": objects(asks, sizes),
                "bids": objects(bids, sizes),
                "l": depth,
            },
        )


class BookTicker(Feed):
    """`book_ticker`: the best bid and ask whenever they have changed."""

    period_ms = 10

    def __init__(self, channel: str, room: Room) -> None:
        super().__init__(channel, room)
        self._seen = -1
        self._sent: tuple[Level | None, Level | None] | None = None

    def poll(self, now_ms: int) -> Sequence[Body]:
        book = self.room.book
        if book.sequence == self._seen:
            return ()
        self._seen = book.sequence
        best = (_best(book, Side.BUY), _best(book, Side.SELL))
        if best == self._sent:
            return ()
        self._sent = best
        return self.first(now_ms)

    def first(self, now_ms: int) -> Sequence[Body]:
        bid, ask = self._sent or (None, None)
        head = {"t": now_ms, "u": self._seen, "s": self.room.id.name}
        spot = self.room.id.market is Market.SPOT
        return (
            lambda sizes: {
                **head,
                "b": wire_quote(bid.price if bid else None),
                "B": _size(bid, spot or sizes),
                "a": wire_quote(ask.price if ask else None),
                "A": _size(ask, spot or sizes),
            },
        )


def pairs(levels: Iterable[Level], sizes: bool = True) -> list[list[object]]:
    """Levels as spot and obu write them."""
    return [[text(level.price), wire_size(level.size, sizes)] for level in levels]


def objects(levels: Iterable[Level], sizes: bool) -> list[dict[str, object]]:
    """Levels as futures write them."""
    return [{"p": text(level.price), "s": wire_size(level.size, sizes)} for level in levels]


def _best(book: OrderBook, side: Side) -> Level | None:
    levels = book.levels(side, 1)
    return levels[0] if levels else None


def _size(level: Level | None, sizes: bool) -> str | int:
    return wire_size(level.size if level else Decimal(0), sizes)


def _price(level: Level) -> Decimal:
    return level.price
