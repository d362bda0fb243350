"""Which leverage and margin mode an entry needs set before it is sent. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from mtrade.domain.accounts import MarginMode
from mtrade.domain.errors import InvalidRequest
from mtrade.domain.instruments import Market
from mtrade.domain.positions import Leg, Position
from mtrade.trading.wishes import OrderWish


def wanted_setting(
    wish: OrderWish, leg: Leg | None, rows: Sequence[Position]
) -> tuple[Decimal, MarginMode] | None:
    """What the ticket shows and the contract's leg does not have yet; None for "leave it".

    Never for an order that closes. `rows` are the contract's, both legs in hedge mode.
    """
    asked = wish.leverage is not None or wish.margin_mode is not None
    if not asked or wish.instrument.market is not Market.FUTURES or wish.reduce_only or wish.close:
        return None
    now = next((row for row in rows if row.leg is leg), None)
    mode = wish.margin_mode or (now.margin_mode if now else MarginMode.ISOLATED)
    leverage = wish.leverage or (now.leverage if now else None)
    if not leverage:
        # Without a number the margin mode could not be set, and the order would go out in another.
        raise InvalidRequest(
            "give the leverage together with the margin mode",
            fields={"leverage": "is required with this margin mode"},
        )
    same = now is not None and now.margin_mode is mode and now.leverage == leverage
    return None if same else (leverage, mode)
