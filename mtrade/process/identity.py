"""Who a process is. A pid alone proves nothing: numbers are given out again.

Identity = pid + start token + boot id. A `ProcessRef` is opened first and compared through the same
handle, so that the process compared is the process signalled: pidfd on Linux, HANDLE on Windows.
macOS has no such handle; there the comparison is repeated right before the signal.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

MAX_PID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Identity:
    """Names one process for ever. `start_token` is when the system says it began."""

    pid: int
    start_token: str
    boot_id: str


class ProcessRef(Protocol):
    """An open hold on one process."""

    def start_token(self) -> str | None:
        """Its start token now; None when it is gone or the system does not say."""

    def holds(self, path: Path) -> bool:
        """Whether it has the file open. True where start tokens are fine enough without it."""

    def ask_to_end(self) -> bool:
        """Send SIGTERM where that is a request; False where no such thing exists."""

    def kill(self) -> None:
        """End it at once."""

    def close(self) -> None:
        """Let go."""


def own_identity() -> Identity:
    """This process."""
    pid = os.getpid()
    return Identity(pid, _start_token(pid) or "", boot_id())


def signallable(pid: int) -> bool:
    """Whether `pid` can at all be a server of ours: not init, not this process, not its parent."""
    return 1 < pid <= MAX_PID and pid not in (os.getpid(), os.getppid())


def open_identified(identity: Identity, held: Path) -> ProcessRef | None:
    """A hold on exactly the process `identity` names, which keeps the file `held` open.

    None when there is no such process, when another one has its number, or when the system does
    not let us look: whoever cannot be identified is not ours to signal.
    """
    if not signallable(identity.pid) or not identity.start_token or identity.boot_id != boot_id():
        return None
    ref = _open(identity.pid)
    if ref is None:
        return None
    if ref.start_token() != identity.start_token or not ref.holds(held):
        ref.close()
        return None
    return ref


if sys.platform == "win32":
    from mtrade.process import windows

    def boot_id() -> str:
        """Creation times on Windows are absolute, so they tell boots apart by themselves."""
        return "windows"

    def _start_token(pid: int) -> str | None:
        ref = windows.open_process(pid)
        if ref is None:
            return None
        with suppress(OSError):
            return ref.start_token()
        return None

    def _open(pid: int) -> ProcessRef | None:
        return windows.open_process(pid)

elif sys.platform == "linux":

    def boot_id() -> str:
        """Changes with every boot."""
        try:
            return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        except OSError:
            return ""

    def _start_token(pid: int) -> str | None:
        """Field 22 of /proc/<pid>/stat; the name before it may hold spaces and brackets."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_bytes()
        except OSError:
            return None
        fields = stat[stat.rfind(b")") + 1 :].split()
        return fields[19].decode("ascii") if len(fields) > 19 else None

    def _same_file(entry: Path, wanted: os.stat_result) -> bool:
        try:
            return os.path.samestat(entry.stat(), wanted)
        except OSError:
            return False  # closed meanwhile

    class _PidFd:
        """As long as the descriptor's process lives, its number cannot be given to another."""

        def __init__(self, pid: int, descriptor: int) -> None:
            self._pid = pid
            self._descriptor = descriptor

        def start_token(self) -> str | None:
            token = _start_token(self._pid)
            return token if self._alive() else None

        def holds(self, path: Path) -> bool:
            """Start tokens count in 10 ms here: two processes may share one, but not the lock."""
            try:
                wanted = path.stat()
                return any(
                    _same_file(entry, wanted) for entry in Path(f"/proc/{self._pid}/fd").iterdir()
                )
            except OSError:
                return False

        def _alive(self) -> bool:
            try:
                signal.pidfd_send_signal(self._descriptor, 0)
            except OSError:
                return False
            return True

        def ask_to_end(self) -> bool:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, signal.SIGTERM)
            return True

        def kill(self) -> None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

        def close(self) -> None:
            os.close(self._descriptor)

    def _open(pid: int) -> ProcessRef | None:
        try:
            return _PidFd(pid, os.pidfd_open(pid))
        except OSError:
            return None

else:

    def boot_id() -> str:
        """Seconds since the epoch at which this system began; start tokens are absolute here."""
        return sys.platform

    def _start_token(pid: int) -> str | None:
        try:
            return repr(psutil.Process(pid).create_time())
        except psutil.Error:
            return None

    class _CheckedPid:
        """No handle here: the start time is compared again right before each signal."""

        def __init__(self, pid: int, token: str) -> None:
            self._pid = pid
            self._token = token

        def start_token(self) -> str | None:
            return _start_token(self._pid)

        def holds(self, path: Path) -> bool:
            return True

        def ask_to_end(self) -> bool:
            self._send(signal.SIGTERM)
            return True

        def kill(self) -> None:
            self._send(signal.SIGKILL)

        def _send(self, number: signal.Signals) -> None:
            if _start_token(self._pid) == self._token:
                with suppress(ProcessLookupError):
                    os.kill(self._pid, number)

        def close(self) -> None:
            return

    def _open(pid: int) -> ProcessRef | None:
        token = _start_token(pid)
        return _CheckedPid(pid, token) if token else None
