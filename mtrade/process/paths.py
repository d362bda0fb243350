"""Names of the run-time files inside MTRADE_HOME."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class HomePaths:
    """The files by which processes of one home find each other."""

    home: Path

    @property
    def lock(self) -> Path:
        """Held by the server for life; never deleted."""
        return self.home / "mtrade_server.lock"

    @property
    def pid(self) -> Path:
        """The server's process id and a newline."""
        return self.home / "mtrade_server.pid"

    @property
    def record(self) -> Path:
        """Identity of the running instance."""
        return self.home / "mtrade_server.json"

    @property
    def stop_request(self) -> Path:
        """Asks the instance whose nonce it carries to end."""
        return self.home / "stop.request"

    @property
    def run(self) -> Path:
        """Small files of the current run."""
        return self.home / "run"

    @property
    def setup_code(self) -> Path:
        """The one-time code of the first run, written by the web part."""
        return self.run / "setup_code.txt"

    @property
    def restart_log(self) -> Path:
        """What the relauncher said."""
        return self.run / "restart.log"

    @property
    def restart_note(self) -> Path:
        """Left behind by a restart that did not end well."""
        return self.run / "restart.failed"

    @property
    def logs(self) -> Path:
        """Folder of all logs."""
        return self.home / "data" / "logs"

    @property
    def start_log(self) -> Path:
        """Output of detached servers: what happens before the real log is open."""
        return self.logs / "start.log"
