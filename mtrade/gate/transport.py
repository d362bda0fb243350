"""One HTTP exchange over a pooled connection: no retries, no redirects, and proof of what left.

`requests` cannot tell whether a failed call had begun to write, and its time-outs do not bound an
answer that drips. So the connection notes the first byte it writes and reads against a deadline,
and the body is read here with a cap.
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

from mtrade.gate.faults import Answer

IDLE_S = 5.0
POOL_SIZE = 16
CHUNK = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds: to connect, without a byte of the answer, and for the whole answer."""

    connect: float = 2.0
    read: float = 5.0
    total: float = 15.0


class WireFailure(Exception):
    """No complete answer. `written`: a byte of the request may have left this machine.

    `stale`: a kept connection died before it answered anything, so a read may be asked again.
    """

    def __init__(self, kind: str, *, written: bool, stale: bool = False) -> None:
        super().__init__(kind)
        self.kind = kind
        self.written = written
        self.stale = stale


class _Trace(threading.local):
    """What the present call of this thread has done to its connection."""

    written = False
    reused = False
    deadline = 0.0


_trace = _Trace()


class _Bounded(io.RawIOBase):
    """The bytes of an answer, with one deadline for all of them, head and body."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = _trace.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer did not end in time")
        patience = self._sock.gettimeout()
        if patience is None or left < patience:
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_Bounded(sock))


class _Noting:
    """Mixin of a connection: notes the first byte written and when it was last used."""

    sock: Any
    last_used = 0.0
    response_class: Any = _Response

    def connect(self) -> None:
        self.last_used = 0.0
        super().connect()  # type: ignore[misc]

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        elif not _trace.written:
            _trace.reused = self.last_used > 0
        _trace.written = True
        self.last_used = time.monotonic()
        super().send(data)  # type: ignore[misc]


class _PlainConnection(_Noting, HTTPConnection):
    pass


class _TlsConnection(_Noting, HTTPSConnection):
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


class _PlainPool(_Fresh, HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(_Fresh, HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _OnceAdapter(HTTPAdapter):
    """Sends once, through noting connections."""

    def __init__(self) -> None:
        never = Retry(0, connect=0, read=0, redirect=0, status=0, other=0)
        super().__init__(POOL_SIZE, POOL_SIZE, max_retries=never)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}


class Transport:
    """A session of one account. Thread-safe; close it when the account goes."""

    def __init__(self, timeouts: Timeouts | None = None) -> None:
        self._timeouts = timeouts or Timeouts()
        self.session = requests.Session()
        # Proxies, .netrc or CA files of the environment could redirect signed calls.
        self.session.trust_env = False
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.session.headers.clear()
        adapter = _OnceAdapter()
        self.session.mount("https://", adapter)
        self.session.mount("http://", adapter)

    def prepare(self, request: requests.Request) -> requests.PreparedRequest:
        """The finished request, signed last by its `auth`."""
        return self.session.prepare_request(request)

    def send(self, prepared: requests.PreparedRequest, cap: int) -> Answer:
        """Send once and read the whole answer of at most `cap` bytes. Raises WireFailure."""
        _trace.written = _trace.reused = False
        _trace.deadline = time.monotonic() + self._timeouts.total
        failure: WireFailure | None = None
        try:
            response = self.session.send(
                prepared,
                stream=True,
                allow_redirects=False,
                timeout=(self._timeouts.connect, self._timeouts.read),
                verify=True,
                proxies={},
            )
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            failure = _failure(error)
        if failure is not None:
            # Raised out here so that no chained exception carries the signed request.
            raise failure
        return _read(response, cap)

    def close(self) -> None:
        """Close every pooled connection."""
        self.session.close()


def _failure(error: Exception) -> WireFailure:
    """Name what happened without the URL, headers or body the exception knows."""
    timed_out = isinstance(error, requests.Timeout)
    broken = isinstance(error, requests.ConnectionError) and not timed_out
    return WireFailure(
        _cause(error), written=_trace.written, stale=broken and _trace.written and _trace.reused
    )


def _cause(error: BaseException) -> str:
    """The innermost class name of an exception chain, e.g. ConnectionResetError."""
    names = [type(error).__name__]
    inner: object = error
    for _ in range(5):
        reason = getattr(inner, "reason", None)
        args = getattr(inner, "args", ())
        nested = [a for a in (reason, *args) if isinstance(a, BaseException)]
        if not nested:
            break
        inner = nested[-1]
        names.append(type(inner).__name__)
    return names[0] if names[0] == names[-1] else f"{names[0]} ({names[-1]})"


def _read(response: requests.Response, cap: int) -> Answer:
    failure: WireFailure | None = None
    body = bytearray()
    try:
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            body += chunk
            if len(body) > cap:
                failure = WireFailure(f"the answer is larger than {cap} bytes", written=True)
                break
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        failure = WireFailure(_cause(error), written=True)
    if failure is not None:
        response.raw.close()
        raise failure
    response.raw.release_conn()
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, bytes(body))
