"""One HTTP exchange over a pooled connection: no retries, no redirects, and proof of what left.

`requests` cannot tell whether a failed call had begun to write, and its time-outs do not bound an
answer that drips; `connection.py` can. The body is read here with a cap.
"""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from mtrade.gate.connection import Adapter, Outgoing, Response
from mtrade.gate.faults import Answer
from mtrade.gate.idle import Sweeper

GZIP = frozenset({"gzip", "x-gzip"})
FAILURES = (HTTPException, HTTPError, requests.RequestException, OSError, ValueError, zlib.error)


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


class _TooLarge(ValueError):
    """More bytes than the caller allows."""


class Transport:
    """A session of one account. Thread-safe; close it when the account goes."""

    def __init__(self, timeouts: Timeouts | None = None) -> None:
        self._timeouts = timeouts or Timeouts()
        self._session = requests.Session()
        # Proxies, .netrc or CA files of the environment could redirect signed calls.
        self._session.trust_env = False
        adapter = Adapter()
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._pools: dict[str, Any] = {}
        self._sweeper = Sweeper()

    def send(self, request: Outgoing, cap: int) -> Answer:
        """Send once and read the whole answer of at most `cap` bytes. Raises WireFailure."""
        deadline = time.monotonic() + self._timeouts.total
        try:
            pool = self._pools.get(request.origin) or self._pool(request.origin)
            connection = pool.take()
        except FAILURES as error:
            kind = _cause(error)
        else:
            outcome = self._exchange(connection, request, cap, deadline)
            pool.give(connection)
            self._sweeper.sweep(pool)
            if isinstance(outcome, Answer):
                return outcome
            raise outcome
        # Raised out here so that no chained exception carries the signed request.
        raise WireFailure(kind, written=False)

    def close(self) -> None:
        """Close every pooled connection."""
        self._session.close()

    def _exchange(
        self, connection: Any, request: Outgoing, cap: int, deadline: float
    ) -> Answer | WireFailure:
        """The answer, or why there is none; the connection is closed unless it may be kept."""
        connection.written, connection.deadline = False, deadline
        reused, answered, kept = not connection.is_closed, False, False
        try:
            if not reused:
                connection.timeout = self._timeouts.connect
                connection.connect()
            response = connection.exchange(request, self._timeouts.read)
            answered = True
            answer = _answer(response, cap)
            kept = True
            return answer
        except FAILURES as error:
            stale = reused and not answered and connection.written and _broken(error)
            return WireFailure(_cause(error), written=connection.written, stale=stale)
        finally:
            if not kept:
                connection.close()

    def _pool(self, origin: str) -> Any:
        """The pool of one host, with the certificates it is verified by."""
        prepared = requests.Request("GET", origin).prepare()
        adapter: Any = self._session.get_adapter(origin)
        pool = adapter.get_connection_with_tls_context(prepared, verify=True, proxies={})
        adapter.cert_verify(pool, origin, True, None)
        return self._pools.setdefault(origin, pool)


def _answer(response: Response, cap: int) -> Answer:
    raw = response.whole(cap)
    if len(raw) > cap:
        raise _TooLarge(f"the answer is larger than {cap} bytes")
    if raw and response.fields.get("content-encoding", "").lower() in GZIP:
        raw = _unpacked(raw, cap)
    return Answer(response.status, response.fields, raw)


def _unpacked(raw: bytes, cap: int) -> bytes:
    """The content of a gzip body, of at most `cap` bytes."""
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
    body = inflater.decompress(raw, cap + 1)
    if len(body) > cap:
        raise _TooLarge(f"the answer is larger than {cap} bytes")
    if not inflater.eof:
        raise zlib.error("the gzip body is cut short")
    return body


def _broken(error: Exception) -> bool:
    """Whether the connection itself died, rather than the time ran out."""
    return isinstance(error, OSError | HTTPException) and not isinstance(error, TimeoutError)


def _cause(error: BaseException) -> str:
    """The innermost class name of an exception chain, e.g. ConnectionResetError.

    Names only: the exception may know the URL, the headers and the body.
    """
    if isinstance(error, _TooLarge):
        return str(error)
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
