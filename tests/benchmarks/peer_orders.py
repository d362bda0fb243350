"""Run in the peers' environment: how long one immediate futures order takes other clients.

Prints one JSON object, milliseconds per order for each client. The order is a limit far below the
market that is killed at once, so the exchange's work is the same for all and nothing piles up.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

WARM = 20


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


def keys(given: list[str]) -> dict[str, Any]:
    return {"apiKey": given[0], "secret": given[1], "uid": given[2]}


ORDER = ("BTC/USDT:USDT", "limit", "buy", 1, 60_000, {"timeInForce": "IOC"})


def ccxt_sync(addresses: dict[str, str], given: list[str], rounds: int) -> list[float]:
    import ccxt

    exchange = pointed(ccxt.gate(keys(given)), addresses)
    exchange.load_markets()
    took = []
    for _ in range(rounds + WARM):
        began = time.perf_counter()
        exchange.create_order(*ORDER)
        took.append((time.perf_counter() - began) * 1000)
    return took[WARM:]


async def ccxt_async(
    module: Any, name: str, addresses: dict[str, str], given: list[str], rounds: int
) -> list[float]:
    exchange = pointed(module.gate(keys(given)), addresses)
    took = []
    try:
        await exchange.load_markets()
        create = getattr(exchange, name)
        for _ in range(rounds + WARM):
            began = time.perf_counter()
            await create(*ORDER)
            took.append((time.perf_counter() - began) * 1000)
    finally:
        await exchange.close()
    return took[WARM:]


def gate_api(addresses: dict[str, str], given: list[str], rounds: int) -> list[float]:
    import gate_api as sdk

    configuration = sdk.Configuration(host=addresses["rest"], key=given[0], secret=given[1])
    api = sdk.FuturesApi(sdk.ApiClient(configuration))
    took = []
    for _ in range(rounds + WARM):
        order = sdk.FuturesOrder(contract="BTC_USDT", size="1", price="60000", tif="ioc")
        began = time.perf_counter()
        api.create_futures_order("usdt", order)
        took.append((time.perf_counter() - began) * 1000)
    return took[WARM:]


def main() -> None:
    addresses, given, rounds = json.loads(sys.argv[1]), sys.argv[2].split(":"), int(sys.argv[3])
    import ccxt.async_support
    import ccxt.pro

    found = {
        "gate-api": gate_api(addresses, given, rounds),
        "ccxt": ccxt_sync(addresses, given, rounds),
        "ccxt async": asyncio.run(
            ccxt_async(ccxt.async_support, "create_order", addresses, given, rounds)
        ),
        "ccxt.pro ws": asyncio.run(
            ccxt_async(ccxt.pro, "create_order_ws", addresses, given, rounds)
        ),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
