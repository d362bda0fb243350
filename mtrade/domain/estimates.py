"""Estimates a ticket shows before the click: margin, fee, liquidation. The exchange decides.

Formulas are Gate's for isolated margin with progressive risk tiers (docs/gate-notes.md): a position
is liquidated when margin plus unrealised profit falls to maintenance margin plus the fee to close.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from mtrade.domain.instruments import Instrument
from mtrade.domain.market import RiskTier
from mtrade.domain.numbers import ZERO

# Gate reckons the fee to close with its base taker rate in every margin formula, whatever rate the
# account really pays (docs/gate-notes.md).
MARGIN_FEE = Decimal("0.00075")


def settle_value(instrument: Instrument, size: Decimal, price: Decimal) -> Decimal:
    """Worth of `size` in the settle currency: quote for linear, base coins for inverse."""
    return abs(size) / price if instrument.inverse else instrument.value(size, price)


def isolated_margin(value: Decimal, leverage: Decimal) -> Decimal:
    """Margin an isolated position of `value` gets: its share plus the fee to close it again."""
    return value / leverage + value * MARGIN_FEE


def entry_after(
    instrument: Instrument, size: Decimal, entry: Decimal | None, change: Decimal, price: Decimal
) -> Decimal | None:
    """Entry price after a fill of signed `change` at `price`; None when that leaves nothing."""
    after = size + change
    if after.is_zero():
        return None
    if entry is None or size.is_zero() or size * after < 0:
        return price
    if abs(after) <= abs(size):
        return entry
    held, added = abs(size), abs(change)
    if instrument.inverse:
        return (held + added) / (held / entry + added / price)
    return (held * entry + added * price) / (held + added)


def tier_of(tiers: Sequence[RiskTier], value: Decimal) -> RiskTier | None:
    """The bracket a position of `value` ends in; the last one above the table; None without one."""
    for tier in tiers:
        if value <= tier.limit:
            return tier
    return tiers[-1] if tiers else None


def isolated_liquidation(
    instrument: Instrument,
    size: Decimal,
    entry: Decimal,
    margin: Decimal,
    tiers: Sequence[RiskTier],
) -> Decimal | None:
    """Mark price at which an isolated position is liquidated; None when it cannot happen.

    `margin` is in the settle currency.
    """
    if size.is_zero():
        return None
    tier = tier_of(tiers, settle_value(instrument, size, entry))
    rate = tier.maintenance_rate if tier else instrument.maintenance_rate
    deduction = tier.deduction if tier else ZERO
    price = (
        _inverse(size, entry, margin, rate + MARGIN_FEE)
        if instrument.inverse
        else _linear(size * instrument.multiplier, entry, margin + deduction, rate + MARGIN_FEE)
    )
    return price if price is not None and price > 0 else None


def _linear(coins: Decimal, entry: Decimal, cushion: Decimal, rate: Decimal) -> Decimal:
    if coins > 0:
        return (entry - cushion / coins) / (1 - rate)
    return (entry + cushion / -coins) / (1 + rate)


def _inverse(size: Decimal, entry: Decimal, margin: Decimal, rate: Decimal) -> Decimal | None:
    held = abs(size)
    if size > 0:
        return held * entry * (1 + rate) / (held + margin * entry)
    floor = held - margin * entry
    return None if floor <= 0 else held * entry * (1 - rate) / floor
