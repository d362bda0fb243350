"""What a fill, a funding payment or a new leverage does to one position. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mtrade.domain.instruments import Instrument
from mtrade.domain.numbers import ZERO
from mtrade.domain.positions import profit
from mtrade.paper import margin
from mtrade.paper.futures.entities import Position


@dataclass(frozen=True, slots=True)
class Split:
    """How many contracts of a fill close and how many open; both unsigned."""

    closing: Decimal
    opening: Decimal


def split(position: Position, signed: Decimal) -> Split:
    """A fill against the position closes first and opens with what is left."""
    size = abs(signed)
    against = position.size * signed < 0
    closing = min(size, abs(position.size)) if against else ZERO
    return Split(closing, size - closing)


def margin_share(position: Position, closing: Decimal) -> Decimal:
    """The posted margin that stands behind `closing` contracts: the most they may lose."""
    return position.margin * closing / abs(position.size)


def reduce(position: Position, instrument: Instrument, closing: Decimal, price: Decimal) -> Decimal:
    """Close `closing` contracts at `price`; the entry stays. Returns the profit."""
    sign = 1 if position.size > 0 else -1
    part = closing * sign
    made = profit(instrument, part, position.entry, price)
    position.margin -= margin_share(position, closing)
    position.size -= part
    position.closed_size += closing
    position.closed_worth += margin.worth(instrument, closing, price)
    if position.size.is_zero():
        position.margin = ZERO
    return made


def add(
    position: Position, instrument: Instrument, signed: Decimal, price: Decimal, now_ms: int
) -> None:
    """Open or enlarge with `signed` contracts at `price`; an isolated position posts margin."""
    if position.size.is_zero():
        position.open_ms = now_ms
    held = position.size
    position.entry = margin.entry_after_add(instrument, held, position.entry, signed, price)
    position.size += signed
    position.max_size = max(position.max_size, abs(position.size))
    if not position.cross:
        position.margin += margin.initial_margin(instrument, signed, price, position.leverage)


def exit_price(position: Position, instrument: Instrument) -> Decimal:
    """The average price at which the position has been closed so far."""
    price = margin.price_of(instrument, position.closed_size, position.closed_worth)
    return ZERO if price is None else price


def settle_flat(position: Position) -> None:
    """Move the result of a finished position to its history and start anew."""
    position.history_pnl += position.realised
    position.last_close_pnl = position.realised
    position.pnl_pnl = position.pnl_fee = position.pnl_fund = ZERO
    position.entry = position.margin = position.max_size = ZERO
    position.closed_size = position.closed_worth = ZERO
    position.open_ms = 0


def unrealised(position: Position, instrument: Instrument, mark: Decimal) -> Decimal:
    """Profit at `mark`, in the settle currency."""
    if position.size.is_zero():
        return ZERO
    return profit(instrument, position.size, position.entry, mark)
