"""A real paper exchange in its own process, for the contract suite."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mtrade.domain.accounts import Credentials, Network, Secret
from mtrade.domain.instruments import InstrumentId
from mtrade.gate.client import GateClient
from mtrade.gate.clock import ExchangeClock
from mtrade.gate.exchange import GateExchange
from mtrade.gate.market_data import GateMarketData
from mtrade.gate.networks import addresses

ROOT = Path(__file__).parents[2]
START_S = 30
SECRET = "secret"
ACCOUNTS = {"spot": 1001, "one-way": 1002, "hedge": 1003, "inverse": 1004}


@dataclass
class Paper:
    """A running paper exchange and the ways to reach it."""

    url: str
    told: dict[str, object]

    def client(self, name: str, secret: str = SECRET, clock: object = None) -> GateClient:
        """A client of one of its accounts."""
        credentials = Credentials(f"{name}-key", Secret(secret))
        where = addresses(Network.PAPER, self.url)
        return GateClient(where, clock or ExchangeClock(), credentials)  # type: ignore[arg-type]

    def public(self) -> GateMarketData:
        """Its market data, without a key."""
        return GateMarketData(GateClient(addresses(Network.PAPER, self.url), ExchangeClock()))

    def set_price(self, instrument: InstrumentId, price: object) -> None:
        """Move a market to this price."""
        body = {
            "market": instrument.market.value,
            "instrument": instrument.name,
            "settle": instrument.settle,
            "price": str(price),
        }
        if not instrument.settle:
            del body["settle"]
        request = urllib.request.Request(  # noqa: S310
            f"{self.url}/paper/v1/price", json.dumps(body).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            assert answer.status == 200


@pytest.fixture(scope="session")
def paper() -> Iterator[Paper]:
    command = [sys.executable, "-m", "mtrade.paper", "--port", "0", "--seed", "7", "--control"]
    for name, uid in ACCOUNTS.items():
        command += ["--account", f"{name}-key:{SECRET}:{uid}:USDT=100000,BTC=2"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            told = json.loads(_first_line(process))
            yield Paper(told["rest"].removesuffix("/api/v4"), told)
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="class")
def exchange(request: pytest.FixtureRequest, paper: Paper) -> Iterator[GateExchange]:
    """The exchange port of the account that the test class names."""
    clock = ExchangeClock()
    found = GateExchange(paper.client(request.cls.account, clock=clock))
    clock.sync(found.server_time, samples=2)
    yield found
    found.close()


def _first_line(process: subprocess.Popen[str]) -> str:
    lines: queue.Queue[str] = queue.Queue()

    def pump() -> None:
        assert process.stdout is not None
        lines.put(process.stdout.readline())

    threading.Thread(target=pump, daemon=True).start()
    return lines.get(timeout=START_S)
