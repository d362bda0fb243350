"""A light exchange on loopback for the benchmark of copying, in a process of its own.

It speaks as much of Gate's REST and WebSocket API as a copier needs: every order fills at once, and
when it arrived is noted as soon as its bytes are read, before anything is parsed or answered.
Answers may be held back for a while, as a distant exchange would. What it says about markets was
written down from the paper exchange. Its own controls:

    POST /bench/fill?leader=KEY&size=N   a position becomes N: pushed as a real fill would be
    GET  /bench/arrivals      since then: nanoseconds from the first byte of the push, and the key
    POST /bench/delay?ms=N    every answer to an order takes that long from now on
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import defaultdict, deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.benchmarks.wire import Connection

CONTRACT, PRICE = "BTC_USDT", "64000"
Head = dict[str, str]

# Rows as Gate sends them (docs/gate-notes.md); what changes is filled in.
ORDER = {
    "user": 1, "iceberg": "0", "status": "finished", "finish_as": "filled", "is_close": False,
    "is_liq": False, "tkfr": "0.0005", "mkfr": "0.0002", "refu": 0, "refr": "0", "stp_id": 0,
    "stp_act": "-", "amend_text": "-", "biz_info": "-", "update_id": 1,
}  # fmt: skip
PUSHED_POSITION = {
    "contract": CONTRACT, "mode": "single", "user": "1", "leverage": 10, "cross_leverage_limit": 0,
    "leverage_max": 125, "liq_price": 0, "maintenance_rate": 0.004, "margin": 1, "realised_pnl": 0,
    "realised_point": 0, "history_pnl": 0, "history_point": 0, "last_close_pnl": 0,
    "risk_limit": 20000,
}  # fmt: skip
PUSHED_TRADE = {"role": "taker", "fee": 0.01, "point_fee": 0}
PUSHED_ORDER = {
    "user": "1", "update_id": 1, "status": "finished", "finish_as": "filled", "tif": "ioc",
    "is_close": False, "is_reduce_only": False, "is_liq": False, "refu": 0, "stp_id": 0,
    "stp_act": "-", "amend_text": "-", "biz_info": "-", "price": 0, "fill_price": 64000,
    "tkfr": 0.0005, "mkfr": 0.0002, "refr": 0, "iceberg": "0",
}  # fmt: skip


class Noted(Connection):
    """What comes is timed as soon as it is read, and looked at when nothing else is to be read."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange)
        self._exchange = exchange

    def data_received(self, data: bytes) -> None:
        self._exchange.soon(partial(self.take, data, time.monotonic_ns()))


class Exchange:
    """Positions, who listens to what, and what arrived when."""

    def __init__(self, rest: dict[str, Any]) -> None:
        self._rest = rest
        self._heard: dict[tuple[str, str], set[Connection]] = defaultdict(set)
        self._public: dict[str, set[Connection]] = defaultdict(set)
        self._names: dict[Connection, str] = {}
        self._users: dict[str, int] = {}
        self._sizes: dict[str, int] = defaultdict(int)
        self._updates: dict[str, int] = defaultdict(int)
        self._trades: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._numbers = 10**6
        self._waiting: deque[Callable[[], None]] = deque()
        self.delay_s = 0.0
        self.began_ns = 0
        self.arrivals: list[tuple[int, str]] = []

    # --- what comes in ---

    def frame(self, peer: Connection, text: bytes, now_ns: int) -> None:
        """A WebSocket text frame."""
        if b"order_place" in text:
            self.arrivals.append((now_ns, self._names.get(peer, "")))
        raw = json.loads(text)
        if raw.get("event") == "api":
            self._later(partial(self._api, peer, raw))
        elif raw["channel"].endswith(".ping"):
            self._tell(peer, raw["channel"].replace("ping", "pong"), "", None)
        else:
            self._subscribe(peer, raw)

    def request(
        self, peer: Connection, method: str, target: str, head: Head, body: bytes, now_ns: int
    ) -> None:
        """A REST request."""
        parts = urlsplit(target)
        path = parts.path.removeprefix("/api/v4")
        if path.startswith("/bench/"):
            given = {k: v[0] for k, v in parse_qs(parts.query).items()}
            peer.answer(json.dumps(self._control(path, given)))
            return
        key = head.get("key", "")
        if method == "POST" and path == "/futures/usdt/orders":
            self.arrivals.append((now_ns, key))
            order = partial(self._ordered, key, json.loads(body))
            self._later(lambda: peer.answer(json.dumps(order())))
        else:
            self._later(lambda: peer.answer(json.dumps(self._read(path, key))))

    def gone(self, peer: Connection) -> None:
        for peers in (*self._heard.values(), *self._public.values()):
            peers.discard(peer)
        self._names.pop(peer, None)

    def _later(self, act: Callable[[], None]) -> None:
        if self.delay_s:
            asyncio.get_running_loop().call_later(self.delay_s, self.soon, act)
        else:
            self.soon(act)

    def soon(self, act: Callable[[], None]) -> None:
        """One thing a turn of the loop, so that what arrives is read, and timed, before it."""
        self._waiting.append(act)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._one)

    def _one(self) -> None:
        self._waiting[0]()
        self._waiting.popleft()
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._one)

    # --- its own controls ---

    def _control(self, path: str, given: dict[str, str]) -> Any:
        if path.endswith("delay"):
            self.delay_s = int(given["ms"]) / 1000
        elif path.endswith("fill"):
            self.arrivals.clear()
            leader = given["leader"]
            change = int(given["size"]) - self._sizes[leader]
            self.began_ns = time.monotonic_ns()
            self._filled(leader, change, f"t-web-{self._numbers}", self._next())
        return [(at - self.began_ns, key) for at, key in self.arrivals]

    # --- orders ---

    def _api(self, peer: Connection, raw: dict[str, Any]) -> None:
        channel, payload = raw["channel"], raw["payload"]
        if channel.endswith(".login"):
            self._names[peer] = payload["api_key"]
            self._final(peer, channel, payload["req_id"], {"api_key": payload["api_key"]})
        elif channel.endswith("order_place"):
            self._final(peer, channel, payload["req_id"], {"req_param": payload["req_param"]}, True)
            order = self._ordered(self._names[peer], payload["req_param"])
            self._final(peer, channel, payload["req_id"], order)
        else:
            self._final(peer, channel, payload["req_id"], None)

    def _ordered(self, key: str, asked: dict[str, Any]) -> dict[str, Any]:
        size, number, now = int(asked["size"]), self._next(), time.time()
        if asked.get("reduce_only"):
            held = self._sizes[key]
            size = max(size, -held) if held > 0 else min(size, -held)
        order = {
            **ORDER,
            "id": number,
            "contract": asked["contract"],
            "create_time": now,
            "update_time": now,
            "finish_time": now,
            "size": str(asked["size"]),
            "left": str(int(asked["size"]) - size),
            "price": str(asked.get("price", "0")),
            "fill_price": PRICE,
            "text": asked.get("text", "web"),
            "tif": asked.get("tif", "ioc"),
            "is_reduce_only": bool(asked.get("reduce_only")),
        }
        self._filled(key, size, order["text"], number)
        return order

    def _filled(self, key: str, change: int, text: str, order_id: int) -> None:
        """Move a position and tell its owner: position, then trade, then order, as Gate does."""
        close = min(abs(change), abs(self._sizes[key])) if self._sizes[key] * change < 0 else 0
        self._sizes[key] += change
        self._updates[key] += 1
        ms = int(time.time() * 1000)
        moment = {"time": ms // 1000, "time_ms": ms}
        position = {
            **PUSHED_POSITION,
            **moment,
            "update_id": self._updates[key],
            "size": str(self._sizes[key]),
            "entry_price": 64000 if self._sizes[key] else 0,
        }
        made = {"create_time": ms // 1000, "create_time_ms": ms}
        named = {"contract": CONTRACT, "text": text, "size": str(change)}
        trade = {
            **PUSHED_TRADE,
            **made,
            **named,
            "id": str(self._next()),
            "order_id": str(order_id),
            "price": PRICE,
            "close_size": str(close if change > 0 else -close),
        }
        done = {"finish_time": ms // 1000, "finish_time_ms": ms, "update_time": ms, "left": "0"}
        order = {**PUSHED_ORDER, **made, **done, **named, "id": order_id}
        self._trades[key].append(trade)
        del self._trades[key][:-50]
        for channel, row in (("positions", position), ("usertrades", trade), ("orders", order)):
            for peer in self._heard[key, f"futures.{channel}"]:
                self._tell(peer, f"futures.{channel}", "update", [row])

    def _next(self) -> int:
        self._numbers += 1
        return self._numbers

    # --- what it says ---

    def _read(self, path: str, key: str) -> Any:
        if path.endswith("/spot/time"):
            return {"server_time": int(time.time() * 1000)}
        if path == "/account/detail":
            user = self._users.setdefault(key, len(self._users) + 1)
            return {**self._rest[path], "user_id": user}
        if path == "/futures/usdt/positions":
            return [self._position(key)] if self._sizes[key] else []
        if path == f"/futures/usdt/positions/{CONTRACT}":
            return self._position(key)
        if path == "/futures/usdt/my_trades":
            return [{**row, "id": int(row["id"])} for row in reversed(self._trades[key])]
        return self._rest.get(path, [])

    def _position(self, key: str) -> dict[str, Any]:
        size = self._sizes[key]
        return {
            **self._rest[f"/futures/usdt/positions/{CONTRACT}"],
            "size": str(size),
            "entry_price": PRICE if size else "0",
            "update_id": self._updates[key],
        }

    def _subscribe(self, peer: Connection, raw: dict[str, Any]) -> None:
        channel = raw["channel"]
        key = raw.get("auth", {}).get("KEY", "") if raw.get("auth") else ""
        peers = self._heard[key, channel] if key else self._public[channel]
        here = raw["event"] == "subscribe" and not peer.target.endswith("/btc")
        peers.add(peer) if here else peers.discard(peer)
        self._tell(peer, channel, raw["event"], {"status": "success"}, raw.get("id"))
        if channel == "futures.tickers":
            self._prices(channel)

    def _prices(self, *channels: str) -> None:
        ms = int(time.time() * 1000)
        top = {"t": ms, "u": self._next(), "s": CONTRACT, "b": "63999.9", "B": "5000"}
        rows = {
            "futures.tickers": self._rest["/futures/usdt/tickers"],
            "futures.book_ticker": {**top, "a": "64000", "A": "5000"},
        }
        for channel in channels:
            for peer in self._public[channel]:
                self._tell(peer, channel, "update", rows[channel])

    async def keep_telling(self) -> None:
        """Prices twice a second."""
        while True:
            await asyncio.sleep(0.5)
            self._prices("futures.tickers", "futures.book_ticker")

    def _tell(self, peer: Connection, channel: str, event: str, row: Any, id: Any = None) -> None:
        ms = int(time.time() * 1000)
        frame = {"time": ms // 1000, "time_ms": ms, "channel": channel, "event": event}
        peer.send(json.dumps({**frame, "id": id, "result": row}))

    def _final(
        self, peer: Connection, channel: str, number: str, result: Any, ack: bool = False
    ) -> None:
        head = {
            "response_time": str(int(time.time() * 1000)),
            "status": "200",
            "channel": channel,
            "event": "api",
        }
        told = {"request_id": number, "header": head, "data": {"result": result}}
        peer.send(json.dumps({**told, "ack": ack} if ack else told))


async def serve(rest: dict[str, Any]) -> None:
    """Listen on a free port, print it, and serve until killed."""
    exchange = Exchange(rest)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Noted(exchange), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await exchange.keep_telling()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
