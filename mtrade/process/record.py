"""What a running instance writes about itself, and how it is asked to stop.

Readers trust nothing here before it is compared with the living process (identity.py).
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from mtrade.config.files import BINARY, replace_text
from mtrade.process.identity import MAX_PID, Identity
from mtrade.process.paths import HomePaths

_MAX_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRecord:
    """The content of `mtrade_server.json`. `started_ms` is UTC milliseconds.

    `nonce` is a secret of the owner: who knows it may stop the instance. `instance` is its public
    hash. `home_hash` ties the record to its folder, so that a copied home does not point back.
    """

    pid: int
    start_token: str
    boot_id: str
    executable: str
    home_hash: str
    nonce: str
    instance: str
    host: str
    port: int
    scheme: str
    certificate: str
    started_ms: int
    version: str
    lang: str
    arguments: tuple[str, ...]

    @property
    def identity(self) -> Identity:
        """The process that wrote it."""
        return Identity(self.pid, self.start_token, self.boot_id)

    @property
    def local_url(self) -> str:
        """Its address on this computer."""
        return f"{self.scheme}://{bracketed(local_host(self.host))}:{self.port}"


def local_host(host: str) -> str:
    """Where this computer reaches a server that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


def bracketed(host: str) -> str:
    """`host` as it stands in an address."""
    return f"[{host}]" if ":" in host else host


def instance_of(nonce: str) -> str:
    """The public name of the instance that owns `nonce`."""
    return hashlib.sha256(nonce.encode()).hexdigest()[:24]


def home_hash(home: Path) -> str:
    """Names a home folder without telling its path."""
    return hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:24]


def write_record(paths: HomePaths, record: ServerRecord) -> None:
    """Write the record, then the PID file; whoever sees the PID file finds the record."""
    replace_text(paths.record, json.dumps(asdict(record), indent=1) + "\n")
    replace_text(paths.pid, f"{record.pid}\n", mode=0o644)


def read_record(paths: HomePaths) -> ServerRecord | None:
    """The record, or None when it is absent, damaged or belongs to another folder."""
    raw = _read_small(paths.record)
    if raw is None:
        return None
    try:
        values = json.loads(raw)
        record = ServerRecord(**{f.name: values[f.name] for f in fields(ServerRecord)})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return record if _plausible(record) and record.home_hash == home_hash(paths.home) else None


def _plausible(record: ServerRecord) -> bool:
    numbers = (record.pid, record.port, record.started_ms)
    texts = (record.start_token, record.boot_id, record.nonce, record.instance, record.host)
    if not all(type(n) is int for n in numbers) or not all(isinstance(t, str) for t in texts):
        return False
    whole = bool(record.nonce) and record.instance == instance_of(record.nonce)
    return whole and 0 < record.pid <= MAX_PID and 0 < record.port < 65_536


def read_pid(paths: HomePaths) -> int | None:
    """The number in the PID file; None when it is absent or is no number a process can have."""
    raw = _read_small(paths.pid)
    text = raw.strip() if raw is not None else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        return None
    return int(text) if 0 < int(text) <= MAX_PID else None


def remove_record(paths: HomePaths, nonce: str) -> None:
    """Remove both files if they are still those of the instance that owns `nonce`."""
    record = read_record(paths)
    if record is None or record.nonce != nonce:
        return
    if read_pid(paths) == record.pid:
        _remove(paths.pid)
    _remove(paths.record)


def remove_stale(paths: HomePaths) -> list[str]:
    """Remove what a dead instance left. Only for a holder of the lock. Names what was there."""
    return [p.name for p in (paths.pid, paths.record, paths.stop_request) if _remove(p)]


def leftovers(paths: HomePaths) -> bool:
    """Whether an instance left files behind."""
    return any(p.exists() or p.is_symlink() for p in (paths.pid, paths.record))


def write_stop_request(paths: HomePaths, nonce: str, actor: str) -> None:
    """Ask the instance that owns `nonce`, and only that one, to end."""
    replace_text(paths.stop_request, json.dumps({"nonce": nonce, "actor": actor}) + "\n")


def remove_stop_request(paths: HomePaths, nonce: str) -> None:
    """Remove the request that the owner of `nonce` has obeyed."""
    if stop_requested_by(paths, nonce) is not None:
        _remove(paths.stop_request)


def stop_requested_by(paths: HomePaths, nonce: str) -> str | None:
    """Who asked the owner of `nonce` to stop; None when nobody did."""
    raw = _read_small(paths.stop_request)
    if raw is None:
        return None
    try:
        request = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(request, dict) or request.get("nonce") != nonce:
        return None
    return str(request.get("actor", ""))


def _read_small(path: Path) -> str | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | BINARY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(descriptor, "rb") as file:
            return file.read(_MAX_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _remove(path: Path) -> bool:
    """Remove a file or a link, or an empty folder that stands in its place."""
    with suppress(OSError):
        path.unlink()
        return True
    with suppress(OSError):
        path.rmdir()
        return True
    return False
