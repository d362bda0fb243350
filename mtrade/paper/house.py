"""The market maker: quotes one room around its fair price and trades a little with itself.

Its orders are ordinary orders in the ordinary book. When the market moves through somebody's limit
order, the house takes it, as the market would have.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from mtrade.domain.instruments import InstrumentId, Side
from mtrade.domain.orders import TimeInForce
from mtrade.paper.chance import decimal_of, dice
from mtrade.paper.ladder import Ladder, Quote
from mtrade.paper.world import HOUSE

if TYPE_CHECKING:
    from mtrade.paper.room import Room

_HALF_SPREAD = 0.00002  # of the price
_DAY_S = 86_400
_BUSIEST = 2.0  # trades a second
_CALMEST = 0.3
_LARGEST = 3.0  # times the usual trade, so that no taker empties the top of the book
_TAKER_REACH = Decimal("0.001")


class Counter(Protocol):
    """The part of a venue the house trades through (see `world.Venue`)."""

    def house_place(
        self,
        instrument: InstrumentId,
        side: Side,
        price: Decimal,
        size: Decimal,
        *,
        tif: TimeInForce,
        now_ms: int,
    ) -> int | None: ...

    def house_cancel(self, instrument: InstrumentId, order_id: int, *, now_ms: int) -> None: ...


class House:
    """The quotes of one room. `venue` is asked on each use, because it exists later than this."""

    def __init__(self, seed: int, room: Room, venue: Callable[[], Counter]) -> None:
        self.room = room
        self._venue = venue
        self._dice = dice(seed, "house", room.id)
        self._ladders = {side: Ladder(side) for side in Side}
        self._started = False
        turnover = float(room.listing.turnover)
        self._rate = min(max(turnover / 100_000_000, _CALMEST), _BUSIEST)
        self._usual = turnover / _DAY_S / self._rate
        self._trend = 0.0

    def act(self, fair: Decimal, elapsed_ms: int, now_ms: int) -> None:
        """Bring the quotes to `fair`, then let a few takers trade."""
        self._aim(fair)
        self._requote(now_ms)
        for _ in range(self._arrivals(elapsed_ms)):
            self._trade(fair, now_ms)

    def jump(self, price: Decimal, now_ms: int) -> None:
        """Move the whole book to `price` at once; the last trade is exactly there."""
        for ladder in self._ladders.values():
            gone, ladder.quotes = ladder.quotes, []
            self._withdraw(gone, now_ms)
        for side in Side:
            self._sweep(side, price, now_ms)
        if self._place(Side.SELL, price, self.room.instrument.min_size, now_ms) is not None:
            self._take(Side.BUY, price, self.room.instrument.min_size, now_ms)
        self._aim(price)
        self._requote(now_ms)

    def leave(self, now_ms: int) -> None:
        """Take every quote back; the next `act` quotes anew."""
        if not self._started:
            self._forget_old_quotes()
        for ladder in self._ladders.values():
            gone, ladder.quotes = ladder.quotes, []
            self._withdraw(gone, now_ms)

    def _aim(self, fair: Decimal) -> None:
        if not self._started:
            self._forget_old_quotes()
        ticks = float(fair / self.room.instrument.price_step)
        before = self._ladders[Side.BUY].fair or ticks
        self._trend = ticks / before - 1
        for ladder in self._ladders.values():
            ladder.aim(ticks, ticks * _HALF_SPREAD)

    def _forget_old_quotes(self) -> None:
        """Adopt quotes of an earlier run, so that the next requote clears them away."""
        self._started = True
        step = self.room.instrument.price_step
        for side, ladder in self._ladders.items():
            old = [o for o in self.room.book.orders(side) if o.uid == HOUSE]
            ladder.quotes = [Quote(int(o.price / step), o.order_id) for o in old]

    def _requote(self, now_ms: int) -> None:
        for ladder in self._ladders.values():
            self._drop_filled(ladder)
            self._withdraw(ladder.intruders() + ladder.stale(), now_ms)
        for side, ladder in self._ladders.items():
            self._sweep(side, ladder.top * self.room.instrument.price_step, now_ms)
        for ladder in self._ladders.values():
            self._complete(ladder, now_ms)

    def _drop_filled(self, ladder: Ladder) -> None:
        book = self.room.book
        while ladder.quotes and book.get(ladder.quotes[0].order_id) is None:
            ladder.quotes.pop(0)

    def _complete(self, ladder: Ladder, now_ms: int) -> None:
        for ticks in ladder.missing():
            price = ticks * self.room.instrument.price_step
            order_id = self._place(ladder.side, price, self._depth(ladder, ticks), now_ms)
            if order_id is not None:
                ladder.add(ticks, order_id)
        spare = ladder.crowded()
        if spare is not None:
            self._withdraw([spare], now_ms)

    def _depth(self, ladder: Ladder, ticks: int) -> Decimal:
        """The size to quote: little at the top, ten times as much at the far end."""
        worth = float(self.room.listing.depth) / 50 * (1 + 9 * ladder.rank(ticks))
        return self._size(worth * math.exp(self._dice.gauss(0, 0.4)))

    def _size(self, worth: float) -> Decimal:
        """Quote units as a size on the grid."""
        rules = self.room.instrument
        size = rules.size_from_value(decimal_of(worth), max(self.room.index, rules.price_step))
        # Sizes of the grid, written as short as the step: arithmetic on them stays fast.
        return min(max(size.quantize(rules.size_step), rules.min_size), rules.max_size or size)

    def _sweep(self, side: Side, limit: Decimal, now_ms: int) -> None:
        """Take what others left on the wrong side of the new price."""
        wrong = self.room.book.available(side, limit)
        if wrong > 0:
            self._take(side, limit, wrong, now_ms)

    def _arrivals(self, elapsed_ms: int) -> int:
        expected = self._rate * min(elapsed_ms, 2_000) / 1000
        whole = int(expected)
        return whole + (self._dice.random() < expected - whole)

    def _trade(self, fair: Decimal, now_ms: int) -> None:
        """One taker: more often in the direction of the last move."""
        lean = min(max(self._trend * 2_000, -0.3), 0.3)
        side = Side.BUY if self._dice.random() < 0.5 + lean else Side.SELL
        size = self._size(self._usual * min(math.exp(self._dice.gauss(0, 1) - 0.5), _LARGEST))
        limit = fair * (1 + side.sign * _TAKER_REACH)
        step = self.room.instrument.price_step
        price = self.room.instrument.conform_price(limit + side.sign * step, side)
        self._take(side, price, size, now_ms)

    def _place(self, side: Side, price: Decimal, size: Decimal, now_ms: int) -> int | None:
        venue = self._venue()
        return venue.house_place(
            self.room.id, side, price, size, tif=TimeInForce.GTC, now_ms=now_ms
        )

    def _take(self, side: Side, price: Decimal, size: Decimal, now_ms: int) -> None:
        if price > 0:
            venue = self._venue()
            venue.house_place(self.room.id, side, price, size, tif=TimeInForce.IOC, now_ms=now_ms)

    def _withdraw(self, quotes: list[Quote], now_ms: int) -> None:
        venue = self._venue()
        for quote in quotes:
            venue.house_cancel(self.room.id, quote.order_id, now_ms=now_ms)
