"""JSON of the sockets: exact numbers out, and the raw text of a member in.

Gate sends some amounts as JSON numbers on its sockets. Here a Decimal leaves as its own digits, so
that no binary float ever stands between the exchange and its client.
"""

from __future__ import annotations

import json
from decimal import Decimal
from json.decoder import JSONDecodeError
from json.encoder import encode_basestring as _quoted

from mtrade.domain.numbers import dumps, text

_DECODER = json.JSONDecoder()
_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
_BLANK = " \t\n\r"


def exact(value: object) -> str:
    """Compact JSON; a Decimal becomes a JSON number with all its digits."""
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Decimal):
        return text(value)
    if isinstance(value, dict):
        pairs = [f"{_quoted(str(name))}:{exact(item)}" for name, item in value.items()]
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([exact(item) for item in value]) + "]"
    return str(value) if type(value) is int else dumps(value)


def echo(value: object) -> str:
    """The same as `exact`, quicker for what has no Decimal in it."""
    try:
        return _ENCODER.encode(value)
    except TypeError:
        return exact(value)


def quoted(word: str) -> str:
    """A text as JSON."""
    return _quoted(word)


def raw_member(document: str, *path: str) -> str | None:
    """The text of a member as it was sent, None when there is none. `document` must be valid JSON.

    A login is signed over the very characters of `req_param` (Gate docs), so re-writing the parsed
    value would not do. Of a repeated name the last one counts, as in every parser.
    """
    start, end = _skip(document, 0), len(document)
    for name in path:
        found = _member(document, start, name)
        if found is None:
            return None
        start, end = found
    return document[start:end]


def _member(document: str, at: int, name: str) -> tuple[int, int] | None:
    """Where the value of `name` stands in the object that begins at `at`."""
    found: tuple[int, int] | None = None
    if not document.startswith("{", at):
        return None
    at = _skip(document, at + 1)
    while document.startswith('"', at):
        label, at = _DECODER.raw_decode(document, at)
        start = _skip(document, _skip(document, at) + 1)
        end = _end(document, start)
        if label == name:
            found = (start, end)
        at = _skip(document, end)
        if document.startswith(",", at):
            at = _skip(document, at + 1)
    return found


def _end(document: str, start: int) -> int:
    try:
        return _DECODER.raw_decode(document, start)[1]
    except JSONDecodeError as error:
        raise ValueError(str(error)) from None


def _skip(document: str, at: int) -> int:
    while at < len(document) and document[at] in _BLANK:
        at += 1
    return at
