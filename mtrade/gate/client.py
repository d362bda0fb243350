"""Signed calls of Gate API v4 over REST: one client per account and network, used by any thread.

`read` asks; `change` acts, and is sent at most once, ever. Both take a parser, so that an answer
nobody can read ends in the right error: a failed question, or an unknown outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import quote, unquote_plus, urlsplit

import requests
from requests.auth import AuthBase

from mtrade.domain.accounts import Credentials
from mtrade.domain.errors import ExchangeError, ExchangeUnavailable
from mtrade.domain.numbers import dumps, text
from mtrade.domain.ports import Clock
from mtrade.gate.faults import (
    Answer,
    Unreadable,
    decode,
    doubt,
    refusal,
    transport_failure,
)
from mtrade.gate.limits import RateBudgets
from mtrade.gate.networks import Addresses
from mtrade.gate.signing import sign_rest
from mtrade.gate.transport import Timeouts, Transport, WireFailure

BODY_CAP = 1 << 20
LIST_CAP = 1 << 24  # the live contract list alone is over 1 MiB
LEAST_LEAD_MS = 300

T = TypeVar("T")
Query = Mapping[str, str | int | bool | Decimal | None]


class GateAuth(AuthBase):
    """Signs the prepared request, last, from the very bytes that leave."""

    def __init__(self, credentials: Credentials, clock: Clock) -> None:
        self._credentials = credentials
        self._clock = clock

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        parts = urlsplit(prepared.url or "")
        stamp = str(self._clock.now_ms() // 1000)
        body = prepared.body or b""
        sign = sign_rest(
            self._credentials.secret.reveal(),
            prepared.method or "",
            str(parts.path),
            unquote_plus(str(parts.query)),
            body.encode() if isinstance(body, str) else body,
            stamp,
        )
        prepared.headers.update({"KEY": self._credentials.key, "Timestamp": stamp, "SIGN": sign})
        return prepared


class GateClient:
    """Calls below `/api/v4` of one network. Without credentials only public calls work."""

    def __init__(
        self,
        addresses: Addresses,
        clock: Clock,
        credentials: Credentials | None = None,
        budgets: RateBudgets | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        self.addresses = addresses
        self.clock = clock
        self._auth = GateAuth(credentials, clock) if credentials else None
        self._budgets = budgets or RateBudgets(clock)
        self._transport = Transport(timeouts)

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
        request = self._request("GET", path, query, None, None, public=public)
        self._budgets.enter(bucket)
        cap = LIST_CAP if public else BODY_CAP
        try:
            answer = self._send(request, cap)
        except WireFailure as failure:
            if not failure.stale:
                raise transport_failure(failure.kind, written=True, changing=False) from None
            answer = self._again(request, cap)
        return parse(self._settle(answer, bucket, changing=False))

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
        self._budgets.enter(bucket, urgent=urgent)
        self._check_deadline(expires_ms)
        try:
            answer = self._send(request, BODY_CAP)
        except WireFailure as failure:
            raise transport_failure(failure.kind, written=failure.written, changing=True) from None
        try:
            return parse(self._settle(answer, bucket, changing=True))
        except Unreadable as error:
            raise doubt(error) from None

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
    ) -> requests.Request:
        if not public and self._auth is None:
            raise ExchangeUnavailable("this call needs an API key", code="no_credentials")
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": "mTrade",
            "X-Gate-Size-Decimal": "1",
        }
        data = None
        if body is not None:
            data, headers["Content-Type"] = dumps(body).encode(), "application/json"
        if expires_ms is not None:
            headers["X-Gate-Exptime"] = str(expires_ms)
        return requests.Request(
            method,
            self.addresses.rest + path,
            params=_params(query or {}),
            data=data,
            headers=headers,
            auth=None if public else self._auth,
        )

    def _send(self, request: requests.Request, cap: int) -> Answer:
        """Prepare (so that each try has its own time and signature), check the host, send."""
        try:
            prepared = self._transport.prepare(request)
        except (requests.RequestException, ValueError) as error:
            raise WireFailure(type(error).__name__, written=False) from None
        host = urlsplit(prepared.url or "").hostname
        if str(host) not in self.addresses.hosts:
            raise WireFailure("the address is not one of this network", written=False)
        return self._transport.send(prepared, cap)

    def _again(self, request: requests.Request, cap: int) -> Answer:
        try:
            return self._send(request, cap)
        except WireFailure as failure:
            raise transport_failure(failure.kind, written=True, changing=False) from None

    def _settle(self, answer: Answer, bucket: str, *, changing: bool) -> Any:
        self._budgets.feed(bucket, answer.headers, refused=answer.status == 429)
        if not answer.ok:
            raise refusal(answer, changing=changing, now_ms=self.clock.now_ms())
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


def _params(query: Query) -> dict[str, str]:
    """Query values as the protocol writes them; None means left out."""
    return {name: _param(value) for name, value in query.items() if value is not None}


def _param(value: str | int | bool | Decimal | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return text(value) if isinstance(value, Decimal) else str(value)
