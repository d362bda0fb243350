"""Synthetic prices: one index per coin, a premium per contract, from a seed and a run of ticks.

A market factor and a factor per coin drive log prices. Their volatility is itself random and slow
(log variance reverts to its mean), so calm and storm come in clusters. Floats live only in here;
`chance.decimal_of` turns the outcome into a Decimal. The same seed and ticks give the same path.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from mtrade.domain.numbers import floor
from mtrade.paper.catalogue import COINS, Coin
from mtrade.paper.chance import decimal_of, dice

_YEAR_MS = 365 * 86_400_000
_LONGEST_STEP_MS = 5_000  # after a pause the market resumes, it does not leap
_HEAT_MEMORY_MS = 1_800_000  # how long a storm lasts
_HEAT_SPREAD = 0.45
_PREMIUM_MEMORY_MS = 7_200_000
_PREMIUM_SPREAD = 0.0004
_MARK_MEMORY_MS = 60_000
_EIGHT_HOURS_S = 28_800
_FUNDING_CLAMP = Decimal("0.0005")


class Heat:
    """A volatility multiplier that wanders slowly around one."""

    def __init__(self) -> None:
        self._log = 0.0

    def step(self, elapsed_ms: int, noise: float) -> float:
        """Move on and return the multiplier."""
        self._log = revert(self._log, _HEAT_MEMORY_MS, _HEAT_SPREAD, elapsed_ms, noise)
        return math.exp(self._log - _HEAT_SPREAD**2)


@dataclass(slots=True)
class _Walk:
    """One coin: its log price now, and the index quoted from it."""

    coin: Coin
    level: float
    heat: Heat
    index: Decimal


class IndexPrices:
    """The index price of every coin in USD."""

    def __init__(self, seed: int, now_ms: int) -> None:
        self.now_ms = now_ms
        self._dice = dice(seed, "index", now_ms)
        self._market = Heat()
        self._walks = {coin.symbol: _start(coin, Decimal(coin.price)) for coin in COINS}

    def __getitem__(self, symbol: str) -> Decimal:
        return self._walks[symbol].index

    def advance(self, now_ms: int) -> None:
        """Move every index on to `now_ms`; a clock that went back changes nothing."""
        elapsed = min(now_ms - self.now_ms, _LONGEST_STEP_MS)
        self.now_ms = max(now_ms, self.now_ms)
        if elapsed <= 0:
            return
        draw = self._dice.gauss
        root = math.sqrt(elapsed / _YEAR_MS)
        shared = draw(0, 1) * self._market.step(elapsed, draw(0, 1))
        for walk in self._walks.values():
            coin = walk.coin
            own = draw(0, 1) * walk.heat.step(elapsed, draw(0, 1))
            mix = coin.beta * shared + math.sqrt(1 - coin.beta**2) * own
            walk.level += coin.volatility * root * mix
            walk.index = decimal_of(math.exp(walk.level))

    def put(self, symbol: str, price: Decimal) -> None:
        """Set an index; the walk continues from there."""
        self._walks[symbol] = _start(self._walks[symbol].coin, price, self._walks[symbol].heat)


class Premium:
    """How far one contract trades from its index, and the funding rate that follows from it."""

    def __init__(self, seed: int, name: str, now_ms: int) -> None:
        self._dice = dice(seed, "premium", name, now_ms)
        self._now = 0.0
        self._smooth = 0.0
        self._sum = 0.0
        self._weight = 0

    def advance(self, elapsed_ms: int) -> None:
        """Let `elapsed_ms` pass."""
        noise = self._dice.gauss(0, 1)
        elapsed_ms = min(max(elapsed_ms, 0), _LONGEST_STEP_MS)
        self._now = revert(self._now, _PREMIUM_MEMORY_MS, _PREMIUM_SPREAD, elapsed_ms, noise)
        keep = math.exp(-elapsed_ms / _MARK_MEMORY_MS)
        self._smooth = self._smooth * keep + self._now * (1 - keep)
        self._sum += self._now * elapsed_ms
        self._weight += elapsed_ms

    def reset(self) -> None:
        """Trade exactly at the index, from now on."""
        self._now = self._smooth = 0.0

    def settle(self) -> None:
        """Begin a new funding period."""
        self._sum, self._weight = 0.0, 0

    def fair(self, index: Decimal) -> Decimal:
        """Where the contract trades."""
        return index * (1 + decimal_of(self._now))

    def mark(self, index: Decimal, step: Decimal) -> Decimal:
        """The mark price: the index with the smoothed premium, on the mark's own grid."""
        return max(floor(index * (1 + decimal_of(self._smooth)), step), step)

    @property
    def average(self) -> Decimal:
        """The mean premium of this funding period."""
        return decimal_of(self._sum / self._weight) if self._weight else decimal_of(self._now)

    @property
    def present(self) -> Decimal:
        """The premium of this moment."""
        return decimal_of(self._now)


def funding_rate(premium: Decimal, base: Decimal, interval_s: int, limit: Decimal) -> Decimal:
    """The rate of one period: premium plus clamped interest, scaled from 8 hours, within `limit`.

    `base` is the interest of 8 hours (Gate futures docs, funding).
    """
    pull = max(-_FUNDING_CLAMP, min(_FUNDING_CLAMP, base - premium))
    scaled = (premium + pull) * interval_s / _EIGHT_HOURS_S
    return max(-limit, min(limit, scaled)).quantize(Decimal("0.000001"))


def revert(value: float, memory_ms: int, spread: float, elapsed_ms: int, noise: float) -> float:
    """One step of a process that forgets in `memory_ms` and has the standard deviation `spread`."""
    keep = math.exp(-elapsed_ms / memory_ms)
    return value * keep + spread * math.sqrt(1 - keep * keep) * noise


def _start(coin: Coin, price: Decimal, heat: Heat | None = None) -> _Walk:
    return _Walk(coin, math.log(float(price)), heat or Heat(), price)
