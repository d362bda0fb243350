"""When to look again at which order. Owned by the engine thread."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from mtrade.domain.ports import Clock

LONGEST_WAIT_S = 1.0


class Timers:
    """A heap of (time, order); time is monotonic seconds. Setting one again moves it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int]] = []
        self._due: dict[int, float] = {}

    def set(self, key: int, after_s: float) -> None:
        """Make `key` due in `after_s` seconds, whatever it was before."""
        at = self._clock.monotonic() + after_s
        self._due[key] = at
        heapq.heappush(self._heap, (at, key))

    def due(self) -> Iterator[int]:
        """The keys whose time has come, each once."""
        now = self._clock.monotonic()
        while self._heap and self._heap[0][0] <= now:
            at, key = heapq.heappop(self._heap)
            if self._due.get(key) == at:
                del self._due[key]
                yield key

    def until_next(self) -> float:
        """Seconds until something is due, at most `LONGEST_WAIT_S`."""
        if not self._heap:
            return LONGEST_WAIT_S
        return max(0.0, min(LONGEST_WAIT_S, self._heap[0][0] - self._clock.monotonic()))
