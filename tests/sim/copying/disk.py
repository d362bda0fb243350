"""The journal's file over many lives of a process: crashes, lost commits, a full disk.

A power loss takes the last commits: what the write-ahead log held up to an earlier commit is all
that the next life finds, as a disk leaves it whose last writes never reached it.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from mtrade.domain.copying.model import NO_CHANGE, CopyChange
from mtrade.domain.errors import StoreError
from mtrade.domain.orders import AccountFill, Intent
from mtrade.store.journal import SqliteJournal
from tests.sim.copying.kernel import Fuse

T = TypeVar("T")
MOST_LOST = 5
TABLES = ("intent", "copy_link", "copy_leg", "copy_event", "intent_cause", "copy_control", "fanout")


@lru_cache(maxsize=1)
def blank() -> bytes:
    """A journal in which nothing is written yet."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "blank.db"
        journal = SqliteJournal(path)
        journal.checkpoint()
        journal.close()
        return path.read_bytes()


class Disk:
    """`full` makes every write fail; `durable` are the texts of all orders ever written down."""

    def __init__(self, folder: Path, fuse: Fuse, *, loses: bool) -> None:
        self._folder = folder
        self._fuse = fuse
        self._loses = loses
        self._lives = 0
        self.full = False
        self.durable: set[str] = set()
        self.lost = 0  # commits
        self.file = folder / "life-0.db"
        self.file.write_bytes(blank())
        self.journal = self._open()

    def again(self, forget: int) -> SqliteJournal:
        """The next process opens the file; the last `forget` commits are gone."""
        old, self._lives = self.file, self._lives + 1
        if forget and self._loses:
            self.file = self._folder / f"life-{self._lives}.db"
            shutil.copyfile(old, self.file)
            size = self.journal.earlier(forget)
            wal = Path(f"{old}-wal").read_bytes()
            Path(f"{self.file}-wal").write_bytes(wal[:size])
            self.lost += forget
        self.journal.close()
        if self.file != old:
            old.unlink()
        self.journal = self._open()
        return self.journal

    def secure(self) -> None:
        """What is written by now is never lost."""
        self.journal.secure()

    def digest(self) -> str:
        """What the journal holds, as one number."""
        found = hashlib.sha256()
        with closing(sqlite3.connect(self.file)) as db:
            for table in TABLES:
                rows = db.execute(f"SELECT * FROM {table}")  # noqa: S608 - names of our tables
                for row in sorted(map(repr, rows)):
                    found.update(row.encode())
        return found.hexdigest()

    def _open(self) -> SimJournal:
        return SimJournal(self.file, self, self._fuse, marks=self._loses)


class SimJournal(SqliteJournal):
    """The real journal; a process may die before or after each of its transactions."""

    def __init__(self, path: Path, disk: Disk, fuse: Fuse, *, marks: bool) -> None:
        super().__init__(path)
        self._disk = disk
        self._fuse = fuse
        self._wal = Path(f"{path}-wal")
        self._marks: deque[int] | None = deque(maxlen=MOST_LOST + 1) if marks else None
        self.database._writer.execute("PRAGMA synchronous=OFF")
        if marks:  # where a commit ends must not move
            self.database.tidy = lambda most: None  # type: ignore[method-assign]
        self._mark()

    def earlier(self, commits: int) -> int:
        """How long the log was so many commits ago, as far back as is known."""
        marks = self._marks or deque([0])
        return marks[-min(commits + 1, len(marks))]

    def secure(self) -> None:
        """No commit up to now is lost."""
        if self._marks is not None:
            self._marks.clear()
            self._mark()

    def begin_epoch(self, now_ms: int, boot_id: str, instance: str, version: str) -> int:
        epoch = super().begin_epoch(now_ms, boot_id, instance, version)
        self._mark()
        return epoch

    def commit(
        self,
        intents: Sequence[Intent],
        change: CopyChange = NO_CHANGE,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> tuple[Intent, ...]:
        stored = self._write(lambda: super(SimJournal, self).commit(intents, change, meanwhile))
        self._disk.durable.update(intent.order.text for intent in stored)
        self._fuse.burn()
        return stored

    def unfold(self) -> None:
        if self.database._owed is not None:
            self._write(super().unfold)
            self._fuse.burn()

    def update(self, intents: Iterable[Intent], change: CopyChange = NO_CHANGE) -> None:
        self._write(lambda: super(SimJournal, self).update(intents, change))
        self._fuse.burn()

    def add_fills(self, fills: Iterable[AccountFill]) -> tuple[AccountFill, ...]:
        return self._write(lambda: super(SimJournal, self).add_fills(fills))

    def _write(self, act: Callable[[], T]) -> T:
        self._fuse.burn()
        if self._disk.full:
            raise StoreError("the disk is full", code="disk_full")
        done = act()
        self._mark()
        return done

    def _mark(self) -> None:
        if self._marks is not None:
            self._marks.append(self._wal.stat().st_size if self._wal.exists() else 0)
