"""The exchange's clock: what signatures, deadlines and ages are measured with.

Time here is the monotonic clock plus an offset learned from the exchange, so a step of the
computer's clock changes nothing. Before the first `sync` the offset is the computer's own time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from mtrade.domain.errors import ExchangeUnavailable

SAMPLES = 8
RESYNC_S = 60.0
SLEEP_STEP_MS = 2000


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Sync:
    """The last synchronisation. `error_ms` is half the smallest round trip.

    `computer_offset_ms` is how far the computer's clock is behind the exchange's.
    """

    at: float
    error_ms: int
    computer_offset_ms: int


class ExchangeClock:
    """Thread-safe clock of one network; implements the domain's Clock."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall_ms: Callable[[], int] = _wall_ms,
    ) -> None:
        self._monotonic = monotonic
        self._wall_ms = wall_ms
        self._lock = threading.Lock()
        self._offset_ms = wall_ms() - round(monotonic() * 1000)
        self._drift_base = self._offset_ms
        self._sync: Sync | None = None
        self._doubted = False

    def now_ms(self) -> int:
        """UTC milliseconds as the exchange counts them. One look at one value needs no lock."""
        return round(self._monotonic() * 1000) + self._offset_ms

    def monotonic(self) -> float:
        """Seconds for durations."""
        return self._monotonic()

    @property
    def last_sync(self) -> Sync | None:
        """The last successful synchronisation; None before the first."""
        with self._lock:
            return self._sync

    def doubt(self) -> None:
        """The exchange called a request expired or mistimed: ask for its time anew."""
        with self._lock:
            self._doubted = True

    def needs_sync(self) -> bool:
        """Whether a minute has passed, there is doubt, or the computer seems to have slept."""
        with self._lock:
            if self._doubted or self._sync is None or self._monotonic() - self._sync.at >= RESYNC_S:
                return True
            return abs(self._computer_offset() - self._drift_base) > SLEEP_STEP_MS

    def sync(self, server_time: Callable[[], int], samples: int = SAMPLES) -> Sync:
        """Ask the exchange for its time `samples` times and keep the quickest answer.

        Raises ExchangeUnavailable when no sample came back; the old offset stays then.
        """
        best: tuple[float, int] | None = None
        failure: ExchangeUnavailable | None = None
        for _ in range(samples):
            try:
                sample = self._sample(server_time)
            except ExchangeUnavailable as error:
                failure = error
                continue
            best = min(best, sample) if best is not None else sample
        if best is None:
            raise failure or ExchangeUnavailable("no time sample was asked for")
        return self._adopt(*best)

    def _sample(self, server_time: Callable[[], int]) -> tuple[float, int]:
        """One round trip in milliseconds, and the offset it suggests."""
        before = self._monotonic() * 1000
        server = server_time()
        after = self._monotonic() * 1000
        return after - before, server - round((before + after) / 2)

    def _adopt(self, rtt_ms: float, offset_ms: int) -> Sync:
        with self._lock:
            self._offset_ms = offset_ms
            self._doubted = False
            self._drift_base = self._computer_offset()
            self._sync = Sync(
                at=self._monotonic(),
                error_ms=-int(-rtt_ms // 2),
                computer_offset_ms=offset_ms - self._drift_base,
            )
            return self._sync

    def _computer_offset(self) -> int:
        return self._wall_ms() - round(self._monotonic() * 1000)
