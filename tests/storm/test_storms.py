"""A thousand storms: no order is sent twice, every unknown outcome is resolved to what happened.

Each seed is one schedule in virtual time: lost, late and repeated frames, closes before and after
the acknowledgement, errors with and without effect, on a socket and REST that take turns, with the
process dying now and then. The judge reads the journal and the exchange's log and shares no code.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tests.storm.net import REST_FAULTS, WS_FAULTS
from tests.storm.world import World

QUICK_S = 20.0
ALL_KINDS = {f"rest {kind}" for kind in REST_FAULTS} | {f"ws {kind}" for kind in WS_FAULTS}


class Tally:
    """What many schedules came to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.schedules = self.sent = 0
        self.met: Counter[str] = Counter()
        self.paths: Counter[str] = Counter()

    def play(self, seed: int) -> None:
        outcome = World(seed, self._folder).run()
        assert not outcome.wrong, f"seed {seed}:\n" + "\n".join(outcome.wrong)
        self.schedules += 1
        self.sent += outcome.sent
        self.met.update(outcome.met)
        self.paths.update(outcome.paths)
        for file in self._folder.glob(f"sim-{seed}.db*"):
            file.unlink()


def test_the_storms_that_fit_into_a_moment(tmp_path: Path) -> None:
    tally = Tally(tmp_path)
    until = time.monotonic() + QUICK_S
    while time.monotonic() < until or tally.schedules < 20:
        tally.play(tally.schedules)
    assert min(tally.paths["ws"], tally.paths["rest"]) > tally.schedules


@pytest.mark.full
@pytest.mark.timeout(3600)
def test_a_thousand_storms(tmp_path: Path) -> None:
    tally = Tally(tmp_path)
    for seed in range(10_000, 11_200):
        tally.play(seed)
    assert set(tally.met) == ALL_KINDS, "some fault never happened"
    assert min(tally.paths["ws"], tally.paths["rest"]) > 1_000


@pytest.mark.parametrize("seed", [3, 7])
def test_the_same_seed_gives_the_same_history(tmp_path: Path, seed: int) -> None:
    def history(folder: Path) -> list[tuple[object, ...]]:
        folder.mkdir()
        World(seed, folder).run()
        with closing(sqlite3.connect(folder / f"sim-{seed}.db")) as db:
            return db.execute("SELECT * FROM intent ORDER BY id").fetchall()

    assert history(tmp_path / "one") == history(tmp_path / "two")
