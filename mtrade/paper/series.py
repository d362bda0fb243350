"""Candles of one interval, held as whole price and size steps in 64-bit columns.

Ten thousands of candles per instrument stay small this way, and steps lose nothing. All times are
UTC ms; a candle is named by its start.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_MOST = 2**63 - 1


class Bar(NamedTuple):
    """One candle in whole steps: prices in ticks, `volume` in size steps, `value` in both."""

    start: int
    open: int
    high: int
    low: int
    close: int
    volume: int = 0
    value: int = 0

    def plus(self, later: Bar) -> Bar:
        """This candle continued by a later one."""
        return Bar(
            self.start,
            self.open,
            max(self.high, later.high),
            min(self.low, later.low),
            later.close,
            self.volume + later.volume,
            self.value + later.value,
        )


class Series:
    """An append-only run of candles of `length_ms`, at most about `keep` of them."""

    def __init__(self, length_ms: int, keep: int) -> None:
        self.length_ms = length_ms
        self.keep = keep
        self._columns = [array("q") for _ in Bar._fields]

    def __len__(self) -> int:
        return len(self._columns[0])

    def record(self, now_ms: int, price: int, volume: int = 0, value: int = 0) -> None:
        """Let a price, and what traded at it, count in the candle of `now_ms`."""
        start = now_ms - now_ms % self.length_ms
        if not len(self) or start > self._columns[0][-1]:
            self.append(Bar(start, price, price, price, price, volume, value))
            return
        _, _, high, low, close, volumes, values = self._columns
        high[-1] = max(high[-1], price)
        low[-1] = min(low[-1], price)
        close[-1] = price
        volumes[-1] = min(volumes[-1] + volume, _MOST)
        values[-1] = min(values[-1] + value, _MOST)

    def append(self, bar: Bar) -> None:
        """Add a candle that starts after all others."""
        for column, number in zip(self._columns, bar, strict=True):
            column.append(min(number, _MOST))
        if len(self) > self.keep + self.keep // 8:
            for column in self._columns:
                del column[: len(column) - self.keep]

    def prepend(self, bars: Iterable[Bar]) -> None:
        """Put older candles in front; those that overlap what is here are left out."""
        old = [bar for bar in bars if not len(self) or bar.start < self._columns[0][0]]
        if not old:
            return
        for column, numbers in zip(self._columns, zip(*old, strict=True), strict=True):
            column[:0] = _column(numbers)

    def replace_first(self, bar: Bar) -> None:
        """Rewrite the oldest candle."""
        for column, number in zip(self._columns, bar, strict=True):
            column[0] = min(number, _MOST)

    def between(self, first_ms: int, end_ms: int) -> Iterator[Bar]:
        """Candles that start in [first_ms, end_ms), oldest first."""
        starts = self._columns[0]
        low, high = bisect_left(starts, first_ms), bisect_left(starts, end_ms)
        rows = [column[low:high] for column in self._columns]
        return (Bar(*row) for row in zip(*rows, strict=True))

    def span(self, first_ms: int) -> Bar | None:
        """All candles from `first_ms` on as one; None when there are none."""
        low = bisect_left(self._columns[0], first_ms)
        start, opened, high, lowest, close, volume, value = (c[low:] for c in self._columns)
        if not start:
            return None
        top, bottom = max(high), min(lowest)
        return Bar(start[0], opened[0], top, bottom, close[-1], sum(volume), sum(value))

    @property
    def first(self) -> Bar | None:
        """The oldest candle."""
        return Bar(*(c[0] for c in self._columns)) if len(self) else None

    @property
    def last(self) -> Bar | None:
        """The newest candle."""
        return Bar(*(c[-1] for c in self._columns)) if len(self) else None


def _column(numbers: tuple[int, ...]) -> array[int]:
    try:
        return array("q", numbers)
    except OverflowError:
        return array("q", [min(number, _MOST) for number in numbers])
