"""Where the market maker's quotes belong on one side of a book, in whole ticks.

Quotes are spaced evenly on a logarithmic scale of their distance from the fair price: dense at the
top, sparse far away. The ladder only says what to add and what to drop; it places nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

from mtrade.domain.instruments import Side

LEVELS = 28
_FEWEST = 26
_MOST = 31
_REACH = 0.015  # the farthest quote, as a fraction of the price


@dataclass(slots=True)
class Quote:
    """One order of the market maker."""

    ticks: int
    order_id: int


@dataclass(slots=True)
class Ladder:
    """The quotes of one side, best first. `top` is where the best one belongs now."""

    side: Side
    quotes: list[Quote] = field(default_factory=list)
    top: int = 0
    fair: float = 0.0

    def aim(self, fair: float, half_spread: float) -> None:
        """Set the fair price (in ticks) and with it the best allowed quote."""
        sign = self.side.sign
        self.fair = fair
        bound = fair - sign * half_spread
        self.top = max(math.floor(bound) if sign > 0 else math.ceil(bound), 1)

    def intruders(self) -> list[Quote]:
        """Quotes that are now too close to the fair price, or beyond it; they leave the ladder."""
        sign = self.side.sign
        count = 0
        while count < len(self.quotes) and (self.quotes[count].ticks - self.top) * sign > 0:
            count += 1
        gone, self.quotes = self.quotes[:count], self.quotes[count:]
        return gone

    def stale(self) -> list[Quote]:
        """All quotes when the price has left them behind; they leave the ladder."""
        if self.quotes and self.distance(self.quotes[0].ticks) < self.reach / 8:
            return []
        gone, self.quotes = self.quotes, []
        return gone

    def crowded(self) -> Quote | None:
        """The most useless quote when there are too many; it leaves the ladder."""
        if len(self.quotes) > 1 and self.distance(self.quotes[-1].ticks) > 2 * self.reach:
            return self.quotes.pop()
        if len(self.quotes) <= _MOST:
            return None
        gaps = self._gaps()
        return self.quotes.pop(gaps.index(min(gaps)) + 1)

    def missing(self) -> list[int]:
        """Prices to quote now: a whole ladder when empty, else the top and a few gaps."""
        if not self.quotes:
            return self._fresh()
        wanted = [self.top] if self._top_is_open() else []
        lacking = _FEWEST - len(self.quotes) - len(wanted)
        if lacking <= 0:
            lacking = 1 if len(self.quotes) + len(wanted) < LEVELS else 0
        return wanted + self._fillers(lacking)

    def add(self, ticks: int, order_id: int) -> None:
        """Take a placed quote in, at its rank."""
        sign = self.side.sign
        rank = next(
            (n for n, quote in enumerate(self.quotes) if (ticks - quote.ticks) * sign > 0),
            len(self.quotes),
        )
        self.quotes.insert(rank, Quote(ticks, order_id))

    def distance(self, ticks: int) -> float:
        """How far a price is from the fair one, in ticks, at least half a tick."""
        return max((self.fair - ticks) * self.side.sign, 0.5)

    def rank(self, ticks: int) -> float:
        """0 at the top of the ladder, 1 at its far end."""
        near = self.distance(self.top)
        span = math.log(max(self.reach / near, 1.01))
        return min(max(math.log(self.distance(ticks) / near) / span, 0.0), 1.0)

    @property
    def reach(self) -> float:
        """The distance of the farthest quote, in ticks."""
        return max(self.fair * _REACH, 2.0 * LEVELS)

    def _top_is_open(self) -> bool:
        gap = abs(self.top - self.quotes[0].ticks)
        return gap > 0.5 * self.distance(self.top)

    def _gaps(self) -> list[float]:
        """Between neighbours: how many times farther the outer one is."""
        spots = [self.distance(quote.ticks) for quote in self.quotes]
        return [far / near for near, far in pairwise(spots)]

    def _fresh(self) -> list[int]:
        near = self.distance(self.top)
        growth = (self.reach / near) ** (1 / (LEVELS - 1))
        prices: list[int] = []
        for number in range(LEVELS):
            ticks = round(self.fair - self.side.sign * near * growth**number)
            ticks = self._beyond(prices[-1], ticks) if prices else self.top
            if ticks > 0:
                prices.append(ticks)
        return prices

    def _beyond(self, last: int, ticks: int) -> int:
        """`ticks`, but at least one tick farther out than `last`."""
        return min(ticks, last - 1) if self.side is Side.BUY else max(ticks, last + 1)

    def _fillers(self, count: int) -> list[int]:
        """Prices in the middle of the widest gaps, and one past the end when that is near."""
        spots = sorted({self.top, *(quote.ticks for quote in self.quotes)})
        if self.side is Side.BUY:
            spots.reverse()
        found: list[int] = []
        for _ in range(count):
            ticks = self._widest(spots)
            if ticks <= 0 or ticks in spots:
                break
            found.append(ticks)
            spots.append(ticks)
            spots.sort(reverse=self.side is Side.BUY)
        return found

    def _widest(self, spots: list[int]) -> int:
        end = self.distance(spots[-1])
        best, middle = self.reach / end, round(self.fair - self.side.sign * end * 1.3)
        for near, far in pairwise(spots):
            a, b = self.distance(near), self.distance(far)
            if abs(far - near) > 1 and b / a > best:
                best, middle = b / a, _between(near, far, math.sqrt(a * b) / b, self.side)
        return middle if best > 1.05 else 0


def _between(near: int, far: int, share: float, side: Side) -> int:
    """A price strictly between two others, at `share` of the way to the far one."""
    ticks = near + round((far - near) * share)
    low, high = (far + 1, near - 1) if side is Side.BUY else (near + 1, far - 1)
    return min(max(ticks, low), high)
