"""What leaves on one socket, in order: written at once while the client reads, queued while not.

Runs on the loop that owns the world. Who reads too slowly is cut off: a queue that only grows would
hold the exchange's memory for the sake of a client that is not there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable

from aiohttp import WSMsgType, web

from mtrade.paper.ws.mischief import How, Item

QUEUE_MOST = 4096  # frames
BYTES_MOST = 8 << 20  # characters of them
PIECE = 1 << 16  # bytes written in one go
SHORT, MEDIUM = 126, 1 << 16  # lengths from which a frame's head is longer (RFC 6455)


class Outlet:
    """The writing half of a connection. What is put during one pass of the loop leaves together."""

    def __init__(self, request: web.BaseRequest, socket: web.WebSocketResponse) -> None:
        self._request = request
        self._socket = socket
        self._queue: deque[Item] = deque()
        self._queued = 0
        self._due = False
        self._writer: asyncio.Task[None] | None = None
        self.gone = False
        self.written_at = 0.0

    def put(self, items: Iterable[Item]) -> None:
        """Queue frames, and faults, for the end of this pass of the loop."""
        for item in items:
            self._queue.append(item)
            self._queued += len(item.text)
        if len(self._queue) > QUEUE_MOST or self._queued > BYTES_MOST:
            self.abort()
        if not self._due and self._queue and self._writer is None:
            self._due = True
            asyncio.get_running_loop().call_soon(self._flush)

    def flush(self) -> None:
        """Write now what is queued, if the client takes it."""
        if self._writer is None and self._queue:
            self._write()

    def abort(self) -> None:
        """Break the connection at once."""
        self.gone = True
        transport = self._request.transport
        if transport is not None:
            transport.abort()

    async def end(self) -> None:
        """The connection is over."""
        self.gone = True
        self._queue.clear()
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    def _flush(self) -> None:
        self._due = False
        self.flush()

    def _write(self) -> None:
        """Everything in one piece; the writer takes over as soon as the system takes no more."""
        while self._queue and not self.gone:
            transport = self._request.transport
            if transport is None or transport.is_closing() or self._socket.closed:
                self.gone = True
                return
            if transport.get_write_buffer_size():
                self._writer = asyncio.create_task(self._push(), name="paper-socket-writer")
                return
            if self._queue[0].how is How.SEND:
                transport.write(self._piece())
                self.written_at = asyncio.get_running_loop().time()
            else:
                self._break(transport, self._take())

    def _piece(self) -> bytes:
        """The next frames as the socket carries them."""
        parts: list[bytes] = []
        size = 0
        while self._queue and self._queue[0].how is How.SEND and size < PIECE:
            payload = _payload(self._take())
            parts += (_head(len(payload)), payload)
            size += len(payload)
        return b"".join(parts)

    def _take(self) -> Item:
        item = self._queue.popleft()
        self._queued -= len(item.text)
        return item

    async def _push(self) -> None:
        """One frame after another, at the pace of the client, until it has caught up."""
        try:
            while self._queue and not self.gone:
                item = self._take()
                self.written_at = asyncio.get_running_loop().time()
                transport = self._request.transport
                if item.how is How.SEND:
                    await self._socket.send_frame(_payload(item), WSMsgType.TEXT)
                elif transport is not None:
                    self._break(transport, item)
        except ConnectionError:
            self.abort()
        finally:
            self._writer = None

    def _break(self, transport: asyncio.WriteTransport, item: Item) -> None:
        self.gone = True
        if item.how is How.HALF:
            payload = _payload(item)
            transport.write(_head(len(payload)) + payload[: len(payload) // 2])
        transport.close()


def _payload(item: Item) -> bytes:
    """A client may have sent half a surrogate pair, which no UTF-8 can carry back."""
    return item.text.encode("utf-8", "replace")


def _head(size: int) -> bytes:
    """The head of a text frame of a server."""
    if size < SHORT:
        return bytes((0x81, size))
    if size < MEDIUM:
        return bytes((0x81, 126)) + size.to_bytes(2, "big")
    return bytes((0x81, 127)) + size.to_bytes(8, "big")
