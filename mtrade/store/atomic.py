"""Replacing a file in one step, on POSIX and Windows. Raises OSError or StoreError."""

from __future__ import annotations

import os
import secrets
import stat
import time
from pathlib import Path

from mtrade.domain.errors import StoreError

TEMPORARY = ".tmp-"
_HOUR_MS = 3_600_000

# Windows only: a virus scanner or indexer may hold the file for a moment.
_BUSY = frozenset({5, 32, 33})
_RETRY_MS = (10, 25, 50, 100, 200, 400)


def replace_file(path: Path, body: bytes) -> None:
    """Make `body` the content of `path`, owner-only and durable: wholly, or not at all."""
    refuse_foreign(path)
    temporary = path.with_name(f"{TEMPORARY}{path.name}-{secrets.token_hex(4)}")
    try:
        _write_new(temporary, body)
        replace_with(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def replace_with(source: Path, target: Path) -> None:
    """`os.replace`, patient with Windows programs that hold the file for a moment."""
    for delay in _RETRY_MS:
        try:
            source.replace(target)
            return
        except PermissionError as error:
            if getattr(error, "winerror", None) not in _BUSY:
                raise
            time.sleep(delay / 1000)
    source.replace(target)


def refuse_foreign(path: Path) -> None:
    """Raise StoreError unless `path` is missing or a plain file of ours that may be written.

    A symbolic link is refused: replacing or reading through it would touch a foreign file.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise StoreError(f"{path} is a symbolic link", code="store_symlink")
    if not stat.S_ISREG(mode):
        raise StoreError(f"{path} is not a file", code="store_not_a_file")


def refuse_read_only(path: Path) -> None:
    """Raise StoreError for a file that its owner marked read-only; a rename would ignore that."""
    if path.exists() and not path.stat().st_mode & stat.S_IWUSR:
        raise StoreError(f"{path} is read-only", code="store_read_only")


def sync_folder(folder: Path) -> None:
    """Make a rename durable. Windows has no such call; there the file system journals it."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(folder: Path, now_ms: int) -> None:
    """Remove temporary files that a crash left more than an hour ago."""
    for leftover in folder.glob(f"{TEMPORARY}*"):
        if leftover.is_file() and now_ms - leftover.lstat().st_mtime * 1000 > _HOUR_MS:
            leftover.unlink(missing_ok=True)


def private_folder(folder: Path) -> None:
    """Make a folder that only its owner may enter; one that exists is left as it is."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _write_new(path: Path, body: bytes) -> None:
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(body)
        out.flush()
        os.fsync(out.fileno())
