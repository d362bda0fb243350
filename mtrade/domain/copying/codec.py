"""Parameters as people and scripts write them, checked against the table of rules.

Numbers and money are decimal text, a share is `5%` or `250`, a parameter that is off is null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from mtrade.domain.copying.choices import LeverageMode, SizeMode
from mtrade.domain.copying.params import RULES, CopyParams, Group, Kind, Rule, Share
from mtrade.domain.errors import InvalidRequest
from mtrade.domain.frozen import replace
from mtrade.domain.numbers import parse, text

MOST_NAMES, MOST_STEPS = 200, 10
_FIXED = frozenset({SizeMode.FIXED_NOTIONAL, SizeMode.FIXED_MARGIN, SizeMode.FIXED_CONTRACTS})
# Of the size settings these act at once, as limits do; the others fix the next episode's ratio.
_AT_ONCE = frozenset({"side_filter", "rounding", "below_min", "max_bump_factor", "add_rule",
                      "resize_tolerance"})  # fmt: skip


class _Wrong(ValueError):
    """Why a value is refused."""


def written(params: CopyParams) -> dict[str, Any]:
    """All parameters as JSON carries them; `changed(written(p), CopyParams())` is `p` again."""
    return {name: _plain(getattr(params, name)) for name in RULES}


def changed(raw: Mapping[str, object], base: CopyParams) -> CopyParams:
    """`base` with these values. Raises InvalidRequest naming every wrong field and its limit."""
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
    params = replace(base, **found)
    faults = {**_together(params), **faults}
    if faults:
        raise InvalidRequest("please correct the marked fields", fields=faults)
    return params


def from_next_episode(before: CopyParams, after: CopyParams) -> tuple[str, ...]:
    """The changes that open positions do not feel: they act from the next episode."""
    return tuple(
        name for name, rule in RULES.items()
        if rule.group is Group.SIZE and name not in _AT_ONCE
        and getattr(before, name) != getattr(after, name)
    )  # fmt: skip


def _together(params: CopyParams) -> dict[str, str]:
    """What one choice asks of another parameter."""
    faults = {}
    if params.size_mode in _FIXED and params.amount is None:
        faults["amount"] = "is required"
    if params.leverage_mode is LeverageMode.FIXED and params.fixed_leverage is None:
        faults["fixed_leverage"] = "is required"
    return faults


def _plain(value: Any) -> Any:
    if isinstance(value, Share):
        return f"{text(value.value)}{'%' if value.percent else ''}"
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Decimal):
        return text(value)
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def _value(rule: Rule, raw: object) -> Any:
    if raw is None:
        if not rule.optional:
            raise _Wrong("is required")
        return None
    return _READERS[rule.kind](rule, raw)


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


def _choice(rule: Rule, raw: object) -> StrEnum:
    words = [] if rule.choices is None else [word.value for word in rule.choices]
    if rule.choices is None or not isinstance(raw, str) or raw not in words:
        raise _Wrong(f"must be one of {', '.join(words)}")
    return rule.choices(raw)


def _names(rule: Rule, raw: object) -> tuple[str, ...]:
    parts = raw.replace(",", " ").split() if isinstance(raw, str) else raw
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise _Wrong("must be a list of contracts like BTC_USDT")
    names = tuple(dict.fromkeys(part.strip().upper() for part in parts if part.strip()))
    if len(names) > MOST_NAMES:
        raise _Wrong(f"maximum is {MOST_NAMES}")
    if not all(name.replace("_", "").isalnum() and len(name) <= 40 for name in names):
        raise _Wrong("must be a list of contracts like BTC_USDT")
    return names


def _steps(rule: Rule, raw: object) -> tuple[Decimal, ...]:
    parts = raw.replace(",", " ").split() if isinstance(raw, str) else raw
    if not isinstance(parts, list | tuple) or not 1 <= len(parts) <= MOST_STEPS:
        raise _Wrong(f"must be 1 to {MOST_STEPS} numbers")
    return tuple(_number(rule, part) for part in parts)


def _share(rule: Rule, raw: object) -> Share:
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        raise _Wrong("must be an amount like 250 or a share like 5%")
    words = str(raw).strip()
    percent = words.endswith("%")
    number = _number(rule, words.removesuffix("%").strip())
    if percent and number > _MOST_PERCENT:
        raise _Wrong(f"maximum is {text(_MOST_PERCENT)}%")
    return Share(number, percent)


_MOST_PERCENT = Decimal(10_000)
_READERS: dict[Kind, Callable[[Rule, object], Any]] = {
    Kind.NUMBER: _number,
    Kind.WHOLE: _whole,
    Kind.FLAG: _flag,
    Kind.CHOICE: _choice,
    Kind.NAMES: _names,
    Kind.STEPS: _steps,
    Kind.SHARE: _share,
}
