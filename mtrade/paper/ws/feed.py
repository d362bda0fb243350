"""What a public channel of one instrument sends, and when. Pure: time comes in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mtrade.paper.room import Room
from mtrade.paper.ws.frames import push
from mtrade.paper.ws.wire import exact

Body = Callable[[bool], object]  # given whether sizes are text, the `result` of a push


class Message:
    """One push, written once for each way of typing sizes and shared by all who listen."""

    def __init__(self, channel: str, body: Body, now_ms: int, event: str = "update") -> None:
        self.channel = channel
        self._body = body
        self._now_ms = now_ms
        self._event = event
        self._texts: dict[bool, str] = {}

    def text(self, decimal_sizes: bool) -> str:
        """The frame for a connection with that size header."""
        if decimal_sizes not in self._texts:
            result = exact(self._body(decimal_sizes))
            self._texts[decimal_sizes] = push(self.channel, self._event, result, self._now_ms)
        return self._texts[decimal_sizes]


class Feed:
    """One channel of one instrument, for everybody who listens to it.

    `poll` is asked at most once per `period_ms`, on that grid, and returns what is new since the
    last time; `first` is what a newcomer gets at once, right after a poll.
    """

    period_ms = 10
    event = "update"

    def __init__(self, channel: str, room: Room) -> None:
        self.channel = channel
        self.room = room
        self.next_ms = 0

    def due(self, now_ms: int) -> list[Message]:
        """What is to be sent now; nothing before its time has come."""
        if now_ms < self.next_ms:
            return []
        return self.flush(now_ms)

    def flush(self, now_ms: int) -> list[Message]:
        """What is new, at once, whatever the grid says."""
        self.next_ms = now_ms - now_ms % self.period_ms + self.period_ms
        return [self.message(body, now_ms) for body in self.poll(now_ms)]

    def greet(self, now_ms: int) -> list[Message]:
        """What a newcomer gets."""
        return [self.message(body, now_ms) for body in self.first(now_ms)]

    def message(self, body: Body, now_ms: int) -> Message:
        """A push of this channel."""
        return Message(self.channel, body, now_ms, self.event)

    def poll(self, now_ms: int) -> Sequence[Body]:
        """What is new since the last call."""
        return ()

    def first(self, now_ms: int) -> Sequence[Body]:
        """What a newcomer needs before the first news."""
        return ()

    def close(self) -> None:
        """Nobody listens any more."""
