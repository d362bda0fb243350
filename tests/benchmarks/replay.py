"""An exchange that only replays: one order book snapshot, then updates, the same for everybody.

`python -m tests.benchmarks.replay CHANGES UPDATES` prints its addresses. `GET /bench/next?rate=`
chooses how the next subscriber gets the updates: 0 is as fast as it can take them, else so many a
second. `GET /bench/last` tells when that began and what the book is after the last one.
"""

from __future__ import annotations

import asyncio
import json
import random
import struct
import sys
import time
from typing import Any

from aiohttp import WSMsgType, web

NAME = "BTC_USDT"
LEVELS = 100
FIRST_ID = 1_000
MIDDLE = 640_000  # in tenths of the quote currency
READY_S = 0.5  # from the snapshot to the first update
AT_ONCE = 1 << 18


class Recording:
    """The frames, made beforehand from a seed; sizes are whole numbers, as in Gate's futures."""

    def __init__(self, changes: int, updates: int, seed: int = 11) -> None:
        self._pick = random.Random(seed)
        self._bids = {MIDDLE - 1 - 2 * n: self._size() for n in range(LEVELS)}
        self._asks = {MIDDLE + 1 + 2 * n: self._size() for n in range(LEVELS)}
        self.snapshot = {"id": FIRST_ID, "current": 1.7e9, "update": 1.7e9, **self._book()}
        sequence, self.frames = FIRST_ID, [frame(update(FIRST_ID, FIRST_ID, [], []))]
        for _ in range(updates):
            first, sequence = sequence + 1, sequence + changes
            bids = self._change(self._bids, -1, changes // 2)
            asks = self._change(self._asks, 1, changes - changes // 2)
            self.frames.append(frame(update(first, sequence, bids, asks)))
        self.end = {"sequence": sequence, **self._book()}

    def _size(self) -> int:
        return self._pick.randint(1, 90_000)

    def _change(self, side: dict[int, int], sign: int, count: int) -> list[Any]:
        """New sizes near the top, levels that vanish, and new ones between the others."""
        rows: dict[int, int] = {}
        order = sorted(side, key=lambda price: price * sign)
        for _ in range(count):
            price = order[min(int(self._pick.expovariate(1 / 12)), len(order) - 1)]
            what = self._pick.random()
            if what < 0.2 and len(side) > LEVELS // 2 and side.get(price):
                rows[price] = 0
            elif what < 0.4:
                rows[price + sign] = self._size()
            else:
                rows[price] = self._size()
        side.update(rows)
        for price in [p for p, size in side.items() if not size]:
            del side[price]
        for price in sorted(side, key=lambda price: price * sign)[LEVELS:]:
            del side[price]
            rows[price] = 0
        return levels(rows)

    def _book(self) -> dict[str, Any]:
        return {
            "bids": levels(dict(sorted(self._bids.items(), reverse=True))),
            "asks": levels(dict(sorted(self._asks.items()))),
        }


def levels(rows: dict[int, int]) -> list[dict[str, Any]]:
    return [{"p": f"{price / 10:.1f}", "s": size} for price, size in rows.items()]


def update(first: int, last: int, bids: list[Any], asks: list[Any]) -> dict[str, Any]:
    result = {
        "t": 1_700_000_000_000 + last,
        "s": NAME,
        "U": first,
        "u": last,
        "b": bids,
        "a": asks,
        "l": str(LEVELS),
    }
    return {
        "time": 1_700_000_000,
        "time_ms": 1_700_000_000_000 + last,
        "channel": "futures.order_book_update",
        "event": "update",
        "result": result,
    }


def frame(body: dict[str, Any]) -> bytes:
    """A text frame of a server, ready for the wire."""
    text = json.dumps(body, separators=(",", ":")).encode()
    if len(text) < 126:
        return struct.pack("!BB", 0x81, len(text)) + text
    return struct.pack("!BBH", 0x81, 126, len(text)) + text


class Replay:
    """Serves one subscriber at a time."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._rate = 0
        self._began_ns = 0
        self._read = asyncio.Event()

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/bench/next", self._next)
        app.router.add_get("/bench/last", self._last)
        app.router.add_get("/api/v4/spot/time", self._time)
        app.router.add_get("/api/v4/futures/usdt/order_book", self._snapshot)
        app.router.add_get("/{path:.*}", self._socket)
        return app

    async def _next(self, request: web.Request) -> web.Response:
        self._rate, self._began_ns = int(request.query["rate"]), 0
        return web.json_response({})

    async def _last(self, request: web.Request) -> web.Response:
        return web.json_response({"began_ns": self._began_ns, **self._recording.end})

    async def _time(self, request: web.Request) -> web.Response:
        return web.json_response({"server_time": time.time_ns() // 1_000_000})

    async def _snapshot(self, request: web.Request) -> web.Response:
        self._read.set()
        return web.json_response(self._recording.snapshot)

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        jobs = []
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            asked = json.loads(message.data)
            await self._answer(socket, asked)
            if asked.get("event") == "subscribe" and asked["channel"].endswith("order_book_update"):
                self._read.clear()
                jobs.append(asyncio.create_task(self._play(socket, request)))
        for job in jobs:
            job.cancel()
        return socket

    async def _answer(self, socket: web.WebSocketResponse, asked: dict[str, Any]) -> None:
        channel, told = asked["channel"], {"time": asked["time"], "time_ms": asked["time"] * 1000}
        if channel.endswith(".ping"):
            await socket.send_json({**told, "channel": channel[:-4] + "pong", "event": ""})
        elif asked.get("event") in ("subscribe", "unsubscribe"):
            event = {"event": asked["event"], "result": {"status": "success"}}
            await socket.send_json({**told, "id": asked.get("id"), "channel": channel, **event})

    async def _play(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        wire = request.transport
        assert isinstance(wire, asyncio.Transport)
        first, *frames = self._recording.frames
        wire.write(first)
        await self._read.wait()
        await asyncio.sleep(READY_S)
        self._began_ns = time.time_ns()
        if self._rate:
            await self._paced(wire, frames)
            return
        for start in range(0, len(frames), 50):
            while wire.get_write_buffer_size() > AT_ONCE:  # noqa: ASYNC110 - nothing tells it
                await asyncio.sleep(0.0005)
            wire.write(b"".join(frames[start : start + 50]))

    async def _paced(self, wire: asyncio.Transport, frames: list[bytes]) -> None:
        began = time.monotonic()
        for number, one in enumerate(frames):
            late = began + number / self._rate - time.monotonic()
            if late > 0:
                await asyncio.sleep(late)
            wire.write(one)


async def serve(recording: Recording) -> None:
    runner = web.AppRunner(Replay(recording).app())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host = f"127.0.0.1:{runner.addresses[0][1]}"
    told = {
        "rest": f"http://{host}/api/v4",
        "bench": f"http://{host}/bench",
        "ws_futures_usdt": f"ws://{host}/v4/ws/futures/usdt",
    }
    print(json.dumps(told), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Recording(int(sys.argv[1]), int(sys.argv[2]))))
