"""Orders that wait for a price, and the dead-man switch: what prices and time set off."""

from __future__ import annotations

from collections.abc import Callable

from mtrade.domain.instruments import Market
from mtrade.domain.instruments import spot as pair_id
from mtrade.paper.faults import GateFault
from mtrade.paper.spot import view
from mtrade.paper.spot.model import Countdown, SpotTrigger
from mtrade.paper.world import Event, World

KEPT = 1000  # finished triggers of all users
OPEN_LIMIT = 200  # waiting triggers per user

Fire = Callable[[SpotTrigger, int], int]
CancelAll = Callable[[int, str, int], object]


class Triggers:
    """Waiting and finished trigger orders. `fire` places the order and returns its id."""

    def __init__(self, world: World, fire: Fire) -> None:
        self._world = world
        self._fire = fire
        self.all: dict[int, SpotTrigger] = {}
        self._open: dict[int, SpotTrigger] = {}

    def add(self, trigger: SpotTrigger) -> None:
        """Take in a new (or restored) trigger."""
        self.all[trigger.id] = trigger
        if trigger.open:
            self._open[trigger.id] = trigger

    def place(self, trigger: SpotTrigger) -> None:
        """Take in a user's new trigger. Its money is checked when it fires (Gate docs)."""
        if sum(1 for other in self._open.values() if other.uid == trigger.uid) >= OPEN_LIMIT:
            raise GateFault("TOO_MANY_ORDERS", f"at most {OPEN_LIMIT} price orders may wait")
        self.add(trigger)
        self._changed(trigger)

    def find(self, uid: int, reference: str) -> SpotTrigger:
        """A user's trigger by id."""
        digits = reference.isascii() and reference.isdigit() and len(reference) <= 19
        trigger = self.all.get(int(reference)) if digits else None
        if trigger is None or trigger.uid != uid:
            raise GateFault("ORDER_NOT_FOUND", "Order not found", 404)
        return trigger

    def of(self, uid: int, pair: str, *, waiting: bool) -> list[SpotTrigger]:
        """A user's waiting or finished triggers, newest first; `pair` may be empty."""
        return [
            trigger
            for trigger in reversed(self.all.values())
            if trigger.uid == uid and trigger.open is waiting and pair in ("", trigger.pair)
        ]

    def cancel(self, trigger: SpotTrigger, now_ms: int) -> None:
        """Cancel a waiting trigger."""
        if not trigger.open:
            raise GateFault("ORDER_CLOSED", f"the price order is {trigger.status}")
        self._finish(trigger, "cancelled", "", now_ms)

    def on_prices(self, now_ms: int) -> None:
        """Fire what is reached, expire what is too old."""
        for trigger in list(self._open.values()):
            if now_ms >= trigger.created_ms + trigger.expiration_s * 1000:
                self._finish(trigger, "expired", "expired", now_ms)
            elif self._reached(trigger):
                self._shoot(trigger, now_ms)

    def _reached(self, trigger: SpotTrigger) -> bool:
        last = self._world.rooms[pair_id(trigger.pair)].last
        return last >= trigger.price if trigger.above else last <= trigger.price

    def _shoot(self, trigger: SpotTrigger, now_ms: int) -> None:
        try:
            trigger.fired_order_id = self._fire(trigger, now_ms)
        except GateFault as fault:
            self._finish(trigger, "failed", f"{fault.label}: {fault.message}", now_ms)
            return
        self._finish(trigger, "finish", "", now_ms)

    def _finish(self, trigger: SpotTrigger, status: str, reason: str, now_ms: int) -> None:
        trigger.status, trigger.reason, trigger.finished_ms = status, reason, now_ms
        del self._open[trigger.id]
        self._changed(trigger)
        if len(self.all) - len(self._open) > KEPT:
            oldest = next(t.id for t in self.all.values() if not t.open)
            del self.all[oldest]
            self._world.dirty("spot_trigger", str(oldest))

    def _changed(self, trigger: SpotTrigger) -> None:
        self._world.dirty("spot_trigger", str(trigger.id))
        rules = self._world.rooms[pair_id(trigger.pair)].instrument
        self._world.emit(
            Event(
                market=Market.SPOT,
                settle="",
                channel="priceorders",
                uid=trigger.uid,
                instrument=trigger.pair,
                body=view.trigger_push(trigger, rules),
            )
        )


class Countdowns:
    """At most one switch per user and pair (an empty pair means all)."""

    def __init__(self, world: World, cancel_all: CancelAll) -> None:
        self._world = world
        self._cancel_all = cancel_all
        self.all: dict[str, Countdown] = {}

    def set(self, uid: int, pair: str, timeout_s: int, now_ms: int) -> int:
        """Arm (or with 0 disarm) and return the time it goes off; 0 when disarmed."""
        key = f"{uid}:{pair}"
        self._world.dirty("spot_countdown", key)
        if timeout_s == 0:
            self.all.pop(key, None)
            return 0
        self.all[key] = Countdown(uid=uid, pair=pair, at_ms=now_ms + timeout_s * 1000)
        return self.all[key].at_ms

    def on_time(self, now_ms: int) -> None:
        """Cancel the orders of every switch that has run out."""
        for key, countdown in list(self.all.items()):
            if now_ms >= countdown.at_ms:
                del self.all[key]
                self._world.dirty("spot_countdown", key)
                self._cancel_all(countdown.uid, countdown.pair, now_ms)
