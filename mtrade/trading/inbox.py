"""What waits for the engine, in the order of its importance.

Brakes and exits by hand go first, then what became of orders, then news, then entries by hand.
Within a rank the order of arrival stays.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from enum import IntEnum

AT_ONCE = 200  # of each rank in one round


class Rank(IntEnum):
    """How urgent a message is; one that has no attribute `rank` is news."""

    CONTROL = 0  # pause, halt and flatten, states of links, exits by hand
    RESULT = 1  # what became of orders
    NEWS = 2  # streams and reads
    COMMAND = 3  # what else people want: entries by hand


class Inbox:
    """Thread-safe, for one reader."""

    def __init__(self) -> None:
        self._lanes: tuple[deque[object], ...] = tuple(deque() for _ in Rank)
        self._news = threading.Condition()
        self._closed = False

    def post(self, message: object) -> None:
        """Put a message in; after `close` it is dropped."""
        lane = self._lanes[getattr(message, "rank", Rank.NEWS)]
        with self._news:
            if not self._closed:
                lane.append(message)
                self._news.notify()

    def close(self) -> None:
        """Take nothing more in; what waits is still handed out."""
        with self._news:
            self._closed = True
            self._news.notify()

    @property
    def ended(self) -> bool:
        """Closed, and nothing waits."""
        return self._closed and not any(self._lanes)

    def wait(self, seconds: float) -> None:
        """Until something waits or the inbox is closed, at most that long."""
        with self._news:
            self._news.wait_for(lambda: self._closed or any(self._lanes), seconds)

    def round(self) -> Iterator[object]:
        """What waits now, the most urgent first and at most `AT_ONCE` of a rank; a brake that comes
        meanwhile is next. Nobody starves: each round takes from every rank."""
        control = self._lanes[Rank.CONTROL]
        for lane in self._lanes:
            for _ in range(min(len(lane), AT_ONCE)):
                while control and lane is not control:
                    yield control.popleft()
                yield lane.popleft()
