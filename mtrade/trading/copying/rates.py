"""How many increases were sent in the last minute, by link and by account. Engine thread only."""

from __future__ import annotations

from collections import deque

WINDOW_MS = 60_000


class Rates:
    """Times are those of the exchange."""

    def __init__(self) -> None:
        self._links: dict[int, deque[int]] = {}
        self._accounts: dict[str, deque[int]] = {}

    def entered(self, link_id: int, account_id: str, now_ms: int) -> None:
        """An increase is being sent."""
        self._links.setdefault(link_id, deque()).append(now_ms)
        self._accounts.setdefault(account_id, deque()).append(now_ms)

    def counted(self, link_id: int, account_id: str, now_ms: int) -> tuple[int, int]:
        """How many there were of this link and of this account."""
        return _recent(self._links.get(link_id), now_ms), _recent(
            self._accounts.get(account_id), now_ms
        )


def _recent(times: deque[int] | None, now_ms: int) -> int:
    if not times:
        return 0
    while times and times[0] <= now_ms - WINDOW_MS:
        times.popleft()
    return len(times)
