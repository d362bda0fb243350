"""Start a process that outlives us, and read the end of what it wrote."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from mtrade.config.files import BINARY, make_private_folder

_MAX_OUTPUT = 1_048_576
# A detached server is not the unit's own process any more; it must not believe it is.
_SERVICE_MARKS = ("INVOCATION_ID", "SYSTEMD_EXEC_PID", "LISTEN_PID", "LISTEN_FDS", "NOTIFY_SOCKET")

# Meant to outlive us; a forgotten one would be reported as a leak.
_launched: list[subprocess.Popen[bytes]] = []


class Output:
    """The file a detached process writes to, and where its part begins."""

    def __init__(self, path: Path) -> None:
        self.path = path
        make_private_folder(path.parent)
        if path.exists() and path.stat().st_size > _MAX_OUTPUT:
            path.unlink()
        self._begin = path.stat().st_size if path.exists() else 0

    def open(self) -> IO[bytes]:
        """For appending; readable by its owner only."""
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | BINARY, 0o600)
        return os.fdopen(descriptor, "ab")

    def tail(self, lines: int = 20) -> list[str]:
        """The last lines written since this object was made."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._begin)
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return []
        return text.splitlines()[-lines:]


def detached(command: Sequence[str], output: Output, cwd: Path) -> subprocess.Popen[bytes]:
    """Start `command` so that neither our end nor our console's end reaches it."""
    environ = {k: v for k, v in os.environ.items() if k not in _SERVICE_MARKS}
    environ["PYTHONUTF8"] = "1"
    with output.open() as file:
        last: OSError | None = None
        for extra in _detachment():
            try:
                child = subprocess.Popen(
                    list(command),
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    cwd=cwd,
                    env=environ,
                    **extra,
                )
                _launched.append(child)
                return child
            except OSError as error:
                last = error
        raise last or OSError("nothing to start")


def _detachment() -> list[dict[str, Any]]:
    """Ways to detach, best first."""
    ways: list[dict[str, Any]]
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        # A job may forbid leaving it; inside the job is still better than not at all.
        ways = [
            {"creationflags": flags | subprocess.CREATE_BREAKAWAY_FROM_JOB},
            {"creationflags": flags},
        ]
    else:
        ways = [{"start_new_session": True}]
    return ways
