"""48 event streams at ten messages a second, and the API meanwhile: how old events are, how long
answers take. Server and exchange are processes of their own, the readers share one thread. The age
of an event runs from the exchange's time of the book in it until its bytes are here.
"""

from __future__ import annotations

import re
import selectors
import socket
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import quote

import requests

from mtrade.web.seats import MOST, MOST_OF_ONE
from tests.servers import Paper, Script, Server

RUN_S = 20.0
MOVES_PER_S = 10
CALLS_PER_S = 20
TOPICS = "market:paper:usdt:BTC_USDT,server"
KEY, SECRET = "bench-key", "bench-secret"
BOOK_TIME = re.compile(rb'"asks":[^a-z]*"time_ms":([0-9]+)')
PATHS = ("/api/ping", "/api/positions", "/api/snapshot?market=futures&instrument=BTC_USDT")


class Readers:
    """All streams, read by one thread; the age of each new book in each stream is kept."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self.ages: list[float] = []
        self._newest: dict[int, int] = {}
        self._rest: dict[int, bytes] = {}
        self.messages = 0
        self.resyncs = 0
        self._going = True
        self._thread = threading.Thread(target=self._run)

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

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._going = False
        self._thread.join(5)
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def _run(self) -> None:
        while self._going:
            for key, _ in self._selector.select(0.2):
                self._take(key.fd, key.fileobj.recv(262_144))  # type: ignore[union-attr]

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


def move(paper: Paper, until: float) -> None:
    """Move the price ten times a second."""
    line = requests.Session()
    line.trust_env = False
    number, due = 0, time.monotonic()
    while due < until:
        number += 1
        price = f"{64_000 + number % 200}"
        body = {"market": "futures", "instrument": "BTC_USDT", "price": price}
        line.post(f"{paper.base}/paper/v1/price", json=body, timeout=10).raise_for_status()
        due += 1 / MOVES_PER_S
        time.sleep(max(0.0, due - time.monotonic()))


def call(script: Script, took: dict[str, list[float]], until: float) -> None:
    """Ask the API at a steady pace."""
    number, due = 0, time.monotonic()
    while due < until:
        path = PATHS[number % len(PATHS)]
        began = time.monotonic()
        answer = script.session.get(script.base + path, timeout=10)
        took.setdefault(path.partition("?")[0], []).append(time.monotonic() - began)
        assert answer.ok, answer.text
        number += 1
        due += 1 / CALLS_PER_S
        time.sleep(max(0.0, due - time.monotonic()))


def show(name: str, seconds: list[float]) -> None:
    """Median, 99th percentile and worst in milliseconds."""
    ordered = sorted(seconds)
    half, tail = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    print(
        f"{name:<24} p50 {half * 1000:7.1f}   p99 {tail * 1000:7.1f}   "
        f"max {ordered[-1] * 1000:7.1f} ms   n {len(ordered)}"
    )


def prepared(server: Server) -> Script:
    """A started server with one account, and its owner's script."""
    server.start()
    server.admin("set-password", "--stdin", given="seven grey geese over the harbour\n")
    script = Script(server, server.admin("token", "add", "owner", "--role", "owner"))
    body = {"network": "paper", "name": "Bench", "key": KEY, "secret": SECRET}
    script.post("/api/accounts", body).raise_for_status()
    return script


def main() -> None:
    """Run once and print."""
    paper = Paper(f"{KEY}:{SECRET}:4242:USDT=1000000")
    with tempfile.TemporaryDirectory() as home:
        server = Server(Path(home) / "home", MTRADE_PAPER_URL=paper.rest)
        try:
            measure(paper, server, prepared(server))
        finally:
            server.stop()
            paper.close()


def measure(paper: Paper, server: Server, script: Script) -> None:
    """Open the streams, move the market, ask the API, print."""
    readers = Readers()
    for visitor in range(MOST // MOST_OF_ONE):
        token = server.admin("token", "add", f"visitor{visitor}", "--role", "viewer")
        for _ in range(MOST_OF_ONE):
            readers.add(server.port, token, f"127.0.0.{visitor + 2}")
    readers.start()
    time.sleep(1.0)
    readers.ages.clear()  # what had waited in the sockets until somebody read
    took: dict[str, list[float]] = {}
    until = time.monotonic() + RUN_S
    mover = threading.Thread(target=move, args=(paper, until))
    mover.start()
    call(script, took, until)
    mover.join()
    time.sleep(0.5)
    readers.stop()
    print(f"{MOST} streams, {readers.messages / MOST / RUN_S:.1f} messages/s each, "
          f"{readers.resyncs} resyncs")  # fmt: skip
    show("event age", readers.ages)
    for path, seconds in took.items():
        show(path, seconds)


if __name__ == "__main__":
    main()
