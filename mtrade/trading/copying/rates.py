"""How many increases were sent in the last minute, by link and by account."""

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
        for times in (
            self._links.setdefault(link_id, deque()),
            self._accounts.setdefault(account_id, deque()),
        ):
            times.append(now_ms)
            while times[0] <= now_ms - WINDOW_MS:
                times.popleft()

    def forget(self, link_id: int, account_id: str) -> None:
        """One of them never got through."""
        for times in (self._links.get(link_id), self._accounts.get(account_id)):
            if times:
                times.pop()

    def counted(self, link_id: int, account_id: str, now_ms: int) -> tuple[int, int]:
        """How many there were of this link and of this account; from any thread."""
        since = now_ms - WINDOW_MS
        return _recent(self._links.get(link_id), since), _recent(
            self._accounts.get(account_id), since
        )


def _recent(times: deque[int] | None, since: int) -> int:
    known = tuple(times or ())  # oldest first
    if not known or known[0] > since:
        return len(known)
    return sum(at > since for at in known)
