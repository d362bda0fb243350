"""From one request to one answer, without a socket: routing, admission, limits, JSON.

Runs on the thread that owns the world and never raises for anything a caller can send.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from mtrade.domain.errors import InvalidRequest
from mtrade.domain.numbers import dumps, loads
from mtrade.domain.ports import Clock
from mtrade.paper.admission import Incoming, authenticate, authorise, check_deadline, fenced
from mtrade.paper.arrivals import Arrivals
from mtrade.paper.faults import GateFault
from mtrade.paper.http import Call, Reply, Route
from mtrade.paper.limits import BUDGETS, Limiter, Verdict
from mtrade.paper.routing import PREFIX, RouteTable
from mtrade.paper.world import ApiKey, User, World

_log = logging.getLogger(__name__)


class Outgoing(NamedTuple):
    """An answer ready to be written. `private`: it may leave only when its effects are on disk.

    `verdict` is what the last budget said that the request drew on.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    private: bool = False
    verdict: Verdict | None = None


class Proven(NamedTuple):
    """Who sends a request, when a socket's login has already shown that, and its parsed body."""

    user: User
    key: ApiKey
    body: object


class Gateway:
    """The exchange behind its front door."""

    def __init__(
        self,
        world: World,
        routes: Iterable[Route],
        *,
        clock: Clock,
        limiter: Limiter,
        arrivals: Arrivals | None = None,
    ) -> None:
        self._world = world
        self._table = RouteTable(routes)
        self._clock = clock
        self._limiter = limiter
        self._arrivals = arrivals
        self._traces = 0

    def dispatch(self, incoming: Incoming, proven: Proven | None = None) -> Outgoing:
        """Answer one request. An unknown path is a bare 404, as at Gate."""
        now_ms = self._clock.now_ms()
        # An answer over a socket has a head of its own.
        headers = self._stamps(incoming, now_ms) if proven is None else {}
        route, args, known = self._find(incoming)
        if route is None:
            return _absent(known, headers)
        visit = _Visit(self._world, self._limiter, route, args, incoming, now_ms)
        visit.proven = proven
        answer = visit.run()
        if self._arrivals is not None and visit.user is not None:
            path = "rest" if proven is None else "ws"
            self._arrivals.note(route, visit.user.uid, visit.body, answer, now_ms, path=path)
        reply = _refusal(answer) if isinstance(answer, GateFault) else answer
        if proven is None:
            headers |= {**visit.headers(), **reply.headers}
        private = route.permission is not None
        return Outgoing(reply.status, headers, _encode(reply), private, visit.verdict)

    def _find(self, incoming: Incoming) -> tuple[Route | None, dict[str, str], bool]:
        path = incoming.path
        if not path.startswith(PREFIX + "/"):
            return None, {}, False
        return self._table.find(incoming.method, path.removeprefix(PREFIX))

    def _stamps(self, incoming: Incoming, now_ms: int) -> dict[str, str]:
        self._traces += 1
        headers = {
            "X-In-Time": str(now_ms * 1000),
            "X-Gate-Trace-Id": f"{now_ms:016x}{self._traces:016x}",
        }
        request_id = incoming.headers.get("x-client-request-id", "")[:128]
        if request_id and request_id.isascii() and request_id.isprintable():
            headers["X-Client-Request-Id"] = request_id
        return headers


class _Visit:
    """One request on its way through the checks to its handler."""

    def __init__(
        self,
        world: World,
        limiter: Limiter,
        route: Route,
        args: dict[str, str],
        incoming: Incoming,
        now_ms: int,
    ) -> None:
        self._world = world
        self._limiter = limiter
        self._route = route
        self._args = args
        self._incoming = incoming
        self._now_ms = now_ms
        query = incoming.raw_query
        self._query = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
        self.user: User | None = None
        self._key: ApiKey | None = None
        self.body: Any = None
        self.proven: Proven | None = None
        self.verdict: Verdict | None = None

    def headers(self) -> dict[str, str]:
        """What the last budget said."""
        return _rate_headers(self.verdict) if self.verdict else {}

    def run(self) -> Reply | GateFault:
        try:
            self._admit()
            self._read_body()
            if fenced(self._route):
                check_deadline(self._incoming, self._now_ms)
            return self._route.handler(self._world, self._call())
        except GateFault as fault:
            return fault
        except InvalidRequest as error:
            return GateFault("INVALID_PARAM_VALUE", error.message)
        except Exception:  # noqa: BLE001 - the last stop before the socket
            # A defect: nobody knows what has happened, and 500 says exactly that to a client.
            _log.exception("%s failed", self._endpoint())
            return GateFault("INTERNAL", "internal error", 500)

    def _admit(self) -> None:
        if self._route.permission is None:
            self._spend("public", (self._incoming.remote, self._endpoint()), 1)
            return
        try:
            user, key = self._sender()
            write = self._route.method != "GET"
            authorise(key, self._route.permission, self._incoming.remote, write=write)
        except GateFault:
            # Who is not proven has no budget but that of the address.
            self._spend("public", (self._incoming.remote, self._endpoint()), 1)
            raise
        self.user, self._key = user, key

    def _sender(self) -> tuple[User, ApiKey]:
        if self.proven is None:
            return authenticate(self._world, self._incoming, self._now_ms)
        return self.proven.user, self.proven.key

    def _read_body(self) -> None:
        """Parse, and charge the caller: a malformed body costs like any other."""
        fault: GateFault | None = None
        if self.proven is not None:
            self.body = self.proven.body
        elif self._incoming.method not in ("GET", "DELETE") and self._incoming.body:
            try:
                self.body = loads(self._incoming.body)
            except (ValueError, RecursionError):
                fault = GateFault("INVALID_REQUEST_BODY", "the body is not valid JSON")
        if self.user is not None:
            for key, cost in self._charges(self.user):
                self._spend(self._bucket(), key, cost)
        if fault is not None:
            raise fault

    def _call(self) -> Call:
        decimal_sizes = self._incoming.headers.get("x-gate-size-decimal", "") == "1"
        return Call(
            args=self._args,
            query=self._query,
            body=self.body,
            user=self.user,
            now_ms=self._now_ms,
            decimal_sizes=decimal_sizes,
            key=self._key,
        )

    def _bucket(self) -> str:
        return self._route.bucket if self._route.bucket in BUDGETS else "private"

    def _endpoint(self) -> str:
        return f"{self._route.method} {self._route.path}"

    def _charges(self, user: User) -> Iterable[tuple[tuple[str, ...], int]]:
        """Which windows of the budget pay how much: every order of a batch counts."""
        uid, scope = str(user.uid), BUDGETS[self._bucket()].scope
        if scope == "endpoint":
            return [((uid, self._endpoint()), 1)]
        if scope == "market":
            return [((uid, market), cost) for market, cost in self._markets().items()]
        return [((uid,), len(self.body) if isinstance(self.body, list) and self.body else 1)]

    def _markets(self) -> dict[str, int]:
        costs: dict[str, int] = {}
        for order in self.body if isinstance(self.body, list) and self.body else [self.body]:
            named = order if isinstance(order, dict) else {}
            market = str(named.get("currency_pair", self._query.get("currency_pair", "")))[:32]
            costs[market] = costs.get(market, 0) + 1
        return costs

    def _spend(self, bucket: str, key: tuple[str, ...], cost: int) -> None:
        verdict = self._limiter.take(bucket, key, cost, self._now_ms)
        self.verdict = verdict
        if not verdict.allowed:
            raise GateFault("TOO_MANY_REQUESTS", "Request rate limit exceeded", 429)


def _rate_headers(verdict: Verdict) -> dict[str, str]:
    return {
        "X-Gate-RateLimit-Requests-Remain": str(verdict.remain),
        "X-Gate-RateLimit-Limit": str(verdict.limit),
        "X-Gate-RateLimit-Reset-Timestamp": str(verdict.reset_ms // 1000),
    }


def _absent(known: bool, headers: dict[str, str]) -> Outgoing:
    if not known:
        return Outgoing(404, headers, b"")
    reply = _refusal(GateFault("METHOD_NOT_ALLOWED", "Method not allowed", 405))
    return Outgoing(405, headers, _encode(reply))


def _refusal(fault: GateFault) -> Reply:
    return Reply({"label": fault.label, "message": fault.message}, fault.status)


def _encode(reply: Reply) -> bytes:
    if reply.status == 204:
        return b""
    return dumps(reply.body).encode("utf-8", "replace")
