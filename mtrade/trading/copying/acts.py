"""What a person does with one contract of a link. Engine thread only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import CopyChange, CopyEvent, CopyLeg, Episode, LegStatus, Link
from mtrade.domain.errors import Conflict, InvalidRequest, NotFound, StoreError
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.numbers import ZERO, text
from mtrade.domain.positions import Leg
from mtrade.trading.copying.core import Core
from mtrade.trading.copying.world import network_of

BUSY = Conflict("an order is on its way; try again in a moment", code="copy_state")


class Acts:
    """Raises NotFound(unknown_leg), Conflict and StoreError."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def act(self, link_id: int, instrument: InstrumentId, side: Leg, action: str) -> CopyLeg:
        """fix, adopt, ignore, close, catch_up or skip; returns the leg after it."""
        leg = self._core.book.leg(link_id, instrument, side)
        link = self._core.book.links.get(link_id)
        if leg is None or link is None:
            raise NotFound("the link has no such contract", code="unknown_leg")
        if leg.pending is not None:
            raise BUSY
        steps = {
            "fix": self._fix,
            "adopt": self._adopt,
            "ignore": _ignored,
            "close": closing,
            "catch_up": _caught_up,
            "skip": _skipped,
        }
        if action not in steps:
            raise InvalidRequest("no such action", fields={"action": "is not valid"})
        changed = steps[action](leg)
        self._write((changed,), (self._told(link, leg, changed, action),))
        return changed

    def let_go(self, link_ids: Iterable[int]) -> None:
        """What links own is the user's from now on."""
        legs = [leg for key in link_ids for leg in self._core.book.legs_of(key)]
        if any(leg.pending is not None for leg in legs):
            raise BUSY
        freed = tuple(replace(_ignored(leg), owned=ZERO) for leg in legs if not leg.owned.is_zero())
        self._write(freed, ())

    def _fix(self, leg: CopyLeg) -> CopyLeg:
        """Send the difference: latch, ignore and parks are lifted, however late it is."""
        leg = replace(leg, status=LegStatus.ACTIVE, reason=None, paused=False, tries=0, empty_ms=())
        episode = leg.episode
        if episode is None:
            return leg
        k = episode.k if episode.k is not None else episode.k_eff
        exact = episode.exact
        if k is not None:
            copied = abs(episode.anchor) - abs(episode.base or ZERO)
            exact = Fraction(copied) * k * (1 if episode.exact >= 0 else -1)
            if not episode.exact:
                exact = self._signed(leg, Fraction(copied) * k, episode)
        fixed = replace(
            episode, latch=False, ignored=False, exact=exact, k_eff=k, accepted_late=True,
            retry_until_ms=None,
        )  # fmt: skip
        return replace(leg, episode=fixed)

    def _signed(self, leg: CopyLeg, size: Fraction, episode: Episode) -> Fraction:
        link = self._core.book.links[leg.link_id]
        return size * episode.sign * (-1 if link.params.inverse else 1)

    def _adopt(self, leg: CopyLeg) -> CopyLeg:
        """The whole position is the link's from now on."""
        link = self._core.book.links[leg.link_id]
        position = self._core.world.position(link, leg)
        if position is None:
            raise Conflict("the position is not known now", code="copy_state")
        return replace(leg, owned=position, status=LegStatus.ACTIVE, reason=None)

    def _told(self, link: Link, leg: CopyLeg, changed: CopyLeg, action: str) -> CopyEvent:
        return CopyEvent(
            time_ms=self._core.now_ms(network_of(link.follower_id)),
            link_id=link.id,
            act=Act.HAND,
            code=Code.MANUAL if leg.owned != changed.owned else None,
            instrument=leg.instrument,
            side=leg.side,
            numbers={
                "action": action, "before": text(leg.owned), "after": text(changed.owned),
            },
        )  # fmt: skip

    def _write(self, legs: tuple[CopyLeg, ...], events: tuple[CopyEvent, ...]) -> None:
        change = CopyChange(legs=legs, events=events)
        if change and not self._core.launch((), change):
            raise StoreError("the journal cannot be written; nothing was changed")
        self._core.touch([leg.id for leg in legs])


def closing(leg: CopyLeg) -> CopyLeg:
    """The leg gets out, and stays out until the leader is flat."""
    if leg.episode is None:
        return leg
    out = replace(leg.episode, exact=Fraction(0), k_eff=Fraction(0), latch=True, ignored=False)
    return replace(leg, episode=out, tries=0)


def _ignored(leg: CopyLeg) -> CopyLeg:
    if leg.episode is None:
        return leg
    return replace(leg, episode=replace(leg.episode, ignored=True), reason=None)


def _caught_up(leg: CopyLeg) -> CopyLeg:
    if leg.episode is None:
        return leg
    late = replace(leg.episode, accepted_late=True, retry_until_ms=None)
    return replace(leg, episode=late, status=LegStatus.ACTIVE, reason=None)


def _skipped(leg: CopyLeg) -> CopyLeg:
    """What was not obtained is not copied in this episode: the ratio falls to what there is."""
    episode = leg.episode
    if episode is None:
        return leg
    copied = abs(episode.anchor) - abs(episode.base or ZERO)
    k_eff = Fraction(abs(leg.owned)) / Fraction(copied) if copied > 0 else episode.k_eff
    skipped = replace(
        episode, exact=Fraction(leg.owned), k_eff=k_eff, late_ms=None, retry_until_ms=None,
        accepted_late=False,
    )  # fmt: skip
    return replace(leg, episode=skipped, status=LegStatus.ACTIVE, reason=None)
