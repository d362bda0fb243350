"""Orders over REST (Gate futures docs, orders)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mtrade.domain.instruments import Side
from mtrade.paper.faults import GateFault
from mtrade.paper.fields import as_list, as_object, choice, flag, whole, word
from mtrade.paper.futures.entities import Order
from mtrade.paper.futures.ticket import read_amendment, read_best, read_ticket
from mtrade.paper.http import Call, Reply, Route
from mtrade.paper.paging import by_offset, window
from mtrade.paper.public.rooms import settle_of
from mtrade.paper.world import World

_BASE = "/futures/{settle}"
_BATCH, _CANCELS = 10, 20
_SHORTEST_S, _LONGEST_S = 5, 86_400 * 30
_SIDES = {"bid": Side.BUY, "ask": Side.SELL}

Item = dict[str, Any]


def create(world: World, call: Call) -> Reply:
    """`POST /futures/{settle}/orders`."""
    return Reply(_view(world, call, _place(world, call, as_object(call.body))), 201)


def create_best(world: World, call: Call) -> Reply:
    """`POST /futures/{settle}/bbo_orders`: a limit order at a level of the book."""
    settle, body = settle_of(call), as_object(call.body)
    room = world.futures.state.room(settle, word(body, "contract"))
    order = world.futures.place(call.owner.uid, settle, read_best(body, room.book), call.now_ms)
    return Reply(_view(world, call, order), 201)


def create_batch(world: World, call: Call) -> Reply:
    """`POST /futures/{settle}/batch_orders`."""
    items = as_list(call.body, _BATCH)
    return Reply([_outcome(world, call, item, _place) for item in items])


def amend(world: World, call: Call) -> Reply:
    """`PUT /futures/{settle}/orders/{order_id}`."""
    return Reply(_view(world, call, _amend(world, call, as_object(call.body))))


def amend_batch(world: World, call: Call) -> Reply:
    """`POST /futures/{settle}/batch_amend_orders`."""
    items = as_list(call.body, _BATCH)
    return Reply([_outcome(world, call, item, _amend) for item in items])


def cancel(world: World, call: Call) -> Reply:
    """`DELETE /futures/{settle}/orders/{order_id}`."""
    desk, key = world.futures.desk, call.args["order_id"]
    order = desk.cancel(call.owner.uid, settle_of(call), key, call.now_ms)
    return Reply(_view(world, call, order))


def cancel_batch(world: World, call: Call) -> Reply:
    """`POST /futures/{settle}/batch_cancel_orders`: an array of ids."""
    return Reply([_cancelled(world, call, key) for key in as_list(call.body, _CANCELS)])


def cancel_all(world: World, call: Call) -> Reply:
    """`DELETE /futures/{settle}/orders`."""
    settle, contract = settle_of(call), _contract(world, call)
    side = choice(call.query, "side", ("", *_SIDES), "")
    orders = world.futures.desk.cancel_all(
        call.owner.uid,
        settle,
        contract,
        call.now_ms,
        side=_SIDES.get(side),
        spare_reduce_only=flag(call.query, "exclude_reduce_only"),
    )
    return Reply([_view(world, call, order) for order in orders])


def get(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/orders/{order_id}`."""
    desk, key = world.futures.desk, call.args["order_id"]
    return Reply(_view(world, call, desk.find(call.owner.uid, settle_of(call), key, call.now_ms)))


def list_orders(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/orders`: newest first; `last_id` continues to older ones."""
    state, settle, contract = world.futures.state, settle_of(call), _contract(world, call)
    is_open = choice(call.query, "status", ("open", "finished")) == "open"
    before = whole(call.query, "last_id", 0, 0, 10**18) or 10**18
    owner = (call.owner.uid, settle)
    rows = state.open_orders(*owner)[::-1] if is_open else state.all_orders(*owner)
    found = [
        order
        for order in rows
        if order.open is is_open and contract in ("", order.contract) and order.id < before
    ]
    return _page(world, call, found)


def list_by_time(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/orders_timerange`: ended orders by the time they ended."""
    state, settle, contract = world.futures.state, settle_of(call), _contract(world, call)
    start, end = window(call.query)
    found = [
        order
        for order in state.all_orders(call.owner.uid, settle)
        if not order.open and contract in ("", order.contract) and start <= order.finish_ms <= end
    ]
    return _page(world, call, found)


def countdown(world: World, call: Call) -> Reply:
    """`POST /futures/{settle}/countdown_cancel_all`: 0 stops the switch."""
    settle, body = settle_of(call), as_object(call.body)
    if body.get("timeout") in (None, ""):
        raise GateFault("MISSING_REQUIRED_PARAM", "Missing required parameter: timeout")
    timeout = whole(body, "timeout", 0, 0, _LONGEST_S)
    if 0 < timeout < _SHORTEST_S:
        raise GateFault("INVALID_PARAM_VALUE", f"timeout is 0 or at least {_SHORTEST_S}")
    contract = word(body, "contract", "")
    due = world.futures.desk.countdown(call.owner.uid, settle, contract, timeout, call.now_ms)
    return Reply({"triggerTime": due})


def _place(world: World, call: Call, body: Item) -> Order:
    ticket = read_ticket(body)
    return world.futures.place(call.owner.uid, settle_of(call), ticket, call.now_ms)


def _amend(world: World, call: Call, body: Item) -> Order:
    key = call.args.get("order_id") or word(body, "order_id", "") or word(body, "text")
    wish = read_amendment(body)
    return world.futures.amend(call.owner.uid, settle_of(call), key, wish, call.now_ms)


def _outcome(
    world: World, call: Call, item: object, act: Callable[[World, Call, Item], Order]
) -> Item:
    """One item of a batch: the order, or why there is none."""
    try:
        order = act(world, call, as_object(item))
    except GateFault as fault:
        asked = item if isinstance(item, dict) else {}
        echo = {name: asked[name] for name in ("contract", "text") if asked.get(name)}
        return {"succeeded": False, "label": fault.label, "detail": fault.message, **echo}
    return {"succeeded": True, **_view(world, call, order)}


def _cancelled(world: World, call: Call, key: object) -> Item:
    answer: Item = {"id": str(key), "user_id": call.owner.uid, "succeeded": True}
    try:
        named = word({"id": key}, "id")
        world.futures.desk.cancel(call.owner.uid, settle_of(call), named, call.now_ms)
    except GateFault as fault:
        return answer | {"succeeded": False, "message": fault.label}
    return answer


def _page(world: World, call: Call, orders: list[Order]) -> Reply:
    page, headers = by_offset(orders, call.query)
    return Reply([_view(world, call, order) for order in page], headers=headers)


def _view(world: World, call: Call, order: Order) -> Item:
    return world.futures.views.order(order, call.decimal_sizes)


def _contract(world: World, call: Call) -> str:
    """The optional `contract` of a query; one that does not exist is refused."""
    name = call.query.get("contract", "")
    return world.futures.state.room(settle_of(call), name).id.name if name else ""


def _route(
    method: str, path: str, handler: Callable[[World, Call], Reply], bucket: str = "private"
) -> Route:
    return Route(
        method=method, path=_BASE + path, handler=handler, permission="futures", bucket=bucket
    )


ROUTES = (
    _route("POST", "/orders", create, "futures_order"),
    _route("POST", "/bbo_orders", create_best, "futures_order"),
    _route("POST", "/batch_orders", create_batch, "futures_order"),
    _route("PUT", "/orders/{order_id}", amend, "futures_order"),
    _route("POST", "/batch_amend_orders", amend_batch, "futures_order"),
    _route("DELETE", "/orders/{order_id}", cancel, "futures_cancel"),
    _route("POST", "/batch_cancel_orders", cancel_batch, "futures_cancel"),
    _route("DELETE", "/orders", cancel_all, "futures_cancel"),
    _route("GET", "/orders", list_orders),
    _route("GET", "/orders/{order_id}", get),
    _route("GET", "/orders_timerange", list_by_time),
    _route("POST", "/countdown_cancel_all", countdown),
)
