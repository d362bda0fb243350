"""One schedule: the real pipeline, courier, resolver, client and journal in virtual time."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal as D
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mtrade.domain.accounts import Account, Credentials, Network, Secret
from mtrade.domain.errors import ExchangeError
from mtrade.domain.instruments import Market, Side, futures, spot
from mtrade.domain.orders import (
    Intent,
    IntentKind,
    IntentState,
    OrderRequest,
    OrderType,
    TimeInForce,
)
from mtrade.domain.positions import Leg
from mtrade.gate.client import GateClient
from mtrade.gate.exchange import GateExchange
from mtrade.gate.limits import RateBudgets
from mtrade.gate.networks import addresses
from mtrade.gate.trading_core import TradingCore
from mtrade.gate.trading_line import TradingLine
from mtrade.store.journal import SqliteJournal
from mtrade.trading.courier import Courier
from mtrade.trading.intents import EXPIRES_MS, NOISE, order_text
from mtrade.trading.messages import Commit
from mtrade.trading.pipeline import Pipeline
from tests.checker import problems
from tests.storm.faces import ApiFace, RestFace
from tests.storm.net import Faults, RestWire, SocketKeeper
from tests.storm.stage import START_MS, Stage, StageClock, StagePool
from tests.storm.venue import Venue

BTC, BTC_SPOT = futures("BTC_USDT"), spot("BTC_USDT")
ACCOUNT = Account(id="paper:42", name="Sim", network=Network.PAPER, uid="42", key_tail="key1")
KEY = Credentials("sim-key", Secret("sim-secret"))
ORDERS_S, STORM_S, CALM_S = 40.0, 60.0, 95.0


class StageWorker:
    """Stands in for the engine's thread: one message at a time, in virtual time."""

    def __init__(
        self,
        handle: Callable[[object], None],
        tick: Callable[[], None],
        wait: Callable[[], float],
        troubles: object,
        *,
        stage: Stage,
    ) -> None:
        self._handle = handle
        self._tick = tick
        self._wait = wait
        self._stage = stage
        self._next = 0
        self.dead = False

    def start(self) -> None:
        self._plan()

    def post(self, message: object) -> None:
        self._stage.at(0.0005, self._work, message)

    def stop(self, timeout: float) -> None:
        """It is not a thread."""

    def unwritten(self, fault: Exception) -> None:
        raise fault

    def _work(self, message: object) -> None:
        if not self.dead:
            self._handle(message)
            self._tick()
            self._plan()

    def _plan(self) -> None:
        self._next += 1
        self._stage.at(max(self._wait(), 0.001), self._due, self._next)

    def _due(self, number: int) -> None:
        if number == self._next and not self.dead:
            self._tick()
            self._plan()


class Sockets:
    """The trading sockets of one process, as the exchange sees them."""

    def __init__(self, world: World) -> None:
        self.dead = False
        self._stage = world.stage
        self._keepers = {
            "": self._keeper(world, Market.SPOT),
            "usdt": self._keeper(world, Market.FUTURES),
        }

    def line(self, settle: str) -> TradingLine | None:
        line = self._keepers[settle].line
        return line if line.ready() else None

    def close(self) -> None:
        """Nothing more is written or heard."""
        self.dead = True
        for keeper in self._keepers.values():
            keeper.dead = True

    def _keeper(self, world: World, market: Market) -> SocketKeeper:
        core = TradingCore(market, KEY, world.clock)
        line = TradingLine(core, self._post, wait=world.stage.wait)
        return SocketKeeper(world.stage, line, ApiFace(world.venue), world.faults, world.pick)

    def _post(self, callback: Callable[..., object], *args: object) -> bool:
        self._stage.at(0.0002, self._unless_dead, callback, args)
        return True

    def _unless_dead(self, callback: Callable[..., object], args: tuple[object, ...]) -> None:
        if not self.dead:
            callback(*args)


class Accounts:
    """The one account, as the courier asks for it."""

    def __init__(self, exchange: GateExchange, clock: StageClock) -> None:
        self._exchange = exchange
        self._clock = clock

    def exchange(self, account_id: str) -> GateExchange:
        return self._exchange

    line = exchange

    def get(self, account_id: str) -> Account:
        return ACCOUNT

    def clock(self, network: Network) -> StageClock:
        return self._clock


class Process:
    """One life of the engine, from its start to its death."""

    def __init__(self, world: World) -> None:
        stage, pick, clock = world.stage, world.pick, world.clock
        wire = RestWire(stage, RestFace(world.venue, world.true_ms), world.faults, pick)
        client = GateClient(
            addresses(Network.PAPER, "http://127.0.0.1:1"),
            clock,
            KEY,
            RateBudgets(clock, stage.sleep),
            transport=wire,  # type: ignore[arg-type]
        )
        self._sockets = Sockets(world)
        self.exchange = GateExchange(client, self._sockets)
        self._pools: list[StagePool] = []
        accounts = Accounts(self.exchange, clock)

        def pool(name: str) -> StagePool:
            self._pools.append(StagePool(stage, lambda: pick.uniform(0.0001, 0.01)))
            return self._pools[-1]

        self.pipeline = Pipeline(
            world.journal,
            lambda post: Courier(accounts, post, pool),  # type: ignore[arg-type]
            clock,
            lambda account_id: clock.now_ms(),
            lambda account_id: None,
            worker=partial(StageWorker, stage=stage),  # type: ignore[arg-type]
        )
        self.worker: StageWorker = self.pipeline._worker  # type: ignore[assignment]
        self.pipeline.start()

    def die(self) -> None:
        """SIGKILL: nothing of it acts any more."""
        self.worker.dead = True
        self._sockets.close()
        for pool in self._pools:
            pool.shutdown()


@dataclass(frozen=True)
class Outcome:
    """What a schedule came to."""

    wrong: list[str]
    sent: int
    paths: dict[str, int]
    met: dict[str, int]


class World:
    """A seed, an exchange, a journal, and one process after another."""

    def __init__(
        self, seed: int, folder: Path, *, worst: float = 0.5, crashes: bool = True
    ) -> None:
        self.pick = random.Random(seed)
        self.stage = Stage()
        self.clock = StageClock(self.stage, error_ms=self.pick.choice([0, 0, -200, 150]))
        self.faults = Faults(self.pick, worst)
        lag = self.pick.choice([0, 300, 1500])
        self.venue = Venue(
            self.pick, self.true_ms, lambda: self.pick.randint(0, lag) if self.faults.on else 0
        )
        self.file = folder / f"sim-{seed}.db"
        self.journal = SqliteJournal(self.file)
        self.journal.begin_epoch(self.true_ms(), "boot", "abcd", "0")
        self._crashes = crashes
        self._asked = 0
        self.process = Process(self)

    def true_ms(self) -> int:
        """The exchange's time."""
        return START_MS + round(self.stage.now * 1000)

    def run(self) -> Outcome:
        """Orders in a storm of faults, then calm; what is wrong afterwards."""
        for _ in range(self.pick.randint(8, 14)):
            self.stage.at(self.pick.uniform(1.0, ORDERS_S), self._order)
        for _ in range(4):
            self.stage.at(self.pick.uniform(5.0, STORM_S), self._disturb)
        if self._crashes and self.pick.random() < 0.5:
            self.stage.at(self.pick.uniform(2.0, STORM_S), self._crash)
        self.stage.run(STORM_S)
        self.faults.on = False
        self.stage.run(STORM_S + CALM_S)
        return self._judged()

    def _judged(self) -> Outcome:
        self.journal.checkpoint()
        wrong = problems(self.file, self.venue.arrivals, self.venue.summary())
        paths: dict[str, int] = {}
        for arrival in self.venue.arrivals:
            paths[arrival["path"]] = paths.get(arrival["path"], 0) + 1
        self.process.die()
        self.stage.kill_jobs()
        self.journal.close()
        return Outcome(wrong, len(self.venue.arrivals), paths, dict(self.faults.met))

    def _order(self) -> None:
        """A burst of one to three orders in one commit."""
        intents = tuple(self._intent() for _ in range(self.pick.choice([1, 1, 1, 2, 3])))
        reply: Any = SimpleNamespace(
            set_running_or_notify_cancel=lambda: True,
            set_result=lambda result: None,
            set_exception=lambda fault: None,
        )
        self.process.worker.post(Commit(intents, reply))

    def _intent(self) -> Intent:
        self._asked += 1
        on_futures = self.pick.random() < 0.6
        leg = Leg.NET if on_futures else None
        text = order_text(IntentKind.MANUAL, leg, "abcd", self.pick.randbytes(NOISE))
        return Intent(
            id=0,
            account_id=ACCOUNT.id,
            kind=IntentKind.MANUAL,
            request_id=f"request-{self._asked}",
            order=self._request(text, on_futures=on_futures),
            expires_ms=self.clock.now_ms() + EXPIRES_MS,
            state=IntentState.SENDING,
            planned_ms=self.clock.now_ms(),
            plan_position=self._witness() if on_futures else None,
        )

    def _witness(self) -> D | None:
        """The position as planned, where it can be compared: the clock is right, and no trade of
        this very millisecond leaves open whether it came before."""
        now = self.true_ms()
        ties = any(at_ms == now for o in self.venue.orders for _, _, at_ms, _ in o.trades)
        return self.venue.position() if self.clock.now_ms() == now and not ties else None

    def _request(self, text: str, *, on_futures: bool) -> OrderRequest:
        limit = self.pick.random() < 0.5
        side = self.pick.choice(list(Side))
        market = not limit and (on_futures or side is Side.SELL)
        tifs = [TimeInForce.GTC, TimeInForce.IOC, TimeInForce.POC, TimeInForce.FOK]
        return OrderRequest(
            instrument=BTC if on_futures else BTC_SPOT,
            side=side,
            type=OrderType.MARKET if market else OrderType.LIMIT,
            size=D(self.pick.randint(1, 20)) if on_futures else D(self.pick.randint(1, 99)) / 1000,
            text=text,
            price=None if market else D(60000),
            tif=TimeInForce.IOC if market else self.pick.choice(tifs),
            reduce_only=on_futures and self.pick.random() < 0.2,
        )

    def _disturb(self) -> None:
        """Something happens to a resting order: it fills, in part or whole, or we cancel it."""
        resting = [o for o in self.venue.orders if o.open]
        if not resting:
            return
        order = self.pick.choice(resting)
        act = self.pick.random()
        if act < 0.5:
            half = order.left / 2
            step = D(1) if order.market == "futures" else D("0.0001")
            self.venue.trade(order, self.pick.choice([order.left, half // step * step]))
        else:
            instrument = BTC if order.market == "futures" else BTC_SPOT
            self.stage.start(partial(self._cancel, self.process, instrument, order.id))

    def _cancel(self, process: Process, instrument: Any, order_id: str) -> None:
        with suppress(ExchangeError):
            process.exchange.cancel(instrument, order_id)
        if not process.worker.dead:
            process.pipeline.look(ACCOUNT.id, order_id)

    def _crash(self) -> None:
        """The process dies and starts again on the same journal."""
        self.process.die()
        self.stage.kill_jobs()
        self.process = Process(self)
