"""Who goes first while the orders of a fan-out are being made.

One thread at a time runs Python. Reads of many accounts come in bursts, and each of them takes its
turn whenever the engine lets go for a moment: at every call of the system and of SQLite. So reads
that have not begun wait until the orders are out, and so does the collector, which stops everybody.
"""

from __future__ import annotations

import gc
import threading

MOST_S = 0.05  # nobody waits longer, whatever becomes of the orders


class RightOfWay:
    """Thread-safe."""

    def __init__(self) -> None:
        self._free = threading.Event()
        self._free.set()

    def claim(self) -> None:
        """A leader did something; at once and without blocking."""
        gc.disable()  # first, as it comes last below: whatever runs between, it is on in the end
        self._free.clear()

    def release(self) -> None:
        """What follows from it is out, or nothing does."""
        if not self._free.is_set():
            self._free.set()
            gc.enable()

    def give_way(self) -> None:
        """Return when nothing is urgent."""
        if not self._free.is_set():
            self._free.wait(MOST_S)
