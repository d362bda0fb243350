"""A brake waits for nothing: it takes effect before what is in the inbox already (C-40)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.copying import step as core
from mtrade.domain.copying.model import LinkState
from mtrade.trading.inbox import Inbox
from tests.storm.world import StageWorker
from tests.trading.copying.office import Office
from tests.trading.copying.stand import FIRST, Stand

TRADES = 400  # some three messages each
HANDLING_S = 0.001  # each message holds the engine this long


class Slow(StageWorker):
    """The engine's thread with its inbox, one message after the other, in virtual time."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._inbox = Inbox()
        self._busy = False

    def post(self, message: object) -> None:
        self._inbox.post(message)
        if not self._busy:
            self._busy = True
            self._stage.at(HANDLING_S, self._turn, self._inbox.round())

    @property
    def waiting(self) -> int:
        """Messages in the inbox."""
        return sum(map(len, self._inbox._lanes))

    def _turn(self, batch: Iterator[object]) -> None:
        if self.dead:
            return
        for message in batch:
            self._handle(message)
            self._stage.at(HANDLING_S, self._turn, batch)
            return
        self._tick()
        self._busy = self.waiting > 0
        if self._busy:
            self._stage.at(HANDLING_S, self._turn, self._inbox.round())
        self._plan()


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    def worker(stand: Stand, *args: Any) -> StageWorker:
        stand.worker = Slow(*args, stage=stand.stage)
        return stand.worker

    monkeypatch.setattr(Stand, "_worker", worker)
    made = Office(tmp_path, step=core.step, booked=core.booked)
    made.armed(size_mode="ratio", multiplier="0.5", leverage_mode="leave", margin_mode="leave")
    made.stand.run(5)
    return made


def burst(office: Office) -> None:
    """The leader trades faster than the engine can take it in; all of it is in the inbox."""
    for _ in range(TRADES):
        office.stand.trade("2")
    office.stand.run(0.06)


def waiting(office: Office) -> int:
    assert isinstance(office.stand.worker, Slow)
    return office.stand.worker.waiting


def entries(office: Office) -> list[str]:
    return [i.order.text for i in office.stand.intents() if not i.order.reduce_only]


def test_without_a_brake_the_burst_is_copied_and_takes_its_time(office: Office) -> None:
    burst(office)
    office.stand.run(0.5)
    assert waiting(office) > TRADES
    office.stand.run(10)
    assert office.stand.owned(FIRST) == TRADES
    assert len(entries(office)) > 1


@pytest.mark.parametrize("brake", ["pause", "halt", "flatten", "hands_off"])
def test_a_brake_acts_before_a_burst_that_came_first(office: Office, brake: str) -> None:
    stand, desk = office.stand, office.desk
    burst(office)
    act: dict[str, Callable[[], object]] = {
        "pause": lambda: desk.pause("all", "me"),
        "halt": lambda: desk.halt("all", "me"),
        "flatten": lambda: desk.flatten("link:1", "pause", "me"),
        "hands_off": lambda: desk.set_state(1, LinkState.HANDS_OFF, True),
    }
    began = stand.stage.now
    office.do(act[brake])
    assert stand.stage.now - began < 0.2
    assert waiting(office) > 2 * TRADES
    before = entries(office)
    stand.run(10)
    assert waiting(office) == 0
    assert entries(office) == before
