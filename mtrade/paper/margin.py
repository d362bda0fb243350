"""Margin arithmetic of perpetual contracts, linear and inverse. Pure.

Everything is in the settle currency. `size` is in contracts, signed where a direction matters.
Formulas: gate-notes.md, formulas. Liquidation and unrealised profit use the mark price, never last.
A position's *worth* is its value in the settle currency: n·m·P for a linear contract, n/P for an
inverse one. Worth and equity move together for a linear long and an inverse short, against each
other for the two others: that is all the difference between the four cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from mtrade.domain.instruments import Instrument
from mtrade.domain.market import RiskTier
from mtrade.domain.numbers import ONE, ZERO

# Gate's margin pages reckon the fee of a later exit at the base taker rate, whatever the user pays.
EXIT_FEE = Decimal("0.00075")

Tiers = Sequence[RiskTier]


def worth(instrument: Instrument, size: Decimal, price: Decimal) -> Decimal:
    """Value of `size` contracts at `price` in the settle currency, unsigned."""
    if instrument.inverse:
        return abs(size) / price
    return abs(size) * instrument.multiplier * price


def price_of(instrument: Instrument, size: Decimal, value: Decimal) -> Decimal | None:
    """The price at which `size` is worth `value`; None when no positive price is."""
    if value <= 0 or size.is_zero():
        return None
    if instrument.inverse:
        return abs(size) / value
    return value / (abs(size) * instrument.multiplier)


def entry_after_add(
    instrument: Instrument, size: Decimal, entry: Decimal, added: Decimal, price: Decimal
) -> Decimal:
    """Entry price after `added` contracts at `price` joined `size` at `entry`, same direction."""
    held, more = abs(size), abs(added)
    if instrument.inverse:
        return (held + more) / ((held / entry if held else ZERO) + more / price)
    return (held * entry + more * price) / (held + more)


def fee(instrument: Instrument, size: Decimal, price: Decimal, rate: Decimal) -> Decimal:
    """What a fill costs; negative is a rebate."""
    return worth(instrument, size, price) * rate


def funding(instrument: Instrument, size: Decimal, mark: Decimal, rate: Decimal) -> Decimal:
    """Wallet change at a funding settlement: a positive rate is paid by longs."""
    paid = worth(instrument, size, mark) * rate
    return -paid if size > 0 else paid


def tier_at(tiers: Tiers, value: Decimal) -> RiskTier:
    """The bracket a position of `value` has reached."""
    return next((tier for tier in tiers if value <= tier.limit), tiers[-1])


def tiered_maintenance(tiers: Tiers, value: Decimal) -> Decimal:
    """Progressive maintenance of `value`: value·r - deduction (closed form of the brackets)."""
    tier = tier_at(tiers, value)
    return value * tier.maintenance_rate - tier.deduction


def maintenance_margin(tiers: Tiers, value: Decimal) -> Decimal:
    """What must remain: progressive maintenance and the fee of the liquidation."""
    return tiered_maintenance(tiers, value) + value * EXIT_FEE


def most_value(tiers: Tiers, leverage: Decimal) -> Decimal:
    """The largest position value that `leverage` allows; zero when no tier allows it."""
    return max((tier.limit for tier in tiers if tier.leverage_max >= leverage), default=ZERO)


def initial_margin(
    instrument: Instrument, size: Decimal, price: Decimal, leverage: Decimal
) -> Decimal:
    """Margin of a position: value/L and the fee of a later exit."""
    value = worth(instrument, size, price)
    return value / leverage + value * EXIT_FEE


def order_cost(
    instrument: Instrument, size: Decimal, price: Decimal, leverage: Decimal, taker: Decimal
) -> Decimal:
    """What a resting or arriving order that opens `size` (signed) reserves.

    The exit of the side that loses value as its debt grows is reckoned at the bankruptcy value:
    shorts of a linear contract, longs of an inverse one (gate-notes, order cost).
    """
    value = worth(instrument, size, price)
    exit_value = value if _rises(instrument, size) else value * (1 + ONE / leverage)
    return value / leverage + value * taker + exit_value * EXIT_FEE


def bankruptcy_price(
    instrument: Instrument, size: Decimal, entry: Decimal, margin: Decimal
) -> Decimal | None:
    """Where the loss equals `margin`; None when no price loses that much."""
    return price_for_profit(instrument, size, entry, -margin)


def price_for_profit(
    instrument: Instrument, size: Decimal, entry: Decimal, profit: Decimal
) -> Decimal | None:
    """The price at which the position has made `profit`; None when none has."""
    value = worth(instrument, size, entry)
    value += profit if _rises(instrument, size) else -profit
    return price_of(instrument, size, value)


def liquidation_price(
    instrument: Instrument, size: Decimal, entry: Decimal, margin: Decimal, tiers: Tiers
) -> Decimal | None:
    """The mark price at which margin + profit = maintenance; None when there is none.

    For a cross position `margin` is what the pool could lose on it: its balance with the profit of
    the other positions, less their maintenance (`cross_margin`).
    """
    opened = worth(instrument, size, entry)
    for tier in tiers:
        value = _liquidation_value(opened, margin, tier, rises=_rises(instrument, size))
        if value <= tier.limit or tier is tiers[-1]:
            return price_of(instrument, size, value)
    return None


def cross_margin(pool: Decimal, profit: Decimal, others_maintenance: Decimal) -> Decimal:
    """The margin a cross position has for the estimate of its liquidation price.

    `pool` is the cross balance including the profit of all cross positions.
    """
    return pool - profit - others_maintenance


def _liquidation_value(opened: Decimal, margin: Decimal, tier: RiskTier, *, rises: bool) -> Decimal:
    rate = tier.maintenance_rate + EXIT_FEE
    if rises:
        return (opened - margin - tier.deduction) / (1 - rate)
    return (opened + margin + tier.deduction) / (1 + rate)


def _rises(instrument: Instrument, size: Decimal) -> bool:
    """Whether the position gains when its worth grows."""
    return (size > 0) != instrument.inverse
