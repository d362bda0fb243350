"""Instruments and their rules: what may be bought, in which steps, within which limits.

A size is always in the instrument's own unit: base coins on spot, contracts on futures. Facts about
the fields come from Gate's currency pair and contract objects (docs/gate-notes.md).
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from mtrade.domain.errors import InvalidRequest
from mtrade.domain.numbers import ONE, ZERO, ceiling, floor, is_multiple, round_down, text


class Market(StrEnum):
    """Where an instrument trades."""

    SPOT = "spot"
    FUTURES = "futures"

    __hash__ = str.__hash__  # it is in many keys; an enum's own is computed in Python


class Side(StrEnum):
    """Direction of an order or a trade."""

    BUY = "buy"
    SELL = "sell"

    __hash__ = str.__hash__  # as of Market

    @property
    def sign(self) -> int:
        """+1 for buy, -1 for sell."""
        return 1 if self is _BUY else -1

    @property
    def opposite(self) -> Side:
        """The other side."""
        return Side.SELL if self is _BUY else _BUY


# An enum's member is looked up once here: on Python 3.11 that costs as much as a call.
_BUY = Side.BUY


class InstrumentId(Struct, frozen=True, order=True, cache_hash=True):
    """Names one instrument. `settle` is `usdt` or `btc` for futures, empty for spot."""

    market: Market
    settle: str
    name: str

    def __str__(self) -> str:
        return f"{self.settle or self.market}:{self.name}"


def spot(name: str) -> InstrumentId:
    """The id of a currency pair."""
    return InstrumentId(Market.SPOT, "", name)


@lru_cache(maxsize=1024)
def futures(name: str, settle: str = "usdt") -> InstrumentId:
    """The id of a perpetual contract."""
    return InstrumentId(Market.FUTURES, settle, name)


class Instrument(Struct, frozen=True, kw_only=True, cache_hash=True):
    """Trading rules of one instrument.

    `multiplier` is base coins per contract (linear futures), 1 on spot; an `inverse` contract is
    worth one quote unit. `min_value` and `max_value` are in quote currency and only exist on spot.
    `price_deviation` is the largest relative distance of an order price from mark (futures).
    Rates are fractions: 0.0005 is 0.05 %. A limit of None means the exchange sets none.
    """

    id: InstrumentId
    base: str
    quote: str
    price_step: Decimal
    size_step: Decimal
    min_size: Decimal
    max_size: Decimal | None = None
    market_max_size: Decimal | None = None
    min_value: Decimal | None = None
    max_value: Decimal | None = None
    multiplier: Decimal = ONE
    inverse: bool = False
    price_deviation: Decimal | None = None
    leverage_min: Decimal = ONE
    leverage_max: Decimal = ONE
    maintenance_rate: Decimal = ZERO
    maker_fee: Decimal = ZERO
    taker_fee: Decimal = ZERO
    funding_interval_s: int = 0
    tradable: bool = True

    def conform_size(self, size: Decimal) -> Decimal:
        """`size` on the step grid, toward zero: never more than asked for."""
        return round_down(size, self.size_step)

    def conform_price(self, price: Decimal, side: Side) -> Decimal:
        """`price` on the tick grid: a buy never higher, a sell never lower."""
        step = self.price_step
        return floor(price, step) if side is Side.BUY else ceiling(price, step)

    def coins(self, size: Decimal, price: Decimal) -> Decimal:
        """Base coins in `size`; an inverse contract is one quote unit, so it depends on price."""
        return size / price if self.inverse else size * self.multiplier

    def value(self, size: Decimal, price: Decimal) -> Decimal:
        """Worth of `size` at `price` in quote currency, unsigned."""
        return abs(size) if self.inverse else abs(size) * self.multiplier * price

    def size_from_coins(self, coins: Decimal, price: Decimal) -> Decimal:
        """The conformed size that holds at most `coins` base coins."""
        raw = coins * price if self.inverse else coins / self.multiplier
        return self.conform_size(raw)

    def size_from_value(self, value: Decimal, price: Decimal) -> Decimal:
        """The conformed size worth at most `value` quote units at `price`."""
        raw = value if self.inverse else value / (self.multiplier * price)
        return self.conform_size(raw)

    def check_size(self, size: Decimal, *, market_order: bool = False) -> None:
        """Raise InvalidRequest naming the limit when `size` (unsigned) breaks a rule."""
        if not is_multiple(size, self.size_step):
            raise _size_error("must be a multiple of", self.size_step)
        if size <= 0 or size < self.min_size:
            raise _size_error("minimum is", max(self.min_size, self.size_step))
        limits = [self.max_size, self.market_max_size if market_order else None]
        for limit in limits:
            if limit is not None and size > limit:
                raise _size_error("maximum is", limit)

    def check_price(self, price: Decimal) -> None:
        """Raise InvalidRequest when `price` is not positive or off the tick grid."""
        if price <= 0:
            raise InvalidRequest("price must be positive", fields={"price": "must be above 0"})
        if not is_multiple(price, self.price_step):
            reason = f"must be a multiple of {text(self.price_step)}"
            raise InvalidRequest(f"price {reason}", fields={"price": reason})


def _size_error(rule: str, limit: Decimal) -> InvalidRequest:
    reason = f"{rule} {text(limit)}"
    return InvalidRequest(f"size {reason}", fields={"size": reason})
