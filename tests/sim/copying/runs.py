"""Many schedules: seeds in, outcomes out, over several processes; seeds that failed are kept."""

from __future__ import annotations

import gc
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.sim.copying.trace import history
from tests.sim.copying.troubles import DEFAULT, HOSTILE, POWER_LOSS
from tests.sim.copying.world import Outcome, World

WEATHERS = {"default": DEFAULT, "hostile": HOSTILE, "power-loss": POWER_LOSS}
REGRESSIONS = Path(__file__).parents[1] / "regressions.txt"
CHUNK = 20
MEMORY = Path("/dev/shm")  # noqa: S108 - files in memory where the system has such a place


@dataclass
class Totals:
    """What many schedules came to."""

    schedules: int = 0
    orders: int = 0
    unknown: int = 0
    crashes: int = 0
    lost: int = 0
    met: Counter[str] = field(default_factory=Counter)
    wrong: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """One more."""
        self.schedules += 1
        self.orders += outcome.orders
        self.unknown += outcome.unknown
        self.crashes += outcome.crashes
        self.lost += outcome.lost
        self.met.update(outcome.met)
        if outcome.wrong:
            self.wrong.append(outcome)

    def lines(self) -> list[str]:
        """For people."""
        met = ", ".join(f"{name} {number:,}" for name, number in sorted(self.met.items()))
        return [
            f"{self.schedules:,} schedules, {self.orders:,} orders, {self.unknown:,} outcomes"
            f" proven later, {self.crashes:,} crashes, {self.lost:,} commits lost",
            f"faults: {met}",
            f"{len(self.wrong)} schedules went wrong",
        ]


def one(seed: int, weather: str, *, trace: bool = False) -> Outcome:
    """One schedule; with `trace` its history is printed."""
    place = MEMORY if MEMORY.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="mtrade-sim-", dir=place))
    try:
        world = World(seed, WEATHERS[weather], folder)
        outcome = world.run()
        if trace:
            sys.stdout.writelines(f"{line}\n" for line in history(world, world.disk.file))
        return outcome
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def several(seeds: Sequence[int], weather: str) -> list[Outcome]:
    """One after another, without looking for garbage in the midst of it."""
    gc.collect()
    gc.disable()
    try:
        return [one(seed, weather) for seed in seeds]
    finally:
        gc.enable()


def many(seeds: Sequence[int], weather: str, jobs: int = 1) -> Iterator[Outcome]:
    """In chunks over `jobs` processes, in order."""
    chunks = [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]
    work = partial(several, weather=weather)
    if jobs == 1:
        for chunk in chunks:
            yield from work(chunk)
        return
    with ProcessPoolExecutor(jobs) as pool:
        for outcomes in pool.map(work, chunks):
            yield from outcomes


def kept(weather: str) -> list[int]:
    """Seeds that once failed in this weather."""
    rows = REGRESSIONS.read_text(encoding="utf-8").split("\n") if REGRESSIONS.exists() else []
    words = [row.split() for row in rows if row and not row.startswith("#")]
    return [int(seed) for name, seed in words if name == weather]


def keep(weather: str, seeds: Iterable[int]) -> None:
    """Remember seeds that failed."""
    fresh = [seed for seed in seeds if seed not in kept(weather)]
    with REGRESSIONS.open("a", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{weather} {seed}\n" for seed in fresh)
