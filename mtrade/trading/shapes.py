"""What an order may look like: combinations, rules of the instrument, and full closes. Pure."""

from __future__ import annotations

from decimal import Decimal

from mtrade.domain.errors import InvalidRequest
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Instrument, InstrumentId, Market, Side
from mtrade.domain.numbers import ZERO, text
from mtrade.domain.orders import AutoSize, OrderRequest, OrderType, TimeInForce, Trigger
from mtrade.domain.positions import Leg
from mtrade.trading.scene import Scene
from mtrade.trading.wishes import OrderWish, Protection


def check_shape(wish: OrderWish) -> None:
    """Refuse combinations that mean nothing; names the field."""
    if wish.type is OrderType.LIMIT and wish.price is None:
        raise InvalidRequest("a limit order needs a price", fields={"price": "is missing"})
    if wish.type is OrderType.MARKET and wish.price is not None:
        raise InvalidRequest(
            "a market order has no price", fields={"price": "not with a market order"}
        )
    if wish.type is OrderType.MARKET and wish.tif is TimeInForce.POC:
        raise InvalidRequest(
            "a market order cannot be post-only", fields={"tif": "not with a market order"}
        )
    if wish.instrument.market is Market.SPOT and (wish.reduce_only or wish.leverage is not None):
        raise InvalidRequest(
            "reduce-only and leverage exist only on futures",
            fields={"reduce_only": "only on futures"},
        )


def check_rules(order: OrderRequest, instrument: Instrument) -> None:
    """Refuse what breaks the instrument's rules; names the field and the limit."""
    if order.price is not None:
        instrument.check_price(order.price)
    if order.size_in_quote:
        minimum = instrument.min_value or ZERO
        if order.size <= 0 or order.size < minimum:
            reason = f"minimum is {text(minimum)} {instrument.quote}"
            raise InvalidRequest(f"size {reason}", fields={"size": reason})
        return
    instrument.check_size(order.size, market_order=order.type is OrderType.MARKET)
    value = order.price and instrument.value(order.size, order.price)
    if value and instrument.min_value is not None and value < instrument.min_value:
        reason = f"minimum value is {text(instrument.min_value)} {instrument.quote}"
        raise InvalidRequest(f"size {reason}", fields={"size": reason})


def price_of(wish: OrderWish, instrument: Instrument) -> Decimal | None:
    """The limit price on the tick grid, toward the safe side."""
    return None if wish.price is None else instrument.conform_price(wish.price, wish.side)


def tif_of(wish: OrderWish) -> TimeInForce:
    """A market order is immediate; Gate takes nothing else."""
    if wish.type is OrderType.MARKET:
        return TimeInForce.FOK if wish.tif is TimeInForce.FOK else TimeInForce.IOC
    return wish.tif


def closing(wish: OrderWish, scene: Scene) -> OrderRequest:
    """A conditional order that closes the whole position."""
    leg = scene.leg_for(wish.side, reduce_only=True)
    if leg is None or wish.trigger is None:
        raise InvalidRequest(
            "close is for conditional futures orders", fields={"close": "only with a trigger"}
        )
    base = OrderRequest(
        instrument=wish.instrument,
        side=wish.side,
        type=wish.type,
        size=ZERO,
        text="",
        price=price_of(wish, scene.instrument),
        tif=tif_of(wish),
        reduce_only=True,
        trigger=wish.trigger,
    )
    return full_close(base, leg)


def full_close(order: OrderRequest, leg: Leg) -> OrderRequest:
    """The exchange's own close of a whole position (`close`) or hedge leg (`auto_size`)."""
    if leg is Leg.NET:
        return replace(order, close=True, reduce_only=False)
    auto = AutoSize.CLOSE_LONG if leg is Leg.LONG else AutoSize.CLOSE_SHORT
    return replace(order, auto_size=auto)


def check_protection(wish: OrderWish, leg: Leg, scene: Scene, order: OrderRequest) -> None:
    """Refuse protection that would leave the filled entry naked or act on another position.

    The exchange takes a trigger only on its own side of the price, so one on the wrong side would
    be refused after the fill; and closing "the position" means nothing while it points elsewhere.
    """
    held = scene.position(leg)
    if held is not None and held.size * wish.side.sign < 0:
        reason = "close the opposite position first"
        raise InvalidRequest(reason, fields=dict.fromkeys(_protections(wish), reason))
    touch = [level.price for level in scene.book.side(wish.side)[:1]]
    prices = touch if order.price is None else [order.price, *touch]
    if not prices:
        return
    entry = min(prices) if wish.side is Side.BUY else max(prices)
    for name, part in _protections(wish).items():
        above = (name == "take_profit") is (wish.side is Side.BUY)
        if part.price <= entry if above else part.price >= entry:
            reason = f"must be {'above' if above else 'below'} the entry at {text(entry)}"
            raise InvalidRequest(f"{name} {reason}", fields={name: reason})


def _protections(wish: OrderWish) -> dict[str, Protection]:
    both = {"take_profit": wish.take_profit, "stop_loss": wish.stop_loss}
    return {name: part for name, part in both.items() if part is not None}


def protective(
    wanted: InstrumentId,
    leg: Leg,
    take_profit: Protection | None,
    stop_loss: Protection | None,
    scene: Scene,
    *,
    long: bool,
) -> tuple[OrderRequest, ...]:
    """Position-wide trigger orders; `long` tells which way the position points."""
    side = Side.SELL if long else Side.BUY
    orders = []
    for wish, above in ((take_profit, long), (stop_loss, not long)):
        if wish is None:
            continue
        scene.instrument.check_price(wish.price)
        base = OrderRequest(
            instrument=wanted,
            side=side,
            type=OrderType.MARKET,
            size=ZERO,
            text="",
            tif=TimeInForce.IOC,
            reduce_only=True,
            trigger=Trigger(price=wish.price, above=above, source=wish.source),
        )
        orders.append(full_close(base, leg))
    return tuple(orders)
