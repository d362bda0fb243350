"""A fan-out as one record of the journal: written before its orders leave, unfolded after.

Rows and their indexes cost a hundred followers most of the time until the first order leaves. So
what goes with one leader's trade is durable as one record first, once it is certain that the tables
will take it (docs/adr/0020-one-record-before-the-wire.md).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from fractions import Fraction
from sqlite3 import Connection
from typing import Any

from msgspec import MsgspecError, Struct
from msgspec.json import Decoder, Encoder

from mtrade.domain.copying.model import Cause, CopyChange, CopyEvent, CopyLeg
from mtrade.domain.orders import Intent


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Numbered intents that no request asked for, and what copying writes with them."""

    epoch: int | None
    intents: tuple[Intent, ...]
    legs: tuple[CopyLeg, ...] = ()
    events: tuple[CopyEvent, ...] = ()
    causes: tuple[Cause, ...] = ()

    @property
    def change(self) -> CopyChange:
        """All but the intents."""
        return CopyChange(legs=self.legs, events=self.events, causes=self.causes)


def record(epoch: int | None, intents: Sequence[Intent], change: CopyChange) -> Record | None:
    """The record; None for what is none, or contradicts itself."""
    made = Record(
        epoch=epoch,
        intents=tuple(intents),
        legs=change.legs,
        events=change.events,
        causes=change.causes,
    )
    if change != made.change or not all(map(_fits, intents)):
        return None
    texts, numbers = {intent.order.text for intent in intents}, {intent.id for intent in intents}
    if not all(_is_whole(cause, texts) for cause in change.causes):
        return None
    if not all(_is_sound(leg, numbers) for leg in change.legs):
        return None
    named: list[list[object]] = [
        [intent.id for intent in intents],
        [intent.order.text for intent in intents],
        [intent.leg_id for intent in intents if intent.leg_id is not None],
        [leg.id for leg in change.legs],
        [(leg.follower_id, leg.instrument, leg.side) for leg in change.legs],
        [(c.leader_id, c.trade_id, c.follower_id) for c in change.causes],
    ]
    return made if all(len(set(names)) == len(names) for names in named) else None


def _fits(intent: Intent) -> bool:
    """Whether it is numbered, asked for by nobody, and its row would break no check."""
    order = intent.order
    sizes = (order.size, order.price, intent.filled, intent.average)
    return (
        bool(intent.id and intent.account_id and order.text)
        and not intent.request_id
        and all(size is None or (size.is_finite() and size >= 0) for size in sizes)
        and (intent.plan_position is None or intent.plan_position.is_finite())
        and order.trigger is None
    )


def _is_whole(cause: Cause, texts: set[str]) -> bool:
    named = bool(cause.leader_id and cause.trade_id and cause.follower_id)
    return named and (not cause.text or cause.text in texts)


def _is_sound(leg: CopyLeg, numbers: set[int]) -> bool:
    known = leg.pending is None or leg.pending in numbers
    return known and leg.owned.is_finite() and leg.shadow.is_finite()


def is_clear(db: Connection, made: Record) -> bool:
    """Whether the tables will take all of it: every rule a row could break, asked beforehand."""
    legs = {leg.id: leg.link_id for leg in made.legs}
    known = db.execute(_KNOWN_LEGS, (_listed(list(legs)),)).fetchall()
    if len(known) != len(legs) or any(legs[key] != link_id for key, link_id in known):
        return False  # a row to be inserted may find its link gone
    asked = (
        min(intent.id for intent in made.intents),
        _listed([intent.order.text for intent in made.intents]),
        _listed([intent.leg_id for intent in made.intents if intent.leg_id is not None]),
        _listed(list(legs)),
    )
    return db.execute(_TAKEN, asked).fetchone() is None and _are_new(db, made.causes)


def _are_new(db: Connection, causes: Sequence[Cause]) -> bool:
    """Whether no trade was consumed before; mostly all of these are one trade."""
    by_trade: dict[tuple[str, str], set[str]] = {}
    for cause in causes:
        by_trade.setdefault((cause.leader_id, cause.trade_id), set()).add(cause.follower_id)
    return all(
        followers.isdisjoint(row[0] for row in db.execute(_CONSUMED, trade))
        for trade, followers in by_trade.items()
    )


def put(db: Connection, body: bytes) -> int:
    """Write a record into the caller's transaction; returns its number."""
    return db.execute("INSERT INTO fanout(body) VALUES(?)", (body,)).lastrowid or 0


def waiting(db: Connection) -> list[tuple[int, bytes]]:
    """The records that were not unfolded, as after a crash, in their order."""
    return [tuple(row) for row in db.execute("SELECT id, body FROM fanout ORDER BY id")]


def drop(db: Connection, key: int) -> bool:
    """Remove a record in the caller's transaction; False when somebody else has unfolded it."""
    return db.execute("DELETE FROM fanout WHERE id=?", (key,)).rowcount == 1


def packed(made: Record) -> bytes:
    """The record's body: JSON. To make it smaller took longer than to write it."""
    return _ENCODER.encode(made)


def unpacked(body: bytes) -> Record:
    """What `packed` made, compressed as it once was or not. Raises ValueError when it makes no
    sense."""
    try:
        return _DECODER.decode(body if body[:1] == b"{" else zlib.decompress(body))
    except (zlib.error, MsgspecError) as fault:
        raise ValueError(str(fault)) from fault


def _listed(values: list[Any]) -> str:
    return _ENCODER.encode(values).decode()


def _ratio_text(value: Any) -> str:
    if isinstance(value, Fraction):
        over, under = value.as_integer_ratio()
        return f"{over}/{under}"
    raise TypeError(f"{type(value).__name__} has no place in a record")


def _ratio(kind: type, stored: Any) -> Fraction:
    return Fraction(stored)


_ENCODER = Encoder(enc_hook=_ratio_text)
_DECODER = Decoder(Record, dec_hook=_ratio)

_KNOWN_LEGS = "SELECT id, link_id FROM copy_leg WHERE id IN (SELECT value FROM json_each(?))"
_CONSUMED = "SELECT follower_id FROM intent_cause WHERE leader_id=? AND trade_id=?"
# Each part says what the constraint of the same name in the schema would say later.
_TAKEN = (
    "SELECT 1 WHERE ?1 <= (SELECT coalesce(max(id), 0) FROM intent)"
    " UNION ALL SELECT 1 FROM intent WHERE text IN (SELECT value FROM json_each(?2))"
    " UNION ALL SELECT 1 FROM intent WHERE leg_id IN (SELECT value FROM json_each(?3))"
    " AND leg_id IS NOT NULL AND state NOT IN('DONE','VOID')"
    " UNION ALL SELECT 1 FROM json_each(?4) AS j CROSS JOIN copy_leg AS l ON l.id=j.value"
    " CROSS JOIN copy_leg AS o ON o.follower_id=l.follower_id AND o.settle=l.settle"
    " AND o.instrument=l.instrument AND o.side=l.side AND o.id<>l.id"
    " AND (o.owned<>'0' OR o.pending IS NOT NULL)"
    " LIMIT 1"
)
