"""WebSockets to one network: the only place where a socket is opened.

Everything here runs on the one loop thread (`mtrade.loop.LoopThread`); the callbacks of a listener
are called there too and must be cheap. Interface:

    sockets = Sockets(addresses)                 # of one network; makes its session on first use
    socket = sockets.open(url, listener)         # at once; the handshake runs in the background
    socket.send(text) -> bool                    # written now, in this very call; False: not open
    socket.close(reason)                         # `listener.closed` follows, exactly once
    await sockets.close()                        # closes all, on the loop

A listener hears `opened()` once or never, `received(text)` for each text frame after that, and
`closed(reason)` exactly once at the end, also when the connection never opened. A reason is a short
English text without addresses or keys. `send` is True when the frame went into the kernel's or the
transport's buffer: what then happens to it is unknown until the peer answers.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp

from mtrade.domain.errors import ConfigError
from mtrade.gate.frames import MAX_FRAME
from mtrade.gate.networks import Addresses
from mtrade.gate.prompt import TEXT, Prompt

log = logging.getLogger(__name__)

HANDSHAKE_S = 10.0
CLOSE_S = 2.0
READ_MOST = 1 << 16
HEADERS = {"User-Agent": "mTrade", "X-Gate-Size-Decimal": "1"}


class Listener(Protocol):
    """Who a socket reports to, on the loop's thread."""

    def opened(self) -> None: ...

    def received(self, text: str) -> None: ...

    def closed(self, reason: str) -> None: ...


class Socket:
    """One connection; not reopened by itself."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._ws: aiohttp.ClientWebSocketResponse | None = None
        self._task: asyncio.Task[str] | None = None
        self._reason = ""
        self._prompt: Prompt | None = None

    def start(self, session: aiohttp.ClientSession, url: str) -> asyncio.Task[str]:
        """Begin the handshake; the task ends with the connection."""
        self._task = asyncio.get_running_loop().create_task(self._run(session, url))
        self._task.add_done_callback(self._ended)
        return self._task

    def send(self, text: str) -> bool:
        """Write a text frame now; False when the connection is not open: nothing was written."""
        ws = self._ws
        if ws is None or ws.closed or self._reason:
            return False
        # Without compression aiohttp writes before its first await, which is only back-pressure;
        # stepping the coroutine here saves a task and a turn of the loop for each frame. A peer
        # that does not read does not answer pings either, so what waits for it is bounded.
        writing = ws.send_str(text)
        try:
            writing.send(None)
        except StopIteration:
            return True
        except (aiohttp.ClientError, OSError, RuntimeError):
            return False
        writing.close()
        return True

    def buffered(self) -> int:
        """Bytes written that the system has not taken yet."""
        ws = self._ws
        return 0 if ws is None else ws._writer.transport.get_write_buffer_size()

    def close(self, reason: str) -> None:
        """Begin to close; the listener is told when it is over."""
        if not self._reason:
            self._reason = reason
            if self._prompt is not None:
                self._prompt.muted = True
            if self._task is not None:
                self._task.cancel()

    async def _run(self, session: aiohttp.ClientSession, url: str) -> str:
        try:
            return await self._talk(session, url)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            return type(error).__name__

    async def _talk(self, session: aiohttp.ClientSession, url: str) -> str:
        """Open, hand over frames until the end, and say why it ended."""
        async with asyncio.timeout(HANDSHAKE_S):
            ws = await session.ws_connect(
                url,
                headers=HEADERS,
                compress=0,
                max_msg_size=MAX_FRAME,
                autoping=True,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
            )
        try:
            if ws._response.history:
                return "the exchange redirects"  # aiohttp follows; a login must not
            _read_in_pieces(ws._writer.transport)
            prompt = self._prompt = Prompt(ws, self._listener.received)
            self._ws = ws
            self._listener.opened()
            while True:
                await prompt.turn()
                try:
                    message = await ws.receive()
                except aiohttp.ClientConnectionResetError:
                    continue  # a ping could not be answered any more; text may wait behind it
                if message.type is not TEXT:  # text may follow a ping that was answered
                    return _why(message, ws)
                if not self._reason:
                    self._listener.received(message.data)
        finally:
            self._ws = None
            await asyncio.shield(_hang_up(ws))

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
    """Opens sockets to the hosts of one network and to no other; plain ws only on this machine."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._session: aiohttp.ClientSession | None = None
        self._open: set[asyncio.Task[str]] = set()

    def open(self, url: str, listener: Listener) -> Socket:
        """Start a connection. Raises ConfigError for an address that is not this network's."""
        self._check(url)
        if self._session is None:
            self._session = _session()
        socket = Socket(listener)
        task = socket.start(self._session, url)
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        return socket

    async def close(self) -> None:
        """Close every connection and the session."""
        for task in self._open:
            task.cancel()
        if self._open:
            await asyncio.wait(self._open, timeout=CLOSE_S)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        known = parts.hostname in self._addresses.hosts
        plain = self._addresses.rest.startswith("http://")
        if not known or parts.scheme != ("ws" if plain else "wss"):
            raise ConfigError(f"not an address of {self._addresses.network}: {parts.hostname}")


def _session() -> aiohttp.ClientSession:
    """No proxy, netrc or cookie of the environment may touch a signed connection; TLS verified."""
    return aiohttp.ClientSession(
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=60),
        auto_decompress=False,
    )


def _read_in_pieces(transport: Any) -> None:
    """Let a connection read 64 KiB at a time, where that can be told (not on Windows).

    asyncio's own 256 KiB are mapped and unmapped by the system for every read, however short.
    """
    if hasattr(transport, "max_size"):
        transport.max_size = READ_MOST


async def _hang_up(ws: aiohttp.ClientWebSocketResponse) -> None:
    """An orderly close, for a moment; then the connection is simply dropped."""
    try:
        async with asyncio.timeout(CLOSE_S):
            await ws.close()
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        log.debug("a socket did not close well: %s", type(error).__name__)


def _why(message: aiohttp.WSMessage, ws: aiohttp.ClientWebSocketResponse) -> str:
    if message.type is aiohttp.WSMsgType.BINARY:
        return "a binary frame came"
    if message.type is aiohttp.WSMsgType.ERROR:
        return f"a broken frame came ({ws.close_code})"
    return f"the exchange closed ({ws.close_code})"
