"""Backups are whole and verified; the way back gives the last good state under a new id."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mtrade.domain.accounts import Credentials, Secret
from mtrade.domain.errors import NotFound, StoreError
from mtrade.domain.orders import IntentState
from mtrade.store.access import Access
from mtrade.store.accounts import AccountStore
from mtrade.store.audit import AuditLog
from mtrade.store.backup import (
    dropped,
    is_due,
    list_backups,
    make_backup,
    open_or_restore,
    restore_database,
    verify_backup,
)
from mtrade.store.files import utc_stamp
from mtrade.store.instance import former_instances, instance_id
from mtrade.store.journal import SqliteJournal
from mtrade.store.vault import Vault
from tests.store.test_accounts import account
from tests.store.test_journal import intent

NOW = 1_700_000_000_000
DAY = 86_400_000
CANARY = "canary-secret-0123456789"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A small installation: a journal with one intent, an account, a session, an audit row."""
    home = tmp_path / "home"
    journal = SqliteJournal(home / "data" / "mtrade.db")
    journal.commit([intent(1)])
    instance_id(journal.database, "machine")
    journal.close()
    vault = Vault.open(home, tmp_path / "key")
    AccountStore(home / "accounts.json", vault, NOW).add(
        account(1), Credentials("0123456789", Secret(CANARY))
    )
    access = opened_access(home)
    access.open_session(role="owner", device="", address="ip", remember=False, now_ms=NOW)
    access.tokens.add("bot", "viewer", now_ms=NOW)
    access.close()
    audit = AuditLog(home / "data" / "audit.db", home / "data" / "logs" / "audit.jsonl", str)
    audit.append("a", "ip", "act", "", "", NOW)
    audit.close()
    return home


def opened_access(home: Path) -> Access:
    return Access(home / "data" / "access.db", home / "run" / "setup_code.txt")


def test_a_backup_is_made_while_a_writer_works(home: Path) -> None:
    with closing(SqliteJournal(home / "data" / "mtrade.db")) as journal:
        journal.commit([intent(2)])
        with journal.database.write() as db:
            db.execute("UPDATE intent SET label='half'")
            folder = make_backup(home, NOW)
    with closing(SqliteJournal(folder / "mtrade.db")) as copy:
        assert [i.label for i in copy.unfinished()] == ["", ""]


def test_a_backup_holds_everything_and_no_secret_in_clear(home: Path) -> None:
    folder = make_backup(home, NOW)
    names = {p.name for p in folder.iterdir()}
    assert names == {"mtrade.db", "access.db", "audit.db", "accounts.json", "secrets.json"}
    verify_backup(folder)
    assert not [p for p in folder.iterdir() if CANARY.encode() in p.read_bytes()]
    assert list_backups(home) == (folder,)
    assert (is_due(home, NOW), is_due(home, NOW + DAY)) == (False, True)


@pytest.mark.parametrize("name", ["mtrade.db", "accounts.json", "audit.db"])
def test_damage_in_a_backup_is_found(home: Path, name: str) -> None:
    folder = make_backup(home, NOW)
    body = bytearray((folder / name).read_bytes())
    body[: len(body) // 2] = b"\0" * (len(body) // 2)
    (folder / name).write_bytes(body)
    with pytest.raises(StoreError, match=name):
        verify_backup(folder)


def test_a_broken_source_adds_no_backup_and_drops_none(home: Path) -> None:
    first = make_backup(home, NOW)
    with closing(sqlite3.connect(home / "data" / "audit.db")) as db:
        db.execute("UPDATE audit SET act='other'")
        db.commit()
    with pytest.raises(StoreError, match="audit"):
        make_backup(home, NOW + DAY)
    assert list_backups(home) == (first,)
    assert [p.name for p in first.parent.iterdir()] == [first.name]


def test_seven_days_and_four_weeks_are_kept() -> None:
    start = datetime(2024, 2, 1, 3, tzinfo=UTC)
    times = [start + timedelta(hours=12 * n) for n in range(120)]
    folders = [Path(utc_stamp(int(t.timestamp() * 1000))) for t in times]
    kept = sorted(set(folders) - set(dropped(folders)))
    assert len(kept) == 7 + 4 - 1
    assert kept[-1] == folders[-1]
    days = [k.name[:8] for k in kept[-7:]]
    assert days == sorted(set(days))
    assert set(dropped(folders)).isdisjoint(kept)


def test_dropping_is_steady_and_nothing_else_is_touched(home: Path) -> None:
    stranger = home / "data" / "backups" / "my own copy"
    stranger.mkdir(parents=True)
    for day in range(45):
        make_backup(home, NOW + day * DAY)
    names = [p.name for p in list_backups(home)]
    assert 9 <= len(names) <= 10
    assert stranger.exists()


def damage(path: Path) -> bytes:
    body = bytearray(path.read_bytes())
    body[:100] = b"\0" * 100
    path.write_bytes(body)
    return bytes(body)


def test_a_damaged_journal_comes_back_under_a_new_id(home: Path) -> None:
    path = home / "data" / "mtrade.db"
    with closing(SqliteJournal(path)) as journal:
        first = instance_id(journal.database, "machine")
    backup = make_backup(home, NOW)
    with closing(SqliteJournal(path)) as journal:
        journal.commit([intent(2)])
    broken = damage(path)
    journal, used = open_or_restore(path, home, NOW + DAY, lambda: SqliteJournal(path))
    with closing(journal):
        assert used == backup
        assert [i.state for i in journal.unfinished()] == [IntentState.SENDING]
        assert instance_id(journal.database, "machine") != first
        assert first in former_instances(journal.database)
    (aside,) = path.parent.glob("mtrade.db.bad-*Z")
    assert aside.read_bytes() == broken


def test_a_healthy_file_is_just_opened(home: Path) -> None:
    make_backup(home, NOW)
    path = home / "data" / "mtrade.db"
    journal, used = open_or_restore(path, home, NOW, lambda: SqliteJournal(path))
    journal.close()
    assert used is None


def test_restored_access_knows_no_session_and_no_token(home: Path) -> None:
    make_backup(home, NOW)
    path = home / "data" / "access.db"
    damage(path)
    restore_database(path, home, NOW)
    with closing(opened_access(home)) as access:
        assert access.sessions(NOW) == ()
        assert access.tokens.list() == ()


def test_an_older_good_copy_is_used_when_the_newest_is_damaged(home: Path) -> None:
    good = make_backup(home, NOW)
    bad = make_backup(home, NOW + DAY)
    damage(bad / "mtrade.db")
    damage(home / "data" / "mtrade.db")
    assert restore_database(home / "data" / "mtrade.db", home, NOW) == good


def test_without_a_good_copy_nothing_is_moved(home: Path) -> None:
    path = home / "data" / "mtrade.db"
    broken = damage(path)
    with pytest.raises(NotFound):
        restore_database(path, home, NOW)
    with pytest.raises(StoreError) as fault:
        open_or_restore(path, home, NOW, lambda: SqliteJournal(path))
    assert fault.value.code == "database_damaged"
    assert path.read_bytes() == broken


def test_a_newer_schema_is_never_replaced_by_a_backup(home: Path) -> None:
    make_backup(home, NOW)
    path = home / "data" / "mtrade.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version=99")
    with pytest.raises(StoreError) as fault:
        open_or_restore(path, home, NOW, lambda: SqliteJournal(path))
    assert fault.value.code == "database_newer"
