"""A page that is open: one event stream, opened again when it ends, as EventSource does it."""

from __future__ import annotations

import http.client
import itertools
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import quote

RETRY_S = 1.5


class PageReader:
    """Reads and throws away. With several topic lists the page changes its place now and then."""

    def __init__(self, port: int, token: str, places: Sequence[str], stay_s: float) -> None:
        self.opened = 0
        self.bytes = 0
        self.heard_at = time.monotonic()
        self._port = port
        self._token = token
        self._places = itertools.cycle(places)
        self._stay_s = stay_s
        self._stop = threading.Event()
        self._line: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close the page."""
        self._stop.set()
        if self._line is not None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stop.is_set():
            with suppress(OSError, http.client.HTTPException):
                self._read(next(self._places))
            self._stop.wait(RETRY_S)

    def _read(self, topics: str) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {self._token}"}
            line.request("GET", f"/api/events?topics={quote(topics)}", headers=headers)
            self._line = line.sock
            answer = line.getresponse()
            if answer.status != http.client.OK:
                return
            self.opened += 1
            until = time.monotonic() + self._stay_s
            while time.monotonic() < until and (part := answer.read1(65_536)):
                self.bytes += len(part)
                self.heard_at = time.monotonic()
        finally:
            line.close()
