"""One futures order, round trip over loopback: our clients against other people's, in one run."""

from __future__ import annotations

import json
import secrets
import time
from decimal import Decimal
from statistics import median

from mtrade.clock import SystemClock
from mtrade.domain.accounts import Credentials, Network, Secret
from mtrade.domain.instruments import Side, futures
from mtrade.domain.numbers import use_decimal_context
from mtrade.domain.orders import OrderPath, OrderRequest, OrderType, TimeInForce
from mtrade.domain.ports import Clock
from mtrade.gate.client import GateClient
from mtrade.gate.exchange import GateExchange
from mtrade.gate.lines import Lines
from mtrade.gate.networks import addresses
from mtrade.loop import LoopThread
from tests.benchmarks import peers
from tests.servers import Paper

ROUNDS = 300
WARM = 20
RATIOS = (
    ("mtrade ws", "ccxt.pro ws"),
    ("mtrade ws", "ccxt"),
    ("mtrade rest", "gate-api"),
    ("mtrade rest", "ccxt"),
)
GIVEN = "bench:bench-secret:4242"


def order(number: int) -> OrderRequest:
    return OrderRequest(
        instrument=futures("BTC_USDT"),
        side=Side.BUY,
        type=OrderType.LIMIT,
        size=Decimal(1),
        price=Decimal(60_000),
        tif=TimeInForce.IOC,
        text=f"t-bench-{number}-{secrets.token_hex(4)}",
    )


def timed(exchange: GateExchange, clock: Clock, path: OrderPath) -> list[float]:
    """Milliseconds per order; every one must have gone that way."""
    took, ways = [], []
    for number in range(ROUNDS + WARM):
        wanted = order(number)
        began = time.perf_counter()
        exchange.place(wanted, expires_ms=clock.now_ms() + 3000, chosen=ways.append)
        took.append((time.perf_counter() - began) * 1000)
    assert set(ways) == {path}, set(ways)
    return took[WARM:]


def credentials() -> Credentials:
    key, secret, _ = GIVEN.split(":")
    return Credentials(key, Secret(secret))


def over_rest(paper: Paper) -> list[float]:
    """Our REST client."""
    clock = SystemClock()
    client = GateClient(addresses(Network.PAPER, paper.rest), clock, credentials())
    try:
        return timed(GateExchange(client), clock, OrderPath.REST)
    finally:
        client.close()


def over_socket(paper: Paper) -> list[float]:
    """Our trading socket, called from another thread as the courier does."""
    loop = LoopThread()
    loop.start()
    lines = Lines(lambda: paper.rest, loop)
    try:
        exchange = lines.exchange(Network.PAPER, credentials(), warm=True)
        deadline = time.monotonic() + 10
        while exchange.paths.sockets.line("usdt") is None and time.monotonic() < deadline:
            time.sleep(0.05)
        return timed(exchange, lines.clock(Network.PAPER), OrderPath.WS)
    finally:
        lines.close()
        loop.close()


def main() -> None:
    """Print the medians and how ours relate to the others."""
    use_decimal_context()
    paper = Paper(f"{GIVEN}:USDT=1000000")
    try:
        paper.set_price("futures", "BTC_USDT", "64000")
        found = {"mtrade rest": over_rest(paper), "mtrade ws": over_socket(paper)}
        found |= peers.run("peer_orders.py", json.dumps(paper.addresses), GIVEN, str(ROUNDS))
    finally:
        paper.close()
    medians = {name: median(took) for name, took in found.items()}
    for name, value in sorted(medians.items(), key=lambda item: item[1]):
        print(f"{name:14} median {value:7.3f} ms")
    for ours, other in RATIOS:
        print(f"{ours} / {other}: {medians[ours] / medians[other]:.2f}")


if __name__ == "__main__":
    main()
