"""The paper exchange's state in `data/paper.db`: rows of (kind, key, JSON), nothing more.

WAL with `synchronous=NORMAL`: what is committed survives the death of the process at any moment,
because it is in the operating system's hands. A power cut may take back the last moments of play
money, but never damages the file; the journal of orders, which must not, has its own file.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mtrade.domain.errors import StoreError
from mtrade.domain.numbers import dumps
from mtrade.store.database import Database, Schema, connect, store_errors

PAPER = Schema("paper", 0x6D545050)

Row = tuple[str, str, Mapping[str, Any]]

_UPSERT = (
    "INSERT INTO entity(kind, key, data) VALUES(?,?,?) "
    "ON CONFLICT(kind, key) DO UPDATE SET data=excluded.data"
)


class SqlitePaperStorage:
    """Blocking and safe for one caller at a time. Every method raises StoreError."""

    def __init__(self, path: Path) -> None:
        """Open or create the file; refuses a foreign, damaged or newer one."""
        self._path = path
        self._lock = threading.Lock()
        Database(path, PAPER).close()  # creates, checks and migrates
        with store_errors(path):
            self._connection = connect(path)
            self._connection.execute("PRAGMA synchronous=NORMAL")

    def load(self) -> list[Row]:
        """Everything that was saved."""
        with self._lock, store_errors(self._path):
            found = self._connection.execute("SELECT kind, key, data FROM entity").fetchall()
        try:
            return [(kind, key, json.loads(data)) for kind, key, data in found]
        except ValueError as error:
            raise StoreError(f"{self._path} holds a row that is not JSON: {error}") from error

    def save(self, rows: Iterable[Row], deletions: Iterable[tuple[str, str]]) -> None:
        """Write all of it in one transaction, or none."""
        values = [(kind, key, dumps(data)) for kind, key, data in rows]
        with self._lock, store_errors(self._path):
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany(_UPSERT, values)
                connection.executemany("DELETE FROM entity WHERE kind=? AND key=?", deletions)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file; idempotent."""
        with self._lock:
            self._connection.close()
