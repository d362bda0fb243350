"""How many event streams there may be at once, and whether each may still go on."""

from __future__ import annotations

import threading
from collections import Counter

from mtrade.domain.errors import MTradeError
from mtrade.domain.ports import Clock
from mtrade.web.ports import AccessStore

MOST = 48
MOST_OF_ONE = 8
THREADS_FOR_THE_API = 16
RETRY_S = 5
FRESH_S = 0.25  # how old an answer about sessions and tokens may be


class StreamsFull(MTradeError):
    """Every stream holds a thread, so they are few; the page asks for snapshots meanwhile."""

    status = 503
    default_code = "streams_full"
    retryable = True

    def __init__(self) -> None:
        super().__init__("there are too many open pages", params={"seconds": str(RETRY_S)})
        self.retry_after = RETRY_S


class Seats:
    """Thread-safe. Every seat taken is given back, once."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    def take(self, owner: str) -> None:
        """A seat for one stream. Raises StreamsFull."""
        with self._lock:
            if self._taken.total() >= self._most or self._taken[owner] >= MOST_OF_ONE:
                raise StreamsFull
            self._taken[owner] += 1

    def leave(self, owner: str) -> None:
        """Give a seat back."""
        with self._lock:
            self._taken[owner] -= 1
            if self._taken[owner] <= 0:
                del self._taken[owner]

    @property
    def taken(self) -> int:
        """How many streams there are now."""
        with self._lock:
            return self._taken.total()


class Living:
    """Which sessions and tokens still hold, asked of the store a few times a second in all."""

    def __init__(self, access: AccessStore, clock: Clock) -> None:
        self._access = access
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions: frozenset[str] = frozenset()
        self._read_at: float | None = None
        self._tokens: dict[str, tuple[float, bool]] = {}

    def holds(self, session_id: str | None, token: str) -> bool:
        """Whether a session, or without one a token, still holds. Raises StoreError."""
        if session_id is not None:
            return session_id in self._living()
        return self._token_lives(token)

    def _token_lives(self, token: str) -> bool:
        with self._lock:
            now = self._clock.monotonic()
            known = self._tokens.get(token)
            if known is not None and now - known[0] < FRESH_S:
                return known[1]
            lives = self._access.token(token, now_ms=self._clock.now_ms()) is not None
            fresh = {t: told for t, told in self._tokens.items() if now - told[0] < FRESH_S}
            self._tokens = {**fresh, token: (now, lives)}
            return lives

    def _living(self) -> frozenset[str]:
        with self._lock:
            now = self._clock.monotonic()
            if self._read_at is None or now - self._read_at >= FRESH_S:
                rows = self._access.sessions(self._clock.now_ms())
                self._sessions, self._read_at = frozenset(row.id for row in rows), now
            return self._sessions


def most_streams(threads: int) -> int:
    """How many of the server's threads streams may hold."""
    return max(1, min(MOST, threads - THREADS_FOR_THE_API))
