"""One futures order, round trip over loopback: our clients against other people's, in one run.

First on an exchange that does nothing but answer (`reflex.py`): what is measured is the client.
Then on the paper exchange, whose own work is the larger part of every figure.

Every client places the same order on its own, equal account, one order after another. All are
connected and warmed up first; then they take turns, a few orders each, so that whatever else this
machine does hits all alike. Turns are paced so that nobody comes near Gate's budget of 100 orders
a second, which would make a client wait. Medians over all turns.

"mtrade ws" awaits each order on the loop that owns the socket, as ccxt.pro awaits its own on its
loop; copying sends that way. "mtrade ws thread" calls from another thread, as manual orders do.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal
from statistics import median

from mtrade.clock import SystemClock
from mtrade.domain.accounts import Credentials, Network, Secret
from mtrade.domain.instruments import Side, futures
from mtrade.domain.numbers import use_decimal_context
from mtrade.domain.orders import OrderPath, OrderRequest, OrderType, TimeInForce, VenueOrder
from mtrade.domain.ports import Clock
from mtrade.gate.client import GateClient
from mtrade.gate.exchange import GateExchange
from mtrade.gate.lines import Lines
from mtrade.gate.networks import addresses
from mtrade.loop import LoopThread
from tests.benchmarks import peers
from tests.benchmarks.peers import Conversation
from tests.servers import Paper

TURNS, COUNT, PACE_S = 16, 40, 0.6
PEERS = ("gate-api", "ccxt", "ccxt-async", "ccxt.pro")
RATIOS = (
    ("mtrade ws", "ccxt.pro", 0.5),
    ("mtrade ws", "ccxt", 0.2),
    ("mtrade rest", "gate-api", 0.75),
    ("mtrade rest", "ccxt", 0.5),
)
ACCOUNTS = {
    "rest": 4242,
    "loop": 4243,
    "thread": 4244,
    **{n: 4245 + i for i, n in enumerate(PEERS)},
}

Place = Callable[[int], list[float]]  # so many orders; milliseconds of each


def order() -> OrderRequest:
    """A limit far below the market, killed at once: nothing piles up."""
    return OrderRequest(
        instrument=futures("BTC_USDT"),
        side=Side.BUY,
        type=OrderType.LIMIT,
        size=Decimal(1),
        price=Decimal(60_000),
        tif=TimeInForce.IOC,
        text=f"t-bench-{secrets.token_hex(8)}",
    )


def calling(exchange: GateExchange, clock: Clock, path: OrderPath) -> Place:
    """Orders placed from this thread; every one must go that way."""

    def place(count: int) -> list[float]:
        took, ways = [], []
        for _ in range(count):
            wanted = order()
            began = time.perf_counter()
            exchange.place(wanted, expires_ms=clock.now_ms() + 3000, chosen=ways.append)
            took.append((time.perf_counter() - began) * 1000)
        assert set(ways) == {path}, set(ways)
        return took

    return place


def awaiting(exchange: GateExchange, clock: Clock, loop: LoopThread) -> Place:
    """Orders awaited on the loop itself, without another thread."""

    async def place(count: int) -> list[float]:
        took = []
        for _ in range(count):
            wanted = order()
            answer = asyncio.get_running_loop().create_future()
            began = time.perf_counter()
            exchange.prepared(wanted, clock.now_ms() + 3000)(answer.set_result)
            found = await answer
            took.append((time.perf_counter() - began) * 1000)
            assert isinstance(found, VenueOrder), found
        return took

    return lambda count: loop.call(place(count), 60)


def given(name: str) -> str:
    """Key, secret and user of a client."""
    return f"{name}:{name}-secret:{ACCOUNTS[name]}"


def credentials(name: str) -> Credentials:
    key, secret, _ = given(name).split(":")
    return Credentials(key, Secret(secret))


def over_rest(rest: str, stack: ExitStack) -> Place:
    """Our REST client."""
    clock = SystemClock()
    client = GateClient(addresses(Network.PAPER, rest), clock, credentials("rest"))
    stack.callback(client.close)
    return calling(GateExchange(client), clock, OrderPath.REST)


def warm(lines: Lines, name: str) -> GateExchange:
    """An account with its trading sockets logged in."""
    exchange = lines.exchange(Network.PAPER, credentials(name), warm=True)
    deadline = time.monotonic() + 10
    while exchange.paths.sockets.line("usdt") is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return exchange


def over_sockets(rest: str, stack: ExitStack) -> tuple[Place, Place]:
    """Our trading socket: on its loop, and called from another thread."""
    loop = LoopThread()
    loop.start()
    stack.callback(loop.close)
    lines = Lines(lambda: rest, loop)
    stack.callback(lines.close)
    clock = lines.clock(Network.PAPER)
    loop_side = awaiting(warm(lines, "loop"), clock, loop)
    return loop_side, calling(warm(lines, "thread"), clock, OrderPath.WS)


def clients(where: dict[str, str], stack: ExitStack) -> dict[str, Place]:
    """Everybody who takes part, on one exchange."""
    keys = json.dumps({name: given(name) for name in PEERS})
    script = str(peers.HERE / "peer_orders.py")
    others = Conversation(str(peers.python()), script, json.dumps(where), keys)
    stack.callback(others.close)
    loop_side, thread_side = over_sockets(where["rest"], stack)

    def peer(name: str) -> Place:
        return lambda count: [float(took) for took in others.ask(f"{name} {count}")]

    return {
        "mtrade rest": over_rest(where["rest"], stack),
        "mtrade ws": loop_side,
        "mtrade ws thread": thread_side,
        **{name: peer(name) for name in PEERS},
    }


def measured(where: dict[str, str]) -> dict[str, list[float]]:
    """Milliseconds per order of every client."""
    with ExitStack() as stack:
        everybody = clients(where, stack)
        found: dict[str, list[float]] = {name: [] for name in everybody}
        for turn in range(TURNS + 1):
            time.sleep(PACE_S)
            for name, place in everybody.items():
                took = place(COUNT)
                found[name] += took if turn else []
    return found


def report(title: str, found: dict[str, list[float]]) -> None:
    """Print the medians and how ours relate to the others."""
    print(title)
    medians = {name: median(took) for name, took in found.items()}
    for name, value in sorted(medians.items(), key=lambda item: item[1]):
        best = sorted(found[name])[len(found[name]) // 10]
        print(f"  {name:17} median {value:7.3f} ms   fastest tenth {best:7.3f} ms")
    for ours, other, wanted in RATIOS:
        ratio = medians[ours] / medians[other]
        print(f"  {ours} / {other}: {ratio:.2f} (wanted {wanted})")


def main() -> None:
    """Run both and print."""
    use_decimal_context()
    paper = Paper(*(f"{given(name)}:USDT=1000000" for name in ACCOUNTS))
    try:
        paper.set_price("futures", "BTC_USDT", "64000")
        light = Conversation(sys.executable, "-m", "tests.benchmarks.reflex", paper.rest)
        try:
            report("an exchange that only answers", measured(light.ask("")))
        finally:
            light.close()
        report("the paper exchange", measured(paper.addresses))
    finally:
        paper.close()


if __name__ == "__main__":
    main()
