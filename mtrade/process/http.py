"""The WSGI server: cheroot on a socket that we bound ourselves, with every limit set."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from wsgiref.types import WSGIApplication

from cheroot import wsgi

from mtrade.config.reader import fault
from mtrade.process.connections import Connection, Crowd, PatientTls, WholeRequest

MAX_HEADER_BYTES = 16 * 1024
MAX_BODY_BYTES = 256 * 1024
QUEUE = 128
TIMEOUT_S = 10
ARRIVAL_S = 10.0
CONNECTIONS_PER_ADDRESS = 40
SHUTDOWN_S = 5
KEEP_ALIVE_CONNECTIONS = 200

_log = logging.getLogger(__name__)


class HttpServer(wsgi.Server):
    """cheroot with limits, our socket and our log."""

    max_request_header_size = MAX_HEADER_BYTES
    max_request_body_size = MAX_BODY_BYTES
    keep_alive_conn_limit = KEEP_ALIVE_CONNECTIONS
    ConnectionClass = Connection

    def __init__(self, bound: socket.socket, application: WSGIApplication, threads: int) -> None:
        super().__init__(
            bound.getsockname()[:2],
            application,
            numthreads=threads,
            max=threads,
            server_name="mTrade",
            request_queue_size=QUEUE,
            timeout=TIMEOUT_S,
            shutdown_timeout=SHUTDOWN_S,
        )
        self._bound = bound
        self.gateway = WholeRequest
        self.crowd = Crowd(CONNECTIONS_PER_ADDRESS, ARRIVAL_S, threads)

    def process_conn(self, conn: Connection) -> None:
        """Let a socket in if its address has room; it gets a thread once it says something."""
        if not self.crowd.enter(conn):
            conn.close()
        elif conn.awaited:
            super().process_conn(conn)
        else:
            conn.awaited = True
            self.put_conn(conn)

    def bind(self, family: int, type: int, proto: int = 0) -> socket.socket:
        """Adopt the socket that is bound already; cheroot calls this while it prepares."""
        self.socket = self._bound
        return self._bound

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """What cheroot would print goes to the log."""
        _log.log(level, "%s", msg, exc_info=traceback)


@contextmanager
def serving(
    bound: socket.socket,
    application: WSGIApplication,
    *,
    threads: int,
    certificate: Path | None = None,
    private_key: Path | None = None,
) -> Iterator[None]:
    """Answer requests until the block ends; running ones get 5 s then.

    Raises ConfigError when certificate and key cannot be used together.
    """
    # cheroot would take a service manager's socket instead of ours.
    os.environ.pop("LISTEN_PID", None)
    server = HttpServer(bound, application, threads)
    if certificate is not None:
        server.ssl_adapter = _tls(certificate, private_key)
    server.prepare()
    thread = threading.Thread(target=server.serve, name="http", daemon=True)
    thread.start()
    stopped = threading.Event()
    threading.Thread(target=_watch, args=(server, stopped), name="http-late", daemon=True).start()
    try:
        yield
    finally:
        stopped.set()
        server.stop()
        thread.join(SHUTDOWN_S)


def _watch(server: HttpServer, stopped: threading.Event) -> None:
    while not stopped.wait(ARRIVAL_S / 20):
        server.crowd.cut_late()


def _tls(certificate: Path, private_key: Path | None) -> PatientTls:
    try:
        return PatientTls(str(certificate), str(private_key))
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        reason = f"certificate and key cannot be used together: {error}"
        raise fault("settings", reason, key="MTRADE_TLS_CERT") from error
