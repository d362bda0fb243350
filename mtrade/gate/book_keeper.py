"""A watched order book: its updates, the snapshots it asks for, and how often it is told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from mtrade.domain.errors import MTradeError
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.market import Book
from mtrade.domain.ports import MarketData
from mtrade.gate.book_sync import CHANGED, BookSync, Step
from mtrade.gate.channels import BOOK_DEPTH
from mtrade.gate.stream import Host

log = logging.getLogger(__name__)

PACE_S = 0.05
VERIFY_S = 30.0
LATE_S = 1.0  # how much later than REST an update may come
LEAST_RETRY_S = 0.2
FIRST_RETRY_S = 0.5
MOST_RETRY_S = 5.0


class Paced:
    """Does the latest thing asked for at once, or as soon as the last one is long enough ago."""

    def __init__(self, host: Host, pace_s: float) -> None:
        self._host = host
        self._pace_s = pace_s
        self._next_at = float("-inf")
        self._task: Callable[[], None] = _nothing
        self._cancel: Callable[[], None] | None = None

    def do(self, task: Callable[[], None]) -> None:
        """Do `task` now or soon; an earlier one that still waits is forgotten."""
        self._task = task
        if self._cancel is not None:
            return
        now = self._host.now()
        if now >= self._next_at:
            self._next_at = now + self._pace_s
            task()
        else:
            self._cancel = self._host.later(self._next_at - now, self._due)

    def stop(self) -> None:
        """Do nothing more."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    def _due(self) -> None:
        self._cancel = None
        self._next_at = self._host.now() + self._pace_s
        self._task()


class BookKeeper:
    """One local book with its snapshots; tells it at most every `PACE_S`."""

    def __init__(
        self,
        host: Host,
        data: MarketData,
        instrument: InstrumentId,
        tell: Callable[[InstrumentId, Book | None], None],
    ) -> None:
        self._host = host
        self._data = data
        self._tell = tell
        self._sync = BookSync(instrument, BOOK_DEPTH)
        self._paced = Paced(host, PACE_S)
        self._changed = partial(self._paced.do, self._publish)
        self._asking = False
        self._stopped = False
        self._asked_at = float("-inf")
        self._retry_s = FIRST_RETRY_S
        self._sure = False
        self._verify_later()

    def subscribed(self) -> None:
        """Updates flow from now on: the snapshot they continue can be read."""
        if not self._sync.synced:
            self._ask()

    def doubt(self) -> None:
        """Updates may have been missed."""
        self._sync.restart()
        self._unsure()
        self._ask()

    def verify(self) -> None:
        """Compare with REST whether updates still come; a quiet book may also be a dead one."""
        if self._sync.synced and not self._stopped:
            instrument = self._sync.instrument
            self._host.ask(lambda: self._data.book(instrument, BOOK_DEPTH), self._compare)

    def update(self, raw: Any) -> None:
        """The `result` of a push."""
        step = self._sync.apply(raw)
        if step is CHANGED:
            self._changed()
        elif step is Step.BROKEN:
            self._unsure()
            self._ask()

    def stop(self) -> None:
        """Nothing more is told."""
        self._stopped = True
        self._paced.stop()

    def _verify_later(self) -> None:
        if not self._stopped:
            self.verify()
            self._host.later(VERIFY_S, self._verify_later)

    def _compare(self, answer: Book | MTradeError) -> None:
        if not isinstance(answer, MTradeError):
            self._host.later(LATE_S, lambda: self._judge(answer.sequence))

    def _judge(self, sequence: int) -> None:
        if self._sync.synced and not self._stopped and self._sync.sequence < sequence:
            log.info("updates of %s do not come", self._sync.instrument)
            self.doubt()

    def _publish(self) -> None:
        book = self._sync.book()
        if book is None:
            self._unsure()
            self._ask()
            return
        self._sure = True
        self._tell(self._sync.instrument, book)

    def _unsure(self) -> None:
        if self._sure:
            self._sure = False
            self._tell(self._sync.instrument, None)

    def _ask(self) -> None:
        """Read a snapshot, unless one is on its way or was read a moment ago."""
        if self._asking:
            return
        self._asking = True
        wait = self._asked_at + LEAST_RETRY_S - self._host.now()
        if wait > 0:
            self._host.later(wait, self._read)
        else:
            self._read()

    def _read(self) -> None:
        if self._stopped or self._sync.synced:
            self._asking = False
            return
        self._asked_at = self._host.now()
        instrument = self._sync.instrument
        self._host.ask(lambda: self._data.book(instrument, BOOK_DEPTH), self._answered)

    def _answered(self, answer: Book | MTradeError) -> None:
        self._asking = False
        if self._stopped or self._sync.synced:
            return
        if isinstance(answer, MTradeError):
            log.info("no snapshot of %s: %s", self._sync.instrument, answer.message)
            self._host.later(self._retry_s, self._ask)
            self._retry_s = min(self._retry_s * 2, MOST_RETRY_S)
            return
        self._retry_s = FIRST_RETRY_S
        if self._sync.snapshot(answer) is Step.BROKEN:
            self._ask()
            return
        self._changed()


def _nothing() -> None:
    """What is done before anything was asked for."""
