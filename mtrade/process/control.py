"""ServerControl: what the web part may know about, and ask of, the process it lives in."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from mtrade import __version__
from mtrade.domain.errors import Conflict
from mtrade.logs import get_logger
from mtrade.process import relaunch
from mtrade.process.network import Address, addresses
from mtrade.process.paths import HomePaths
from mtrade.process.record import ServerRecord

EXIT_RESTART_BY_SERVICE = 75  # EX_TEMPFAIL: the unit's Restart= brings us back

_log = get_logger(__name__)


class ServerControl:
    """Handed to the web part. Every method may be called from any thread."""

    def __init__(self, record: ServerRecord, home: Path, restart: Callable[[], None]) -> None:
        self._record = record
        self._paths = HomePaths(home)
        self._restart = restart
        self._lock = threading.Lock()
        self._event = threading.Event()
        self._exit_code = 0
        self._signal = ""

    @property
    def pid(self) -> int:
        """Process id of the server."""
        return self._record.pid

    @property
    def nonce(self) -> str:
        """Secret of this instance; who sends it back has seen the authenticated status."""
        return self._record.nonce

    @property
    def instance(self) -> str:
        """Public name of this instance: hash of the nonce."""
        return self._record.instance

    @property
    def started_ms(self) -> int:
        """When it began, UTC milliseconds."""
        return self._record.started_ms

    @property
    def version(self) -> str:
        """Version of the program."""
        return __version__

    @property
    def port(self) -> int:
        """Port it listens on."""
        return self._record.port

    @property
    def home(self) -> Path:
        """Folder of all run-time files."""
        return self._paths.home

    @property
    def stopping(self) -> bool:
        """Whether the end has begun: refuse new work, end streams."""
        return self._event.is_set() or bool(self._signal)

    @property
    def exit_code(self) -> int:
        """What the process will return."""
        return self._exit_code

    def addresses(self) -> tuple[Address, ...]:
        """Where browsers find it: this computer first, then each adapter by name."""
        return addresses(self._record.scheme, self._record.host, self._record.port)

    def request_stop(self, actor: str) -> None:
        """Begin the graceful end; a second request changes nothing."""
        with self._lock:
            if not self._event.is_set():
                _log.info("stop requested", actor=actor)
                self._event.set()

    def request_restart(self, actor: str) -> None:
        """Begin the graceful end and bring the server back.

        Raises Conflict when it is already ending, ProcessError when no relauncher can be started
        (the server then stays up).
        """
        with self._lock:
            if self._event.is_set():
                raise Conflict("the server is already stopping", code="stopping")
            if under_service_manager():
                self._exit_code = EXIT_RESTART_BY_SERVICE
            else:
                self._restart()
            _log.info("restart requested", actor=actor)
            self._event.set()

    def last_restart_failure(self) -> str | None:
        """Why the last restart did not end well; None when there is nothing to show."""
        note = relaunch.read_note(self._paths)
        if note is None:
            return None
        fresh = int(time.time() * 1000) - note.at_ms < relaunch.SETTLE_MS
        return None if note.pending and fresh else note.reason

    def note_signal(self, name: str) -> None:
        """Remember a signal. Its handler may have interrupted a holder of any lock: take none."""
        self._signal = name

    def wait(self, seconds: float) -> bool:
        """Wait until the end has begun, at most `seconds`. Only for the main thread."""
        if self._signal:
            self.request_stop(self._signal)
        return self._event.wait(seconds)


def under_service_manager() -> bool:
    """Whether systemd itself runs this process, not merely some ancestor of it."""
    if "INVOCATION_ID" not in os.environ:
        return False
    return os.environ.get("SYSTEMD_EXEC_PID", str(os.getpid())) == str(os.getpid())
