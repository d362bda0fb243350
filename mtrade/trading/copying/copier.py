"""The pipeline's guest that copies: events say which legs to look at, the domain decides, a whole
fan-out is one transaction. Engine thread only, except `hear`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from mtrade.domain.copying.model import CopyChange
from mtrade.domain.errors import MTradeError, StoreError
from mtrade.domain.events import Event
from mtrade.domain.orders import Fill
from mtrade.trading.copying.adoption import Adoption
from mtrade.trading.copying.breakers import Breakers
from mtrade.trading.copying.core import RECONCILE_S, Core
from mtrade.trading.copying.ear import Ear
from mtrade.trading.copying.grace import Grace
from mtrade.trading.copying.monitor import Monitor
from mtrade.trading.copying.patience import Patience
from mtrade.trading.copying.planning import Planning
from mtrade.trading.copying.settings import Settings
from mtrade.trading.copying.settling import Settling
from mtrade.trading.copying.sightings import Sighting
from mtrade.trading.copying.watch import Watch
from mtrade.trading.inbox import Rank
from mtrade.trading.ports import Host, Moved

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done on the engine's thread; `reply` gets what it returns or raises. Most of
    them stop something, and all keep the order in which people gave them."""

    rank: ClassVar[Rank] = Rank.CONTROL

    act: Callable[[], Any]
    reply: Future[Any]


class Copier:
    """Implements the port `Guest`."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.breakers = Breakers(core)
        self._settings = Settings(core)
        self._adoption = Adoption(core)
        self._watch = Watch(core)
        patience = Patience(core.tools.clock)
        self._planning = Planning(core, self._settings, self.breakers, patience)
        self._settling = Settling(core, self.breakers, patience)
        self._monitor = Monitor(core)
        self._ear = Ear(core, self._settings, self._executed)
        self._grace = Grace(core.tools.clock, core.book, core.memory)
        self._everything_at = 0.0
        self._stopped = False

    def started(self, host: Host) -> None:
        """See the port."""
        self.core.join(host)
        self._adoption.begin()
        self.breakers.recall()

    def hear(self, event: Event) -> Rank | None:
        """See the port."""
        rank = self._ear.hear(event)
        if rank is Rank.SIGNAL:
            self.core.tools.way.claim()
        return rank

    def heard(self, event: Event) -> None:
        """See the port."""
        self._grace.hear(event)
        self._ear.heard(event)

    def handle(self, message: object) -> None:
        """What the scout brings, and what people want."""
        if isinstance(message, Sighting):
            self._ear.seen(message)
            self._adoption.seen(message)
        elif isinstance(message, Task):
            _do(message)

    def settling(self, moved: Sequence[Moved]) -> CopyChange:
        """See the port."""
        return self._settling.settling(moved)

    def settled(self, moved: Sequence[Moved], change: CopyChange) -> None:
        """See the port."""
        self._settling.settled(moved, change)

    def tick(self) -> None:
        """See the port."""
        try:
            awake = self._is_awake()
            if awake:
                self._ear.look()
                self._planning.run()  # first of all: what follows can wait
        finally:
            self.core.tools.way.release()
        if awake:
            self._see_to_the_rest()

    def _is_awake(self) -> bool:
        core = self.core
        awake = not self._stopped and core.ready and core.reload_if_due()
        return awake and not self._grace.rest_s()

    def _see_to_the_rest(self) -> None:
        core = self.core
        if core.loaded or core.tools.clock.monotonic() >= self._everything_at:
            core.loaded = False
            self._everything_at = core.tools.clock.monotonic() + RECONCILE_S
            self._ear.everything()
        if core.errands.run():
            core.gates.look_at_mode()
            core.gates.refresh()
            self._adoption.run()
            self._watch.run()
            self._monitor.run()
        self._planning.run()

    def wait(self) -> float:
        """See the port."""
        core = self.core
        if self._stopped or not core.ready:
            return 1.0
        if (rest := core.until_reload()) is not None:
            return rest
        if rest := self._grace.rest_s():
            return rest
        if core.touched:
            return 0.0
        return min(core.timers.until_next(), core.errands.until_next())

    def stopping(self) -> None:
        """See the port; called from another thread."""
        self._stopped = True

    def forget(self, account_id: str) -> None:
        """An account was changed or removed; its key may be another. From any thread."""
        if self.core.ready:
            self.core.host.post(Task(partial(self.core.key_changed, account_id), Future()))

    def _executed(self, account_id: str, fills: Sequence[Fill]) -> None:
        self._adoption.strangers(account_id, fills)
        self._monitor.executed(account_id, fills)

    def close(self) -> None:
        """Ask and watch nothing more."""
        if self.core.ready:
            self.core.scout.close()
            self.core.errands.close()


def _do(task: Task) -> None:
    """Give a caller who still waits what the task returns or raises; else do not act."""
    if not task.reply.set_running_or_notify_cancel():
        return
    try:
        task.reply.set_result(task.act())
    except StoreError as fault:
        log.error("a command could not be written down: %s", fault.message)
        task.reply.set_exception(fault)
    except MTradeError as fault:
        task.reply.set_exception(fault)
