"""One life of the product: pipeline, courier, fan-out, scout and copier in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from mtrade.domain.accounts import Account, Network
from mtrade.domain.errors import NotFound, OutcomeUnknown
from mtrade.domain.events import Event
from mtrade.store.copying import CopyStore
from mtrade.trading.copying.brakes import Brakes
from mtrade.trading.copying.braking import Braking
from mtrade.trading.copying.copier import Copier, Task
from mtrade.trading.copying.core import Core, Tools
from mtrade.trading.copying.fanout import Fanout
from mtrade.trading.copying.scout import Scout
from mtrade.trading.courier import Courier
from mtrade.trading.messages import Answered
from mtrade.trading.pipeline import Pipeline
from tests.sim.copying.bourse import Bourse
from tests.sim.copying.disk import SimJournal
from tests.sim.copying.kernel import Life, SimLoop, SimPool, SimWorker
from tests.sim.copying.line import SimLine
from tests.sim.copying.streams import Streams
from tests.sim.copying.troubles import Troubles
from tests.storm.stage import StageClock

INSTANCE = "aaaa"
NO_LIMIT = 10**6
MONITOR_S = 7.0  # far more often than in earnest


class Accounts:
    """The part of AccountManager that courier and scout use."""

    def __init__(self, lines: dict[str, SimLine], clock: StageClock) -> None:
        self._lines = lines
        self._clock = clock
        self._rows = {key: _account(key) for key in lines}

    def list(self) -> tuple[Account, ...]:
        return tuple(self._rows.values())

    def get(self, account_id: str | None) -> Account:
        row = self._rows.get(account_id or "")
        if row is None:
            raise NotFound("there is no such account", code="unknown_account")
        return row

    def line(self, account_id: str) -> SimLine:
        self.get(account_id)
        return self._lines[account_id]

    exchange = line

    def market_data(self, network: Network) -> SimLine:
        return next(iter(self._lines.values()))

    def clock(self, network: Network) -> StageClock:
        return self._clock


class Process:
    """Starts at once. `texts` draws the noise of order texts."""

    def __init__(
        self,
        life: Life,
        bourse: Bourse,
        troubles: Troubles,
        clock: StageClock,
        journal: SimJournal,
        lines: dict[str, SimLine],
        texts: Callable[[int], bytes],
        *,
        lost: bool,
    ) -> None:
        self._life = life
        self._clock = clock
        self._troubles = troubles
        self._lines = lines
        self.accounts: Any = Accounts(lines, clock)
        self.brakes = Brakes()
        self._loop = SimLoop(life)
        self.pipeline: Pipeline
        self.streams = Streams(life.stage, bourse, troubles, life.pick, lines, self._hear)
        tools = Tools(
            shelf=CopyStore(journal.database),
            next_id=journal.next_id,
            known_text=journal.by_text,
            clock=clock,
            clock_of=lambda network: clock,
            feeds=self.streams,
            scout_for=lambda post: Scout(self.accounts, self._late(post), self._pool),
            mode=lambda: "copy",
            instance=INSTANCE,
            noise=texts,
            lost=lost,
            unknown_limit=NO_LIMIT,
            monitor_s=MONITOR_S,
        )
        self.core = Core(tools, self.brakes)
        self.copier = Copier(self.core)
        self.braking = Braking(self.core, self.copier.breakers)
        self.pipeline = Pipeline(
            journal,
            lambda post: Courier(self.accounts, self._late(post), self._pool, self.brakes.halted),
            clock,
            lambda account_id: clock.now_ms(),
            lambda account_id: None,
            hears=lambda intent: self.streams.hears(intent.account_id),
            worker=partial(SimWorker, life=life),  # type: ignore[arg-type]
            guest=self.copier,
            sender_for=self._sender,
            halted=self.brakes.halted,
        )
        for account_id in lines:
            self.streams.open_account(account_id)
        self.pipeline.start()

    def do(self, act: Callable[[], Any]) -> None:
        """Something on the engine's thread that nobody waits for."""
        self.pipeline.post(Task(act, Future()))

    def halt(self, scope: str) -> None:
        """As the facade does it: the flag first, then the row."""
        self.brakes.halt(scope)
        self.do(lambda: self.braking.halt(scope, "sim"))

    def release(self, scope: str) -> None:
        """Orders may leave again."""
        self.do(lambda: self.braking.release(scope))

    def die(self) -> None:
        """Nothing of it acts any more."""
        self._life.dead = self.streams.dead = True
        for line in self._lines.values():
            line.dead = True

    def _hear(self, event: Event) -> None:
        self.pipeline.hear(event)

    def _late(self, post: Callable[[object], None]) -> Callable[[object], None]:
        """What comes back takes its time, so that it is overtaken."""
        pick, life = self._life.pick, self._life

        def later(message: object) -> None:
            longest = 0.04
            if self._troubles.on and pick.random() < 0.05:
                longest = 2.0
            if isinstance(message, Answered) and isinstance(message.answer.error, OutcomeUnknown):
                longest = 5.0
            life.at(pick.uniform(0.0003, longest), post, message)

        return later

    def _pool(self, name: str) -> SimPool:
        return SimPool(self._life)

    def _sender(self, courier: Courier, post: Callable[[object], None]) -> Fanout:
        return Fanout(self._reach, courier, self._loop, post, self.brakes.halted)

    def _reach(self, account_id: str) -> tuple[Any, Any]:
        return self.accounts.exchange(account_id), self._clock


def _account(account_id: str) -> Account:
    uid = account_id.partition(":")[2]
    return Account(id=account_id, name=f"A{uid}", network=Network.PAPER, uid=uid, key_tail="k")
