"""Loss limits: each reading of a follower's wallet is held against its link's limits. Engine thread
only.

What was paid in or out is the part of the wallet that profit, fees and funding do not explain.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mtrade.domain.accounts import FuturesAccount
from mtrade.domain.copying.acting import closed
from mtrade.domain.copying.choices import LimitAction
from mtrade.domain.copying.codes import Act, Reason
from mtrade.domain.copying.guards import Reading, Trip, measured, rearms
from mtrade.domain.copying.model import NO_CHANGE, CopyChange, CopyEvent, Guard, Link, LinkState
from mtrade.domain.frozen import replace
from mtrade.domain.numbers import ZERO
from mtrade.trading.copying.core import Core
from mtrade.trading.copying.world import network_of

_GUARDED = frozenset({LinkState.ON, LinkState.CLOSE_ONLY})


def day_here(now_ms: int) -> str:
    """The day of this computer's zone, which a day's loss is counted by."""
    return datetime.fromtimestamp(now_ms // 1000).astimezone().date().isoformat()


class Losses:
    """`day_of` names the day of an instant."""

    def __init__(self, core: Core, day_of: Callable[[int], str] = day_here) -> None:
        self._core = core
        self._day_of = day_of
        self._seen: dict[int, int] = {}  # by link: the last wallet reading that was looked at

    def look(self, link: Link) -> CopyChange:
        """What the newest reading of the follower's wallet sets off."""
        sight = self._core.memory.sight(link.follower_id, link.settle)
        if sight is None or sight.wallet is None or self._seen.get(link.id) == sight.wallet_ms:
            return NO_CHANGE
        self._seen[link.id] = sight.wallet_ms
        now = self._core.now_ms(network_of(link.follower_id))
        if rearms(link, self._day_of(now)):
            return self._turned(link, LinkState.ON, None, now, guard=Guard())
        return self._measure(link, sight.wallet, now) if link.state in _GUARDED else NO_CHANGE

    def _measure(self, link: Link, wallet: FuturesAccount, now: int) -> CopyChange:
        paid = wallet.total - wallet.pnl - wallet.fees - wallet.funding
        flow = ZERO if link.guard.paid is None else paid - link.guard.paid
        equity = wallet.total + wallet.unrealised_pnl
        reading = Reading(equity=equity, day=self._day_of(now), flow=flow)
        guard, trips = measured(link.guard, link.params, reading)
        guard = replace(guard, paid=paid)
        alarms = tuple(self._core.alarm(link, trip.why) for trip in trips)
        worst = _worst(trips)
        if worst is None:
            if guard == link.guard and not alarms:
                return NO_CHANGE
            return CopyChange(links=(replace(link, guard=guard),), events=alarms)
        change = self._turned(link, LinkState.TRIPPED, worst.why, now, guard=guard)
        legs = self._core.book.legs_of(link.id)
        flatten = worst.action is LimitAction.FLATTEN_AND_STOP
        out = tuple(closed(leg) for leg in legs if leg.owned) if flatten else ()
        return replace(change, legs=out, events=(*alarms, *change.events))

    def _turned(
        self, link: Link, state: LinkState, why: Reason | None, now: int, *, guard: Guard
    ) -> CopyChange:
        turned = replace(
            link, state=state, why=why, since_ms=now, guard=guard, version=link.version + 1,
            armed_ms=now if state is LinkState.ON else link.armed_ms,
        )  # fmt: skip
        event = CopyEvent(
            time_ms=now, link_id=link.id, act=Act.STATE, numbers={"state": state.value}
        )
        return CopyChange(links=(turned,), events=(event,))


def _worst(trips: tuple[Trip, ...]) -> Trip | None:
    """The trip that stops the link; one that also flattens before one that only stops entries."""
    stopping = [t for t in trips if t.action in (LimitAction.CLOSE_ONLY, _FLATTEN)]
    return max(stopping, key=lambda trip: trip.action is _FLATTEN, default=None)


_FLATTEN = LimitAction.FLATTEN_AND_STOP
