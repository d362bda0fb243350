"""The frames that wait for one browser: few, and never in anybody's way.

The hub puts, one web thread takes. A reader too slow for its frames loses all of them, is told so
once, and asks the hub for the whole present state: what it then gets is complete.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable

from mtrade.trading.live.topics import Topic

LONGEST = 8


class Mailbox:
    """One subscriber. `put` never blocks; `take` waits at most the time it is given."""

    def __init__(self, topics: Iterable[Topic]) -> None:
        self.topics = tuple(topics)
        self._ready = threading.Condition()
        self._frames: deque[bytes] = deque()
        self._overflown = False
        self._closed = False

    def put(self, frame: bytes) -> None:
        """Add what one tick brings. While a loss has not been told nothing is kept."""
        with self._ready:
            if self._overflown or self._closed:
                return
            if len(self._frames) >= LONGEST:
                self._frames.clear()
                self._overflown = True
            else:
                self._frames.append(frame)
            self._ready.notify()

    def take(self, timeout: float) -> bytes:
        """Everything that waits, at once; empty after `timeout` seconds without any."""
        with self._ready:
            self._ready.wait_for(self._worth_waking, timeout)
            found = b"".join(self._frames)
            self._frames.clear()
            return found

    def overflown(self) -> bool:
        """Whether frames were lost since this was last asked."""
        with self._ready:
            lost, self._overflown = self._overflown, False
            return lost

    @property
    def closed(self) -> bool:
        """Whether no further frame will come."""
        return self._closed

    def close(self) -> None:
        """Wake the reader for good."""
        with self._ready:
            self._closed = True
            self._ready.notify_all()

    def _worth_waking(self) -> bool:
        return bool(self._frames) or self._overflown or self._closed
