"""Parameters as people and scripts write them, checked against the table of rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from mtrade.domain.copying.params import RULES, CopyParams, Kind, Rule, Share
from mtrade.domain.errors import InvalidRequest
from mtrade.domain.numbers import parse, text


class _Wrong(ValueError):
    """Why a value is refused."""


def params_changed(raw: Mapping[str, object], base: CopyParams) -> CopyParams:
    """`base` with these values. Raises InvalidRequest naming every wrong field."""
    found: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name, value in raw.items():
        rule = RULES.get(name)
        if rule is None:
            faults[name] = "unknown field"
            continue
        try:
            found[name] = _value(rule, value)
        except _Wrong as why:
            faults[name] = str(why)
        except InvalidRequest:
            faults[name] = "must be a number like 0.012"
    if faults:
        raise InvalidRequest("please correct the marked fields", fields=faults)
    return replace(base, **found)


def _value(rule: Rule, raw: object) -> Any:
    if raw is None:
        if not rule.optional:
            raise _Wrong("is required")
        return None
    readers = {
        Kind.NUMBER: _number,
        Kind.WHOLE: _whole,
        Kind.FLAG: _flag,
        Kind.CHOICE: _choice,
        Kind.NAMES: _names,
        Kind.STEPS: _steps,
        Kind.SHARE: _share,
    }
    return readers[rule.kind](rule, raw)


def _number(rule: Rule, raw: object) -> Decimal:
    number = parse(raw)
    if rule.low is not None and number < rule.low:
        raise _Wrong(f"minimum is {text(rule.low)}")
    if rule.high is not None and number > rule.high:
        raise _Wrong(f"maximum is {text(rule.high)}")
    return number


def _whole(rule: Rule, raw: object) -> int:
    number = _number(rule, raw)
    if number != number.to_integral_value():
        raise _Wrong("must be a whole number")
    return int(number)


def _flag(rule: Rule, raw: object) -> bool:
    if not isinstance(raw, bool):
        raise _Wrong("must be true or false")
    return raw


def _choice(rule: Rule, raw: object) -> Any:
    if rule.choices is None or not isinstance(raw, str) or raw not in list(rule.choices):
        raise _Wrong("is not valid")
    return rule.choices(raw)


def _names(rule: Rule, raw: object) -> tuple[str, ...]:
    parts = raw.replace(",", " ").split() if isinstance(raw, str) else raw
    if not isinstance(parts, list | tuple) or not all(isinstance(p, str) for p in parts):
        raise _Wrong("is not valid")
    return tuple(dict.fromkeys(str(part).strip().upper() for part in parts))


def _steps(rule: Rule, raw: object) -> tuple[Decimal, ...]:
    parts = raw.split() if isinstance(raw, str) else raw
    if not isinstance(parts, list | tuple) or not parts:
        raise _Wrong("is not valid")
    return tuple(_number(rule, part) for part in parts)


def _share(rule: Rule, raw: object) -> Share:
    words = str(raw).strip() if isinstance(raw, str | int | Decimal) else ""
    percent = words.endswith("%")
    return Share(_number(rule, words.removesuffix("%").strip()), percent)
