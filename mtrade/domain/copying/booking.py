"""What news of a leg's own order means: the ledger moves by what is proven to be filled. Pure."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from mtrade.domain.copying import episodes as ep
from mtrade.domain.copying.caps import money, tier_room
from mtrade.domain.copying.choices import MarginPolicy
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.facts import Facts
from mtrade.domain.copying.model import CopyEvent, CopyLeg, LegStatus
from mtrade.domain.copying.outcome import Outcome
from mtrade.domain.numbers import text
from mtrade.domain.orders import Intent, IntentState
from mtrade.domain.risk import is_reducing

EMPTY_MS = 60_000
POOR = frozenset({"BALANCE_NOT_ENOUGH", "INSUFFICIENT_AVAILABLE", "LIQUIDATE_IMMEDIATELY"})
TIER = frozenset({"RISK_LIMIT_EXCEEDED"})
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


def taken_in(leg: CopyLeg, size: Decimal) -> CopyLeg:
    """The leg after an order that the journal had lost; `size` is signed. Where the last copy known
    was closed already it began the next one, and the episode before it is no reason to close."""
    if leg.episode is not None and leg.episode.over and not leg.owned:
        leg = replace(leg, episode=None, status=LegStatus.ACTIVE, reason=None, tries=0)
    return replace(_anew(leg), owned=leg.owned + size)


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
    return replace(leg, empty_ms=(*_lately(leg, after), after.closed_ms or after.planned_ms))


def _lately(leg: CopyLeg, after: Intent) -> tuple[int, ...]:
    """The sends without any fill of the minute before."""
    since = (after.closed_ms or after.planned_ms) - EMPTY_MS
    return tuple(at for at in leg.empty_ms if at > since)


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
    if label in POOR or label in TIER:
        return _poor(leg, after, facts)
    why = Reason(Code.REFUSED, {"label": label})
    leg = _found_nothing(leg, after, reducing=False)
    return Outcome(leg=leg, events=(_row(leg, after, Act.FAILED, why),), alerts=(why,))


def _poor(leg: CopyLeg, after: Intent, facts: Facts | None) -> Outcome:
    """The exchange found too little margin although the estimate did not: keep what there is. To
    be clipped, it is made once more, by the wallet that is read meanwhile."""
    policy = MarginPolicy.CLIP if facts is None else facts.link.params.insufficient_margin
    why = _lacking(leg, after, facts)
    if policy is MarginPolicy.CLIP and why.code is Code.NO_MARGIN and not _lately(leg, after):
        again = _found_nothing(leg, after, reducing=False)
        return Outcome(leg=again, events=(_row(leg, after, Act.DELAYED, why),))
    if leg.episode is not None:
        leg = replace(leg, episode=ep.ratcheted(leg.episode, leg.owned))
    pause = why if policy is MarginPolicy.PAUSE_LINK else None
    return Outcome(leg=leg, events=(_row(leg, after, Act.SKIPPED, why),), pause=pause)


def _lacking(leg: CopyLeg, after: Intent, facts: Facts | None) -> Reason:
    """The deciding numbers, as far as they explain it: a wallet that shows enough is an old one."""
    code = Code.RISK_TIER if after.label in TIER else Code.NO_MARGIN
    price = after.order.price
    if facts is None or facts.market.rules is None or price is None:
        return Reason(code)
    worth, follower = facts.market.rules.value(after.order.size, price), facts.follower
    if code is Code.RISK_TIER:
        room = tier_room(facts, leg.owned, price)
        if room is None or room >= worth:
            return Reason(code)
        return Reason(code, {"allowed": money(room), "wanted": money(worth)})
    if not follower.leverage:
        return Reason(code)
    needed = worth / follower.leverage
    numbers = {"needed": money(needed)}
    if follower.account is not None and follower.account.available < needed:
        numbers["free"] = money(follower.account.available)
    return Reason(code, numbers)


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
