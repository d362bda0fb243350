"""First password, login, sessions, re-authentication."""

from __future__ import annotations

from flask import Response, request

from mtrade.domain.errors import AccessDenied, NotFound
from mtrade.web import callers, codec
from mtrade.web.codec import Json
from mtrade.web.context import Call
from mtrade.web.devices import device_label
from mtrade.web.dispatch import json_response
from mtrade.web.forms import ElevateForm, Empty, LoginForm, PasswordForm, SetupForm
from mtrade.web.ports import Role, Session

LONGEST_LIFE_S = 90 * 24 * 3600


def setup(call: Call, form: SetupForm) -> Response:
    """Choose the first password, proven by the code from the server's window."""
    access = call.context.access
    code, password = form.code.get_secret_value(), form.password.get_secret_value()
    try:
        access.setup(code, password, address=call.address, now_ms=call.now_ms)
    except AccessDenied:
        call.audit("setup.fail")
        raise
    call.audit("setup.ok")
    return _signed_in(call, remember=False, status=201)


def login(call: Call, form: LoginForm) -> Response:
    """Sign in with the owner's password."""
    try:
        call.context.access.login(
            form.password.get_secret_value(), address=call.address, now_ms=call.now_ms
        )
    except AccessDenied:
        call.audit("login.fail")
        raise
    call.audit("login.ok")
    return _signed_in(call, remember=form.remember, status=200)


def session(call: Call, form: Empty) -> Json:
    """Who is signed in here."""
    own = call.caller.session
    if own is None:
        nothing = dict.fromkeys(("csrf", "elevated_until_ms", "device"))
        return {"role": call.caller.role, **nothing}
    elevated = callers.is_elevated(call.caller, call.address, call.now_ms)
    return {
        "role": call.caller.role,
        "csrf": callers.csrf_token(call.context, call.caller.secret),
        "elevated_until_ms": own.elevated_until_ms if elevated else None,
        "device": own.device,
    }


def elevate(call: Call, form: ElevateForm) -> Response:
    """Give the password again: sensitive actions are open for 10 minutes from this address."""
    call.own_session()
    try:
        secret, fresh = call.context.access.elevate(
            call.caller.secret,
            form.password.get_secret_value(),
            address=call.address,
            now_ms=call.now_ms,
        )
    except AccessDenied:
        call.audit("elevate.fail")
        raise
    call.audit("elevate.ok")
    token = callers.csrf_token(call.context, secret)
    body: Json = {"csrf": token, "elevated_until_ms": fresh.elevated_until_ms}
    return _with_cookie(call, json_response(body), secret, fresh)


def logout(call: Call, form: Empty) -> Response:
    """End this session on the server."""
    call.context.access.end_session(call.own_session().id)
    response = json_response(None, 204)
    name = callers.cookie_name(call.context.control.port, tls=call.tls)
    response.delete_cookie(name, path="/", secure=call.tls, httponly=True, samesite="Strict")
    if call.tls:
        response.headers["Clear-Site-Data"] = '"storage"'
    return response


def password(call: Call, form: PasswordForm) -> None:
    """Change the password and end all other sessions."""
    call.own_session()
    call.context.access.change_password(
        call.caller.secret,
        form.current.get_secret_value(),
        form.new.get_secret_value(),
        address=call.address,
        now_ms=call.now_ms,
    )


def sessions(call: Call, form: Empty) -> Json:
    """All signed-in devices."""
    own = call.caller.session
    rows = call.context.access.sessions(call.now_ms)
    return codec.items(_session(row, current=own is not None and own.id == row.id) for row in rows)


def end_session(call: Call, form: Empty, session_id: str) -> None:
    """Sign out one device."""
    if not call.context.access.end_session(session_id):
        raise NotFound("there is no such session", code="unknown_session")


def _session(row: Session, *, current: bool) -> Json:
    return {
        "id": row.id,
        "role": row.role,
        "device": row.device,
        "first_seen_ms": row.first_seen_ms,
        "last_seen_ms": row.last_seen_ms,
        "address": row.address,
        "current": current,
    }


def _signed_in(call: Call, *, remember: bool, status: int) -> Response:
    """A fresh session: whatever cookie the browser brought is worthless from now on."""
    if call.caller.session is not None:
        call.context.access.end_session(call.caller.session.id)
    secret, opened = call.context.access.open_session(
        role=Role.OWNER,
        device=device_label(request.headers.get("User-Agent", "")),
        address=call.address,
        remember=remember,
        now_ms=call.now_ms,
    )
    body: Json = {"role": opened.role, "csrf": callers.csrf_token(call.context, secret)}
    return _with_cookie(call, json_response(body, status), secret, opened)


def _with_cookie(call: Call, response: Response, secret: str, opened: Session) -> Response:
    """A remembered device keeps its cookie; when the session ends, the server decides."""
    response.set_cookie(
        callers.cookie_name(call.context.control.port, tls=call.tls),
        secret,
        max_age=LONGEST_LIFE_S if opened.remember else None,
        path="/",
        secure=call.tls,
        httponly=True,
        samesite="Strict",
    )
    return response
