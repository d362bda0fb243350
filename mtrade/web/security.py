"""The checks before any view runs, cheapest first; the first failure answers.

Host, Origin, fetch metadata, method, content type, rate, credentials, CSRF token, role, elevation,
transport of secrets. What a route demands is in its row of `routes.ROUTES`; an address without a
row is closed to strangers too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Request

from mtrade.domain.errors import AccessDenied, InvalidRequest, MTradeError
from mtrade.web import callers, hosts
from mtrade.web.buckets import Bucket
from mtrade.web.context import Caller, WebContext
from mtrade.web.ports import Role
from mtrade.web.read import json_object
from mtrade.web.route import CHANGES, Elevation, Route

METHODS = CHANGES | {"GET", "HEAD"}


class Refused(MTradeError):
    """A refusal that belongs to HTTP itself; `status` is 405, 415 or 421."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message, code=code)
        self.status = status


def check_envelope(context: WebContext, request: Request) -> None:
    """Steps 1 to 5: what can be judged without knowing who calls."""
    _check_host(context, request)
    _check_origin(request)
    if request.method not in METHODS:
        raise Refused(405, "method_not_allowed", "this method is not served")
    if request.method in CHANGES:
        _check_change(request)


def check_rate(context: WebContext, request: Request, route: Route | None, address: str) -> None:
    """Step 6."""
    bucket = Bucket.API if route is None else route.bucket
    caller = callers.fingerprint(request, context.control.port, address)
    context.buckets.take(bucket, caller, context.clock.monotonic())


def admit(context: WebContext, request: Request, route: Route | None, address: str) -> Caller:
    """Steps 7 to 9: who calls, and may they. Raises LoginRequired or AccessDenied."""
    if route is not None and route.role is None:
        return callers.identify_or_stranger(context, request, address)
    caller = callers.identify(context, request, address)
    if request.method in CHANGES:
        callers.check_csrf(context, caller, request.headers.get("X-CSRF-Token", ""))
    if route is not None and route.role is not None:
        _check_role(caller, route.role)
        _check_body_rules(context, request, route, caller, address)
    return caller


def is_tls(request: Request) -> bool:
    """Whether this request came encrypted to this very server. No forwarded header is believed."""
    return request.scheme == "https"


def _check_host(context: WebContext, request: Request) -> None:
    ours = hosts.host_is_ours(
        request.headers.get("Host"),
        scheme=request.scheme,
        port=context.control.port,
        names=context.host_names,
        own_addresses=lambda: [_host_of(a.url) for a in context.control.addresses()],
    )
    if not ours:
        raise Refused(421, "wrong_host", "this is not a name of this server")


def _host_of(url: str) -> str:
    return url.partition("://")[2].rpartition(":")[0].strip("[]")


def _check_origin(request: Request) -> None:
    origin = request.headers.get("Origin")
    if origin is not None and not hosts.origin_is_ours(
        origin, scheme=request.scheme, host=request.headers.get("Host", "")
    ):
        raise AccessDenied("this request comes from another page", code="origin")
    page = request.method in ("GET", "HEAD") and not request.path.startswith("/api/")
    if not hosts.fetch_site_allowed(dict(request.headers), page=page):
        raise AccessDenied("this request comes from another site", code="fetch_site")


def _check_change(request: Request) -> None:
    if "Origin" not in request.headers and not callers.carries_token(request):
        raise AccessDenied("a changing call needs an Origin or a token", code="origin")
    if request.mimetype != "application/json":
        raise Refused(415, "not_json", "send Content-Type: application/json")


def _check_role(caller: Caller, role: Role) -> None:
    if not caller.is_at_least(role):
        raise AccessDenied(f"this needs the role {role}", code="role", params={"role": role})


def _check_body_rules(
    context: WebContext, request: Request, route: Route, caller: Caller, address: str
) -> None:
    if route.elevation is Elevation.NEVER and not route.secrets:
        return
    body = _peek(request)
    now_ms = context.clock.now_ms()
    if route.needs_elevation(body) and not callers.is_elevated(caller, address, now_ms):
        raise AccessDenied("please give the password again", code="elevation_required")
    carried = any(body.get(name) is not None for name in route.secrets)
    if carried and not (is_tls(request) or hosts.is_loopback(address)):
        raise AccessDenied(
            "keys are accepted only on the server's own computer or over HTTPS: open "
            "http://127.0.0.1 there, or set MTRADE_TLS_CERT and MTRADE_TLS_KEY",
            code="secrets_need_tls",
        )


def _peek(request: Request) -> Mapping[str, Any]:
    try:
        return json_object(request.get_data())
    except InvalidRequest:
        return {}
