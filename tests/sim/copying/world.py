"""One schedule: a seed, an exchange, a leader, three followers, and one process after another."""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal as D
from pathlib import Path

from mtrade.domain.copying.model import CopyChange, Link, LinkState
from mtrade.domain.errors import MTradeError
from mtrade.domain.events import Event, PositionChanged
from mtrade.domain.frozen import replace
from mtrade.trading.copying.commands import Commands
from tests.checker import problems
from tests.sim.copying.bourse import Bourse
from tests.sim.copying.cast import CALM_S, LEADER, STORM_S, Cast, Follower, drawn
from tests.sim.copying.disk import MOST_LOST, Disk
from tests.sim.copying.judge import Lane, breaches
from tests.sim.copying.kernel import Fuse, Killed, Life
from tests.sim.copying.lanes import lanes, legs
from tests.sim.copying.life import INSTANCE, Process
from tests.sim.copying.line import SimLine
from tests.sim.copying.script import Hands, Leader
from tests.sim.copying.troubles import Troubles, Weather
from tests.storm.stage import START_MS, Stage, StageClock

SHORTEST_S = 22.0  # after the storm: the last fence, and who joins last


@dataclass(frozen=True)
class Outcome:
    """What a schedule came to. `digest` is of the journal."""

    seed: int
    wrong: tuple[str, ...]
    orders: int
    unknown: int
    crashes: int
    lost: int
    met: dict[str, int]
    digest: str


class World:
    """Made and run once."""

    def __init__(self, seed: int, weather: Weather, folder: Path) -> None:
        self.seed = seed
        self.weather = weather
        self.pick = random.Random(seed)
        self.stage = Stage()
        self.cast: Cast = drawn(self.pick, weather)
        self.true = StageClock(self.stage)
        self.clock = StageClock(self.stage, self.cast.clock_error_ms)
        self.bourse = Bourse(self.pick, self.true.now_ms)
        self.troubles = Troubles(self.pick, weather)
        self.fuse = Fuse()
        self.disk = Disk(folder, self.fuse, loses=weather.power_loss)
        self.wrong: list[str] = []
        self.crashes = 0
        self._boots = 0
        self.halted: set[str] = set()
        self.halts: list[tuple[int, int]] = []  # in force, also over a restart
        self._halted_ms: int | None = None
        self.told: list[tuple[int, str]] = []  # what the world did, for people
        self.process: Process | None = None
        self._texts = random.Random(seed + 1)
        self._people()
        self.bourse.hear = self._hear

    def run(self) -> Outcome:
        """Storm, calm, verdict."""
        logging.disable(logging.CRITICAL)
        try:
            self._write_links()
            self._begin()
            self._plan()
            self._pass(STORM_S)
            self._calm_down()
            self._settle()
            return self._judged()
        finally:
            logging.disable(logging.NOTSET)

    def _people(self) -> None:
        cast = self.cast
        self.bourse.add_user(LEADER, cast.leader_money)
        self._hedged(LEADER, cast.leader_hedge)
        for follower in cast.followers:
            self.bourse.add_user(follower.uid, follower.money)
            self._hedged(follower.uid, follower.hedge)
        self.leader = Leader(
            self.stage, self.bourse, self.pick, LEADER, cast.contracts,
            hedge=cast.leader_hedge, seconds=STORM_S, pace_s=cast.pace_s,
        )  # fmt: skip
        self.hands = Hands(self.bourse, self.pick)

    def _hedged(self, uid: int, hedge: bool) -> None:
        if hedge:
            futures = self.bourse.world.futures
            futures.settings.dual_mode(futures.state.account(uid, "usdt"), dual=True)

    def _write_links(self) -> None:
        links = tuple(
            self._link(number, follower)
            for number, follower in enumerate(self.cast.followers, 1)
            if not follower.joins_s or follower.watches
        )
        self.disk.journal.begin_epoch(START_MS, self._boot, INSTANCE, "sim")
        self.disk.journal.update((), CopyChange(links=links))
        self.disk.secure()

    def _link(self, number: int, follower: Follower) -> Link:
        watches = bool(follower.joins_s) and follower.watches
        return Link(
            id=number,
            leader_id=f"paper:{LEADER}",
            follower_id=f"paper:{follower.uid}",
            params=follower.params,
            state=LinkState.SHADOW if watches else LinkState.ON,
            created_ms=self.clock.now_ms(),
            armed_ms=None if watches else self.clock.now_ms(),
        )

    def _plan(self) -> None:
        """What happens when."""
        cast, stage = self.cast, self.stage
        if cast.crash_s:
            stage.at(self.pick.expovariate(1 / cast.crash_s), self._doom)
        if cast.moves_s:
            stage.at(cast.moves_s, self._move)
        for at in cast.touches_s:
            stage.at(at, self._touch)
        for at in cast.cuts_s:
            stage.at(at, self._cut)
        for at, seconds in cast.halts:
            stage.at(at, self._halt)
            stage.at(at + seconds, self._release)
        for at, seconds in cast.full:
            stage.at(at, self._fill_disk, True)
            stage.at(at + seconds, self._fill_disk, False)
        for follower in cast.followers:
            if follower.joins_s:
                stage.at(follower.joins_s, self._join, follower)
        for n, depth in enumerate(cast.depths):
            stage.at(10.0 * (n + 1), self._deepen, depth)

    # the process

    def _pass(self, until: float) -> None:
        while True:
            try:
                self.stage.run(until)
            except Killed:
                self._die()
            else:
                return

    def _settle(self) -> None:
        """Until everything is as it should be, and stays so; some schedules wait to the end."""
        patient = self.seed % 8 == 0 or bool(self.cast.touches_s)  # a ledger is lowered by proof
        for seconds in (SHORTEST_S, *range(int(SHORTEST_S) + 10, int(CALM_S) + 1, 10)):
            self._pass(STORM_S + seconds)
            if not patient and self._quiet():
                self._pass(STORM_S + seconds + 12.0)
                return

    def _quiet(self) -> bool:
        if self.process is None or self.process.pipeline.live:
            return False
        return all(
            low <= lane.position <= high
            for lane in self._lanes()
            for low, high in [lane.bounds(lane.wanted[-1][1])]
        )

    def _lanes(self) -> Iterator[Lane]:
        return lanes(self.cast, self.bourse, self.leader, self.hands, self.halts)

    def _begin(self) -> None:
        self.fuse.light(0)
        life = Life(self.stage, self.pick, self.fuse, self.wrong)
        lines = {
            f"paper:{uid}": SimLine(self.stage, self.bourse, self.troubles, self.pick, uid)
            for uid in (LEADER, *(f.uid for f in self.cast.followers))
        }
        for name, line in lines.items():
            line.leaves = lambda text, name=name: self._leaves(name, text)
        try:
            self.process = Process(
                life, self.bourse, self.troubles, self.clock, self.disk.journal, lines,
                self._texts.randbytes, lost=self.disk.journal.may_have_lost(),
            )  # fmt: skip
        except MTradeError:  # the disk is full: somebody starts it again
            life.dead = True
            self.stage.at(1.0, self._restart)

    @property
    def _boot(self) -> str:
        return f"boot-{self._boots}"

    def _doom(self) -> None:
        """The process dies: now, or in the midst of what it does next."""
        if self.stage.now < STORM_S:
            if self.cast.fused:
                self.fuse.light(self.pick.randint(1, 60))
            else:
                self._die()
            self.stage.at(self.pick.expovariate(1 / self.cast.crash_s), self._doom)

    def _die(self) -> None:
        if self.process is None:
            return
        self.crashes += 1
        self._tell("the process dies")
        self.process.die()
        self.process = None
        self.fuse.light(0)
        lost = self.weather.power_loss and self.pick.random() < 0.5
        self._boots += lost
        self.disk.again(self.pick.randint(1, MOST_LOST) if lost else 0)
        self.stage.at(self.pick.choice([0.3, 1.0, 3.0, 15.0]), self._restart)

    def _restart(self) -> None:
        if self.process is None:
            self.disk.journal.begin_epoch(self.true.now_ms(), self._boot, INSTANCE, "sim")
            self._tell(f"a process starts on {self._boot}")
            self._begin()
            for scope in sorted(self.halted):
                if self.process is not None:
                    self.process.halt(scope)

    def _calm_down(self) -> None:
        self.troubles.on = False
        self.disk.full = False
        self.fuse.light(0)
        self.bourse.depth = D(1)
        for contract in self.cast.contracts:
            self.bourse.requote(contract)
        self.stage.at(20.0, self._release)
        for follower in self.cast.followers:
            self.stage.at(20.0, self._join, follower)

    # what happens

    def _hear(self, uid: int, event: Event) -> None:
        if uid == LEADER and isinstance(event, PositionChanged):
            self.leader.note(event.update)
        if self.process is not None and uid <= len(self.cast.followers) + 1:
            if isinstance(event, PositionChanged):
                self.process.accounts.line(f"paper:{uid}").remember()
            self.process.streams.push(f"paper:{uid}", event)

    def _leaves(self, account_id: str, text: str) -> None:
        """An order leaves the process now."""
        if text not in self.disk.durable:
            self.wrong.append(f"{text} left before it was written down")
        if self.halted:
            self.wrong.append(f"{text} left although trading was halted")

    def _tell(self, what: str) -> None:
        self.told.append((self.true.now_ms(), what))

    def _move(self) -> None:
        if self.stage.now < STORM_S:
            contract = self.pick.choice(self.cast.contracts)
            self.bourse.move(contract, D(str(round(self.pick.gauss(0, 0.002), 5))))
            self.stage.at(self.pick.expovariate(1 / self.cast.moves_s), self._move)

    def _touch(self) -> None:
        follower = self.pick.choice(self.cast.followers)
        if not follower.hedge:
            self.hands.touch(follower.uid, legs(follower))

    def _cut(self) -> None:
        if self.process is not None:
            uid = self.pick.choice([LEADER, *(f.uid for f in self.cast.followers)])
            act = self.pick.choice([self.process.streams.cut, self.process.streams.silence])
            self._tell(f"{act.__name__} the stream of paper:{uid}")
            act(f"paper:{uid}", self.pick.uniform(0.5, 20.0))

    def _halt(self) -> None:
        self._tell("halt")
        self.halted.add("all")
        self._halted_ms = self._halted_ms or self.true.now_ms()
        if self.process is not None:
            self.process.halt("all")

    def _release(self) -> None:
        self._tell("release")
        self.halted.discard("all")
        if self.process is None:
            return
        self.process.release("all")
        if self._halted_ms is not None:
            self.halts.append((self._halted_ms, self.true.now_ms()))
            self._halted_ms = None

    def _fill_disk(self, full: bool) -> None:
        self._tell(f"disk full: {full}")
        self.disk.full = full

    def _deepen(self, depth: D) -> None:
        self.bourse.depth = depth
        for contract in self.cast.contracts:
            self.bourse.requote(contract)

    def _join(self, follower: Follower) -> None:
        """Arm a link, as long as it takes."""
        if self.process is not None:
            core = self.process.core
            known = [
                x for x in core.book.links.values() if x.follower_id.endswith(f":{follower.uid}")
            ]
            if known and known[0].state is not LinkState.SHADOW:
                return
            self.process.do(lambda: self._arm(follower))
        self.stage.at(1.0, self._join, follower)

    def _arm(self, follower: Follower) -> None:
        process = self.process
        if process is None:
            return
        core = process.core
        known = [x for x in core.book.links.values() if x.follower_id.endswith(f":{follower.uid}")]
        if known and known[0].state is not LinkState.SHADOW:
            return
        if known:
            Commands(process.core).set_state(known[0].id, LinkState.ON, confirm=True)
            self.disk.secure()
            return
        link = self._link(process.core.book.next_link_id(), follower)
        armed = replace(link, state=LinkState.ON, armed_ms=self.clock.now_ms())
        process.core.launch((), CopyChange(links=(armed,)))
        self.disk.secure()  # what a person has done is safe; of orders the last may be lost

    # the verdict

    def _judged(self) -> Outcome:
        if self.process is not None:
            self.process.die()
        self.disk.journal.checkpoint()
        file, arrivals = self.disk.file, self.bourse.arrivals
        self.wrong += problems(file, self._reached(), self._came_to())
        reducing = {a.text for a in arrivals if a.reduce_only}
        self.wrong += breaches(file, self._lanes(), reducing)
        self.wrong += self._too_early()
        digest = self.disk.digest()
        unknown = self._unknown()
        self.disk.journal.close()
        return Outcome(
            seed=self.seed,
            wrong=tuple(self.wrong),
            orders=len(arrivals),
            unknown=unknown,
            crashes=self.crashes,
            lost=self.disk.lost,
            met=dict(self.troubles.met),
            digest=digest,
        )

    def _reached(self) -> list[dict[str, object]]:
        """Create requests that arrived; what commits were lost of counts when it had an effect."""
        known = self._written()
        filled = {o.text for o in self.bourse.orders if o.filled}
        return [
            {"text": a.text, "accepted": a.accepted, "path": known.get(a.text) and a.path}
            for a in self.bourse.arrivals
            if not self.disk.lost or a.text in known or a.text in filled
        ]

    def _written(self) -> dict[str, bool]:
        rows = self.disk.journal.recent(None, before_id=None, limit=100_000)
        return {
            row.order.text: not row.evidence.startswith("found at the exchange after")
            for row in rows
        }

    def _came_to(self) -> list[dict[str, object]]:
        return [
            {"text": o.text, "order_id": str(o.id), "filled": o.filled, "open": o.open}
            for o in self.bourse.orders
        ]

    def _unknown(self) -> int:
        rows = self.disk.journal.recent(None, before_id=None, limit=100_000)
        return sum(1 for row in rows if "answer of the exchange" not in row.evidence)

    def _too_early(self) -> list[str]:
        """Nothing is sent for who has not joined."""
        first = Counter(
            {f.uid: START_MS + round(f.joins_s * 1000) for f in self.cast.followers if f.joins_s}
        )
        return [
            f"{a.text} came before paper:{a.uid} was armed"
            for a in self.bourse.arrivals
            if a.time_ms < first[a.uid]
        ]
