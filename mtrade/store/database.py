"""Opening SQLite files: pragmas, identity, migrations, and who may write.

Each file has one writer connection behind one lock; readers get connections of their own and see
the last committed state. Nothing here knows what the tables mean.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mtrade.domain.errors import StoreError

_SCHEMAS = Path(__file__).parent / "schema"

MOST_IDLE = 8  # readers kept open; more are opened when needed and closed after

BUSY_S, BUSY_PAUSE_S = 5.0, 0.01

# `fullfsync` matters on macOS only: there a plain fsync stops at the drive's own cache.
_PRAGMAS = (
    f"PRAGMA busy_timeout={BUSY_S * 1000:.0f}",
    "PRAGMA synchronous=FULL",
    "PRAGMA fullfsync=ON",
    "PRAGMA foreign_keys=ON",
    "PRAGMA wal_autocheckpoint=500",
    "PRAGMA trusted_schema=OFF",
)

_CODES = {
    sqlite3.SQLITE_FULL: "disk_full",
    sqlite3.SQLITE_BUSY: "database_locked",
    sqlite3.SQLITE_LOCKED: "database_locked",
    sqlite3.SQLITE_CORRUPT: "database_damaged",
    sqlite3.SQLITE_NOTADB: "database_damaged",
    sqlite3.SQLITE_READONLY: "store_read_only",
}


@dataclass(frozen=True, slots=True)
class Schema:
    """Names a folder of numbered migrations and the `application_id` of its files."""

    name: str
    application_id: int

    def migrations(self) -> list[tuple[int, str]]:
        """Version and SQL text of every migration, in order."""
        files = sorted((_SCHEMAS / self.name).glob("[0-9][0-9][0-9]_*.sql"))
        return [(int(f.name[:3]), f.read_text(encoding="utf-8")) for f in files]


JOURNAL = Schema("journal", 0x6D544A4C)
DESK = Schema("desk", 0x6D54444B)
ACCESS = Schema("access", 0x6D544143)
AUDIT = Schema("audit", 0x6D544155)


class Database:
    """One SQLite file. `write` is for one thread at a time, `read` for any number.

    Every method raises StoreError naming the file; a failed `write` leaves the file as it was.
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        """Open, or create owner-only, then migrate and check. Refuses a foreign or newer file."""
        self.path = path
        self._lock = threading.RLock()
        self._pool = threading.Lock()  # its own, so that a reader never waits for a commit
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        self._tidied = 0  # how many rows had been written then
        self._owed: Callable[[sqlite3.Connection], None] | None = None
        with store_errors(path):
            self._writer = _open_writer(path, schema)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One durable transaction: all of the block, or on any exception none of it."""
        with self._lock, store_errors(self.path):
            self._writer.execute("BEGIN IMMEDIATE")
            owed = self._owed
            try:
                if owed is not None:
                    owed(self._writer)
                yield self._writer
                self._writer.execute("COMMIT")
            finally:
                if self._writer.in_transaction:
                    self._owed = owed  # what the block owed is gone with it
                    self._writer.execute("ROLLBACK")
            if self._owed is owed:
                self._owed = None

    def owe(self, work: Callable[[sqlite3.Connection], None]) -> None:
        """`work` is a part of what was written before, put off: the next transaction begins with
        it, whoever writes or reads next. Until it has succeeded nobody sees the file without it."""
        self._owed = work

    def settle(self) -> None:
        """Do what is owed, now."""
        if self._owed is not None:
            with self.write():
                pass

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A query-only connection for the length of the block."""
        self.settle()
        with store_errors(self.path):
            connection = self._take_reader()
            try:
                yield connection
            finally:
                self._give_back(connection)

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file and empty it."""
        with self._lock, store_errors(self.path):
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def let_log_grow(self, pages: int, cache_kib: int) -> None:
        """Make room in the write-ahead log and in memory, so that commits are not held up by moving
        pages; `tidy` then does that at a better moment."""
        with self._lock, store_errors(self.path):
            self._writer.execute(f"PRAGMA wal_autocheckpoint={pages:d}").fetchall()
            self._writer.execute(f"PRAGMA cache_size={-cache_kib:d}").fetchall()

    def tidy(self, most_rows: int) -> None:
        """Move the write-ahead log into the file when as many rows were written since the last
        time; nobody has to wait for that. The log's length says nothing: it never gets shorter."""
        with self._lock, store_errors(self.path):
            if self._closed or self._writer.total_changes - self._tidied < most_rows:
                return
            self._tidied = self._writer.total_changes
            self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def close(self) -> None:
        """Close every connection; later use raises StoreError."""
        with self._lock, self._pool:
            self._closed = True
            for connection in (*self._idle, self._writer):
                connection.close()
            self._idle.clear()

    def _take_reader(self) -> sqlite3.Connection:
        with self._pool:
            if self._closed:
                raise StoreError(f"{self.path} is closed", code="store_closed")
            if self._idle:
                return self._idle.pop()
        connection = connect(self.path)
        connection.execute("PRAGMA query_only=ON")
        return connection

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._pool:
            if self._closed or len(self._idle) >= MOST_IDLE:
                connection.close()
            else:
                self._idle.append(connection)


@contextmanager
def store_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system say into a StoreError that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
        raise StoreError(
            f"{path}: {error}", code=_CODES.get(primary), params={"file": str(path)}
        ) from error
    except (OSError, OverflowError) as error:  # a number too large for a column
        why = getattr(error, "strerror", None) or error
        raise StoreError(f"{path}: {why}", params={"file": str(path)}) from error


def damage(path: Path) -> str:
    """What a quick check of an existing file says, empty when it is in order. Changes nothing."""
    try:
        with store_errors(path), closing(connect(path)) as connection:
            _quick_check(connection, path)
    except StoreError as error:
        return error.message
    return ""


def connect(path: Path) -> sqlite3.Connection:
    """A connection to an existing file, with our pragmas, without implicit transactions."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        for pragma in _PRAGMAS:
            connection.execute(pragma).fetchall()
        _log_ahead(connection)
    except sqlite3.Error:
        connection.close()
        raise
    connection.row_factory = sqlite3.Row
    return connection


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Use a write-ahead log. Of several starts that turn a new file to it at once SQLite refuses
    some without waiting, because each holds what another one needs."""
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchall()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(BUSY_PAUSE_S)


def _open_writer(path: Path, schema: Schema) -> sqlite3.Connection:
    _create(path)
    connection = connect(path)
    try:
        _check_identity(connection, path, schema)
        _quick_check(connection, path)
        for version, sql in schema.migrations():
            _migrate(connection, schema, version, sql)
    except (sqlite3.Error, StoreError):
        connection.close()
        raise
    return connection


def _create(path: Path) -> None:
    """Make the folder and an empty file that only the owner can read; SQLite's side files follow.

    A symbolic link is refused: it could make us write into a foreign file.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.is_symlink():
        raise StoreError(f"{path} is a symbolic link", code="store_symlink")
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _check_identity(connection: sqlite3.Connection, path: Path, schema: Schema) -> None:
    # Tables first: another start may be making them, and the mark comes in the same commit.
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != schema.application_id and (application or tables):
        raise StoreError(f"{path} is not mTrade's {schema.name} database", code="database_foreign")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    newest = schema.migrations()[-1][0]
    if version > newest:
        raise StoreError(
            f"{path} was written by a newer mTrade (schema {version}, known up to {newest})",
            code="database_newer",
            params={"file": str(path), "schema": str(version), "known": str(newest)},
        )


def _quick_check(connection: sqlite3.Connection, path: Path) -> None:
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise StoreError(
            f"{path} is damaged: {verdict}", code="database_damaged", params={"file": str(path)}
        )


def _migrate(connection: sqlite3.Connection, schema: Schema, version: int, sql: str) -> None:
    """Apply one migration in one transaction, unless this file already has it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] < version:
            for statement in statements(sql):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id={schema.application_id}")
            connection.execute(f"PRAGMA user_version={version}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def statements(sql: str) -> Iterator[str]:
    """Split a script; `executescript` would commit behind our back."""
    pending = ""
    for line in sql.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
