"""The journal of orders: `data/mtrade.db`, the durable half of "write down, then act".

The engine thread is the only writer. What only reads (`get`, `by_request`, `by_text`, `recent`,
`fills`) may be called from any thread and sees what is committed; it first unfolds a fan-out that
the engine has only just sent (`fanouts`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from sqlite3 import Connection

from mtrade.domain.copying.model import NO_CHANGE, CopyChange
from mtrade.domain.errors import StoreError
from mtrade.domain.frozen import replace
from mtrade.domain.orders import AccountFill, Fill, Intent, OwnFill
from mtrade.store import copying, fanouts, rows
from mtrade.store.database import JOURNAL, Database

# Orders wait for their commit, which then must not stop to move the log into the file.
LOG_PAGES, LOG_ROWS = 8_000, 1_000
CACHE_KIB = 16 * 1024

_INTENT = ("id", "epoch_id", *rows.IDENTITY, *rows.PROGRESS)
_INSERT_INTENT = f"INSERT INTO intent({', '.join(_INTENT)}) VALUES({', '.join('?' * len(_INTENT))})"
_UPDATE_INTENT = (
    f"UPDATE intent SET {'=?, '.join(rows.PROGRESS)}=?"  # noqa: S608 - names of our columns
    " WHERE id=? AND text=? AND account_id=? AND (state NOT IN('DONE','VOID') OR state=?)"
)


class SqliteJournal:
    """Implements `mtrade.domain.ports.Journal`. Raises StoreError naming the file."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path, JOURNAL)
        self.database.let_log_grow(LOG_PAGES, CACHE_KIB)
        self._epoch: int | None = None
        self._next_id: int | None = None  # known once it was asked for; nobody else writes
        with self.database.read() as db:
            left = fanouts.waiting(db)
        if left:
            self.database.owe(partial(self._unfold_all, left))

    def begin_epoch(self, now_ms: int, boot_id: str, instance: str, version: str) -> int:
        """Record the start of this run; runs that never recorded their end are marked crashed."""
        with self.database.write() as db:
            db.execute("UPDATE epoch SET how='crashed' WHERE ended_ms IS NULL AND how=''")
            cursor = db.execute(
                "INSERT INTO epoch(started_ms, boot_id, instance, version) VALUES(?,?,?,?)",
                (now_ms, boot_id, instance, version),
            )
            epoch = int(cursor.lastrowid or 0)
        self._epoch = epoch
        return epoch

    def may_have_lost(self) -> bool:
        """Whether a run ended with the computer, so that its last commits may be gone. Runs that
        crashed since then may not have got as far as to look for what is missing."""
        with self.database.read() as db:
            rows = db.execute("SELECT boot_id, how FROM epoch ORDER BY id DESC").fetchall()
        for row in rows[1:]:
            if row["how"] != "crashed":
                return False
            if row["boot_id"] != rows[0]["boot_id"]:
                return True
        return False

    def end_epoch(self, how: str, now_ms: int) -> None:
        """Record the end of this run: `stopped`, `restarted` or what else ended it."""
        with self.database.write() as db:
            db.execute("UPDATE epoch SET ended_ms=?, how=? WHERE id=?", (now_ms, how, self._epoch))

    def next_id(self) -> int:
        """See the port."""
        if self._next_id is None:
            with self.database.read() as db:
                row = db.execute("SELECT seq FROM sqlite_sequence WHERE name='intent'").fetchone()
            self._next_id = 1 + (row[0] if row else 0)
        return self._next_id

    def commit(
        self,
        intents: Sequence[Intent],
        change: CopyChange = NO_CHANGE,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> tuple[Intent, ...]:
        """See the port. An empty `request_id` is never taken for a repetition."""
        return self._jotted(intents, change, meanwhile) or self._written(intents, change, meanwhile)

    def unfold(self) -> None:
        """See the port."""
        self.database.settle()

    def _jotted(
        self, intents: Sequence[Intent], change: CopyChange, meanwhile: Callable[[], object]
    ) -> tuple[Intent, ...]:
        """A fan-out as one record; empty when it is none, or when a table might not take it."""
        made = fanouts.record(self._epoch, intents, change)
        if made is None:
            return ()
        body = fanouts.packed(made)
        with self.database.write() as db:
            if not fanouts.is_clear(db, made):
                return ()
            self.database.owe(partial(_unfold, fanouts.put(db, body), made))
            meanwhile()
        self._next_id = 1 + max(intent.id for intent in intents)
        return made.intents

    def _unfold_all(self, left: Sequence[tuple[int, bytes]], db: Connection) -> None:
        for key, body in left:
            try:
                made = fanouts.unpacked(body)
            except ValueError as fault:
                raise StoreError(
                    f"{self.database.path}: row {key} of fanout cannot be read: {fault}",
                    code="database_damaged",
                    params={"file": str(self.database.path)},
                ) from fault
            _unfold(key, made, db)

    def _written(
        self, intents: Sequence[Intent], change: CopyChange, meanwhile: Callable[[], object]
    ) -> tuple[Intent, ...]:
        with self.database.write() as db:
            known = _by_request(db, intents[0].account_id, intents[0].request_id)
            if known is not None:
                return (known, *_waiting_for(db, known))
            stored = tuple(self._insert(db, intent) for intent in intents)
            copying.write(db, change)
            meanwhile()
        self._next_id = max(self.next_id(), 1 + max(intent.id for intent in stored))
        return stored

    def update(self, intents: Iterable[Intent], change: CopyChange = NO_CHANGE) -> None:
        """Store what is proven by now. A final state never changes again (StoreError)."""
        with self.database.write() as db:
            _update(db, tuple(intents))
            copying.write(db, change)
        self.database.tidy(LOG_ROWS)  # here nobody waits for an order to leave

    def by_request(self, account_id: str, request_id: str) -> Intent | None:
        """The intent a request already led to; see the port."""
        with self.database.read() as db:
            return _by_request(db, account_id, request_id)

    def by_text(self, account_id: str, text: str) -> Intent | None:
        """The intent of an order the exchange reports under `text`."""
        with self.database.read() as db:
            row = db.execute(
                "SELECT * FROM intent WHERE account_id=? AND text=?", (account_id, text)
            ).fetchone()
        return rows.intent_from(row) if row else None

    def get(self, intent_id: int) -> Intent | None:
        """The intent with this id."""
        with self.database.read() as db:
            row = db.execute("SELECT * FROM intent WHERE id=?", (intent_id,)).fetchone()
        return rows.intent_from(row) if row else None

    def unfinished(self) -> tuple[Intent, ...]:
        """Everything whose last word is not known yet, oldest first."""
        with self.database.read() as db:
            found = db.execute(
                "SELECT * FROM intent WHERE state NOT IN('DONE','VOID') ORDER BY id"
            ).fetchall()
        return tuple(map(rows.intent_from, found))

    def recent(
        self, account_id: str | None, *, before_id: int | None, limit: int
    ) -> tuple[Intent, ...]:
        """Newest first; `before_id` is the last id of the page before."""
        with self.database.read() as db:
            found = db.execute(
                "SELECT * FROM intent WHERE (:account IS NULL OR account_id=:account)"
                " AND (:before IS NULL OR id<:before) ORDER BY id DESC LIMIT :limit",
                {"account": account_id, "before": before_id, "limit": limit},
            ).fetchall()
        return tuple(map(rows.intent_from, found))

    def add_fills(self, fills: Iterable[AccountFill]) -> tuple[AccountFill, ...]:
        """Store executions in one durable transaction; returns those not seen before, in order."""
        with self.database.write() as db:
            return tuple(found for found in fills if _insert_fill(db, *found))

    def fills(
        self, account_id: str | None, before_id: int | None = None, limit: int = 100
    ) -> tuple[OwnFill, ...]:
        """Own executions, newest first; `before_id` is the last id of the page before."""
        with self.database.read() as db:
            found = db.execute(
                "SELECT * FROM own_trade WHERE (:account IS NULL OR account_id=:account)"
                " AND (:before IS NULL OR (time_ms, id) <"
                " (SELECT time_ms, id FROM own_trade WHERE id=:before))"
                " ORDER BY time_ms DESC, id DESC LIMIT :limit",
                {"account": account_id, "before": before_id, "limit": limit},
            ).fetchall()
        return tuple(map(rows.fill_from, found))

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file; part of a graceful stop."""
        self.database.checkpoint()

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def _insert(self, db: Connection, intent: Intent) -> Intent:
        known = _by_request(db, intent.account_id, intent.request_id)
        if known is not None:
            return known
        key = db.execute(_INSERT_INTENT, _row(self._epoch, intent)).lastrowid
        return replace(intent, id=key or 0)


def _unfold(key: int, made: fanouts.Record, db: Connection) -> None:
    """Put a record into the tables, unless another process of ours has done it."""
    if fanouts.drop(db, key):
        db.executemany(_INSERT_INTENT, (_row(made.epoch, intent) for intent in made.intents))
        copying.write(db, made.change)


def _row(epoch: int | None, intent: Intent) -> rows.Values:
    return (intent.id or None, epoch, *rows.intent_row(intent))


def _insert(db: Connection, table: str, row: rows.Row, *, once: bool = False) -> int | None:
    """Insert; with `once` a row that is already there is left alone and None comes back."""
    names = ", ".join(row)
    marks = ", ".join(f":{name}" for name in row)
    rule = " ON CONFLICT DO NOTHING" if once else ""
    cursor = db.execute(f"INSERT INTO {table}({names}) VALUES({marks}){rule}", row)
    return cursor.lastrowid if cursor.rowcount == 1 else None


def _insert_fill(db: Connection, account_id: str, fill: Fill) -> bool:
    return _insert(db, "own_trade", rows.fill_row(account_id, fill), once=True) is not None


def _update(db: Connection, intents: Sequence[Intent]) -> None:
    keyed = (
        (*rows.progress_row(i), i.id, i.order.text, i.account_id, i.state.value) for i in intents
    )
    if intents and db.executemany(_UPDATE_INTENT, keyed).rowcount != len(intents):
        ids = ", ".join(str(intent.id) for intent in intents)
        raise StoreError(
            f"intent {ids} is not in the journal or has ended otherwise",
            code="intent_not_updated",
        )


def _by_request(db: Connection, account_id: str, request_id: str) -> Intent | None:
    if not request_id:
        return None
    row = db.execute(
        "SELECT * FROM intent WHERE request_id=? ORDER BY account_id<>?, id LIMIT 1",
        (request_id, account_id),
    ).fetchone()
    return rows.intent_from(row) if row else None


def _waiting_for(db: Connection, parent: Intent) -> list[Intent]:
    found = db.execute(
        "SELECT * FROM intent WHERE account_id=? AND parent=? ORDER BY id",
        (parent.account_id, parent.order.text),
    ).fetchall()
    return [rows.intent_from(row) for row in found]
