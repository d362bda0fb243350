"""HTTP and WebSocket framing for the stand-in: no more than its clients need, and quick."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from typing import Protocol, cast

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING = 0x1, 0x8, 0x9


class Service(Protocol):
    """Whom a connection tells what came."""

    def frame(self, peer: Connection, text: bytes, now_ns: int) -> None: ...

    def request(
        self,
        peer: Connection,
        method: str,
        target: str,
        head: dict[str, str],
        body: bytes,
        now_ns: int,
    ) -> None: ...

    def gone(self, peer: Connection) -> None: ...


class Wire(Protocol):
    """Where a connection writes: a transport, or a socket."""

    def write(self, data: bytes, /) -> object: ...

    def close(self) -> None: ...


class Connection(asyncio.Protocol):
    """One client: REST requests, or frames after an upgrade."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._came = bytearray()
        self._upgraded = False
        self.target = ""  # what it was opened for
        self._transport: Wire

    def connection_made(self, transport: asyncio.BaseTransport | Wire) -> None:
        self._transport = cast(Wire, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._service.gone(self)

    def data_received(self, data: bytes) -> None:
        self.take(data, time.monotonic_ns())

    def take(self, data: bytes, now_ns: int) -> None:
        """Look at what was read at that moment."""
        self._came += data
        while self._one_frame(now_ns) if self._upgraded else self._one_request(now_ns):
            pass

    def send(self, text: str) -> None:
        """One text frame."""
        self._write(TEXT, text.encode())

    def answer(self, body: str) -> None:
        """One REST answer; the connection stays open."""
        raw = body.encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}"
        self._transport.write(head.encode() + b"\r\n\r\n" + raw)

    def _write(self, kind: int, raw: bytes) -> None:
        size = len(raw)
        if size < 126:
            head = bytes((0x80 | kind, size))
        elif size < 65536:
            head = bytes((0x80 | kind, 126)) + size.to_bytes(2, "big")
        else:
            head = bytes((0x80 | kind, 127)) + size.to_bytes(8, "big")
        self._transport.write(head + raw)

    def _one_request(self, now_ns: int) -> bool:
        end = self._came.find(b"\r\n\r\n")
        if end < 0:
            return False
        first, *lines = self._came[:end].decode("latin-1").split("\r\n")
        head = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        size = int(head.get("content-length", 0))
        if len(self._came) < end + 4 + size:
            return False
        body = bytes(self._came[end + 4 : end + 4 + size])
        del self._came[: end + 4 + size]
        method, target, _ = first.split(" ", 2)
        self.target = target
        if head.get("upgrade", "").lower() == "websocket":
            self._upgrade(head["sec-websocket-key"])
        else:
            self._service.request(self, method, target, head, body, now_ns)
        return True

    def _upgrade(self, key: str) -> None:
        proof = base64.b64encode(hashlib.sha1(key.encode() + MAGIC).digest())  # noqa: S324
        self._transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + proof + b"\r\n\r\n"
        )
        self._upgraded = True

    def _one_frame(self, now_ns: int) -> bool:
        came = self._came
        if len(came) < 6:
            return False
        size, start = came[1] & 0x7F, 2
        if size >= 126:
            start = 4 if size == 126 else 10
            size = int.from_bytes(came[2:start], "big")
        if len(came) < start + 4 + size:
            return False
        mask, raw = came[start : start + 4], came[start + 4 : start + 4 + size]
        kind = came[0] & 0x0F
        del came[: start + 4 + size]
        pad = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        text = (int.from_bytes(raw, "big") ^ pad).to_bytes(size, "big")
        if kind == TEXT:
            self._service.frame(self, text, now_ns)
        elif kind == PING:
            self._write(0xA, text)
        elif kind == CLOSE:
            self._write(CLOSE, text)
            self._transport.close()
        return True
