"""Every failure becomes one shape, in the caller's language.

The fallback for what nobody foresaw is one of the few places where everything is caught
(docs/architecture.md): it logs, marks health and says nothing of the inside.
"""

from __future__ import annotations

import logging

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from mtrade.domain import numbers
from mtrade.domain.errors import ExchangeError, InvalidRequest, MTradeError
from mtrade.web.context import WebContext, web_context
from mtrade.web.i18n import DEFAULT_LANGUAGE, LANGUAGES, preferred
from mtrade.web.uistate import ui_state

log = logging.getLogger(__name__)

_HTTP_CODES = {
    400: ("bad_request", "the request is not valid"),
    404: ("not_found", "there is nothing at this address"),
    405: ("method_not_allowed", "this address does not know that method"),
    411: ("length_required", "the body's length is missing"),
    413: ("too_large", "the request is too large"),
    415: ("not_json", "send Content-Type: application/json"),
    421: ("wrong_host", "this is not a name of this server"),
}


def install(app: Flask) -> None:
    """Register the handlers of the whole error tree."""
    app.register_error_handler(MTradeError, answer)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unforeseen)


def answer(error: MTradeError) -> Response:
    """The response for one of our errors."""
    if error.status >= 500 and not isinstance(error, ExchangeError):
        log.error("request failed: %s", error.code, exc_info=error)
    return _response(error.status, error)


def shape(error: MTradeError, lang: str) -> dict[str, object]:
    """What the one error shape holds, translated; English where the catalogue is silent."""
    catalogue = web_context().catalogue
    fields = error.fields if isinstance(error, InvalidRequest) else {}
    reasons = {name: catalogue.reason(lang, reason) for name, reason in fields.items()}
    params = dict(error.params)
    if reasons:
        params["fields"] = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
    message = catalogue.outcome(lang, error.code, params) or error.message
    return {
        "code": error.code,
        "message": message,
        "fields": reasons,
        "params": params,
        "label": getattr(error, "label", None) or None,
        "raw": getattr(error, "raw", None) or None,
        "retry_after": _retry_after(error),
    }


def language() -> str:
    """The desk's chosen language for a signed-in browser, else the browser's, else Russian."""
    known: str | None = g.get("language")
    if known is not None:
        return known
    return preferred(request.headers.get("Accept-Language", "")) or DEFAULT_LANGUAGE


def desk_language(context: WebContext) -> str | None:
    """The language chosen on this desk; None when it is left to the browser."""
    chosen = ui_state(context.settings)[0].get("lang")
    return chosen if chosen in LANGUAGES else None


def _retry_after(error: MTradeError) -> int | None:
    found = getattr(error, "retry_after", None)
    return found if isinstance(found, int) else None


def _http(error: HTTPException) -> Response:
    """Werkzeug's own refusals (unknown address, wrong method, too large a body) in our shape."""
    status = error.code or 500
    code, message = _HTTP_CODES.get(status, ("bad_request", "the request is not valid"))
    refusal = MTradeError(message, code=code)
    response = _response(status if status < 500 else 500, refusal)
    if status == 405 and getattr(error, "valid_methods", None):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
    return response


def _unforeseen(error: Exception) -> Response:
    log.error("unforeseen error in %s %s", request.method, request.path, exc_info=error)
    web_context().faults.note(f"{type(error).__name__} while answering {request.method}")
    refusal = MTradeError("something went wrong inside mTrade; the log has the details")
    return _response(500, refusal)


def _response(status: int, error: MTradeError) -> Response:
    """JSON for the API, one plain sentence for a person who opened a page.

    Who came under a foreign name gets a constant answer: it tells nothing, not even a language.
    """
    foreign = status == 421
    found = shape(error, "en" if foreign else language())
    if foreign or request.path.startswith("/api/"):
        response = Response(numbers.dumps({"error": found}), status, mimetype="application/json")
    else:
        response = Response(f"{found['message']}\n", status, mimetype="text/plain")
    retry_after = _retry_after(error)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response
