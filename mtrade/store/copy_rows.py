"""Between the rows of copying and the values of `mtrade.domain.copying`. Pure.

Reading raises ValueError, KeyError or TypeError for a row that makes no sense.
"""

from __future__ import annotations

import json
import sqlite3
from decimal import Decimal
from fractions import Fraction
from typing import Any

from mtrade.domain.accounts import MarginMode
from mtrade.domain.copying.choices import OnUnfollow
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.model import (
    Cause,
    Control,
    CopyEvent,
    CopyLeg,
    Episode,
    Guard,
    LegStatus,
    Link,
    LinkState,
    Opening,
)
from mtrade.domain.instruments import InstrumentId, Market
from mtrade.domain.numbers import CONTEXT, dumps, text
from mtrade.domain.positions import Leg
from mtrade.store.copy_params import params_from, params_text

Row = tuple[str | int | None, ...]

LINK = (
    "id", "leader_id", "follower_id", "settle", "state", "name", "note", "colour", "version",
    "created_ms", "armed_ms", "since_ms", "why", "params", "guard", "leaving", "paused_on",
)  # fmt: skip
LEG_PROGRESS = (
    "owned", "shadow", "status", "reason", "episode", "episodes", "pending", "tries", "empty_ms",
    "planned_ms", "paused", "version",
)  # fmt: skip
LEG = (*LEG_PROGRESS, "id", "link_id", "follower_id", "settle", "instrument", "side")
EVENT = (
    "time_ms", "link_id", "act", "code", "settle", "instrument", "side", "numbers", "intent_id",
)  # fmt: skip
CONTROL = ("scope", "state", "since_ms", "actor", "why")


def link_row(link: Link) -> Row:
    """The columns `LINK`."""
    return (
        link.id, link.leader_id, link.follower_id, link.settle, link.state.value, link.name,
        link.note, link.colour, link.version, link.created_ms, link.armed_ms, link.since_ms,
        _reason_text(link.why), params_text(link.params), _guard_text(link.guard),
        link.leaving.value if link.leaving else None, int(link.paused_on),
    )  # fmt: skip


def link_from(row: sqlite3.Row) -> Link:
    """The link stored in a row."""
    return Link(
        id=row["id"],
        leader_id=row["leader_id"],
        follower_id=row["follower_id"],
        settle=row["settle"],
        state=LinkState(row["state"]),
        name=row["name"],
        note=row["note"],
        colour=row["colour"],
        version=row["version"],
        created_ms=row["created_ms"],
        armed_ms=row["armed_ms"],
        since_ms=row["since_ms"],
        why=_reason_from(row["why"]),
        params=params_from(row["params"]),
        guard=_guard_from(row["guard"]),
        leaving=OnUnfollow(row["leaving"]) if row["leaving"] else None,
        paused_on=bool(row["paused_on"]),
    )


def leg_row(leg: CopyLeg) -> Row:
    """The columns `LEG`."""
    return (
        *leg_progress(leg), leg.id, leg.link_id, leg.follower_id, leg.instrument.settle,
        leg.instrument.name, leg.side.value,
    )  # fmt: skip


def leg_progress(leg: CopyLeg) -> Row:
    """The columns `LEG_PROGRESS`."""
    return (
        text(leg.owned), text(leg.shadow), leg.status.value, _reason_text(leg.reason),
        _episode_text(leg.episode), leg.episodes, leg.pending, leg.tries,
        json.dumps(leg.empty_ms) if leg.empty_ms else "[]", leg.planned_ms, int(leg.paused),
        leg.version,
    )  # fmt: skip


def leg_from(row: sqlite3.Row) -> CopyLeg:
    """The leg stored in a row."""
    return CopyLeg(
        id=row["id"],
        link_id=row["link_id"],
        follower_id=row["follower_id"],
        instrument=InstrumentId(Market.FUTURES, row["settle"], row["instrument"]),
        side=Leg(row["side"]),
        owned=_number(row["owned"]),
        shadow=_number(row["shadow"]),
        status=LegStatus(row["status"]),
        reason=_reason_from(row["reason"]),
        episode=_episode_from(row["episode"]),
        episodes=row["episodes"],
        pending=row["pending"],
        tries=row["tries"],
        empty_ms=tuple(json.loads(row["empty_ms"])),
        planned_ms=row["planned_ms"],
        paused=bool(row["paused"]),
        version=row["version"],
    )


def event_row(event: CopyEvent) -> Row:
    """The columns `EVENT`; the id is the table's."""
    instrument = event.instrument
    return (
        event.time_ms, event.link_id, event.act.value, event.code.value if event.code else None,
        instrument.settle if instrument else None, instrument.name if instrument else None,
        event.side.value if event.side else None,
        dumps(dict(event.numbers)) if event.numbers else "{}", event.intent_id,
    )  # fmt: skip


def event_from(row: sqlite3.Row) -> CopyEvent:
    """The event stored in a row."""
    name = row["instrument"]
    return CopyEvent(
        id=row["id"],
        time_ms=row["time_ms"],
        link_id=row["link_id"],
        act=Act(row["act"]),
        code=Code(row["code"]) if row["code"] else None,
        instrument=InstrumentId(Market.FUTURES, row["settle"], name) if name else None,
        side=Leg(row["side"]) if row["side"] else None,
        numbers=json.loads(row["numbers"]),
        intent_id=row["intent_id"],
    )


def cause_row(cause: Cause) -> Row:
    """Leader, trade, follower and the text of the order, which stands for its id."""
    return (cause.leader_id, cause.trade_id, cause.follower_id, cause.text)


def control_row(control: Control) -> Row:
    """The columns `CONTROL`."""
    return (control.scope, control.state, control.since_ms, control.actor, control.why)


def control_from(row: sqlite3.Row) -> Control:
    """The brake stored in a row."""
    return Control(**{name: row[name] for name in CONTROL})


def _reason_text(reason: Reason | None) -> str | None:
    if reason is None:
        return None
    return dumps([reason.code.value, dict(reason.numbers), reason.human])


def _reason_from(stored: str | None) -> Reason | None:
    if stored is None:
        return None
    code, numbers, human = json.loads(stored)
    return Reason(Code(code), numbers, human)


def _guard_text(guard: Guard) -> str:
    return dumps(
        {
            "day": guard.day,
            "day_base": guard.day_base,
            "day_flows": guard.day_flows,
            "high": guard.high,
            "flows": guard.flows,
            "warned": sorted(guard.warned),
            "paid": guard.paid,
        }
    )


def _guard_from(stored: str) -> Guard:
    raw = json.loads(stored)
    return Guard(
        day=raw["day"],
        day_base=_maybe(raw["day_base"]),
        day_flows=_number(raw["day_flows"]),
        high=_maybe(raw["high"]),
        flows=_number(raw["flows"]),
        warned=frozenset(raw["warned"]),
        paid=_maybe(raw.get("paid")),
    )


def _episode_text(episode: Episode | None) -> str | None:
    """JSON, put together by hand: this is written for every follower before any order leaves."""
    if episode is None:
        return None
    e = episode
    opening = "null"
    if e.opening is not None:
        order_id, began_ms, grew_ms = e.opening.order_id, e.opening.began_ms, e.opening.grew_ms
        opening = f"[{dumps(order_id)},{began_ms},{grew_ms}]"
    return (
        f'{{"number":{e.number},"sign":{e.sign},"started_ms":{e.started_ms},'
        f'"joined":{dumps(e.joined)},"k":{_ratio(e.k)},"k_eff":{_ratio(e.k_eff)},'
        f'"exact":{_ratio(e.exact)},"base":{_quoted(e.base)},"anchor":{_quoted(e.anchor)},'
        f'"latch":{_flag(e.latch)},"latched_ms":{_whole(e.latched_ms)},'
        f'"ignored":{_flag(e.ignored)},"adds":{e.adds},"opening":{opening},'
        f'"equity_leader":{_quoted(e.equity_leader)},'
        f'"equity_follower":{_quoted(e.equity_follower)},'
        f'"leader_cost":{_quoted(e.leader_cost)},"leader_opened":{_quoted(e.leader_opened)},'
        f'"own_cost":{_quoted(e.own_cost)},"own_opened":{_quoted(e.own_opened)},'
        f'"late_ms":{_whole(e.late_ms)},"retry_until_ms":{_whole(e.retry_until_ms)},'
        f'"leverage":{_quoted(e.leverage)},"margin_mode":{dumps(e.margin_mode)},'
        f'"accepted_late":{_flag(e.accepted_late)},"over":{_flag(e.over)}}}'
    )


def _episode_from(stored: str | None) -> Episode | None:
    if stored is None:
        return None
    raw: dict[str, Any] = json.loads(stored)
    opening = raw["opening"]
    for name in ("k", "k_eff", "exact"):
        raw[name] = None if raw[name] is None else Fraction(raw[name])
    for name in ("base", "equity_leader", "equity_follower", "leverage"):
        raw[name] = _maybe(raw.get(name))
    mode = raw.get("margin_mode")
    raw["margin_mode"] = MarginMode(mode) if mode else None
    for name in ("anchor", "leader_cost", "leader_opened", "own_cost", "own_opened"):
        raw[name] = _number(raw[name])
    raw["opening"] = opening and Opening(
        order_id=opening[0], began_ms=opening[1], grew_ms=opening[2]
    )
    return Episode(**raw)


def _ratio(ratio: Fraction | None) -> str:
    return "null" if ratio is None else f'"{ratio.numerator}/{ratio.denominator}"'


def _quoted(number: Decimal | None) -> str:
    return "null" if number is None else f'"{text(number)}"'


def _whole(number: int | None) -> str:
    return "null" if number is None else str(number)


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _maybe(stored: str | None) -> Decimal | None:
    return None if stored is None else _number(stored)


def _number(stored: str) -> Decimal:
    return CONTEXT.create_decimal(stored)
