"""The socket end of the paper exchange: aiohttp in, `Gateway` in between, aiohttp out.

With `control` two paths exist beside the API, for tests, answered to loopback only:
`POST /paper/v1/price {"market","instrument","price","settle"?}` moves a market and
`GET /paper/v1/arrivals` lists every create-order request that reached the exchange.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Protocol
from urllib.parse import urlsplit

from aiohttp import web

from mtrade.domain.errors import StoreError
from mtrade.domain.instruments import InstrumentId, Market
from mtrade.domain.numbers import dumps, loads
from mtrade.domain.ports import Clock
from mtrade.paper.admission import Incoming
from mtrade.paper.arrivals import Arrivals
from mtrade.paper.faults import GateFault
from mtrade.paper.fields import as_object, choice, number, word
from mtrade.paper.gateway import Gateway, Outgoing

BODY_MOST = 256 * 1024

_PRICE, _ARRIVALS = "/paper/v1/price", "/paper/v1/arrivals"
_REFUSED = {"Content-Type": "application/json"}


class Owner(Protocol):
    """What the server needs of the exchange it belongs to."""

    arrivals: Arrivals

    async def settled(self) -> None: ...

    async def set_price(self, instrument: InstrumentId, price: Any) -> None: ...


class Server:
    """Listens on one address. Every request is answered on the loop that owns the world."""

    def __init__(self, gateway: Gateway, owner: Owner, *, clock: Clock, control: bool) -> None:
        self._gateway = gateway
        self._owner = owner
        self._clock = clock
        self._control = control
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
        return int(runner.addresses[0][1])

    async def close(self) -> None:
        """Stop listening and end the connections."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await _read(request)
        if body is None:
            fault = GateFault("INVALID_REQUEST_BODY", f"the body is over {BODY_MOST} bytes", 413)
            return _response(_plain(fault))
        incoming = _incoming(request, body)
        if self._control and incoming.path in (_PRICE, _ARRIVALS):
            return _response(await self._serve_control(incoming))
        outgoing = self._gateway.dispatch(incoming)
        if outgoing.private:
            outgoing = await self._durable(outgoing)
        outgoing.headers["X-Out-Time"] = str(self._clock.now_ms() * 1000)
        return _response(outgoing)

    async def _durable(self, outgoing: Outgoing) -> Outgoing:
        """The answer once it is true on disk. A full disk is the one honest 5xx: unknown."""
        try:
            await self._owner.settled()
        except StoreError:
            return _plain(GateFault("INTERNAL", "the state cannot be saved", 500))
        return outgoing

    async def _serve_control(self, incoming: Incoming) -> Outgoing:
        if not ipaddress.ip_address(incoming.remote).is_loopback:
            return Outgoing(404, {}, b"")
        if incoming.path == _ARRIVALS and incoming.method == "GET":
            return Outgoing(200, dict(_REFUSED), dumps(self._owner.arrivals.rows()).encode())
        try:
            await self._set_price(incoming)
        except GateFault as fault:
            return _plain(fault)
        return Outgoing(200, dict(_REFUSED), b"{}")

    async def _set_price(self, incoming: Incoming) -> None:
        if incoming.path != _PRICE or incoming.method != "POST":
            raise GateFault("METHOD_NOT_ALLOWED", "Method not allowed", 405)
        try:
            body = as_object(loads(incoming.body))
        except (ValueError, RecursionError):
            raise GateFault("INVALID_REQUEST_BODY", "the body is not valid JSON") from None
        market = Market(choice(body, "market", tuple(Market)))
        settle = word(body, "settle", "usdt") if market is Market.FUTURES else ""
        instrument = InstrumentId(market, settle, word(body, "instrument"))
        await self._owner.set_price(instrument, number(body, "price"))


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
    return Outgoing(fault.status, dict(_REFUSED), body)


def _response(outgoing: Outgoing) -> web.Response:
    headers = {"Server": "mTrade paper exchange", **outgoing.headers}
    if outgoing.body:
        headers["Content-Type"] = "application/json"
    return web.Response(status=outgoing.status, headers=headers, body=outgoing.body)
