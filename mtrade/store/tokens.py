"""API tokens of scripts: `mt_` and 256 random bits, shown once, stored as SHA-256."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from dataclasses import dataclass

from mtrade.domain.errors import Conflict, InvalidRequest
from mtrade.store.database import Database

ROLES = ("viewer", "trader", "owner")
MAX_TOKENS = 50
MAX_NAME = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A script's right to call the API. `expires_ms` of None is no end."""

    id: str
    name: str
    role: str
    created_ms: int
    expires_ms: int | None


class Tokens:
    """The rows of `access.db`. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, name: str, role: str, *, now_ms: int, expires_ms: int | None = None
    ) -> tuple[str, ApiToken]:
        """A new token and its row. Raises InvalidRequest, or Conflict for a taken name."""
        if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
            raise _refused("name", f"needs 1 to {MAX_NAME} characters")
        if role not in ROLES:
            raise _refused("role", f"must be one of {', '.join(ROLES)}")
        secret = f"mt_{secrets.token_urlsafe(32)}"
        row = (secrets.token_hex(4), _digest(secret), name, role, now_ms, expires_ms)
        with self._database.write() as db:
            if db.execute("SELECT 1 FROM token WHERE name=?", (name,)).fetchone():
                raise Conflict("another token has this name", code="name_taken")
            if db.execute("SELECT count(*) FROM token").fetchone()[0] >= MAX_TOKENS:
                raise Conflict(f"there may be at most {MAX_TOKENS} tokens", code="too_many")
            db.execute(
                "INSERT INTO token(id, hash, name, role, created_ms, expires_ms)"
                " VALUES(?,?,?,?,?,?)",
                row,
            )
        token = ApiToken(id=row[0], name=name, role=role, created_ms=now_ms, expires_ms=expires_ms)
        return secret, token

    def find(self, secret: str, now_ms: int) -> ApiToken | None:
        """The token a script sent, None when it is unknown, revoked or expired."""
        with self._database.read() as db:
            row = db.execute(
                "SELECT * FROM token WHERE hash=? AND (expires_ms IS NULL OR expires_ms > ?)",
                (_digest(secret), now_ms),
            ).fetchone()
        return _token_from(row) if row else None

    def list(self) -> tuple[ApiToken, ...]:
        """All tokens, oldest first, also expired ones."""
        with self._database.read() as db:
            rows = db.execute("SELECT * FROM token ORDER BY created_ms, id").fetchall()
        return tuple(map(_token_from, rows))

    def revoke(self, name_or_id: str) -> bool:
        """Forget a token; False when there is none."""
        with self._database.write() as db:
            cursor = db.execute("DELETE FROM token WHERE name=? OR id=?", (name_or_id, name_or_id))
            return cursor.rowcount > 0

    def revoke_all(self) -> int:
        """Forget all tokens; part of a restore."""
        with self._database.write() as db:
            return db.execute("DELETE FROM token").rowcount


def _token_from(row: sqlite3.Row) -> ApiToken:
    return ApiToken(
        id=row["id"],
        name=row["name"],
        role=row["role"],
        created_ms=row["created_ms"],
        expires_ms=row["expires_ms"],
    )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _refused(field: str, reason: str) -> InvalidRequest:
    return InvalidRequest(f"{field} {reason}", fields={field: reason})
