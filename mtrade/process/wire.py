"""Requests that two readers could understand in two ways are refused before they are routed.

cheroot takes a folded header line, a second Content-Length, `Content-Length: -1`, a header name
with a blank before its colon, a NUL and more; each of them has smuggled requests somewhere.
"""

from __future__ import annotations

import re
from typing import Any, Protocol

from cheroot.server import HeaderReader, HTTPRequest

# No underscore: WSGI could not tell X_Name from X-Name.
_FIELD = re.compile(
    rb"([A-Za-z0-9!#$%&'*+.^`|~-]+):[ \t]*((?:[^\x00-\x1f\x7f]|\t)*?)[ \t]*\r\n", re.DOTALL
)
_LENGTH = re.compile(rb"[0-9]{1,12}")
_HIDDEN = re.compile(rb"[\x00-\x20\x7f]")
# What decides who asks and where a request ends stands once, or not at all.
_ONCE = frozenset(
    {b"Authorization", b"Content-Length", b"Content-Type", b"Cookie", b"Host", b"Origin"}
    | {b"X-Csrf-Token"}
)


class Lines(Protocol):
    """Where header lines come from."""

    def readline(self) -> bytes:
        """The next line with its end; empty at the end of the stream."""


class StrictHeaders(HeaderReader):
    """Reads header lines. Raises ValueError, which cheroot answers with 400 and a closed line."""

    def __call__(self, rfile: Lines, hdict: dict[bytes, bytes] | None = None) -> dict[bytes, bytes]:
        """The headers, by title-cased name; repeated ones are joined with a comma."""
        found: dict[bytes, bytes] = {} if hdict is None else hdict
        while (line := rfile.readline()) != b"\r\n":
            name, value = _field(line)
            if name in found and name in _ONCE:
                raise ValueError("This header must not be repeated.")
            found[name] = b", ".join((found[name], value)) if name in found else value
        _check_length(found)
        return found


def _field(line: bytes) -> tuple[bytes, bytes]:
    match = _FIELD.fullmatch(line)
    if match is None:
        raise ValueError("Illegal header line.")
    return match[1].title(), match[2]


def _check_length(headers: dict[bytes, bytes]) -> None:
    if b"Transfer-Encoding" in headers:
        raise ValueError("Send a Content-Length, not a Transfer-Encoding.")
    if not _LENGTH.fullmatch(headers.get(b"Content-Length", b"0")):
        raise ValueError("Malformed Content-Length Header.")


class StrictRequest(HTTPRequest):
    """A request whose line and headers have one meaning."""

    header_reader = StrictHeaders()

    def read_request_line(self) -> Any:
        """Whether the first line is in order; if not, it was answered."""
        if not super().read_request_line():  # type: ignore[no-untyped-call]
            return False
        if _HIDDEN.search(self.uri):
            self.simple_response("400 Bad Request", "Malformed Request-URI")
            return False
        return True
