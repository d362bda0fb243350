"""Turns flat dataclasses into JSON rows and back: decimals as text, everything else as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any, TypeVar, get_type_hints

from mtrade.domain.numbers import text

T = TypeVar("T")

_HINTS: dict[type, tuple[tuple[str, Any], ...]] = {}


def pack(record: Any) -> dict[str, Any]:
    """The JSON values of a dataclass instance, field by field."""
    return {item.name: _plain(getattr(record, item.name)) for item in fields(record) if item.init}


def unpack(kind: type[T], data: Mapping[str, Any]) -> T:
    """An instance of the dataclass `kind` from what `pack` made of one."""
    return kind(**{name: _typed(hint, data[name]) for name, hint in _hints(kind) if name in data})


def _plain(value: Any) -> Any:
    return text(value) if isinstance(value, Decimal) else value


def _typed(hint: Any, value: Any) -> Any:
    if hint is Decimal:
        return Decimal(value)
    return hint(value) if isinstance(hint, type) and value is not None else value


def _hints(kind: type) -> tuple[tuple[str, Any], ...]:
    """The types of the fields; looked up once, because start restores thousands of rows."""
    known = _HINTS.get(kind)
    if known is None:
        known = _HINTS[kind] = tuple(get_type_hints(kind).items())
    return known
