"""Brings the episode of a leg up to what the leader holds now. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from mtrade.domain.copying import dust
from mtrade.domain.copying import episodes as ep
from mtrade.domain.copying.choices import BelowMin, LateJoin, OnLeaderLiq
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.facts import Facts
from mtrade.domain.copying.fitting import is_elsewhere
from mtrade.domain.copying.model import CopyEvent, CopyLeg, Episode, LegStatus, LinkState
from mtrade.domain.copying.pricing import gap_bps, leader_price, shown
from mtrade.domain.instruments import Side
from mtrade.domain.numbers import ZERO, text

# An enum's member is looked up once here: on Python 3.11 that costs as much as a call.
_ACTIVE, _SHADOW = LegStatus.ACTIVE, LinkState.SHADOW
_EPISODE, _ADOPT = Act.EPISODE, LateJoin.ADOPT


class Turn(Struct, frozen=True, kw_only=True):
    """The leg with its episode as of now. `flat` means: get out. `wait` is why nothing is begun."""

    leg: CopyLeg
    flat: bool = False
    wait: Reason | None = None
    events: tuple[CopyEvent, ...] = ()
    alerts: tuple[Reason, ...] = ()


def told(
    leg: CopyLeg, facts: Facts, act: Act, code: Code | None = None, **numbers: str
) -> CopyEvent:
    """A row of the feed."""
    return CopyEvent(
        time_ms=facts.now_ms,
        link_id=leg.link_id,
        act=act,
        code=code,
        instrument=leg.instrument,
        side=leg.side,
        numbers=numbers,
    )


def because(leg: CopyLeg, facts: Facts, act: Act, why: Reason) -> CopyEvent:
    """A row of the feed for a reason."""
    numbers: Mapping[str, str] = why.numbers
    return replace(told(leg, facts, act, why.code), numbers=numbers)


def held(leg: CopyLeg, facts: Facts) -> Decimal:
    """What counts as held: the ledger, or the virtual one while only watching."""
    return leg.shadow if facts.link.state is _SHADOW else leg.owned


def tracked(leg: CopyLeg, facts: Facts) -> Turn:
    """The leg after what the leader did."""
    if facts.link.state is not _SHADOW and (leg.shadow or _watched(leg)):
        leg = replace(leg, shadow=ZERO, episode=None, status=_ACTIVE, reason=None)
    episode, size = leg.episode, facts.leader.size
    if episode is None:
        return _outside(leg, facts)
    if episode.over or ep.sign(size) != episode.sign:
        return _ended(leg, episode, facts)
    if abs(size) > abs(episode.anchor) and facts.leader.live:
        if facts.leader.increase_ms is None:
            return Turn(leg=leg, wait=Reason(Code.OPENING))
        grown = ep.grown(episode, facts)
        turn = _settled(replace(leg, episode=grown), facts)
        skipped = _left_out(grown, facts)
        if skipped is None:
            return turn
        return replace(turn, events=(because(leg, facts, Act.SKIPPED, skipped), *turn.events))
    if abs(size) < abs(episode.anchor):
        smaller = replace(leg, episode=ep.shrunk(episode, facts))
        return replace(_reduced(smaller, facts), alerts=_forced(facts))
    return _settled(leg, facts)


def _left_out(episode: Episode, facts: Facts) -> Reason | None:
    """Why the leader's add is not followed: nothing will be missing, so it is said here."""
    if episode.latch and not episode.exact:
        return Reason(Code.LATCHED)
    if episode.base is None:
        return _outside_of(episode)
    if episode.k is not None and (why := ep.refused_add(episode, facts)) is not None:
        return why
    return None


def _outside_of(episode: Episode) -> Reason:
    """Why nothing is copied of an episode that began before the link was armed."""
    if episode.joined == LateJoin.ASK:
        return Reason(Code.ASKED, human=True)
    return Reason(Code.WAIT_FLAT)


def _watched(leg: CopyLeg) -> bool:
    return leg.episode is not None and leg.episode.joined == "shadow"


def _forced(facts: Facts) -> tuple[Reason, ...]:
    return (Reason(Code.LEADER_LIQUIDATED),) if facts.leader.liquidated else ()


def _outside(leg: CopyLeg, facts: Facts) -> Turn:
    """No episode: one begins when the leader is in. What is held on his side already, as when an
    order was found again whose episode was lost, is a part of it; anything else goes first."""
    now, size = held(leg, facts), facts.leader.size
    if now and now * (-size if facts.link.params.inverse else size) <= 0:
        return Turn(leg=leg, flat=True)
    if not facts.leader.size or facts.follower.moved or is_elsewhere(leg, facts):
        return Turn(leg=leg)
    if not facts.leader.live:
        return Turn(leg=leg, wait=Reason(Code.NOT_LIVE, {"seconds": str(facts.leader.silent_s)}))
    if facts.leader.increase_ms is None:
        return Turn(leg=leg, wait=Reason(Code.OPENING))
    ratio, both = None, ep.equities(facts)
    if facts.link.params.size_mode not in ep.FIXED:
        ratio = ep.ratio_of(facts, both)
        if ratio is None:
            return Turn(leg=leg, wait=Reason(Code.NO_EQUITY))
    episode = ep.begun(leg, facts, ratio, both)
    fresh = replace(
        leg, episode=episode, episodes=episode.number, status=_ACTIVE, reason=None,
        tries=0, empty_ms=(),
    )  # fmt: skip
    if episode.joined == _ADOPT:
        if facts.follower.position is None:
            return Turn(leg=leg, wait=Reason(Code.NOT_RECONCILED))
        fresh = _adopted(fresh, episode, facts, facts.follower.position)
    turn = _settled(fresh, facts)
    event = told(leg, facts, _EPISODE, None, leader=text(facts.leader.size))
    late, alerts = _joined(fresh, facts)
    return replace(turn, events=(event, *late, *turn.events), alerts=(*turn.alerts, *alerts))


def _joined(leg: CopyLeg, facts: Facts) -> tuple[tuple[CopyEvent, ...], tuple[Reason, ...]]:
    """The rows of the feed for a leader who was in already, and what needs a person."""
    episode = leg.episode
    if leg.owned:
        numbers = {"action": "adopt", "before": "0", "after": text(leg.owned)}
        return (told(leg, facts, Act.HAND, Code.MANUAL, **numbers),), ()
    if episode is None or (episode.base is not None and not episode.base):
        return (), ()
    why = Reason(Code.ADDS_ONLY) if episode.base else _outside_of(episode)
    act = Act.DELAYED if why.human else Act.SKIPPED
    return (because(leg, facts, act, why),), (why,) if why.human else ()


def _adopted(leg: CopyLeg, episode: Episode, facts: Facts, position: Decimal) -> CopyLeg:
    """The follower holds the same side already: that is the copy."""
    side = -episode.sign if facts.link.params.inverse else episode.sign
    if ep.sign(position) != side:
        return leg
    whole = abs(Fraction(facts.leader.size))
    ratio = abs(Fraction(position)) / whole
    taken = replace(
        episode,
        base=ZERO,
        k=episode.k or ratio,
        k_eff=ratio,
        exact=Fraction(position),
        opening=None,
    )
    return replace(leg, owned=position, episode=taken)


def _ended(leg: CopyLeg, episode: Episode, facts: Facts) -> Turn:
    """The leader is flat, or has turned around: out first, then perhaps a new episode."""
    alerts = _forced(facts) if held(leg, facts) else ()
    rule = facts.link.params.on_leader_liq
    unsure = not facts.leader.explained and not facts.leader.size
    if facts.leader.liquidated and rule is OnLeaderLiq.KEEP and held(leg, facts):
        return Turn(leg=leg, wait=Reason(Code.LEADER_LIQUIDATED), alerts=alerts)
    if unsure and rule is (OnLeaderLiq.KEEP if held(leg, facts) else OnLeaderLiq.CLOSE_AND_PAUSE):
        return Turn(leg=leg, wait=Reason(Code.NOT_RECONCILED))  # was it by force?
    if facts.leader.liquidated and rule is OnLeaderLiq.CLOSE_AND_PAUSE and not leg.paused:
        leg = replace(leg, paused=True)
    if held(leg, facts):
        ending = replace(ep.reached(episode), exact=ep.NOTHING, over=True)
        return Turn(leg=replace(leg, episode=ending), flat=True, alerts=alerts)
    over = replace(leg, episode=None, status=_ACTIVE, reason=None, tries=0)
    turn = _outside(over, _since(episode, facts))
    if turn.leg.episode is None and facts.leader.size and episode.latched_ms is not None:
        return replace(turn, leg=replace(leg, episode=replace(episode, over=True)), alerts=alerts)
    turn = _latched(turn, episode, facts)
    ended = (*_missed(leg, episode, facts), _finished(leg, episode, facts))
    return replace(turn, events=(*ended, *turn.events), alerts=alerts)


def _latched(turn: Turn, before: Episode, facts: Facts) -> Turn:
    """What somebody else took from the rest of the last copy while the leader was in again already,
    counts for what he holds now: nothing is bought back until he is flat once more."""
    episode, began_ms = turn.leg.episode, facts.leader.increase_ms
    if episode is None or before.latched_ms is None:
        return turn
    if began_ms is not None and began_ms > before.latched_ms:
        return turn
    latched = replace(episode, latch=True, latched_ms=before.latched_ms)
    return replace(turn, leg=replace(turn.leg, episode=latched))


def _since(before: Episode, facts: Facts) -> Facts:
    """What the leader holds now is younger than the episode before it, whatever is missing in the
    list of its executions."""
    at = facts.leader.increase_ms
    if at is None or at >= before.started_ms:
        return facts
    return replace(facts, leader=replace(facts.leader, increase_ms=before.started_ms))


def _missed(leg: CopyLeg, episode: Episode, facts: Facts) -> tuple[CopyEvent, ...]:
    """The leader has left before what was wanted could be copied: why it was not."""
    if episode.own_opened or not episode.exact or leg.reason is None:
        return ()
    return (because(leg, facts, Act.SKIPPED, leg.reason),)


def _finished(leg: CopyLeg, episode: Episode, facts: Facts) -> CopyEvent:
    """The row of the feed that ends an episode: both average prices."""
    if not episode.own_opened:
        netted = episode.exact and leg.reason is None
        return told(leg, facts, _EPISODE, Code.NETTED if netted else None)
    own, theirs = episode.own_cost / episode.own_opened, leader_price(episode)
    if not theirs:
        return told(leg, facts, _EPISODE)
    side = Side.BUY if (episode.sign > 0) is not facts.link.params.inverse else Side.SELL
    return told(
        leg, facts, _EPISODE, None, leader_vwap=text(round(theirs, 8)),
        own_vwap=text(round(own, 8)), gap_bps=shown(gap_bps(own, theirs, side)),
    )  # fmt: skip


def _settled(leg: CopyLeg, facts: Facts) -> Turn:
    """Fixed sizes and shares below one contract are judged when the leader's order has ended."""
    episode = leg.episode
    if episode is None:
        return Turn(leg=leg)
    if episode.accepted_late and episode.base is None:
        episode = replace(episode, base=ZERO)
        episode = ep.aimed(episode, facts)
        leg = replace(leg, episode=episode)
    if episode.k is None and episode.base is not None:
        if ep.is_opening(episode, facts):
            return Turn(leg=leg, wait=Reason(Code.OPENING))
        episode = ep.opened(episode, facts)
        leg = replace(leg, episode=episode)
        if episode.k is None:
            return Turn(leg=leg, wait=Reason(Code.NO_PRICE))
    return _small(leg, episode, facts)


def _reduced(leg: CopyLeg, facts: Facts) -> Turn:
    """What a reduction leaves of a copy may be less than one contract: all of it goes, and only an
    add of the leader opens again."""
    turn = _settled(leg, facts)
    episode, gathers = turn.leg.episode, facts.link.params.below_min is BelowMin.ACCUMULATE
    if episode is None or gathers or not held(leg, facts) or not dust.is_dust(episode, facts):
        return turn
    return _not_copied(turn.leg, episode, dust.too_small(episode, facts), facts)


def _small(leg: CopyLeg, episode: Episode, facts: Facts) -> Turn:
    if held(leg, facts) or not dust.is_dust(episode, facts):
        return Turn(leg=leg)
    if facts.link.params.below_min is BelowMin.ACCUMULATE:
        return Turn(leg=leg, wait=Reason(Code.DUST, {"size": dust.short(abs(episode.exact))}))
    now, grew = facts.now_ms, episode.late_ms or facts.now_ms
    if facts.leader.order_open and now - grew < ep.LONGEST_MS:
        return Turn(leg=leg, wait=Reason(Code.OPENING))
    return _below(leg, episode, facts)


def _below(leg: CopyLeg, episode: Episode, facts: Facts) -> Turn:
    """An entry of less than one contract, by the rule of the link."""
    if facts.link.params.below_min is not BelowMin.BUMP:
        return _not_copied(leg, episode, dust.too_small(episode, facts), facts)
    least = dust.bumped(episode, facts)
    if isinstance(least, Reason):
        return _not_copied(leg, episode, least, facts)
    return Turn(leg=replace(leg, episode=least))


def _not_copied(leg: CopyLeg, episode: Episode, why: Reason, facts: Facts) -> Turn:
    """What the leader holds by now is not copied in this episode."""
    left = replace(
        episode, base=abs(episode.anchor), exact=ep.NOTHING, late_ms=None, accepted_late=False
    )
    skipped = replace(leg, episode=left)
    return Turn(leg=skipped, events=(because(leg, facts, Act.SKIPPED, why),), wait=why)
