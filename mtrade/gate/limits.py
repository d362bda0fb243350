"""Rate budgets as the exchange reports them, so that a call it would refuse is not made.

Each answer tells how many calls of its kind remain and when the budget refills (gate-notes, rate
limits). Thread-safe. Cancels and reductions never wait: the exchange decides about them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mtrade.domain.errors import RateLimited
from mtrade.domain.ports import Clock

LONGEST_WAIT_MS = 2000
WHOLE_SECOND_MS = 1000  # the header is cut to seconds: the refill may come at their end
REMAIN = "x-gate-ratelimit-requests-remain"
RESET = "x-gate-ratelimit-reset-timestamp"


@dataclass(slots=True)
class _Budget:
    """`remaining` calls until `reset_ms` on the exchange's clock."""

    remaining: int
    reset_ms: int


class RateBudgets:
    """The budgets of one account, or of this machine for public calls, by bucket name."""

    def __init__(self, clock: Clock, sleep: Callable[[float], None] = time.sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._budgets: dict[str, _Budget] = {}
        self._lock = threading.Lock()

    def enter(self, bucket: str, *, urgent: bool = False) -> None:
        """Take one call out of the budget.

        Waits up to two seconds for a refill, otherwise raises RateLimited with `retry_after`; an
        urgent call does neither.
        """
        wait = self.take(bucket)
        if urgent or wait <= 0:
            return
        if wait > LONGEST_WAIT_MS:
            seconds = -(-wait // 1000)
            raise RateLimited(
                f"the exchange's budget for {bucket} is used up for {seconds} s",
                label="TOO_MANY_REQUESTS",
                retry_after=seconds,
            )
        self._sleep(wait / 1000)

    def feed(self, bucket: str, headers: Mapping[str, str], *, refused: bool = False) -> None:
        """Learn from the headers of an answer; `refused` means it was a 429."""
        remain, reset = _count(headers.get(REMAIN)), _count(headers.get(RESET))
        if refused:
            remain = 0
        if remain is not None and reset is not None:
            self.learn(bucket, remain, reset * 1000 + WHOLE_SECOND_MS)

    def learn(self, bucket: str, remaining: int, reset_ms: int) -> None:
        """`remaining` calls are left until `reset_ms` on the exchange's clock."""
        with self._lock:
            self._budgets[bucket] = _Budget(remaining, reset_ms)

    def take(self, bucket: str) -> int:
        """Take one call out of the budget without waiting.

        Returns the milliseconds until it would be accepted; 0 when it would be now.
        """
        if bucket not in self._budgets:
            return 0
        now = self._clock.now_ms()
        with self._lock:
            budget = self._budgets.get(bucket)
            if budget is None:
                return 0
            if budget.reset_ms <= now and budget.remaining <= 0:
                del self._budgets[bucket]
                return 0
            if budget.remaining > 0:
                budget.remaining -= 1
                return 0
            return budget.reset_ms - now


def _count(value: str | None) -> int | None:
    """A header as a number; None when it is missing or nonsense."""
    if value is None or not value.isascii() or not value.isdigit() or len(value) > 16:
        return None
    return int(value)
