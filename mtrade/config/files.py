"""Reading a file whole and replacing a file whole; nothing half-written is ever seen."""

from __future__ import annotations

import os
import secrets
import sys
import time
from contextlib import suppress
from pathlib import Path

# Without it Windows would change line ends behind our back.
BINARY: int = getattr(os, "O_BINARY", 0)
_RETRY_S = (0.01, 0.025, 0.05, 0.1, 0.2, 0.4)
# A virus scanner or an editor that holds the file for a moment; anything else is a real refusal.
_BUSY_ON_WINDOWS = frozenset({5, 32, 33})


def replace_text(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write `text` to `path` so that a reader, or a power cut, sees the old or the new, never half.

    Raises OSError when the folder or the file refuses.
    """
    part = path.with_name(f".tmp-{path.name}-{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, mode)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _replace(part, path)
    finally:
        with suppress(OSError):  # still there only when something failed
            part.unlink()
    _sync_folder(path.parent)


def make_private_folder(path: Path) -> Path:
    """Make `path` with the rights of its owner only; an existing folder keeps its own."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _replace(part: Path, path: Path) -> None:
    for pause in (*_RETRY_S, None):
        try:
            part.replace(path)
            return
        except OSError as error:
            busy = getattr(error, "winerror", None) in _BUSY_ON_WINDOWS
            if pause is None or not busy:
                raise
            time.sleep(pause)


def _sync_folder(folder: Path) -> None:
    """A rename lives in the folder, so the folder must reach the disk too (POSIX)."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            # Some file systems cannot; the data itself is already safe.
            with suppress(OSError):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
