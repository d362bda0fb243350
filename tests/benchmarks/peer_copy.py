"""Run in the peers' environment: other ways to copy one leader's fill to many accounts.

Reads lines `arm NAME COUNT` (answers when it listens: from then on the next fill of the leader is
copied to so many followers), `done` (answers when every order was answered). Names:

    polling   ccxt asks for the leader's positions each second and then places order after order
    threads   the fill is pushed; 16 threads place the orders with `requests`
    ccxt.pro  the fill is pushed; all orders are placed at once, each over its account's socket
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from peer_orders import pointed

SYMBOL, CONTRACT = "BTC/USDT:USDT", "BTC_USDT"
THREADS = 16  # more than the default of `ThreadPoolExecutor` on most machines

Copy = Callable[[float], Awaitable[None]]
Armed = tuple[asyncio.Event, "asyncio.Task[None]"]


class Markets:
    """ccxt clients that share what they know about markets."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self._addresses = addresses
        self._known: Any = None

    def client(self, module: Any, key: str, uid: str = "1") -> Any:
        exchange = module.gate({"apiKey": key, "secret": "secret", "uid": uid})
        pointed(exchange, self._addresses)
        if self._known is not None:
            exchange.set_markets(self._known)
        return exchange

    def load(self) -> None:
        import ccxt

        first = self.client(ccxt, "leader-any")
        first.load_markets()
        self._known = list(first.markets.values())


def order(change: float) -> tuple[Any, ...]:
    """What copies a change of the leader's position."""
    price = 64_192 if change > 0 else 63_808
    side = "buy" if change > 0 else "sell"
    return (SYMBOL, "limit", side, abs(change), price, {"timeInForce": "IOC"})


async def polling(markets: Markets, count: int, armed: asyncio.Event) -> None:
    import ccxt

    leader = markets.client(ccxt, "leader-polling")
    followers = [markets.client(ccxt, f"polling-{n}") for n in range(count)]

    def size() -> float:
        rows = leader.fetch_positions([SYMBOL])
        return sum(r["contracts"] * (1 if r["side"] == "long" else -1) for r in rows)

    def work() -> None:
        known = size()
        for follower in followers:
            follower.fetch_time()  # connect
        loop.call_soon_threadsafe(armed.set)
        while True:
            began = time.monotonic()
            now = size()
            if now != known:
                for follower in followers:
                    follower.create_order(*order(now - known))
                return
            time.sleep(max(0.0, began + 1 - time.monotonic()))

    loop = asyncio.get_running_loop()
    await asyncio.to_thread(work)


class Threads:
    """`requests` in a pool of threads; the fill comes over a plain socket."""

    def __init__(self, addresses: dict[str, str]) -> None:
        import requests

        self._addresses = addresses
        self._make = requests.Session
        self._sessions: list[Any] = []
        self._pool = ThreadPoolExecutor(THREADS)

    async def run(self, count: int, armed: asyncio.Event) -> None:
        import aiohttp

        fresh = range(len(self._sessions), count)
        self._sessions += [self._make() for _ in fresh]
        list(self._pool.map(self._connect, self._sessions[:count]))
        url = self._addresses["ws_futures_usdt"]
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as ws:
            await ws.send_json(subscription())
            await ws.receive()
            armed.set()
            change = float(json.loads((await ws.receive()).data)["result"][0]["size"])
            loop = asyncio.get_running_loop()
            jobs = [loop.run_in_executor(self._pool, self._place, n, change) for n in range(count)]
            await asyncio.gather(*jobs)

    def _connect(self, session: Any) -> None:
        session.get(f"{self._addresses['rest']}/spot/time", timeout=10).raise_for_status()

    def _place(self, number: int, change: float) -> None:
        price = "64192" if change > 0 else "63808"
        fields = {"contract": CONTRACT, "size": int(change), "price": price, "tif": "ioc"}
        body, path, now = json.dumps(fields), "/api/v4/futures/usdt/orders", str(int(time.time()))
        digest = hashlib.sha512(body.encode()).hexdigest()
        proof = signed("\n".join(("POST", path, "", digest, now)))
        head = {"KEY": f"threads-{number}", "Timestamp": now, "SIGN": proof}
        head["Content-Type"] = "application/json"
        url = f"{self._addresses['rest']}/futures/usdt/orders"
        answer = self._sessions[number].post(url, data=body, headers=head, timeout=10)
        answer.raise_for_status()
        answer.json()


def signed(text: str) -> str:
    return hmac.new(b"secret", text.encode(), hashlib.sha512).hexdigest()


def subscription() -> dict[str, Any]:
    channel, now = "futures.usertrades", int(time.time())
    proof = signed(f"channel={channel}&event=subscribe&time={now}")
    auth = {"method": "api_key", "KEY": "leader-threads", "SIGN": proof}
    frame = {"time": now, "channel": channel, "event": "subscribe", "payload": ["1", CONTRACT]}
    return {**frame, "auth": auth}


class Pro:
    """ccxt.pro: one logged-in client per account, all orders awaited together."""

    def __init__(self, markets: Markets) -> None:
        self._markets = markets
        self._leader: Any = None
        self._followers: list[Any] = []
        self._seen = 0

    async def run(self, count: int, armed: asyncio.Event) -> None:
        import ccxt.pro

        if self._leader is None:
            self._leader = self._markets.client(ccxt.pro, "leader-ccxt.pro")
            self._leader.newUpdates = True
        while len(self._followers) < count:
            name = f"ccxt.pro-{len(self._followers)}"
            follower = self._markets.client(ccxt.pro, name)
            await follower.create_order_ws(*order(1))  # log in
            await follower.create_order_ws(*order(-1))
            self._followers.append(follower)
        watching = asyncio.ensure_future(self._leader.watch_my_trades(SYMBOL))
        await asyncio.sleep(0.3)  # until the subscription is in force
        armed.set()
        trade = (await watching)[-1]
        change = trade["amount"] * (1 if trade["side"] == "buy" else -1)
        chosen = self._followers[:count]
        await asyncio.gather(*(f.create_order_ws(*order(change)) for f in chosen))


async def main() -> None:
    addresses = json.loads(sys.argv[1])
    markets = Markets(addresses)
    await asyncio.to_thread(markets.load)
    threads, pro = Threads(addresses), Pro(markets)
    ways = {
        "polling": lambda count, armed: polling(markets, count, armed),
        "threads": threads.run,
        "ccxt.pro": pro.run,
    }
    task: asyncio.Task[None] | None = None
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        match line.split():
            case ["arm", name, count]:
                armed = asyncio.Event()
                task = asyncio.create_task(ways[name](int(count), armed))
                waiting = asyncio.create_task(armed.wait())
                await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
                if task.done():
                    task.result()
            case ["done"]:
                assert task is not None
                await task
        print("1", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
    os._exit(0)  # the clients' sockets end with the process
