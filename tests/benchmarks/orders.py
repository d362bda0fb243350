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
from mtrade.domain.orders import OrderRequest, OrderType, TimeInForce
from mtrade.gate.client import GateClient
from mtrade.gate.exchange import GateExchange
from mtrade.gate.networks import addresses
from tests.benchmarks import peers
from tests.servers import Paper

ROUNDS = 300
WARM = 20
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


def rest(paper: Paper) -> list[float]:
    """Milliseconds per order of our REST client."""
    key, secret, _ = GIVEN.split(":")
    clock = SystemClock()
    client = GateClient(
        addresses(Network.PAPER, paper.rest), clock, Credentials(key, Secret(secret))
    )
    exchange = GateExchange(client)
    took = []
    for number in range(ROUNDS + WARM):
        wanted = order(number)
        began = time.perf_counter()
        exchange.place(wanted, expires_ms=clock.now_ms() + 3000)
        took.append((time.perf_counter() - began) * 1000)
    client.close()
    return took[WARM:]


def main() -> None:
    """Print the medians and how ours relate to the others."""
    use_decimal_context()
    paper = Paper(f"{GIVEN}:USDT=1000000")
    try:
        paper.set_price("futures", "BTC_USDT", "64000")
        found = {"mtrade rest": rest(paper)}
        found |= peers.run("peer_orders.py", json.dumps(paper.addresses), GIVEN, str(ROUNDS))
    finally:
        paper.close()
    medians = {name: median(took) for name, took in found.items()}
    for name, value in sorted(medians.items(), key=lambda item: item[1]):
        print(f"{name:14} median {value:7.3f} ms")
    for other in ("gate-api", "ccxt"):
        print(f"mtrade rest / {other}: {medians['mtrade rest'] / medians[other]:.2f}")


if __name__ == "__main__":
    main()
