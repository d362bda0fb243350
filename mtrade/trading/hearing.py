"""What a push of a private stream proves about an own order. Pure, but for a small memory.

A push may be repeated, late or out of order, so it only ever moves an order forward: an end is an
end, a fill is never taken back. A push is not the answer to a send: what is being sent waits for
that, and the push is remembered until then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mtrade.domain.events import (
    AccountSnapshot,
    Filled,
    OrderChanged,
    TriggerChanged,
)
from mtrade.domain.orders import Fill, Intent, IntentState, VenueOrder, VenueTrigger
from mtrade.trading.intents import PREFIX, may_rest, settle_from
from mtrade.trading.resolver import Evidence, weigh

TOLD = "told by the private stream"

Told = VenueOrder | VenueTrigger

HEARD = (OrderChanged, TriggerChanged, Filled, AccountSnapshot)
HeardEvent = OrderChanged | TriggerChanged | Filled | AccountSnapshot


def told_of(intents: Sequence[Intent], event: HeardEvent) -> Iterator[tuple[Intent, Told]]:
    """Which of these intents of its account an event tells of, and what."""
    for told in told_by(event):
        for intent in intents:
            if is_of(intent, told):
                yield intent, told


def told_by(event: HeardEvent) -> tuple[Told, ...]:
    """The orders and triggers an event tells of."""
    match event:
        case OrderChanged():
            return (event.order,)
        case TriggerChanged():
            return (event.trigger,)
        case AccountSnapshot():
            return (*event.orders, *event.triggers)
        case _:
            return ()


def own_fills(event: HeardEvent) -> tuple[Fill, ...]:
    """The executions an event tells of whose text is one of ours."""
    fills = event.fills if isinstance(event, Filled | AccountSnapshot) else ()
    return tuple(fill for fill in fills if fill.text.startswith(PREFIX))


def is_of(intent: Intent, told: Told) -> bool:
    """Whether `told` is this intent's order; ids of orders and of triggers are told apart."""
    if isinstance(told, VenueTrigger):
        if intent.order.trigger is None or told.order.instrument != intent.order.instrument:
            return False
        id, text = told.trigger_id, told.order.text
    else:
        if intent.order.trigger is not None or told.instrument != intent.order.instrument:
            return False
        id, text = told.order_id, told.text
    return id == intent.order_id if intent.order_id else text == intent.order.text


def learned(intent: Intent, told: Told, now_ms: int) -> Intent | None:
    """The intent as `told` proves it, or None when it proves nothing new."""
    if intent.state not in (IntentState.OPEN, IntentState.UNKNOWN, IntentState.HOLD):
        return None
    if isinstance(told, VenueTrigger):
        known = weigh(intent, Evidence(trigger=told), 0, now_ms, 0).intent
    elif is_behind(intent, told) or (told.open and not may_rest(intent.order)):
        return None  # an immediate order that looks open has its end on the way
    else:
        known = settle_from(intent, told, now_ms, evidence=TOLD)
    return None if known == intent else known


def is_behind(intent: Intent, told: VenueOrder) -> bool:
    """Whether `told` is older than what is known: a fill is never taken back."""
    return told.filled < intent.filled


def missing(intents: Sequence[Intent], event: HeardEvent) -> Iterator[Intent]:
    """The resting orders among these of its account that a snapshot should list and does not."""
    if not isinstance(event, AccountSnapshot):
        return
    listed = {row.order_id for row in event.orders}
    waiting = {row.trigger_id for row in event.triggers}
    for intent in intents:
        order = intent.order
        here = (order.instrument.market, order.instrument.settle) == (event.market, event.settle)
        known = waiting if order.trigger is not None else listed
        if here and intent.state is IntentState.OPEN and intent.order_id not in known:
            yield intent


class Memory:
    """What was told of orders whose own answer is still awaited. For the engine thread only."""

    def __init__(self) -> None:
        self._told: dict[int, Told] = {}

    def keep(self, intent_id: int, told: Told) -> None:
        """Remember the most advanced state that was told."""
        known = self._told.get(intent_id)
        if known is None or _is_ahead(known, told):
            self._told[intent_id] = told

    def told(self, intent_id: int) -> Told | None:
        """What was told and has not counted yet."""
        return self._told.get(intent_id)

    def forget(self, intent_id: int) -> None:
        """It counted, or the order has ended."""
        self._told.pop(intent_id, None)


def _is_ahead(known: Told, other: Told) -> bool:
    if isinstance(known, VenueOrder) and isinstance(other, VenueOrder):
        return (not other.open, other.filled) > (not known.open, known.filled)
    return isinstance(known, VenueTrigger) and known.status == "open"
