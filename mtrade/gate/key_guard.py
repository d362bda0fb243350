"""A key that the exchange does not accept is tried once a minute, whoever asks. Thread-safe."""

from __future__ import annotations

import threading

from mtrade.domain.errors import AuthenticationFailed, ExchangeError
from mtrade.domain.ports import Clock
from mtrade.gate.labels import AUTHENTICATION

PAUSE_S = 60.0
# These are about one kind of call; the key is good for others.
RIGHTS = frozenset({"READ_ONLY", "FORBIDDEN"})


class KeyGuard:
    """Remembers the refusal of a key and answers with it while it is fresh."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._refusal: AuthenticationFailed | None = None
        self._until = 0.0

    def enter(self) -> None:
        """Before a call. Raises AuthenticationFailed, and then nothing may be sent; once a minute
        one caller is let through to see whether the key is good again."""
        with self._lock:
            known = self._refusal
            now = self._clock.monotonic()
            if known is None:
                return
            if now >= self._until:
                self._until = now + PAUSE_S
                return
        raise AuthenticationFailed(
            known.message, label=known.label, raw=known.raw, http_status=known.http_status
        )

    def refused(self, error: ExchangeError) -> None:
        """What the exchange answered instead of doing what it was asked."""
        if not isinstance(error, AuthenticationFailed) or error.label in RIGHTS:
            return
        if error.label in AUTHENTICATION:
            with self._lock:
                self._refusal = error
                self._until = self._clock.monotonic() + PAUSE_S

    def accepted(self) -> None:
        """The exchange did what it was asked: the key is good."""
        if self._refusal is not None:
            with self._lock:
                self._refusal = None
