"""What a person does with one contract of a link."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from mtrade.domain.copying.choices import LateJoin
from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import CopyEvent, CopyLeg, Episode, LegStatus, Link
from mtrade.domain.errors import Conflict, InvalidRequest
from mtrade.domain.frozen import replace
from mtrade.domain.numbers import ZERO, text

BUSY = Conflict("an order is on its way; try again in a moment", code="copy_state")


def acted(
    leg: CopyLeg, link: Link, action: str, position: Decimal | None, now_ms: int
) -> tuple[CopyLeg, CopyEvent]:
    """fix, adopt, ignore, close, catch_up or skip; the leg after it and the row of the feed.
    `position` is the whole of the follower's, None while it is not known.

    Raises Conflict(copy_state) while an order is on its way or what is needed is not known,
    InvalidRequest for another word.
    """
    act = _ACTIONS.get(action)
    if act is None:
        raise InvalidRequest("no such action", fields={"action": "is not valid"})
    if leg.pending is not None:
        raise BUSY
    changed = act(leg, link, position)
    numbers = {"action": action, "before": text(leg.owned), "after": text(changed.owned)}
    event = CopyEvent(
        time_ms=now_ms, link_id=leg.link_id, act=Act.HAND,
        code=Code.MANUAL if leg.owned != changed.owned else None,
        instrument=leg.instrument, side=leg.side, numbers=numbers,
    )  # fmt: skip
    return changed, event


def _fixed(leg: CopyLeg, link: Link, position: Decimal | None) -> CopyLeg:
    """Send the difference: latch, ignore, pause and parks are lifted, however late it is;
    leverage and margin mode are taken as they are."""
    leg = replace(_freed(leg), paused=False, tries=0, empty_ms=())
    episode = leg.episode
    if episode is None:
        return leg
    lifted = replace(
        episode, latch=False, latched_ms=None, ignored=False, accepted_late=True,
        retry_until_ms=None, leverage=None, margin_mode=None,
    )  # fmt: skip
    if episode.k is not None and episode.base is not None:
        exact = episode.k * Fraction(_copied(episode)) * _side(episode, link)
        lifted = replace(lifted, exact=exact, k_eff=episode.k)
    return replace(leg, episode=lifted)


def _adopted(leg: CopyLeg, link: Link, position: Decimal | None) -> CopyLeg:
    """The whole position is the link's from now on; it is what the link should hold."""
    if position is None:
        raise Conflict("the position is not known now", code="copy_state")
    leg = replace(_freed(leg), owned=position)
    episode = leg.episode
    wrong_side = episode is not None and position * _side(episode, link) < 0
    if episode is None or wrong_side:
        return leg
    return replace(leg, episode=_down_to(episode, position))


def ignored(leg: CopyLeg) -> CopyLeg:
    """No increases until the leader is flat; what is owned still follows it out."""
    if leg.episode is None:
        return leg
    return replace(_freed(leg), episode=replace(leg.episode, ignored=True))


def closed(leg: CopyLeg) -> CopyLeg:
    """Out now, and out until the leader is flat."""
    if leg.episode is None:
        return leg
    out = replace(_down_to(leg.episode, ZERO), latch=True, ignored=False)
    return replace(leg, episode=out, tries=0)


def _caught_up(leg: CopyLeg, link: Link, position: Decimal | None) -> CopyLeg:
    """What is missing is obtained at mark, by the rules of an entry."""
    if leg.episode is None:
        return leg
    late = replace(leg.episode, accepted_late=True, retry_until_ms=None)
    return replace(_freed(leg), episode=late)


def _skipped(leg: CopyLeg, link: Link, position: Decimal | None) -> CopyLeg:
    """What is missing is not copied in this episode."""
    if leg.episode is None:
        return leg
    episode = leg.episode
    if episode.base is None:  # a leader who was in already: the next episode is copied
        episode = replace(episode, joined=LateJoin.WAIT_FLAT.value)
    return replace(_freed(leg), episode=_down_to(episode, leg.owned))


def _freed(leg: CopyLeg) -> CopyLeg:
    return replace(leg, status=LegStatus.ACTIVE, reason=None)


def _copied(episode: Episode) -> Decimal:
    if episode.base is None:
        return ZERO
    return max(abs(episode.anchor) - episode.base, ZERO)


def _down_to(episode: Episode, owned: Decimal) -> Episode:
    copied = _copied(episode)
    exact = Fraction(owned)
    return replace(
        episode, exact=exact, k_eff=abs(exact) / Fraction(copied) if copied else episode.k_eff,
        late_ms=None, retry_until_ms=None, accepted_late=False,
    )  # fmt: skip


def _side(episode: Episode, link: Link) -> int:
    if episode.exact:
        return 1 if episode.exact > 0 else -1
    return -episode.sign if link.params.inverse else episode.sign


_ACTIONS: dict[str, Callable[[CopyLeg, Link, Decimal | None], CopyLeg]] = {
    "fix": _fixed,
    "adopt": _adopted,
    "ignore": lambda leg, link, position: ignored(leg),
    "close": lambda leg, link, position: closed(leg),
    "catch_up": _caught_up,
    "skip": _skipped,
}
