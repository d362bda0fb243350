"""Finds orders and trades again: by id, by `text` while open, by time. Bounded per user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mtrade.paper.faults import GateFault
from mtrade.paper.spot.model import SpotOrder, SpotTrade
from mtrade.paper.world import HOUSE, World

KEPT = 10_000  # finished orders and trades per user
VANISH_MS = 600_000  # an order that ended without a fill is gone after ten minutes (Gate docs)


class Records:
    """Orders and trades of all users but the house, whose quotes come and go unrecorded."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.orders: dict[int, SpotOrder] = {}
        self.trades: dict[str, SpotTrade] = {}
        self._open: dict[int, dict[int, SpotOrder]] = {}
        self._texts: dict[tuple[int, str], dict[int, SpotOrder]] = {}
        self._orders_of: dict[int, dict[int, SpotOrder]] = {}
        self._trades_of: dict[int, dict[str, SpotTrade]] = {}
        self._vanishing: dict[int, SpotOrder] = {}

    def add(self, order: SpotOrder) -> None:
        """Take in a new (or restored) order."""
        self.orders[order.id] = order
        self._orders_of.setdefault(order.uid, {})[order.id] = order
        if order.open:
            self._open.setdefault(order.uid, {})[order.id] = order
            self._texts.setdefault((order.uid, order.text), {})[order.id] = order
        elif order.filled.is_zero():
            self._vanishing[order.id] = order

    def changed(self, order: SpotOrder) -> None:
        """Note a change; a finished order leaves the look-up by text."""
        if order.uid == HOUSE:
            return
        self._world.dirty("spot_order", str(order.id))
        if not order.open:
            self._close(order)

    def add_trade(self, trade: SpotTrade) -> None:
        """Take in a new (or restored) trade."""
        self.trades[trade.key] = trade
        mine = self._trades_of.setdefault(trade.uid, {})
        mine[trade.key] = trade
        if len(mine) > KEPT:
            oldest = next(iter(mine))
            del mine[oldest], self.trades[oldest]
            self._world.dirty("spot_trade", oldest)

    def find(self, uid: int, pair: str, reference: str) -> SpotOrder:
        """An order by id, or by `text` while it is open: the newest one wins (Gate staff)."""
        if reference.startswith("t-"):
            mine = self._texts.get((uid, reference), {})
            named = [order for order in mine.values() if order.pair == pair]
            if not named:
                raise GateFault("CLIENT_ID_NOT_FOUND", "Client order id not found", 404)
            return named[-1]
        order = self.orders.get(int(reference)) if _is_id(reference) else None
        if order is None or order.uid != uid or order.pair != pair:
            raise GateFault("ORDER_NOT_FOUND", "Order not found", 404)
        return order

    def open_of(self, uid: int, pair: str = "") -> list[SpotOrder]:
        """A user's open orders, newest first."""
        mine = self._open.get(uid, {}).values()
        return [order for order in reversed(mine) if not pair or order.pair == pair]

    def finished_of(self, uid: int) -> Iterator[SpotOrder]:
        """A user's finished orders, newest first."""
        mine = self._orders_of.get(uid, {}).values()
        return (order for order in reversed(mine) if not order.open)

    def trades_of(self, uid: int) -> Iterable[SpotTrade]:
        """A user's trades, newest first."""
        return reversed(self._trades_of.get(uid, {}).values())

    def vanish(self, now_ms: int) -> None:
        """Forget orders that ended without a fill long enough ago."""
        for order in list(self._vanishing.values()):
            if now_ms - order.updated_ms < VANISH_MS:
                break
            del self._vanishing[order.id]
            self._forget(order)

    def _close(self, order: SpotOrder) -> None:
        self._open.get(order.uid, {}).pop(order.id, None)
        named = self._texts.get((order.uid, order.text), {})
        named.pop(order.id, None)
        if not named:
            self._texts.pop((order.uid, order.text), None)
        if order.filled.is_zero():
            self._vanishing[order.id] = order
        self._trim(order.uid)

    def _trim(self, uid: int) -> None:
        mine, pending = self._orders_of[uid], self._open.get(uid, {})
        if len(mine) - len(pending) > KEPT:
            self._forget(next(order for order in mine.values() if not order.open))

    def _forget(self, order: SpotOrder) -> None:
        self.orders.pop(order.id, None)
        self._orders_of[order.uid].pop(order.id, None)
        self._world.dirty("spot_order", str(order.id))


def _is_id(reference: str) -> bool:
    return reference.isascii() and reference.isdigit() and len(reference) <= 19
