"""Reading foreign JSON: every look at a field either gives a proper value or raises Unreadable.

Gate writes numbers as strings, integers or floats depending on the field and the version, so the
readers take all of them; what is missing, of another kind or absurdly large is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from mtrade.domain.numbers import ZERO, wire
from mtrade.gate.faults import Unreadable, printable

T = TypeVar("T")

# Most of what comes: plain digits that need none of the checks below.
SHORT = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?").fullmatch
TEXT_LIMIT = 256
LARGEST_EXPONENT = 30
MS_FROM = Decimal(100_000_000_000)  # a time above this is in milliseconds, below in seconds


class Row:
    """One JSON object of the exchange; `what` names it in the error."""

    __slots__ = ("_data", "_what")

    def __init__(self, raw: object, what: str) -> None:
        if not isinstance(raw, dict):
            raise Unreadable(f"{what}: an object was expected, not {type(raw).__name__}")
        self._data: dict[str, Any] = raw
        self._what = what

    def has(self, name: str) -> bool:
        """Whether the field is there and neither null nor an empty string."""
        return self._data.get(name) not in (None, "")

    def raw(self, name: str) -> object:
        """The field as it came; None when it is missing."""
        return self._data.get(name)

    def row(self, name: str) -> Row:
        """A nested object."""
        return Row(self._data.get(name), f"{self._what}.{name}")

    def text(self, name: str, default: str | None = None) -> str:
        """A string, or a whole number as text (ids are strings above the wire)."""
        value = self._data.get(name)
        if type(value) is str and len(value) <= TEXT_LIMIT and value.isprintable():
            return value
        if value is None and default is not None:
            return default
        return as_text(value, f"{self._what}.{name}")

    def note(self, name: str) -> str:
        """Free text for people: cleaned and cut rather than refused."""
        value = self._data.get(name)
        return printable(value) if isinstance(value, str) else ""

    def number(self, name: str, default: Decimal | None = None) -> Decimal:
        """A decimal; a missing or empty field gives `default`, if there is one."""
        value = self._data.get(name)
        if type(value) is str and SHORT(value):
            number = Decimal(value)
            return ZERO if number.is_zero() else number
        if default is not None and value in (None, ""):
            return default
        return as_number(value, f"{self._what}.{name}")

    def positive(self, name: str) -> Decimal | None:
        """A price or limit for which missing, empty, zero and below mean "none"."""
        value = self.number(name, ZERO)
        return value if value > 0 else None

    def whole(self, name: str, default: int | None = None) -> int:
        """An integer."""
        if not self.has(name) and default is not None:
            return default
        return as_whole(self._data.get(name), f"{self._what}.{name}")

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean, also written as text or as 0 and 1."""
        value = self._data.get(name)
        if value is None or value == "":
            return default
        if isinstance(value, bool):
            return value
        word = str(value).lower() if isinstance(value, str | int) else ""
        if word in ("true", "1"):
            return True
        if word in ("false", "0"):
            return False
        raise Unreadable(f"{self._what}.{name}: neither true nor false")

    def ms(self, *names: str, default: int | None = None) -> int:
        """A time in UTC ms from the first of `names` that is there, in seconds or milliseconds."""
        for name in names:
            value = self._data.get(name)
            if value not in (None, ""):
                return as_ms(value, f"{self._what}.{name}")
        if default is not None:
            return default
        raise Unreadable(f"{self._what}: no time in {', '.join(names)}")


def as_text(value: object, what: str) -> str:
    """A short printable string."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unreadable(f"{what}: text was expected, not {type(value).__name__}")
    if isinstance(value, int) and abs(value) >= 10**40:
        raise Unreadable(f"{what}: number too large for an id")
    word = str(value)
    if len(word) > TEXT_LIMIT or not word.isprintable():
        raise Unreadable(f"{what}: text is too long or not printable")
    return word


def as_number(value: object, what: str) -> Decimal:
    """A finite decimal of a size that money can have."""
    if isinstance(value, int) and abs(value) >= 10**40:
        raise Unreadable(f"{what}: number out of range")
    try:
        # What the JSON reader made is a proper number already.
        number = value if type(value) is Decimal and value.is_finite() else wire(value)
    except (ValueError, ArithmeticError):
        raise Unreadable(f"{what}: not a number") from None
    if not number.is_zero() and abs(number.adjusted()) > LARGEST_EXPONENT:
        raise Unreadable(f"{what}: number out of range")
    return number


def as_whole(value: object, what: str) -> int:
    """An integer, also written as text or as a decimal without a fraction."""
    number = as_number(value, what)
    whole = int(number)
    if whole != number:
        raise Unreadable(f"{what}: a whole number was expected")
    return whole


def as_ms(value: object, what: str) -> int:
    """UTC milliseconds from seconds or milliseconds, whole or with a fraction."""
    number = as_number(value, what)
    if number < 0 or number >= 10**16:
        raise Unreadable(f"{what}: not a time")
    return int(number if number >= MS_FROM else number * 1000)


def rows(raw: object, parse: Callable[[Any], T], what: str) -> tuple[T, ...]:
    """Every element of a list. One unreadable element makes the list unreadable: a row that is
    left out would read as "there is none"."""
    if not isinstance(raw, list):
        raise Unreadable(f"{what}: a list was expected, not {type(raw).__name__}")
    return tuple(parse(item) for item in raw)
