"""Pages and their files. Pages stay light: a shell and first data, the scripts do the rest."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, g, render_template, request
from werkzeug.exceptions import NotFound

from mtrade.domain.instruments import Market
from mtrade.web import callers, vendor
from mtrade.web.api.accounts import accounts_json
from mtrade.web.assets import Asset
from mtrade.web.context import Call, WebContext, web_context
from mtrade.web.headers import IMMUTABLE, accepts_gzip
from mtrade.web.i18n import DEFAULT_LANGUAGE, LANGUAGES, preferred
from mtrade.web.icons import icon, icon_symbol
from mtrade.web.uistate import ui_state

PUBLIC = frozenset({"page login", "page setup", "static"})
VIEWS = ("positions", "copy", "accounts", "settings", "more")
PAGES = frozenset({"page trade", "page spot", "page futures", *(f"page {v}" for v in VIEWS)})
SIGNED_IN = PAGES | {"vendor"}

DEFAULT_PLACE = {"market": "futures", "settle": "usdt", "instrument": "BTC_USDT"}
_INSTRUMENT = re.compile(r"[A-Z0-9]{1,24}_[A-Z0-9]{1,12}")
_SETTLES = ("usdt", "btc")


def install(app: Flask, context: WebContext) -> None:
    """Add pages, static files and what the templates call."""
    app.jinja_env.globals.update(
        t=_text, icon=icon, icon_symbol=icon_symbol, asset=context.assets.url
    )
    _page(app, "/login", "page login", login)
    _page(app, "/setup", "page setup", setup)
    _page(app, "/static/<build>/<path:name>", "static", static_file)
    _page(app, vendor.PATH, "vendor", chart_library)
    _page(app, "/", "page trade", lambda: desk("trade", {}))
    _page(app, "/trade/spot/<name>", "page spot", lambda name: trade("spot", "", name))
    _page(app, "/trade/futures/<settle>/<name>", "page futures", _futures)
    for view in VIEWS:
        _page(app, f"/{view}", f"page {view}", lambda view=view: desk(view, {}))


def to_entrance(context: WebContext) -> Response:
    """Where a stranger is sent: the first run's page, or the login, which then leads back."""
    if not context.access.has_password():
        return _see_other("/setup")
    wanted = request.path if request.endpoint in PAGES and request.path != "/" else ""
    return _see_other(f"/login?next={quote(wanted, safe='')}" if wanted else "/login")


def login() -> Response:
    """The login page; before the first password there is nothing to log in to."""
    context = web_context()
    if not context.access.has_password():
        return _see_other("/setup")
    if _is_signed_in(context):
        return _see_other("/")
    return _entrance(context, "login")


def setup() -> Response:
    """The page of the first run; gone once a password exists."""
    context = web_context()
    return _see_other("/login") if context.access.has_password() else _entrance(context, "setup")


def trade(market: str, settle: str, name: str) -> Response:
    """The trade page of one instrument. An address that names none is not a page."""
    if not _INSTRUMENT.fullmatch(name) or (market == Market.FUTURES and settle not in _SETTLES):
        raise NotFound
    return desk("trade", {"market": market, "settle": settle, "instrument": name})


def desk(view: str, place: dict[str, str]) -> Response:
    """The signed-in shell with its first data."""
    call: Call = g.call
    context, control = call.context, call.context.control
    state, _ = ui_state(context.settings)
    lang = _language(state)
    boot = {
        **_entrance_boot(context, "desk", lang),
        "view": view,
        "place": place or _remembered_place(state),
        "role": call.caller.role,
        "device": context.device,
        "instance": control.instance,
        "build": context.assets.build,
        "chart": {"library": context.chart.sentence, "active": context.chart.asset is not None},
        "server": {"pid": control.pid, "started_ms": control.started_ms, "now_ms": call.now_ms},
        "accounts": accounts_json(call),
        "ui": state,
    }
    token = callers.csrf_token(context, call.caller.secret) if call.caller.secret else ""
    page = {"ui": state, "csrf": token, "boot": boot, "device": context.device}
    return _html("index.html", lang=lang, chart_url=vendor.URL, **page)


def static_file(build: str, name: str) -> Response:
    """A file of the page. Under the current build's address it never changes."""
    context = web_context()
    found = context.assets.get(name)
    if found is None:
        raise NotFound
    response = _file(found)
    response.headers["Cache-Control"] = IMMUTABLE if build == context.assets.build else "no-cache"
    return response


def chart_library() -> Response:
    """The chart library, if it is installed."""
    found = web_context().chart.asset
    if found is None:
        raise NotFound
    response = _file(found)
    known = request.args.get("v") == vendor.MARK
    response.headers["Cache-Control"] = IMMUTABLE if known else "no-cache"
    return response


def _futures(settle: str, name: str) -> Response:
    return trade("futures", settle, name)


def _file(found: Asset) -> Response:
    response = Response(found.body, content_type=found.type)
    if found.packed is not None:
        response.vary.add("Accept-Encoding")
        if accepts_gzip():
            response.set_data(found.packed)
            response.headers["Content-Encoding"] = "gzip"
    response.set_etag(found.etag)
    response.make_conditional(request)
    return response


def _entrance(context: WebContext, page: str) -> Response:
    """A public page: holds no data."""
    lang = _language({})
    boot = _entrance_boot(context, page, lang)
    return _html(f"{page}.html", lang=lang, ui={}, csrf="", boot=boot, device=context.device)


def _entrance_boot(context: WebContext, page: str, lang: str) -> dict[str, Any]:
    return {
        "page": page,
        "lang": lang,
        "catalogue": context.assets.url(f"i18n/{lang}.json"),
        "version": context.control.version,
    }


def _html(template: str, **values: Any) -> Response:
    g.language = values["lang"]
    response = Response(render_template(template, **values), mimetype="text/html")
    response.vary.add("Accept-Language")
    return response


def _text(key: str, **params: object) -> str:
    return web_context().catalogue.text(g.language, key, params) or key


def _language(state: dict[str, Any]) -> str:
    """`?lang=` if given, else the desk's choice, else the browser's, else Russian."""
    browser = preferred(request.headers.get("Accept-Language", ""))
    wishes = (request.args.get("lang"), state.get("lang"), browser)
    return next((lang for lang in wishes if lang in LANGUAGES), None) or DEFAULT_LANGUAGE


def _remembered_place(state: dict[str, Any]) -> dict[str, str]:
    place = state.get("place")
    if not isinstance(place, dict):
        return DEFAULT_PLACE
    found = {name: str(place.get(name, "")) for name in DEFAULT_PLACE}
    known = found["market"] in list(Market) and _INSTRUMENT.fullmatch(found["instrument"])
    return found if known else DEFAULT_PLACE


def _is_signed_in(context: WebContext) -> bool:
    caller = callers.identify_or_stranger(context, request, request.remote_addr or "")
    return caller.role is not None


def _see_other(path: str) -> Response:
    """A redirect to a path of this server."""
    response = Response(status=303)
    response.headers["Location"] = path
    return response


def _page(app: Flask, rule: str, endpoint: str, view: Any) -> None:
    app.add_url_rule(
        rule, endpoint=endpoint, view_func=view, methods=["GET"], provide_automatic_options=False
    )
