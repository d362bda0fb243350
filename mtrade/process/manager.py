"""ProcessManager: start, stop and look, with the lock as the only proof.

Nothing here signals a process that is not proven to be the one that wrote the record: pid, start
token and boot id are compared through the very handle that carries the signal.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mtrade.config.files import make_private_folder
from mtrade.domain.errors import ProcessError
from mtrade.process import launch, probe
from mtrade.process.identity import ProcessRef, open_identified
from mtrade.process.lock import InstanceLock, is_held
from mtrade.process.paths import HomePaths
from mtrade.process.record import (
    ServerRecord,
    leftovers,
    read_pid,
    read_record,
    remove_stale,
    write_stop_request,
)

FAILED, NOT_OURS = 1, 4


class State(StrEnum):
    """What a look at the home finds."""

    RUNNING = "RUNNING"
    STARTING = "STARTING"
    UNRESPONSIVE = "UNRESPONSIVE"
    FOREIGN = "FOREIGN"
    STALE = "STALE"
    STOPPED = "STOPPED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long to wait, in seconds."""

    ready: float = 20.0
    stop: float = 20.0
    force: float = 5.0
    record: float = 3.0
    step: float = 0.05


@dataclass(frozen=True, slots=True)
class Status:
    """One look. `cleaned` names the files of a dead instance that were removed."""

    state: State
    record: ServerRecord | None = None
    answer: probe.Answer | None = None
    cleaned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """A server that answers. `already`: it was there before us."""

    record: ServerRecord
    answer: probe.Answer
    already: bool
    seconds: float


class ProcessManager:
    """Speaks about the one server of one home."""

    def __init__(self, home: Path, timing: Timing | None = None) -> None:
        self.paths = HomePaths(home)
        self._timing = timing or Timing()

    def status(self) -> Status:
        """Look, and clean up after a dead instance."""
        if not is_held(self.paths.lock):
            cleaned = self._clean()
            if cleaned is not None:
                dead = set(cleaned) - {self.paths.stop_request.name}
                return Status(State.STALE if dead else State.STOPPED, cleaned=tuple(cleaned))
        record = self._settled_record()
        ref = self._identified(record)
        if record is None or ref is None:
            gone = not is_held(self.paths.lock)
            return Status(State.STOPPED if gone else State.FOREIGN, record)
        ref.close()
        answer = probe.ask(record)
        if answer is not None and answer.instance == record.instance:
            return Status(State.RUNNING, record, answer)
        age = time.time() - record.started_ms / 1000
        young = 0 <= age < self._timing.ready
        return Status(State.STARTING if young else State.UNRESPONSIVE, record)

    def start(self, script: Path, arguments: Sequence[str], cwd: Path) -> Started:
        """Start `script` detached and wait until the server of this home answers.

        Raises ProcessError with the exit code of the server and the last lines it wrote.
        """
        began = time.monotonic()
        turn = InstanceLock(make_private_folder(self.paths.run) / "start.lock")
        turn.acquire(patience=self._timing.ready)  # many starts at once load one server, not many
        try:
            return self._start(script, arguments, cwd, began)
        finally:
            turn.release()

    def _start(self, script: Path, arguments: Sequence[str], cwd: Path, began: float) -> Started:
        if is_held(self.paths.lock):
            return self._await_ready(None, None, began)
        output = launch.Output(self.paths.start_log)
        try:
            child = launch.detached([sys.executable, str(script), *arguments], output, cwd)
        except OSError as error:
            raise ProcessError(
                f"the server cannot be started: {error}", exit_code=FAILED, code="spawn_failed"
            ) from error
        return self._await_ready(child, output, began)

    def stop(self, *, force: bool = False, actor: str = "stop.py") -> bool:
        """Ask the server to end and wait for the lock; False when none was running.

        Raises ProcessError: exit code 4 when the files do not describe the lock holder (nothing is
        signalled), 1 when it does not end in time.
        """
        if self._free():
            return False
        record = self._settled_record()
        ref = self._identified(record)
        if record is None or ref is None:
            if self._free():
                return True
            raise _not_ours(self.paths)
        try:
            return self._end(record, ref, force=force, actor=actor)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ProcessError(
                f"stopping PID {record.pid} is not permitted: {reason}",
                exit_code=NOT_OURS,
                code="stop_forbidden",
            ) from error
        finally:
            ref.close()

    def wait_free(self, seconds: float) -> bool:
        """Wait until no server holds the lock."""
        return self._wait(lambda: not is_held(self.paths.lock), seconds)

    def _end(self, record: ServerRecord, ref: ProcessRef, *, force: bool, actor: str) -> bool:
        write_stop_request(self.paths, record.nonce, actor)
        ref.ask_to_end()
        patience = min(self._timing.stop, self._timing.force) if force else self._timing.stop
        if self._wait(lambda: self._over(record), patience):
            self._clean()
            return True
        if force and ref.start_token() == record.start_token:
            ref.kill()
            if self._wait(lambda: self._over(record), self._timing.force):
                self._clean()
                return True
        message = f"PID {record.pid} did not end within {patience:.0f} s"
        failure = ProcessError(message, exit_code=FAILED, code="stop_timeout")
        failure.params = {"pid": str(record.pid), "seconds": f"{patience:.0f}"}
        raise failure

    def _await_ready(
        self,
        child: subprocess.Popen[bytes] | None,
        output: launch.Output | None,
        began: float,
    ) -> Started:
        while time.monotonic() - began < self._timing.ready:
            ready = self._ready()
            if ready is not None:
                record, answer = ready
                already = child is None or child.poll() is not None
                return Started(record, answer, already, time.monotonic() - began)
            ended = child is not None and child.poll() is not None
            if ended and not is_held(self.paths.lock):
                code = child.returncode if child is not None else FAILED
                raise _start_failed(f"the server ended with code {code}", code, output)
            if child is None and not is_held(self.paths.lock):
                raise _start_failed("the running server ended meanwhile", FAILED, output)
            time.sleep(self._timing.step)
        message = f"the server did not answer within {self._timing.ready:.0f} s"
        raise _start_failed(message, FAILED, output)

    def _ready(self) -> tuple[ServerRecord, probe.Answer] | None:
        record = read_record(self.paths)
        if record is None or not is_held(self.paths.lock):
            return None
        answer = probe.ask(record)
        return (record, answer) if answer and answer.instance == record.instance else None

    def _settled_record(self) -> ServerRecord | None:
        """The record once record and PID file agree; a starting server writes both in a moment."""

        def settled() -> bool:
            record = read_record(self.paths)
            agreed = record is not None and read_pid(self.paths) == record.pid
            return agreed or not is_held(self.paths.lock)

        self._wait(settled, self._timing.record)
        record = read_record(self.paths)
        return record if record is not None and read_pid(self.paths) == record.pid else None

    def _over(self, record: ServerRecord) -> bool:
        """Whether that instance let go of the lock; a successor may hold it already."""
        if not is_held(self.paths.lock):
            return True
        now = read_record(self.paths)
        return now is not None and now.nonce != record.nonce

    def _identified(self, record: ServerRecord | None) -> ProcessRef | None:
        return open_identified(record.identity, self.paths.lock) if record is not None else None

    def _free(self) -> bool:
        """Whether nobody runs; cleans up what a dead instance left."""
        return not is_held(self.paths.lock) and self._clean() is not None

    def _clean(self) -> list[str] | None:
        """Remove stale files under the lock. None: a server took the lock meanwhile."""
        if not leftovers(self.paths) and not self.paths.stop_request.exists():
            return []
        lock = InstanceLock(self.paths.lock)
        if not lock.acquire(patience=0):
            return None
        try:
            return remove_stale(self.paths)
        finally:
            lock.release()

    def _wait(self, done: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() >= deadline:
                return False
            time.sleep(self._timing.step)
        return True


def _not_ours(paths: HomePaths) -> ProcessError:
    message = (
        f"{paths.pid.name} and {paths.record.name} do not describe the process that holds "
        f"{paths.lock.name}; nothing was signalled"
    )
    return ProcessError(message, exit_code=NOT_OURS, code="not_ours")


def _start_failed(message: str, code: int, output: launch.Output | None) -> ProcessError:
    failure = ProcessError(message, exit_code=code or FAILED, code="start_failed")
    failure.params = {"tail": "\n".join(output.tail())} if output else {}
    return failure
