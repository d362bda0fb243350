"""A leader's new position and the execution behind it are two messages, one right after the other.
A moment is waited for the second, so that all followers are thought through once. Engine thread
only."""

from __future__ import annotations

from mtrade.domain.events import Event, Filled, PositionChanged
from mtrade.domain.numbers import ZERO
from mtrade.domain.ports import Clock
from mtrade.trading.copying.book import Book
from mtrade.trading.copying.memory import Memory

GRACE_S = 0.003


class Grace:
    """Told every event before it is remembered. A position that became smaller, or changed sides,
    is never waited with: it lets followers out."""

    def __init__(self, clock: Clock, book: Book, memory: Memory) -> None:
        self._clock = clock
        self._book = book
        self._memory = memory
        self._until: dict[str, float] = {}  # by leader

    def hear(self, event: Event) -> None:
        """A position that grew begins the wait, an execution ends it."""
        if not isinstance(event, PositionChanged | Filled):
            return
        if event.account_id not in self._book.of_leader:
            return
        if isinstance(event, PositionChanged) and self._grows(event):
            self._until.setdefault(event.account_id, self._clock.monotonic() + GRACE_S)
        else:
            self._until.pop(event.account_id, None)

    def rest_s(self) -> float:
        """Seconds to wait until the next plan; 0 when nothing is waited for."""
        if not self._until:
            return 0.0
        now = self._clock.monotonic()
        self._until = {leader: at for leader, at in self._until.items() if at > now}
        return max(self._until.values(), default=now) - now

    def _grows(self, event: PositionChanged) -> bool:
        update = event.update
        sight = self._memory.sight(event.account_id, update.instrument.settle)
        key = (update.instrument, update.leg)
        held = None if sight is None else sight.positions.get(key)
        before = ZERO if held is None else held.size
        return abs(update.size) > abs(before) and update.size * before >= 0
