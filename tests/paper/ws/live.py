"""A whole exchange in this process, with real sockets on loopback, on a loop of its own."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import aiohttp

from mtrade.clock import SystemClock
from mtrade.domain.numbers import loads
from mtrade.gate.signing import sign_login, sign_rest, sign_subscribe
from mtrade.paper.exchange import Addresses, PaperExchange
from mtrade.paper.users import PaperAccount

WAIT_S = 20.0
MARKET = {"contract": "BTC_USDT", "size": 1, "price": "0", "tif": "ioc"}


def run(work: Callable[[], Awaitable[None]]) -> None:
    """Run a test on a fresh loop, bounded in time."""

    async def bounded() -> None:
        async with asyncio.timeout(60):
            await work()

    asyncio.run(bounded())


class Socket:
    """One client connection. Frames are parsed; pushes and answers come as they come."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.seen: list[dict[str, Any]] = []

    async def next(self, wait_s: float = WAIT_S) -> dict[str, Any]:
        """The next frame; ConnectionError when the exchange has closed."""
        message = await asyncio.wait_for(self.socket.receive(), wait_s)
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise ConnectionError(str(message.type))
        frame: dict[str, Any] = loads(message.data)
        self.seen.append(frame)
        return frame

    async def until(self, test: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """The next frame that passes."""
        while True:
            frame = await self.next()
            if test(frame):
                return frame

    async def quiet(self, wait_s: float = 0.3) -> bool:
        """Whether nothing comes for a while."""
        try:
            await self.next(wait_s)
        except TimeoutError:
            return True
        return False

    async def closed(self) -> None:
        """Wait until the exchange has closed."""
        while True:
            message = await asyncio.wait_for(self.socket.receive(), WAIT_S)
            if message.type in (
                aiohttp.WSMsgType.CLOSE,
                aiohttp.WSMsgType.CLOSED,
                aiohttp.WSMsgType.CLOSING,
                aiohttp.WSMsgType.ERROR,
            ):
                return

    async def say(self, frame: dict[str, Any]) -> None:
        await self.socket.send_str(json.dumps(frame))

    async def subscribe(self, channel: str, payload: object, *, key: str = "") -> None:
        now_s = int(time.time())
        frame: dict[str, Any] = {"time": now_s, "id": 1, "channel": channel}
        frame |= {"event": "subscribe", "payload": payload}
        if key:
            sign = sign_subscribe(f"{key}-secret", channel, "subscribe", now_s)
            frame["auth"] = {"method": "api_key", "KEY": key, "SIGN": sign}
        await self.say(frame)

    async def joined(self, channel: str, payload: object, *, key: str = "") -> None:
        """Subscribe and wait for the acknowledgement."""
        await self.subscribe(channel, payload, key=key)
        ack = await self.until(lambda f: f.get("event") == "subscribe" and f["channel"] == channel)
        assert ack["result"]["status"] == "success", ack

    async def login(self, market: str = "futures", key: str = "ann") -> None:
        stamp, channel = str(int(time.time())), f"{market}.login"
        sign = sign_login(f"{key}-secret", channel, "", stamp)
        payload = {"req_id": "in", "api_key": key, "signature": sign, "timestamp": stamp}
        await self.say({"time": int(stamp), "channel": channel, "event": "api", "payload": payload})
        answer = await self.until(lambda f: f.get("request_id") == "in")
        assert answer["header"]["status"] == "200", answer

    async def ask(self, channel: str, param: object, req_id: str = "q", **more: object) -> None:
        payload = {"req_id": req_id, "req_param": param, **more}
        now_s = int(time.time())
        await self.say({"time": now_s, "channel": channel, "event": "api", "payload": payload})

    async def final(self, req_id: str = "q") -> dict[str, Any]:
        return await self.until(lambda f: f.get("request_id") == req_id and not f["ack"])


class Live:
    """The exchange and a client session. Users `ann` (42) and `bob` (43)."""

    def __init__(self, exchange: PaperExchange, addresses: Addresses) -> None:
        self.exchange = exchange
        self.addresses = addresses
        self.session = aiohttp.ClientSession()

    async def socket(self, where: str = "", **headers: str) -> Socket:
        """Connect; futures usdt with text sizes unless said otherwise."""
        sent = headers or {"X-Gate-Size-Decimal": "1"}
        url = where or self.addresses.ws_futures_usdt
        return Socket(await self.session.ws_connect(url, headers=sent, max_msg_size=0))

    async def rest(
        self, method: str, path: str, query: str = "", body: object = None, key: str = "ann"
    ) -> tuple[int, bytes]:
        """Status and body of a signed call."""
        raw = b"" if body is None else json.dumps(body).encode()
        stamp, full = str(time.time()), f"/api/v4{path}"
        sign = sign_rest(f"{key}-secret", method, full, query, raw, stamp)
        headers = {"KEY": key, "SIGN": sign, "Timestamp": stamp, "X-Gate-Size-Decimal": "1"}
        url = f"{self.addresses.rest}{path}" + (f"?{query}" if query else "")
        async with self.session.request(method, url, data=raw, headers=headers) as answer:
            return answer.status, await answer.read()

    async def orders(self, text: str) -> list[dict[str, Any]]:
        """The user's orders with a text, by REST."""
        found: list[dict[str, Any]] = []
        for status in ("open", "finished"):
            code, body = await self.rest("GET", "/futures/usdt/orders", f"status={status}")
            assert code == 200, body
            found += [order for order in loads(body) if order["text"] == text]
        return found


@asynccontextmanager
async def live(**options: Any) -> AsyncIterator[Live]:
    """An exchange that listens, and is closed afterwards."""
    accounts = [
        PaperAccount(
            key=key,
            secret=f"{key}-secret",
            uid=uid,
            deposits={"USDT": Decimal(10_000), "BTC": Decimal(1)},
        )
        for key, uid in (("ann", 42), ("bob", 43))
    ]
    settings = {"seed": 7, "clock": SystemClock(), "accounts": accounts, "enforce_limits": False}
    exchange = PaperExchange(**{**settings, **options})
    addresses = await exchange.start()
    running = Live(exchange, addresses)
    try:
        yield running
    finally:
        await running.session.close()
        await exchange.close()
