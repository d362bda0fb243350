"""Reads the body of an order (Gate's FuturesOrder, amendment and best-price order)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from mtrade.domain.instruments import Side
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import AutoSize, TimeInForce
from mtrade.paper.faults import GateFault
from mtrade.paper.fields import choice, flag, number, whole, word, wrong
from mtrade.paper.matching import OrderBook

DEFAULT_TEXT = "api"

# Gate: `t-`, then at most 28 of these.
_TEXT = re.compile(r"t-[0-9A-Za-z_.-]{1,28}", re.ASCII)
_TIFS = tuple(TimeInForce)
_AUTO_SIZES = tuple(AutoSize)


class Ticket(NamedTuple):
    """An order as asked for. `size` is signed, zero for a full close; `price` zero is market."""

    contract: str
    size: Decimal
    price: Decimal = ZERO
    tif: TimeInForce = TimeInForce.GTC
    text: str = DEFAULT_TEXT
    reduce_only: bool = False
    close: bool = False
    auto_size: str = ""
    iceberg: Decimal = ZERO
    slip_ratio: Decimal = ZERO

    @property
    def market(self) -> bool:
        return self.price.is_zero()


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """New values for an open order; None keeps the old one. `size` includes what has filled."""

    size: Decimal | None
    price: Decimal | None
    text: str | None


def read_ticket(body: Mapping[str, Any]) -> Ticket:
    """The order of a request; GateFault names the field that is wrong or missing."""
    ticket = Ticket(
        contract=word(body, "contract"),
        size=number(body, "size"),
        price=number(body, "price", ZERO),
        tif=TimeInForce(choice(body, "tif", _TIFS, TimeInForce.GTC)),
        text=read_text(body),
        reduce_only=flag(body, "reduce_only"),
        close=flag(body, "close"),
        auto_size=read_auto_size(body),
        iceberg=number(body, "iceberg", ZERO),
        slip_ratio=number(body, "market_order_slip_ratio", ZERO),
    )
    _check(ticket, body)
    return ticket


def read_text(body: Mapping[str, Any], sources: tuple[str, ...] = (DEFAULT_TEXT,)) -> str:
    """The client's label, or the one Gate gives; `sources` are the unlabelled ones it may name."""
    text = word(body, "text", DEFAULT_TEXT)
    if text not in sources and not _TEXT.fullmatch(text):
        raise GateFault(
            "INVALID_PARAM_VALUE", "text must be t- and at most 28 of 0-9 A-Z a-z _ . -"
        )
    return text


def read_auto_size(body: Mapping[str, Any]) -> str:
    """Which hedge leg to close; empty when the field is absent."""
    return choice(body, "auto_size", ("", *_AUTO_SIZES), "")


def read_amendment(body: Mapping[str, Any]) -> Amendment:
    """What to change."""
    return Amendment(
        size=number(body, "size") if body.get("size") not in (None, "") else None,
        price=number(body, "price") if body.get("price") not in (None, "") else None,
        text=word(body, "amend_text", "") or None,
    )


def read_best(body: Mapping[str, Any], book: OrderBook) -> Ticket:
    """A best-price order: `direction` buy takes its price from the asks, sell from the bids."""
    direction = Side(choice(body, "direction", tuple(Side)))
    level = whole(body, "level", 1, 1, 20)
    levels = book.levels(direction.opposite, level)
    if len(levels) < level:
        raise GateFault("CONTRACT_NO_COUNTER", f"the book has no level {level}")
    return read_ticket({**body, "price": levels[-1].price})


def _check(ticket: Ticket, body: Mapping[str, Any]) -> None:
    if ticket.price < 0:
        raise wrong("price")
    if ticket.market and ticket.tif not in (TimeInForce.IOC, TimeInForce.FOK):
        raise GateFault("INVALID_PARAM_VALUE", "a market order (price 0) needs tif ioc or fok")
    full_close = ticket.close or ticket.auto_size
    if ticket.size.is_zero() != bool(full_close):
        raise GateFault("INVALID_PARAM_VALUE", "size 0 closes a position, with close or auto_size")
    if ticket.close and ticket.auto_size:
        raise wrong("auto_size")
    if ticket.iceberg < 0 or ticket.slip_ratio < 0:
        raise wrong("iceberg" if ticket.iceberg < 0 else "market_order_slip_ratio")
    if str(body.get("stp_act") or "-") != "-":
        raise GateFault("INVALID_PARAM_VALUE", "stp_act needs membership of an STP group")
