"""Copying as the JSON of docs/api.md, sentences in the caller's language."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from mtrade.domain import numbers
from mtrade.domain.copying.codes import Act, Reason
from mtrade.domain.copying.model import Control, CopyEvent, LinkState
from mtrade.domain.copying.params import RULES, CopyParams, Group, Rule, Share
from mtrade.domain.instruments import InstrumentId
from mtrade.trading.copying.views import (
    LinkPlan,
    LinkView,
    PlannedOrder,
    PlanRow,
    SyncRow,
    TicketRow,
)
from mtrade.web.codec import Json
from mtrade.web.copy_words import Words

RATIO_STEP = Decimal("0.00000001")
COUNTED = (Act.SEEN, Act.COPIED, Act.CLIPPED, Act.SKIPPED, Act.FAILED)


def reason(found: Reason | None, words: Words) -> Json | None:
    """Why, with its sentence."""
    if found is None:
        return None
    return {
        "code": found.code,
        "numbers": dict(found.numbers),
        "text": words.reason(found),
        "human": found.human,
    }


def link(view: LinkView, words: Words) -> Json:
    """A link and how it stands."""
    row = view.link
    last = view.last_action
    return {
        "id": str(row.id),
        "name": row.name,
        "note": row.note,
        "colour": row.colour,
        "leader": {"id": row.leader_id, "name": view.leader_name},
        "follower": {"id": row.follower_id, "name": view.follower_name},
        "settle": row.settle,
        "state": row.state,
        "since_ms": row.since_ms,
        "reason": _state_reason(view, words),
        "params": params(row.params),
        "version": row.version,
        "armed_ms": row.armed_ms,
        "leaving": row.leaving,
        "transport": view.transport,
        "leader_live": view.leader_live,
        "leader_age_ms": view.leader_age_ms,
        "lag_ms": None if view.lag_ms is None else str(view.lag_ms),
        "gap_bps": view.gap_bps,
        "pnl": view.pnl,
        "owned_value": view.owned_value,
        "legs_in_sync": view.legs_in_sync,
        "legs": view.legs,
        "last_action": None if last is None else event(last, words),
        "counts": {act.value: view.counts.get(act, 0) for act in COUNTED},
        "warnings": [reason(found, words) for found in view.warnings],
    }


def _state_reason(view: LinkView, words: Words) -> Json | None:
    """A link that copies has no reason of its own; one left by an earlier state is not shown."""
    return None if view.link.state is LinkState.ON else reason(view.link.why, words)


def sync_row(row: SyncRow, words: Words) -> Json:
    """One contract of a link."""
    return {
        "link_id": str(row.link_id),
        **_contract(row.instrument),
        "side": row.side,
        "leader": row.leader,
        "target": row.target,
        "owned": row.owned,
        "pending": None if row.pending.is_zero() else row.pending,
        "foreign": row.foreign,
        "drift": row.drift,
        "leader_age_ms": row.leader_age_ms,
        "k": _ratio(row.k),
        "k_eff": _ratio(row.k_eff),
        "status": row.status,
        "reason": reason(row.reason, words),
        "in_sync": row.in_sync,
        "actions": list(row.actions),
    }


def plan(found: LinkPlan, words: Words) -> Json:
    """What a link would send now. `hash` names these very orders."""
    return {
        "rows": [plan_row(row, words) for row in found.rows],
        "total_value": found.total_value,
        "problems": [reason(one, words) for one in found.problems],
        "hash": plan_hash(found),
    }


def plan_row(row: PlanRow, words: Words) -> Json:
    """One contract of it."""
    return {
        **_contract(row.instrument),
        "side": row.side,
        "leader": row.leader,
        "target": row.target,
        "owned": row.owned,
        **_does(row.order, row.reason, words),
    }


def ticket_row(row: TicketRow, words: Words) -> Json:
    """What one follower would do."""
    return {
        "link_id": str(row.link_id),
        "follower": row.follower_name,
        **_does(row.order, row.reason, words),
    }


def _does(order: PlannedOrder | None, why: Reason | None, words: Words) -> Json:
    sent = None if order is None else _order(order)
    text = "" if why is None else words.reason(why)
    return {"order": sent, "reason": reason(why, words), "text": text}


def _order(order: PlannedOrder) -> Json:
    return {
        "side": order.side,
        "size": order.size,
        "price": order.price,
        "reduce_only": order.reduce_only,
        "value": order.value,
    }


def plan_hash(found: LinkPlan) -> str:
    """The same for the same orders; prices may move meanwhile, sizes and sides may not."""
    lines = sorted(
        f"{row.instrument}|{row.side}|{row.order.side}|{numbers.text(row.order.size)}"
        f"|{row.order.reduce_only}"
        for row in found.rows
        if row.order is not None
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def event(row: CopyEvent, words: Words) -> Json:
    """One row of the feed."""
    return {
        "id": str(row.id),
        "time_ms": row.time_ms,
        "link_id": str(row.link_id),
        "act": row.act,
        "code": row.code,
        "instrument": None if row.instrument is None else row.instrument.name,
        "side": row.side,
        "numbers": dict(row.numbers),
        "text": words.event(row),
        "intent_id": None if row.intent_id is None else str(row.intent_id),
    }


def brake(row: Control) -> Json:
    """A brake in force."""
    return {
        "scope": row.scope,
        "state": row.state,
        "since_ms": row.since_ms,
        "actor": row.actor,
        "why": row.why,
    }


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


def _contract(wanted: InstrumentId) -> Json:
    return {"settle": wanted.settle, "instrument": wanted.name}


def _ratio(found: Fraction | None) -> str | None:
    if found is None:
        return None
    exact = Decimal(found.numerator) / Decimal(found.denominator)
    return numbers.text(exact.quantize(RATIO_STEP))


def events(rows: Iterable[CopyEvent], words: Words) -> list[Json]:
    """Rows of the feed."""
    return [event(row, words) for row in rows]
