"""One process in virtual time without threads: its engine, its loop, its pools, and its death.

A call to the exchange runs at one instant; the time it takes lies in when its result is posted. A
fuse lets the process die between any two steps that matter: around commits, sends and messages.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, TypeVar

from mtrade.domain.errors import MTradeError, StoreError
from mtrade.trading.inbox import Inbox
from tests.storm.stage import Stage

T = TypeVar("T")
INBOX_S = 0.0005
AGAIN_S = 1.0


class Killed(BaseException):
    """The process died here."""


class Fuse:
    """Burns with every step; when it is burnt down the process dies."""

    def __init__(self) -> None:
        self._left = 0

    def light(self, steps: int) -> None:
        """Die after so many steps."""
        self._left = steps

    @property
    def lit(self) -> bool:
        """Whether the process is about to die."""
        return self._left > 0

    def burn(self) -> None:
        """One step. Raises Killed."""
        if self._left:
            self._left -= 1
            if not self._left:
                raise Killed


class Life:
    """What all parts of one process share. `wrong` collects faults that should never happen."""

    def __init__(self, stage: Stage, pick: random.Random, fuse: Fuse, wrong: list[str]) -> None:
        self.stage = stage
        self.pick = pick
        self.fuse = fuse
        self.wrong = wrong
        self.dead = False

    def at(self, delay: float, act: Callable[..., object], *args: object) -> None:
        """Do something later, if the process still lives."""
        self.stage.at(delay, self._do, act, args)

    def _do(self, act: Callable[..., object], args: tuple[object, ...]) -> None:
        if not self.dead:
            act(*args)

    def fault(self, fault: BaseException) -> None:
        """The product failed in a way that no fault outside explains."""
        lines = traceback.format_exception(fault)
        self.wrong.append("fault in the engine: " + "".join(lines[-3:]))


class SimWorker:
    """Stands in for the engine's thread, as `mtrade.trading.worker` works."""

    def __init__(
        self,
        handle: Callable[[object], None],
        tick: Callable[[], None],
        wait: Callable[[], float],
        troubles: object,
        *,
        life: Life,
    ) -> None:
        self._handle = handle
        self._tick = tick
        self._wait = wait
        self._life = life
        self._inbox = Inbox()
        self._woken = False
        self._again: list[object] = []
        self._turn = 0

    def start(self) -> None:
        self._plan()

    def post(self, message: object) -> None:
        self._inbox.post(message)
        if not self._woken:
            self._woken = True
            self._life.at(INBOX_S, self._work)

    def stop(self, timeout: float) -> None:
        """It is not a thread."""

    def unwritten(self, fault: MTradeError) -> None:
        """The journal could not be written; the message is tried again."""

    def _work(self) -> None:
        self._woken = False
        for message in self._inbox.round():
            self._life.fuse.burn()
            self._try(message)
        self._end()

    def _try(self, message: object) -> None:
        try:
            self._handle(message)
        except StoreError:
            if not self._again:
                self._life.at(AGAIN_S, self._retry)
            self._again.append(message)
        except Exception as fault:  # noqa: BLE001 - reported as a breach
            self._life.fault(fault)

    def _retry(self) -> None:
        again, self._again = self._again, []
        for message in again:
            self._try(message)
        self._end()

    def _end(self) -> None:
        try:
            self._tick()
        except Exception as fault:  # noqa: BLE001 - reported as a breach
            self._life.fault(fault)
        self._plan()

    def _plan(self) -> None:
        self._turn += 1
        self._life.at(max(self._wait(), 0.001), self._due, self._turn)

    def _due(self, turn: int) -> None:
        if turn == self._turn:
            self._end()


class SimLoop:
    """The thread of the sockets."""

    def __init__(self, life: Life) -> None:
        self._life = life

    def post(self, callback: Callable[..., object], *args: object) -> bool:
        self._life.at(0.0001, callback, *args)
        return True

    def later(self, seconds: float, callback: Callable[[], object]) -> object:
        self._life.at(seconds, callback)
        return None


class SimPool(Executor):
    """Runs what is submitted a moment later, each at one instant."""

    def __init__(self, life: Life) -> None:
        self._life = life

    def submit(self, work: Callable[..., T], /, *args: Any, **named: Any) -> Future[T]:
        future: Future[T] = Future()
        act = partial(work, *args, **named) if args or named else work
        self._life.at(self._life.pick.uniform(0.0002, 0.02), self._run, act, future)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing is running."""

    def _run(self, work: Callable[[], T], future: Future[T]) -> None:
        self._life.fuse.burn()
        try:
            result = work()
        except MTradeError as fault:
            future.set_exception(fault)
        except Exception as fault:  # noqa: BLE001 - as every executor does; reported as a breach
            self._life.fault(fault)
            future.set_exception(fault)
        else:
            future.set_result(result)
