"""Signed-in devices. The cookie's value is 256 random bits; only its SHA-256 is stored."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from sqlite3 import Connection, Row

from mtrade.store.database import Database

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS

IDLE_MS = 12 * _HOUR_MS
IDLE_REMEMBERED_MS = 30 * _DAY_MS
ABSOLUTE_MS = 90 * _DAY_MS
ELEVATION_MS = 10 * 60_000
MAX_SESSIONS = 25
MAX_DEVICE = 80

# A poll each second shall not be a disk write each second.
_TOUCH_MS = 60_000

# A time far ahead was written while the clock was wrong; such a session would never end.
_ALIVE = (
    f"last_seen_ms < :now + {_DAY_MS} AND first_seen_ms > :now - {ABSOLUTE_MS}"
    " AND last_seen_ms > :now - "
    f"CASE remember WHEN 1 THEN {IDLE_REMEMBERED_MS} ELSE {IDLE_MS} END"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A signed-in device. `id` is a public handle that stays when the cookie changes.

    `address` is the latest one; `elevated_from` the one the password was repeated from.
    """

    id: str
    role: str
    device: str
    remember: bool
    first_seen_ms: int
    last_seen_ms: int
    first_address: str
    address: str
    elevated_until_ms: int
    elevated_from: str


class Sessions:
    """The rows of `access.db`. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, *, role: str, device: str, address: str, remember: bool, now_ms: int
    ) -> tuple[str, Session]:
        """A fresh session and its secret. Over the limit the longest unseen one is dropped."""
        secret, session_id = secrets.token_urlsafe(32), secrets.token_hex(8)
        with self._database.write() as db:
            db.execute(f"DELETE FROM session WHERE NOT ({_ALIVE})", {"now": now_ms})  # noqa: S608
            db.execute(
                "INSERT INTO session(id, hash, role, device, remember, first_seen_ms,"
                " last_seen_ms, first_address, address) VALUES(?,?,?,?,?,?,?,?,?)",
                (session_id, _digest(secret), role, device[:MAX_DEVICE], int(remember),
                 now_ms, now_ms, address, address),
            )  # fmt: skip
            db.execute(
                "DELETE FROM session WHERE id IN (SELECT id FROM session WHERE id<>?"
                " ORDER BY last_seen_ms DESC, rowid DESC LIMIT -1 OFFSET ?)",
                (session_id, MAX_SESSIONS - 1),
            )
            return secret, _get(db, session_id)

    def find(self, secret: str, *, address: str, now_ms: int) -> Session | None:
        """The living session of a cookie, noting now and then that it was seen."""
        with self._database.read() as db:
            row = db.execute(
                f"SELECT * FROM session WHERE hash=:hash AND {_ALIVE}",  # noqa: S608
                {"hash": _digest(secret), "now": now_ms},
            ).fetchone()
        if row is None:
            return None
        session = _session_from(row)
        if session.address == address and now_ms - session.last_seen_ms < _TOUCH_MS:
            return session
        return self._touch(session.id, address, now_ms)

    def elevate(self, session_id: str, *, address: str, now_ms: int) -> tuple[str, Session] | None:
        """Elevate for ten minutes from this address, under a new secret; None when it is gone."""
        secret = secrets.token_urlsafe(32)
        with self._database.write() as db:
            changed = db.execute(
                "UPDATE session SET hash=?, elevated_until_ms=?, elevated_from=?, last_seen_ms=?,"
                " address=? WHERE id=?",
                (_digest(secret), now_ms + ELEVATION_MS, address, now_ms, address, session_id),
            ).rowcount
            return (secret, _get(db, session_id)) if changed else None

    def is_alive(self, session_id: str, now_ms: int) -> bool:
        """Whether the session still holds; open streams ask this."""
        return any(s.id == session_id for s in self.list(now_ms))

    def list(self, now_ms: int) -> tuple[Session, ...]:
        """Living sessions, latest seen first."""
        with self._database.read() as db:
            rows = db.execute(
                f"SELECT * FROM session WHERE {_ALIVE} ORDER BY last_seen_ms DESC, id",  # noqa: S608
                {"now": now_ms},
            ).fetchall()
        return tuple(map(_session_from, rows))

    def end(self, session_id: str) -> bool:
        """Forget a session; False when there is none."""
        with self._database.write() as db:
            return db.execute("DELETE FROM session WHERE id=?", (session_id,)).rowcount == 1

    def end_all(self, *, except_id: str = "") -> int:
        """Forget all sessions but one; returns how many ended."""
        with self._database.write() as db:
            return db.execute("DELETE FROM session WHERE id<>?", (except_id,)).rowcount

    def _touch(self, session_id: str, address: str, now_ms: int) -> Session | None:
        with self._database.write() as db:
            changed = db.execute(
                "UPDATE session SET last_seen_ms=max(last_seen_ms, ?), address=? WHERE id=?",
                (now_ms, address, session_id),
            ).rowcount
            return _get(db, session_id) if changed else None


def _get(db: Connection, session_id: str) -> Session:
    return _session_from(db.execute("SELECT * FROM session WHERE id=?", (session_id,)).fetchone())


def _session_from(row: Row) -> Session:
    return Session(
        id=row["id"],
        role=row["role"],
        device=row["device"],
        remember=bool(row["remember"]),
        first_seen_ms=row["first_seen_ms"],
        last_seen_ms=row["last_seen_ms"],
        first_address=row["first_address"],
        address=row["address"],
        elevated_until_ms=row["elevated_until_ms"],
        elevated_from=row["elevated_from"],
    )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
