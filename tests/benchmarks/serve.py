"""48 event streams at ten messages a second, and the API meanwhile: how old events are, how long
answers take. Server, exchange and readers are processes of their own; the one that asks the API
does little else. The age of an event runs from the exchange's time of the book in it until its
bytes are read. The processor time of the server and how late the asking process itself is woken are
printed too: on a busy machine everything waits.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import requests

from mtrade.web.seats import MOST, MOST_OF_ONE
from tests.servers import PROJECT, Paper, Script, Server

RUN_S = 20.0
MOVES_PER_S = 10
CALLS_PER_S = 20
KEY, SECRET = "bench-key", "bench-secret"
PATHS = ("/api/ping", "/api/positions", "/api/snapshot?market=futures&instrument=BTC_USDT")


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


def call(script: Script, took: dict[str, list[float]], until: float) -> list[float]:
    """Ask the API at a steady pace; by how much this process itself was woken too late."""
    late = []
    number, due = 0, time.monotonic()
    while due < until:
        path = PATHS[number % len(PATHS)]
        began = time.monotonic()
        answer = script.session.get(script.base + path, timeout=10)
        took.setdefault(path.partition("?")[0], []).append(time.monotonic() - began)
        assert answer.ok, answer.text
        number += 1
        due += 1 / CALLS_PER_S
        pause = due - time.monotonic()
        if pause > 0:
            time.sleep(pause)
            late.append(time.monotonic() - due)
    return late


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


class Crowd:
    """The process that reads all streams."""

    def __init__(self, server: Server) -> None:
        visitors = range(MOST // MOST_OF_ONE)
        tokens = [server.admin("token", "add", f"v{n}", "--role", "viewer") for n in visitors]
        command = [sys.executable, "-m", "tests.benchmarks.listeners", str(server.port)]
        self._process = subprocess.Popen(
            [*command, ",".join(tokens)],
            cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def end(self) -> dict[str, Any]:
        """What they saw."""
        out, _ = self._process.communicate(timeout=20)
        found: dict[str, Any] = json.loads(out)
        return found


def measure(paper: Paper, server: Server, script: Script) -> None:
    """Open the streams, move the market, ask the API, print."""
    assert server.process is not None
    process, crowd = psutil.Process(server.process.pid), Crowd(server)
    time.sleep(1.5)
    took: dict[str, list[float]] = {}
    used, until = sum(process.cpu_times()[:2]), time.monotonic() + RUN_S
    mover = threading.Thread(target=move, args=(paper, until))
    mover.start()
    late = call(script, took, until)
    mover.join()
    used = (sum(process.cpu_times()[:2]) - used) / RUN_S
    seen = crowd.end()
    print(f"{MOST} streams, {seen['messages'] / MOST / RUN_S:.1f} messages/s each, "
          f"{seen['resyncs']} resyncs, server {used:.0%} of a processor")  # fmt: skip
    show("(own wake-ups late by)", late)
    show("event age", seen["ages"])
    show("api, all", [one for some in took.values() for one in some])
    for path, seconds in took.items():
        show(path, seconds)


if __name__ == "__main__":
    main()
