"""Looks over an installation and says in words what is wrong; changes nothing but missing folders.

Works beside a running server.
"""

from __future__ import annotations

import os
import platform
import shutil
import socket
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mtrade.config import Settings
from mtrade.domain.errors import StoreError
from mtrade.store.accounts import AccountStore
from mtrade.store.audit import AuditLog
from mtrade.store.backup import DATABASES, FILES
from mtrade.store.database import damage
from mtrade.store.files import read_json
from mtrade.store.vault import SECRETS, Vault, default_key_file
from mtrade.web import vendor

LEAST_FREE_MB = 200
_BUILT_MS = 1_735_689_600_000  # 2025-01-01: a clock before it was never set
_SYNCED = ("onedrive", "dropbox", "google drive", "googledrive", "icloud", "yandex.disk")


class Word(StrEnum):
    """The verdict of one check."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    word: Word
    name: str
    sentence: str


def examine(settings: Settings, now_ms: int) -> Iterator[Finding]:
    """All checks, cheapest first. A check that cannot be done is a failed one."""
    home = settings.home
    yield _python()
    yield _chart()
    yield _ok("config", f"{home / 'config.json'}")
    yield _folder(home)
    yield _disk(home)
    yield _port(settings.host, settings.port)
    yield _clock(home, now_ms)
    yield from _databases(home / "data")
    yield from _files(home)
    yield _vault(settings, now_ms)
    yield _rights(home, settings.key_file or default_key_file())


def _python() -> Finding:
    return _ok("python", f"{platform.python_version()} at {sys.executable}")


def _chart() -> Finding:
    found = vendor.load(vendor.installed())
    if found.asset is None:
        sentence = f"{found.sentence}; the page draws a simple chart instead"
        return Finding(Word.WARNING, "chart", sentence)
    return _ok("chart", found.sentence)


def _folder(home: Path) -> Finding:
    synced = next((s for s in _SYNCED if s in str(home.resolve()).lower()), None)
    if synced:
        return Finding(
            Word.WARNING,
            "folder",
            f"{home} is synchronised by a cloud ({synced}); that damages databases, move it",
        )
    if not os.access(home, os.W_OK):
        return Finding(Word.FAILED, "folder", f"{home} cannot be written")
    return _ok("folder", str(home))


def _disk(home: Path) -> Finding:
    free = shutil.disk_usage(home).free // 1_048_576
    if free < LEAST_FREE_MB:
        return Finding(Word.FAILED, "disk", f"{free} MB free, {LEAST_FREE_MB} MB are needed")
    return _ok("disk", f"{free} MB free")


def _port(host: str, port: int) -> Finding:
    """Free, or in use: then most likely by mTrade itself, which `status.py` tells for sure."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            sentence = f"{port} cannot be taken ({error.strerror}); see python status.py"
            return Finding(Word.WARNING, "port", sentence)
    return _ok("port", f"{port} is free")


def _clock(home: Path, now_ms: int) -> Finding:
    if now_ms < _BUILT_MS:
        return Finding(Word.FAILED, "clock", "the date of this computer was never set")
    newest = _newest_row(home)
    if newest > now_ms + 60_000:
        behind = (newest - now_ms) // 1000
        return Finding(Word.WARNING, "clock", f"went back {behind} s since the last audit row")
    return _ok("clock", "in order")


def _newest_row(home: Path) -> int:
    path = home / "data" / "audit.db"
    if not path.exists() or damage(path):
        return 0
    try:
        log = AuditLog(path, home / "data" / "logs" / "audit.jsonl", str)
    except StoreError:
        return 0
    try:
        return max((row.ts_ms for row in log.recent(limit=1)), default=0)
    finally:
        log.close()


def _databases(data: Path) -> Iterator[Finding]:
    for name in DATABASES:
        if (data / name).exists():
            fault = damage(data / name)
            yield Finding(Word.FAILED, name, fault) if fault else _ok(name, "in order")


def _files(home: Path) -> Iterator[Finding]:
    for name in FILES:
        if (home / name).exists():
            yield _tried(name, "readable", lambda name=name: read_json(home / name))  # type: ignore[misc]


def _vault(settings: Settings, now_ms: int) -> Finding:
    home = settings.home
    if not (home / SECRETS).exists():
        return _ok("vault", "not made yet")

    def open_all() -> None:
        for name in FILES:
            read_json(home / name)  # opening an unreadable one would repair it
        store = AccountStore(
            home / "accounts.json", Vault.open(home, settings.key_file, now_ms=now_ms), now_ms
        )
        for account in store.list():
            store.credentials(account.id)

    return _tried("vault", "opens, and so does every key in it", open_all)


def _rights(home: Path, key_file: Path) -> Finding:
    if home.resolve() in key_file.resolve().parents:
        sentence = f"{key_file} lies beside what it protects; keep it outside {home}"
        return Finding(Word.WARNING, "rights", sentence)
    if os.name == "nt":
        return _ok("rights", "those of your Windows account")
    open_files = [str(p) for p in _private_files(home, key_file) if _others_may_read(p)]
    if open_files:
        sentence = f"others may read {', '.join(open_files)}; run chmod 600 on it"
        return Finding(Word.WARNING, "rights", sentence)
    return _ok("rights", "only yours")


def _private_files(home: Path, key_file: Path) -> Iterable[Path]:
    names = [home / n for n in (*FILES, ".env")] + [home / "data" / n for n in DATABASES]
    return [p for p in (*names, home / "run" / "setup_code.txt", key_file) if p.exists()]


def _others_may_read(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _tried(name: str, good: str, act: Callable[[], object]) -> Finding:
    try:
        act()
    except StoreError as error:
        return Finding(Word.FAILED, name, error.message)
    return _ok(name, good)


def _ok(name: str, sentence: str) -> Finding:
    return Finding(Word.OK, name, sentence)
