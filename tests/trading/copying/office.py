"""The facade of copying over a stand: what a web thread would call, in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from mtrade.domain.copying import step as core
from mtrade.domain.copying.model import LinkState
from mtrade.trading.copying.desk import MODE, Copying
from mtrade.trading.copying.foresight import Foresight
from mtrade.trading.copying.showing import Showing
from mtrade.trading.copying.views import LinkWish
from mtrade.trading.live.board import Board
from mtrade.trading.live.reads import LiveReads
from mtrade.trading.state import LiveState
from tests.trading.copying.stand import FIRST, LEADER, Stand, name
from tests.trading.fakes import MemoryChoices

T = TypeVar("T")
REAL: dict[str, Any] = {"step": core.step, "booked": core.booked}  # the decisions of the product


class Choices(MemoryChoices):
    """The mode that is chosen is the one that copying asks for."""

    def __init__(self, stand: Stand) -> None:
        super().__init__()
        self._stand = stand

    def set(self, key: str, value: object) -> None:
        super().set(key, value)
        if key == MODE:
            self._stand.mode = str(value)


class Office:
    """The facade over a stand; `do` calls it as a web thread would."""

    def __init__(self, folder: Path, followers: int = 2, **tools: Any) -> None:
        self.stand = Stand(folder, followers, **tools)
        self.open()

    def open(self) -> None:
        """The facade of the process that runs now."""
        stand = self.stand
        state = LiveState(stand.accounts, stand.clock, LiveReads(Board(stand.clock)))
        self.choices = Choices(stand)
        stand.accounts.order_sockets = tuple
        self.desk = Copying(
            stand.copier,
            stand.accounts,
            stand.store,
            self.choices,
            Showing(stand.core, stand.accounts, stand.store),
            Foresight(stand.core, stand.accounts, state),
            lambda callback: False,
            wait=stand.stage.wait,
        )

    def do(self, act: Callable[[], T]) -> T:
        done: list[T] = []
        faults: list[Exception] = []

        def job() -> None:
            try:
                done.append(act())
            except Exception as fault:  # noqa: BLE001 - handed to the test
                faults.append(fault)

        self.stand.stage.start(job)
        while not (done or faults):
            self.stand.run(0.05)
        if faults:
            raise faults[0]
        return done[0]

    def wish(self, follower: int = FIRST, **params: Any) -> LinkWish:
        return LinkWish(leader_id=name(LEADER), follower_id=name(follower), params=params)

    def restart(self) -> None:
        """The process dies as it is, and another one starts on its folder."""
        self.stand.kill()
        self.stand.begin()
        self.open()

    def armed(self, follower: int = FIRST, **params: Any) -> int:
        made = self.do(lambda: self.desk.create(self.wish(follower, **params)))
        self.stand.run(5)
        self.do(lambda: self.desk.set_state(made.link.id, LinkState.ON, True))
        self.stand.run(3)
        return made.link.id
