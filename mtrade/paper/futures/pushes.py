"""What the private futures channels would push. The bodies are REST-like, sizes as text."""

from __future__ import annotations

from typing import Any

from mtrade.domain.instruments import Market
from mtrade.paper.futures.entities import Order, Position, Trigger
from mtrade.paper.futures.history import Close, LedgerRow, Liquidated, Trade
from mtrade.paper.futures.history_views import close_view, liquidation_view, trade_view
from mtrade.paper.futures.trigger_views import trigger_view
from mtrade.paper.futures.views import Views, amount
from mtrade.paper.world import HOUSE, Event, World

ACCEPTED = "_new"
UPDATED = "_update"


class Pushes:
    """Queues events. For one fill Gate sends position, then trade, then order, then balance."""

    def __init__(self, world: World, views: Views) -> None:
        self._world = world
        self._views = views

    def order(self, order: Order, note: str = UPDATED) -> None:
        """An order was accepted, filled in part, amended, or has ended."""
        if not self._heard("orders", order.settle, order.uid):
            return
        body = self._views.order(order, True)
        body |= {"user": str(order.uid), "update_time": order.update_ms}
        body |= _times("create", order.create_ms) | _times("finish", order.finish_ms)
        body["finish_as"] = str(order.finish_as) or note
        self._emit("orders", order.settle, order.uid, order.contract, body)

    def trade(self, trade: Trade) -> None:
        """A fill."""
        if not self._heard("usertrades", trade.settle, trade.uid):
            return
        body = trade_view(trade, True) | {"id": str(trade.id)} | _times("create", trade.time_ms)
        self._emit("usertrades", trade.settle, trade.uid, trade.contract, body)

    def position(self, position: Position) -> None:
        """A position changed."""
        if not self._heard("positions", position.settle, position.uid):
            return
        body = self._views.position(position, True) | {"user": str(position.uid)}
        body |= {"time": position.update_ms // 1000, "time_ms": position.update_ms}
        self._emit("positions", position.settle, position.uid, position.contract, body)

    def balance(self, row: LedgerRow | None) -> None:
        """A wallet changed."""
        if row is None or not self._heard("balances", row.settle, row.uid):
            return
        body = {
            "balance": amount(row.balance),
            "change": amount(row.change),
            "text": row.text,
            "type": str(row.flow),
            "user": str(row.uid),
            "currency": row.settle,
            "time": row.time_ms // 1000,
            "time_ms": row.time_ms,
        }
        self._emit("balances", row.settle, row.uid, row.contract, body)

    def close(self, row: Close) -> None:
        """A position went flat."""
        body = close_view(row) | {"user": str(row.uid), "time_ms": row.time_ms}
        self._emit("position_closes", row.settle, row.uid, row.contract, body)

    def liquidation(self, row: Liquidated) -> None:
        """A position was taken over."""
        body = liquidation_view(row, True) | {"user": str(row.uid), "time_ms": row.time_ms}
        self._emit("liquidates", row.settle, row.uid, row.contract, body)

    def trigger(self, trigger: Trigger) -> None:
        """A price order was made, fired, or has ended."""
        body = trigger_view(trigger, True) | {"name": "price_autoorders"}
        self._emit("autoorders", trigger.settle, trigger.uid, trigger.contract, body)

    def _heard(self, channel: str, settle: str, uid: int) -> bool:
        """Whether an event is worth writing down."""
        return uid != HOUSE and self._world.audience(Market.FUTURES, channel, settle, uid)

    def _emit(self, channel: str, settle: str, uid: int, contract: str, body: Any) -> None:
        if uid == HOUSE:
            return
        self._world.emit(
            Event(
                market=Market.FUTURES,
                settle=settle,
                channel=channel,
                uid=uid,
                instrument=contract,
                body=body,
            )
        )


def _times(name: str, time_ms: int) -> dict[str, int]:
    return {f"{name}_time": time_ms // 1000, f"{name}_time_ms": time_ms}
