"""What people do with links, as steps on the engine's thread; all is written before it counts.

Raises NotFound, Conflict, InvalidRequest and StoreError; see `CopyDesk`.
"""

from __future__ import annotations

from collections.abc import Iterable

from mtrade.domain.accounts import PositionMode
from mtrade.domain.copying.acting import closed as out_of
from mtrade.domain.copying.choices import HedgeToOneWay, OnUnfollow
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.graph import check_place
from mtrade.domain.copying.model import (
    LINK_STATES,
    CopyChange,
    CopyEvent,
    CopyLeg,
    Guard,
    LegStatus,
    Link,
    LinkState,
)
from mtrade.domain.errors import Conflict, NotFound, StoreError
from mtrade.domain.frozen import replace
from mtrade.domain.numbers import ZERO
from mtrade.trading.copying.core import Core
from mtrade.trading.copying.world import network_of

UNARMED = frozenset({LinkState.OFF, LinkState.SHADOW, LinkState.TRIPPED})
NOTHING_SENT = frozenset({LinkState.OFF, LinkState.SHADOW})


class Commands:
    """Engine thread only."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def create(self, link: Link) -> Link:
        """A new link, in shadow."""
        core = self._core
        check_place(link, core.book.links.values())
        now = self._now(link)
        fresh = replace(link, id=core.book.next_link_id(), created_ms=now, since_ms=now)
        self._write(CopyChange(links=(fresh,), events=(self._told(fresh),)))
        return fresh

    def change(self, link_id: int, version: int, changes: dict[str, object]) -> Link:
        """New words or parameters."""
        link = self.known(link_id)
        if link.version != version:
            raise Conflict("the link was changed meanwhile", code="copy_version")
        changed: Link = replace(link, version=link.version + 1, **changes)  # type: ignore[arg-type]
        check_place(changed, self._core.book.links.values())
        self._write(CopyChange(links=(changed,)))
        self._core.touch_link(link_id)
        return changed

    def set_state(self, link_id: int, state: LinkState, *, confirm: bool) -> Link:
        """Switch a link; arming and hands off want a confirmation."""
        link = self.known(link_id)
        if state is link.state:
            return link
        if state not in LINK_STATES[link.state] or state is LinkState.TRIPPED:
            raise Conflict(
                f"a link that is {link.state} cannot become {state}", code="copy_state",
                params={"from": link.state, "to": state},
            )  # fmt: skip
        arming = state is LinkState.ON and link.state in UNARMED
        if (arming or state is LinkState.HANDS_OFF) and not confirm:
            raise Conflict("this needs a confirmation", code="confirm_needed")
        if state is LinkState.OFF:
            self._check_empty(link)
        if arming:
            self._check_modes(link)
            self._check_clock(link)
        now = self._now(link)
        changed = replace(
            link, state=state, since_ms=now, why=_why(state, now), version=link.version + 1,
            paused_on=False, armed_ms=now if arming else link.armed_ms,
            guard=Guard() if arming else link.guard,
        )  # fmt: skip
        legs = tuple(map(_fresh, self._core.book.legs_of(link_id))) if arming else ()
        self._write(CopyChange(links=(changed,), legs=legs, events=(self._told(changed),)))
        self._core.touch_link(link_id)
        return changed

    def remove(self, link_id: int, how: OnUnfollow) -> None:
        """Unfollow: at once, or when what it holds is gone."""
        link = self.known(link_id)
        legs = self._core.book.legs_of(link_id)
        busy = any(leg.pending is not None for leg in legs)
        holding = any(not leg.owned.is_zero() for leg in legs)
        if not busy and (how is OnUnfollow.KEEP or not holding):
            self._write(CopyChange(removed=(link_id,)))
            return
        state = LinkState.HANDS_OFF if how is OnUnfollow.KEEP else LinkState.CLOSE_ONLY
        now = self._now(link)
        leaving = replace(
            link, state=state, since_ms=now, why=_why(state, now), leaving=how,
            paused_on=False, version=link.version + 1,
        )  # fmt: skip
        closed = tuple(map(out_of, legs)) if how is OnUnfollow.CLOSE_NOW else ()
        self._write(CopyChange(links=(leaving,), legs=closed, events=(self._told(leaving),)))
        self._core.touch_link(link_id)

    def close_legs(self, link_ids: Iterable[int]) -> None:
        """Close what links own or are about to, and nothing else, through the ordinary way."""
        legs = [leg for key in link_ids for leg in self._core.book.legs_of(key)]
        changed = tuple(
            out_of(leg) for leg in legs if leg.pending is not None or not leg.owned.is_zero()
        )
        self._write(CopyChange(legs=changed))
        self._core.touch([leg.id for leg in changed])

    def known(self, link_id: int) -> Link:
        """A link. Raises NotFound."""
        link = self._core.book.links.get(link_id)
        if link is None:
            raise NotFound("there is no such link", code="unknown_link")
        return link

    def holding(self) -> list[Link]:
        """The links that own a position or have an order under way."""
        return [link for link in self._core.book.links.values() if self._holds(link)]

    def _holds(self, link: Link) -> bool:
        legs = self._core.book.legs_of(link.id)
        return any(leg.pending is not None or not leg.owned.is_zero() for leg in legs)

    def _check_empty(self, link: Link) -> None:
        if self._holds(link):
            raise Conflict(
                "it still owns positions: pause it, or unfollow", code="copy_state",
                params={"from": link.state, "to": LinkState.OFF},
            )  # fmt: skip

    def _check_modes(self, link: Link) -> None:
        """Raise Conflict when the ways in which both accounts keep positions do not fit."""
        modes = []
        for account_id in (link.leader_id, link.follower_id):
            sight = self._core.memory.sight(account_id, link.settle)
            modes.append(None if sight is None or sight.wallet is None else sight.wallet.mode)
        leader, follower = modes
        told = {"leader": str(leader or ""), "follower": str(follower or "")}
        if PositionMode.SPLIT in modes:
            raise Conflict(
                "split positions cannot be copied: switch the account to one-way or hedge mode",
                code="copy_split", params=told,
            )  # fmt: skip
        refuse = link.params.hedge_to_one_way is HedgeToOneWay.REFUSE
        if leader is PositionMode.DUAL and follower is PositionMode.SINGLE and refuse:
            raise Conflict(
                "the position modes of leader and follower do not fit together",
                code="copy_mode", params=told,
            )  # fmt: skip

    def _check_clock(self, link: Link) -> None:
        """Raise Conflict while the exchange's time is not known well enough."""
        fault = self._core.gates.clock_fault(network_of(link.follower_id))
        if fault is not None:
            raise Conflict(
                "the exchange's time is not known well enough to begin copying",
                code="copy_clock", params=fault.numbers,
            )  # fmt: skip

    def _write(self, change: CopyChange) -> None:
        if change and not self._core.launch((), change):
            raise StoreError("the journal cannot be written; nothing was changed")

    def _now(self, link: Link) -> int:
        return self._core.now_ms(network_of(link.follower_id))

    def _told(self, link: Link) -> CopyEvent:
        return CopyEvent(
            time_ms=link.since_ms, link_id=link.id, act=Act.STATE,
            numbers={"state": link.state},
        )  # fmt: skip


def _why(state: LinkState, now: int) -> Reason | None:
    codes = {
        LinkState.SHADOW: Code.SHADOW,
        LinkState.CLOSE_ONLY: Code.PAUSED,
        LinkState.HANDS_OFF: Code.HANDS_OFF,
    }
    return Reason(codes[state], {"since": str(now)}) if state in codes else None


def _fresh(leg: CopyLeg) -> CopyLeg:
    """A leg when its link is armed: what it watched in shadow was only seen."""
    leg = replace(leg, shadow=ZERO, status=LegStatus.ACTIVE, reason=None, tries=0, empty_ms=())
    if not leg.owned.is_zero() or leg.pending is not None:
        return leg
    return replace(leg, episode=None)
