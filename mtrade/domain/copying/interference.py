"""Somebody else changed a follower's position: by hand, or the exchange by force.

Own orders explain a position or they do not. Only a reading that stays is believed: two reads, two
seconds apart, both after anything that an own order could still do. Observation lowers the ledger;
it raises it only by a rule that the user chose, and the feed says so.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from mtrade.domain.copying.choices import OnAdd, OnClose, OnReduce
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.facts import Facts
from mtrade.domain.copying.model import CopyEvent, CopyLeg, Episode, LegStatus
from mtrade.domain.copying.outcome import Outcome
from mtrade.domain.frozen import replace
from mtrade.domain.numbers import ZERO, text

WINDOW_MS = 3_000  # an own order can take effect this long after it was planned
SETTLE_MS = 5_000  # and REST may show it this late
APART_MS = 2_000

# Texts of executions that the exchange forced (Gate futures docs: finish_as and text of orders).
FORCED = (
    "liquidat", "liq-", "hedge-liq-", "pm_liq", "comb_margin_liq", "scm_liq", "auto_deleverag",
    "insurance", "clear",
)  # fmt: skip


class Reading(Struct, frozen=True):
    """A follower's whole position of one leg; `read_ms` is the exchange's time."""

    position: Decimal
    read_ms: int


class Suspicion(Struct, frozen=True):
    """A position that own orders do not explain, seen the same from `first_ms` until `last_ms`."""

    position: Decimal
    first_ms: int
    last_ms: int

    @property
    def is_proven(self) -> bool:
        """Whether it has been seen for long enough."""
        return self.last_ms - self.first_ms >= APART_MS


def suspected(known: Suspicion | None, leg: CopyLeg, reading: Reading) -> Suspicion | None:
    """What a reading adds; None when it says nothing, or nothing surprising."""
    if leg.pending is not None or reading.position == leg.owned:
        return None
    if reading.read_ms < leg.planned_ms + WINDOW_MS + SETTLE_MS:
        return None
    if known is None or known.position != reading.position:
        return Suspicion(reading.position, reading.read_ms, reading.read_ms)
    if reading.read_ms <= known.last_ms:
        return known
    return replace(known, last_ms=reading.read_ms)


def is_forced(trade_text: str) -> bool:
    """Whether the text of an execution is one of the exchange's own."""
    return trade_text.startswith(FORCED)


def observed(leg: CopyLeg, facts: Facts, seen: Suspicion, *, forced: bool = False) -> Outcome:
    """What a proven change means for the leg; `forced` says that the exchange did it."""
    owned, position = leg.owned, seen.position
    if not seen.is_proven or leg.pending is not None or owned.is_zero() or position == owned:
        return Outcome(leg=leg)
    if position * owned < 0:
        return _out(leg, facts, seen, forced) if forced else _flipped(leg, facts, seen)
    if abs(position) > abs(owned):
        return _added(leg, facts, position)
    if forced:
        return _reduced_by_force(leg, facts, seen)
    if position.is_zero():
        return _closed(leg, facts, seen)
    return _reduced(leg, facts, seen)


def _reduced(leg: CopyLeg, facts: Facts, seen: Suspicion) -> Outcome:
    rule = facts.link.params.on_manual_reduce
    if rule is OnReduce.ENFORCE:
        return _told(leg, _refilled(leg, seen.position), facts, "enforce")
    latched_ms = None if rule is OnReduce.FOLLOW_ADDS else seen.first_ms
    lowered = _lowered(leg, seen.position, latched_ms)
    if rule is OnReduce.PAUSE_CONTRACT:
        lowered = _paused(lowered, _hand(leg, lowered, human=True))
    return _told(leg, lowered, facts, rule.value)


def _closed(leg: CopyLeg, facts: Facts, seen: Suspicion) -> Outcome:
    rule = facts.link.params.on_manual_close
    if rule is OnClose.ENFORCE:
        return _told(leg, _refilled(leg, ZERO), facts, "enforce")
    lowered = _lowered(leg, ZERO, seen.first_ms)
    if rule is OnClose.PAUSE_CONTRACT:
        lowered = _paused(lowered, _hand(leg, lowered, human=True))
    return _told(leg, lowered, facts, rule.value)


def _flipped(leg: CopyLeg, facts: Facts, seen: Suspicion) -> Outcome:
    numbers = {"before": text(leg.owned), "after": text(seen.position)}
    why = Reason(Code.MANUAL_FLIP, numbers, human=True)
    return _told(leg, _paused(_lowered(leg, ZERO, seen.first_ms), why), facts, "flip", why)


def _added(leg: CopyLeg, facts: Facts, position: Decimal) -> Outcome:
    """The surplus is the user's, unless the link is to take it over."""
    rule = facts.link.params.on_manual_add
    if rule is OnAdd.FOREIGN:
        return Outcome(leg=leg)
    taken = replace(leg, owned=position)
    if rule is OnAdd.ADOPT and leg.episode is not None:
        taken = replace(taken, episode=_down_to(leg.episode, position))
    return _told(leg, taken, facts, rule.value)


def _reduced_by_force(leg: CopyLeg, facts: Facts, seen: Suspicion) -> Outcome:
    if seen.position.is_zero():
        return _out(leg, facts, seen, forced=True)
    lowered = _lowered(leg, seen.position, seen.first_ms)
    return _told(leg, lowered, facts, "forced", _follower_out(leg, lowered))


def _out(leg: CopyLeg, facts: Facts, seen: Suspicion, forced: bool) -> Outcome:
    """Liquidated, deleveraged or stopped out: nothing is bought back until the leader is flat."""
    lowered = _lowered(leg, ZERO, seen.first_ms)
    why = _follower_out(leg, lowered) if forced else _hand(leg, lowered)
    return _told(leg, lowered, facts, "forced", why)


def _lowered(leg: CopyLeg, position: Decimal, latched_ms: int | None) -> CopyLeg:
    """`latched_ms`: nothing is bought back until the leader is flat after that."""
    episode = leg.episode
    if episode is not None:
        episode = _down_to(episode, position)
    if episode is not None and latched_ms is not None:
        episode = replace(episode, latch=True, latched_ms=latched_ms)
    return replace(leg, owned=position, episode=episode, tries=0)


def _down_to(episode: Episode, position: Decimal) -> Episode:
    """E and the ratio achieved are what is there: later reductions stay proportional."""
    copied = ZERO
    if episode.base is not None:
        copied = max(abs(episode.anchor) - episode.base, ZERO)
    exact = Fraction(position)
    ratio = abs(exact) / Fraction(copied) if copied else episode.k_eff
    return replace(
        episode, exact=exact, k_eff=ratio, late_ms=None, retry_until_ms=None, accepted_late=False
    )


def _refilled(leg: CopyLeg, position: Decimal) -> CopyLeg:
    """What is missing now is bought back at mark."""
    episode = leg.episode
    if episode is not None:
        episode = replace(episode, accepted_late=True, retry_until_ms=None)
    return replace(leg, owned=position, episode=episode, tries=0)


def _paused(leg: CopyLeg, why: Reason) -> CopyLeg:
    return replace(leg, paused=True, status=LegStatus.PARKED, reason=why)


def _hand(before: CopyLeg, after: CopyLeg, *, human: bool = False) -> Reason:
    return Reason(
        Code.MANUAL, {"before": text(before.owned), "after": text(after.owned)}, human=human
    )


def _follower_out(before: CopyLeg, after: CopyLeg) -> Reason:
    return Reason(Code.FOLLOWER_OUT, {"before": text(before.owned), "after": text(after.owned)})


def _told(
    before: CopyLeg, after: CopyLeg, facts: Facts, action: str, why: Reason | None = None
) -> Outcome:
    why = why or _hand(before, after)
    event = CopyEvent(
        time_ms=facts.now_ms, link_id=before.link_id, act=Act.HAND, code=why.code,
        instrument=before.instrument, side=before.side, numbers={"action": action, **why.numbers},
    )  # fmt: skip
    return Outcome(leg=after, why=why, events=(event,), alerts=(why,), again_ms=facts.now_ms)
