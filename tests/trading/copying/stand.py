"""Copying on the real pipeline, journal and matching, in virtual time, without any trouble."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from decimal import Decimal as D
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from mtrade.domain.accounts import Account, Network, PositionMode
from mtrade.domain.copying.facts import Facts, Wanted
from mtrade.domain.copying.model import CopyChange, CopyLeg, Link, LinkState
from mtrade.domain.copying.params import CopyParams
from mtrade.domain.copying.step import Outcome
from mtrade.domain.errors import NotFound
from mtrade.domain.events import Event
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import InstrumentId, Side
from mtrade.domain.numbers import loads
from mtrade.domain.orders import Intent, OrderRequest, OrderType, TimeInForce, VenueOrder
from mtrade.domain.positions import Leg
from mtrade.gate import parse_futures
from mtrade.store.copying import CopyStore
from mtrade.store.journal import SqliteJournal
from mtrade.trading.copying.brakes import Brakes
from mtrade.trading.copying.copier import Copier
from mtrade.trading.copying.core import Core, Tools
from mtrade.trading.copying.fanout import Fanout
from mtrade.trading.copying.scout import Scout
from mtrade.trading.courier import Courier
from mtrade.trading.pipeline import Pipeline
from tests.sim.copying.bourse import CONTRACTS, Bourse
from tests.sim.copying.line import SimLine
from tests.sim.copying.streams import Streams
from tests.sim.copying.troubles import DEFAULT, Troubles
from tests.storm.stage import START_MS, Stage, StageClock, StagePool
from tests.storm.world import StageWorker

T = TypeVar("T")
DOGE, ETH, ADA = CONTRACTS
LEADER, FIRST, SECOND = 1, 2, 3


def name(uid: int) -> str:
    return f"paper:{uid}"


def halve(leg: CopyLeg, facts: Facts) -> Outcome:
    """Half of the leader, at market: enough to see what the engine does around a decision."""
    if leg.pending is not None or facts.market.rules is None:
        return Outcome(leg=leg)
    target = facts.market.rules.conform_size(facts.leader.size / 2)
    if target * leg.owned < 0:
        target = D(0)
    size = target - leg.owned
    reducing = abs(target) < abs(leg.owned)
    if size.is_zero() or facts.brake or (facts.gate and not reducing):
        return Outcome(leg=leg, why=facts.brake or facts.gate)
    if facts.link.state is not LinkState.ON:
        return Outcome(leg=leg)
    order = OrderRequest(
        instrument=leg.instrument,
        side=Side.BUY if size > 0 else Side.SELL,
        type=OrderType.MARKET,
        size=abs(size),
        text="",
        tif=TimeInForce.IOC,
        reduce_only=reducing,
    )
    return Outcome(leg=leg, order=Wanted(order=order, reducing=reducing))


def book(leg: CopyLeg, before: Intent, after: Intent, facts: Facts | None) -> Outcome:
    """Moves the ledger, and no more."""
    gained = (after.filled - before.filled) * after.order.side.sign
    pending = None if after.final else leg.pending
    return Outcome(leg=replace(leg, owned=leg.owned + gained, pending=pending))


class StageLoop:
    """The loop's thread in virtual time."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.dead = False

    def post(self, callback: Callable[..., object], *args: object) -> bool:
        self._stage.at(0.0001, self._unless_dead, partial(callback, *args))
        return True

    def later(self, seconds: float, callback: Callable[[], object]) -> object:
        self._stage.at(seconds, self._unless_dead, callback)
        return None

    def _unless_dead(self, callback: Callable[[], object]) -> None:
        if not self.dead:
            callback()


class Line(SimLine):
    """Its answers pass through JSON, as everybody's do."""

    def _seen(self, order: Any) -> VenueOrder:
        view = self._bourse.world.futures.views.order(order, True)
        return parse_futures.order(loads(json.dumps(view)), "usdt")


class Accounts:
    """The part of AccountManager that courier and scout use."""

    def __init__(self, lines: dict[str, SimLine], clock: StageClock) -> None:
        self.lines = lines
        self._clock = clock

    def list(self) -> tuple[Account, ...]:
        return tuple(self.get(key) for key in self.lines)

    def get(self, account_id: str | None) -> Account:
        if account_id not in self.lines:
            raise NotFound("there is no such account", code="unknown_account")
        uid = str(account_id).partition(":")[2]
        return Account(
            id=str(account_id), name=f"Acc {uid}", network=Network.PAPER, uid=uid, key_tail="k"
        )

    def line(self, account_id: str) -> SimLine:
        self.get(account_id)
        return self.lines[account_id]

    exchange = line

    def market_data(self, network: Network) -> SimLine:
        return next(iter(self.lines.values()))

    def clock(self, network: Network) -> StageClock:
        return self._clock


class Stand:
    """One leader (`paper:1`) and followers; `run` lets time pass. This computer's clock is
    `behind_ms` behind the exchange's, and that is known."""

    def __init__(self, folder: Path, followers: int = 2, behind_ms: int = 0, **tools: Any) -> None:
        self.folder = folder
        self.tools = tools
        self.stage = Stage()
        self.pick = random.Random(1)
        self.clock = StageClock(self.stage)
        self.clock.offset_ms = behind_ms
        self.here = StageClock(self.stage, -behind_ms)
        self.bourse = Bourse(self.pick, self.clock.now_ms)
        self.troubles = Troubles(random.Random(1), DEFAULT)
        self.troubles.on = False
        self.uids = range(LEADER, LEADER + 1 + followers)
        for uid in self.uids:
            self.bourse.add_user(uid, D(100_000))
        self.mode = "copy"
        self.bourse.hear = self._hear
        self.faults: list[BaseException] = []
        self.begin()

    def begin(self) -> None:
        """A process starts."""
        self.journal = SqliteJournal(self.folder / "mtrade.db")
        self.journal.begin_epoch(self.clock.now_ms(), "boot", "aaaa", "test")
        self.store = CopyStore(self.journal.database)
        lines = {
            name(uid): Line(self.stage, self.bourse, self.troubles, self.pick, uid)
            for uid in self.uids
        }
        self.lines = lines
        self.accounts: Any = Accounts(lines, self.clock)
        self.brakes = Brakes()
        self.loop = StageLoop(self.stage)
        self.pipeline: Pipeline

        def hear(event: Event) -> None:
            return self.pipeline.hear(event)

        self.streams = Streams(self.stage, self.bourse, self.troubles, self.pick, lines, hear)
        self.core = Core(
            Tools(
                shelf=self.store,
                next_id=self.journal.next_id,
                known_text=self.journal.by_text,
                clock=self.here,
                clock_of=lambda network: self.clock,
                feeds=self.streams,
                scout_for=lambda post: Scout(self.accounts, post, self._pool),
                mode=lambda: self.mode,
                instance="aaaa",
                noise=self.pick.randbytes,
                **{"step": halve, "booked": book, **self.tools},
            ),
            self.brakes,
        )
        self.copier = Copier(self.core)
        self.worker: StageWorker
        self.pipeline = Pipeline(
            self.journal,
            lambda post: Courier(self.accounts, post, self._pool, self.brakes.halted),
            self.here,
            lambda account_id: self.clock.now_ms(),
            lambda account_id: None,
            worker=self._worker,  # type: ignore[arg-type]
            guest=self.copier,
            sender_for=self._sender,
            halted=self.brakes.halted,
        )
        for uid in self.uids:
            self.streams.open_account(name(uid))
        self.pipeline.start()

    def kill(self) -> None:
        """The process dies as it is."""
        self.worker.dead = self.loop.dead = self.streams.dead = True
        for line in self.lines.values():
            line.dead = True
        self.stage.kill_jobs()
        self.journal.close()

    def run(self, seconds: float) -> None:
        self.stage.run(self.stage.now + seconds)

    def ask(self, act: Callable[[], T]) -> T:
        """Do something on the engine's thread."""
        done: list[T] = []
        self.stage.at(0.0, lambda: done.append(act()))
        self.run(0.0)
        return done[0]

    def link(self, follower: int = FIRST, **changes: Any) -> Link:
        """A link that is on, as if it had been armed while the leader was flat."""
        params = changes.pop("params", CopyParams())
        link = Link(
            id=self.core.book.next_link_id(),
            leader_id=name(LEADER),
            follower_id=name(follower),
            params=params,
            **{"state": LinkState.ON, "armed_ms": self.clock.now_ms(), **changes},
        )
        assert self.core.launch((), CopyChange(links=(link,)))
        return link

    def trade(self, size: str, contract: InstrumentId = DOGE, uid: int = LEADER) -> None:
        """Somebody trades at market."""
        self.bourse.market(uid, contract, D(size))

    def held(self, uid: int = FIRST, contract: InstrumentId = DOGE, leg: Leg = Leg.NET) -> D:
        return self.bourse.held(uid, contract, leg)

    def owned(self, uid: int = FIRST, contract: InstrumentId = DOGE, leg: Leg = Leg.NET) -> D:
        """The ledger as the journal has it."""
        found = [
            row.owned
            for row in self.store.load().legs
            if (row.follower_id, row.instrument, row.side) == (name(uid), contract, leg)
        ]
        return found[0] if found else D(0)

    def hedge(self, uid: int) -> None:
        """An account that keeps two legs."""
        self.lines[name(uid)].set_position_mode("usdt", PositionMode.DUAL)

    def intents(self) -> list[Intent]:
        """Every order, oldest first."""
        return list(reversed(self.journal.recent(None, before_id=None, limit=1000)))

    def _worker(self, *args: Any) -> StageWorker:
        self.worker = StageWorker(*args, stage=self.stage)
        return self.worker

    def _sender(self, courier: Courier, post: Callable[[object], None]) -> Fanout:
        return Fanout(self._reach, courier, self.loop, post, self.brakes.halted)

    def _reach(self, account_id: str) -> tuple[Any, Any]:
        return self.accounts.exchange(account_id), self.clock

    def _pool(self, what: str) -> StagePool:
        return StagePool(self.stage, lambda: 0.01, 64)

    def _hear(self, uid: int, event: Event) -> None:
        if uid in self.uids:
            self.streams.push(name(uid), event)


__all__ = ["ADA", "DOGE", "ETH", "START_MS", "Stand"]
