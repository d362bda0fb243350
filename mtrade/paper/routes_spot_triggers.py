"""Spot price orders and the countdown over REST (Gate spot docs)."""

from __future__ import annotations

from typing import Any

from mtrade.domain.instruments import Side
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import OrderType, TimeInForce
from mtrade.paper.fields import as_object, choice, number, whole, word, wrong
from mtrade.paper.http import Call, Reply, Route
from mtrade.paper.paging import by_offset
from mtrade.paper.spot import rules, view
from mtrade.paper.spot.model import SpotTrigger
from mtrade.paper.spot.rules import SpotRequest
from mtrade.paper.world import World

_LONGEST_S = 30 * 86_400
_TIMEOUT_MIN_S, _TIMEOUT_MAX_S = 5, 86_400


def create(world: World, call: Call) -> Reply:
    """POST /spot/price_orders"""
    body = as_object(call.body)
    room = rules.room_of(world, word(body, "market"))
    trigger, put = as_object(body.get("trigger")), as_object(body.get("put"))
    price = number(trigger, "price")
    rules.check_price(price, room.instrument)
    request = _put(put, room.instrument.id.name)
    rules.check_request(request, room)
    placed = SpotTrigger(
        id=world.next_id(),
        uid=call.owner.uid,
        pair=request.pair,
        price=price,
        above=choice(trigger, "rule", (">=", "<=")) == ">=",
        expiration_s=whole(trigger, "expiration", _LONGEST_S, 0, _LONGEST_S) or _LONGEST_S,
        put_type=request.type,
        put_side=request.side,
        put_price=request.price,
        put_amount=request.amount,
        put_tif=request.tif,
        put_text=request.text,
        created_ms=call.now_ms,
    )
    world.spot.triggers.place(placed)
    return Reply({"id": placed.id, "id_string": str(placed.id)}, 201)


def list_triggers(world: World, call: Call) -> Reply:
    """GET /spot/price_orders?status=open|finished"""
    waiting = choice(call.query, "status", ("open", "finished")) == "open"
    found = world.spot.triggers.of(call.owner.uid, _market(world, call), waiting=waiting)
    page, headers = by_offset(found, call.query)
    return Reply([view.trigger_view(trigger) for trigger in page], headers=headers)


def get(world: World, call: Call) -> Reply:
    """GET /spot/price_orders/{order_id}"""
    return Reply(view.trigger_view(world.spot.triggers.find(call.owner.uid, _id(call))))


def cancel(world: World, call: Call) -> Reply:
    """DELETE /spot/price_orders/{order_id}"""
    trigger = world.spot.triggers.find(call.owner.uid, _id(call))
    world.spot.triggers.cancel(trigger, call.now_ms)
    return Reply(view.trigger_view(trigger))


def cancel_all(world: World, call: Call) -> Reply:
    """DELETE /spot/price_orders"""
    triggers = world.spot.triggers
    found = triggers.of(call.owner.uid, _market(world, call), waiting=True)
    for trigger in found:
        triggers.cancel(trigger, call.now_ms)
    return Reply([view.trigger_view(trigger) for trigger in found])


def countdown(world: World, call: Call) -> Reply:
    """POST /spot/countdown_cancel_all: 0 disarms; the answer's field is camel case at Gate."""
    body = as_object(call.body)
    timeout = whole(body, "timeout", -1, 0, _TIMEOUT_MAX_S)
    if timeout < 0 or 0 < timeout < _TIMEOUT_MIN_S:
        raise wrong("timeout")
    pair = word(body, "currency_pair", "")
    if pair:
        rules.room_of(world, pair)
    at_ms = world.spot.countdowns.set(call.owner.uid, pair, timeout, call.now_ms)
    return Reply({"triggerTime": at_ms})


def _put(put: dict[str, Any], pair: str) -> SpotRequest:
    """The order to place later. Only gtc and ioc may wait; a market order is always ioc."""
    rules.check_account(put)
    kind = OrderType(choice(put, "type", tuple(OrderType), "limit"))
    tif = choice(put, "time_in_force", ("gtc", "ioc"), "gtc")
    return SpotRequest(
        pair=pair,
        side=Side(choice(put, "side", tuple(Side))),
        type=kind,
        tif=TimeInForce(tif) if kind is OrderType.LIMIT else TimeInForce.IOC,
        amount=number(put, "amount"),
        price=number(put, "price") if kind is OrderType.LIMIT else ZERO,
        text=rules.read_text(put, rules.DEFAULT_TEXT),
    )


def _market(world: World, call: Call) -> str:
    market = word(call.query, "market", "")
    return rules.room_of(world, market).instrument.id.name if market else ""


def _id(call: Call) -> str:
    return call.args["order_id"]


ROUTES: tuple[Route, ...] = (
    Route(method="POST", path="/spot/price_orders", handler=create, permission="spot"),
    Route(method="GET", path="/spot/price_orders", handler=list_triggers, permission="spot"),
    Route(method="DELETE", path="/spot/price_orders", handler=cancel_all, permission="spot"),
    Route(method="GET", path="/spot/price_orders/{order_id}", handler=get, permission="spot"),
    Route(method="DELETE", path="/spot/price_orders/{order_id}", handler=cancel, permission="spot"),
    Route(method="POST", path="/spot/countdown_cancel_all", handler=countdown, permission="spot"),
)
