"""Opening a database: pragmas, identity, migrations in one piece, damage told and never silent."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.errors import StoreError
from mtrade.store import database
from mtrade.store.database import (
    ACCESS,
    AUDIT,
    DESK,
    JOURNAL,
    MOST_IDLE,
    Database,
    Schema,
    statements,
)

ROUNDS, STARTS = 40, 8


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "x.db"


@pytest.fixture
def desk(path: Path) -> Iterator[Database]:
    opened = Database(path, DESK)
    yield opened
    opened.close()


def put(db: sqlite3.Connection, key: str) -> None:
    db.execute("INSERT INTO choice(key, value, version) VALUES(?,'1',1)", (key,))


def write_all(desk: Database, names: list[object]) -> None:
    with desk.write() as db:
        for name in names:
            put(db, "key " + name)  # type: ignore[operator]


def keys(desk: Database) -> list[str]:
    with desk.read() as db:
        return [row["key"] for row in db.execute("SELECT key FROM choice ORDER BY key")]


@pytest.mark.parametrize("schema", [JOURNAL, DESK, ACCESS, AUDIT])
def test_every_schema_opens_new_and_again(path: Path, schema: Schema) -> None:
    for _ in range(2):
        opened = Database(path, schema)
        with opened.read() as db:
            assert db.execute("PRAGMA application_id").fetchone()[0] == schema.application_id
            assert db.execute("PRAGMA user_version").fetchone()[0] == schema.migrations()[-1][0]
        opened.close()


def test_the_writer_survives_a_power_cut_by_its_pragmas(desk: Database) -> None:
    with desk.write() as db:
        found = {
            name: db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout",
                         "wal_autocheckpoint", "trusted_schema")
        }  # fmt: skip
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
        "wal_autocheckpoint": 500,
        "trusted_schema": 0,
    }


@pytest.mark.skipif(os.name == "nt", reason="Windows has no POSIX modes")
def test_only_the_owner_may_read_it(desk: Database, path: Path) -> None:
    with desk.write() as db:
        put(db, "a")
    assert path.parent.stat().st_mode & 0o077 == 0
    names = sorted(p.name for p in path.parent.iterdir())
    assert names == ["x.db", "x.db-shm", "x.db-wal"]
    assert all(p.stat().st_mode & 0o077 == 0 for p in path.parent.iterdir())


def test_a_failing_block_leaves_nothing(desk: Database) -> None:
    with pytest.raises(TypeError):
        write_all(desk, ["a", 1])
    with pytest.raises(StoreError):
        write_all(desk, ["b", "b"])
    with desk.write() as db:
        put(db, "c")
    assert keys(desk) == ["c"]


def test_a_reader_cannot_write(desk: Database) -> None:
    with pytest.raises(StoreError), desk.read() as db:
        put(db, "a")


def test_readers_are_used_again_and_closed_with_the_file(desk: Database) -> None:
    with desk.read() as one, desk.read() as two:
        assert one is not two
    with desk.read() as again:
        assert again in (one, two)
        desk.close()
    with pytest.raises(sqlite3.ProgrammingError):
        again.execute("SELECT 1")


def test_a_crowd_of_readers_leaves_only_a_few_open(desk: Database) -> None:
    with ExitStack() as crowd:
        readers = [crowd.enter_context(desk.read()) for _ in range(MOST_IDLE + 3)]
        assert len({id(reader) for reader in readers}) == MOST_IDLE + 3
    closed = 0
    for reader in readers:
        try:
            reader.execute("SELECT 1")
        except sqlite3.ProgrammingError:
            closed += 1
    assert closed == 3


def test_a_newer_schema_is_refused_and_left_alone(desk: Database, path: Path) -> None:
    with desk.write() as db:
        db.execute("PRAGMA user_version=7")
    desk.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="newer mTrade") as fault:
        Database(path, DESK)
    assert fault.value.code == "database_newer"
    assert path.read_bytes() == before


def test_another_programs_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE theirs(x)")
    with pytest.raises(StoreError) as fault:
        Database(path, DESK)
    assert fault.value.code == "database_foreign"
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT name FROM sqlite_schema").fetchall() == [("theirs",)]


def test_one_of_ours_is_not_taken_for_another(desk: Database, path: Path) -> None:
    desk.close()
    with pytest.raises(StoreError) as fault:
        Database(path, AUDIT)
    assert fault.value.code == "database_foreign"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_damage_is_told_and_the_file_kept(desk: Database, path: Path, place: int) -> None:
    with desk.write() as db:
        for n in range(2000):
            put(db, f"key-{n}")
    desk.checkpoint()
    desk.close()
    body = bytearray(path.read_bytes())
    start = (0, 4096, len(body) - 4096 * 3)[place]
    body[start : start + 4096] = os.urandom(4096)
    path.write_bytes(body)
    with pytest.raises(StoreError) as fault:
        Database(path, DESK)
    assert fault.value.code == "database_damaged"
    assert str(path) in fault.value.message
    assert path.read_bytes() == body


@pytest.mark.skipif(os.name == "nt", reason="making a link needs a privilege on Windows")
def test_a_symbolic_link_is_refused(path: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"")
    path.parent.mkdir()
    path.symlink_to(foreign)
    with pytest.raises(StoreError, match="symbolic link"):
        Database(path, DESK)
    assert foreign.read_bytes() == b""


def test_a_folder_in_the_place_of_the_file_is_told(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StoreError):
        Database(path, DESK)


def test_a_locked_file_is_waited_for_then_told(
    desk: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk.write() as mine:
        mine.execute("PRAGMA busy_timeout=20")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as fault, desk.write():
            pass
        assert fault.value.code == "database_locked"
        other.execute("ROLLBACK")
    with desk.write() as db:
        put(db, "a")
    assert keys(desk) == ["a"]


def test_a_full_disk_is_told_and_survived(desk: Database) -> None:
    with desk.write() as db:
        put(db, "a")
        pages = db.execute("PRAGMA page_count").fetchone()[0]
    with desk.write() as db:
        db.execute(f"PRAGMA max_page_count={pages}").fetchall()
    with pytest.raises(StoreError) as fault:
        write_all(desk, [f"n{n}" for n in range(2000)])
    assert fault.value.code == "disk_full"
    assert keys(desk) == ["a"]
    with desk.write() as db:
        db.execute("PRAGMA max_page_count=100000").fetchall()
    with desk.write() as db:
        put(db, "b")
    assert keys(desk) == ["a", "b"]


def test_one_thread_writes_at_a_time(desk: Database) -> None:
    def add(name: str) -> None:
        for n in range(10):
            with desk.write() as db:
                put(db, f"{name}{n}")

    threads = [threading.Thread(target=add, args=(name,)) for name in "abcd"]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert len(keys(desk)) == 40


def open_at_once(file: Path) -> int:
    """How many of several starts got a database."""
    opened: list[Database] = []
    together = threading.Barrier(STARTS)

    def start() -> None:
        together.wait()
        opened.append(Database(file, JOURNAL))

    threads = [threading.Thread(target=start) for _ in range(STARTS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    for one_database in opened:
        one_database.close()
    return len(opened)


def test_starts_at_once_migrate_once(tmp_path: Path) -> None:
    """Also when SQLite refuses one of them without waiting, as it does in some rounds."""
    assert [open_at_once(tmp_path / f"{n}.db") for n in range(ROUNDS)] == [STARTS] * ROUNDS


def test_a_start_between_two_looks_of_another_is_no_foreign_file(path: Path) -> None:
    database._create(path)

    class Overtaken:
        """A connection after whose first answer another start has migrated the file."""

        def __init__(self) -> None:
            self.real = database.connect(path)
            self.other: Database | None = None

        def execute(self, sql: str) -> sqlite3.Cursor:
            answer = self.real.execute(sql)
            if self.other is None:
                rows = answer.fetchall()
                self.other = Database(path, JOURNAL)
                return self.real.execute(f"SELECT {rows[0][0]:d}")
            return answer

    connection: Any = Overtaken()
    database._check_identity(connection, path, JOURNAL)
    connection.other.close()
    connection.real.close()


@pytest.mark.parametrize("schema", [JOURNAL, DESK, ACCESS, AUDIT])
def test_a_migration_broken_off_anywhere_can_be_started_again(
    path: Path, schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    before: list[tuple[str]] = []
    for version, script in schema.migrations():
        for stop in range(len(list(statements(script)))):
            with monkeypatch.context() as patch:
                patch.setattr(database, "statements", _broken_off(script, stop))
                with pytest.raises(StoreError):
                    Database(path, schema)
            with closing(sqlite3.connect(path)) as db:
                assert db.execute("PRAGMA user_version").fetchone() == (version - 1,)
                if stop == 0:
                    before = db.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall()
                found = db.execute("SELECT sql FROM sqlite_schema ORDER BY name").fetchall()
                assert found == before
                assert bool(found) is (version > 1)
    Database(path, schema).close()


def _broken_off(script: str, stop: int) -> object:
    def broken(sql: str) -> Iterator[str]:
        for n, statement in enumerate(statements(sql)):
            if n == stop and sql == script:
                raise OSError("power cut")
            yield statement

    return broken


def test_a_log_that_may_grow_is_moved_only_when_it_is_long(path: Path) -> None:
    database = Database(path, JOURNAL)
    database.let_log_grow(8_000, 1024)

    def fill(rows: int) -> None:
        with database.write() as db:
            for number in range(rows):
                db.execute("INSERT INTO instance VALUES(?, ?, 0)", (f"{number}-{rows}", "x" * 2000))

    def moved() -> int:
        """How many pages a fresh copy of the file alone would have."""
        return path.stat().st_size // 4096

    before = moved()
    fill(800)  # more pages than SQLite's own limit
    assert moved() == before
    database.tidy(most_rows=2_000)
    assert moved() == before
    database.tidy(most_rows=800)
    assert moved() > before + 300
    before = moved()
    fill(700)
    database.tidy(most_rows=800)  # the log's file is as long as it was, what it holds is not
    assert moved() == before
    database.tidy(most_rows=700)
    assert moved() > before + 300
    database.close()
    database.tidy(1)  # the log is gone with the last connection
