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
from typing import Protocol
from urllib.parse import urlsplit

from picows import (
    WSCloseCode,
    WSError,
    WSFrame,
    WSHandshakeError,
    WSListener,
    WSMsgType,
    WSProtocolError,
    WSTransport,
    ws_connect,
)

from mtrade.domain.errors import ConfigError
from mtrade.gate.frames import MAX_FRAME
from mtrade.gate.networks import Addresses

log = logging.getLogger(__name__)

CONNECT_S = 10.0  # until the handshake is done
HANDSHAKE_S = 5.0  # for the handshake itself: longer than this nobody's connection stays open
CLOSE_S = 2.0
NEXT_ADDRESS_S = 0.25  # a host's next address is tried beside one that does not answer (RFC 8305)
HEADERS = {"User-Agent": "mTrade", "X-Gate-Size-Decimal": "1"}
TEXT, MORE, CLOSE = WSMsgType.TEXT, WSMsgType.CONTINUATION, WSMsgType.CLOSE

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
        self._ear = _Ear(self, listener)
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
        """Bytes written that the system has not taken yet."""
        wire = self._transport
        return 0 if wire is None else wire.underlying_transport.get_write_buffer_size()

    def close(self, reason: str) -> None:
        """Begin to close; the listener is told when it is over."""
        if not self._reason:
            self._reason = reason
            self._ear.deaf = True
            if self._task is not None:
                self._task.cancel()

    def begin(self, wire: WSTransport) -> None:
        """The handshake is done; perhaps nobody waits for it any more."""
        if self._ear.deaf:
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
            self._ear.deaf = True
            connecting.add_done_callback(_look_away)
            opened, self._transport = self._transport, None
            if opened is not None:
                await asyncio.shield(_hang_up(opened))

    async def _connected(self, url: str, tls: ssl.SSLContext | None) -> WSTransport:
        async with asyncio.timeout(CONNECT_S):
            wire, _ = await ws_connect(
                lambda: self._ear,
                url,
                ssl_context=tls,
                websocket_handshake_timeout=HANDSHAKE_S,
                logger_name=_SILENT,
                max_frame_size=MAX_FRAME,
                extra_headers=HEADERS,
                max_redirects=0,  # a login must not follow one
                use_aiofastnet=False,
                happy_eyeballs_delay=NEXT_ADDRESS_S,
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


class _Ear(WSListener):
    """Hears a connection's frames. What is raised here ends it and comes out of its task."""

    def __init__(self, socket: Socket, listener: Listener) -> None:
        self._socket = socket
        self._hear = listener.received
        self._begun: bytearray | None = None  # a message that comes in several frames
        self.deaf = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        try:
            self._socket.begin(transport)
        except BaseException:
            self._leave(transport)
            raise

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if self.deaf:
            if frame.msg_type is CLOSE:
                transport.disconnect()
            return
        try:
            if frame.rsv1 or frame.rsv2 or frame.rsv3:
                raise WSProtocolError(WSCloseCode.PROTOCOL_ERROR, "reserved bits")
            if frame.fin and frame.msg_type is TEXT and self._begun is None:
                try:
                    text = frame.get_payload_as_utf8_text()
                except UnicodeDecodeError:
                    raise WSProtocolError(WSCloseCode.INVALID_TEXT, "not UTF-8") from None
                self._hear(text)  # nearly always
            else:
                self._other(transport, frame)
        except BaseException:
            self._leave(transport)
            raise

    def _leave(self, transport: WSTransport) -> None:
        """Hear nothing more; who does not let the last word through is cut off after a moment."""
        self.deaf = True
        asyncio.get_running_loop().call_later(CLOSE_S, transport.disconnect, False)

    def _other(self, transport: WSTransport, frame: WSFrame) -> None:
        kind = frame.msg_type
        if kind is CLOSE:
            self._leave(transport)
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()
        elif kind is WSMsgType.BINARY:
            raise WSProtocolError(WSCloseCode.UNSUPPORTED_DATA, "a binary frame")
        elif kind is TEXT or kind is MORE:
            self._part(frame, first=kind is TEXT)

    def _part(self, frame: WSFrame, *, first: bool) -> None:
        """A frame of a message in several: the first one says what it is, others continue it."""
        if first is (self._begun is not None):
            raise WSProtocolError(
                WSCloseCode.PROTOCOL_ERROR, "not the frame that continues the message"
            )
        whole = self._begun = self._begun or bytearray()
        whole += frame.get_payload_as_bytes()
        if len(whole) > MAX_FRAME:
            raise WSProtocolError(WSCloseCode.MESSAGE_TOO_BIG, "too large")
        if frame.fin:
            self._begun = None
            try:
                text = whole.decode()
            except UnicodeDecodeError:
                raise WSProtocolError(WSCloseCode.INVALID_TEXT, "not UTF-8") from None
            self._hear(text)


class Sockets:
    """Opens sockets to the hosts of one network and to no other; plain ws only on this machine.

    `tls` is for tests; without it certificates and names are verified as the system does.
    """

    def __init__(self, addresses: Addresses, tls: ssl.SSLContext | None = None) -> None:
        self._addresses = addresses
        self._tls = tls
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
        plain = self._addresses.rest.startswith("http://")
        if not known or parts.scheme != ("ws" if plain else "wss"):
            raise ConfigError(f"not an address of {self._addresses.network}: {parts.hostname}")


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
