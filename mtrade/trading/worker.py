"""The engine's thread: one inbox, one message at a time, and nothing is lost by a full disk."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from mtrade.domain.errors import MTradeError, StoreError
from mtrade.domain.numbers import use_decimal_context
from mtrade.trading.messages import Stop
from mtrade.trading.troubles import Troubles

log = logging.getLogger(__name__)


class Worker:
    """Calls `handle` for each message posted and `tick` after each and whenever `wait()` seconds
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
        self._inbox: queue.Queue[object] = queue.Queue()
        self._again: list[object] = []
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def post(self, message: object) -> None:
        """Put a message into the inbox."""
        self._inbox.put(message)

    def stop(self, timeout: float) -> None:
        """Work off what is in the inbox, then end."""
        self._inbox.put(Stop())
        if self._thread.is_alive():
            self._thread.join(timeout)

    def unwritten(self, fault: MTradeError) -> None:
        """The journal could not be written."""
        log.error("the journal cannot be written: %s", fault.message)
        self._troubles.note("journal", f"the journal cannot be written: {fault.message}")

    def _run(self) -> None:
        use_decimal_context()
        while True:
            try:
                message = self._inbox.get(timeout=self._wait())
            except queue.Empty:
                message = None
            if isinstance(message, Stop):
                return
            try:
                self._work(message)
            except Exception:
                # The engine must outlive any single message; health shows that one was lost.
                log.exception("the engine could not handle a message")
                self._troubles.note("engine", "an internal error was logged; see the log")

    def _work(self, message: object | None) -> None:
        if message is not None:
            self._try(message)
        else:
            for _ in range(len(self._again)):
                self._try(self._again.pop(0))
        self._tick()

    def _try(self, message: object) -> None:
        """Handle a message; what the journal could not take is kept and tried again."""
        try:
            self._handle(message)
        except StoreError as fault:
            self.unwritten(fault)
            self._again.append(message)
