"""The computer's own clock, handed to whoever takes time as an argument."""

from __future__ import annotations

import time


class SystemClock:
    """Implements the domain's Clock. Thread-safe."""

    def now_ms(self) -> int:
        """UTC milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds for durations."""
        return time.monotonic()
