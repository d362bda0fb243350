"""Random numbers of the system's own source, fetched for many at a time: each fetch is a call into
the system, and a fan-out names an order for every follower."""

from __future__ import annotations

import os
import threading

FETCH = 4096
BYTES = 16
MOST = 1 << 80  # above it 16 bytes would favour small numbers measurably


class Draws:
    """Call it with n for a number below n. Thread-safe; no byte is ever used twice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left = memoryview(b"")

    def __call__(self, below: int) -> int:
        """Raises ValueError unless `below` is from 1 to 2**80."""
        if not 0 < below <= MOST:
            raise ValueError(f"a draw is below at most 2**80, not {below}")
        with self._lock:
            if len(self._left) < BYTES:
                self._left = memoryview(os.urandom(FETCH))
            drawn, self._left = self._left[:BYTES], self._left[BYTES:]
        return int.from_bytes(drawn, "big") % below
