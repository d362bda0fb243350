"""Rate limits, Gate's way: a budget per endpoint and user or address (gate-notes, limits).

Pure: time comes in. A window starts with its first request and ends after the budget's period;
Gate publishes the size of the budgets but not whether its windows slide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Budget:
    """`requests` per `period_ms`. `scope` says what shares one budget besides the user.

    `endpoint`: each method and path has its own; `market`: each currency pair; `user`: nothing.
    """

    requests: int
    period_ms: int
    scope: str = "endpoint"


# The names a Route's `bucket` may use. Placing and amending orders counts every order of a batch.
BUDGETS: dict[str, Budget] = {
    "public": Budget(200, 10_000),
    "private": Budget(200, 10_000),
    "spot_order": Budget(10, 1_000, "market"),
    "spot_cancel": Budget(200, 1_000, "user"),
    "futures_order": Budget(100, 1_000, "user"),
    "futures_cancel": Budget(200, 1_000, "user"),
    "wallet": Budget(80, 10_000),
    "account": Budget(150, 10_000),
}

_PRUNE_AT = 4096


class Verdict(NamedTuple):
    """Whether a request may pass, and what the rate headers say. `reset_ms` is absolute."""

    allowed: bool
    remain: int
    limit: int
    reset_ms: int


@dataclass(slots=True)
class _Window:
    end_ms: int
    used: int = 0


class Limiter:
    """Counts requests. With `enforced` off it still counts and reports, but refuses nobody."""

    def __init__(self, *, enforced: bool = True) -> None:
        self.enforced = enforced
        self._windows: dict[tuple[str, ...], _Window] = {}

    def take(self, bucket: str, key: tuple[str, ...], cost: int, now_ms: int) -> Verdict:
        """Spend `cost` of the budget `bucket` of `key`. A refused request spends nothing."""
        budget = BUDGETS[bucket]
        window = self._window((bucket, *key), budget, now_ms)
        allowed = window.used + cost <= budget.requests or not self.enforced
        if allowed:
            window.used = min(window.used + cost, budget.requests)
        remain = budget.requests - window.used
        spent = not allowed or remain == 0
        return Verdict(allowed, remain, budget.requests, window.end_ms if spent else now_ms)

    def _window(self, key: tuple[str, ...], budget: Budget, now_ms: int) -> _Window:
        window = self._windows.get(key)
        if window is None or window.end_ms <= now_ms:
            if len(self._windows) >= _PRUNE_AT:
                self._prune(now_ms)
            window = self._windows[key] = _Window(now_ms + budget.period_ms)
        return window

    def _prune(self, now_ms: int) -> None:
        self._windows = {k: w for k, w in self._windows.items() if w.end_ms > now_ms}
