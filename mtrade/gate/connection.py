"""One request and its answer on a kept connection, as cheap as urllib3's pool allows.

`requests` keeps the pool, finds the certificates and speaks to no proxy; its session, which would
cost more than the exchange's own work, is left out. The connection writes head and body in one
piece, notes the first byte it writes and reads against a deadline, so that a failed call proves
what left and an answer that drips ends.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

IDLE_S = 5.0
POOL_SIZE = 16
HEAD_CAP = 65536


@dataclass(slots=True)
class Outgoing:
    """A finished request: what these fields hold is what leaves, byte for byte.

    `origin` is scheme, host and port; `target` is the path with its encoded query.
    """

    method: str
    origin: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class _Bounded(io.RawIOBase):
    """The bytes of an answer, with one deadline for all of them, head and body."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline
        self._raw = sock.makefile("rb", buffering=0)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer did not end in time")
        patience = self._sock.gettimeout()
        if patience is None or left < patience:
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class Response(http.client.HTTPResponse):
    """An answer whose head is read without the e-mail parser; what is malformed is refused."""

    fields: dict[str, str]

    def begin(self) -> None:
        version, status, reason = self._read_status()  # type: ignore[attr-defined]
        while status == HTTPStatus.CONTINUE:
            _fields(self.fp)
            version, status, reason = self._read_status()  # type: ignore[attr-defined]
        if not version.startswith("HTTP/1."):
            raise http.client.UnknownProtocol(version)
        self.code = self.status = status
        self.reason = reason.strip()
        self.version = 10 if version == "HTTP/1.0" else 11
        self.fields = _fields(self.fp)
        self.headers = self.msg = self.fields  # type: ignore[assignment]
        self._frame()

    def whole(self, cap: int) -> bytes:
        """The body as it came, up to one byte more than `cap`. A body cut short is an error."""
        body = self.read(cap + 1)
        if self.length and len(body) <= cap:
            raise http.client.IncompleteRead(body, self.length)
        self.close()
        return body

    def _frame(self) -> None:
        """Where the body ends."""
        coding, size = self.fields.get("transfer-encoding"), self.fields.get("content-length")
        if coding is not None and coding.lower() != "chunked":
            raise http.client.HTTPException("an unknown transfer encoding")
        if size is not None and not (size.isascii() and size.isdigit() and len(size) <= 18):
            raise http.client.HTTPException("a content length that is none")
        self.chunked = coding is not None
        self.chunk_left = None
        self.length = int(size) if size is not None and not self.chunked else None
        if self.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            self.length = 0
        endless = self.length is None and not self.chunked
        self.will_close = endless or bool(self._check_close())  # type: ignore[attr-defined]


class Connection:
    """Mixin of a connection. Whoever took it out of the pool is alone with it."""

    sock: Any
    timeout: Any
    last_used = 0.0
    written = False
    deadline = 0.0

    def connect(self) -> None:
        self.last_used = 0.0
        super().connect()  # type: ignore[misc]

    def exchange(self, request: Outgoing, patience: float) -> Response:
        """Write the request and read the head of its answer; the connection must be open.

        `written` tells afterwards whether a byte may have left.
        """
        lines = [f"{name}: {value}" for name, value in request.headers.items()]
        if not all(map(str.isprintable, lines)):
            raise ValueError("a header that is not one line")
        self.sock.settimeout(patience)
        line: Any = self
        line.putrequest(request.method, request.target, skip_accept_encoding=True)
        line._output("\r\n".join(lines).encode("latin-1"))
        # The exchange may have answered before it closed.
        with suppress(BrokenPipeError, ConnectionResetError):
            line.endheaders(request.body)
        # Not urllib3's: that copies the head twice more.
        return cast(Response, http.client.HTTPConnection.getresponse(line))

    def send(self, data: Any) -> None:
        self.written = True
        self.last_used = time.monotonic()
        super().send(data)  # type: ignore[misc]

    def response_class(self, sock: Any, *args: Any, **kwargs: Any) -> Response:
        """What the standard library calls to read an answer."""
        return Response(_Bounded(sock, self.deadline), *args, **kwargs)  # type: ignore[arg-type]

    def _send_output(self, message_body: Any = None, encode_chunked: bool = False) -> None:
        """Head and body in one write: two would wake the exchange twice."""
        buffered: list[bytes] = self._buffer  # type: ignore[attr-defined]
        data = b"\r\n".join((*buffered, b"", message_body or b""))
        buffered.clear()
        self.send(data)


class _PlainConnection(Connection, HTTPConnection):  # type: ignore[misc]
    pass


class _TlsConnection(Connection, HTTPSConnection):  # type: ignore[misc]
    pass


class _Fresh:
    """Mixin of a pool: a connection that was idle for long is closed, not trusted.

    A peer may have dropped it silently, and a changing call that dies on it is an unknown outcome.
    """

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)  # type: ignore[misc]
        used = connection.last_used
        if used and time.monotonic() - used > IDLE_S:
            connection.close()
        return connection

    def take(self) -> Any:
        """A connection, open or not; it must be given back."""
        return self._get_conn()

    def give(self, connection: Any) -> None:
        """Keep a connection for the next call."""
        self._put_conn(connection)  # type: ignore[attr-defined]


class PlainPool(_Fresh, HTTPConnectionPool):
    """Connections to one host without TLS."""

    ConnectionCls = _PlainConnection


class TlsPool(_Fresh, HTTPSConnectionPool):
    """Connections to one host whose certificate is verified."""

    ConnectionCls = _TlsConnection


class Adapter(HTTPAdapter):
    """Makes pools of such connections."""

    def __init__(self) -> None:
        super().__init__(POOL_SIZE, POOL_SIZE)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}


def _fields(stream: Any) -> dict[str, str]:
    """Header fields by lower-case name; values of a repeated name are joined by a comma."""
    found: dict[str, str] = {}
    room = HEAD_CAP
    while (line := stream.readline(room)) not in (b"\r\n", b"\n"):
        room -= len(line)
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not value.endswith("\n") or room <= 0 or name != name.strip():
            raise http.client.HTTPException("the head of the answer is malformed or too large")
        name, value = name.lower(), value.strip()
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
