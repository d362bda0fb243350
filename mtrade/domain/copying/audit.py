"""The monitor's questions: does what is remembered, written down and seen fit together? Pure.

A breach is a fault of ours or of the disk, never a matter of taste: whoever finds one adds no risk
on that account until a person has looked. Exits go on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from mtrade.domain.copying.model import CopyLeg
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import Intent, IntentKind, IntentState

LATE_MS = 30_000  # behind its deadline an answer, or its absence, is known by then


class Breach(StrEnum):
    """What does not fit; the words are in the catalogue under `copy.word`."""

    TEXT_TWICE = "text_twice"  # one text, two orders at the exchange or in the journal
    TWO_ORDERS = "two_orders"  # two orders of a leg under way
    LOST_ORDER = "lost_order"  # a leg waits for an order that nobody follows
    STRAY_ORDER = "stray_order"  # an order under way that its leg knows nothing of
    CAUSE = "void_cause"  # a leader's trade counts as consumed by an order without effect
    MEMORY = "memory"  # what is remembered is not what is written down
    LEDGER = "ledger"  # the ledger moved by something else than own fills
    POSITION = "position"  # the exchange holds less than the ledger says, and stays so
    NO_ANSWER = "overdue"  # sent long ago, and neither answer nor silence was noticed


@dataclass(frozen=True, slots=True)
class Finding:
    """A breach of one account; `leg_id` where it is that of one leg."""

    account_id: str
    what: Breach
    leg_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The journal since the last look. `filled` is what orders that ended since then have filled,
    signed, by leg; `by_hand` are legs whose ledger a rule or a person moved, as the feed tells, and
    `began` those where an episode began or ended. `legs` are owned and pending as stored, `busy`
    the unfinished orders of each leg, `twice` and `void_causes` accounts."""

    last_intent: int
    last_event: int
    filled: Mapping[int, Decimal] = field(default_factory=dict)
    by_hand: frozenset[int] = frozenset()
    began: frozenset[int] = frozenset()
    legs: Mapping[int, tuple[Decimal, int | None]] = field(default_factory=dict)
    busy: Mapping[int, int] = field(default_factory=dict)
    twice: frozenset[str] = frozenset()
    void_causes: frozenset[str] = frozenset()


def in_flight(
    legs: Mapping[int, CopyLeg], live: Mapping[int, Intent], now_ms: int
) -> Iterator[Finding]:
    """At most one order of a leg is under way, both sides know of it, and it does not stay."""
    flying = [i for i in live.values() if i.kind is IntentKind.COPY and i.leg_id in legs]
    counted = Counter(intent.leg_id for intent in flying)
    for leg in legs.values():
        if counted[leg.id] > 1:
            yield Finding(leg.follower_id, Breach.TWO_ORDERS, leg.id)
        if leg.pending is not None and leg.pending not in live:
            yield Finding(leg.follower_id, Breach.LOST_ORDER, leg.id)
    for intent in flying:
        leg_id = intent.leg_id
        if leg_id is not None and legs[leg_id].pending != intent.id:
            yield Finding(intent.account_id, Breach.STRAY_ORDER, leg_id)
        if intent.state is IntentState.SENDING and now_ms > intent.expires_ms + LATE_MS:
            yield Finding(intent.account_id, Breach.NO_ANSWER, leg_id)


def written(audit: Audit, legs: Mapping[int, CopyLeg]) -> Iterator[Finding]:
    """What the journal contradicts."""
    for account_id in sorted(audit.twice):
        yield Finding(account_id, Breach.TEXT_TWICE)
    for account_id in sorted(audit.void_causes):
        yield Finding(account_id, Breach.CAUSE)
    for leg in legs.values():
        stored = audit.legs.get(leg.id)
        if stored is None:
            if leg.owned or leg.pending is not None:
                yield Finding(leg.follower_id, Breach.MEMORY, leg.id)
        elif stored != (leg.owned, leg.pending):
            yield Finding(leg.follower_id, Breach.MEMORY, leg.id)
        if audit.busy.get(leg.id, 0) > 1:
            yield Finding(leg.follower_id, Breach.TWO_ORDERS, leg.id)


def summed(
    audit: Audit,
    legs: Mapping[int, CopyLeg],
    before: Mapping[int, Decimal],
    adopting: frozenset[int],
) -> Iterator[Finding]:
    """The ledger moved by exactly what own orders have filled. `before` is what legs owned at the
    last look that had no order under way then; `adopting` legs may take over what is there when
    their episode begins. Letting go of everything needs no reason."""
    moved = audit.by_hand | (audit.began & adopting)
    for leg_id, owned in before.items():
        leg = legs.get(leg_id)
        if leg is None or leg.pending is not None or leg.owned.is_zero() or leg_id in moved:
            continue
        if leg.owned != owned + audit.filled.get(leg_id, ZERO):
            yield Finding(leg.follower_id, Breach.LEDGER, leg_id)


def quiet(legs: Iterable[CopyLeg]) -> dict[int, Decimal]:
    """What is owned where no order is under way."""
    return {leg.id: leg.owned for leg in legs if leg.pending is None}


def is_short(owned: Decimal, position: Decimal) -> bool:
    """Whether a position cannot hold what is owned; more than that is the user's."""
    return not owned.is_zero() and (position * owned <= 0 or abs(position) < abs(owned))
