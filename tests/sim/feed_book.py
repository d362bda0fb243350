"""The truth of the model exchange about one order book."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mtrade.domain.instruments import InstrumentId, Market
from mtrade.domain.market import Book, Level
from tests.sim.feed_venue import Venue


class ModelBook:
    """Levels that change all the time, with an unbroken sequence."""

    def __init__(self, venue: Venue, instrument: InstrumentId) -> None:
        self._venue = venue
        self._instrument = instrument
        self.sequence = 1000
        self._mid = 1000
        self.sides: dict[str, dict[int, int]] = {"b": {}, "a": {}}
        for step in range(1, 30):
            self.sides["b"][self._mid - step] = self.sides["a"][self._mid + step] = step
        self.history = {self.sequence: self._copy()}

    def move(self) -> None:
        """Some changes, and one push that tells them."""
        chance, first = self._venue.world.random, self.sequence + 1
        touched: set[tuple[str, int]] = set()
        self._mid += chance.choice((-2, -1, 0, 0, 1, 2))
        for side in ("b", "a"):
            for price in [p for p in self.sides[side] if not self._fits(side, p)]:
                self._set(side, price, 0, touched)
        for _ in range(chance.randrange(1, 6)):
            side, size = chance.choice("ba"), chance.choice((0, 0, 1, 2, 3, 7))
            price = self._mid + (1 if side == "a" else -1) * chance.randrange(1, 30)
            self._set(side, price, size, touched)
        self.history[self.sequence] = self._copy()
        self._publish(first, touched)

    def was(self, book: Book) -> bool:
        """Whether the exchange's book looked like this at that sequence."""
        told = [
            {int(level.price * 10): int(level.size) for level in s} for s in (book.bids, book.asks)
        ]
        return told == self.history[book.sequence]

    def snapshot(self) -> Book:
        """What REST answers."""
        self._venue.rest()
        return self.truth()

    def truth(self) -> Book:
        """The book as it is."""
        bids = sorted(self.sides["b"].items(), reverse=True)
        asks = sorted(self.sides["a"].items())
        return Book(
            instrument=self._instrument,
            bids=tuple(Level(Decimal(p) / 10, Decimal(s)) for p, s in bids),
            asks=tuple(Level(Decimal(p) / 10, Decimal(s)) for p, s in asks),
            time_ms=self._venue.world.now_ms(),
            sequence=self.sequence,
        )

    def _copy(self) -> list[dict[int, int]]:
        return [dict(self.sides["b"]), dict(self.sides["a"])]

    def _fits(self, side: str, price: int) -> bool:
        return price < self._mid if side == "b" else price > self._mid

    def _set(self, side: str, price: int, size: int, touched: set[tuple[str, int]]) -> None:
        self.sequence += 1
        touched.add((side, price))
        if size:
            self.sides[side][price] = size
        else:
            self.sides[side].pop(price, None)

    def _publish(self, first: int, touched: set[tuple[str, int]]) -> None:
        name, spot = self._instrument.name, self._instrument.market is Market.SPOT
        result: dict[str, Any] = {
            "t": self._venue.world.now_ms(),
            "s": name,
            "U": first,
            "u": self.sequence,
            "b": [],
            "a": [],
        }
        for side, price in touched:
            text, size = str(Decimal(price) / 10), str(self.sides[side].get(price, 0))
            result[side].append([text, size] if spot else {"p": text, "s": size})
        self._venue.publish(f"{self._instrument.market}.order_book_update", result, name)
