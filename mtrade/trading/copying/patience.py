"""How long a leg whose orders do not get through waits before the next one.

Each time twice as long, at most ten seconds, apart for the way in and the way out: an entry that
was turned away holds up no exit. Kept in memory only: a start tries at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from mtrade.domain.copying.booking import NOT_THROUGH, POOR
from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.orders import Intent, IntentState
from mtrade.domain.ports import Clock
from mtrade.domain.risk import is_reducing

FIRST_S, MOST_S = 0.2, 10.0
READ_S = 2.0  # within this a wallet is read after money moved


@dataclass(frozen=True, slots=True)
class Wait:
    """After `count` orders in a row that did not get through; until `until` on the clock."""

    count: int
    until: float
    why: Reason

    def rest_s(self, now: float) -> float:
        """Seconds left; not above 0 when it is over."""
        return self.until - now


class Patience:
    """Engine thread only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waits: dict[tuple[int, bool], Wait] = {}

    def learned(self, leg_id: int, after: Intent) -> Wait | None:
        """An order has ended; the wait that follows when it did not get through."""
        key = (leg_id, is_reducing(after.order))
        known = self._waits.pop(key, None)
        void = after.state is IntentState.VOID
        if void and after.label in POOR:
            self._waits[key] = self._wait(1, READ_S, Reason(Code.NO_MARGIN))
        if not void or after.label not in NOT_THROUGH:
            return None
        count = 1 + (known.count if known is not None else 0)
        pause = min(FIRST_S * 2 ** min(count - 1, 10), MOST_S)
        wait = self._wait(count, pause, Reason(Code.REFUSED, {"label": after.label}))
        self._waits[key] = wait
        return wait

    def _wait(self, count: int, pause_s: float, why: Reason) -> Wait:
        return Wait(count, self._clock.monotonic() + pause_s, why)

    def wait_of(self, leg_id: int, *, reducing: bool) -> Wait | None:
        """The wait that is not over; None when an order may be sent."""
        wait = self._waits.get((leg_id, reducing))
        return wait if wait is not None and wait.rest_s(self._clock.monotonic()) > 0 else None
