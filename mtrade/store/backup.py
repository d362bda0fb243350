"""Backups: verified copies of the databases and the sealed account files, and the way back.

One backup is one folder under `data/backups/`, named by its UTC time. It appears only when whole
and verified. SQLite copies itself (a copied file could be torn); nothing here needs the server.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from mtrade.domain.errors import NotFound, StoreError
from mtrade.store.atomic import TEMPORARY, private_folder, replace_file, replace_with, sync_folder
from mtrade.store.audit import verify_chain
from mtrade.store.database import ACCESS, JOURNAL, Database, connect, store_errors
from mtrade.store.files import read_json, utc_stamp
from mtrade.store.instance import forget_place

DATABASES = ("mtrade.db", "desk.db", "access.db", "audit.db", "paper.db")
FILES = ("accounts.json", "secrets.json")
DAILY, WEEKLY = 7, 4
T = TypeVar("T")

_FORMAT = "%Y%m%dT%H%M%SZ"


def make_backup(home: Path, now_ms: int) -> Path:
    """Copy and verify everything under `home`, then drop backups no rule keeps.

    Raises StoreError; then no backup was added and none was dropped.
    """
    folder = home / "data" / "backups"
    target = folder / utc_stamp(now_ms)
    draft = folder / f"{TEMPORARY}{target.name}"
    with store_errors(folder):
        private_folder(folder)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        try:
            _fill(draft, home)
            draft.replace(target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        sync_folder(folder)
        for old in dropped(list_backups(home)):
            shutil.rmtree(old)
    return target


def list_backups(home: Path) -> tuple[Path, ...]:
    """Complete backups, newest first."""
    folder = home / "data" / "backups"
    found = folder.iterdir() if folder.is_dir() else ()
    return tuple(sorted((p for p in found if _time_of(p)), reverse=True, key=lambda p: p.name))


def is_due(home: Path, now_ms: int) -> bool:
    """Whether the day of `now_ms` (UTC) has no backup yet."""
    today = utc_stamp(now_ms)[:8]
    return not any(p.name.startswith(today) for p in list_backups(home))


def dropped(backups: Iterable[Path]) -> tuple[Path, ...]:
    """Those that neither rule keeps: the newest of each of the latest 7 days and 4 weeks."""
    ordered = sorted(backups, reverse=True, key=lambda p: p.name)
    kept = _newest_of(ordered, "%Y-%m-%d", DAILY) | _newest_of(ordered, "%G-W%V", WEEKLY)
    return tuple(p for p in ordered if p not in kept)


def verify_backup(folder: Path) -> None:
    """Raise StoreError naming the file that is damaged."""
    for name in DATABASES:
        if (folder / name).exists():
            _verify(folder / name)
    for name in FILES:
        read_json(folder / name)


def restore_database(path: Path, home: Path, now_ms: int) -> Path:
    """Put the newest verified copy of a damaged database in its place; returns its backup.

    The damaged file stays as `.bad-<utc>`. For the server at start, before it opens the file.
    Raises NotFound when no backup has a good copy; then nothing was moved.
    """
    for backup in list_backups(home):
        copy = backup / path.name
        if copy.exists() and _is_good(copy):
            with store_errors(path):
                _exchange(path, copy, now_ms)
            return backup
    raise NotFound(f"no backup has a good copy of {path.name}", code="no_backup")


def open_or_restore(
    path: Path, home: Path, now_ms: int, opener: Callable[[], T]
) -> tuple[T, Path | None]:
    """What `opener` opens at `path`, from the newest good backup when the file is damaged.

    The second value names that backup: start in SAFE mode and say so. Raises StoreError.
    """
    try:
        return opener(), None
    except StoreError as error:
        if error.code != "database_damaged":
            raise
        try:
            backup = restore_database(path, home, now_ms)
        except NotFound:
            raise error from None
        return opener(), backup


def _fill(draft: Path, home: Path) -> None:
    for name in DATABASES:
        if (home / "data" / name).exists():
            _copy_database(home / "data" / name, draft / name)
    for name in FILES:
        if (home / name).exists():
            replace_file(draft / name, (home / name).read_bytes())
    verify_backup(draft)


def _copy_database(source: Path, target: Path) -> None:
    replace_file(target, b"")
    with (
        store_errors(source),
        closing(connect(source)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE").fetchall()


def _verify(path: Path) -> None:
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with store_errors(path), closing(sqlite3.connect(uri, uri=True)) as db:
        db.row_factory = sqlite3.Row
        verdict = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if verdict != "ok":
            raise StoreError(f"{path} is damaged: {verdict}", code="database_damaged")
        if path.name == "audit.db" and not verify_chain(db).ok:
            raise StoreError(f"{path}: the audit chain is broken", code="audit_broken")


def _is_good(path: Path) -> bool:
    try:
        _verify(path)
    except StoreError:
        return False
    return True


def _exchange(path: Path, copy: Path, now_ms: int) -> None:
    """The side files belong to the damaged database and must not be replayed into the copy."""
    stamp = utc_stamp(now_ms)
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            replace_with(part, path.with_name(f"{path.name}.bad-{stamp}{suffix}"))
    replace_file(path, copy.read_bytes())
    _disown(path)


def _disown(path: Path) -> None:
    """A restored journal takes a new instance id; a restored door knows no session and no token."""
    if path.name == "mtrade.db":
        with closing(Database(path, JOURNAL)) as journal:
            forget_place(journal)
    if path.name == "access.db":
        with closing(Database(path, ACCESS)) as access, access.write() as db:
            db.execute("DELETE FROM session")
            db.execute("DELETE FROM token")


def _newest_of(ordered: list[Path], period: str, count: int) -> set[Path]:
    newest: dict[str, Path] = {}
    for path in ordered:
        time = _time_of(path)
        if time:
            newest.setdefault(time.strftime(period), path)
    return set(list(newest.values())[:count])


def _time_of(path: Path) -> datetime | None:
    try:
        return datetime.strptime(path.name, _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
