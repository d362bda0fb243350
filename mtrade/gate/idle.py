"""Closing kept connections that nobody would trust again.

A pool checks a connection's age only when it hands it out, last in first out: after a busy moment
the ones at the bottom would stay open for ever, half closed by the exchange, each an open file.
"""

from __future__ import annotations

import time
from typing import Any

from mtrade.gate.connection import IDLE_S


class Sweeper:
    """Closes what lies idle in one pool, at most every `IDLE_S`. Any thread may call it."""

    def __init__(self) -> None:
        self._next_at = 0.0

    def sweep(self, pool: Any) -> None:
        """Close every kept connection that was last used more than `IDLE_S` ago."""
        now = time.monotonic()
        if now < self._next_at:
            return
        self._next_at = now + IDLE_S
        with pool.pool.mutex:  # what lies in the queue is nobody's
            for connection in pool.pool.queue:
                if connection is not None and now - connection.last_used > IDLE_S:
                    connection.close()
