"""Virtual time: events in order, and blocking code in threads of which exactly one runs at a time.

The same seed gives the same history. A job may block (`wait`, `sleep`) as real code does in its
thread; while it does, the stage goes on to the next event.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

from mtrade.domain.numbers import use_decimal_context

T = TypeVar("T")
START_MS = 1_700_000_000_000


class Died(BaseException):
    """Raised in a job whose process was killed while it waited."""


class Stage:
    """The scheduler. Everything happens in `run`, or in a job that `run` has resumed."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[..., object], tuple[Any, ...]]] = []
        self._numbers = itertools.count()
        self._jobs: set[_Job] = set()
        self._current: _Job | None = None

    def at(self, delay: float, what: Callable[..., object], *args: Any) -> None:
        """Call `what` in `delay` seconds."""
        heapq.heappush(self._events, (self.now + delay, next(self._numbers), what, args))

    def run(self, until: float) -> None:
        """Let time pass."""
        while self._events and self._events[0][0] <= until:
            self.now, _, what, args = heapq.heappop(self._events)
            what(*args)
        self.now = until

    def start(self, job: Callable[[], None]) -> None:
        """Run a job in a thread of its own, now."""
        self._resume(_Job(self, job))

    def wait(self, future: Future[T], timeout: float) -> T:
        """In a job: the future's result, or TimeoutError."""
        job = self._current
        assert job is not None
        if not future.done():
            ticket = job.turn = object()
            future.add_done_callback(lambda _: self.at(0.0, self._wake, job, ticket))
            self.at(timeout, self._wake, job, ticket)
            job.pause()
        return future.result(0)

    def sleep(self, seconds: float) -> None:
        """In a job: let time pass."""
        job = self._current
        assert job is not None
        ticket = job.turn = object()
        self.at(seconds, self._wake, job, ticket)
        job.pause()

    def kill_jobs(self) -> None:
        """The process died: no job goes on from where it waits."""
        for job in list(self._jobs):
            job.dead = True
            self._resume(job)

    def _wake(self, job: _Job, ticket: object) -> None:
        if job.turn is ticket and job in self._jobs:
            self._resume(job)

    def _resume(self, job: _Job) -> None:
        before, self._current = self._current, job
        self._jobs.add(job)
        job.turn = None
        job.go()
        if job.over:
            self._jobs.discard(job)
        self._current = before


class _Job:
    """A thread that runs only while the stage waits for it."""

    def __init__(self, stage: Stage, work: Callable[[], None]) -> None:
        self.turn: object = None
        self.dead = self.over = False
        self._work = work
        self._mine, self._stages = threading.Lock(), threading.Lock()
        self._mine.acquire()
        self._stages.acquire()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def go(self) -> None:
        """From the stage: run until the job waits or ends."""
        self._mine.release()
        self._stages.acquire()
        if self.over:
            self._thread.join()
            if self._fault is not None:
                raise self._fault

    def pause(self) -> None:
        """From the job: give the turn back, go on when resumed."""
        self._stages.release()
        self._mine.acquire()
        if self.dead:
            raise Died

    def _run(self) -> None:
        self._mine.acquire()
        use_decimal_context()
        try:
            self._work()
        except Died:
            pass
        except BaseException as fault:  # noqa: BLE001 - raised again where the stage is run
            self._fault = fault
        finally:
            self.over = True
            self._stages.release()


class StageClock:
    """The exchange's clock as the client knows it, wrong by `error_ms`."""

    offset_ms: int | None = 0
    round_trip_ms: int | None = 1
    age_ms: int | None = 0

    def __init__(self, stage: Stage, error_ms: int = 0) -> None:
        self._stage = stage
        self._error_ms = error_ms

    def now_ms(self) -> int:
        return START_MS + round(self._stage.now * 1000) + self._error_ms

    def monotonic(self) -> float:
        return self._stage.now

    def sync(self) -> None:
        """It is."""


class StagePool(Executor):
    """Runs what is submitted as jobs, a moment later; at most `size` at once."""

    def __init__(self, stage: Stage, delay: Callable[[], float], size: int = 8) -> None:
        self._stage = stage
        self._delay = delay
        self._free = size
        self._queue: list[Callable[[], None]] = []

    def submit(self, work: Callable[..., T], /, *args: Any, **named: Any) -> Future[T]:
        future: Future[T] = Future()

        def job() -> None:
            try:
                result = work(*args, **named)
            except Exception as fault:  # noqa: BLE001 - as every executor does
                future.set_exception(fault)
            else:
                future.set_result(result)
            self._free += 1
            self._next()

        self._queue.append(job)
        self._stage.at(self._delay(), self._next)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Start nothing more."""
        self._queue.clear()
        self._free = 0

    def _next(self) -> None:
        if self._free and self._queue:
            self._free -= 1
            job = self._queue.pop(0)
            self._stage.at(0.0, self._stage.start, job)
