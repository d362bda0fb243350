"""From what a person typed to what the exchange wants: size units, converted and rounded down."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from mtrade.domain.errors import InvalidRequest, OrderDenied
from mtrade.domain.instruments import Instrument, Market, Side
from mtrade.domain.numbers import ZERO, floor, text
from mtrade.domain.orders import OrderType

QUOTE_STEP = Decimal("0.01")


class SizeUnit(StrEnum):
    """What a typed size means."""

    BASE = "base"
    QUOTE = "quote"
    CONTRACTS = "contracts"
    MARGIN = "margin"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True, kw_only=True)
class SizingFacts:
    """The numbers a conversion may need; one that is not known is None.

    `price` is the limit price, or the touch a market order meets. `available` is free quote (spot
    buy), free base (spot sell) or free settle money (futures). `position` is the unsigned size of
    the leg a reducing order shrinks.
    """

    price: Decimal | None
    leverage: Decimal | None = None
    available: Decimal | None = None
    position: Decimal | None = None
    taker_fee: Decimal = ZERO


def order_size(
    typed: Decimal,
    unit: SizeUnit,
    instrument: Instrument,
    side: Side,
    type: OrderType,
    facts: SizingFacts,
    *,
    reduce_only: bool = False,
) -> Decimal:
    """The size to send, in the instrument's unit, or in quote for a spot market buy.

    Always rounded toward zero on the instrument's grid. Raises InvalidRequest for a unit that has
    no meaning here and OrderDenied(no_price) when a price is needed and none is known.
    """
    if typed <= 0:
        raise InvalidRequest("size must be above 0", fields={"size": "must be above 0"})
    _check_unit(unit, instrument)
    if unit is SizeUnit.PERCENT and typed > 100:
        raise InvalidRequest("percent is at most 100", fields={"size": "maximum is 100 percent"})
    quote_order = (
        instrument.id.market is Market.SPOT and type is OrderType.MARKET and side is Side.BUY
    )
    if quote_order:
        return floor(_quote_to_spend(typed, unit, facts), QUOTE_STEP)
    if unit is SizeUnit.PERCENT:
        return _percent(typed, instrument, side, facts, reduce_only=reduce_only)
    return _plain(typed, unit, instrument, facts)


def _check_unit(unit: SizeUnit, instrument: Instrument) -> None:
    futures_only = unit in (SizeUnit.CONTRACTS, SizeUnit.MARGIN)
    if futures_only and instrument.id.market is Market.SPOT:
        reason = f"{unit} exists only on futures"
        raise InvalidRequest(reason, fields={"unit": reason})


def _plain(typed: Decimal, unit: SizeUnit, instrument: Instrument, facts: SizingFacts) -> Decimal:
    if unit is SizeUnit.CONTRACTS or (unit is SizeUnit.BASE and not _needs_price(instrument)):
        return instrument.conform_size(
            typed / (1 if unit is SizeUnit.CONTRACTS else instrument.multiplier)
        )
    price = _price(facts)
    if unit is SizeUnit.BASE:
        return instrument.size_from_coins(typed, price)
    value = typed if unit is SizeUnit.QUOTE else typed * _leverage(facts)
    if unit is SizeUnit.MARGIN and instrument.inverse:
        value *= price
    return instrument.size_from_value(value, price)


def _percent(
    typed: Decimal, instrument: Instrument, side: Side, facts: SizingFacts, *, reduce_only: bool
) -> Decimal:
    share = typed / 100
    if reduce_only:
        if facts.position is None or facts.position.is_zero():
            raise OrderDenied("there is no position to reduce", code="no_position")
        return instrument.conform_size(facts.position * share)
    money = _available(facts) * share
    if instrument.id.market is Market.SPOT:
        if side is Side.SELL:
            return instrument.conform_size(money)
        return instrument.size_from_value(money, _price(facts))
    price = _price(facts)
    leverage = _leverage(facts)
    # What one unit of value locks: margin, plus the fee to open and the fee to close again.
    locked = 1 / leverage + 2 * max(facts.taker_fee, ZERO)
    value = money / locked
    return instrument.size_from_value(value * price if instrument.inverse else value, price)


def _quote_to_spend(typed: Decimal, unit: SizeUnit, facts: SizingFacts) -> Decimal:
    if unit is SizeUnit.QUOTE:
        return typed
    if unit is SizeUnit.PERCENT:
        return _available(facts) * typed / 100
    return typed * _price(facts)


def _needs_price(instrument: Instrument) -> bool:
    return instrument.inverse


def _price(facts: SizingFacts) -> Decimal:
    if facts.price is None or facts.price <= 0:
        raise OrderDenied("no price is known, so the size cannot be computed", code="no_price")
    return facts.price


def _leverage(facts: SizingFacts) -> Decimal:
    if facts.leverage is None or facts.leverage <= 0:
        raise OrderDenied("the leverage is not known", code="no_leverage")
    return facts.leverage


def _available(facts: SizingFacts) -> Decimal:
    if facts.available is None:
        raise OrderDenied("the available balance is not known", code="no_balance")
    return facts.available


def describe(size: Decimal, instrument: Instrument) -> str:
    """The size with its unit, for messages."""
    unit = instrument.base if instrument.id.market is Market.SPOT else "contracts"
    return f"{text(size)} {unit}"
