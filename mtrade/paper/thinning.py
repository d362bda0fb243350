"""Takes the market maker's liquidity away in front of an order, so that it fills in part. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mtrade.domain.errors import InvalidRequest
from mtrade.domain.instruments import InstrumentId, Market, Side
from mtrade.domain.numbers import parse
from mtrade.paper.room import Room
from mtrade.paper.world import HOUSE, World


def thin(world: World, order: object, size: Decimal) -> None:
    """Leave only `size` for `order` (the JSON of a spot or futures order) to take.

    Orders of users stay and count; the house quotes again on its next move.
    """
    if not isinstance(order, Mapping):
        return
    room = _room(world, order)
    if room is None:
        return
    left = size
    for resting in room.book.orders(_side(order).opposite):
        kept = min(resting.left, left) if resting.uid == HOUSE else resting.left
        left = max(left - kept, Decimal(0))
        room.book.reduce(resting.order_id, kept)


def _room(world: World, order: Mapping[str, Any]) -> Room | None:
    name = str(order.get("contract") or order.get("currency_pair") or "")
    keys = (
        InstrumentId(Market.FUTURES, settle, name) if "contract" in order else None
        for settle in ("usdt", "btc")
    )
    found = [world.rooms[key] for key in keys if key in world.rooms]
    return found[0] if found else world.rooms.get(InstrumentId(Market.SPOT, "", name))


def _side(order: Mapping[str, Any]) -> Side:
    if "side" in order:
        return Side.SELL if order["side"] == "sell" else Side.BUY
    try:
        return Side.SELL if parse(order.get("size")) < 0 else Side.BUY
    except InvalidRequest:
        return Side.BUY
