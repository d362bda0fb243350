"""What news of a leg's own order means: the ledger moves by what is proven to be filled. Pure."""

from __future__ import annotations

from dataclasses import replace

from mtrade.domain.copying import episodes as ep
from mtrade.domain.copying.choices import MarginPolicy
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.facts import Facts
from mtrade.domain.copying.model import CopyEvent, CopyLeg, LegStatus
from mtrade.domain.copying.outcome import Outcome
from mtrade.domain.numbers import text
from mtrade.domain.orders import Intent, IntentState
from mtrade.domain.risk import is_reducing

EMPTY_MS = 60_000
_POOR = frozenset({"BALANCE_NOT_ENOUGH", "INSUFFICIENT_AVAILABLE", "LIQUIDATE_IMMEDIATELY"})
_TIER = frozenset({"RISK_LIMIT_EXCEEDED"})
# The line or the limiter turned the request away; it may be made again, but not at once.
NOT_THROUGH = frozenset(
    {"NOT_SENT", "REQUEST_EXPIRED", "TOO_MANY_REQUESTS", "TOO_FAST", "exchange_rate_limited"}
)
NO_EFFECT = NOT_THROUGH | {"FENCED", "BY_HAND"}


def booked(leg: CopyLeg, before: Intent, after: Intent, facts: Facts | None) -> Outcome:
    """The leg after news of its own intent: the ledger moves by what was proven to be filled."""
    gained = (after.filled - before.filled) * after.order.side.sign
    if gained:
        leg = replace(leg, owned=leg.owned + gained)
    if not after.final:
        return Outcome(leg=leg)
    if facts is not None:  # the journal's times are this computer's, copying's the exchange's
        after = replace(after, closed_ms=facts.now_ms)
    leg = replace(leg, pending=None)
    if after.state is IntentState.VOID:
        return _void(leg, before, after, facts)
    return _done(leg, before, after)


def _done(leg: CopyLeg, before: Intent, after: Intent) -> Outcome:
    reducing = is_reducing(after.order)
    if not after.filled:
        return Outcome(leg=_found_nothing(leg, after, reducing=reducing))
    leg = replace(leg, tries=0, empty_ms=() if leg.empty_ms else leg.empty_ms)
    if before.state is not IntentState.SENDING:
        leg = _anew(leg)
    if not reducing and leg.episode is not None and after.average is not None:
        cost = leg.episode.own_cost + after.filled * after.average
        opened = leg.episode.own_opened + after.filled
        leg = replace(leg, episode=replace(leg.episode, own_cost=cost, own_opened=opened))
    numbers = {"size": text(after.filled), "side": after.order.side.value}
    if after.average is not None:
        numbers["price"] = text(round(after.average, 8))
    return Outcome(
        leg=leg, events=(_row(leg, after, Act.SEEN), _row(leg, after, Act.COPIED, None, numbers))
    )


def _found_nothing(leg: CopyLeg, after: Intent, *, reducing: bool) -> CopyLeg:
    if reducing:
        return replace(leg, tries=leg.tries + 1)
    now = after.closed_ms or after.planned_ms
    recent = tuple(at for at in leg.empty_ms if at > now - EMPTY_MS)
    return replace(leg, empty_ms=(*recent, now))


def _anew(leg: CopyLeg) -> CopyLeg:
    """Time that an unknown outcome took does not count as time in which an entry was retried."""
    episode = leg.episode
    if episode is None or episode.retry_until_ms is None:
        return leg
    return replace(leg, episode=replace(episode, retry_until_ms=None))


def _void(leg: CopyLeg, before: Intent, after: Intent, facts: Facts | None) -> Outcome:
    """No effect. What the exchange refused for a reason of its own is not asked again at once."""
    leg, label = _anew(leg), after.label
    if label in NO_EFFECT:
        return Outcome(leg=leg)
    if is_reducing(after.order):
        leg = replace(leg, tries=leg.tries + 1)
        why = Reason(Code.REFUSED, {"label": label})
        return Outcome(leg=leg, events=(_row(leg, after, Act.FAILED, why),))
    if label in _POOR or label in _TIER:
        return _poor(leg, after, facts)
    why = Reason(Code.REFUSED, {"label": label})
    leg = _found_nothing(leg, after, reducing=False)
    return Outcome(leg=leg, events=(_row(leg, after, Act.FAILED, why),), alerts=(why,))


def _poor(leg: CopyLeg, after: Intent, facts: Facts | None) -> Outcome:
    """The exchange found too little margin although the estimate did not: keep what there is."""
    why = Reason(Code.RISK_TIER if after.label in _TIER else Code.NO_MARGIN)
    if leg.episode is not None:
        leg = replace(leg, episode=ep.ratcheted(leg.episode, leg.owned))
    events = (_row(leg, after, Act.SKIPPED, why),)
    pausing = facts is not None and facts.link.params.insufficient_margin is MarginPolicy.PAUSE_LINK
    if not pausing:
        return Outcome(leg=leg, events=events)
    parked = replace(leg, status=LegStatus.PARKED, reason=replace(why, human=True))
    return Outcome(leg=parked, events=events, alerts=(why,))


def _row(
    leg: CopyLeg,
    intent: Intent,
    act: Act,
    why: Reason | None = None,
    numbers: dict[str, str] | None = None,
) -> CopyEvent:
    return CopyEvent(
        time_ms=intent.closed_ms or intent.planned_ms,
        link_id=leg.link_id,
        act=act,
        code=None if why is None else why.code,
        instrument=leg.instrument,
        side=leg.side,
        numbers=numbers or (why.numbers if why is not None else {}),
        intent_id=intent.id,
    )
