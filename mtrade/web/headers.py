"""The headers of every answer, put on in one place."""

from __future__ import annotations

from flask import Response, request

from mtrade.web.assets import pack

_COMMON = (
    "default-src 'none'; {scripts}; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'none'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors 'none'"
)
PAGE_POLICY = (
    _COMMON.format(scripts="script-src 'self'; style-src 'self'")
    + "; require-trusted-types-for 'script'; trusted-types 'none'"
)
# The description's page comes from a package that sets styles inline and builds HTML itself. It
# shows no string of an exchange or a person.
DOCS_POLICY = _COMMON.format(scripts="script-src 'self'; style-src 'self' 'unsafe-inline'")
API_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), payment=()",
}
IMMUTABLE = "public, max-age=31536000, immutable"


def finish(response: Response) -> Response:
    """Add the security headers, the caching rule and compression to an answer."""
    path = request.path
    response.headers["Content-Security-Policy"] = _policy(path)
    response.headers.update(_ALWAYS)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.pop("Server", None)
    if request.scheme == "https":
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    _compress(response)
    return response


def _policy(path: str) -> str:
    if path.startswith("/api/"):
        return API_POLICY
    return DOCS_POLICY if path.startswith("/openapi/") else PAGE_POLICY


def _compress(response: Response) -> None:
    if response.is_streamed or "Content-Encoding" in response.headers or request.method == "HEAD":
        return
    packed = pack(response.get_data(), response.content_type or "")
    if packed is None:
        return
    response.vary.add("Accept-Encoding")
    if accepts_gzip():
        response.set_data(packed)
        response.headers["Content-Encoding"] = "gzip"


def accepts_gzip() -> bool:
    """Whether the caller takes gzip."""
    return request.accept_encodings.quality("gzip") > 0
