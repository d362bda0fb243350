"""Spot orders over REST: place, look up, list, amend, cancel.

`ROUTES` holds all private spot routes. Shapes, limits and labels: Gate spot docs.
"""

from __future__ import annotations

from typing import Any

from mtrade.domain.instruments import Side
from mtrade.domain.instruments import spot as pair_id
from mtrade.paper import routes_spot_account, routes_spot_batch, routes_spot_triggers
from mtrade.paper.fields import as_object, choice, whole, word
from mtrade.paper.http import Call, Reply, Route
from mtrade.paper.paging import by_page, window
from mtrade.paper.spot import amendments, rules, view
from mtrade.paper.spot.model import SpotOrder
from mtrade.paper.world import World

_OPEN_MOST = 100
_MODES = ("ACK", "RESULT", "FULL")


def create(world: World, call: Call) -> Reply:
    """POST /spot/orders"""
    request = rules.read_order(world, call.body)
    order = world.spot.place(call.owner.uid, request, call.now_ms)
    return Reply(_view(world, order, request.mode), 201)


def get(world: World, call: Call) -> Reply:
    """GET /spot/orders/{order_id}"""
    return Reply(_view(world, _find(world, call)))


def cancel(world: World, call: Call) -> Reply:
    """DELETE /spot/orders/{order_id}"""
    mode = choice(call.query, "action_mode", _MODES, "FULL")
    order = _find(world, call)
    world.spot.cancel(order, call.now_ms)
    return Reply(_view(world, order, mode))


def amend(world: World, call: Call) -> Reply:
    """PATCH /spot/orders/{order_id}: the pair may be in the query or in the body."""
    change = {**call.query, **as_object(call.body)}
    rules.check_account(change)
    reference = call.args["order_id"]
    order = world.spot.records.find(call.owner.uid, _pair(world, change), reference)
    amendments.apply(world.spot, order, change, call.now_ms)
    return Reply(_view(world, order, choice(change, "action_mode", _MODES, "FULL")))


def list_orders(world: World, call: Call) -> Reply:
    """GET /spot/orders?status=open|finished"""
    query = call.query
    status = choice(query, "status", ("open", "finished"))
    if status == "open":
        return Reply(_open_page(world, call))
    pair = _pair(world, query) if query.get("currency_pair") else ""
    start, end = window(query)
    finished = (
        order
        for order in world.spot.records.finished_of(call.owner.uid)
        if pair in ("", order.pair)
        and _side(call) in (None, order.side)
        and start <= order.updated_ms <= end
    )
    page = by_page(finished, query) if _own_account(call) else []
    return Reply([_view(world, order) for order in page])


def open_orders(world: World, call: Call) -> Reply:
    """GET /spot/open_orders: grouped by pair, `total` counts all of the pair's orders."""
    groups: dict[str, list[SpotOrder]] = {}
    for order in world.spot.records.open_of(call.owner.uid) if _own_account(call) else ():
        groups.setdefault(order.pair, []).append(order)
    limit = whole(call.query, "limit", _OPEN_MOST, 1, _OPEN_MOST)
    start = (whole(call.query, "page", 1, 1, 10_000_000) - 1) * limit
    return Reply(
        [
            {
                "currency_pair": pair,
                "total": len(orders),
                "orders": [_view(world, order) for order in orders[start : start + limit]],
            }
            for pair, orders in groups.items()
        ]
    )


def cancel_all(world: World, call: Call) -> Reply:
    """DELETE /spot/orders: all of one pair (and side), or all there are."""
    pair = _pair(world, call.query) if call.query.get("currency_pair") else ""
    if not _own_account(call):
        return Reply([])
    gone = world.spot.cancel_all(call.owner.uid, pair, call.now_ms, _side(call))
    extra = {"succeeded": True, "label": "", "message": ""}
    return Reply([{**_view(world, order), **extra} for order in gone])


def _open_page(world: World, call: Call) -> list[dict[str, Any]]:
    pair = _pair(world, call.query)
    if not _own_account(call):
        return []
    side = _side(call)
    mine = (o for o in world.spot.records.open_of(call.owner.uid, pair) if side in (None, o.side))
    return [_view(world, order) for order in by_page(mine, call.query, most=_OPEN_MOST)]


def _find(world: World, call: Call) -> SpotOrder:
    rules.check_account(call.query)
    pair = _pair(world, call.query)
    return world.spot.records.find(call.owner.uid, pair, call.args["order_id"])


def _pair(world: World, source: Any) -> str:
    return rules.room_of(world, word(source, "currency_pair")).instrument.id.name


def _side(call: Call) -> Side | None:
    side = choice(call.query, "side", ("", *Side), "")
    return Side(side) if side else None


def _own_account(call: Call) -> bool:
    """Margin and unified accounts exist at Gate but are always empty here."""
    return word(call.query, "account", "spot") in ("spot", "normal")


def _view(world: World, order: SpotOrder, mode: str = "FULL") -> dict[str, Any]:
    return view.order_view(order, world.rooms[pair_id(order.pair)].instrument, mode)


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/spot/orders",
        handler=create,
        permission="spot",
        bucket="spot_order",
    ),
    Route(method="GET", path="/spot/orders", handler=list_orders, permission="spot"),
    Route(
        method="DELETE",
        path="/spot/orders",
        handler=cancel_all,
        permission="spot",
        bucket="spot_cancel",
    ),
    Route(method="GET", path="/spot/orders/{order_id}", handler=get, permission="spot"),
    Route(
        method="DELETE",
        path="/spot/orders/{order_id}",
        handler=cancel,
        permission="spot",
        bucket="spot_cancel",
    ),
    Route(
        method="PATCH",
        path="/spot/orders/{order_id}",
        handler=amend,
        permission="spot",
        bucket="spot_order",
    ),
    Route(method="GET", path="/spot/open_orders", handler=open_orders, permission="spot"),
    *routes_spot_batch.ROUTES,
    *routes_spot_triggers.ROUTES,
    *routes_spot_account.ROUTES,
)
