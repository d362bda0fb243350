"""Restart asked for in the browser: a small process that outlives the server and starts the next.

`begin()` leaves a note first and starts the relauncher; a good restart takes the note away. So a
relauncher that dies midway is visible too: the note is still there.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mtrade.config.files import make_private_folder, replace_text
from mtrade.domain.errors import MTradeError, ProcessError
from mtrade.process import launch
from mtrade.process.manager import FAILED, ProcessManager
from mtrade.process.paths import HomePaths

WAIT_FREE_S = 30.0
PAUSES_S = (1.0, 2.0, 4.0)
# A note younger than this may belong to a restart that is still under way.
SETTLE_MS = 120_000


@dataclass(frozen=True, slots=True)
class RestartNote:
    """Why the last restart did not end well; `at_ms` is UTC milliseconds."""

    at_ms: int
    pending: bool
    reason: str


def write_note(paths: HomePaths, *, pending: bool, reason: str) -> None:
    """Leave or replace the note."""
    make_private_folder(paths.run)
    note = {"at_ms": int(time.time() * 1000), "pending": pending, "reason": reason}
    replace_text(paths.restart_note, json.dumps(note, ensure_ascii=False) + "\n")


def read_note(paths: HomePaths) -> RestartNote | None:
    """The note, if there is one that can be read."""
    try:
        values = json.loads(paths.restart_note.read_text("utf-8"))
        return RestartNote(int(values["at_ms"]), bool(values["pending"]), str(values["reason"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def remove_note(paths: HomePaths) -> None:
    """The restart went well, or its failure has been shown."""
    with suppress(OSError):
        paths.restart_note.unlink()


def begin(
    paths: HomePaths, script: Path, arguments: Sequence[str], cwd: Path, instance: str
) -> None:
    """Start the relauncher for the end of `instance`. Raises ProcessError when that fails."""
    try:
        write_note(paths, pending=True, reason="the restart was begun but did not finish")
        launch.detached(
            [
                sys.executable,
                *("-m", "mtrade.process.relaunch"),
                *("--home", str(paths.home), "--instance", instance),
                *("--script", str(script), "--cwd", str(cwd), "--"),
                *arguments,
            ],
            launch.Output(paths.restart_log),
            cwd,
        )
    except OSError as error:
        remove_note(paths)
        raise ProcessError(
            f"the restart cannot be begun: {error}", exit_code=FAILED, code="restart_failed"
        ) from error


def relaunch(
    manager: ProcessManager,
    script: Path,
    arguments: Sequence[str],
    cwd: Path,
    *,
    wait_free: float = WAIT_FREE_S,
    pauses: Sequence[float] = PAUSES_S,
) -> int:
    """Wait for the lock, start, wait for READY; after the last try leave the note. Exit code."""
    reason = f"the old server did not end within {wait_free:.0f} s"
    if manager.wait_free(wait_free):
        for pause in pauses:
            try:
                started = manager.start(script, arguments, cwd)
            except ProcessError as error:
                reason = "\n".join(filter(None, (error.message, error.params.get("tail"))))
                _say(reason)
                time.sleep(pause)
                continue
            _say(f"running again, PID {started.record.pid}")
            remove_note(manager.paths)
            return 0
    _say(f"giving up: {reason}")
    write_note(manager.paths, pending=False, reason=reason)
    return FAILED


def _say(text: str) -> None:
    print(f"{datetime.now(UTC).astimezone().isoformat(timespec='seconds')} {text}", flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry of `python -m mtrade.process.relaunch`."""
    parser = argparse.ArgumentParser(prog="mtrade.process.relaunch")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--instance", required=True)
    parser.add_argument("--script", type=Path, required=True)
    parser.add_argument("--cwd", type=Path, required=True)
    parser.add_argument("arguments", nargs="*")
    given = parser.parse_args(argv)
    _say(f"restart begun by instance {given.instance}, relauncher PID {os.getpid()}")
    manager = ProcessManager(given.home)
    try:
        return relaunch(manager, given.script, given.arguments, given.cwd)
    except (MTradeError, OSError) as error:
        with suppress(OSError):
            write_note(manager.paths, pending=False, reason=str(error))
        _say(str(error))
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
