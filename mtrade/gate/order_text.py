"""Answers to orders read from their text straight into what an order needs, without JSON objects.

A fan-out is answered by two frames for each follower, and an order by hand waits for them. Gate
writes them all alike, and the second repeats the order that was sent (WebSocket docs, trading).
What differs from that in any way is None here and goes the ordinary way, through JSON,
`parse_futures` and `confirm`, which have the last word. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from msgspec import UNSET, DecodeError, Raw, Struct, UnsetType
from msgspec.json import Decoder

from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import OrderRequest, OrderType, TimeInForce, VenueOrder
from mtrade.gate.fields import SHORT, TEXT_LIMIT

LARGEST_ID = 10**18
LATEST = 10**16  # of the limiter's times, in milliseconds
LARGEST_POWER = 10  # of a time in seconds; a larger one is in milliseconds


class Header(Struct, frozen=True, gc=False):
    """Of an answer to a request that was accepted; the limiter's fields as Gate spells them."""

    status: Literal["200"]
    channel: str = ""
    x_gate_ratelimit_requests_remain: int = 0
    x_gat_ratelimit_reset_timestamp: int | UnsetType = UNSET
    x_gate_ratelimit_reset_timestamp: int | UnsetType = UNSET


class Payload(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A result and nothing beside it, unread."""

    result: Raw


class Answer(Struct, frozen=True, gc=False):
    """An acknowledgement, or the final frame of a request."""

    request_id: str
    header: Header
    data: Payload
    ack: bool = False


class _Order(Struct, frozen=True, gc=False):
    id: int
    contract: str
    status: Literal["open", "finished"]
    size: str
    left: str
    price: str
    fill_price: str
    tif: TimeInForce
    text: str
    finish_as: str = ""
    is_reduce_only: bool = False
    is_close: bool = False
    create_time: Decimal = ZERO
    update_time: Decimal | UnsetType = UNSET
    finish_time: Decimal | UnsetType = UNSET


_ANSWER, _ORDER = Decoder(Answer), Decoder(_Order)


def read(text: str) -> Answer | None:
    """The answer in a frame that is written as usual; None for every other text."""
    try:
        answer = _ANSWER.decode(text)
    except (DecodeError, UnicodeError, RecursionError):
        return None
    return answer if answer.request_id else None


def placed(text: Raw, sent: OrderRequest, body: Mapping[str, object]) -> VenueOrder | None:
    """A futures order that repeats what was sent as `body`, as `parse_futures.order` would read it;
    None when it is not written as usual or differs, which may be a contradiction."""
    try:
        raw = _ORDER.decode(text)
        if not sent.text or sent.size.is_zero() or not _repeats(raw, sent, body):
            return None
        return _order(raw, sent)
    except (DecodeError, UnicodeError, RecursionError, ValueError):
        return None


def _repeats(raw: _Order, sent: OrderRequest, body: Mapping[str, object]) -> bool:
    return (
        raw.contract == sent.instrument.name
        and raw.text == sent.text
        and raw.size == body["size"]
        and raw.price == body["price"]
    )


def _order(raw: _Order, sent: OrderRequest) -> VenueOrder:
    """Raises ValueError for what only the ordinary way can judge."""
    left = _left(raw, sent.size)
    filled = sent.size - left
    limit = raw.price != "0"
    created = _ms(raw.create_time)
    changed = raw.update_time if raw.finish_time is UNSET else raw.finish_time
    return VenueOrder(
        instrument=sent.instrument,
        order_id=_id(raw.id),
        text=sent.text,
        side=sent.side,
        type=OrderType.LIMIT if limit else OrderType.MARKET,
        size=sent.size,
        left=left,
        filled=filled,
        price=sent.price if limit else None,
        average=_price(raw.fill_price) if filled else None,
        tif=raw.tif,
        open=raw.status == "open",
        finish_as="" if raw.status == "open" else _word(raw.finish_as),
        reduce_only=raw.is_reduce_only,
        close=raw.is_close,
        created_ms=created,
        updated_ms=created if changed is UNSET else _ms(changed),
        fee_currency=sent.instrument.settle.upper(),
    )


def _left(raw: _Order, size: Decimal) -> Decimal:
    """What is not filled; it has the sign of the size."""
    if raw.left == "0":
        return ZERO
    if raw.left == raw.size:
        return size
    if not SHORT(raw.left) or raw.left.startswith("-") is not raw.size.startswith("-"):
        raise ValueError("not plain digits, or the rest contradicts the size")
    left = abs(Decimal(raw.left))
    if not left or left > size:
        raise ValueError("the rest contradicts the size")
    return left


def _price(value: str) -> Decimal:
    price = Decimal(value) if SHORT(value) else ZERO
    if price <= 0:
        raise ValueError("not a price")
    return price


def _word(value: str) -> str:
    if len(value) > TEXT_LIMIT or not value.isprintable():
        raise ValueError("not a short printable text")
    return value


def _id(value: int) -> str:
    if not 0 <= value < LARGEST_ID:
        raise ValueError("not an id")
    return str(value)


def _ms(seconds: Decimal) -> int:
    """Raises ValueError, before a number of a million digits is made, which takes a minute."""
    if seconds.is_signed() or not seconds.is_finite() or seconds.adjusted() > LARGEST_POWER:
        raise ValueError("not a time in seconds")
    return int(seconds * 1000)
