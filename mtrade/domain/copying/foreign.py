"""A position of the user's that stands in a contract before the first copy. Pure.

On the other side it blocks, because one account nets both. On the same side it stays beside the
copy, unless the link takes it over. Only `close_first` closes it, after a person has said so.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from mtrade.domain.copying import episodes as ep
from mtrade.domain.copying.choices import OnForeign
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.facts import Facts
from mtrade.domain.copying.model import CopyEvent, CopyLeg, LegStatus, LinkState
from mtrade.domain.copying.tracking import told
from mtrade.domain.numbers import text
from mtrade.domain.positions import Leg

PROVEN_MS = 8_000  # a read this long after the last order shows it: its window and REST's delay


def in_the_way(leg: CopyLeg, facts: Facts, aim: Decimal) -> Reason | None:
    """Why no entry toward `aim` is possible; None when nothing stands on the other side."""
    found = _there(leg, facts)
    if found is None or leg.side is not Leg.NET or found * aim >= 0:
        return None
    asks = facts.link.params.on_foreign is OnForeign.CLOSE_FIRST
    return Reason(Code.FOREIGN_OPPOSITE, {"foreign": text(found)}, human=asks)


def taken(leg: CopyLeg, facts: Facts, aim: Decimal) -> tuple[CopyLeg, tuple[CopyEvent, ...]]:
    """The leg after the link's rule took into the ledger what was there: to count it as copied, or
    to close it by the ordinary way out; and the row of the feed that says so."""
    found, episode = _there(leg, facts), leg.episode
    if found is None or episode is None or not aim or not _may(leg, facts):
        return leg, ()
    rule, same = facts.link.params.on_foreign, found * aim > 0
    if same and rule is OnForeign.ADOPT:
        if abs(found) > abs(aim):
            episode = ep.ratcheted(episode, found)
    elif same or rule is not OnForeign.CLOSE_FIRST or not episode.accepted_late:
        return leg, ()
    numbers = {"action": rule.value, "before": text(leg.owned), "after": text(found)}
    event = told(leg, facts, Act.HAND, Code.MANUAL, **numbers)
    after = replace(leg, owned=found, episode=episode, status=LegStatus.ACTIVE, reason=None)
    return after, (event,)


def _may(leg: CopyLeg, facts: Facts) -> bool:
    """Whether the link would enter now at all."""
    episode = leg.episode
    on = facts.link.state is LinkState.ON and facts.link.leaving is None and not leg.paused
    return on and episode is not None and not episode.latch and not episode.ignored


def _there(leg: CopyLeg, facts: Facts) -> Decimal | None:
    """What the account holds although the leg owns nothing and has not traded in this episode."""
    follower, episode = facts.follower, leg.episode
    if leg.owned or not follower.position or (episode is not None and episode.own_opened):
        return None
    proven = follower.position_ms >= leg.planned_ms + PROVEN_MS
    return follower.position if proven else None
