"""Decimal numbers, from the wire to the screen.

Money never passes through a float. Text enters through `parse`, which refuses what is not a plain
finite decimal *before* any arithmetic; JSON enters through `loads`.
"""

from __future__ import annotations

import json
import re
from decimal import (
    Context,
    Decimal,
    DefaultContext,
    FloatOperation,
    InvalidOperation,
    Overflow,
    setcontext,
)
from typing import Any

from msgspec import DecodeError
from msgspec.json import Decoder

from mtrade.domain.errors import InvalidRequest

ZERO = Decimal(0)
ONE = Decimal(1)

CONTEXT = Context(prec=34, traps=[InvalidOperation, Overflow, FloatOperation])

# Wide enough that a grid computation never rounds: dividing first would round a number just below
# a step up to it.
_EXACT = Context(prec=120, traps=[InvalidOperation, Overflow, FloatOperation])

_PLAIN = re.compile(r"-?(?:\d{1,24})(?:\.\d{1,24})?")
_WIRE = re.compile(r"[+-]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:[eE][+-]?\d{1,3})?")


def use_decimal_context() -> None:
    """Install the money context in the calling thread and in every thread started later."""
    DefaultContext.prec = CONTEXT.prec
    DefaultContext.traps[FloatOperation] = True
    setcontext(CONTEXT.copy())


def parse(text: object, *, field: str = "value") -> Decimal:
    """Read a number typed by a person or sent by a script: plain digits, dot or comma.

    Refuses exponents, NaN, infinities, signs alone and anything over 24 digits a side, so that no
    arithmetic is ever done on a hostile number. Raises InvalidRequest naming `field`.
    """
    if isinstance(text, bool) or not isinstance(text, str | int | Decimal):
        raise _not_a_number(field)
    plain = str(text).strip().replace(",", ".")
    if not plain.isascii() or not _PLAIN.fullmatch(plain):
        raise _not_a_number(field)
    number = CONTEXT.create_decimal(plain)
    return ZERO if number.is_zero() else number


def wire(value: object) -> Decimal:
    """Read a number the exchange sent: a string, or a JSON number kept as Decimal or int.

    Raises ValueError when it is none; callers turn that into an exchange error at their door.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError(f"not a number: {type(value).__name__}")
    plain = str(value)
    if not _WIRE.fullmatch(plain):
        raise ValueError("not a finite decimal")
    number = CONTEXT.create_decimal(plain)
    return ZERO if number.is_zero() else number


def text(number: Decimal) -> str:
    """Canonical text: no exponent, no trailing zeros, no negative zero."""
    if number.is_zero():
        return "0"
    plain = str(number)
    if "E" in plain:
        plain = format(number, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def round_down(number: Decimal, step: Decimal) -> Decimal:
    """The nearest multiple of `step` toward zero."""
    return _EXACT.subtract(number, _EXACT.remainder(number, step))


def floor(number: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` not above `number`."""
    toward_zero = round_down(number, step)
    return toward_zero if toward_zero <= number else _EXACT.subtract(toward_zero, step)


def ceiling(number: Decimal, step: Decimal) -> Decimal:
    """The smallest multiple of `step` not below `number`."""
    toward_zero = round_down(number, step)
    return toward_zero if toward_zero >= number else _EXACT.add(toward_zero, step)


def is_multiple(number: Decimal, step: Decimal) -> bool:
    """Whether `number` lies on the grid of `step`."""
    return _EXACT.remainder(number, step).is_zero()


def loads(body: str | bytes) -> Any:
    """Strict JSON: numbers with a point become Decimal, NaN and infinities raise ValueError."""
    try:
        return _QUICK.decode(body)
    except (DecodeError, UnicodeError, RecursionError):
        return _thoroughly(body)


def _thoroughly(body: str | bytes) -> Any:
    """The same by the standard library, which has the last word on what `_QUICK` refuses."""
    if isinstance(body, bytes | bytearray):
        body = body.decode(json.detect_encoding(body), "surrogatepass")
    return _DECODER.decode(body)


def dumps(value: object) -> str:
    """Compact JSON; a Decimal becomes its canonical text as a JSON string."""
    return _ENCODER.encode(value)


def _as_text(value: object) -> str:
    if isinstance(value, Decimal):
        return text(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


# Made once: `json.dumps` and `json.loads` with arguments make one for each call.
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=_as_text)


def _json_decimal(digits: str) -> Decimal:
    if len(digits) > 80:
        raise ValueError("number too long")
    number = CONTEXT.create_decimal(digits)
    if not number.is_finite() or abs(number.adjusted()) > 400:
        raise ValueError("number out of range")
    return number


def _refuse_constant(name: str) -> Decimal:
    raise ValueError(f"{name} is not a number")


_DECODER = json.JSONDecoder(parse_float=_json_decimal, parse_constant=_refuse_constant)
_QUICK = Decoder(float_hook=_json_decimal)


def _not_a_number(field: str) -> InvalidRequest:
    return InvalidRequest(
        f"{field} is not a number like 0.012", fields={field: "must be a number like 0.012"}
    )
