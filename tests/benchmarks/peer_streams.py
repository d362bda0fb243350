"""Run in the peers' environment: how ccxt.pro takes the replayed order book updates.

Reads lines, each the rate of a run, and answers each with one JSON object: seconds on the wall and
of the processor from the first update on the wire to the book that has the last one.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import urllib.request
from typing import Any

from peer_orders import pointed

SYMBOL = "BTC/USDT:USDT"


def ask(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
        return json.loads(answer.read())


async def once(exchange: Any, replay: dict[str, str], rate: int) -> dict[str, float]:
    ask(f"{replay['bench']}/next?rate={rate}")
    last = ask(f"{replay['bench']}/last")
    await exchange.watch_order_book(SYMBOL)
    used = time.process_time()
    while True:
        book = await exchange.watch_order_book(SYMBOL)
        if book["nonce"] >= last["sequence"]:
            break
    done, used = time.time_ns(), time.process_time() - used
    for side in ("bids", "asks"):
        found = [[level[0], level[1]] for level in book[side][:10]]
        assert found == [[float(row["p"]), row["s"]] for row in last[side][:10]], (side, found)
    began = ask(f"{replay['bench']}/last")["began_ns"]
    await exchange.close()
    exchange.clients, exchange.orderbooks = {}, {}
    return {"wall": (done - began) / 1e9, "cpu": used}


async def serve(paper: dict[str, str], replay: dict[str, str]) -> None:
    import ccxt.pro

    exchange = pointed(ccxt.pro.gate(), paper)
    await exchange.load_markets()
    await exchange.close()
    exchange.urls["api"]["swap"]["usdt"] = replay["ws_futures_usdt"]
    for kind in ("public", "private"):
        for part in exchange.urls["api"][kind]:
            exchange.urls["api"][kind][part] = replay["rest"]
    for line in sys.stdin:
        print(json.dumps(await once(exchange, replay, int(line))), flush=True)


def main() -> None:
    paper, replay = map(json.loads, sys.argv[1:3])
    asyncio.run(serve(paper, replay))


if __name__ == "__main__":
    main()
