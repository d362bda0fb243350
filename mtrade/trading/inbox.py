"""What waits for the engine, in the order of its importance.

Brakes and exits by hand go first, then what became of orders, then what somebody did who is copied,
then other news, then entries by hand. Within a rank the order of arrival stays.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from enum import IntEnum

AT_ONCE = 200  # of each rank in one round
BESIDE = 20  # of each rank behind a signal, which is to be acted on


class Rank(IntEnum):
    """How urgent a message is; one that has no attribute `rank` is news."""

    CONTROL = 0  # pause, halt and flatten, states of links, exits by hand
    RESULT = 1  # what became of orders
    SIGNAL = 2  # streams of accounts that are copied
    NEWS = 3  # other streams, and reads
    COMMAND = 4  # what else people want: entries by hand


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
        control, most = self._lanes[Rank.CONTROL], AT_ONCE
        for rank, lane in zip(Rank, self._lanes, strict=True):
            left = min(len(lane), most)
            if rank is Rank.SIGNAL and left:
                most = BESIDE
            while left:
                while control and lane is not control:
                    yield control.popleft()
                message, taken = _next(lane, left)
                left -= taken
                yield message


def _next(lane: deque[object], most: int) -> tuple[object, int]:
    """The first message, together with those behind it that can be handled with it, as its method
    `joined` says; and how many they were."""
    message, taken = lane.popleft(), 1
    while taken < most and (join := getattr(message, "joined", None)) is not None:
        both = join(lane[0])
        if both is None:
            break
        lane.popleft()
        message, taken = both, taken + 1
    return message, taken
