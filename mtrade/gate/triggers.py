"""Price orders of both markets: how they are written, and how they are read back.

One vocabulary for their state: open, succeeded, cancelled, failed, expired (futures also know
inactive and invalid).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from mtrade.domain.errors import InvalidRequest
from mtrade.domain.instruments import Side, futures, spot
from mtrade.domain.numbers import text
from mtrade.domain.orders import (
    AutoSize,
    OrderRequest,
    OrderType,
    TimeInForce,
    Trigger,
    TriggerSource,
    VenueTrigger,
)
from mtrade.gate.client import GateClient
from mtrade.gate.faults import Unreadable
from mtrade.gate.fields import Row, rows
from mtrade.gate.paging import collect
from mtrade.gate.parse_market import side
from mtrade.gate.parse_spot import order_type, tif

SOURCES = (TriggerSource.LAST, TriggerSource.MARK, TriggerSource.INDEX)  # Gate's price_type 0, 1, 2
ABOVE, BELOW = 1, 2  # Gate's futures `rule`
PAGE = 100
MOST_OPEN = 10_000
SPOT_STATES = {"finish": "succeeded"}


def trigger_of(order: OrderRequest) -> Trigger:
    """The trigger of an order that must have one."""
    if order.trigger is None:
        raise InvalidRequest("this order has no trigger", fields={"trigger": "is required"})
    return order.trigger


def spot_body(order: OrderRequest) -> dict[str, object]:
    """A spot price order; Gate calls the spot account `normal` here."""
    when = trigger_of(order)
    market = order.type is OrderType.MARKET
    put: dict[str, object] = {
        "type": order.type.value,
        "side": order.side.value,
        "price": text(order.price) if order.price is not None else "0",
        "amount": text(order.size),
        "account": "normal",
        "time_in_force": (TimeInForce.IOC if market else order.tif).value,
    }
    if order.text:
        put["text"] = order.text
    rule = ">=" if when.above else "<="
    return {
        "trigger": {"price": text(when.price), "rule": rule, "expiration": when.expires_s},
        "put": put,
        "market": order.instrument.name,
    }


def futures_body(order: OrderRequest) -> dict[str, object]:
    """A futures price order; one that closes names the side it closes in `order_type`."""
    when = trigger_of(order)
    body: dict[str, object] = {
        "initial": _initial(order),
        "trigger": {
            "strategy_type": 0,
            "price_type": SOURCES.index(when.source),
            "price": text(when.price),
            "rule": ABOVE if when.above else BELOW,
            "expiration": when.expires_s,
        },
    }
    kind = _order_type(order)
    if kind:
        body["order_type"] = kind
    return body


def listed(
    client: GateClient, root: str, parse: Callable[[Any], VenueTrigger], *, open: bool
) -> tuple[VenueTrigger, ...]:
    """Every waiting price order below `root`: one that is left out would read as ended. Of the
    finished ones the latest page."""
    return collect(
        lambda index, size: client.read(
            f"{root}/price_orders",
            lambda raw: rows(raw, parse, "price orders"),
            {"status": "open" if open else "finished", "limit": size, "offset": index * size},
            bucket=f"/{root.split('/')[1]}/price_orders",
        ),
        MOST_OPEN if open else PAGE,
        PAGE,
    )


def parse_id(raw: Any) -> str:
    """The id of a new price order."""
    row = Row(raw, "price order")
    return row.text("id_string") if row.has("id_string") else row.text("id")


def parse_spot_trigger(raw: Any) -> VenueTrigger:
    """A stored spot price order."""
    row = Row(raw, "price order")
    status = row.text("status")
    put, when = row.row("put"), row.row("trigger")
    kind = order_type(put.text("type", "limit"))
    order = OrderRequest(
        instrument=spot(row.text("market")),
        side=side(put.text("side")),
        type=kind,
        size=put.number("amount"),
        text=put.text("text", ""),
        price=put.positive("price") if kind is OrderType.LIMIT else None,
        tif=tif(put.text("time_in_force", "gtc")),
        trigger=Trigger(
            price=when.number("price"),
            above=when.text("rule") == ">=",
            expires_s=when.whole("expiration", 0),
        ),
    )
    return VenueTrigger(
        trigger_id=row.text("id"),
        order=order,
        status=SPOT_STATES.get(status, status),
        reason=row.note("reason"),
        fired_order_id=_fired(row, "fired_order_id"),
        created_ms=row.ms("ctime", default=0),
        finished_ms=row.ms("ftime", default=0) or None,
    )


def parse_futures_trigger(raw: Any, settle: str) -> VenueTrigger:
    """A stored futures price order; `trade_id` is the id of the order it placed."""
    row = Row(raw, "price order")
    status = row.text("status")
    return VenueTrigger(
        trigger_id=parse_id(raw),
        order=_futures_order(row, settle),
        status=row.text("finish_as", status) if status == "finished" else status,
        reason=row.note("reason"),
        fired_order_id=_fired(row, "trade_id"),
        created_ms=row.ms("create_time", default=0),
        finished_ms=row.ms("finish_time", default=0) or None,
    )


def _initial(order: OrderRequest) -> dict[str, object]:
    """`size` is an integer here; a decimal size goes into `amount`, which overrides it."""
    size = order.signed_size
    whole = size == size.to_integral_value()
    initial: dict[str, object] = {
        "contract": order.instrument.name,
        "size": int(size) if whole else 0,
        "price": text(order.price) if order.price is not None else "0",
        "tif": (TimeInForce.GTC if order.price is not None else TimeInForce.IOC).value,
    }
    if not whole:
        initial["amount"] = text(size)
    if order.close:
        initial["close"] = True
    if order.auto_size is not None:
        initial["auto_size"] = order.auto_size.value
    if order.reduce_only or order.auto_size is not None:
        initial["reduce_only"] = True
    if order.text:
        initial["text"] = order.text
    return initial


def _order_type(order: OrderRequest) -> str:
    whole = order.close or order.auto_size is not None
    if not whole and not order.reduce_only:
        return ""
    closed = "long" if order.side is Side.SELL else "short"
    if order.auto_size is not None:
        closed = "long" if order.auto_size is AutoSize.CLOSE_LONG else "short"
    return f"close-{closed}-position" if whole else f"plan-close-{closed}-position"


def _futures_order(row: Row, settle: str) -> OrderRequest:
    initial = row.row("initial")
    size = initial.number("amount" if _has_amount(initial) else "size")
    auto = initial.text("auto_size", "")
    price = initial.positive("price")
    return OrderRequest(
        instrument=futures(initial.text("contract"), settle),
        side=_side(size, auto, row.text("order_type", "")),
        type=OrderType.MARKET if price is None else OrderType.LIMIT,
        size=abs(size),
        text=initial.text("text", ""),
        price=price,
        tif=tif(initial.text("tif", "gtc")),
        reduce_only=initial.flag("is_reduce_only") or initial.flag("reduce_only"),
        close=initial.flag("is_close") or initial.flag("close"),
        auto_size=AutoSize(auto) if auto in tuple(AutoSize) else None,
        trigger=_futures_trigger(row.row("trigger")),
    )


def _has_amount(initial: Row) -> bool:
    return initial.has("amount") and not initial.number("amount").is_zero()


def _futures_trigger(when: Row) -> Trigger:
    source, rule = when.whole("price_type", 0), when.whole("rule")
    if not 0 <= source < len(SOURCES) or rule not in (ABOVE, BELOW):
        raise Unreadable("price order: unknown price type or rule")
    return Trigger(
        price=when.number("price"),
        above=rule == ABOVE,
        source=SOURCES[source],
        expires_s=when.whole("expiration", 0),
    )


def _side(size: Decimal, auto: str, kind: str) -> Side:
    """A whole close has size 0, so what it closes tells the side."""
    if not size.is_zero():
        return Side.BUY if size > 0 else Side.SELL
    closes_long = auto == AutoSize.CLOSE_LONG or "close-long" in kind
    return Side.SELL if closes_long else Side.BUY


def _fired(row: Row, name: str) -> str:
    fired = row.text(name, "0") if row.raw(name) != "" else "0"
    return "" if fired == "0" else fired
