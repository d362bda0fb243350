"""Who may send at all. Asked directly before each write, on any thread, so it must never wait."""

from __future__ import annotations

import threading

from mtrade.domain.copying.model import Control

ALL = "all"
HALT = "halt"


class Brakes:
    """The scopes that are halted now: `all`, or an account's id. Thread-safe.

    A halt counts from the moment it is set, before it is written down; one that could not be
    written counts too.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._halted: frozenset[str] = frozenset()

    def load(self, controls: dict[str, Control]) -> None:
        """What the journal says at a start."""
        with self._lock:
            found = {scope for scope, control in controls.items() if control.state == HALT}
            self._halted |= found

    def halt(self, scope: str) -> None:
        """Nothing leaves any more."""
        with self._lock:
            self._halted |= {scope}

    def release(self, scope: str) -> None:
        """It may again."""
        with self._lock:
            self._halted -= {scope}

    def halted(self, account_id: str) -> bool:
        """Whether nothing may be sent for an account."""
        halted = self._halted
        return bool(halted) and (ALL in halted or account_id in halted)

    def scope_of(self, account_id: str) -> str | None:
        """The scope that halts an account."""
        halted = self._halted
        return ALL if ALL in halted else account_id if account_id in halted else None
