"""Private spot data: from the wire to the domain (Gate spot docs, Order)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mtrade.domain.accounts import Fees, SpotBalance
from mtrade.domain.instruments import Side, spot
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import Fill, OrderType, TimeInForce, VenueOrder
from mtrade.gate.faults import Unreadable
from mtrade.gate.fields import Row, rows
from mtrade.gate.parse_market import side

OPEN, ENDED = "open", ("closed", "cancelled")


def balance(raw: Any) -> SpotBalance:
    """Coins of one currency."""
    row = Row(raw, "balance")
    return SpotBalance(
        currency=row.text("currency"),
        available=row.number("available"),
        locked=row.number("locked", ZERO),
    )


def fees(raw: Any) -> Fees:
    """The account's own rates of a pair."""
    row = Row(raw, "fees")
    return Fees(maker=row.number("maker_fee"), taker=row.number("taker_fee"))


def order(raw: Any) -> VenueOrder:
    """A spot order. `left` is in the unit of `amount`: quote for a market buy."""
    row = Row(raw, "order")
    is_open = _is_open(row.text("status"))
    kind = order_type(row.text("type", "limit"))
    taker = side(row.text("side"))
    size, left = row.number("amount"), row.number("left")
    in_quote = kind is OrderType.MARKET and taker is Side.BUY
    filled = _filled(row, size, left, in_quote=in_quote)
    return VenueOrder(
        instrument=spot(row.text("currency_pair")),
        order_id=row.text("id" if row.has("id") else "order_id"),
        text=row.text("text", ""),
        side=taker,
        type=kind,
        size=size,
        left=left,
        filled=filled,
        price=row.positive("price") if kind is OrderType.LIMIT else None,
        average=row.positive("avg_deal_price") if filled > 0 else None,
        tif=tif(row.text("time_in_force", "gtc")),
        open=is_open,
        finish_as="" if is_open else row.text("finish_as", row.text("status")),
        created_ms=row.ms("create_time_ms", "create_time", default=0),
        updated_ms=row.ms("update_time_ms", "update_time", default=0),
        fee=row.number("fee", ZERO),
        fee_currency=row.text("fee_currency", ""),
    )


def grouped_orders(raw: Any) -> tuple[tuple[VenueOrder, ...], ...]:
    """Open orders of all pairs, one group per pair."""
    return rows(raw, lambda group: rows(Row(group, "group").raw("orders"), order, "orders"), "open")


def fill(raw: Any) -> Fill:
    """An execution of an own order."""
    row = Row(raw, "trade")
    return Fill(
        trade_id=row.text("id"),
        order_id=row.text("order_id"),
        instrument=spot(row.text("currency_pair")),
        time_ms=row.ms("create_time_ms", "create_time"),
        side=side(row.text("side")),
        size=row.number("amount"),
        price=row.number("price"),
        fee=row.number("fee", ZERO),
        fee_currency=row.text("fee_currency", ""),
        role=row.text("role", ""),
        text=row.text("text", ""),
    )


def tif(word: str) -> TimeInForce:
    """An unknown word is shown as the plain one: it changes nothing about an order that exists."""
    try:
        return TimeInForce(word)
    except ValueError:
        return TimeInForce.GTC


def _is_open(status: str) -> bool:
    if status != OPEN and status not in ENDED:
        raise Unreadable("order: unknown status")
    return status == OPEN


def order_type(word: str) -> OrderType:
    """Gate has more kinds than two (`limit_repayment`, ...); all but `market` carry a price."""
    return OrderType.MARKET if word.startswith("market") else OrderType.LIMIT


def _filled(row: Row, size: Decimal, left: Decimal, *, in_quote: bool) -> Decimal:
    """Base coins filled; older answers only tell money for a market buy."""
    if row.has("filled_amount"):
        filled = row.number("filled_amount")
    elif not in_quote:
        filled = size - left
    else:
        average = row.positive("avg_deal_price")
        filled = row.number("filled_total") / average if average else ZERO
    if filled < 0 or left < 0:
        raise Unreadable("order: negative fill or rest")
    return filled
