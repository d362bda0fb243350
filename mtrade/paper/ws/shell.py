"""All sockets of the paper exchange: accepts them, keeps the feeds' beat, ends the idle ones."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from aiohttp import web

from mtrade.domain.instruments import Market
from mtrade.domain.numbers import dumps
from mtrade.domain.ports import Clock
from mtrade.paper.faultplan import FaultPlan
from mtrade.paper.gateway import Gateway
from mtrade.paper.world import Event, World
from mtrade.paper.ws.connection import Connection, Owner
from mtrade.paper.ws.frames import Out, push
from mtrade.paper.ws.hub import Hub
from mtrade.paper.ws.session import Line, Session
from mtrade.paper.ws.trading import TradingApi

_log = logging.getLogger(__name__)

PATHS: Mapping[str, tuple[Market, str]] = {
    "/ws/v4": (Market.SPOT, ""),
    "/v4/ws/spot": (Market.SPOT, ""),
    "/v4/ws": (Market.FUTURES, "btc"),  # legacy (Gate docs)
    **{
        f"/v4/ws/{middle}{settle}": (Market.FUTURES, settle)
        for middle in ("", "futures/")
        for settle in ("usdt", "btc")
    },
}
PING_S, IDLE_S = 20.0, 60.0
MESSAGE_MOST = 1 << 20

_BEAT_S = 0.01
_LIVELY_S = 0.15  # how long after a change the beat stays fast: the slowest difference is 100 ms
_SLOW_S = 0.5
_UPGRADE = "The connection will soon be closed for a service upgrade. Please reconnect."


class Sockets:
    """Owned by the exchange's server. `stir` after every change of a market."""

    def __init__(
        self,
        world: World,
        gateway: Gateway,
        owner: Owner,
        *,
        clock: Clock,
        plan: FaultPlan | None,
        idle_s: float = IDLE_S,
    ) -> None:
        self._world = world
        self._gateway = gateway
        self._owner = owner
        self._clock = clock
        self._plan = plan
        self._idle_s = idle_s
        self._hub = Hub(world)
        self.has_audience = self._hub.has_audience
        self._open: dict[Connection, Line] = {}
        self._made = 0
        self._stirred = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin the beat; on the loop."""
        work: Sequence[Callable[[], object]] = (self._beat_for_ever, self._end_idle_for_ever)
        self._tasks = [asyncio.create_task(each()) for each in work]  # type: ignore[arg-type]

    async def close(self) -> None:
        """End the beat and every connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        farewells = [connection.close() for connection in self._open]
        await asyncio.gather(*farewells, return_exceptions=True)

    def stir(self) -> None:
        """Something may have changed: look at once, if somebody listens."""
        if not self._hub.idle:
            self._stirred.set()

    def publish(self, events: Sequence[Event]) -> None:
        """Push private events, which are saved by now."""
        self._hub.publish(events, self._clock.now_ms())

    def announce_upgrade(self, market: Market | None = None) -> None:
        """Tell clients that the service will be upgraded (Gate docs, system channel)."""
        result = dumps({"type": "upgrade", "msg": _UPGRADE})
        for connection, line in list(self._open.items()):
            if market in (None, line.market):
                channel = f"{line.market}.system"
                text = push(channel, "update", result, self._clock.now_ms())
                connection.send(Out(text=text, role="push", channel=channel))

    def break_all(self, market: Market | None = None) -> None:
        """Cut every connection, or those of one market."""
        for connection, line in list(self._open.items()):
            if market in (None, line.market):
                connection.abort()

    async def serve(
        self, request: web.BaseRequest, where: tuple[Market, str]
    ) -> web.StreamResponse:
        """Upgrade a request and serve it until it ends."""
        socket = web.WebSocketResponse(heartbeat=PING_S, compress=False, max_msg_size=MESSAGE_MOST)
        await socket.prepare(request)
        self._made += 1
        line = Line(
            market=where[0],
            settle=where[1],
            decimal_sizes=request.headers.get("X-Gate-Size-Decimal", "") == "1",
            remote=request.remote or "",
            conn_id=f"{self._clock.now_ms():012x}{self._made:04x}",
        )
        connection = self._connect(request, socket, line)
        self._open[connection] = line
        try:
            await connection.run()
        finally:
            del self._open[connection]
        return socket

    def _connect(
        self, request: web.BaseRequest, socket: web.WebSocketResponse, line: Line
    ) -> Connection:
        connection = Connection(
            request,
            socket,
            self._owner,
            self._clock,
            self._plan,
            decimal_sizes=line.decimal_sizes,
        )
        connection.api = TradingApi(
            self._world,
            self._gateway.dispatch,
            connection,
            market=line.market,
            settle=line.settle,
            remote=line.remote,
            conn_id=line.conn_id,
        )
        connection.session = Session(self._world, self._hub, line, connection, connection.api)
        return connection

    async def _beat_for_ever(self) -> None:
        """Fast while something moves, slow otherwise: an unwatched market costs nothing."""
        loop = asyncio.get_running_loop()
        lively_until = 0.0
        while True:
            if self._stirred.is_set():
                self._stirred.clear()
                lively_until = loop.time() + _LIVELY_S
            self._beat()
            if loop.time() < lively_until and not self._hub.idle:
                await asyncio.sleep(_BEAT_S)
                continue
            try:
                # Not `wait_for`: on Python 3.11 it can swallow a cancel that meets the event.
                async with asyncio.timeout(_SLOW_S):
                    await self._stirred.wait()
            except TimeoutError:
                continue

    def _beat(self) -> None:
        try:
            self._hub.beat(self._clock.now_ms())
        except Exception:  # noqa: BLE001 - the top of a task
            # One broken feed must not silence the others for ever.
            _log.exception("a beat of the paper exchange's feeds failed")

    async def _end_idle_for_ever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._idle_s / 12)
            for connection in list(self._open):
                if loop.time() - connection.active_at > self._idle_s:
                    connection.abort()
