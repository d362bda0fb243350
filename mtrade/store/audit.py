"""The audit log: `data/audit.db`, a hash chain, and a readable copy `data/logs/audit.jsonl`.

Any thread appends, one at a time; also another process (`mtrade.admin`) may. A row is durable when
`append` returns. The copy is a convenience: the chain is the record.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mtrade.store.atomic import private_folder
from mtrade.store.database import AUDIT, Database
from mtrade.store.files import utc_stamp

_GENESIS = b"\0" * 32
MAX_TEXT = 2_000
_COPY_BYTES = 5 * 1_048_576
_COPIES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One action. `actor` is a session or token prefix, `obj` what was acted on."""

    seq: int
    ts_ms: int
    actor: str
    ip: str
    act: str
    obj: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether the chain holds; `bad_seq` is the first row that does not, `head` the last hash."""

    ok: bool
    rows: int
    head: str
    bad_seq: int | None = None


class AuditLog:
    """Append, read, verify. `clean` takes secrets out of every text before it is stored."""

    def __init__(self, path: Path, copy: Path, clean: Callable[[str], str]) -> None:
        self.database = Database(path, AUDIT)
        self._copy = copy
        self._clean = clean
        self._lock = threading.Lock()

    def append(self, actor: str, ip: str, act: str, obj: str, detail: str, now_ms: int) -> AuditRow:
        """Make an action durable. Raises StoreError; then it was not recorded."""
        texts = [self._text(t) for t in (actor, ip, act, obj, detail)]
        with self._lock:
            row, digest = self._insert(texts, now_ms)
            self._write_copy(row, digest)
        return row

    def recent(self, *, before_seq: int | None = None, limit: int = 100) -> tuple[AuditRow, ...]:
        """Newest first; `before_seq` is the last one of the page before."""
        with self.database.read() as db:
            rows = db.execute(
                "SELECT * FROM audit WHERE (:before IS NULL OR seq<:before)"
                " ORDER BY seq DESC LIMIT :limit",
                {"before": before_seq, "limit": limit},
            ).fetchall()
        return tuple(map(_row_from, rows))

    def verify(self) -> Verdict:
        """Recompute the whole chain, also that no row is missing at its end."""
        with self.database.read() as db:
            return verify_chain(db)

    def head(self) -> str:
        """The hash of the last row, to be kept elsewhere: it vouches for all rows before."""
        with self.database.read() as db:
            return _tail(db)[1].hex()

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def _insert(self, texts: Sequence[str], now_ms: int) -> tuple[AuditRow, bytes]:
        with self.database.write() as db:
            seq, prev = _tail(db)
            digest = _hash(prev, seq + 1, now_ms, *texts)
            db.execute(
                "INSERT INTO audit(seq, ts_ms, actor, ip, act, obj, detail, prev, hash)"
                " VALUES(?,?,?,?,?,?,?,?,?)",
                (seq + 1, now_ms, *texts, prev, digest),
            )
        named = dict(zip(_TEXTS, texts, strict=True))
        return AuditRow(seq=seq + 1, ts_ms=now_ms, **named), digest

    def _text(self, text: str) -> str:
        plain = text.encode("utf-8", "backslashreplace").decode("utf-8")
        return self._clean(plain)[:MAX_TEXT]

    def _write_copy(self, row: AuditRow, digest: bytes) -> None:
        """A full disk or a locked file costs the copy a line, never the action."""
        try:
            _rotate(self._copy, row.ts_ms)
            _append_line(self._copy, row, digest)
        except OSError:
            return


_TEXTS = ("actor", "ip", "act", "obj", "detail")


def verify_chain(db: sqlite3.Connection) -> Verdict:
    """Recompute the chain of an open audit database, the live one or a backup."""
    prev, expected = _GENESIS, 1
    for row in db.execute("SELECT * FROM audit ORDER BY seq"):
        texts = [row[name] for name in _TEXTS]
        right = _hash(prev, row["seq"], row["ts_ms"], *texts)
        if row["seq"] != expected or bytes(row["prev"]) != prev or bytes(row["hash"]) != right:
            return Verdict(ok=False, rows=expected - 1, head=prev.hex(), bad_seq=expected)
        prev, expected = right, expected + 1
    known = db.execute("SELECT max(seq) FROM sqlite_sequence WHERE name='audit'").fetchone()[0]
    cut = (known or 0) >= expected
    return Verdict(
        ok=not cut, rows=expected - 1, head=prev.hex(), bad_seq=expected if cut else None
    )


def _tail(db: sqlite3.Connection) -> tuple[int, bytes]:
    row = db.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return (int(row["seq"]), bytes(row["hash"])) if row else (0, _GENESIS)


def _hash(prev: bytes, seq: int, ts_ms: int, *texts: str) -> bytes:
    canonical = json.dumps([seq, ts_ms, *texts], separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(prev + canonical.encode("ascii")).digest()


def _row_from(row: sqlite3.Row) -> AuditRow:
    return AuditRow(seq=row["seq"], ts_ms=row["ts_ms"], **{n: row[n] for n in _TEXTS})


def _append_line(path: Path, row: AuditRow, digest: bytes) -> None:
    line = {
        "seq": row.seq,
        "ts_ms": row.ts_ms,
        **{name: getattr(row, name) for name in _TEXTS},
        "hash": digest.hex(),
    }
    body = json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode("utf-8") + b"\n"
    private_folder(path.parent)
    flags = os.O_CREAT | os.O_APPEND | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0)
    handle = os.open(path, flags, 0o600)
    try:
        os.write(handle, body)
    finally:
        os.close(handle)


def _rotate(path: Path, now_ms: int) -> None:
    """Begin a new file beside the dated old ones, of which the latest ten stay."""
    if not path.exists() or path.stat().st_size < _COPY_BYTES:
        return
    path.replace(path.with_name(f"{path.stem}-{utc_stamp(now_ms)}{path.suffix}"))
    for old in sorted(path.parent.glob(f"{path.stem}-*{path.suffix}"))[:-_COPIES]:
        old.unlink(missing_ok=True)
