"""What is looked at all the time: whether leaders can be seen, loss limits, links that are leaving.
Engine thread only."""

from __future__ import annotations

from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.copying.model import CopyChange, CopyEvent, Link, LinkState
from mtrade.trading.copying.core import Core
from mtrade.trading.copying.sightings import Sighting
from mtrade.trading.copying.world import network_of


class Watch:
    """`run` is called about four times a second."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._live: dict[int, bool] = {}
        self._blind: set[int] = set()

    def seen(self, seen: Sighting) -> None:
        """The scout came back."""

    def run(self) -> None:
        """Look at every link."""
        events: list[CopyEvent] = []
        for link in self._core.active():
            events += self._look(link)
        if events:
            self._core.launch((), CopyChange(events=tuple(events)))

    def _look(self, link: Link) -> list[CopyEvent]:
        core = self._core
        sight = core.memory.sight(link.leader_id, link.settle)
        if sight is None:
            return []
        now = core.now_ms(network_of(link.leader_id))
        live = sight.is_live(now, link.params.signal_max_age_ms)
        if live or not sight.live_ms:
            sight.live_ms = now
        if self._live.get(link.id) is not live:
            self._live[link.id] = live
            core.touch_link(link.id)
        return self._blindness(link, live, now - sight.live_ms)

    def _blindness(self, link: Link, live: bool, silent_ms: int) -> list[CopyEvent]:
        core = self._core
        name = f"{link.id} 0 {Code.NOT_LIVE}"
        if live:
            if link.id in self._blind:
                self._blind.discard(link.id)
                core.alerts.over(name)
            return []
        if link.state is LinkState.SHADOW or silent_ms < link.params.blind_alert_s * 1000:
            return []
        if link.id in self._blind:
            return []
        self._blind.add(link.id)
        return [core.alarm(link, Reason(Code.NOT_LIVE, {"seconds": str(silent_ms // 1000)}))]
