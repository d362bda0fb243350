"""One topic's newest state as the bytes of a server-sent event."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mtrade.domain.ports import Clock
from mtrade.trading.live.topics import Topic

Encoder = Callable[[Topic], Iterable[str]]  # the JSON texts that say what a topic is now


def _nothing(topic: Topic) -> Iterable[str]:
    return ()


class Press:
    """Numbers and frames what the encoder gives. Owned by the hub's thread.

    The numbers begin with the time, so that they grow over restarts too.
    """

    def __init__(self, clock: Clock) -> None:
        self.encoder: Encoder = _nothing
        self._number = clock.now_ms()

    def frame(self, topic: Topic) -> bytes:
        """The messages of a topic, ready to be sent. Raises what the encoder raises."""
        return b"".join(self._message(topic, text) for text in self.encoder(topic))

    def _message(self, topic: Topic, text: str) -> bytes:
        self._number += 1
        return f"event: {topic.kind}\nid: {self._number}\ndata: {text}\n\n".encode()
