"""How often a password may be guessed. The rules are pure; the counters survive a restart.

An attempt counts as failed from the moment it is admitted until it succeeds, so parallel guesses
cannot slip through. Everything decays: no address is ever banned for good.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from sqlite3 import Connection

from mtrade.domain.errors import LimitExceeded
from mtrade.store.database import Database

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS

FREE_TRIES = 5
LONGEST_DELAY_MS = MINUTE_MS
BLOCK_AFTER = 20
BLOCK_MS = 15 * MINUTE_MS
CHECKS_PER_MINUTE = 30
# Of those, a few are kept for whoever has not failed lately, and a few more for devices that are
# signed in and for their addresses:
# a crowd of guessing addresses must not use up the owner's own check.
CHECKS_OF_THE_FAILED = 12
CHECKS_OF_STRANGERS = 26
ELEVATIONS_PER_HOUR = 10

_CHECKS = "checks"


def address_wait_ms(failures: Sequence[int], now_ms: int) -> int:
    """How long an address still waits, from the times of its failures.

    Five tries are free, then the delay doubles from 2 s to 60 s; from the 20th failure within an
    hour it is 15 minutes. Times in the future (a clock was set back) do not count.
    """
    recent = _within(failures, now_ms, HOUR_MS)
    if len(recent) < FREE_TRIES:
        return 0
    doublings = len(recent) - FREE_TRIES + 1
    pause = min(LONGEST_DELAY_MS, 1000 << doublings)
    if len(recent) >= BLOCK_AFTER:
        pause = BLOCK_MS
    return max(0, max(recent) + pause - now_ms)


def overall_wait_ms(checks: Sequence[int], now_ms: int, most: int = CHECKS_PER_MINUTE) -> int:
    """How long everybody waits: at most `most` password checks a minute, whoever asks."""
    recent = _within(checks, now_ms, MINUTE_MS)
    if len(recent) < most:
        return 0
    return recent[-most] + MINUTE_MS - now_ms


def elevation_wait_ms(failures: Sequence[int], now_ms: int) -> int:
    """How long a session waits for its next try: ten an hour."""
    recent = _within(failures, now_ms, HOUR_MS)
    if len(recent) < ELEVATIONS_PER_HOUR:
        return 0
    return recent[-ELEVATIONS_PER_HOUR] + HOUR_MS - now_ms


def _within(times: Sequence[int], now_ms: int, span_ms: int) -> list[int]:
    return sorted(t for t in times if now_ms - span_ms < t <= now_ms)


class Attempts:
    """The counters in `access.db`. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def admit_login(self, address: str, now_ms: int) -> None:
        """Count a login from `address`, or raise LimitExceeded with the seconds to wait."""
        with self._database.write() as db:
            scope = f"login:{address}"
            failures = _times(db, scope)
            failed = bool(_within(failures, now_ms, HOUR_MS))
            most = CHECKS_OF_THE_FAILED if failed else CHECKS_OF_STRANGERS
            if _is_known(db, address):
                most = CHECKS_PER_MINUTE
            _admit(db, scope, address_wait_ms(failures, now_ms), now_ms, most)

    def admit_elevation(self, session_id: str, now_ms: int) -> None:
        """Count a repeated password of a session, or raise LimitExceeded."""
        with self._database.write() as db:
            scope = f"elevation:{session_id}"
            wait = elevation_wait_ms(_times(db, scope), now_ms)
            _admit(db, scope, wait, now_ms, CHECKS_PER_MINUTE)

    def login_succeeded(self, address: str) -> None:
        """Forget the failures of an address."""
        self._clear(f"login:{address}")

    def elevation_succeeded(self, session_id: str) -> None:
        """Forget the failures of a session."""
        self._clear(f"elevation:{session_id}")

    def failures(self, address: str, now_ms: int) -> int:
        """Failed logins of an address within the last hour; alert at 5 and at 20."""
        with self._database.read() as db:
            return len(_within(_times(db, f"login:{address}"), now_ms, HOUR_MS))

    def _clear(self, scope: str) -> None:
        with self._database.write() as db:
            db.execute("DELETE FROM attempt WHERE scope=?", (scope,))


def _admit(db: Connection, scope: str, wait_ms: int, now_ms: int, most: int) -> None:
    wait_ms = max(wait_ms, overall_wait_ms(_times(db, _CHECKS), now_ms, most))
    if wait_ms > 0:
        raise LimitExceeded("too many attempts, wait", retry_after=math.ceil(wait_ms / 1000))
    db.execute("DELETE FROM attempt WHERE at_ms <= ? OR at_ms > ?", (now_ms - HOUR_MS, now_ms))
    db.executemany(
        "INSERT INTO attempt(scope, at_ms) VALUES(?,?)", [(scope, now_ms), (_CHECKS, now_ms)]
    )


def _is_known(db: Connection, address: str) -> bool:
    """Whether a device is signed in from there."""
    query = "SELECT 1 FROM session WHERE ? IN (address, first_address) LIMIT 1"
    return db.execute(query, (address,)).fetchone() is not None


def _times(db: Connection, scope: str) -> list[int]:
    rows = db.execute("SELECT at_ms FROM attempt WHERE scope=? ORDER BY at_ms", (scope,))
    return [int(row["at_ms"]) for row in rows]
