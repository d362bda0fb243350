"""Reads what a caller sent, tolerantly where Gate is, and refuses the rest with Gate's labels.

Numbers may come as text or as JSON numbers, booleans in any case (Python's SDK sends `True`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mtrade.domain.numbers import wire
from mtrade.paper.faults import GateFault

Source = Mapping[str, Any]

_DIGITS = 24
_NO_EXPONENT = re.compile(r"[\d.-]+", re.ASCII).fullmatch


def as_object(value: object) -> dict[str, Any]:
    """The JSON object of a body."""
    if not isinstance(value, dict):
        raise GateFault("INVALID_REQUEST_BODY", "the body must be a JSON object")
    return value


def as_list(value: object, most: int) -> list[Any]:
    """The JSON array of a body, with 1 to `most` items."""
    if not isinstance(value, list):
        raise GateFault("INVALID_REQUEST_BODY", "the body must be a JSON array")
    if not 1 <= len(value) <= most:
        raise GateFault("INVALID_PARAM_VALUE", f"the array must have 1 to {most} items")
    return value


def word(source: Source, name: str, default: str | None = None) -> str:
    """A text; without a default it must be there. A JSON integer is taken as its digits."""
    value = source.get(name)
    if value is None or value == "":
        if default is None:
            raise GateFault("MISSING_REQUIRED_PARAM", f"Missing required parameter: {name}")
        return default
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise wrong(name)
    return str(value)


def choice(source: Source, name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    """A text out of a closed list."""
    value = word(source, name, default)
    if value not in allowed:
        raise wrong(name)
    return value


def number(source: Source, name: str, default: Decimal | None = None) -> Decimal:
    """A finite decimal of at most 24 digits each side of the point."""
    value = source.get(name)
    if value is None or value == "":
        if default is None:
            raise GateFault("MISSING_REQUIRED_PARAM", f"Missing required parameter: {name}")
        return default
    try:
        plain = wire(value)
    except ValueError:
        raise wrong(name) from None
    if isinstance(value, str) and len(value) <= _DIGITS and _NO_EXPONENT(value):
        return plain
    exponent = plain.as_tuple().exponent
    if plain.adjusted() >= _DIGITS or (isinstance(exponent, int) and exponent < -_DIGITS):
        raise wrong(name)
    return Decimal(format(plain, "f"))


def whole(source: Source, name: str, default: int, low: int, high: int) -> int:
    """An integer within limits; `default` when absent."""
    value = source.get(name)
    if value is None or value == "":
        return default
    plain = number(source, name)
    if plain != plain.to_integral_value() or not low <= plain <= high:
        raise wrong(name)
    return int(plain)


def flag(source: Source, name: str, default: bool = False) -> bool:
    """A boolean: JSON's, or `true`, `1`, `false`, `0` in any case."""
    value = source.get(name)
    if value is None or value == "":
        return default
    plain = str(value).lower()
    if plain not in ("true", "false", "1", "0"):
        raise wrong(name)
    return plain in ("true", "1")


def wrong(name: str) -> GateFault:
    """The refusal of a value that makes no sense."""
    return GateFault("INVALID_PARAM_VALUE", f"Invalid parameter value: {name}")
