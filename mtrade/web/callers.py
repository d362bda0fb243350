"""Who calls: exactly one session cookie or one Bearer token, never both."""

from __future__ import annotations

import hashlib
import hmac
import re

from flask import Request

from mtrade.domain.errors import AccessDenied, LoginRequired
from mtrade.web.context import Caller, WebContext
from mtrade.web.ports import Role

_SECRET = re.compile(r"[A-Za-z0-9_-]{20,128}")
_BEARER = re.compile(r"Bearer (mt_[A-Za-z0-9_-]{20,128})")

STRANGER = Caller()


def cookie_name(port: int, *, tls: bool) -> str:
    """Named per port, because browsers do not separate cookies by port."""
    return f"__Host-mt_s_{port}" if tls else f"mt_s_{port}"


def session_secrets(request: Request, port: int) -> list[str]:
    """All cookies of our name, as sent: two of them are an attack or an accident."""
    name = cookie_name(port, tls=request.scheme == "https")
    pairs = (part.strip().partition("=") for part in request.headers.get("Cookie", "").split(";"))
    return [value.strip('"') for key, _, value in pairs if key == name]


def carries_token(request: Request) -> bool:
    """Whether the request brings an Authorization header of any kind."""
    return "Authorization" in request.headers


def fingerprint(request: Request, port: int, address: str) -> str:
    """Names the caller for the rate buckets before anything is looked up."""
    shown = "".join(session_secrets(request, port)) + request.headers.get("Authorization", "")
    return f"{address} {hashlib.sha256(shown.encode('utf-8', 'replace')).hexdigest()[:32]}"


def identify(context: WebContext, request: Request, address: str) -> Caller:
    """The caller. Raises LoginRequired when there is none or the credentials are not in order."""
    secrets = session_secrets(request, context.control.port)
    if carries_token(request):
        if secrets:
            raise LoginRequired("send a cookie or a token, never both", code="two_credentials")
        return _by_token(context, request)
    if len(secrets) != 1 or not _SECRET.fullmatch(secrets[0]):
        raise LoginRequired("please log in")
    return _by_session(context, secrets[0], address)


def identify_or_stranger(context: WebContext, request: Request, address: str) -> Caller:
    """The caller of a public route: a stranger unless the credentials are in order."""
    try:
        return identify(context, request, address)
    except LoginRequired:
        return STRANGER


def csrf_token(context: WebContext, secret: str) -> str:
    """The session's CSRF token: derived, so nothing extra is stored."""
    key = context.access.csrf_key()
    return hmac.new(key, secret.encode("ascii"), hashlib.sha256).hexdigest()


def check_csrf(context: WebContext, caller: Caller, sent: str) -> None:
    """Raise AccessDenied(csrf) unless a session's changing call carries its token."""
    if not caller.secret:
        return
    right = csrf_token(context, caller.secret)
    if not hmac.compare_digest(right.encode(), sent.encode("utf-8", "replace")):
        raise AccessDenied("the page is out of date, reload it", code="csrf")


def is_elevated(caller: Caller, address: str, now_ms: int) -> bool:
    """Whether the password was given again lately, from this very address."""
    session = caller.session
    if session is None or session.elevated_until_ms <= now_ms:
        return False
    return session.elevated_from == address


def _by_token(context: WebContext, request: Request) -> Caller:
    match = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    token = context.access.token(match[1], now_ms=context.clock.now_ms()) if match else None
    if token is None:
        raise LoginRequired("this token is not valid", code="bad_token")
    return Caller(role=Role(token.role), token_name=token.name)


def _by_session(context: WebContext, secret: str, address: str) -> Caller:
    session = context.access.session(secret, address=address, now_ms=context.clock.now_ms())
    if session is None:
        raise LoginRequired("please log in again", code="session_ended")
    return Caller(role=Role(session.role), session=session, secret=secret)
