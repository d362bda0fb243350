"""Field types of the API: every value of a body or query is one of these.

Numbers enter through `mtrade.domain.numbers.parse`, so exponents, NaN, booleans and endless digits
are refused before any arithmetic. A refusal names the limit and never repeats the input.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, WithJsonSchema
from pydantic_core import PydanticCustomError

from mtrade.domain import numbers
from mtrade.domain.errors import InvalidRequest

# Bounds of plain sense: with them no sum or quotient of the money arithmetic can lose digits.
LARGEST = Decimal(10) ** 15
SMALLEST = Decimal(10) ** -12

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_INTEGER = re.compile(r"-?[0-9]{1,15}")


REFUSED = "refused"


def fault(template: str, **params: object) -> PydanticCustomError:
    """A refusal in English; the catalogue's `fields.*` texts translate it."""
    texts = {name: str(value) for name, value in params.items()}
    return PydanticCustomError(REFUSED, template, texts)


def _number(value: object) -> Decimal:
    try:
        return numbers.parse(value)
    except InvalidRequest:
        raise fault("must be a number like 0.012") from None


def _in_range(value: Decimal) -> Decimal:
    if abs(value) > LARGEST:
        raise fault("maximum is {limit}", limit=numbers.text(LARGEST))
    return value


def _positive(value: Decimal) -> Decimal:
    if value <= 0:
        raise fault("must be above {limit}", limit=0)
    if value < SMALLEST:
        raise fault("minimum is {limit}", limit=numbers.text(SMALLEST))
    return value


def _percent(value: Decimal) -> Decimal:
    if value > 100:
        raise fault("maximum is {limit}", limit=100)
    return value


def _not_zero(value: Decimal) -> Decimal:
    if value.is_zero():
        raise fault("must not be 0")
    return value


def _integer(value: object) -> int:
    """A whole number; in a query it is text. A boolean is no number."""
    plain = value if isinstance(value, str) else str(value) if type(value) is int else ""
    if not _INTEGER.fullmatch(plain):
        raise fault("must be a whole number")
    return int(plain)


def _printable(value: str) -> str:
    """Trimmed text without control or direction characters and without broken surrogates."""
    plain = value.strip()
    if _CONTROL.search(plain) or not plain.isprintable():
        raise fault("must not contain control characters")
    return plain


def _flag(value: object) -> object:
    """In a query a boolean is the word `true` or `false`."""
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _plain_json(value: object) -> object:
    """`value` as any JSON reader gives it back: numbers with a point are floats, never money."""
    try:
        return json.loads(json.dumps(value, default=_float, allow_nan=False).encode("utf-8"))
    except (ValueError, RecursionError):
        raise fault("must be plain JSON") from None


def _float(value: object) -> float:
    if not isinstance(value, Decimal):
        raise ValueError("not JSON")
    return float(str(value))


_DECIMAL_TEXT = WithJsonSchema({"type": "string", "examples": ["0.012"], "format": "decimal"})

Number = Annotated[Decimal, BeforeValidator(_number), AfterValidator(_in_range), _DECIMAL_TEXT]
Positive = Annotated[Number, AfterValidator(_positive)]
Percent = Annotated[Positive, AfterValidator(_percent)]
Change = Annotated[Number, AfterValidator(_not_zero)]
Whole = Annotated[int, BeforeValidator(_integer)]
Flag = Annotated[bool, BeforeValidator(_flag), Field(strict=True)]
PlainJson = Annotated[Any, BeforeValidator(_plain_json)]

Text = Annotated[str, Field(strict=True), AfterValidator(_printable)]
Name = Annotated[Text, Field(min_length=1, max_length=40)]
Reason = Annotated[Text, Field(min_length=3, max_length=200)]
Colour = Annotated[str, Field(strict=True, pattern=r"^(#[0-9a-fA-F]{6})?$", examples=["#4c9aff"])]
Nonce = Annotated[str, Field(strict=True, pattern=r"^[\x21-\x7e]{1,128}$")]

RequestId = Annotated[
    str, Field(strict=True, pattern=r"^[A-Za-z0-9_-]{8,64}$", examples=["my-order-0001"])
]
AccountId = Annotated[
    str,
    Field(strict=True, pattern=r"^[a-z]{1,16}:[A-Za-z0-9]{1,32}$", examples=["paper:10001"]),
]
InstrumentName = Annotated[
    str, Field(strict=True, pattern=r"^[A-Z0-9]{1,24}_[A-Z0-9]{1,12}$", examples=["BTC_USDT"])
]
Currency = Annotated[str, Field(strict=True, pattern=r"^[A-Z0-9]{1,24}$", examples=["USDT"])]
Settle = Literal["usdt", "btc"]
Interval = Literal["10s", "1m", "5m", "15m", "30m", "1h", "4h", "8h", "1d", "7d", "30d"]
StateKey = Annotated[str, Field(strict=True, pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]

ApiKey = Annotated[str, Field(strict=True, pattern=r"^[\x21-\x7e]{8,128}$")]
ApiSecret = Annotated[SecretStr, Field(min_length=8, max_length=256)]
Password = Annotated[SecretStr, Field(min_length=1, max_length=512)]
SetupCode = Annotated[SecretStr, Field(min_length=1, max_length=64)]
