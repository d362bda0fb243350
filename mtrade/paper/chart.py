"""The price history of one thing: three stored series and every interval made from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from mtrade.domain.instruments import Instrument
from mtrade.domain.market import Candle
from mtrade.paper.intervals import DAY, HOUR, LENGTHS, MINUTE, merge, starter
from mtrade.paper.series import Bar, Series

Past = dict[str, list[Bar]]  # generated candles of the stored intervals, oldest first

STORED = {"10s": 2160, "1m": 7 * 24 * 60, "1h": 400 * 24}  # kept candles: 6 hours, 7 and 400 days
CHUNKS = {"1m": HOUR, "1h": DAY}  # what is saved together as one row
HORIZON = {"1m": 7 * DAY, "1h": 400 * DAY}


@dataclass(frozen=True, slots=True)
class Scale:
    """What one step of a bar is worth: a tick, a size step, and a unit of quote turnover."""

    price: Decimal
    size: Decimal
    value: Decimal

    @classmethod
    def of(cls, instrument: Instrument) -> Scale:
        """The scale of an instrument's trades."""
        price, size = instrument.price_step, instrument.size_step
        # Turnover is counted in ticks times size steps, so that it stays a whole number; an inverse
        # contract is one quote unit whatever its price.
        value = size if instrument.inverse else price * size * instrument.multiplier
        return cls(price, size, value)

    def candle(self, bar: Bar) -> Candle:
        """A bar in decimals."""
        return Candle(
            start_ms=bar.start,
            open=bar.open * self.price,
            high=bar.high * self.price,
            low=bar.low * self.price,
            close=bar.close * self.price,
            volume=bar.volume * self.size,
            volume_quote=bar.value * self.value,
        )


class Chart:
    """Candles of one price. `past` is asked once, at the first look, for generated candles: in
    chapters, the newest first, of which only as many are taken as a look reaches back.

    Coarse intervals come from hours, fine ones from minutes, so they always agree.
    """

    def __init__(self, scale: Scale, past: Callable[[], Iterator[Past]] | None = None) -> None:
        self.scale = scale
        self.past = past
        self._chapters: Iterator[Past] | None = None
        self._saved: dict[str, list[Bar]] = {}
        self._known_from: dict[str, int] = {}
        self._series = {name: Series(LENGTHS[name], keep) for name, keep in STORED.items()}

    def record(self, now_ms: int, price: Decimal, volume: int = 0, value: int = 0) -> None:
        """Let a price count at `now_ms`, with the size steps and turnover traded at it."""
        ticks = int(price / self.scale.price)
        for series in self._series.values():
            series.record(now_ms, ticks, volume, value)

    def roll(self, now_ms: int) -> None:
        """Begin the candles of `now_ms` at the last close, so that quiet minutes have one too."""
        for series in self._series.values():
            last = series.last
            if last is not None and now_ms >= last.start + series.length_ms:
                series.record(now_ms, last.close)

    def candles(self, interval: str, first_ms: int, end_ms: int, shift_ms: int = 0) -> list[Candle]:
        """Candles that start in [first_ms, end_ms), oldest first."""
        start_of = starter(interval, shift_ms)
        first = start_of(first_ms)
        bars = self._reaching(source(interval), first).between(first, end_ms)
        merged = merge(bars, start_of)
        return [self.scale.candle(bar) for bar in merged if first_ms <= bar.start]

    def newest(self, interval: str, count: int, now_ms: int, shift_ms: int = 0) -> list[Candle]:
        """The newest `count` candles, oldest first."""
        reach = (count + 1) * LENGTHS[interval] + (2 * DAY if interval == "30d" else 0) * count
        return self.candles(interval, max(now_ms - reach, 0), now_ms + 1, shift_ms)[-count:]

    def since(self, first_ms: int) -> Candle | None:
        """Everything from `first_ms` on as one candle, to the minute."""
        first = first_ms - first_ms % MINUTE
        bar = self._reaching("1m", first).span(first)
        return self.scale.candle(bar) if bar else None

    def complete(self) -> None:
        """Put the whole generated past in front of everything that was saved or recorded."""
        self._recall()
        while self._turn_back():
            pass

    def _reaching(self, name: str, first_ms: int) -> Series:
        """A stored series with as much of the past as there is since `first_ms`."""
        self._recall()
        series = self._series[name]
        while (series.first is None or series.first.start > first_ms) and self._turn_back():
            pass
        return series

    def _turn_back(self) -> bool:
        """Put the next older chapter in front; False when there is none."""
        if self.past is None:
            return False
        if self._chapters is None:
            self._chapters = self.past()
        chapter = next(self._chapters, None)
        if chapter is None:
            self.past = self._chapters = None
            return False
        for name, series in self._series.items():
            known = self._known_from.get(name)
            _join(series, [b for b in chapter.get(name, []) if known is None or b.start < known])
        return True

    def _recall(self) -> None:
        """Put what was saved in front of what was recorded; cheap, unlike making up the past."""
        saved, self._saved = self._saved, {}
        for name, bars in saved.items():
            bars.sort()
            self._known_from[name] = bars[0].start
            _join(self._series[name], bars)

    def chunk(self, interval: str, first_ms: int) -> list[Bar]:
        """The candles of one saved row; the very first ones continue the generated past."""
        if self._saved or self._known_from:
            self._recall()
        else:
            self._reaching(interval, first_ms)
        return list(self._series[interval].between(first_ms, first_ms + CHUNKS[interval]))

    def restore(self, interval: str, bars: Iterable[Bar]) -> None:
        """Take back saved candles, in any order, before the first look."""
        self._saved.setdefault(interval, []).extend(bars)


def _join(series: Series, before: list[Bar]) -> None:
    first = series.first
    if first and before and before[-1].start == first.start:
        series.replace_first(before[-1].plus(first))
    series.prepend(before)


def source(interval: str) -> str:
    """The stored interval another one is made from."""
    if interval in STORED:
        return interval
    return "1m" if LENGTHS[interval] < HOUR else "1h"
