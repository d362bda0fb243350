"""Own executions on their way into the journal: what one round of the engine was told is one
transaction. For the engine thread only.

A fan-out is followed by an execution of every follower; each by itself would hold the engine up
for a write to the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mtrade.domain.errors import StoreError
from mtrade.domain.orders import AccountFill, Fill
from mtrade.domain.ports import Clock
from mtrade.trading.ports import FillJournal
from mtrade.trading.troubles import Troubles

AGAIN_S = 1.0


class Executions:
    """`fresh` is told what was not in the journal before, once it is."""

    def __init__(
        self,
        journal: FillJournal,
        troubles: Troubles,
        clock: Clock,
        fresh: Callable[[AccountFill], None],
    ) -> None:
        self._journal = journal
        self._troubles = troubles
        self._clock = clock
        self._fresh = fresh
        self._waiting: list[AccountFill] = []
        self._again_at = 0.0

    def take(self, account_id: str, fills: Iterable[Fill]) -> None:
        """These are to be stored."""
        self._waiting += ((account_id, fill) for fill in fills)

    def store(self) -> None:
        """Store what waits; what the journal cannot take is tried again in a second."""
        if not self._waiting or self._clock.monotonic() < self._again_at:
            return
        try:
            fresh = self._journal.add_fills(self._waiting)
        except StoreError as fault:
            self._troubles.unwritten(fault)
            self._again_at = self._clock.monotonic() + AGAIN_S
            return
        self._waiting = []
        self._again_at = 0.0
        for found in fresh:
            self._fresh(found)
