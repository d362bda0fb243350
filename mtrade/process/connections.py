"""How many sockets one address may hold, and how long a request may take to arrive.

cheroot gives every new socket a thread at once and waits for each next byte anew, so a few silent
or slow visitors would keep everybody else out.
"""

from __future__ import annotations

import io
import socket
import ssl
import threading
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from typing import Any

from cheroot import wsgi
from cheroot.errors import FatalSSLAlert
from cheroot.server import HTTPConnection
from cheroot.ssl.builtin import BuiltinSSLAdapter

from mtrade.process.peer import ENVIRON_KEY, peer_gone
from mtrade.process.wire import StrictRequest


class Crowd:
    """The open sockets of one server. Every method is safe on any thread."""

    def __init__(self, per_address: int, patience_s: float, threads: int) -> None:
        self._per_address = per_address
        self._patience_s = patience_s
        self._crowded = threads // 2
        self._lock = threading.Lock()
        self._inside: dict[HTTPConnection, str] = {}
        self._count: Counter[str] = Counter()
        self._since: dict[HTTPConnection, float] = {}

    def enter(self, connection: HTTPConnection) -> bool:
        """Whether the socket may stay: it is known, or its address has room."""
        address = str(connection.remote_addr)
        with self._lock:
            if connection in self._inside:
                return True
            if self._count[address] >= self._per_address:
                return False
            self._inside[connection] = address
            self._count[address] += 1
            return True

    def leave(self, connection: HTTPConnection) -> None:
        """Forget a socket that is being closed."""
        with self._lock:
            self._since.pop(connection, None)
            address = self._inside.pop(connection, None)
            if address is not None:
                self._count[address] -= 1
                self._count += Counter()  # drops the zeros

    def expect(self, connection: HTTPConnection) -> None:
        """A whole request has to arrive from now on."""
        with self._lock:
            self._since[connection] = time.monotonic()

    def arrived(self, connection: HTTPConnection) -> None:
        """It did, or it never will; the answer may take as long as it likes."""
        with self._lock:
            self._since.pop(connection, None)

    def cut_late(self) -> None:
        """End the sockets whose request is overdue; the thread that reads them wakes up.

        While half of all threads wait for such requests, patience is a tenth.
        """
        with self._lock:
            crowded = len(self._since) > self._crowded
            begun = time.monotonic() - self._patience_s / (10 if crowded else 1)
            late = [connection for connection, since in self._since.items() if since <= begun]
            for connection in late:
                del self._since[connection]
        for connection in late:
            with suppress(OSError):
                # Past any TLS, which the reading thread is using.
                socket.socket.shutdown(connection.socket, socket.SHUT_RDWR)


class Connection(HTTPConnection):
    """A socket that is counted and timed."""

    RequestHandlerClass = StrictRequest
    awaited = False  # whether its first byte was waited for
    _greeted = False

    def communicate(self) -> bool:
        """Read one request and answer it; whether the socket stays open."""
        self.server.crowd.expect(self)
        try:
            return self._greet() and bool(super().communicate())  # type: ignore[no-untyped-call]
        finally:
            self.server.crowd.arrived(self)

    def _greet(self) -> bool:
        """The TLS handshake, here and not in the one thread that accepts."""
        if not self._greeted and isinstance(self.socket, ssl.SSLSocket):
            try:
                self.socket.do_handshake()
            except OSError:  # ssl.SSLError and a time-out are OSErrors
                return False
        self._greeted = True
        return True

    def close(self) -> None:
        """Close it and make room."""
        self.server.crowd.leave(self)
        super().close()


class WholeRequest(wsgi.Gateway_10):
    """Reads the body, which is small, before the application starts."""

    def respond(self) -> None:
        """Answer, unless the body was cut off."""
        request = self.req
        wanted = int(request.inheaders.get(b"Content-Length", 0))
        body = request.rfile.read(wanted) if wanted else b""
        request.server.crowd.arrived(request.conn)
        if len(body) < wanted:
            request.simple_response("400 Bad Request", "The body is incomplete.")
            request.ready, request.close_connection = False, True
            return
        self.env["wsgi.input"] = io.BytesIO(body)
        self.env[ENVIRON_KEY] = partial(peer_gone, request.conn.socket)
        super().respond()


class PatientTls(BuiltinSSLAdapter):
    """TLS whose handshake is left to the thread of the socket."""

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, Any]]:
        """The socket with TLS on it, and what WSGI is told."""
        try:
            wrapped = self.context.wrap_socket(
                sock, server_side=True, do_handshake_on_connect=False
            )
        except OSError as error:
            raise FatalSSLAlert(*error.args) from error
        return wrapped, {"wsgi.url_scheme": "https", "HTTPS": "on"}
