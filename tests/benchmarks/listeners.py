"""Many event streams, read by a process of their own: how old each new book is when it is here.

`python -m tests.benchmarks.listeners PORT TOKENS` opens `MOST_OF_ONE` streams for each token, says
`ready`, reads until its standard input ends, and prints one JSON object.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import threading
import time
from urllib.parse import quote

from mtrade.web.seats import MOST_OF_ONE

TOPICS = "market:paper:usdt:BTC_USDT,server"
BOOK_TIME = re.compile(rb'"asks":[^a-z]*"time_ms":([0-9]+)')
SETTLE_S = 1.0


class Readers:
    """All streams, read by one thread; the age of each new book in each stream is kept."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self.ages: list[float] = []
        self._newest: dict[int, int] = {}
        self._rest: dict[int, bytes] = {}
        self.messages = 0
        self.resyncs = 0

    def add(self, port: int, token: str, source: str) -> None:
        """Open one more stream."""
        line = socket.create_connection(("127.0.0.1", port), 10, (source, 0))
        head = (
            f"GET /api/events?topics={quote(TOPICS)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Authorization: Bearer {token}\r\nAccept: text/event-stream\r\n\r\n"
        )
        line.sendall(head.encode())
        assert b" 200 " in line.recv(4096).split(b"\r\n")[0]
        line.setblocking(False)
        self._selector.register(line, selectors.EVENT_READ)

    def read_until(self, over: threading.Event) -> None:
        """Read; what had waited in the sockets before is not counted."""
        counted_from = time.monotonic() + SETTLE_S
        counting = False
        while not over.is_set():
            for key, _ in self._selector.select(0.2):
                self._take(key.fd, key.fileobj.recv(262_144))  # type: ignore[union-attr]
            if not counting and time.monotonic() >= counted_from:
                counting = True
                self.ages.clear()
                self.messages = self.resyncs = 0

    def close(self) -> None:
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def _take(self, line: int, part: bytes) -> None:
        now_ms = time.time() * 1000
        self.messages += part.count(b"event: market")
        self.resyncs += part.count(b"event: resync")
        text = self._rest.get(line, b"") + part
        whole, _, self._rest[line] = text.rpartition(b"\n\n")
        for time_ms in map(int, BOOK_TIME.findall(whole)):
            known = self._newest.get(line)
            self._newest[line] = max(time_ms, known or 0)
            if known is not None and time_ms > known:
                self.ages.append((now_ms - time_ms) / 1000)


def main() -> None:
    port, tokens = int(sys.argv[1]), sys.argv[2].split(",")
    readers, over = Readers(), threading.Event()
    for visitor, token in enumerate(tokens):
        for _ in range(MOST_OF_ONE):
            readers.add(port, token, f"127.0.0.{visitor + 2}")

    def wait() -> None:
        sys.stdin.read()
        over.set()

    print("ready", flush=True)
    threading.Thread(target=wait, daemon=True).start()
    readers.read_until(over)
    readers.close()
    found = {"ages": readers.ages, "messages": readers.messages, "resyncs": readers.resyncs}
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
