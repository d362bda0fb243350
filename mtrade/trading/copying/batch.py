"""One fan-out in the making: the intents, their legs, and what is written with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from mtrade.domain.copying.codes import Reason
from mtrade.domain.copying.facts import Facts, Wanted
from mtrade.domain.copying.model import Cause, CopyChange, CopyEvent, CopyLeg
from mtrade.domain.copying.step import Outcome
from mtrade.domain.orders import Intent, IntentKind, IntentState
from mtrade.trading.copying.holdings import VISIBLE_MS
from mtrade.trading.intents import EXPIRES_MS, NOISE, order_text

# An enum's member is looked up once here: on Python 3.11 that costs as much as a call.
_COPY = IntentKind.COPY
_SENDING = IntentState.SENDING


class Decided(Struct, frozen=True):
    """What a leg decided, and on what."""

    leg: CopyLeg
    facts: Facts
    outcome: Outcome


@dataclass(slots=True)
class Batch:
    """`instance` names this installation in order texts; `noise(n)` draws n random bytes,
    once for the whole fan-out: each call is one of the system and lets other threads in."""

    instance: str
    noise: Callable[[int], bytes]
    planned_ms: int
    decided: list[Decided] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)
    events: list[CopyEvent] = field(default_factory=list)
    pauses: list[tuple[int, Reason]] = field(default_factory=list)  # links, once it is written

    def add(self, decided: Decided) -> None:
        """A leg that changes, tells something or wants an order."""
        self.decided.append(decided)

    def built(
        self, first_id: int, causes_of: Callable[[Decided, str], tuple[Cause, ...]]
    ) -> tuple[list[Intent], CopyChange]:
        """The intents, exits first, numbered from `first_id`, and the change they go with."""
        wanting = [(d, d.outcome.order) for d in self.decided if d.outcome.order is not None]
        wanting.sort(key=lambda pair: not pair[1].reducing)
        noise = self.noise(NOISE * len(wanting))
        intents: list[Intent] = []
        legs: dict[int, CopyLeg] = {}
        events = list(self.events)
        causes = list(self.causes)
        for place, (decided, wanted) in enumerate(wanting):
            number, own = first_id + place, noise[place * NOISE : (place + 1) * NOISE]
            intent = self._intent(number, decided, wanted, own)
            intents.append(intent)
            legs[decided.leg.id] = replace(
                decided.outcome.leg, pending=number, planned_ms=decided.facts.now_ms
            )
            events += (_named(event, number) for event in decided.outcome.events)
            causes += causes_of(decided, intent.order.text)
        for decided in self.decided:
            if decided.outcome.order is None:
                events += decided.outcome.events
                if decided.outcome.leg != decided.leg:
                    legs[decided.leg.id] = decided.outcome.leg
        change = CopyChange(legs=tuple(legs.values()), events=tuple(events), causes=tuple(causes))
        return intents, change

    def _intent(self, number: int, decided: Decided, wanted: Wanted, noise: bytes) -> Intent:
        leg = decided.leg
        text = order_text(_COPY, leg.side, self.instance, noise)
        return Intent(
            id=number,
            account_id=leg.follower_id,
            kind=_COPY,
            request_id="",
            order=replace(wanted.order, text=text),
            expires_ms=decided.facts.now_ms + EXPIRES_MS,
            state=_SENDING,
            planned_ms=self.planned_ms,
            sent_ms=self.planned_ms,
            plan_position=_witness(decided),
            leg_id=leg.id,
        )


def _witness(decided: Decided) -> Decimal | None:
    """The position before the order, unless it may not show the order before this one yet."""
    wanted, seen_ms = decided.outcome.order, decided.facts.follower.position_ms
    if wanted is None or seen_ms <= decided.leg.planned_ms + VISIBLE_MS:
        return None
    return wanted.plan_position


def _named(event: CopyEvent, intent_id: int) -> CopyEvent:
    return event if event.intent_id is not None else replace(event, intent_id=intent_id)
