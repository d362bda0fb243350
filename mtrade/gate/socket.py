"""WebSockets to one network: the only place where a socket is opened.

Everything here runs on the one loop thread (`mtrade.loop.LoopThread`); the callbacks of a listener
are called there too and must be cheap. Interface:

    sockets = Sockets(addresses)                 # of one network
    socket = sockets.open(url, listener)         # at once; the handshake runs in the background
    socket.send(text) -> bool                    # written now, in this very call; False: not open
    socket.close(reason)                         # `listener.closed` follows, exactly once
    await sockets.close()                        # closes all, on the loop

A listener hears `opened()` once or never, `received(text)` for each text frame after that, in the
very call that read it, and `closed(reason)` exactly once at the end, also when the connection never
opened. A reason is a short English text without addresses or keys. `send` is True when the frame
went into the kernel's or the transport's buffer: what then happens to it is unknown until the peer
answers.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from functools import cache
from typing import Protocol
from urllib.parse import urlsplit

from picows import (
    WSCloseCode,
    WSError,
    WSHandshakeError,
    WSProtocolError,
    WSTransport,
    ws_connect,
)

from mtrade.domain.errors import ConfigError
from mtrade.gate.frames import MAX_FRAME
from mtrade.gate.networks import Addresses
from mtrade.gate.receiver import TEXT, Receiver

log = logging.getLogger(__name__)

CONNECT_S = 10.0  # until the handshake is done
HANDSHAKE_S = 5.0  # for the handshake itself: longer than this nobody's connection stays open
CLOSE_S = 2.0
NEVER = 1 << 62
NEXT_ADDRESS_S = 0.25  # a host's next address is tried beside one that does not answer (RFC 8305)
HEADERS = {"User-Agent": "mTrade", "X-Gate-Size-Decimal": "1"}

# What picows has to say comes as its exceptions; its log would name addresses.
_SILENT = logging.getLogger(f"{__name__}.wire")
_SILENT.setLevel(logging.CRITICAL + 1)


class Listener(Protocol):
    """Who a socket reports to, on the loop's thread."""

    def opened(self) -> None: ...

    def received(self, text: str) -> None: ...

    def closed(self, reason: str) -> None: ...


class Socket:
    """One connection; not reopened by itself."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._receiver = Receiver(self._begin, listener.received)
        self._transport: WSTransport | None = None
        self._task: asyncio.Task[str] | None = None
        self._reason = ""

    def start(self, url: str, tls: ssl.SSLContext | None) -> asyncio.Task[str]:
        """Begin the handshake; the task ends with the connection."""
        self._task = asyncio.get_running_loop().create_task(self._run(url, tls))
        self._task.add_done_callback(self._ended)
        return self._task

    def send(self, text: str) -> bool:
        """Write a text frame now; False when the connection is not open: nothing was written."""
        wire = self._transport
        if wire is None or self._reason or wire.is_disconnected or wire.is_close_frame_sent:
            return False
        wire.send(TEXT, text)
        return True

    def buffered(self) -> int:
        """Bytes that stand before the next frame; `NEVER` when it cannot leave any more."""
        wire = self._transport
        if wire is None or self._reason or wire.is_disconnected or wire.is_close_frame_sent:
            return NEVER
        return wire.underlying_transport.get_write_buffer_size()

    def close(self, reason: str) -> None:
        """Begin to close; the listener is told when it is over."""
        if not self._reason:
            self._reason = reason
            self._receiver.muted = True
            if self._task is not None:
                self._task.cancel()

    def _begin(self, wire: WSTransport) -> None:
        """The handshake is done; perhaps nobody waits for it any more."""
        if self._receiver.muted:
            wire.disconnect(graceful=False)
        else:
            self._transport = wire
            self._listener.opened()

    async def _run(self, url: str, tls: ssl.SSLContext | None) -> str:
        """Open, hand over frames until the end, and say why it ended."""
        # Whoever leaves a handshake half done leaves its connection open: it ends by itself.
        connecting = asyncio.ensure_future(self._connected(url, tls))
        try:
            try:
                wire = await asyncio.shield(connecting)
            except (WSError, OSError, TimeoutError, ValueError) as fault:
                return _refusal(fault)
            try:
                await wire.wait_disconnected()
            except WSProtocolError as fault:
                return f"a broken frame came ({int(fault.args[0])})"
            return _why(wire)
        finally:
            self._receiver.muted = True
            connecting.add_done_callback(_look_away)
            opened, self._transport = self._transport, None
            if opened is not None:
                await asyncio.shield(_hang_up(opened))

    async def _connected(self, url: str, tls: ssl.SSLContext | None) -> WSTransport:
        async with asyncio.timeout(CONNECT_S):
            wire, _ = await ws_connect(
                lambda: self._receiver,
                url,
                ssl_context=tls,
                websocket_handshake_timeout=HANDSHAKE_S,
                logger_name=_SILENT,
                max_frame_size=MAX_FRAME,
                extra_headers=HEADERS,
                max_redirects=0,  # a login must not follow one
                use_aiofastnet=False,
                happy_eyeballs_delay=NEXT_ADDRESS_S,
                ssl_shutdown_timeout=None if tls is None else CLOSE_S,
            )
        return wire

    def _ended(self, task: asyncio.Task[str]) -> None:
        """Also reached when the task was cancelled before its first step."""
        if task.cancelled():
            reason = "closed"
        elif (error := task.exception()) is not None:
            log.error("a listener of a socket failed", exc_info=error)
            reason = f"internal error: {type(error).__name__}"
        else:
            reason = task.result()
        self._listener.closed(self._reason or reason)


class Sockets:
    """Opens sockets to the hosts of one network and to no other; plain ws only on this machine.

    `tls` is for tests; without it certificates and names are verified as the system does.
    """

    def __init__(self, addresses: Addresses, tls: ssl.SSLContext | None = None) -> None:
        self._addresses = addresses
        self._plain = addresses.rest.startswith("http://")
        self._tls = None if self._plain else tls or _verifying()
        self._open: set[asyncio.Task[str]] = set()

    def open(self, url: str, listener: Listener) -> Socket:
        """Start a connection. Raises ConfigError for an address that is not this network's."""
        self._check(url)
        socket = Socket(listener)
        task = socket.start(url, self._tls)
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        return socket

    async def close(self) -> None:
        """Close every connection."""
        for task in self._open:
            task.cancel()
        if self._open:
            await asyncio.wait(self._open, timeout=CLOSE_S)

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        known = parts.hostname in self._addresses.hosts
        if not known or parts.scheme != ("ws" if self._plain else "wss"):
            raise ConfigError(f"not an address of {self._addresses.network}: {parts.hostname}")


@cache
def _verifying() -> ssl.SSLContext:
    """One for all: reading the system's certificates takes longer than an order may wait."""
    return ssl.create_default_context()


async def _hang_up(wire: WSTransport) -> None:
    """An orderly close, for a moment; then the connection is simply dropped."""
    if wire.is_disconnected:
        return
    try:
        async with asyncio.timeout(CLOSE_S):
            wire.send_close(WSCloseCode.OK)
            await wire.wait_disconnected()
    except (WSError, OSError, TimeoutError) as error:
        log.debug("a socket did not close well: %s", type(error).__name__)
    finally:
        wire.disconnect(graceful=False)


def _look_away(connecting: asyncio.Future[WSTransport]) -> None:
    """A handshake that failed after its user had gone is nobody's any more."""
    if not connecting.cancelled():
        connecting.exception()


def _refusal(fault: Exception) -> str:
    response = fault.response if isinstance(fault, WSHandshakeError) else None
    if response is None:
        return type(fault).__name__
    if 300 <= response.status < 400:
        return "the exchange redirects"
    return f"the handshake was refused ({int(response.status)})"


def _why(wire: WSTransport) -> str:
    told = wire.close_handshake.recv if wire.close_handshake is not None else None
    return f"the exchange closed ({1006 if told is None else told.code.value})"
