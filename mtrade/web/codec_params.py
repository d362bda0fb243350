"""The parameters of a link as JSON, and the table of them in the caller's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum

from mtrade.domain import numbers
from mtrade.domain.copying.params import RULES, CopyParams, Group, Rule, Share
from mtrade.web.codec import Json
from mtrade.web.copy_words import Words


def params(found: CopyParams) -> Json:
    """All parameters as the API writes them."""
    return {field.name: _plain(getattr(found, field.name)) for field in fields(found)}


def parameters(words: Words) -> Json:
    """The table of parameters: what the settings drawer is built from."""
    defaults = params(CopyParams())
    return {
        "groups": [{"name": g, "label": _said(words, f"copy.group.{g}")} for g in Group],
        "items": [_rule(name, rule, defaults[name], words) for name, rule in RULES.items()],
    }


def _rule(name: str, rule: Rule, default: object, words: Words) -> Json:
    return {
        "name": name,
        "group": rule.group,
        "kind": rule.kind,
        "default": default,
        "low": rule.low,
        "high": rule.high,
        "unit": rule.unit,
        "unit_label": words.text(f"copy.unit.{rule.unit}") or rule.unit,
        "optional": rule.optional,
        "choices": _choices(rule.choices, words),
        "label": _said(words, f"copy.param.{name}"),
        "help": _said(words, f"copy.param.{name}.help"),
    }


def _choices(enum: type[StrEnum] | None, words: Words) -> list[Mapping[str, str]] | None:
    if enum is None:
        return None
    name = f"copy.choice.{enum.__name__}"
    return [{"value": one.value, "label": _said(words, f"{name}.{one}")} for one in enum]


def _said(words: Words, key: str) -> str:
    return words.text(key) or key


def _plain(value: object) -> object:
    if isinstance(value, Share):
        return f"{numbers.text(value.value)}{'%' if value.percent else ''}"
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value
