"""Price orders over REST (Gate futures docs, price orders)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mtrade.paper.fields import as_object, choice, word
from mtrade.paper.futures.entities import Trigger
from mtrade.paper.futures.trigger_ticket import read_change, read_trigger
from mtrade.paper.futures.trigger_views import trigger_view
from mtrade.paper.http import Call, Reply, Route
from mtrade.paper.paging import by_offset
from mtrade.paper.public.rooms import settle_of
from mtrade.paper.world import World

_BASE = "/futures/{settle}/price_orders"


def create(world: World, call: Call) -> Reply:
    """`POST /futures/{settle}/price_orders`: only the id comes back."""
    trigger = read_trigger(
        as_object(call.body),
        uid=call.owner.uid,
        settle=settle_of(call),
        number_=world.next_id(),
        now_ms=call.now_ms,
    )
    world.futures.triggers.create(trigger)
    return Reply(_ids(trigger), 201)


def get(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/price_orders/{order_id}`."""
    trigger = world.futures.triggers.find(call.owner.uid, settle_of(call), call.args["order_id"])
    return Reply(trigger_view(trigger, call.decimal_sizes))


def list_triggers(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/price_orders?status=`: newest first."""
    status = choice(call.query, "status", ("open", "finished"))
    contract = call.query.get("contract", "")
    found = [
        trigger
        for trigger in world.futures.state.all_triggers(call.owner.uid, settle_of(call))
        if trigger.status == status and contract in ("", trigger.contract)
    ]
    page, headers = by_offset(found, call.query)
    return Reply([trigger_view(t, call.decimal_sizes) for t in page], headers=headers)


def cancel(world: World, call: Call) -> Reply:
    """`DELETE /futures/{settle}/price_orders/{order_id}`."""
    triggers, key = world.futures.triggers, call.args["order_id"]
    trigger = triggers.cancel(call.owner.uid, settle_of(call), key, call.now_ms)
    return Reply(trigger_view(trigger, call.decimal_sizes))


def cancel_all(world: World, call: Call) -> Reply:
    """`DELETE /futures/{settle}/price_orders?contract=`."""
    contract = call.query.get("contract", "")
    gone = world.futures.triggers.cancel_all(call.owner.uid, settle_of(call), contract, call.now_ms)
    return Reply([trigger_view(trigger, call.decimal_sizes) for trigger in gone])


def amend(world: World, call: Call) -> Reply:
    """`PUT /futures/{settle}/price_orders/amend/{order_id}`, or with the id in the body."""
    triggers, body = world.futures.triggers, as_object(call.body)
    key = call.args.get("order_id") or word(body, "order_id")
    owner = (call.owner.uid, settle_of(call))
    changed = read_change(body, triggers.find(*owner, key))
    return Reply(_ids(triggers.amend(*owner, key, changed)))


def _ids(trigger: Trigger) -> dict[str, Any]:
    return {"id": trigger.id, "id_string": str(trigger.id)}


def _route(method: str, path: str, handler: Callable[[World, Call], Reply]) -> Route:
    return Route(method=method, path=_BASE + path, handler=handler, permission="futures")


ROUTES = (
    _route("POST", "", create),
    _route("GET", "", list_triggers),
    _route("DELETE", "", cancel_all),
    _route("GET", "/{order_id}", get),
    _route("DELETE", "/{order_id}", cancel),
    _route("PUT", "/amend", amend),
    _route("PUT", "/amend/{order_id}", amend),
)
