"""The life of orders in the book, and what must happen to them when a position has changed."""

from __future__ import annotations

from decimal import Decimal

from mtrade.domain.numbers import ZERO
from mtrade.domain.positions import Leg
from mtrade.paper.futures.entities import FinishAs, Order, Position, Trigger
from mtrade.paper.futures.pushes import ACCEPTED, UPDATED, Pushes
from mtrade.paper.futures.state import State
from mtrade.paper.matching import Resting

# Price orders of these types belong to the position of their side and end with it (Gate docs).
_TIED = ("close-{}-position", "plan-close-{}-position")


class Keeper:
    """Rests, ends and trims orders; ends price orders tied to a position that is gone."""

    def __init__(self, state: State, pushes: Pushes) -> None:
        self._state = state
        self._pushes = pushes

    def rest(self, order: Order, *, fresh: bool = True) -> None:
        """Queue what is left of an order that does not cross."""
        resting = Resting(order.id, order.uid, order.price, order.left)
        self._state.room_of(order.instrument).book.rest(resting, order.side)
        if fresh and order.filled.is_zero():
            self._pushes.order(order, ACCEPTED)

    def finish(self, order: Order, reason: FinishAs, now_ms: int) -> None:
        """End an order, taking what is left of it out of the book."""
        self._state.room_of(order.instrument).book.cancel(order.id)
        self.end(order, reason, now_ms)
        self._pushes.order(order)

    def end(self, order: Order, reason: FinishAs, now_ms: int) -> None:
        """Mark an order that no longer rests as ended, without telling anybody."""
        order.finish_as = reason
        order.finish_ms = now_ms
        self.touch(order, now_ms)
        self._state.closed(order)

    def touch(self, order: Order, now_ms: int) -> None:
        """Note a change of an order."""
        order.update_ms = now_ms
        order.update_id += 1
        self._state.orders.put(order)

    def tell(self, order: Order) -> None:
        """Push an order as it stands."""
        self._pushes.order(order, UPDATED)

    def reducing(self, position: Position) -> list[Order]:
        """The resting reduce-only orders of a position or leg, oldest first."""
        orders = self._state.open_orders(position.uid, position.settle, position.contract)
        return [o for o in orders if o.reduce_only and o.leg is position.leg]

    def fit(
        self, position: Position, now_ms: int, reserved: Decimal = ZERO, sparing: int = 0
    ) -> None:
        """Keep resting reduce-only orders within the position.

        Ends those that would open, then the oldest ones (gate-notes, orders rules). `reserved`
        contracts are kept for a new order, or for the amended order `sparing`.
        """
        orders = [order for order in self.reducing(position) if order.id != sparing]
        room_left = abs(position.size) - reserved
        excess = sum((order.left for order in orders), ZERO) - room_left
        for order in orders:
            if position.size.is_zero():
                self.finish(order, FinishAs.POSITION_CLOSED, now_ms)
            elif order.size * position.size > 0:
                self.finish(order, FinishAs.REDUCE_ONLY, now_ms)
            elif excess > 0:
                excess -= order.left
                self.finish(order, FinishAs.REDUCE_OUT, now_ms)

    def untie(self, position: Position, ended_long: bool, now_ms: int) -> None:
        """End the price orders tied to a position that has just gone flat."""
        side = "long" if ended_long else "short"
        types = tuple(name.format(side) for name in _TIED)
        for trigger in self._state.waiting(position.instrument):
            if trigger.uid == position.uid and trigger.order_type in types:
                self.end_trigger(trigger, "cancelled", now_ms, "position_closed")

    def end_trigger(self, trigger: Trigger, how: str, now_ms: int, reason: str = "") -> None:
        """End a price order: `how` is Gate's finish_as."""
        trigger.status = "finished"
        trigger.finish_as = how
        trigger.finish_ms = now_ms
        trigger.reason = reason
        self._state.trigger_ended(trigger)
        self._pushes.trigger(trigger)


def leg_of(dual: bool, size: Decimal, *, reduce_only: bool) -> Leg:
    """Which leg an order acts on: in hedge mode a reducing buy acts on the short one."""
    if not dual:
        return Leg.NET
    return Leg.LONG if (size > 0) != reduce_only else Leg.SHORT
