"""One server per home: an operating-system lock that ends with its holder, however that dies.

The lock, not the PID file, proves that a server runs. The file itself is never deleted: a lock on
an unlinked file would protect nothing. Looking (`is_held`) takes the lock for an instant, so a
starting server tries for half a second before it believes that another one is there.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from mtrade.domain.errors import ProcessError

_STEP_S = 0.02
# Locked byte on Windows, far behind the content: a mandatory lock must not hide it from readers.
_OFFSET = 0x7FFF0000


class InstanceLock:
    """Held from `acquire` to `release` or to the end of the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds it."""
        return self._descriptor is not None

    def acquire(self, patience: float = 0.5) -> bool:
        """Take the lock, trying for `patience` seconds; False when somebody else holds it.

        Raises ProcessError when the file cannot be opened at all.
        """
        if self._descriptor is not None:
            return True
        deadline = time.monotonic() + patience
        while not self._try():
            if time.monotonic() >= deadline:
                return False
            time.sleep(_STEP_S)
        return True

    def release(self) -> None:
        """Give it back; harmless when not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _try(self) -> bool:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
        try:
            descriptor = os.open(self._path, flags, 0o600)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ProcessError(
                f"{self._path} cannot be opened: {reason}", exit_code=4, code="lock_unusable"
            ) from error
        if _lock(descriptor):
            self._descriptor = descriptor
            return True
        os.close(descriptor)
        return False


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock at `path`; an absent file is a free lock."""
    if not path.exists():
        return False
    probe = InstanceLock(path)
    if not probe.acquire(patience=0):
        return True
    probe.release()
    return False


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> bool:
        os.lseek(descriptor, _OFFSET, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
