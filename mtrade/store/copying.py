"""What copying remembers, in the journal's file and in the journal's transactions.

Only the engine thread writes, through `SqliteJournal.commit` and `update`; reads may come from any
thread. Every method raises StoreError naming the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from sqlite3 import Connection, Row
from typing import TypeVar

from mtrade.domain.copying.audit import Audit
from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import CopyChange, CopyEvent, CopyLeg, CopyState
from mtrade.domain.errors import StoreError
from mtrade.domain.orders import Intent
from mtrade.store import copy_rows as rows
from mtrade.store.copy_audit import audit
from mtrade.store.database import Database
from mtrade.store.rows import intent_from

T = TypeVar("T")


class CopyStore:
    """Links, legs, brakes and the feed of a journal."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> CopyState:
        """Everything a start needs. A row that makes no sense stops the start, named."""
        with self._database.read() as db:
            links = self._all(db, "copy_link", rows.link_from)
            legs = self._all(db, "copy_leg", rows.leg_from)
            controls = self._all(db, "copy_control", rows.control_from)
            last = dict(map(tuple, db.execute("SELECT name, seq FROM sqlite_sequence").fetchall()))
        return CopyState(
            links=links,
            legs=legs,
            controls=controls,
            last_link_id=last.get("copy_link", 0),
            last_leg_id=last.get("copy_leg", 0),
        )

    def events(
        self,
        link_id: int | None = None,
        act: Act | None = None,
        before_id: int | None = None,
        limit: int = 100,
        *,
        code: Code | None = None,
    ) -> tuple[CopyEvent, ...]:
        """Newest first; `before_id` is the last id of the page before."""
        wanted = {"link_id=": link_id, "act=": act, "code=": code, "id<": before_id}
        given = {what: value for what, value in wanted.items() if value is not None}
        where = " AND ".join(f"{what}?" for what in given) or "1"
        with self._database.read() as db:
            found = db.execute(
                f"SELECT * FROM copy_event WHERE {where} ORDER BY id DESC LIMIT ?",  # noqa: S608
                (*given.values(), limit),
            ).fetchall()
        return tuple(map(rows.event_from, found))

    def counts(self, since_ms: int) -> dict[int, dict[Act, int]]:
        """How often each act happened to each link since then."""
        with self._database.read() as db:
            found = db.execute(
                # Left to itself SQLite reads every row there ever was, to have them in groups.
                "SELECT link_id, act, count(*) FROM copy_event INDEXED BY copy_event_time"
                " WHERE time_ms>=? GROUP BY link_id, act",
                (since_ms,),
            ).fetchall()
        counted: dict[int, dict[Act, int]] = {}
        for link_id, act, number in found:
            counted.setdefault(link_id, {})[Act(act)] = number
        return counted

    def leg_intents(
        self, leg_id: int, before_id: int | None = None, limit: int = 100
    ) -> tuple[Intent, ...]:
        """The orders of a leg that is still there, newest first; `before_id` is the last id of the
        page before."""
        with self._database.read() as db:
            found = db.execute(
                "SELECT * FROM intent WHERE leg_id=:leg AND (:before IS NULL OR id<:before)"
                " AND account_id=(SELECT follower_id FROM copy_leg WHERE id=:leg)"
                " ORDER BY id DESC LIMIT :limit",
                {"leg": leg_id, "before": before_id, "limit": limit},
            ).fetchall()
        return tuple(map(intent_from, found))

    def consumed(
        self, follower_id: str, leader_id: str, trade_ids: Iterable[str]
    ) -> frozenset[str]:
        """Which of these leader trades this follower has consumed already."""
        with self._database.read() as db:
            return frozenset(
                trade_id
                for trade_id in trade_ids
                if db.execute(
                    "SELECT 1 FROM intent_cause WHERE follower_id=? AND leader_id=? AND trade_id=?",
                    (follower_id, leader_id, trade_id),
                ).fetchone()
            )

    def audit(self, since_intent: int, since_event: int) -> Audit:
        """What the monitor asks; the ids are the last ones of its look before."""
        with self._database.read() as db:
            return audit(db, since_intent, since_event)

    def _all(self, db: Connection, table: str, read: Callable[[Row], T]) -> tuple[T, ...]:
        found = db.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()  # noqa: S608
        return tuple(self._read(table, row, read) for row in found)

    def _read(self, table: str, row: Row, read: Callable[[Row], T]) -> T:
        try:
            return read(row)
        except (ValueError, KeyError, TypeError, ArithmeticError) as fault:
            raise StoreError(
                f"{self._database.path}: row {row[0]} of {table} cannot be read: {fault}",
                code="database_damaged",
                params={"file": str(self._database.path)},
            ) from fault


def write(db: Connection, change: CopyChange) -> None:
    """Write a change inside the caller's transaction.

    A leader trade that was consumed before, or a second leader of one leg, fails the transaction.
    """
    if change.links:
        db.executemany(_LINK, map(rows.link_row, change.links))
    if change.legs:
        _write_legs(db, change.legs)
    if change.freed:
        db.executemany(_FREE, ((text,) for text in change.freed))
    if change.causes:
        db.executemany(_CAUSE, map(rows.cause_row, change.causes))
    if change.events:
        db.executemany(_EVENT, map(rows.event_row, change.events))
    if change.removed:
        db.executemany("DELETE FROM copy_link WHERE id=?", ((key,) for key in change.removed))
    if change.lifted:
        db.executemany("DELETE FROM copy_control WHERE scope=?", ((s,) for s in change.lifted))
    if change.controls:
        db.executemany(_CONTROL, map(rows.control_row, change.controls))


def _write_legs(db: Connection, legs: Sequence[CopyLeg]) -> None:
    """Mostly they are there already; then no index but that of who holds a leg is touched."""
    known = ((*rows.leg_progress(leg), leg.id, leg.link_id) for leg in legs)
    if db.executemany(_LEG_PROGRESS, known).rowcount != len(legs):
        db.executemany(_LEG, map(rows.leg_row, legs))


def _insert(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table}({', '.join(columns)}) VALUES({', '.join('?' * len(columns))})"


def _replace(table: str, key: str, columns: tuple[str, ...]) -> str:
    sets = ", ".join(f"{name}=excluded.{name}" for name in columns if name != key)
    return f"{_insert(table, columns)} ON CONFLICT({key}) DO UPDATE SET {sets}"


_LINK = _replace("copy_link", "id", rows.LINK)
_LEG = _replace("copy_leg", "id", rows.LEG)
_LEG_PROGRESS = (
    f"UPDATE copy_leg SET {'=?, '.join(rows.LEG_PROGRESS)}=?"  # noqa: S608 - our columns
    " WHERE id=? AND link_id=?"
)
_EVENT = _insert("copy_event", rows.EVENT)
_CAUSE = (
    "INSERT INTO intent_cause(leader_id, trade_id, follower_id, intent_id)"
    " VALUES(?1, ?2, ?3,"
    " CASE ?4 WHEN '' THEN NULL ELSE coalesce((SELECT id FROM intent WHERE text=?4), -1) END)"
)
_FREE = "DELETE FROM intent_cause WHERE intent_id=(SELECT id FROM intent WHERE text=?)"
_CONTROL = _replace("copy_control", "scope", rows.CONTROL)
