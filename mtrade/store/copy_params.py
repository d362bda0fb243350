"""The parameters of a link as stored: JSON text, one key a parameter. Pure.

A key this version does not know is ignored, one that is missing has its default.
"""

from __future__ import annotations

import json
from decimal import Decimal
from enum import StrEnum
from typing import Any

from mtrade.domain.copying.params import RULES, CopyParams, Kind, Rule, Share
from mtrade.domain.numbers import CONTEXT, dumps, text


def params_text(params: CopyParams) -> str:
    """All parameters as JSON."""
    return dumps({name: _plain(getattr(params, name)) for name in RULES})


def params_from(stored: str) -> CopyParams:
    """What `params_text` wrote. Raises ValueError or TypeError when a value makes no sense."""
    raw = json.loads(stored)
    if not isinstance(raw, dict):
        raise TypeError("parameters are an object")
    return CopyParams(
        **{name: _value(rule, raw[name]) for name, rule in RULES.items() if name in raw}
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Share):
        return f"{text(value.value)}{'%' if value.percent else ''}"
    if isinstance(value, StrEnum):
        return value.value
    return value


def _value(rule: Rule, raw: Any) -> Any:
    if raw is None:
        return None
    match rule.kind:
        case Kind.NUMBER:
            return _number(raw)
        case Kind.SHARE:
            return _share(str(raw))
        case Kind.STEPS:
            return tuple(map(_number, raw))
        case Kind.NAMES:
            return tuple(map(str, raw))
        case Kind.CHOICE if rule.choices is not None:
            return rule.choices(raw)
        case _:
            return raw


def _share(raw: str) -> Share:
    return Share(_number(raw.removesuffix("%")), raw.endswith("%"))


def _number(raw: Any) -> Decimal:
    if not isinstance(raw, str):
        raise TypeError("a number is stored as text")
    return CONTEXT.create_decimal(raw)
