"""Reads the body of a price order and of its amendment (Gate futures docs, price orders)."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import TimeInForce
from mtrade.paper.faults import GateFault
from mtrade.paper.fields import Source, choice, flag, number, whole, word, wrong
from mtrade.paper.futures.entities import Trigger
from mtrade.paper.futures.ticket import read_auto_size, read_text
from mtrade.paper.futures.trigger_views import SOURCES
from mtrade.paper.futures.triggers import AT_OR_ABOVE, AT_OR_BELOW, closed_side

LONGEST_S = 2_592_000
ORDER_TYPES = (
    "close-long-order",
    "close-short-order",
    "close-long-position",
    "close-short-position",
    "plan-close-long-position",
    "plan-close-short-position",
)

# Gate's clients document the text of a price order as one of these.
_SOURCES = ("web", "api", "app")


def read_trigger(
    body: Mapping[str, Any], *, uid: int, settle: str, number_: int, now_ms: int
) -> Trigger:
    """The price order of a request; GateFault names what is wrong."""
    initial, trigger = _part(body, "initial"), _part(body, "trigger")
    price = number(initial, "price", ZERO)
    default_tif = TimeInForce.IOC if price.is_zero() else TimeInForce.GTC
    order_type = choice(body, "order_type", ("", *ORDER_TYPES), "")
    auto_size = read_auto_size(initial)
    close = flag(initial, "close", flag(initial, "is_close"))
    reduces = flag(initial, "reduce_only", flag(initial, "is_reduce_only"))
    record = Trigger(
        id=number_,
        uid=uid,
        settle=settle,
        contract=word(initial, "contract"),
        size=number(initial, "amount", number(initial, "size", ZERO)),
        order_price=price,
        tif=TimeInForce(choice(initial, "tif", ("gtc", "ioc"), default_tif)),
        text=read_text(initial, _SOURCES),
        reduce_only=reduces or close or bool(auto_size) or bool(closed_side(order_type)),
        close=close,
        auto_size=auto_size,
        source=SOURCES[whole(trigger, "price_type", 0, 0, 2)],
        price=number(trigger, "price"),
        rule=_rule(trigger),
        expiration_s=whole(trigger, "expiration", 0, 0, LONGEST_S) or LONGEST_S,
        order_type=order_type,
        create_ms=now_ms,
    )
    _check(record)
    return record


def read_change(body: Mapping[str, Any], old: Trigger) -> Trigger:
    """A copy of `old` with the values of an amendment."""
    changed = copy(old)
    changed.size = number(body, "amount", number(body, "size", old.size))
    changed.order_price = number(body, "price", old.order_price)
    changed.price = number(body, "trigger_price", old.price)
    changed.source = SOURCES[whole(body, "price_type", SOURCES.index(old.source), 0, 2)]
    changed.close = flag(body, "close", old.close)
    changed.auto_size = read_auto_size(body) or old.auto_size
    _check(changed)
    return changed


def _check(trigger: Trigger) -> None:
    if trigger.price <= 0:
        raise wrong("trigger.price")
    if trigger.order_price < 0:
        raise wrong("initial.price")
    whole_position = trigger.close or trigger.auto_size or closed_side(trigger.order_type)
    if trigger.size.is_zero() and not whole_position:
        raise GateFault("INVALID_PARAM_VALUE", "size 0 closes a position, with close or auto_size")
    if trigger.size and (trigger.close or trigger.auto_size):
        raise GateFault("INVALID_PARAM_VALUE", "close and auto_size need size 0")


def _rule(trigger: Source) -> int:
    rule = whole(trigger, "rule", 0, 0, AT_OR_BELOW)
    if rule not in (AT_OR_ABOVE, AT_OR_BELOW):
        raise GateFault("AUTO_INVALID_PARAM_TRIGGER_RULE", "rule must be 1 (>=) or 2 (<=)")
    if whole(trigger, "strategy_type", 0, 0, 1) != 0:
        raise wrong("strategy_type")
    return rule


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = body.get(name)
    if part is None:
        raise GateFault("MISSING_REQUIRED_PARAM", f"Missing required parameter: {name}")
    if not isinstance(part, dict):
        raise wrong(name)
    return part
