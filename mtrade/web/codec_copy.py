"""Copying as the JSON of docs/api.md, sentences in the caller's language."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from mtrade.domain import numbers
from mtrade.domain.copying.codes import Act, Reason
from mtrade.domain.copying.ladder import Rung
from mtrade.domain.copying.model import Control, CopyEvent, LinkState
from mtrade.domain.instruments import InstrumentId
from mtrade.trading.copying.views import (
    LinkPlan,
    LinkView,
    PlannedOrder,
    PlanRow,
    Sizing,
    SyncRow,
    TicketRow,
)
from mtrade.web.codec import Json
from mtrade.web.codec_params import params
from mtrade.web.copy_words import Words

CENT = Decimal("0.01")
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
    """A link, how it stands and all its parameters."""
    return {**link_line(view, words), "params": params(view.link.params)}


def link_line(view: LinkView, words: Words) -> Json:
    """A link and how it stands, as it is told twice a second: without its parameters."""
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
        "liq_price": row.liq_price,
        "liq_pct": row.liq_pct,
        "liq_near": row.liq_near,
        "leader_liq_price": row.leader_liq_price,
        "leader_liq_pct": row.leader_liq_pct,
        "actions": list(row.actions),
    }


def plan(found: LinkPlan, words: Words) -> Json:
    """What a link would send now. `hash` names these very orders."""
    return {
        "rows": [plan_row(row, words) for row in found.rows],
        "total_value": found.total_value,
        "problems": [reason(one, words) for one in found.problems],
        "sizing": None if found.sizing is None else sizing(found.sizing, words),
        "hash": plan_hash(found),
    }


def sizing(found: Sizing, words: Words) -> Json:
    """The size settings in real numbers, with one sentence and a ladder."""
    return {
        **_contract(found.instrument),
        "coin": found.coin,
        "leader_equity": found.leader_equity,
        "follower_equity": found.follower_equity,
        "free_margin": found.free_margin,
        "text": _example(found, words),
        "steps": [_rung(rung, found.coins, words) for rung in found.rungs],
    }


def _example(found: Sizing, words: Words) -> str:
    """The middle rung in words."""
    if not found.rungs:
        return ""
    rung = found.rungs[len(found.rungs) // 2]
    shown = {
        "leader_value": _cents(rung.leader_value),
        "follower_value": _cents(rung.follower_value),
        "size": numbers.text(rung.follower),
    }
    return words.sentence("copy.example", shown)


def _cents(value: Decimal) -> str:
    return numbers.text(value.quantize(CENT))


def _rung(rung: Rung, coins: Decimal | None, words: Words) -> Json:
    return {
        "leader": rung.leader,
        "leader_coins": None if coins is None else rung.leader * coins,
        "leader_value": rung.leader_value,
        "follower": rung.follower,
        "follower_coins": None if coins is None else rung.follower * coins,
        "follower_value": rung.follower_value,
        "margin": rung.margin,
        "reason": reason(rung.reason, words),
        "text": "" if rung.reason is None else words.reason(rung.reason),
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
