"""The one deciding function: what a leg does now, and why; and what its own orders mean for it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from msgspec.structs import replace

from mtrade.domain.copying import episodes as ep
from mtrade.domain.copying import foreign
from mtrade.domain.copying.booking import booked
from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.copying.entering import entry, lapsed, ready, waits
from mtrade.domain.copying.facts import Facts
from mtrade.domain.copying.leaving import exit_order
from mtrade.domain.copying.model import CopyLeg, LegStatus, LinkState
from mtrade.domain.copying.outcome import Outcome
from mtrade.domain.copying.tracking import Turn, held, tracked
from mtrade.domain.numbers import ZERO, text

# An enum's member is looked up once here: on Python 3.11 that costs as much as a call.
_ACTIVE, _BLOCKED, _PARKED = LegStatus.ACTIVE, LegStatus.BLOCKED, LegStatus.PARKED
_HANDS_OFF, _OFF = LinkState.HANDS_OFF, LinkState.OFF

__all__ = ["Outcome", "booked", "step", "target"]

SOON_MS = 200


def step(leg: CopyLeg, facts: Facts) -> Outcome:
    """The next thing to do for `leg`: an order, a setting to be made first, or a reason for none.

    With an unfinished intent nothing is decided. Calling it again with the same values gives the
    same result; without news it changes nothing.
    """
    state = facts.link.state
    if leg.pending is not None:
        return Outcome(leg=leg, why=Reason(Code.IN_FLIGHT))
    if state is _OFF:
        return Outcome(leg=leg)
    if facts.brake is not None and facts.brake.code is Code.NOT_RECONCILED:
        return Outcome(leg=leg, why=facts.brake)
    if leg.status is _BLOCKED:
        return Outcome(leg=leg, why=leg.reason or Reason(Code.HOLD))
    if facts.market.rules is None:
        return Outcome(leg=leg, why=facts.brake or Reason(Code.NO_PRICE))
    turn = tracked(leg, facts)
    if facts.brake is not None:
        return _nothing(turn, facts, facts.brake)
    if state is _HANDS_OFF:
        return _hands_off(turn, facts)
    return _decided(turn, facts)


def target(leg: CopyLeg, facts: Facts) -> Decimal:
    """T: what the leg should hold, on the grid of contracts."""
    episode, rules = leg.episode, facts.market.rules
    if episode is None or rules is None:
        return ZERO
    aim = ep.rounded(episode.exact, rules.size_step, facts.link.params.rounding)
    return aim if abs(aim) >= rules.min_size else ZERO


def _decided(turn: Turn, facts: Facts) -> Outcome:
    aim = ZERO if turn.flat else target(turn.leg, facts)
    leg, taken = foreign.taken(turn.leg, facts, aim)
    if taken:
        aim = target(leg, facts)
    now = held(leg, facts)
    if not turn.flat:
        aim = _kept(aim, now, leg)
    base = Outcome(leg=leg, events=(*turn.events, *taken), alerts=turn.alerts)
    if turn.wait is not None and turn.wait.code is Code.LEADER_LIQUIDATED:
        return replace(base, why=turn.wait)
    if now and (aim * now < 0 or abs(aim) < abs(now)):
        return _left(base, facts, ZERO if aim * now < 0 else aim)
    if turn.wait is not None:
        return replace(base, why=turn.wait, again_ms=facts.now_ms + SOON_MS)
    if aim == now:
        return _level(base, facts)
    crumb = _crumb(base, facts, abs(aim - now)) if now else None
    return crumb or _entered(base, facts, aim)


def _kept(aim: Decimal, now: Decimal, leg: CopyLeg) -> Decimal:
    """What is held stays when less is aimed at only because the contract's steps became larger."""
    exact = Fraction(0) if leg.episode is None else leg.episode.exact
    coarser = abs(aim) < abs(now) and abs(Fraction(now)) <= abs(exact)
    return now if coarser and aim * now >= 0 and exact * ep.sign(now) > 0 else aim


def _crumb(base: Outcome, facts: Facts, size: Decimal) -> Outcome | None:
    """Less is missing than one order can hold: it waits for more."""
    rules = facts.market.rules
    if rules is None or rules.conform_size(size) >= max(rules.min_size, rules.size_step):
        return None
    level = _level(base, facts)
    return replace(level, why=level.why or Reason(Code.DUST, {"size": text(size)}))


def _hands_off(turn: Turn, facts: Facts) -> Outcome:
    """Nothing is sent; a leader who gets out meanwhile is a reason to call."""
    leg, why = turn.leg, Reason(Code.HANDS_OFF, {"since": str(facts.link.since_ms)})
    out = turn.flat or abs(target(leg, facts)) < abs(leg.owned)
    base = _nothing(turn, facts, why)
    return replace(base, alerts=(*base.alerts, why)) if out and leg.owned else base


def _nothing(turn: Turn, facts: Facts, why: Reason) -> Outcome:
    """Nothing is sent, not even an exit; an entry that is missing meanwhile is told once."""
    leg = turn.leg
    base = Outcome(leg=leg, why=why, events=turn.events, alerts=turn.alerts)
    aim = ZERO if turn.flat else target(leg, facts)
    if turn.wait is not None or abs(aim) <= abs(held(leg, facts)):
        return base
    return _moved(base, waits(leg, facts, why))


def _level(base: Outcome, facts: Facts) -> Outcome:
    """Target and owned are the same."""
    leg = base.leg
    episode = leg.episode
    if episode is None:
        return base
    why = None
    if episode.base is None:
        why = Reason(Code.ASKED, human=True) if episode.joined == "ask" else Reason(Code.WAIT_FLAT)
    elif episode.joined == "adds_only" and not leg.owned:
        why = Reason(Code.ADDS_ONLY)
    elif episode.ignored:
        why = Reason(Code.IGNORED)
    elif episode.latch:
        why = Reason(Code.LATCHED)
    done = ep.reached(episode)
    status = _ACTIVE if why is None or not why.human else _PARKED
    if done is episode and leg.status is status:
        return replace(base, why=why)
    reason = why if status is _PARKED else None
    return replace(base, leg=replace(leg, episode=done, status=status, reason=reason), why=why)


def _left(base: Outcome, facts: Facts, aim: Decimal) -> Outcome:
    """The way out: never blocked, reduce-only. Nothing is missing any more."""
    leg = base.leg
    if leg.episode is not None:
        leg = replace(leg, episode=ep.reached(leg.episode))
    move = exit_order(leg, facts, aim)
    return _moved(base, move)


def _entered(base: Outcome, facts: Facts, aim: Decimal) -> Outcome:
    leg = lapsed(base.leg, facts)
    return _moved(base, ready(leg, facts, aim) or entry(leg, facts, aim))


def _moved(base: Outcome, move: Outcome) -> Outcome:
    return Outcome(
        leg=move.leg,
        order=move.order,
        setting=move.setting,
        why=move.why,
        again_ms=move.again_ms,
        events=(*base.events, *move.events),
        alerts=(*base.alerts, *move.alerts),
        pause=move.pause,
    )
