"""Market data: what everybody can see. All times are UTC milliseconds."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from mtrade.domain.frozen import replace
from mtrade.domain.instruments import InstrumentId, Side
from mtrade.domain.numbers import ZERO


class Level(Struct, frozen=True):
    """One price of the order book and the size resting there, in the instrument's unit."""

    price: Decimal
    size: Decimal


class Book(Struct, frozen=True, kw_only=True):
    """A snapshot of the order book: best price first on both sides."""

    instrument: InstrumentId
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    time_ms: int
    sequence: int = 0

    def side(self, taker: Side) -> tuple[Level, ...]:
        """The levels a taker of that side would hit."""
        return self.asks if taker is Side.BUY else self.bids

    def cut(self, depth: int) -> Book:
        """The same book with at most `depth` levels a side."""
        return replace(self, bids=self.bids[:depth], asks=self.asks[:depth])


class Ticker(Struct, frozen=True, kw_only=True):
    """Last price and day statistics. A price the exchange does not quote is None, never 0."""

    instrument: InstrumentId
    last: Decimal | None
    bid: Decimal | None
    ask: Decimal | None
    change_pct: Decimal | None
    high: Decimal | None
    low: Decimal | None
    volume_base: Decimal
    volume_quote: Decimal
    mark: Decimal | None = None
    index: Decimal | None = None
    funding_rate: Decimal | None = None
    funding_next_ms: int | None = None
    open_interest: Decimal | None = None


class PublicTrade(Struct, frozen=True, kw_only=True):
    """One print of the tape; `side` is the taker's."""

    id: str
    instrument: InstrumentId
    time_ms: int
    price: Decimal
    size: Decimal
    side: Side


class Candle(Struct, frozen=True, kw_only=True):
    """Prices of one interval. `start_ms` is its beginning; volume is in the instrument's unit."""

    start_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    volume_quote: Decimal


class FundingRate(Struct, frozen=True, kw_only=True):
    """A settled funding rate."""

    time_ms: int
    rate: Decimal


class RiskTier(Struct, frozen=True, kw_only=True):
    """One bracket of the progressive maintenance table; `limit` is a position value."""

    tier: int
    limit: Decimal
    initial_rate: Decimal
    maintenance_rate: Decimal
    leverage_max: Decimal
    deduction: Decimal


class Estimate(Struct, frozen=True):
    """What a market order of some size would meet in a book."""

    filled: Decimal
    average: Decimal
    worst: Decimal
    complete: bool


def sweep(levels: tuple[Level, ...], size: Decimal) -> Estimate | None:
    """Walk `levels` with `size`; None for an empty side, because no price may be invented."""
    filled, cost, worst = ZERO, ZERO, ZERO
    for level in levels:
        take = min(level.size, size - filled)
        if take <= 0:
            break
        filled, cost, worst = filled + take, cost + take * level.price, level.price
    if filled.is_zero():
        return None
    return Estimate(filled, cost / filled, worst, filled >= size)
