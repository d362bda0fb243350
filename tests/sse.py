"""An event stream read the way a browser does, with the time each message came."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

WAIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Message:
    """One event; `at` is monotonic seconds."""

    kind: str
    number: int
    data: Any
    at: float


class Stream:
    """`GET /api/events`, read by a thread of its own. Not 200: `status` and `headers` say why."""

    def __init__(
        self, port: int, topics: str, headers: dict[str, str], source: str = "127.0.0.1"
    ) -> None:
        self._line = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=30, source_address=(source, 0)
        )
        sent = {"Accept": "text/event-stream", **headers}
        self._line.request("GET", f"/api/events?topics={quote(topics)}", headers=sent)
        self._socket = self._line.sock
        self._response = self._line.getresponse()
        self.status = self._response.status
        self.headers = self._response.headers
        self.messages: list[Message] = []
        self.comments = 0
        self.ended_at: float | None = None
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        if self.status == 200:
            self._thread.start()

    def wait(self, wanted: Callable[[Message], bool], timeout: float = WAIT_S) -> Message:
        """The first message that fits, an old one too."""
        deadline, seen = time.monotonic() + timeout, 0
        with self._news:
            while True:
                for message in self.messages[seen:]:
                    if wanted(message):
                        return message
                seen = len(self.messages)
                left = deadline - time.monotonic()
                assert left > 0, f"it never came; last: {self.messages[-1:]}"
                self._news.wait(left)

    def wait_end(self, timeout: float = WAIT_S) -> float:
        """When the server ended it, monotonic seconds."""
        self._thread.join(timeout)
        assert self.ended_at is not None, "it did not end"
        return self.ended_at

    def close(self) -> None:
        """Leave, as a browser that is closed does."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the reader
        if self.status == 200:
            self._thread.join(WAIT_S)
        self._response.close()
        self._line.close()

    def _read(self) -> None:
        lines: dict[str, str] = {}
        try:
            for raw in self._response:
                line = raw.decode().rstrip("\n")
                if line:
                    name, _, value = line.partition(": ")
                    lines[name or "comment"] = value
                    self.comments += not name
                elif "data" in lines:
                    self._note(lines)
                    lines = {}
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass  # ended in the middle, or closed by `close`
        self.ended_at = time.monotonic()

    def _note(self, lines: dict[str, str]) -> None:
        number = int(lines.get("id", 0))
        data = json.loads(lines["data"])
        with self._news:
            self.messages.append(Message(lines["event"], number, data, time.monotonic()))
            self._news.notify_all()
