"""Through real sockets: every path, books, private pushes, trading, slow and silent clients."""

from __future__ import annotations

import asyncio
import threading
import time
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from mtrade.domain.instruments import futures
from mtrade.domain.numbers import loads
from mtrade.paper.ws import connection, outlet
from tests.paper.ws.live import MARKET, live, run
from tests.paper.ws.test_books import Copy

PATHS = {
    "/ws/v4/": ("spot", "BTC_USDT"),
    "/v4/ws/spot": ("spot", "BTC_USDT"),
    "/v4/ws/usdt": ("futures", "BTC_USDT"),
    "/v4/ws/futures/usdt": ("futures", "BTC_USDT"),
    "/v4/ws/btc": ("futures", "BTC_USD"),
    "/v4/ws/futures/btc": ("futures", "BTC_USD"),
    "/v4/ws": ("futures", "BTC_USD"),
}


def test_every_path_serves_its_market():
    async def work() -> None:
        async with live() as exchange:
            base = exchange.addresses.ws_spot.removesuffix("/ws/v4/")
            for path, (market, name) in PATHS.items():
                socket = await exchange.socket(base + path)
                await socket.joined(f"{market}.tickers", [name])
                push = await socket.next()
                assert push["channel"] == f"{market}.tickers"
                await socket.socket.close()
            status, _ = await exchange.rest("GET", "/spot/time")
            assert status == 200
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await exchange.socket(f"{base}/v4/ws/options")

    run(work)


def test_a_book_is_rebuilt_from_rest_and_pushes():
    async def work() -> None:
        async with live(tick_s=0.05) as exchange:
            socket = await exchange.socket()
            await socket.joined("futures.order_book_update", ["BTC_USDT", "20ms", "20"])
            await socket.next()
            query = "contract=BTC_USDT&limit=20&with_id=true"
            _, body = await exchange.rest("GET", "/futures/usdt/order_book", query)
            copy = Copy(20)
            copy.load(loads(body))
            for _ in range(30):
                copy.apply((await socket.next())["result"])
            book = exchange.exchange.world.rooms[futures("BTC_USDT")].book
            while copy.u < book.sequence:
                copy.apply((await socket.next())["result"])
            for name, side in (("b", "buy"), ("a", "sell")):
                truth = [(level.price, level.size) for level in book.levels(side, 20)]
                assert copy.top(name) == truth

    run(work)


def test_an_order_by_socket_is_heard_on_another_one():
    async def work() -> None:
        async with live(tick_s=3600) as exchange:
            hearing, trading = await exchange.socket(), await exchange.socket()
            for channel in ("futures.positions", "futures.usertrades", "futures.orders"):
                await hearing.joined(channel, ["42", "!all"], key="ann")
            await hearing.joined("futures.balances", ["42"], key="ann")
            await trading.login()
            await trading.ask("futures.order_place", {**MARKET, "text": "t-x"})
            ack = await trading.next()
            assert ack["ack"] is True
            final = await trading.final()
            frames = [await hearing.next() for _ in range(4)]
            assert [frame["channel"].partition(".")[2] for frame in frames] == [
                "positions", "usertrades", "orders", "balances",
            ]  # fmt: skip
            assert frames[2]["result"][0]["id"] == final["data"]["result"]["id"]

    run(work)


def test_a_user_order_moves_watched_books_at_once():
    async def work() -> None:
        async with live(tick_s=3600) as exchange:
            socket = await exchange.socket()
            await socket.joined("futures.book_ticker", ["BTC_USDT"])
            await socket.next()
            await socket.joined("futures.trades", ["BTC_USDT"])
            started = time.monotonic()
            status, body = await exchange.rest("POST", "/futures/usdt/orders", "", MARKET)
            assert status == 201, body
            await socket.until(lambda frame: frame["channel"] == "futures.trades")
            assert time.monotonic() - started < 0.4

    run(work)


def test_a_silent_connection_is_closed_and_a_pinging_one_is_not():
    async def work() -> None:
        async with live(tick_s=3600) as exchange:
            exchange.exchange._server.sockets._idle_s = 0.6
            mute, lively = await exchange.socket(), await exchange.socket()

            async def chat() -> None:
                while True:
                    await lively.say({"time": 1, "channel": "futures.ping"})
                    await lively.next()
                    await asyncio.sleep(0.1)

            chatting = asyncio.create_task(chat())
            await mute.closed()
            assert not chatting.done()
            chatting.cancel()

    run(work)


def test_a_reader_that_is_too_slow_is_cut_off(monkeypatch):
    monkeypatch.setattr(outlet, "QUEUE_MOST", 50)

    async def work() -> None:
        async with live(tick_s=3600) as exchange:
            socket = await exchange.socket()
            await socket.joined("futures.trades", ["BTC_USDT"])
            (stuck,) = exchange.exchange._server.sockets._open
            assert isinstance(stuck, connection.Connection)
            stuck._enqueue([connection.Item("x" * 1_000)] * 51)
            await socket.closed()
            for _ in range(100):
                if not exchange.exchange._server.sockets._open:
                    return
                await asyncio.sleep(0.05)
            raise AssertionError("the connection was not forgotten")

    run(work)


def test_binary_and_broken_frames_do_no_harm():
    async def work() -> None:
        async with live(tick_s=3600) as exchange:
            socket = await exchange.socket()
            await socket.socket.send_bytes(b'{"time":1,"channel":"futures.ping"}')
            assert (await socket.next())["channel"] == "futures.pong"
            await socket.socket.send_bytes(b"\xff\xfe{")
            assert (await socket.next())["error"]["code"] == 1
            await socket.socket.send_str("\u2028[" * 1000)
            assert (await socket.next())["error"]["code"] == 1
            await socket.socket.send_str(
                '{"channel":"futures.x","event":"subscribe","id":"\\ud800"}'
            )
            assert (await socket.next())["id"] == "?"
            await socket.say({"time": 1, "channel": "futures.ping"})
            assert (await socket.next())["channel"] == "futures.pong"

    run(work)


def test_sizes_are_integers_without_the_header():
    async def work() -> None:
        async with live(tick_s=3600) as exchange:
            socket = await exchange.socket(**{"X-Other": "1"})
            await socket.joined("futures.positions", ["42", "!all"], key="ann")
            await socket.login()
            await socket.ask(
                "futures.order_place", {**MARKET, "contract": "ETH_USDT", "size": "1.7"}
            )
            push = await socket.until(lambda frame: frame.get("channel") == "futures.positions")
            assert push["result"][0]["size"] == 1
            held = exchange.exchange.world.futures.state.running(42, "usdt")
            assert held[0].size == Decimal("1.7")

    run(work)


def test_closing_the_exchange_says_goodbye():
    async def work() -> None:
        async with live(tick_s=3600) as exchange:
            socket = await exchange.socket()
            farewell = asyncio.create_task(socket.socket.receive())
            await asyncio.sleep(0)
            await exchange.exchange.close()
            message = await farewell
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)

    run(work)


class Held:
    """A storage whose saves wait for the test."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.free.set()

    def load(self) -> list[Any]:
        return []

    def save(self, rows: object, deletions: object) -> None:
        assert self.free.wait(20)

    def close(self) -> None:
        self.free.set()


def test_an_order_is_acknowledged_at_once_and_answered_when_it_is_kept():
    async def work() -> None:
        disk = Held()
        async with live(tick_s=3600, storage=disk) as exchange:
            socket = await exchange.socket()
            await socket.login()
            disk.free.clear()
            await socket.ask("futures.order_place", MARKET)
            assert (await socket.next())["ack"] is True
            assert await socket.quiet()
            disk.free.set()
            final = await socket.final()
            assert final["header"]["status"] == "200"

    run(work)
