"""Price orders: kept by the exchange, placed by it when a price is reached.

Margin is not reserved before. The fired order is another order with another id.
"""

from __future__ import annotations

from decimal import Decimal

from mtrade.domain.instruments import InstrumentId
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import AutoSize, TimeInForce, TriggerSource
from mtrade.domain.positions import Leg
from mtrade.paper.faults import GateFault
from mtrade.paper.futures.entities import Position, Trigger
from mtrade.paper.futures.keeper import Keeper, leg_of
from mtrade.paper.futures.placing import Placing
from mtrade.paper.futures.pushes import Pushes
from mtrade.paper.futures.state import State
from mtrade.paper.futures.ticket import Ticket
from mtrade.paper.room import Room

AT_OR_ABOVE, AT_OR_BELOW = 1, 2
WHOLE = ("close-long-position", "close-short-position")


class Triggers:
    """The price orders of all accounts."""

    def __init__(self, state: State, placing: Placing, keeper: Keeper, pushes: Pushes) -> None:
        self._state = state
        self._placing = placing
        self._keeper = keeper
        self._pushes = pushes

    def create(self, trigger: Trigger) -> None:
        """Keep a price order; GateFault when it would fire at once or makes no sense."""
        account = self._state.account(trigger.uid, trigger.settle)
        self._check(trigger)
        if trigger.close and account.dual:
            raise GateFault("POSITION_DUAL_MODE", "use auto_size to close in dual mode")
        if trigger.auto_size and not account.dual:
            raise GateFault("INVALID_PARAM_VALUE", "auto_size is for dual mode only")
        self._state.add_trigger(trigger)
        self._pushes.trigger(trigger)

    def find(self, uid: int, settle: str, key: str) -> Trigger:
        """A price order of an account."""
        found = self._state.triggers.rows.get(key)
        if found is None or (found.uid, found.settle) != (uid, settle):
            raise GateFault("ORDER_NOT_FOUND", f"price order {key} not found", 404)
        return found

    def cancel(self, uid: int, settle: str, key: str, now_ms: int) -> Trigger:
        """End a price order that waits."""
        trigger = self._open(uid, settle, key)
        self._keeper.end_trigger(trigger, "cancelled", now_ms)
        return trigger

    def cancel_all(self, uid: int, settle: str, contract: str, now_ms: int) -> list[Trigger]:
        """End the price orders of a contract (empty: of all)."""
        chosen = [
            trigger
            for trigger in self._state.waiting()
            if (trigger.uid, trigger.settle) == (uid, settle) and contract in ("", trigger.contract)
        ]
        for trigger in chosen:
            self._keeper.end_trigger(trigger, "cancelled", now_ms)
        return chosen

    def amend(self, uid: int, settle: str, key: str, changed: Trigger) -> Trigger:
        """Take over the values of `changed`, a checked copy of the price order."""
        trigger = self._open(uid, settle, key)
        self._check(changed)
        for name in ("size", "order_price", "price", "source", "close", "auto_size"):
            setattr(trigger, name, getattr(changed, name))
        self._state.triggers.put(trigger)
        self._pushes.trigger(trigger)
        return trigger

    def fire(self, instrument: InstrumentId, now_ms: int) -> bool:
        """Place the orders whose price is reached; True when there was one."""
        room = self._state.room_of(instrument)
        due = [t for t in self._state.waiting(instrument) if _reached(t, price_of(room, t.source))]
        for trigger in due:
            # An earlier one may have ended this one by closing its position.
            if trigger.status == "open":
                self._fire(trigger, now_ms)
        return bool(due)

    def expire(self, now_ms: int) -> None:
        """End the price orders whose time is over."""
        for trigger in self._state.waiting():
            if now_ms >= trigger.create_ms + trigger.expiration_s * 1000:
                self._keeper.end_trigger(trigger, "expired", now_ms)

    def _fire(self, trigger: Trigger, now_ms: int) -> None:
        # It waits no more, so closing the position it is tied to cannot cancel it.
        self._state.trigger_ended(trigger)
        try:
            ticket = self._ticket(trigger)
            order = self._placing.place(trigger.uid, trigger.settle, ticket, now_ms)
        except GateFault as refusal:
            self._keeper.end_trigger(trigger, "failed", now_ms, refusal.label)
            return
        trigger.order_id = order.id
        self._keeper.end_trigger(trigger, "succeeded", now_ms)

    def _ticket(self, trigger: Trigger) -> Ticket:
        """The order to place. A reducing one shrinks to what is left of the position."""
        account = self._state.account(trigger.uid, trigger.settle)
        position = self._target(trigger, account.dual)
        size, close, auto_size = trigger.size, trigger.close, trigger.auto_size
        if trigger.order_type in WHOLE or size.is_zero():
            size, close = ZERO, not account.dual
            auto_size = _auto_size(position.leg) if account.dual else ""
        elif trigger.reduce_only and size * position.size < 0:
            most = abs(position.size)
            size = max(-most, min(size, most))
        return Ticket(
            contract=trigger.contract,
            size=size,
            price=trigger.order_price,
            tif=trigger.tif,
            text=trigger.text,
            reduce_only=trigger.reduce_only or close or bool(auto_size),
            close=close,
            auto_size=auto_size,
        )

    def _target(self, trigger: Trigger, dual: bool) -> Position:
        """The position it acts on; POSITION_EMPTY when the side it closes is not held."""
        size = _direction(trigger)
        leg = leg_of(dual, size, reduce_only=trigger.reduce_only)
        position = self._state.position(trigger.uid, trigger.settle, trigger.contract, leg)
        side = closed_side(trigger.order_type)
        held = position.size * (1 if side == "long" else -1)
        if side and held <= 0:
            raise GateFault("POSITION_EMPTY", f"there is no {side} position to close")
        return position

    def _check(self, trigger: Trigger) -> None:
        room = self._state.room(trigger.settle, trigger.contract)
        current = price_of(room, trigger.source)
        if trigger.rule == AT_OR_ABOVE and trigger.price <= current:
            raise GateFault("AUTO_TRIGGER_PRICE_LESS_LAST", "trigger price is not above the price")
        if trigger.rule == AT_OR_BELOW and trigger.price >= current:
            raise GateFault(
                "AUTO_TRIGGER_PRICE_GREATE_LAST", "trigger price is not below the price"
            )
        _check_order(trigger, room)

    def _open(self, uid: int, settle: str, key: str) -> Trigger:
        trigger = self.find(uid, settle, key)
        if trigger.status != "open":
            raise GateFault("ORDER_FINISHED", f"price order {key} has ended")
        return trigger


def price_of(room: Room, source: TriggerSource) -> Decimal:
    """The price a trigger watches."""
    prices = {
        TriggerSource.LAST: room.last,
        TriggerSource.MARK: room.mark,
        TriggerSource.INDEX: room.index,
    }
    return prices[source]


def closed_side(order_type: str) -> str:
    """`long`, `short`, or empty when the type closes nothing."""
    return next((side for side in ("long", "short") if f"close-{side}-" in order_type), "")


def _direction(trigger: Trigger) -> Decimal:
    """The sign of the order to come, also when its size is not known yet."""
    if trigger.auto_size:
        return Decimal(-1 if trigger.auto_size == AutoSize.CLOSE_LONG else 1)
    side = closed_side(trigger.order_type)
    return trigger.size or Decimal({"long": -1, "short": 1}.get(side, 0))


def _auto_size(leg: Leg) -> str:
    return AutoSize.CLOSE_LONG if leg is Leg.LONG else AutoSize.CLOSE_SHORT


def _reached(trigger: Trigger, price: Decimal) -> bool:
    return price >= trigger.price if trigger.rule == AT_OR_ABOVE else price <= trigger.price


def _check_order(trigger: Trigger, room: Room) -> None:
    """What can be known of the order before it fires: grid, and that its side fits its type."""
    rules = room.instrument
    if trigger.size % rules.size_step or trigger.order_price % rules.price_step:
        raise GateFault("INVALID_PARAM_VALUE", "size or price is off the contract's steps")
    if rules.max_size and abs(trigger.size) > rules.max_size:
        raise GateFault("SIZE_TOO_LARGE", "size is above the contract's maximum")
    if trigger.order_price.is_zero() and trigger.tif is not TimeInForce.IOC:
        raise GateFault("INVALID_PARAM_VALUE", "a market order (price 0) needs tif ioc")
    side = closed_side(trigger.order_type)
    if side and trigger.size * (1 if side == "long" else -1) > 0:
        raise GateFault("INVALID_PARAM_VALUE", f"the size does not close a {side} position")
