"""The socket end of the paper exchange: aiohttp in, `Gateway` in between, aiohttp out.

Requests for one of Gate's socket paths go on to `ws/shell.py`. With `control` the test paths of
`control.py` exist beside the API, and the fault plan is in force.
"""

from __future__ import annotations

from collections.abc import Coroutine
from decimal import Decimal
from typing import Any, Protocol
from urllib.parse import urlsplit

from aiohttp import web

from mtrade.domain.errors import StoreError
from mtrade.domain.numbers import dumps
from mtrade.domain.ports import Clock
from mtrade.paper import control
from mtrade.paper.admission import Incoming
from mtrade.paper.control import Control
from mtrade.paper.faultplan import FaultPlan
from mtrade.paper.faults import GateFault
from mtrade.paper.gateway import Gateway, Outgoing
from mtrade.paper.trouble import Trouble, is_page
from mtrade.paper.world import World
from mtrade.paper.ws.shell import PATHS, Sockets

BODY_MOST = 256 * 1024
READ_MOST = 1 << 16


class Owner(control.Owner, Protocol):
    """What the server needs of the exchange it belongs to."""

    world: World

    def kept(self) -> bool: ...

    def settled(self) -> Coroutine[Any, Any, None]: ...

    def thin(self, order: object, size: Decimal) -> None: ...


class Server:
    """Listens on one address. Every request is answered on the loop that owns the world."""

    def __init__(
        self,
        gateway: Gateway,
        owner: Owner,
        *,
        clock: Clock,
        plan: FaultPlan | None,
        control: bool,
    ) -> None:
        self._gateway = gateway
        self._owner = owner
        self._clock = clock
        self._control = Control(owner, plan, clock.now_ms) if control and plan else None
        self._trouble = Trouble(plan, owner.world, clock) if plan else None
        self.sockets = Sockets(owner.world, gateway, owner, clock=clock, plan=plan)
        self._runner: web.ServerRunner | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port. Raises OSError when it is taken."""
        # The signature covers the bytes as sent, so nothing may unpack them on the way.
        server = web.Server(self._handle, access_log=None, auto_decompress=False)
        runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        await site.start()
        self._runner = runner
        self.sockets.start()
        return int(runner.addresses[0][1])

    async def close(self) -> None:
        """Stop listening and end the connections."""
        await self.sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        _read_in_pieces(request.transport)
        where = PATHS.get(request.path.rstrip("/"))
        if where is not None and request.headers.get("Upgrade", "").lower() == "websocket":
            return await self.sockets.serve(request, where)
        body = await _read(request)
        if body is None:
            fault = GateFault("INVALID_REQUEST_BODY", f"the body is over {BODY_MOST} bytes", 413)
            return _response(_plain(fault))
        incoming = _incoming(request, body)
        if self._control is not None and self._control.serves(incoming.path):
            return _response(await self._control.answer(incoming))
        outgoing = await self._served(request, incoming)
        if outgoing is None:
            return web.Response()  # to a connection that is cut already
        outgoing.headers["X-Out-Time"] = str(self._clock.now_ms() * 1000)
        return _response(outgoing)

    async def _served(self, request: web.BaseRequest, incoming: Incoming) -> Outgoing | None:
        rule = self._trouble.rule_for(incoming) if self._trouble is not None else None
        if self._trouble is None or rule is None:
            return await self._answer(incoming)
        return await self._trouble.answer(request, incoming, rule, self._answer)

    async def _answer(self, incoming: Incoming) -> Outgoing:
        """The answer once it is true on disk. A full disk is the one honest 5xx: unknown."""
        outgoing = self._gateway.dispatch(incoming)
        if not outgoing.private or self._owner.kept():
            return outgoing
        try:
            await self._owner.settled()
        except StoreError:
            return _plain(GateFault("INTERNAL", "the state cannot be saved", 500))
        return outgoing


def _read_in_pieces(transport: Any) -> None:
    """Let a connection read 64 KiB at a time, where that can be told (not on Windows).

    asyncio's own 256 KiB are mapped and unmapped by the system for every read, however short.
    """
    if hasattr(transport, "max_size"):
        transport.max_size = READ_MOST


async def _read(request: web.BaseRequest) -> bytes | None:
    """The raw body; None when it is too large."""
    if request.content_length is not None and request.content_length > BODY_MOST:
        return None
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > BODY_MOST:
            return None
    return bytes(body)


def _incoming(request: web.BaseRequest, body: bytes) -> Incoming:
    target = request.raw_path
    if not target.startswith("/"):  # the absolute form that proxies send
        parts = urlsplit(target)
        target = f"{parts.path}?{parts.query}"
    path, _, query = target.partition("?")
    return Incoming(
        method=request.method,
        raw_path=path,
        raw_query=query,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        remote=request.remote or "",
    )


def _plain(fault: GateFault) -> Outgoing:
    body = dumps({"label": fault.label, "message": fault.message}).encode()
    return Outgoing(fault.status, {}, body)


def _response(outgoing: Outgoing) -> web.Response:
    headers = {"Server": "mTrade paper exchange", **outgoing.headers}
    if outgoing.body:
        headers["Content-Type"] = "text/html" if is_page(outgoing) else "application/json"
    return web.Response(status=outgoing.status, headers=headers, body=outgoing.body)
