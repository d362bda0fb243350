"""Builds the Flask app: one table of routes, one order of checks, one shape of failure."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection
from pathlib import Path

from flask import Flask, Response, g, request

from mtrade.domain.errors import ConfigError, LoginRequired
from mtrade.domain.ports import Clock
from mtrade.trading.desk import Desk
from mtrade.web import errors, headers, openapi, pages, security, vendor
from mtrade.web.assets import Assets
from mtrade.web.context import Call, WebContext
from mtrade.web.dispatch import view_of
from mtrade.web.event_data import EventData
from mtrade.web.hosts import machine_names
from mtrade.web.i18n import DEFAULT_LANGUAGE, Catalogue, preferred
from mtrade.web.ports import AccessStore, AuditLog, ServerControl, SettingsStore
from mtrade.web.route import Route
from mtrade.web.routes import ROUTES
from mtrade.web.seats import Living, Seats, most_streams

MAX_BODY = 256 * 1024


def create_app(
    *,
    desk: Desk,
    access: AccessStore,
    audit: AuditLog,
    settings: SettingsStore,
    control: ServerControl,
    clock: Clock,
    root: Path,
    allowed_hosts: Collection[str] = (),
    database_bytes: Callable[[], int] = lambda: 0,
    threads: int = 64,
) -> Flask:
    """The WSGI application. `root` holds `templates/` and `static/`; `threads` serve it."""
    context = WebContext(
        desk=desk,
        access=access,
        audit=audit,
        settings=settings,
        control=control,
        clock=clock,
        templates=root / "templates",
        static=root / "static",
        device=socket.gethostname(),
        host_names=machine_names(socket.gethostname(), allowed_hosts),
        database_bytes=database_bytes,
        assets=Assets(root / "static"),
        catalogue=Catalogue(root / "static" / "i18n"),
        chart=vendor.load(vendor.installed()),
        seats=Seats(most_streams(threads)),
        living=Living(access, clock),
    )
    desk.hub.encode_with(EventData(context))
    return build(context)


def build(context: WebContext) -> Flask:
    """The app around a context."""
    app = Flask("mtrade.web", static_folder=None, template_folder=str(context.templates))
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.extensions["mtrade"] = context
    app.url_map.strict_slashes = True
    table = {route.endpoint: route for route in ROUTES}
    for route in ROUTES:
        _add(app, route)
    pages.install(app, context)
    openapi.install(app)
    errors.install(app)
    app.before_request(lambda: _admit(context, table))
    app.after_request(headers.finish)
    _check_closed(app, table)
    return app


def _add(app: Flask, route: Route) -> None:
    rule = route.path.replace("{", "<").replace("}", ">")
    app.add_url_rule(
        rule,
        endpoint=route.endpoint,
        view_func=view_of(route),
        methods=[route.method],
        provide_automatic_options=False,
    )


def _admit(context: WebContext, table: dict[str, Route]) -> Response | None:
    """All checks that come before the view; sets `g.call` for it."""
    security.check_envelope(context, request)
    endpoint = request.endpoint or ""
    if endpoint in pages.PUBLIC:
        return None
    address = request.remote_addr or ""
    route = table.get(endpoint)
    security.check_rate(context, request, route, address)
    if route is not None and route.max_body is not None:
        request.max_content_length = route.max_body
    try:
        caller = security.admit(context, request, route, address)
    except LoginRequired:
        if request.path.startswith("/api/"):
            raise
        return pages.to_entrance(context)
    g.call = Call(
        context=context,
        caller=caller,
        address=address,
        tls=security.is_tls(request),
        language=_language(context, signed_in=caller.role is not None),
        now_ms=context.clock.now_ms(),
    )
    g.language = g.call.language
    return None


def _language(context: WebContext, *, signed_in: bool) -> str:
    chosen = errors.desk_language(context) if signed_in else None
    return chosen or preferred(request.headers.get("Accept-Language", "")) or DEFAULT_LANGUAGE


def _check_closed(app: Flask, table: dict[str, Route]) -> None:
    """A route outside the tables would be unguarded: the start stops."""
    known = table.keys() | pages.PUBLIC | pages.SIGNED_IN | openapi.ENDPOINTS
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in known:
            raise ConfigError(f"the route {rule.rule} is in no table of routes")
