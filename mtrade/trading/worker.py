"""The engine's thread: one inbox, one message at a time, and nothing is lost by a full disk.

What has come in meanwhile is handled before the tick, so that one plan serves a burst of news.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from mtrade.domain.errors import MTradeError, StoreError
from mtrade.domain.numbers import use_decimal_context
from mtrade.trading.inbox import Inbox
from mtrade.trading.troubles import Troubles

log = logging.getLogger(__name__)

AGAIN_S = 1.0


class Worker:
    """Calls `handle` for each message posted, and `tick` after them and whenever `wait()` seconds
    have passed without one. `post` may be called from any thread."""

    def __init__(
        self,
        handle: Callable[[object], None],
        tick: Callable[[], None],
        wait: Callable[[], float],
        troubles: Troubles,
    ) -> None:
        self._handle = handle
        self._tick = tick
        self._wait = wait
        self._troubles = troubles
        self._inbox = Inbox()
        self._again: list[object] = []
        self._again_at = 0.0
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def post(self, message: object) -> None:
        """Put a message into the inbox."""
        self._inbox.post(message)

    def stop(self, timeout: float) -> None:
        """Work off what is in the inbox, then end."""
        self._inbox.close()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def unwritten(self, fault: MTradeError) -> None:
        """The journal could not be written."""
        self._troubles.unwritten(fault)

    def _run(self) -> None:
        use_decimal_context()
        while self._work():
            pass

    def _work(self) -> bool:
        """Handle what has come in, then tick. False when it was told to stop."""
        self._inbox.wait(self._wait())
        for message in self._inbox.round():
            self._safely(self._try, message)
        if self._inbox.ended:
            return False
        self._try_again()
        self._safely(self._tick)
        return True

    def _try_again(self) -> None:
        """What the journal could not take, once a second."""
        now = time.monotonic()
        if self._again and now >= self._again_at:
            self._again_at = now + AGAIN_S
            for _ in range(len(self._again)):
                self._safely(self._try, self._again.pop(0))

    def _try(self, message: object) -> None:
        """Handle a message; what the journal could not take is kept and tried again."""
        try:
            self._handle(message)
        except StoreError as fault:
            self.unwritten(fault)
            self._again.append(message)

    def _safely(self, act: Callable[..., None], *args: object) -> None:
        try:
            act(*args)
        except Exception:
            # The engine must outlive any single message; health shows that one was lost.
            log.exception("the engine could not handle a message")
            self._troubles.note("engine", "an internal error was logged; see the log")
