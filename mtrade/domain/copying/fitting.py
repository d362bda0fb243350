"""Whether a leg may grow as accounts and contract are now: position modes, leverage. Pure."""

from __future__ import annotations

from mtrade.domain.accounts import PositionMode
from mtrade.domain.copying.choices import HedgeToOneWay
from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.copying.facts import Facts
from mtrade.domain.copying.model import CopyLeg, Episode
from mtrade.domain.numbers import text
from mtrade.domain.positions import Leg

# An enum's member is looked up once here: on Python 3.11 that costs as much as a call.
_REFUSE = HedgeToOneWay.REFUSE
_NET = Leg.NET
_DUAL, _SINGLE, _SPLIT = PositionMode.DUAL, PositionMode.SINGLE, PositionMode.SPLIT


def misfit(leg: CopyLeg, episode: Episode, facts: Facts) -> Reason | None:
    """Why it may not; what changed while copying waits for a person, or for the change to end."""
    if not _fits(leg, facts):
        return Reason(Code.MODE_MISMATCH, _modes(leg, facts), human=True)
    if facts.market.rules is not None and not facts.market.rules.tradable:
        return Reason(Code.CONTRACT_STATUS)
    return _changed(leg, episode, facts)


def is_elsewhere(leg: CopyLeg, facts: Facts) -> bool:
    """Whether the follower keeps its positions in other legs than this one now."""
    mode = facts.follower.mode
    if mode is _SINGLE:
        return leg.side is not _NET
    return mode is _DUAL and leg.side is _NET


def _fits(leg: CopyLeg, facts: Facts) -> bool:
    account = facts.leader.account
    split = _SPLIT
    if facts.follower.mode is split or (account is not None and account.mode is split):
        return False
    refused = facts.link.params.hedge_to_one_way is _REFUSE
    if facts.leader.hedged and refused and facts.follower.mode is _SINGLE:
        return False
    return not is_elsewhere(leg, facts)


def _modes(leg: CopyLeg, facts: Facts) -> dict[str, str]:
    account, own = facts.leader.account, facts.follower.mode
    leader = _DUAL if facts.leader.hedged else _SINGLE
    if account is not None and account.mode is _SPLIT:
        leader = _SPLIT
    return {"leader_mode": leader.value, "follower_mode": own.value if own is not None else ""}


def _changed(leg: CopyLeg, episode: Episode, facts: Facts) -> Reason | None:
    """Leverage or margin mode are others than those of the episode's first order."""
    then, now = (episode.leverage, episode.margin_mode), facts.follower
    if not leg.owned or not episode.leverage or not now.leverage or now.margin_mode is None:
        return None
    if episode.margin_mode is None or then == (now.leverage, now.margin_mode):
        return None
    numbers = {
        "was": text(episode.leverage), "was_margin": episode.margin_mode.value,
        "leverage": text(now.leverage), "margin": now.margin_mode.value,
    }  # fmt: skip
    return Reason(Code.SETTING_CHANGED, numbers, human=True)
