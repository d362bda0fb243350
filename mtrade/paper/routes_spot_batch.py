"""Several spot orders in one call. HTTP says 200; each item says how it went (Gate spot docs)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from mtrade.domain.instruments import spot as pair_id
from mtrade.paper.faults import GateFault
from mtrade.paper.fields import as_list, as_object, word, wrong
from mtrade.paper.http import Call, Reply, Route
from mtrade.paper.spot import amendments, rules, view
from mtrade.paper.spot.model import SpotOrder
from mtrade.paper.world import World

_PER_PAIR, _PAIRS = 10, 4
_CANCELS = 20
_AMENDS = 5

Item = dict[str, Any]


def place(world: World, call: Call) -> Reply:
    """POST /spot/batch_orders: at most ten a pair and four pairs; every order needs a text."""
    items = [as_object(item) for item in as_list(call.body, _PER_PAIR * _PAIRS)]
    pairs = Counter(str(item.get("currency_pair", "")) for item in items)
    if len(pairs) > _PAIRS:
        raise GateFault("TOO_MANY_CURRENCY_PAIRS", f"at most {_PAIRS} currency pairs")
    if max(pairs.values()) > _PER_PAIR:
        raise GateFault("TOO_MANY_ORDERS", f"at most {_PER_PAIR} orders per currency pair")
    if any(not str(item.get("text", "")) for item in items):
        raise GateFault("MISSING_REQUIRED_PARAM", "Missing required parameter: text")

    def one(item: Item) -> SpotOrder:
        request = rules.read_order(world, item, default_text="")
        return world.spot.place(call.owner.uid, request, call.now_ms)

    return Reply([_outcome(world, item, one) for item in items])


def amend(world: World, call: Call) -> Reply:
    """POST /spot/amend_batch_orders"""

    def one(item: Item) -> SpotOrder:
        order = _find(world, call, item, "order_id")
        amendments.apply(world.spot, order, item, call.now_ms)
        return order

    items = [as_object(item) for item in as_list(call.body, _AMENDS)]
    return Reply([_outcome(world, item, one) for item in items])


def cancel(world: World, call: Call) -> Reply:
    """POST /spot/cancel_batch_orders"""
    items = [as_object(item) for item in as_list(call.body, _CANCELS)]
    return Reply([_cancelled(world, call, item) for item in items])


def _cancelled(world: World, call: Call, item: Item) -> Item:
    answer: Item = {
        "currency_pair": str(item.get("currency_pair", "")),
        "id": str(item.get("id", "")),
        "text": "",
        "account": "spot",
        "succeeded": True,
        "label": "",
        "message": "",
    }
    try:
        order = _find(world, call, item, "id")
        world.spot.cancel(order, call.now_ms)
    except GateFault as fault:
        return {**answer, "succeeded": False, "label": fault.label, "message": fault.message}
    return {**answer, "id": str(order.id), "text": order.text}


def _find(world: World, call: Call, item: Item, name: str) -> SpotOrder:
    rules.check_account(item)
    pair = rules.room_of(world, word(item, "currency_pair")).instrument.id.name
    reference = word(item, name)
    if not reference:
        raise wrong(name)
    return world.spot.records.find(call.owner.uid, pair, reference)


def _outcome(world: World, item: Item, act: Callable[[Item], SpotOrder]) -> Item:
    try:
        order = act(item)
    except GateFault as fault:
        return {
            "text": str(item.get("text", "")),
            "order_id": str(item.get("order_id", "")),
            "succeeded": False,
            "label": fault.label,
            "message": fault.message,
        }
    body = view.order_view(order, world.rooms[pair_id(order.pair)].instrument)
    return {**body, "order_id": body["id"], "succeeded": True, "label": "", "message": ""}


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/spot/batch_orders",
        handler=place,
        permission="spot",
        bucket="spot_order",
    ),
    Route(
        method="POST",
        path="/spot/amend_batch_orders",
        handler=amend,
        permission="spot",
        bucket="spot_order",
    ),
    Route(
        method="POST",
        path="/spot/cancel_batch_orders",
        handler=cancel,
        permission="spot",
        bucket="spot_cancel",
    ),
)
