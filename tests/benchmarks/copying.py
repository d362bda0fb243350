"""How long a leader's fill takes to become the last follower's order: ours against other ways.

One light exchange on loopback (`stand_in.py`) pushes a fill on the leader's private stream and
notes when each follower's order reaches it. Everybody takes turns on it in one run, each with as
many accounts of its own; every order must arrive exactly once. Ours is the product itself, from the
stream's frame to the written orders, with its journal committed before the first of them leaves.
The exchange answers at once, or 20 ms late as a distant one does.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import requests

from mtrade.clock import SystemClock
from mtrade.domain.accounts import Credentials, Network, Secret
from mtrade.domain.numbers import dumps
from mtrade.gate.client import GateClient
from mtrade.gate.networks import addresses
from tests.benchmarks import peers
from tests.benchmarks.peers import Conversation
from tests.servers import PROJECT, Paper, clean_environment

FOLLOWERS, DELAYS_MS = (1, 10, 100, 300), (0, 20)
LEADER_SIZE = 10
PATIENCE_S = 60.0
WAYS = ("mtrade", "ccxt.pro", "threads", "polling")
ROUNDS = {"mtrade": 20, "ccxt.pro": 20, "threads": 6, "polling": 3}  # even: up, down, up ...
CANNED = (
    "/spot/currency_pairs", "/spot/accounts", "/account/detail", "/account/main_keys",
    "/futures/usdt/contracts", "/futures/usdt/contracts/BTC_USDT", "/futures/usdt/accounts",
    "/futures/usdt/tickers", "/futures/usdt/risk_limit_tiers", "/futures/usdt/order_book",
    "/futures/usdt/fee", "/futures/usdt/positions/BTC_USDT", "/wallet/total_balance",
)  # fmt: skip
QUERIES = {
    "/futures/usdt/tickers": {"contract": "BTC_USDT"},
    "/futures/usdt/risk_limit_tiers": {"contract": "BTC_USDT"},
    "/futures/usdt/order_book": {"contract": "BTC_USDT", "limit": 20},
    "/futures/usdt/fee": {"contract": "BTC_USDT"},
}
# (ours, delay, followers) / (other, delay, followers) and what the ratio is to stay below
RATIOS = (
    (("mtrade", 0, 100), ("ccxt.pro", 0, 100), 1.0),
    (("mtrade", 0, 100), ("threads", 0, 100), 0.1),
    (("mtrade", 20, 100), ("ccxt.pro", 20, 100), 1.0),
    (("mtrade", 20, 100), ("threads", 20, 100), 0.1),
    (("mtrade", 0, 300), ("mtrade", 0, 100), 4.0),
    (("mtrade", 0, 300), ("ccxt.pro", 0, 300), 1.0),
)


class StandIn:
    """The exchange and its controls."""

    def __init__(self, folder: Path) -> None:
        bodies = folder / "bodies.json"
        bodies.write_text(canned(), encoding="utf-8")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.stand_in", str(bodies)],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            text=True,
            env=clean_environment(),
        )
        assert self._process.stdout is not None
        self.base = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        self._session = requests.Session()
        self._sizes: dict[str, int] = defaultdict(int)

    @property
    def addresses(self) -> dict[str, str]:
        ws = self.base.replace("http", "ws")
        return {
            "rest": f"{self.base}/api/v4",
            "ws_spot": f"{ws}/ws/v4/",
            "ws_futures_usdt": f"{ws}/v4/ws/futures/usdt",
            "ws_futures_btc": f"{ws}/v4/ws/futures/btc",
        }

    def delay(self, ms: int) -> None:
        self._call("POST", f"delay?ms={ms}")

    def fill(self, leader: str) -> None:
        """A leader opens, or closes what is open."""
        self._sizes[leader] = LEADER_SIZE - self._sizes[leader]
        self._call("POST", f"fill?leader={leader}&size={self._sizes[leader]}")

    def arrivals(self, count: int) -> list[tuple[float, str]]:
        """Milliseconds and key of each order since the fill, once so many are there."""
        deadline = time.monotonic() + PATIENCE_S
        while len(found := self._call("GET", "arrivals")) < count:
            if time.monotonic() > deadline:
                raise SystemExit(f"only {len(found)} of {count} orders arrived")
            time.sleep(0.05)
        return [(ns / 1e6, key) for ns, key in found]

    def close(self) -> None:
        self._session.close()
        self._process.terminate()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _call(self, method: str, what: str) -> Any:
        answer = self._session.request(method, f"{self.base}/bench/{what}", timeout=10)
        answer.raise_for_status()
        return answer.json()


def canned() -> str:
    """What the paper exchange says about markets and an account, as JSON."""
    paper = Paper("canned:secret:1:USDT=1000000")
    clock = SystemClock()
    key = Credentials("canned", Secret("secret"))
    client = GateClient(addresses(Network.PAPER, paper.rest), clock, key)
    try:
        return dumps(
            {p: client.read(p, lambda raw: raw, QUERIES.get(p), bucket="canned") for p in CANNED}
        )
    finally:
        client.close()
        paper.close()


def one_round(exchange: StandIn, by: Conversation, way: str, count: int) -> list[float]:
    """Milliseconds at which each order arrived, the last one last."""
    by.ask(f"arm {way} {count}")
    time.sleep(0.1 + random.random() * (way == "polling"))
    exchange.fill(f"leader-{way}")
    found = exchange.arrivals(count)
    by.ask("done")
    found = exchange.arrivals(count)
    keys = sorted(key for _, key in found)
    if keys != sorted(f"{way}-{n}" for n in range(count)):
        raise SystemExit(f"{way}: not every follower got exactly one order: {len(keys)}")
    return sorted(ms for ms, _ in found)


def main() -> None:
    """Print the medians and how ours relate to the others."""
    last: dict[tuple[str, int, int], list[float]] = defaultdict(list)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mtrade-copy-")))
        exchange = StandIn(folder)
        stack.callback(exchange.close)
        script, where = str(peers.HERE / "peer_copy.py"), exchange.addresses
        others = Conversation(str(peers.python()), script, json.dumps(where))
        stack.callback(others.close)
        module = (sys.executable, "-m", "tests.benchmarks.copy_ours")
        ours = Conversation(*module, where["rest"], str(folder))
        stack.callback(ours.close)
        speakers = {way: ours if way == "mtrade" else others for way in WAYS}
        for count in FOLLOWERS:
            for delay in DELAYS_MS:
                for turn in range(-2, max(ROUNDS.values())):  # two to warm up
                    for way in WAYS:
                        if turn >= ROUNDS[way] or (turn < 0 and way == "polling"):
                            continue
                        exchange.delay(delay if turn >= 0 else 0)
                        took = one_round(exchange, speakers[way], way, count)
                        if turn >= 0:
                            last[way, delay, count].append(took[-1])
                show(last, delay, count)
    print()
    for one, other, wanted in RATIOS:
        ratio = median(last[one]) / median(last[other])
        print(f"{name(one)} / {name(other)}: {ratio:.3f} (wanted {wanted})")
    alone = median(last["mtrade", 0, 1])
    print(f"{name(('mtrade', 0, 1))}: {alone:.2f} ms (wanted 5)")


def show(last: dict[tuple[str, int, int], list[float]], delay: int, count: int) -> None:
    for way in WAYS:
        took = sorted(last[way, delay, count])
        print(
            f"{count:4} followers, {delay:2} ms: {way:9} last order after {median(took):9.2f} ms"
            f"  (best {took[0]:.2f}, worst {took[-1]:.2f}, {len(took)} rounds)",
            flush=True,
        )


def name(what: tuple[str, int, int]) -> str:
    return f"{what[0]} {what[2]} at {what[1]} ms"


if __name__ == "__main__":
    main()
