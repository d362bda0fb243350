"""Does an answer speak of the order that was sent? A contradiction is never explained away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from mtrade.domain.errors import ExchangeError
from mtrade.domain.frozen import replace
from mtrade.domain.orders import OrderRequest, VenueOrder
from mtrade.domain.positions import Position
from mtrade.gate.faults import Unreadable, item_refusal
from mtrade.gate.fields import Row

Outcome = VenueOrder | ExchangeError


def placed(order: VenueOrder, request: OrderRequest) -> VenueOrder:
    """The answer to a create call; Unreadable when identity or quantity differ from the request.

    A full close is sent with size 0 and answered with the position's size, so only its identity
    can be compared.
    """
    _same("instrument", order.instrument, request.instrument)
    if request.text:
        _same("text", order.text, request.text)
    if request.size.is_zero():
        return replace(order, side=request.side) if order.size.is_zero() else order
    _same("size", order.size, request.size)
    _same("side", order.side, request.side)
    return order


def amended(
    order: VenueOrder, reference: str, price: Decimal | None, size: Decimal | None
) -> VenueOrder:
    """The answer to an amend call; an order cut to what is filled ends and may keep its values."""
    addressed(order, reference)
    if price is not None and order.open:
        _same("price", order.price, price)
    if size is not None and order.open:
        _same("size", order.size, size)
    return order


def addressed(order: VenueOrder, reference: str) -> VenueOrder:
    """The answer to a call about one order, named by id or text."""
    if reference not in (order.order_id, order.text):
        raise Unreadable("the exchange answered about another order")
    return order


def batch(
    raw: Any, requests: Sequence[OrderRequest], parse: Callable[[Any], VenueOrder]
) -> tuple[Outcome, ...]:
    """What became of each order of a batch, in the order sent."""
    items = _items(raw, len(requests))
    return tuple(
        _failure(Row(item, "batch")) or placed(parse(item), request)
        for item, request in zip(items, requests, strict=True)
    )


def batch_cancelled(raw: Any, count: int) -> tuple[ExchangeError | None, ...]:
    """For each cancel of a batch: None, or why it failed."""
    return tuple(_failure(Row(item, "cancelled")) for item in _items(raw, count))


def all_cancelled(raw: Any, parse: Callable[[Any], VenueOrder]) -> tuple[VenueOrder, ...]:
    """The orders that a cancel-all really cancelled."""
    if not isinstance(raw, list):
        raise Unreadable("cancelled: a list was expected")
    done = [item for item in raw if Row(item, "cancelled").flag("succeeded", default=True)]
    return tuple(parse(item) for item in done)


def of_contract(found: tuple[Position, ...], contract: str) -> tuple[Position, ...]:
    """The answer to a call about the position of one contract."""
    if not found:
        raise Unreadable("the exchange answered with no position")
    for position in found:
        _same("contract", position.instrument.name, contract)
    return found


def _items(raw: Any, count: int) -> list[Any]:
    if not isinstance(raw, list) or len(raw) != count:
        raise Unreadable("batch: the answer has another number of items than the request")
    return raw


def _failure(row: Row) -> ExchangeError | None:
    """Futures give the reason of an item in `detail`, spot in `message` (gate-notes, errors)."""
    if row.flag("succeeded", default=True):
        return None
    label = row.text("label", "")
    reason = row.raw("detail") or row.raw("message")
    return item_refusal(label, reason if isinstance(reason, str) else "")


def _same(what: str, answered: object, asked: object) -> None:
    if answered != asked:
        raise Unreadable(f"the answer has {what} {answered!s:.80}, the request had {asked!s:.80}")
