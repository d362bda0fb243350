"""A scripted HTTP server on loopback: it answers each request as the test says, byte by byte."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import urlsplit

from mtrade.domain.accounts import Credentials, Network, Secret
from mtrade.gate.client import GateClient
from mtrade.gate.networks import addresses
from mtrade.gate.transport import Timeouts

KEY = Credentials("demo-key", Secret("demo-secret"))
NOW_MS = 1_700_000_000_000
QUICK = Timeouts(connect=1.0, read=0.3, total=0.6)


@dataclass
class Request:
    """What the server read."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> str:
        return urlsplit(self.target).query


Step = Callable[[socket.socket], bool]
"""Answers on a connection; True keeps the connection open."""


def reply(
    body: bytes | str = b"{}", status: int = 200, headers: dict[str, str] | None = None
) -> Step:
    """A complete answer; the connection stays open."""
    raw = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(raw)}"]
    lines += [f"{k}: {v}" for k, v in (headers or {}).items() if k != "Content-Length"]
    if headers and "Content-Length" in headers:
        lines[1] = f"Content-Length: {headers['Content-Length']}"
    return send("\r\n".join(lines).encode() + b"\r\n\r\n" + raw)


def send(raw: bytes) -> Step:
    """Raw bytes; the connection stays open."""

    def step(connection: socket.socket) -> bool:
        connection.sendall(raw)
        return True

    return step


def hang_up(raw: bytes = b"") -> Step:
    """Some bytes (or none), then an orderly close."""

    def step(connection: socket.socket) -> bool:
        if raw:
            connection.sendall(raw)
        return False

    return step


def reset(raw: bytes = b"") -> Step:
    """Some bytes (or none), then a TCP reset."""

    def step(connection: socket.socket) -> bool:
        if raw:
            connection.sendall(raw)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    return step


@dataclass
class Server:
    """The server's address, its script and what it has seen."""

    port: int
    script: list[Step] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stall(self, raw: bytes = b"") -> Step:
        """Some bytes, then silence until the test ends."""

        def step(connection: socket.socket) -> bool:
            if raw:
                connection.sendall(raw)
            self.released.wait(20)
            return False

        return step

    def drip(self, head: bytes) -> Step:
        """Some bytes, then one more each 50 ms until the peer gives up."""

        def step(connection: socket.socket) -> bool:
            connection.sendall(head)
            while not self.released.wait(0.05):
                connection.sendall(b" ")
            return False

        return step


class FixedClock:
    """A clock that stands, unless the test moves it."""

    def __init__(self, now_ms: int = NOW_MS) -> None:
        self.now = now_ms
        self.seconds = 1000.0

    def now_ms(self) -> int:
        return self.now

    def monotonic(self) -> float:
        return self.seconds


@contextmanager
def serve(*script: Step) -> Iterator[Server]:
    """Run a server with this script; requests beyond it get an empty object."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.02)
        server = Server(listener.getsockname()[1], list(script))
        thread = threading.Thread(target=_accept, args=(listener, server), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            thread.join(5)


def client(server: Server, *, timeouts: Timeouts = QUICK, keyed: bool = True) -> GateClient:
    """A client of the paper network at the server's address, with a standing clock."""
    where = addresses(Network.PAPER, server.url)
    return GateClient(where, FixedClock(), KEY if keyed else None, timeouts=timeouts)


def _accept(listener: socket.socket, server: Server) -> None:
    talks: list[tuple[threading.Thread, socket.socket]] = []
    while not server.released.is_set():
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        number = len(talks) + 1
        worker = threading.Thread(target=_talk, args=(connection, server, number), daemon=True)
        worker.start()
        talks.append((worker, connection))
    for worker, connection in talks:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        worker.join(5)


def _talk(connection: socket.socket, server: Server, number: int) -> None:
    connection.settimeout(10)
    with connection, connection.makefile("rb") as stream:
        while True:
            try:
                request = _read(stream, number)
                if request is None:
                    return
                server.requests.append(request)
                step = server.script.pop(0) if server.script else reply()
                if not step(connection):
                    return
            except (OSError, ValueError):
                return


def _read(stream: BinaryIO, number: int) -> Request | None:
    first = stream.readline()
    if not first:
        return None
    method, target, _ = first.decode().split(" ", 2)
    headers: dict[str, str] = {}
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode().partition(":")
        headers[name.strip().lower()] = value.strip()
    length = int(headers.get("content-length", "0"))
    body = stream.read(length) if length else b""
    return Request(method, target, headers, body, number)
