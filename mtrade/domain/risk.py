"""Risk gates of manual orders: pure checks with the deciding number in every refusal.

Actions that can only shrink a position (`reducing`) pass every gate that is not about validity.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mtrade.domain.errors import OrderDenied
from mtrade.domain.instruments import Instrument, Market, Side
from mtrade.domain.market import Book
from mtrade.domain.numbers import text
from mtrade.domain.orders import OrderRequest, OrderType

# An enum's member is looked up once here: on Python 3.11 that costs as much as a call.
_SPOT = Market.SPOT


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimits:
    """Owner's limits. Money in the quote currency; a limit of None is off.

    `price_band` is the largest relative distance of a limit price beyond the opposite touch, and
    of a market order's worst fill from the touch.
    """

    max_order_value: Decimal | None
    max_leverage: Decimal | None
    price_band: Decimal


def check_order(
    order: OrderRequest,
    instrument: Instrument,
    book: Book,
    limits: RiskLimits,
    *,
    reducing: bool,
) -> None:
    """Raise OrderDenied when a risk-adding order breaks a limit; no price means no action."""
    if reducing:
        return
    if not instrument.tradable:
        raise OrderDenied(
            f"{instrument.id.name} is not trading now",
            code="not_tradable",
            params={"instrument": instrument.id.name},
        )
    price = _reference_price(order, book)
    if order.type is OrderType.LIMIT:
        _check_band(order, book, limits.price_band)
    elif order.trigger is None:
        _check_depth(order, book, limits.price_band)
    value = order.size if order.size_in_quote else instrument.value(order.size, price)
    if limits.max_order_value is not None and value > limits.max_order_value:
        raise OrderDenied(
            f"order value {text(round(value, 2))} is above the limit "
            f"{text(limits.max_order_value)}",
            code="order_value_limit",
            params={"value": text(round(value, 2)), "limit": text(limits.max_order_value)},
        )


def check_leverage(leverage: Decimal, instrument: Instrument, limits: RiskLimits) -> None:
    """Raise OrderDenied when `leverage` is above the owner's or the exchange's maximum."""
    ceiling = instrument.leverage_max
    if limits.max_leverage is not None:
        ceiling = min(ceiling, limits.max_leverage)
    if leverage > ceiling:
        raise OrderDenied(
            f"leverage {text(leverage)} is above {text(ceiling)}",
            code="leverage_limit",
            params={"value": text(leverage), "limit": text(ceiling)},
        )


def is_reducing(order: OrderRequest) -> bool:
    """Whether the exchange itself guarantees that this order cannot add risk."""
    if order.instrument.market is _SPOT:
        return False
    return order.reduce_only or order.close or order.auto_size is not None


def _reference_price(order: OrderRequest, book: Book) -> Decimal:
    if order.type is OrderType.LIMIT and order.price is not None:
        return order.price
    if order.trigger is not None:
        return order.trigger.price
    levels = book.side(order.side)
    if not levels:
        raise OrderDenied(
            "the order book has no opposite side now, so there is no price to act on",
            code="no_price",
        )
    return levels[0].price


def _check_band(order: OrderRequest, book: Book, band: Decimal) -> None:
    """A limit far on the expensive side of the touch, or of the price at which a trigger places
    it, is a typing mistake, not a wish."""
    levels = book.side(order.side)
    touch = order.trigger.price if order.trigger else levels[0].price if levels else None
    if touch is not None and order.price is not None:
        _within(order.price, touch, order.side, band)


def _check_depth(order: OrderRequest, book: Book, band: Decimal) -> None:
    """A market order may not eat through the book further than a limit price may lie."""
    levels = book.side(order.side)
    left = order.size
    for level in levels:
        _within(level.price, levels[0].price, order.side, band)
        left -= level.size * level.price if order.size_in_quote else level.size
        if left <= 0:
            return
    if levels:
        raise OrderDenied(
            f"the book shown ends at {text(levels[-1].price)} with {text(left)} left to fill",
            code="thin_book",
            params={"price": text(levels[-1].price), "size": text(left)},
        )


def _within(price: Decimal, touch: Decimal, side: Side, band: Decimal) -> None:
    worst = touch * (1 + band * side.sign)
    if price > worst if side is Side.BUY else price < worst:
        raise OrderDenied(
            f"price {text(price)} is more than {text(band * 100)} % beyond the book's "
            f"{text(touch)}",
            code="price_band",
            params={"price": text(price), "touch": text(touch), "band": text(band * 100)},
        )
