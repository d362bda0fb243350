"""Run in the peers' environment: how long one immediate futures order takes other clients.

Reads lines `CLIENT COUNT`, places that many orders one after another, and answers each line with a
JSON list of milliseconds per order. Each client is made, connected and warmed up at its first line
and stays connected. The order is a limit far below the market that is killed at once, so the
exchange's work is the same for all and nothing piles up.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

Place = Callable[[int], list[float]]


def pointed(exchange: Any, addresses: dict[str, str]) -> Any:
    """A ccxt client whose every address is the local exchange."""
    for kind in ("public", "private"):
        for part in exchange.urls["api"][kind]:
            exchange.urls["api"][kind][part] = addresses["rest"]
    exchange.urls["api"]["spot"] = addresses["ws_spot"]
    exchange.urls["api"]["swap"] = {
        "usdt": addresses["ws_futures_usdt"],
        "btc": addresses["ws_futures_btc"],
    }
    exchange.options["fetchMarkets"] = {"types": ["spot", "swap"]}
    exchange.options["swap"]["fetchMarkets"] = {"settlementCurrencies": ["usdt"]}
    exchange.options["unifiedAccount"] = False
    exchange.enableRateLimit = False
    return exchange


def keys(given: str) -> dict[str, Any]:
    key, secret, uid = given.split(":")
    return {"apiKey": key, "secret": secret, "uid": uid}


ORDER = ("BTC/USDT:USDT", "limit", "buy", 1, 60_000, {"timeInForce": "IOC"})


def ccxt_sync(addresses: dict[str, str], given: str) -> Place:
    import ccxt

    exchange = pointed(ccxt.gate(keys(given)), addresses)
    exchange.load_markets()

    def place(count: int) -> list[float]:
        took = []
        for _ in range(count):
            began = time.perf_counter()
            exchange.create_order(*ORDER)
            took.append((time.perf_counter() - began) * 1000)
        return took

    return place


def on_loop(make: Callable[[], Any], name: str, loop: asyncio.AbstractEventLoop) -> Place:
    """A client whose orders are awaited on its own loop."""

    async def ready() -> Any:
        exchange = make()
        await exchange.load_markets()
        return exchange

    exchange = loop.run_until_complete(ready())

    async def place(count: int) -> list[float]:
        create = getattr(exchange, name)
        took = []
        for _ in range(count):
            began = time.perf_counter()
            await create(*ORDER)
            took.append((time.perf_counter() - began) * 1000)
        return took

    return lambda count: loop.run_until_complete(place(count))


def gate_api(addresses: dict[str, str], given: str) -> Place:
    import gate_api as sdk

    key, secret, _ = given.split(":")
    configuration = sdk.Configuration(host=addresses["rest"], key=key, secret=secret)
    api = sdk.FuturesApi(sdk.ApiClient(configuration))

    def place(count: int) -> list[float]:
        took = []
        for _ in range(count):
            order = sdk.FuturesOrder(contract="BTC_USDT", size="1", price="60000", tif="ioc")
            began = time.perf_counter()
            api.create_futures_order("usdt", order)
            took.append((time.perf_counter() - began) * 1000)
        return took

    return place


def makers(addresses: dict[str, str], given: dict[str, str]) -> dict[str, Callable[[], Place]]:
    import ccxt.async_support
    import ccxt.pro

    loops = [asyncio.new_event_loop() for _ in range(2)]

    def client(module: Any, name: str) -> Any:
        return pointed(module.gate(keys(given[name])), addresses)

    return {
        "gate-api": lambda: gate_api(addresses, given["gate-api"]),
        "ccxt": lambda: ccxt_sync(addresses, given["ccxt"]),
        "ccxt-async": lambda: on_loop(
            lambda: client(ccxt.async_support, "ccxt-async"), "create_order", loops[0]
        ),
        "ccxt.pro": lambda: on_loop(
            lambda: client(ccxt.pro, "ccxt.pro"), "create_order_ws", loops[1]
        ),
    }


def main() -> None:
    made: dict[str, Place] = {}
    make = makers(json.loads(sys.argv[1]), json.loads(sys.argv[2]))
    for line in sys.stdin:
        name, count = line.split()
        if name not in made:
            made[name] = make[name]()
        print(json.dumps(made[name](int(count))), flush=True)
    # The clients' sockets end with the process; ccxt would only complain about them.
    os._exit(0)


if __name__ == "__main__":
    main()
