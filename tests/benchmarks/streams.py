"""Order book updates a second: our feeds against ccxt.pro, on the same replayed frames, in one run.

Each gets them over a socket of this computer from a process that only replays; they take turns, so
that whatever else this machine does hits both alike. Ours are counted when the last book is told to
whoever listens to the feeds, theirs when `watch_order_book` returns it. *All at once* is how fast a
backlog is taken; *one by one* is what an update costs when each comes alone, in processor time,
because then the wall clock only shows the pace of the replay.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from decimal import Decimal
from statistics import median
from typing import Any

import requests

from mtrade.domain.accounts import Network
from mtrade.domain.events import BookChanged, Event
from mtrade.domain.instruments import futures
from mtrade.domain.market import Book
from mtrade.domain.numbers import use_decimal_context
from mtrade.gate.lines import Lines
from mtrade.loop import LoopThread
from tests.benchmarks import peers
from tests.benchmarks.peers import Conversation
from tests.servers import PROJECT, Paper, clean_environment

RUNS, UPDATES = 7, 150_000  # so many that the last book's pace of 50 ms does not count
PACED, PACED_UPDATES, RATE = 3, 20_000, 5_000
SHAPES = (4, 20)  # levels in an update
BTC = futures("BTC_USDT")
WAIT_S = 60.0


class Replaying:
    """The replaying exchange, a process of its own."""

    def __init__(self, changes: int, updates: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.replay", str(changes), str(updates)],
            cwd=PROJECT, stdout=subprocess.PIPE, text=True, env=clean_environment(),
        )  # fmt: skip
        assert self._process.stdout is not None
        self.addresses: dict[str, str] = json.loads(self._process.stdout.readline())

    def next(self, rate: int) -> None:
        requests.get(f"{self.addresses['bench']}/next?rate={rate}", timeout=10).raise_for_status()

    def last(self) -> dict[str, Any]:
        found: dict[str, Any] = requests.get(f"{self.addresses['bench']}/last", timeout=10).json()
        return found

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Listener:
    """Notes when the first book and the last one are told, and the processor time between."""

    def __init__(self, last: int) -> None:
        self._last = last
        self.ready, self.done = threading.Event(), threading.Event()
        self.done_ns = 0
        self.used = 0.0
        self.book: Book | None = None

    def __call__(self, event: Event) -> None:
        if not isinstance(event, BookChanged) or event.book is None:
            return
        if not self.ready.is_set():
            self.used = time.process_time()
            self.ready.set()
        if event.book.sequence >= self._last:
            self.done_ns, self.used = time.time_ns(), time.process_time() - self.used
            self.book = event.book
            self.done.set()


def once(replaying: Replaying, rate: int) -> dict[str, float]:
    """One run of ours."""
    replaying.next(rate)
    last = replaying.last()
    loop, listener = LoopThread(), Listener(last["sequence"])
    loop.start()
    lines = Lines(lambda: replaying.addresses["rest"], loop)
    feeds = lines.feeds(listener, _nobody, _nobody)
    try:
        feeds.watch(Network.PAPER, BTC)
        assert listener.done.wait(WAIT_S), "the last book never came"
    finally:
        feeds.close()
        lines.close()
        loop.close()
    assert listener.book is not None
    for side in ("bids", "asks"):
        found = [(level.price, level.size) for level in getattr(listener.book, side)[:10]]
        assert found == [(Decimal(row["p"]), row["s"]) for row in last[side][:10]]
    return {"wall": (listener.done_ns - replaying.last()["began_ns"]) / 1e9, "cpu": listener.used}


def _nobody(account_id: str) -> Any:
    raise LookupError(account_id)


def show(name: str, updates: int, ours: list[float], theirs: list[float]) -> None:
    """Medians, and how many times as many updates ours takes."""
    mine, other = median(ours) / updates * 1e6, median(theirs) / updates * 1e6
    print(
        f"{name:<34} mtrade {mine:6.1f} us ({1e6 / mine:7.0f}/s)   "
        f"ccxt.pro {other:6.1f} us ({1e6 / other:7.0f}/s)   ratio {other / mine:.2f}",
        flush=True,
    )


def compare(paper: Paper, changes: int, updates: int, runs: int, rate: int) -> None:
    """All runs with updates of so many levels, at one rate."""
    replaying = Replaying(changes, updates)
    script = str(peers.HERE / "peer_streams.py")
    given = map(json.dumps, (paper.addresses, replaying.addresses))
    theirs = Conversation(str(peers.python()), script, *given)
    mine, other = [], []
    try:
        for _ in range(runs):
            mine.append(once(replaying, rate))
            other.append(theirs.ask(str(rate)))
    finally:
        theirs.close()
        replaying.close()
    how = "one by one" if rate else "all at once"
    for key in ("cpu",) if rate else ("wall", "cpu"):
        name = f"{changes} levels, {how}" + (" (cpu)" if key == "cpu" else "")
        show(name, updates, [run[key] for run in mine], [run[key] for run in other])


def main() -> None:
    """Print the medians and the ratios."""
    use_decimal_context()
    paper = Paper()
    try:
        for changes in SHAPES:
            compare(paper, changes, UPDATES, RUNS, 0)
            compare(paper, changes, PACED_UPDATES, PACED, RATE)
    finally:
        paper.close()


if __name__ == "__main__":
    main()
