"""The past of a market that has just opened: candles from the seed that end at its first price.

Nothing of it is stored. The same seed and birth give the same past after every restart.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from mtrade.domain.instruments import Instrument
from mtrade.paper.catalogue import Coin
from mtrade.paper.chance import dice
from mtrade.paper.chart import Past, Scale
from mtrade.paper.intervals import DAY, HOUR, LENGTHS, MINUTE, merge, starter
from mtrade.paper.prices import Heat
from mtrade.paper.series import Bar

_YEAR = 365 * DAY
_HOURS_BACK = 200 * DAY
_MINUTES_BACK = 3 * DAY
_TENS_BACK = 2 * HOUR
_TEN = LENGTHS["10s"]


class _Move(NamedTuple):
    """One candle of a path: prices relative to the end, and how busy it was (1 is usual)."""

    start: int
    length: int
    open: float
    high: float
    low: float
    close: float
    busy: float


@dataclass(frozen=True, slots=True)
class Flow:
    """Turns a path into the bars of one chart: first price, and quote turnover a day."""

    scale: Scale
    price: Decimal
    turnover: Decimal = Decimal(0)
    inverse: bool = False

    @classmethod
    def of(cls, instrument: Instrument, price: Decimal, turnover: Decimal) -> Flow:
        """The flow of an instrument's trades."""
        scale = Scale.of(instrument)
        return cls(scale, price, turnover, instrument.inverse)

    def bars(self, moves: list[_Move]) -> list[Bar]:
        """Candles in whole steps."""
        unit = float(self.price / self.scale.price)
        # Turnover is counted in units of `scale.value`: divided by ticks it is size steps.
        pace = float(self.turnover / self.scale.value) / DAY
        return [self._bar(move, unit, pace) for move in moves]

    def _bar(self, move: _Move, unit: float, pace: float) -> Bar:
        start, length, opened, high, low, close, busy = move
        top, bottom, last = int(unit * high), max(int(unit * low), 1), max(int(unit * close), 1)
        money = pace * length * busy
        volume = int(money if self.inverse else money / (unit * close))
        value = volume if self.inverse else volume * (top + bottom) // 2
        return Bar(start, max(int(unit * opened), 1), max(top, last), bottom, last, volume, value)


class History:
    """Makes pasts that end at `birth_ms`; every chart of a coin shares its path."""

    def __init__(self, seed: int, birth_ms: int) -> None:
        self.seed = seed
        self.birth_ms = birth_ms
        self._paths: dict[str, list[_Move]] = {}

    def past(self, coin: Coin, flow: Flow) -> Past:
        """Candles of the stored intervals, oldest first; the last closes at the flow's price."""
        moves = self._path(coin)
        tens, minutes, hours = (
            flow.bars([move for move in moves if move.length == length])
            for length in (_TEN, MINUTE, HOUR)
        )
        minutes += merge(tens, starter("1m"))
        hours += merge(minutes, starter("1h"))
        return {"10s": tens, "1m": minutes, "1h": hours}

    def _path(self, coin: Coin) -> list[_Move]:
        if coin.symbol not in self._paths:
            moves = list(_walk(coin, dice(self.seed, "past", coin.symbol), self._starts()))
            end = moves[-1].close
            self._paths[coin.symbol] = [_relative(move, end) for move in moves]
        return self._paths[coin.symbol]

    def _starts(self) -> Iterator[tuple[int, int]]:
        """Start and length of every candle: hours first, then minutes, then tens of seconds."""
        tens = self.birth_ms - self.birth_ms % MINUTE - _TENS_BACK
        minutes = tens - tens % HOUR - _MINUTES_BACK
        yield from ((at, HOUR) for at in range(minutes - _HOURS_BACK, minutes, HOUR))
        yield from ((at, MINUTE) for at in range(minutes, tens, MINUTE))
        yield from ((at, _TEN) for at in range(tens, self.birth_ms, _TEN))


def _walk(coin: Coin, draw: random.Random, starts: Iterator[tuple[int, int]]) -> Iterator[_Move]:
    """The path in log prices."""
    heat, level, gauss, chance = Heat(), 0.0, draw.gauss, draw.random
    for start, length in starts:
        storm = heat.step(length, gauss(0, 1))
        spread = coin.volatility * math.sqrt(length / _YEAR) * storm
        close = level + spread * gauss(0, 1)
        high = max(level, close) + spread * chance()
        low = min(level, close) - spread * chance()
        busy = storm * (0.4 + 1.2 * chance())
        yield _Move(start, length, level, high, low, close, busy)
        level = close


def _relative(move: _Move, end: float) -> _Move:
    """Log prices as multiples of the price at the end."""
    start, length, *levels, busy = move
    opened, high, low, close = (math.exp(level - end) for level in levels)
    return _Move(start, length, opened, high, low, close, busy)
