"""One open socket: reads frames into a session and writes what leaves, in order, one at a time.

Runs on the loop that owns the world. Who reads too slowly is cut off: a queue that only grows would
hold the exchange's memory for the sake of a client that is not there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any, Protocol

from aiohttp import WSMessage, WSMsgType, web

from mtrade.domain.errors import StoreError
from mtrade.domain.ports import Clock
from mtrade.paper.faultplan import CALLS, FaultPlan, Kind, Rule
from mtrade.paper.faults import GateFault
from mtrade.paper.ws.frames import SERVICE, FrameFault, Out, Request
from mtrade.paper.ws.mischief import How, Item, Mischief
from mtrade.paper.ws.session import Session
from mtrade.paper.ws.trading import TradingApi

QUEUE_MOST = 4096  # frames
BYTES_MOST = 8 << 20  # characters of them


class Owner(Protocol):
    """What a connection needs of the exchange."""

    def settled(self) -> Coroutine[Any, Any, None]: ...

    def thin(self, order: object, size: Decimal) -> None: ...


class Connection:
    """A listener of the hub with a socket behind it."""

    def __init__(
        self,
        request: web.BaseRequest,
        socket: web.WebSocketResponse,
        owner: Owner,
        clock: Clock,
        plan: FaultPlan | None,
        *,
        decimal_sizes: bool,
    ) -> None:
        self.decimal_sizes = decimal_sizes
        self.session: Session
        self.api: TradingApi
        self._request = request
        self._socket = socket
        self._owner = owner
        self._clock = clock
        self._plan = plan
        self._mischief = Mischief(plan) if plan is not None else None
        self._queue: deque[Item] = deque()
        self._queued = 0
        self._wake = asyncio.Event()
        self._unsettled: list[Item] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._gone = False
        self.active_at = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Serve until either side ends it."""
        writer = asyncio.create_task(self._write(), name="paper-socket-writer")
        try:
            async for message in self._socket:
                self._hear(message)
        finally:
            self._gone = True
            self.session.close()
            for task in (writer, *self._tasks):
                task.cancel()
            await asyncio.gather(writer, *self._tasks, return_exceptions=True)

    def send(self, out: Out) -> None:
        """Queue a frame. A `settled` one waits until the exchange has saved what it reports."""
        if self._gone:
            return
        items = [Item(out.text)]
        if self._mischief is not None:
            items = self._mischief.leave(out, self._clock.now_ms())
        if out.settled:
            self._unsettled += items
        else:
            self._enqueue(items)

    async def close(self) -> None:
        """Say goodbye, as a server does that goes down."""
        await self._socket.close(code=1001)

    def abort(self) -> None:
        """Break the connection at once."""
        self._gone = True
        transport = self._request.transport
        if transport is not None:
            transport.abort()

    def _hear(self, message: WSMessage) -> None:
        self.active_at = asyncio.get_running_loop().time()
        if message.type is WSMsgType.TEXT:
            document = str(message.data)
        elif message.type is WSMsgType.BINARY:
            document = message.data.decode("utf-8", "replace")
        else:
            return
        request = self.session.read(document, self._clock.now_ms())
        if request is None:
            return
        rule = None
        if self._plan is not None:
            rule = self._plan.pick("ws", CALLS, request.channel, self.api.uid)
        if rule is None:
            self._obey(request)
        else:
            self._stumble(request, rule)

    def _obey(self, request: Request, fate: Rule | None = None) -> None:
        """Let the session answer, and release what has to wait once that is saved."""
        if self._mischief is not None:
            self._mischief.fate = fate
        self.session.receive(request, self._clock.now_ms())
        if self._mischief is not None:
            self._mischief.fate = None
        if request.event == "api":
            items, self._unsettled = self._unsettled, []
            self._spawn(self._release(items, self._owner.settled()))

    def _stumble(self, request: Request, rule: Rule) -> None:
        now_ms = self._clock.now_ms()
        if rule.kind is Kind.DROP_REQUEST:
            return
        if rule.kind is Kind.CLOSE_BEFORE:
            self._enqueue([Item("", How.BREAK)])
        elif rule.kind is Kind.DELAY_REQUEST:
            self._spawn(self._later(float(rule.seconds), request))
        elif rule.kind is Kind.REFUSE and request.event != "api":
            self.session.refuse(request, FrameFault(SERVICE, "internal error"), now_ms)
        elif rule.kind in _REFUSALS and request.event == "api":
            self._refuse(request, rule)
        elif rule.kind is Kind.THIN_BOOK:
            payload = request.payload if isinstance(request.payload, dict) else {}
            self._owner.thin(payload.get("req_param"), rule.size)
            self._obey(request)
        else:
            self._obey(request, rule)

    def _refuse(self, request: Request, rule: Rule) -> None:
        if rule.kind is Kind.SERVER_ERROR_AFTER:
            self._obey(request, Rule(kind=Kind.LOSE_ANSWER))
        if rule.kind is Kind.RATE_LIMIT:
            fault = GateFault("TOO_MANY_REQUESTS", "Request rate limit exceeded", 429)
        else:
            fault = GateFault("INTERNAL", "internal error", rule.status)
        reset_ms = self._clock.now_ms() + int(rule.seconds * 1000)
        self.api.refuse(request, fault, self._clock.now_ms(), reset_ms)
        self._enqueue(self._unsettled)
        self._unsettled = []

    async def _later(self, seconds: float, request: Request) -> None:
        await asyncio.sleep(seconds)
        self._obey(request)

    async def _release(self, items: list[Item], saved: Coroutine[Any, Any, None]) -> None:
        try:
            await saved
        except StoreError:
            # Nobody can say what is on disk: an answer that never comes says exactly that.
            self.abort()
            return
        self._enqueue(items)

    def _enqueue(self, items: list[Item]) -> None:
        loop = asyncio.get_running_loop()
        for item in items:
            if item.delay_s > 0:
                loop.call_later(item.delay_s, self._enqueue, [Item(item.text, item.how)])
            else:
                self._queue.append(item)
                self._queued += len(item.text)
        if len(self._queue) > QUEUE_MOST or self._queued > BYTES_MOST:
            self.abort()
        self._wake.set()

    async def _write(self) -> None:
        try:
            while not self._gone:
                await self._wake.wait()
                self._wake.clear()
                while self._queue and not self._gone:
                    item = self._queue.popleft()
                    self._queued -= len(item.text)
                    await self._put(item)
        except ConnectionError:
            self.abort()

    async def _put(self, item: Item) -> None:
        self.active_at = asyncio.get_running_loop().time()
        if item.how is How.SEND:
            # A client may have sent half a surrogate pair, which no UTF-8 can carry back.
            payload = item.text.encode("utf-8", "replace")
            await self._socket.send_frame(payload, WSMsgType.TEXT)
            return
        transport = self._request.transport
        self._gone = True
        if transport is None:
            return
        if item.how is How.HALF:
            transport.write(_half(item.text.encode("utf-8", "replace")))
        transport.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


_REFUSALS = (Kind.SERVER_ERROR, Kind.SERVER_ERROR_AFTER, Kind.RATE_LIMIT)


def _half(payload: bytes) -> bytes:
    """The head of a text frame and half of what it announces (RFC 6455)."""
    size = len(payload)
    if size < 126:
        head = bytes((0x81, size))
    elif size < 65_536:
        head = bytes((0x81, 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x81, 127)) + size.to_bytes(8, "big")
    return head + payload[: size // 2]
