"""Choices that change while the program runs: `data/desk.db`. Thread-safe.

Known keys: `mode`, `active_account`, `active_account.<network>`, `last_instrument.<market>`,
`trading.<network>` (permission to trade) and `ui` (one object, merged per field).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from mtrade.domain.errors import InvalidRequest
from mtrade.domain.numbers import dumps, loads
from mtrade.store.database import DESK, Database

MAX_VALUE = 65_536


class SettingStore:
    """JSON values by key. Raises StoreError when the file fails, InvalidRequest over a limit."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path, DESK)

    def get(self, key: str) -> Any:
        """The value, None when it was never set."""
        return self.versioned(key)[0]

    def versioned(self, key: str) -> tuple[Any, int]:
        """The value and its version, (None, 0) when it was never set."""
        with self.database.read() as db:
            return _load(db, key)

    def set(self, key: str, value: Any) -> int:
        """Store a value; returns its version."""
        with self.database.write() as db:
            return _store(db, key, value, _load(db, key)[1])

    def merge(self, key: str, changes: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
        """Change single fields of an object, so that two devices do not undo each other.

        A field of None is removed. Returns the whole object and its version.
        """
        with self.database.write() as db:
            before, version = _load(db, key)
            merged = {**(before if isinstance(before, dict) else {}), **changes}
            value = {name: field for name, field in merged.items() if field is not None}
            return value, _store(db, key, value, version)

    def close(self) -> None:
        """Close the file."""
        self.database.close()


def _load(db: Connection, key: str) -> tuple[Any, int]:
    row = db.execute("SELECT value, version FROM choice WHERE key=?", (key,)).fetchone()
    return (loads(row["value"]), row["version"]) if row else (None, 0)


def _store(db: Connection, key: str, value: Any, version: int) -> int:
    body = dumps(value)
    if len(body) > MAX_VALUE:
        raise InvalidRequest(
            f"{key} would exceed {MAX_VALUE} characters",
            fields={key: f"must be at most {MAX_VALUE} characters"},
        )
    db.execute(
        "INSERT INTO choice(key, value, version) VALUES(?,?,?)"
        " ON CONFLICT(key) DO UPDATE SET value=excluded.value, version=excluded.version",
        (key, body, version + 1),
    )
    return version + 1
