"""The past of a market that has just opened: candles from the seed that end at its first price.

It is told backwards in chapters, because most looks need the last day only: first a day and some
hours in minutes and tens of seconds, then two more days in minutes, then hours. Nothing of it is
stored. The same seed and birth give the same past after every restart.
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
_MINUTES_BACK = 2 * DAY
_DAY_BACK = DAY
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
        self._spans = tuple(_chapters(birth_ms))
        self._paths: dict[str, list[list[_Move]]] = {}

    def past(self, coin: Coin, flow: Flow) -> Iterator[Past]:
        """Chapters, the newest first: candles of the stored intervals, oldest first. The very last
        candle closes at the flow's price, each chapter where the next newer one begins."""
        for number in range(len(self._spans)):
            moves = self._path(coin, number)
            tens, minutes, hours = (
                flow.bars([move for move in moves if move.length == length])
                for length in (_TEN, MINUTE, HOUR)
            )
            minutes += merge(tens, starter("1m"))
            hours += merge(minutes, starter("1h"))
            yield {"10s": tens, "1m": minutes, "1h": hours}

    def _path(self, coin: Coin, number: int) -> list[_Move]:
        told = self._paths.setdefault(coin.symbol, [])
        if len(told) == number:
            end = told[-1][0].open if told else 1.0
            draw = dice(self.seed, "past", coin.symbol, number)
            told.append(_ending(end, list(_walk(coin, draw, self._spans[number]))))
        return told[number]


def _chapters(birth_ms: int) -> Iterator[list[tuple[int, int]]]:
    """Start and length of every candle of each chapter, which begins and ends on a full hour."""
    tens = birth_ms - birth_ms % MINUTE - _TENS_BACK
    day = tens - tens % HOUR - _DAY_BACK
    minutes, hours = day - _MINUTES_BACK, day - _MINUTES_BACK - _HOURS_BACK
    newest = [(at, MINUTE) for at in range(day, tens, MINUTE)]
    yield newest + [(at, _TEN) for at in range(tens, birth_ms, _TEN)]
    yield [(at, MINUTE) for at in range(minutes, day, MINUTE)]
    yield [(at, HOUR) for at in range(hours, minutes, HOUR)]


def _walk(coin: Coin, draw: random.Random, starts: list[tuple[int, int]]) -> Iterator[_Move]:
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


def _ending(end: float, moves: list[_Move]) -> list[_Move]:
    """A path in log prices as multiples of the very last price, scaled to end at `end`."""
    last = moves[-1].close
    told = []
    for start, length, *levels, busy in moves:
        opened, high, low, close = (math.exp(level - last) * end for level in levels)
        told.append(_Move(start, length, opened, high, low, close, busy))
    return told
