"""Between journal rows and the values of `mtrade.domain.orders`. Pure."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

from mtrade.domain.instruments import InstrumentId, Market, Side
from mtrade.domain.numbers import CONTEXT, text
from mtrade.domain.orders import (
    AutoSize,
    Fill,
    Intent,
    IntentKind,
    IntentState,
    OrderPath,
    OrderRequest,
    OrderType,
    OwnFill,
    TimeInForce,
    Trigger,
    TriggerSource,
)

Row = dict[str, str | int | None]
Values = tuple[str | int | None, ...]


IDENTITY = (
    "account_id", "kind", "request_id", "digest", "planned_ms", "parent", "plan_position", "leg_id",
    "market", "settle", "instrument", "side", "type", "tif", "reduce_only", "close", "auto_size",
    "text", "trigger_price", "trigger_above", "trigger_source", "trigger_expires_s",
)  # fmt: skip
PROGRESS = (
    "path", "expires_ms", "state", "sent_ms", "order_id", "filled", "average", "label", "evidence",
    "closed_ms", "size", "price",
)  # fmt: skip


def intent_row(intent: Intent) -> Values:
    """The columns `IDENTITY` and `PROGRESS` of table `intent`."""
    order = intent.order
    trigger = order.trigger
    return (
        intent.account_id, intent.kind.value, intent.request_id or None, intent.digest,
        intent.planned_ms, intent.parent, _optional(intent.plan_position), intent.leg_id,
        order.instrument.market.value, order.instrument.settle, order.instrument.name,
        order.side.value, order.type.value, order.tif.value, int(order.reduce_only),
        int(order.close), order.auto_size.value if order.auto_size else None, order.text,
        *(_trigger_row(trigger) if trigger else _NO_TRIGGER),
        *progress_row(intent),
    )  # fmt: skip


def progress_row(intent: Intent) -> Values:
    """The columns `PROGRESS`: what may still change. An amended order has a new size and price."""
    return (
        intent.path.value if intent.path else "", intent.expires_ms, intent.state.value,
        intent.sent_ms, intent.order_id, text(intent.filled), _optional(intent.average),
        intent.label, intent.evidence, intent.closed_ms, text(intent.order.size),
        _optional(intent.order.price),
    )  # fmt: skip


_NO_TRIGGER: Values = (None, None, None, None)


def _trigger_row(trigger: Trigger) -> Values:
    return (text(trigger.price), int(trigger.above), trigger.source.value, trigger.expires_s)


def intent_from(row: sqlite3.Row) -> Intent:
    """The intent stored in a row."""
    return Intent(
        id=row["id"],
        account_id=row["account_id"],
        kind=IntentKind(row["kind"]),
        request_id=row["request_id"] or "",
        digest=row["digest"],
        path=OrderPath(row["path"]) if row["path"] else None,
        order=_order_from(row),
        expires_ms=row["expires_ms"],
        state=IntentState(row["state"]),
        planned_ms=row["planned_ms"],
        sent_ms=row["sent_ms"],
        order_id=row["order_id"],
        filled=_number(row["filled"]),
        average=_maybe(row["average"]),
        label=row["label"],
        evidence=row["evidence"],
        closed_ms=row["closed_ms"],
        parent=row["parent"],
        plan_position=_maybe(row["plan_position"]),
        leg_id=row["leg_id"],
    )


def _order_from(row: sqlite3.Row) -> OrderRequest:
    return OrderRequest(
        instrument=_instrument_from(row),
        side=Side(row["side"]),
        type=OrderType(row["type"]),
        size=_number(row["size"]),
        text=row["text"],
        price=_maybe(row["price"]),
        tif=TimeInForce(row["tif"]),
        reduce_only=bool(row["reduce_only"]),
        close=bool(row["close"]),
        auto_size=AutoSize(row["auto_size"]) if row["auto_size"] else None,
        trigger=_trigger_from(row),
    )


def _trigger_from(row: sqlite3.Row) -> Trigger | None:
    if row["trigger_price"] is None:
        return None
    return Trigger(
        price=_number(row["trigger_price"]),
        above=bool(row["trigger_above"]),
        source=TriggerSource(row["trigger_source"]),
        expires_s=row["trigger_expires_s"],
    )


def fill_row(account_id: str, fill: Fill) -> Row:
    """All columns of table `own_trade` except `id`."""
    return {
        "account_id": account_id,
        "market": fill.instrument.market.value,
        "settle": fill.instrument.settle,
        "instrument": fill.instrument.name,
        "trade_id": fill.trade_id,
        "order_id": fill.order_id,
        "time_ms": fill.time_ms,
        "side": fill.side.value,
        "size": text(fill.size),
        "price": text(fill.price),
        "fee": text(fill.fee),
        "fee_currency": fill.fee_currency,
        "role": fill.role,
        "text": fill.text,
        "close_size": text(fill.close_size),
    }


def fill_from(row: sqlite3.Row) -> OwnFill:
    """The fill stored in a row."""
    fill = Fill(
        trade_id=row["trade_id"],
        order_id=row["order_id"],
        instrument=_instrument_from(row),
        time_ms=row["time_ms"],
        side=Side(row["side"]),
        size=_number(row["size"]),
        price=_number(row["price"]),
        fee=_number(row["fee"]),
        fee_currency=row["fee_currency"],
        role=row["role"],
        text=row["text"],
        close_size=_number(row["close_size"]),
    )
    return OwnFill(id=row["id"], account_id=row["account_id"], fill=fill)


def _instrument_from(row: sqlite3.Row) -> InstrumentId:
    return InstrumentId(Market(row["market"]), row["settle"], row["instrument"])


def _optional(number: Decimal | None) -> str | None:
    return None if number is None else text(number)


def _maybe(stored: str | None) -> Decimal | None:
    return None if stored is None else _number(stored)


def _number(stored: str) -> Decimal:
    return CONTEXT.create_decimal(stored)
