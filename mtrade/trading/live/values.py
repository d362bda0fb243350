"""What a position is worth at a new mark price, by the domain's formulas. Pure."""

from __future__ import annotations

from decimal import Decimal

from mtrade.domain.estimates import settle_value
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Instrument
from mtrade.domain.numbers import ZERO
from mtrade.domain.positions import Position, profit


def revalued(position: Position, rules: Instrument | None, mark: Decimal | None) -> Position:
    """The position at `mark`: value, unrealised profit and, where unknown, its initial margin.

    Without rules or a mark price the position is returned as the exchange last reported it.
    """
    if rules is None or mark is None or mark <= 0 or position.size.is_zero():
        return position
    value = settle_value(rules, position.size, mark)
    entry = position.entry_price
    held = position.initial_margin
    if held <= 0 and position.leverage > 0:
        held = value / position.leverage
    return replace(
        position,
        mark_price=mark,
        value=value,
        unrealised_pnl=ZERO if not entry else profit(rules, position.size, entry, mark),
        initial_margin=held,
    )
