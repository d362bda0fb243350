"""Finds, cancels and amends open orders, one, many or all; and the dead man's switch."""

from __future__ import annotations

from mtrade.domain.instruments import Side
from mtrade.domain.numbers import ZERO
from mtrade.paper.faults import GateFault
from mtrade.paper.fields import wrong
from mtrade.paper.futures.checks import Candidate, check_grid
from mtrade.paper.futures.entities import Countdown, FinishAs, Order
from mtrade.paper.futures.keeper import Keeper
from mtrade.paper.futures.placing import Placing
from mtrade.paper.futures.state import State
from mtrade.paper.futures.ticket import Amendment

# How long an order that ended without a fill can be found (gate-notes, choices).
TEXT_MS = 60_000
ID_MS = 600_000


class Desk:
    """What an account may do with its own orders."""

    def __init__(self, state: State, placing: Placing, keeper: Keeper) -> None:
        self._state = state
        self._placing = placing
        self._keeper = keeper

    def find(self, uid: int, settle: str, key: str, now_ms: int) -> Order:
        """An order by id or by `t-` text (the latest one that still counts)."""
        if key.isdecimal():
            named = self._state.orders.rows.get(key)
            mine = [named] if named and (named.uid, named.settle) == (uid, settle) else []
            kept_ms = ID_MS
        else:
            mine, kept_ms = self._state.texts(uid, settle, key), TEXT_MS
        for order in mine:
            if order.open or order.filled > 0 or now_ms - order.finish_ms < kept_ms:
                return order
        raise GateFault("ORDER_NOT_FOUND", f"order {key} not found", 404)

    def cancel(self, uid: int, settle: str, key: str, now_ms: int) -> Order:
        """Cancel an open order."""
        order = self._open(uid, settle, key, now_ms)
        self._keeper.finish(order, FinishAs.CANCELLED, now_ms)
        return order

    def cancel_all(
        self,
        uid: int,
        settle: str,
        contract: str,
        now_ms: int,
        *,
        side: Side | None = None,
        spare_reduce_only: bool = False,
    ) -> list[Order]:
        """Cancel the open orders of a contract (empty: of all), of one side if given."""
        chosen = [
            order
            for order in self._state.open_orders(uid, settle, contract)
            if side in (None, order.side) and not (spare_reduce_only and order.reduce_only)
        ]
        for order in chosen:
            self._keeper.finish(order, FinishAs.CANCELLED, now_ms)
        return chosen

    def amend(self, uid: int, settle: str, key: str, wish: Amendment, now_ms: int) -> Order:
        """Change size or price; a size not above what has filled cancels (gate-notes, orders)."""
        order = self._open(uid, settle, key, now_ms)
        wish = self._complete(order, wish)
        size, price = wish.size or ZERO, wish.price or ZERO
        if (size, price) == (order.size, order.price):
            raise GateFault("NO_CHANGE", "neither size nor price would change")
        if abs(size) <= order.filled:
            self._keeper.finish(order, FinishAs.CANCELLED, now_ms)
            return order
        room = self._state.room_of(order.instrument)
        check_grid(room, size, price)
        if price == order.price and abs(size) < abs(order.size):
            order.size = size
            room.book.reduce(order.id, order.left)
        else:
            self._requeue(order, wish, now_ms)
        order.amend_text = wish.text or order.amend_text
        if order.open:
            self._keeper.touch(order, now_ms)
            self._keeper.tell(order)
        return order

    def countdown(self, uid: int, settle: str, contract: str, timeout_s: int, now_ms: int) -> int:
        """Arm, re-arm or (with 0) stop the switch. Returns when it triggers, 0 if stopped."""
        if contract:
            self._state.room(settle, contract)
        record = Countdown(
            uid=uid, settle=settle, contract=contract, deadline_ms=now_ms + timeout_s * 1000
        )
        if timeout_s:
            self._state.countdowns.put(record)
            return record.deadline_ms
        self._state.countdowns.drop(record)
        return 0

    def run_countdowns(self, now_ms: int) -> None:
        """Cancel the orders whose switch was not re-armed in time."""
        due = [c for c in self._state.countdowns.rows.values() if c.deadline_ms <= now_ms]
        for countdown in due:
            self._state.countdowns.drop(countdown)
            self.cancel_all(countdown.uid, countdown.settle, countdown.contract, now_ms)

    def _open(self, uid: int, settle: str, key: str, now_ms: int) -> Order:
        order = self.find(uid, settle, key, now_ms)
        if not order.open:
            raise GateFault("ORDER_FINISHED", f"order {key} has ended: {order.finish_as}")
        return order

    def _complete(self, order: Order, wish: Amendment) -> Amendment:
        """The amendment with every value, after the rules that need no market."""
        size = order.size if wish.size is None else wish.size
        price = order.price if wish.price is None else wish.price
        if size * order.size < 0:
            raise wrong("size")
        if order.close and size != order.size:
            raise GateFault("INVALID_PARAM_VALUE", "a close order cannot be resized")
        if price <= 0:
            raise wrong("price")
        return Amendment(size=size, price=price, text=wish.text)

    def _requeue(self, order: Order, wish: Amendment, now_ms: int) -> None:
        """A higher size or another price: checked like a new order, then last in the queue."""
        size, price = wish.size or ZERO, wish.price or ZERO
        room = self._state.room_of(order.instrument)
        position = self._state.position(order.uid, order.settle, order.contract, order.leg)
        left = (abs(size) - order.filled) * order.side.sign
        self._placing.admit(
            Candidate(
                account=self._state.account(order.uid, order.settle),
                room=room,
                position=position,
                size=left,
                price=price,
                limit=price,
                tif=order.tif,
                reduce_only=order.reduce_only,
                replaces=order.id,
            )
        )
        room.book.cancel(order.id)
        order.size, order.price = size, price
        if order.reduce_only:
            self._keeper.fit(position, now_ms, reserved=abs(left), sparing=order.id)
        self._placing.execute(order, price, now_ms, fresh=False)
