"""Signed calls of Gate API v4 over REST: one client per account and network, used by any thread.

`read` asks; `change` acts, and is sent at most once, ever. Both take a parser, so that an answer
nobody can read ends in the right error: a failed question, or an unknown outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote, unquote_plus, urlencode, urlsplit

from mtrade.domain.accounts import Credentials
from mtrade.domain.errors import ExchangeError, ExchangeUnavailable
from mtrade.domain.numbers import dumps, text
from mtrade.domain.ports import Clock
from mtrade.gate.connection import Outgoing
from mtrade.gate.faults import (
    Answer,
    Unreadable,
    decode,
    doubt,
    refusal,
    transport_failure,
)
from mtrade.gate.key_guard import KeyGuard
from mtrade.gate.labels import EXPIRED
from mtrade.gate.limits import RateBudgets
from mtrade.gate.networks import Addresses
from mtrade.gate.signing import sign_rest
from mtrade.gate.transport import Timeouts, Transport, WireFailure

BODY_CAP = 1 << 20
LIST_CAP = 1 << 24  # the live contract list alone is over 1 MiB
LEAST_LEAD_MS = 300
HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
    "User-Agent": "mTrade",
    "X-Gate-Size-Decimal": "1",
}

T = TypeVar("T")
Query = Mapping[str, str | int | bool | Decimal | None]


class GateAuth:
    """Signs a finished request, last, from the very bytes that leave."""

    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        self._credentials = credentials
        self._clock = clock

    def sign(self, request: Outgoing) -> None:
        """Add the headers that prove who sends it and when."""
        path, _, query = request.target.partition("?")
        stamp = str(self._clock.now_ms() // 1000)
        secret = self._credentials.secret.reveal()
        sign = sign_rest(secret, request.method, path, unquote_plus(query), request.body, stamp)
        request.headers |= {"KEY": self._credentials.key, "Timestamp": stamp, "SIGN": sign}


class GateClient:
    """Calls below `/api/v4` of one network. Without credentials only public calls work."""

    def __init__(
        self,
        addresses: Addresses,
        clock: Clock,
        credentials: Credentials | None = None,
        budgets: RateBudgets | None = None,
        timeouts: Timeouts | None = None,
        on_expired: Callable[[], None] = lambda: None,
        transport: Transport | None = None,
        give_way: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_expired` is called when the exchange finds a request too late or mistimed,
        `give_way` before each read: it returns when nothing more urgent is being done."""
        self.addresses = addresses
        self.clock = clock
        self._auth = GateAuth(credentials, clock) if credentials else None
        self.budgets = budgets or RateBudgets(clock)
        self._transport = transport or Transport(timeouts)
        self._on_expired = on_expired
        self._guard = KeyGuard(clock)
        self._give_way = give_way

    def read(
        self,
        path: str,
        parse: Callable[[Any], T],
        query: Query | None = None,
        *,
        bucket: str,
        public: bool = False,
    ) -> T:
        """GET `path` and parse the answer.

        Raises ExchangeUnavailable (with the exchange's label, if any), AuthenticationFailed or
        RateLimited. Asked a second time only when a kept connection turned out to be dead.
        """
        self._give_way()
        request = self._request("GET", path, query, None, None, public=public)
        if not public:
            self._guard.enter()
        self.budgets.enter(bucket)
        cap = LIST_CAP if public else BODY_CAP
        try:
            answer = self._send(request, cap, public=public)
        except WireFailure as failure:
            if not failure.stale:
                raise transport_failure(failure.kind, written=True, changing=False) from None
            answer = self._again(request, cap, public=public)
        return parse(self._settle(answer, bucket, changing=False, public=public))

    def change(
        self,
        method: str,
        path: str,
        parse: Callable[[Any], T],
        *,
        bucket: str,
        query: Query | None = None,
        body: object = None,
        expires_ms: int | None = None,
        urgent: bool = False,
    ) -> T:
        """Send a changing call once and parse its answer; `urgent` is never held back.

        Raises OrderRejected, AuthenticationFailed or RateLimited (no effect), ExchangeUnavailable
        (provably not sent) or OutcomeUnknown. An answer that `parse` cannot read, or finds to
        contradict the request, is OutcomeUnknown.
        """
        request = self._request(method, path, query, body, expires_ms, public=False)
        self._guard.enter()
        self.budgets.enter(bucket, urgent=urgent)
        self._check_deadline(expires_ms)
        try:
            answer = self._send(request, BODY_CAP, public=False)
        except WireFailure as failure:
            raise transport_failure(failure.kind, written=failure.written, changing=True) from None
        try:
            return parse(self._settle(answer, bucket, changing=True))
        except Unreadable as error:
            raise doubt(error) from None

    def mistimed(self) -> None:
        """The exchange found a request of this account too late or mistimed, on any transport."""
        self._on_expired()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _request(
        self,
        method: str,
        path: str,
        query: Query | None,
        body: object,
        expires_ms: int | None,
        *,
        public: bool,
    ) -> Outgoing:
        """The request as it will leave, but for its signature."""
        if not public and self._auth is None:
            raise ExchangeUnavailable("this call needs an API key", code="no_credentials")
        headers = HEADERS.copy()
        data = b""
        if body is not None:
            data, headers["Content-Type"] = dumps(body).encode(), "application/json"
        if method != "GET":
            headers["Content-Length"] = str(len(data))
        if expires_ms is not None:
            headers["X-Gate-Exptime"] = str(expires_ms)
        place = _place(self.addresses.rest)
        return Outgoing(method, place.origin, place.prefix + path + _encoded(query), headers, data)

    def _send(self, request: Outgoing, cap: int, *, public: bool) -> Answer:
        """Check the host, sign (so that each try has its own time and signature) and send."""
        if _place(self.addresses.rest).host not in self.addresses.hosts:
            raise WireFailure("the address is not one of this network", written=False)
        if self._auth is not None and not public:
            self._auth.sign(request)
        return self._transport.send(request, cap)

    def _again(self, request: Outgoing, cap: int, *, public: bool) -> Answer:
        try:
            return self._send(request, cap, public=public)
        except WireFailure as failure:
            raise transport_failure(failure.kind, written=True, changing=False) from None

    def _settle(self, answer: Answer, bucket: str, *, changing: bool, public: bool = False) -> Any:
        self.budgets.feed(bucket, answer.headers, refused=answer.status == 429)
        if answer.ok and not public:
            self._guard.accepted()
        if not answer.ok:
            error = refusal(answer, changing=changing, now_ms=self.clock.now_ms())
            self._guard.refused(error)
            if has_label(error, EXPIRED):
                self.mistimed()
            raise error
        return decode(answer)

    def _check_deadline(self, expires_ms: int | None) -> None:
        """A request that could only arrive late is not written at all."""
        if expires_ms is not None and expires_ms - self.clock.now_ms() < LEAST_LEAD_MS:
            raise ExchangeUnavailable(
                "the order's deadline passed before it could be sent", code="expired_before_send"
            )


def segment(value: str) -> str:
    """A path segment, escaped so that it stays one segment."""
    return quote(value, safe="")


def has_label(error: ExchangeError, labels: frozenset[str]) -> bool:
    """Whether the exchange itself answered with one of these labels, in a 4xx."""
    return 400 <= error.http_status < 500 and error.label in labels


class _Place(NamedTuple):
    """An API address in its parts: scheme, host and port together, the host, and the path."""

    origin: str
    host: str
    prefix: str


@lru_cache(maxsize=16)
def _place(url: str) -> _Place:
    parts = urlsplit(url)
    return _Place(f"{parts.scheme}://{parts.netloc}", parts.hostname or "", parts.path)


def _encoded(query: Query | None) -> str:
    """The query with its question mark, as the protocol writes values; None means left out."""
    given = {name: _param(value) for name, value in (query or {}).items() if value is not None}
    return f"?{urlencode(given)}" if given else ""


def _param(value: str | int | bool | Decimal | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return text(value) if isinstance(value, Decimal) else str(value)
