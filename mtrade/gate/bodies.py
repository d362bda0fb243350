"""How orders are written for Gate, over REST and over its trading socket alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mtrade.domain.numbers import text
from mtrade.domain.orders import OrderRequest, OrderType, TimeInForce
from mtrade.gate.fields import Row

# An enum's member is looked up once here: on Python 3.11 that costs as much as a call.
_MARKET = OrderType.MARKET
_FOK, _IOC = TimeInForce.FOK, TimeInForce.IOC

SPOT_ACCOUNT = "spot"

Fields = dict[str, str | bool]  # numbers are texts already
Param = Mapping[str, str | bool] | Sequence[Mapping[str, str | bool]] | Sequence[str] | None


def spot_order(order: OrderRequest) -> Fields:
    """A spot order as Gate wants it: a market buy has its amount in quote currency."""
    market = order.type is _MARKET
    tif = _IOC if market and order.tif is not _FOK else order.tif
    body: Fields = {
        "currency_pair": order.instrument.name,
        "type": order.type.value,
        "account": SPOT_ACCOUNT,
        "side": order.side.value,
        "amount": text(order.size),
        "time_in_force": tif.value,
    }
    if order.price is not None and not market:
        body["price"] = text(order.price)
    if order.text:
        body["text"] = order.text
    return body


def futures_order(order: OrderRequest) -> Fields:
    """A futures order as Gate wants it: signed size, price "0" and IOC for a market order.

    A full close has size 0 with `close` (one-way) or `auto_size` and `reduce_only` (hedge).
    """
    market = order.type is _MARKET or order.price is None
    tif = _IOC if market and order.tif is not _FOK else order.tif
    body: Fields = {
        "contract": order.instrument.name,
        "size": text(order.signed_size),
        "price": "0" if market or order.price is None else text(order.price),
        "tif": str(tif),  # as its value, at half the price
    }
    if order.close:
        body["close"] = True
    if order.auto_size is not None:
        body["auto_size"] = order.auto_size.value
    if order.reduce_only or order.auto_size is not None:
        body["reduce_only"] = True
    if order.text:
        body["text"] = order.text
    return body


def countdown_time(raw: Any) -> int:
    """When everything will be cancelled; Gate writes this field in camel case."""
    return Row(raw, "countdown").ms("triggerTime")
