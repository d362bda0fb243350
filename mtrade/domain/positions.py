"""Futures positions and the formulas a screen needs: profit, return, distance to liquidation."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from mtrade.domain.accounts import MarginMode
from mtrade.domain.instruments import Instrument, InstrumentId
from mtrade.domain.numbers import ZERO


class Leg(StrEnum):
    """Which leg a position is: the net one, or the long or short one of hedge mode."""

    NET = "single"
    LONG = "dual_long"
    SHORT = "dual_short"

    __hash__ = str.__hash__  # it is in many keys; an enum's own is computed in Python


class Position(Struct, frozen=True, kw_only=True):
    """One open position or leg. `size` is signed contracts: long above 0, short below 0.

    A price the exchange reports as none (no position, no liquidation) is None. `leverage` is the
    isolated leverage or, in cross mode, the cross limit. `update_id` grows with each change.
    """

    instrument: InstrumentId
    leg: Leg
    size: Decimal
    entry_price: Decimal | None
    mark_price: Decimal | None
    liq_price: Decimal | None
    leverage: Decimal
    leverage_max: Decimal
    margin_mode: MarginMode
    margin: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    value: Decimal
    unrealised_pnl: Decimal
    realised_pnl: Decimal
    pnl_price: Decimal = ZERO
    pnl_fee: Decimal = ZERO
    pnl_funding: Decimal = ZERO
    adl_rank: int = 6
    open_ms: int | None = None
    update_id: int = 0


class PositionClose(Struct, frozen=True, kw_only=True):
    """A finished position: what it made, split into price, fee and funding."""

    instrument: InstrumentId
    time_ms: int
    side: str
    pnl: Decimal
    pnl_price: Decimal
    pnl_fee: Decimal
    pnl_funding: Decimal
    max_size: Decimal
    entry_price: Decimal
    exit_price: Decimal
    text: str


class Liquidation(Struct, frozen=True, kw_only=True):
    """A forced close of (a part of) a position."""

    instrument: InstrumentId
    time_ms: int
    size: Decimal
    order_id: str
    entry_price: Decimal
    liq_price: Decimal
    mark_price: Decimal
    fill_price: Decimal


def profit(instrument: Instrument, size: Decimal, entry: Decimal, price: Decimal) -> Decimal:
    """Profit of signed `size` from `entry` to `price`, in the settle currency.

    Linear: N·m·(M - E). Inverse: N·(1/E - 1/M) (docs/gate-notes.md, formulas).
    """
    if instrument.inverse:
        return size * (1 / entry - 1 / price)
    return size * instrument.multiplier * (price - entry)


def liquidation_distance(position: Position) -> Decimal | None:
    """How far mark is from liquidation, as a fraction of mark; None when there is none."""
    mark, liq = position.mark_price, position.liq_price
    if mark is None or liq is None or mark.is_zero() or position.size.is_zero():
        return None
    gap = mark - liq if position.size > 0 else liq - mark
    return max(gap / mark, ZERO)
