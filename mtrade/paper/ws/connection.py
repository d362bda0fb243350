"""One open socket: reads frames into a session and lets what leaves out in order.

Runs on the loop that owns the world.
"""

from __future__ import annotations

import asyncio
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
from mtrade.paper.ws.outlet import Outlet
from mtrade.paper.ws.session import Session
from mtrade.paper.ws.trading import TradingApi


class Owner(Protocol):
    """What a connection needs of the exchange."""

    def kept(self) -> bool: ...

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
        self._socket = socket
        self._owner = owner
        self._clock = clock
        self._plan = plan
        self._mischief = Mischief(plan) if plan is not None else None
        self._outlet = Outlet(request, socket)
        self._unsettled: list[Item] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._heard_at = asyncio.get_running_loop().time()

    @property
    def active_at(self) -> float:
        """When something last came or left, by the loop's clock."""
        return max(self._heard_at, self._outlet.written_at)

    async def run(self) -> None:
        """Serve until either side ends it."""
        try:
            async for message in self._socket:
                self._hear(message)
        finally:
            self._outlet.gone = True
            self.session.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(self._outlet.end(), *self._tasks, return_exceptions=True)

    def send(self, out: Out) -> None:
        """Queue a frame. A `settled` one waits until the exchange has saved what it reports."""
        if self._outlet.gone:
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
        self._outlet.abort()

    def _hear(self, message: WSMessage) -> None:
        self._heard_at = asyncio.get_running_loop().time()
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
            if self._owner.kept():
                self._enqueue(items)
                self._outlet.flush()
            else:
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
        for item in items:
            if item.delay_s > 0:
                now = Item(item.text, item.how)
                asyncio.get_running_loop().call_later(item.delay_s, self._enqueue, [now])
        self._outlet.put(item for item in items if item.delay_s <= 0)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


_REFUSALS = (Kind.SERVER_ERROR, Kind.SERVER_ERROR_AFTER, Kind.RATE_LIMIT)
