"""What is looked at all the time: whether leaders can be seen, loss limits, dangers, links that are
leaving. Engine thread only."""

from __future__ import annotations

from mtrade.domain.copying.acting import closed as out_of
from mtrade.domain.copying.choices import OnBlind, OnUnfollow
from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.copying.model import NO_CHANGE, CopyChange, Link, LinkState
from mtrade.trading.copying.core import Core
from mtrade.trading.copying.losses import Losses
from mtrade.trading.copying.perils import Perils
from mtrade.trading.copying.world import network_of

_SENDING = frozenset({LinkState.ON, LinkState.CLOSE_ONLY, LinkState.TRIPPED})


class Watch:
    """`run` is called about four times a second."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._losses = Losses(core)
        self._perils = Perils(core)
        self._live: dict[int, bool] = {}
        self._blind: set[int] = set()
        self._closed: set[int] = set()

    def run(self) -> None:
        """Look at every link."""
        core = self._core
        for link in core.active():
            for look in (self._look, self._losses.look):
                change = look(core.book.links[link.id])
                if change:
                    core.launch((), change)
                    core.touch_link(link.id)
        self._perils.run()
        gone = tuple(link.id for link in core.active() if self._is_over(link))
        if gone:
            core.launch((), CopyChange(removed=gone))

    def _is_over(self, link: Link) -> bool:
        """A link that is leaving goes when nothing is under way and nothing is left to close."""
        if link.leaving is None:
            return False
        legs = self._core.book.legs_of(link.id)
        if any(leg.pending is not None for leg in legs):
            return False
        return link.leaving is OnUnfollow.KEEP or all(leg.owned.is_zero() for leg in legs)

    def _look(self, link: Link) -> CopyChange:
        core = self._core
        sight = core.memory.sight(link.leader_id, link.settle)
        if sight is None:
            return NO_CHANGE
        now = core.now_ms(network_of(link.leader_id))
        live = sight.is_live(now, link.params.signal_max_age_ms)
        if live or not sight.live_ms:
            sight.live_ms = now
        if self._live.get(link.id) is not live:
            self._live[link.id] = live
            core.touch_link(link.id)
        return self._blindness(link, live, now - sight.live_ms)

    def _blindness(self, link: Link, live: bool, silent_ms: int) -> CopyChange:
        core = self._core
        name = f"{link.id} 0 {Code.NOT_LIVE}"
        if live:
            if link.id in self._blind:
                self._blind.discard(link.id)
                self._closed.discard(link.id)
                core.alerts.over(name)
            return NO_CHANGE
        if link.state is LinkState.SHADOW or silent_ms < link.params.blind_alert_s * 1000:
            return NO_CHANGE
        why = Reason(Code.NOT_LIVE, {"seconds": str(silent_ms // 1000)})
        if link.id not in self._blind:
            self._blind.add(link.id)
            return CopyChange(events=(core.alarm(link, why),))
        return self._too_long(link, silent_ms, why)

    def _too_long(self, link: Link, silent_ms: int, why: Reason) -> CopyChange:
        """Still blind: close what is owned, if the link says so."""
        params = link.params
        if params.on_blind is not OnBlind.CLOSE or link.id in self._closed:
            return NO_CHANGE
        if silent_ms < params.blind_close_min * 60_000 or link.state not in _SENDING:
            return NO_CHANGE
        self._closed.add(link.id)
        legs = self._core.book.legs_of(link.id)
        closed = tuple(out_of(leg) for leg in legs if not leg.owned.is_zero())
        return CopyChange(legs=closed, events=(self._core.alarm(link, why),))
