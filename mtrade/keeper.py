"""The keeper: verified backups on their days, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from mtrade.domain.errors import StoreError
from mtrade.domain.ports import Clock
from mtrade.store.backup import is_due, make_backup

log = logging.getLogger(__name__)

LOOK_S = 600.0


class Keeper:
    """Start it, close it; `problem` is empty while the last backup went well."""

    def __init__(self, home: Path, clock: Clock) -> None:
        self._home = home
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self.problem = ""

    def start(self) -> None:
        """Begin; the first look comes after some minutes, so that a start stays light."""
        self._thread.start()

    def close(self) -> None:
        """Stop; a backup under way is finished or dropped whole."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def look(self) -> None:
        """Make a backup if one is due."""
        now_ms = self._clock.now_ms()
        if not is_due(self._home, now_ms):
            return
        try:
            folder = make_backup(self._home, now_ms)
        except StoreError as fault:
            self.problem = fault.message
            log.error("no backup could be made: %s", fault.message)
            return
        self.problem = ""
        log.info("backup made: %s", folder.name)

    def _run(self) -> None:
        while not self._stop.wait(LOOK_S):
            self.look()
