"""What a process holds: threads, open files and sockets, memory; and whether it grew.

Database files are counted apart. SQLite keeps the descriptor of a closed connection, for the next
one, as long as another connection to the same file is open: so the first backup, ten minutes after
the start, leaves one for each database. Their number is bounded by the readers there may be.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

from mtrade.store.database import MOST_IDLE

MOST_MB = 30.0
MOST_DATABASE_FILES = 4 * (2 * (MOST_IDLE + 2) + 2)  # readers, writer, backup; log and its index
DATABASE = (".db", ".db-wal", ".db-shm")


@dataclass(frozen=True, slots=True)
class Holding:
    """Counts, and resident megabytes; `files` are those that belong to no database."""

    threads: int
    files: int
    mb: float
    databases: int = 0

    def __str__(self) -> str:
        return (
            f"threads {self.threads:3}  fds {self.files:3} + {self.databases:2} of databases  "
            f"rss {self.mb:6.1f} MB"
        )


class Gauge:
    """Looks at one process. On Windows handles are counted instead of file descriptors."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)

    def look(self) -> Holding:
        process = self._process
        if sys.platform == "win32":
            files = process.num_handles()
        else:
            files = process.num_fds()
        databases = sum(1 for file in process.open_files() if file.path.endswith(DATABASE))
        mb = process.memory_info().rss / 2**20
        return Holding(process.num_threads(), files - databases, mb, databases)

    def rest(self, looks: int, pause_s: float) -> Holding:
        """What it holds at rest: a connection that is just being replaced does not count."""
        return least(self._looks(looks, pause_s))

    def names(self) -> list[str]:
        """Every open file and connection, to say which one is too many."""
        connections = [
            f"{c.status} {c.laddr} {c.raddr}" for c in self._process.net_connections("inet")
        ]
        return sorted([*connections, *(file.path for file in self._process.open_files())])

    def cpu_s(self) -> float:
        """Processor seconds it has used."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def _looks(self, looks: int, pause_s: float) -> Iterable[Holding]:
        for _ in range(looks):
            yield self.look()
            time.sleep(pause_s)


def least(seen: Iterable[Holding]) -> Holding:
    """The smallest of each."""
    rows = list(seen)
    return Holding(
        min(row.threads for row in rows),
        min(row.files for row in rows),
        min(row.mb for row in rows),
        min(row.databases for row in rows),
    )


def growth(before: Holding, after: Holding) -> list[str]:
    """What grew more than it may, in words."""
    found = []
    if after.threads > before.threads:
        found.append(f"threads grew from {before.threads} to {after.threads}")
    if after.files > before.files:
        found.append(f"open files grew from {before.files} to {after.files}")
    if after.databases > MOST_DATABASE_FILES:
        found.append(f"database files grew to {after.databases}")
    if after.mb - before.mb >= MOST_MB:
        found.append(f"memory grew from {before.mb:.1f} to {after.mb:.1f} MB")
    return found
