"""The trading API of one connection: `event: "api"` frames (Gate WebSocket docs).

Every request is answered by the REST route it mirrors, with the same rights, budgets, deadlines
and effects; only the envelope differs. Only the login is signed; what else is signed is ignored.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

from mtrade.domain.instruments import Market
from mtrade.domain.numbers import dumps, loads
from mtrade.gate.signing import sign_login
from mtrade.paper.admission import Incoming, check_time
from mtrade.paper.faults import GateFault
from mtrade.paper.gateway import Outgoing, Proven
from mtrade.paper.limits import Verdict
from mtrade.paper.world import ApiKey, User, World
from mtrade.paper.ws.frames import Out, Pen, Request
from mtrade.paper.ws.hub import Listener
from mtrade.paper.ws.twins import Twin, twin_of
from mtrade.paper.ws.wire import echo, quoted, raw_member

Dispatch = Callable[[Incoming, Proven], Outgoing]

# Gate acknowledges the placing of orders before it tells the result; nothing else.
_ACKNOWLEDGED = ("order_place", "order_batch_place")
_LIMIT_CODES = {Market.SPOT: "(211)", Market.FUTURES: "(311)"}
_UNEXECUTED = (401, 403, 429)
_ORDERS_A_SECOND = 100


class TradingApi:
    """Remembers the login of one connection."""

    def __init__(
        self,
        world: World,
        dispatch: Dispatch,
        listener: Listener,
        *,
        market: Market,
        settle: str,
        remote: str,
        conn_id: str,
    ) -> None:
        self._world = world
        self._dispatch = dispatch
        self._listener = listener
        self._market = market
        self._settle = settle
        self._remote = remote
        self._pen = Pen(conn_id)
        self._client = quoted(f"{remote}-0x{conn_id[:8]}")
        self._connection = f'"conn_id":{quoted(conn_id)},"conn_trace_id":{quoted(conn_id)}'
        self._login: tuple[User, ApiKey] | None = None

    @property
    def uid(self) -> int | None:
        """Who is logged in."""
        return self._login[0].uid if self._login else None

    def answer(self, request: Request, now_ms: int) -> None:
        """Execute one frame and send its answers; the last one leaves when its effects are kept."""
        payload = request.payload if isinstance(request.payload, dict) else {}
        if request.channel == f"{self._market}.login":
            self._log_in(request, payload, now_ms)
            return
        try:
            twin = self._twin(request, payload)
        except GateFault as fault:
            self._final(request, payload, now_ms, fault.status, _errs(fault))
            return
        self._execute(request, payload, twin, now_ms)

    def refuse(self, request: Request, fault: GateFault, now_ms: int, reset_ms: int = 0) -> None:
        """Answer a frame with a fault that is not its own; `reset_ms` is when to come again."""
        payload = request.payload if isinstance(request.payload, dict) else {}
        verdict = Verdict(False, 0, _ORDERS_A_SECOND, reset_ms) if reset_ms else None
        told = self._told(fault.label, fault.message, fault.status)
        self._final(request, payload, now_ms, fault.status, told, verdict)

    def _log_in(self, request: Request, payload: dict[str, Any], now_ms: int) -> None:
        try:
            user, key = self._proven(request, payload, now_ms)
        except GateFault as fault:
            self._final(request, payload, now_ms, fault.status, _errs(fault))
            return
        self._login = (user, key)
        result = dumps({"result": {"api_key": key.key, "uid": str(user.uid)}})
        self._final(request, payload, now_ms, 200, result)

    def _proven(
        self, request: Request, payload: dict[str, Any], now_ms: int
    ) -> tuple[User, ApiKey]:
        stamp, name = str(payload.get("timestamp", "")), str(payload.get("api_key", ""))
        check_time(stamp, now_ms)
        user = self._world.by_key.get(name)
        if user is None:
            raise GateFault("INVALID_KEY", "Invalid key provided", 401)
        key = user.keys[name]
        signed = raw_member(request.document, "payload", "req_param") or ""
        sign = sign_login(key.secret, request.channel, signed, stamp)
        given = str(payload.get("signature", "")).encode("utf-8", "replace")
        if not hmac.compare_digest(sign.encode(), given):
            raise GateFault("INVALID_SIGNATURE", "Signature mismatch", 401)
        if key.ip_whitelist and self._remote not in key.ip_whitelist:
            raise GateFault("IP_FORBIDDEN", f"Request IP {self._remote} is not allowed", 403)
        return user, key

    def _twin(self, request: Request, payload: dict[str, Any]) -> Twin:
        if self._login is None:
            raise GateFault("AUTHENTICATION_FAILED", "Not login")
        if not request.channel.startswith(f"{self._market}."):
            raise GateFault("INVALID_ARGUMENT", f"unknown channel {request.channel}"[:200])
        param = payload.get("req_param", {})
        if isinstance(param, str):  # some clients wrap the object in a text
            try:
                param = loads(param)
            except (ValueError, RecursionError):
                raise GateFault("INVALID_ARGUMENT", "req_param is not valid JSON") from None
        return twin_of(request.subject, self._market, self._settle, param)

    def _execute(self, request: Request, payload: dict[str, Any], twin: Twin, now_ms: int) -> None:
        if self._login is None:
            raise RuntimeError("nobody is logged in")
        headers = _headers(payload)
        headers["x-gate-size-decimal"] = "1" if self._listener.decimal_sizes else "0"
        incoming = Incoming(
            method=twin.method,
            raw_path=twin.path,
            raw_query=twin.query,
            headers=headers,
            body=b"",
            remote=self._remote,
        )
        answer = self._dispatch(incoming, Proven(*self._login, twin.body))
        if request.subject in _ACKNOWLEDGED and answer.status not in _UNEXECUTED:
            self._acknowledge(request, payload, now_ms, answer.verdict)
        body = answer.body.decode()
        data = f'{{"result":{body}}}' if answer.status < 300 else self._refusal(answer)
        status = 200 if answer.status < 300 else answer.status
        self._final(request, payload, now_ms, status, data, answer.verdict)

    def _refusal(self, answer: Outgoing) -> str:
        told = loads(answer.body) if answer.body else {"label": "NOT_FOUND", "message": ""}
        return self._told(str(told["label"]), str(told["message"]), answer.status)

    def _told(self, label: str, message: str, status: int) -> str:
        if status == 429:
            message = f"{message} {_LIMIT_CODES[self._market]}"
        return dumps({"errs": {"label": label, "message": message}})

    def _acknowledge(
        self, request: Request, payload: dict[str, Any], now_ms: int, verdict: Verdict | None
    ) -> None:
        name = echo(payload.get("req_id"))
        asked = (
            f'{{"req_id":{name},"req_header":{echo(payload.get("req_header"))},'
            f'"req_param":{echo(payload.get("req_param"))}}}'
        )
        head = self._head(request, now_ms, 200, verdict)
        text = f'{{"request_id":{name},"ack":true,"header":{head},"data":{{"result":{asked}}}}}'
        self._send(text, "api_ack", request.channel)

    def _final(
        self,
        request: Request,
        payload: dict[str, Any],
        now_ms: int,
        status: int,
        data: str,
        verdict: Verdict | None = None,
    ) -> None:
        head = self._head(request, now_ms, status, verdict)
        name = echo(payload.get("req_id"))
        text = f'{{"request_id":{name},"ack":false,"header":{head},"data":{data}}}'
        # What was executed may be told only when it is kept; a refusal or a login at once.
        self._send(text, "final", request.channel, settled=verdict is not None)

    def _send(self, text: str, role: str, channel: str, *, settled: bool = False) -> None:
        out = Out(text=text, role=role, channel=channel, uid=self.uid, settled=settled)
        self._listener.send(out)

    def _head(self, request: Request, now_ms: int, status: int, verdict: Verdict | None) -> str:
        """The header of an answer, as JSON."""
        return (
            f'{{"response_time":"{now_ms}","status":"{status}","channel":{quoted(request.channel)},'
            f'"event":"api","client_id":{self._client},'
            f'"x_in_time":{now_ms}000,"x_out_time":{now_ms}000,{self._connection},'
            f'"trace_id":"{self._pen.trace()}"{"" if verdict is None else _rates(verdict)}}}'
        )


def _rates(verdict: Verdict) -> str:
    """The misspelling of the last one is part of the protocol; a zero is left out."""
    rates = (
        ("x_gate_ratelimit_requests_remain", verdict.remain),
        ("x_gate_ratelimit_limit", verdict.limit),
        ("x_gat_ratelimit_reset_timestamp", verdict.reset_ms),
    )
    return "".join([f',"{name}":{value}' for name, value in rates if value])


def _headers(payload: dict[str, Any]) -> dict[str, str]:
    """The request's own headers; one sample of the docs calls the member `header`."""
    found = payload.get("req_header") or payload.get("header")
    if not isinstance(found, dict):
        return {}
    return {str(name).lower(): str(value) for name, value in found.items()}


def _errs(fault: GateFault) -> str:
    return dumps({"errs": {"label": fault.label, "message": fault.message}})
