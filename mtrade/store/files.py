"""JSON files that survive crashes: after any of them a file is its old or its new version, whole.

Machine-owned files (`write_json`, `read_owned`) carry a checksum and keep the version before as
`.bak`; files that people edit are only read (`read_json`). The unreadable is never overwritten.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from mtrade.domain.errors import StoreError
from mtrade.domain.numbers import wire
from mtrade.store.atomic import refuse_foreign, refuse_read_only, replace_file, replace_with
from mtrade.store.database import store_errors

LIMIT = 1_048_576
CHECKSUM = "$sha256"

Document = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Owned(Generic[T]):
    """What a machine-owned file holds. `recovered` means the last good copy was used: SAFE mode.

    `set_aside` is where the unreadable file was moved, when there was one.
    """

    value: T
    recovered: bool = False
    set_aside: Path | None = None


def write_json(path: Path, document: Document, *, forget: bool = False) -> None:
    """Replace a machine-owned file, keeping the version before as `.bak`.

    With `forget` the version before is not kept: it holds what must not lie on the disk any more.
    Raises StoreError; then the file is the old version or (only when the folder could not be
    synchronised) the new one, so the caller reads it again instead of trusting its memory.
    """
    body = _encode(path, document)
    with store_errors(path):
        refuse_foreign(path)
        refuse_read_only(path)
        present = path.read_bytes() if path.exists() else None
        if present is not None:
            read_json(path)
        if present is not None and not forget:
            replace_file(_backup(path), present)
        replace_file(path, body)
        if present is None or forget:
            replace_file(_backup(path), body)


def read_json(path: Path, *, limit: int = LIMIT) -> Document | None:
    """The object in a file, None when there is no file.

    Raises StoreError `file_invalid` with line and column in its message and params.
    """
    with store_errors(path):
        refuse_foreign(path)
        if not path.exists():
            return None
        if path.stat().st_size > limit:
            raise _invalid(path, f"larger than {limit} bytes", 1, 1)
        return parse(path, path.read_bytes())


def read_owned(path: Path, check: Callable[[Document], T], now_ms: int) -> Owned[T] | None:
    """What a machine-owned file means according to `check`, which raises ValueError or StoreError.

    An unreadable file is moved to `.bad-<utc>` and the last good copy takes its place. When that
    is unreadable too, everything stays where it is and StoreError says so. None: never written.
    """
    try:
        document = read_json(path)
        if document is not None:
            return Owned(_checked(path, document, check))
    except StoreError as error:
        if error.code != "file_invalid":
            raise
        return _fall_back(path, check, now_ms)
    return _fall_back(path, check, now_ms) if _backup(path).exists() else None


def parse(path: Path, body: bytes) -> Document:
    """Strict JSON: UTF-8 (a mark at the start is forgiven), one object, no key twice, no NaN."""
    try:
        content = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _place(body[: error.start].decode("utf-8", "replace"))
        raise _invalid(path, "not UTF-8", line, column) from None
    try:
        document = json.loads(
            content, object_pairs_hook=_pairs, parse_float=wire, parse_constant=_refuse
        )
        canonical(document)
    except json.JSONDecodeError as error:
        raise _invalid(path, error.msg, error.lineno, error.colno) from None
    except _DuplicateKey as error:
        raise _invalid(path, f"the key {error} is there twice", *_second(content, error)) from None
    except RecursionError:
        raise _invalid(path, "nested too deeply", 1, 1) from None
    except ValueError as error:
        raise _invalid(path, str(error), 1, 1) from None
    return _verified(path, document)


def canonical(document: object) -> bytes:
    """The one byte string a checksum is made of. Raises ValueError for what UTF-8 cannot hold."""
    plain = json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str
    )
    return plain.encode("utf-8")


def utc_stamp(now_ms: int) -> str:
    """A sortable UTC time for file names."""
    return datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")


class _DuplicateKey(Exception):
    """Carries the JSON text of a key that was seen before in its object."""


def _pairs(pairs: list[tuple[str, Any]]) -> Document:
    document = dict(pairs)
    if len(document) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _DuplicateKey(json.dumps(twice, ensure_ascii=False))
    return document


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _verified(path: Path, document: Any) -> Document:
    """Check and take off the checksum. A file without one was written by hand and is accepted.

    A digest under another name is a checksum whose own name was damaged.
    """
    if not isinstance(document, dict):
        raise _invalid(path, "must be an object", 1, 1)
    stated = document.pop(CHECKSUM, None)
    orphan = stated is None and any(map(_is_digest, document.values()))
    if orphan or (stated is not None and stated != _digest(document)):
        raise _invalid(path, "damaged or changed by hand: the checksum does not fit", 1, 1)
    return document


def _encode(path: Path, document: Document) -> bytes:
    whole = {**document, CHECKSUM: _digest(document)}
    body = json.dumps(whole, indent=1, ensure_ascii=False).encode("utf-8") + b"\n"
    if len(body) > LIMIT:
        raise StoreError(f"{path} would exceed {LIMIT} bytes", code="file_too_large")
    return body


def _digest(document: Document) -> str:
    return hashlib.sha256(canonical(document)).hexdigest()


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def _fall_back(path: Path, check: Callable[[Document], T], now_ms: int) -> Owned[T]:
    backup = _backup(path)
    document = read_json(backup)
    if document is None:
        raise StoreError(
            f"{path} is unreadable and there is no {backup.name}; it was left as it is. "
            "Repair it, or move it away to start without it",
            code="file_unrecoverable",
            params={"file": str(path)},
        )
    value = _checked(backup, document, check)
    aside = _set_aside(path, now_ms)
    write_json(path, document)
    return Owned(value, recovered=True, set_aside=aside)


def _checked(path: Path, document: Document, check: Callable[[Document], T]) -> T:
    try:
        return check(document)
    except ValueError as error:
        raise _invalid(path, str(error), 1, 1) from None


def _set_aside(path: Path, now_ms: int) -> Path | None:
    if not path.exists():
        return None
    target = path.with_name(f"{path.name}.bad-{utc_stamp(now_ms)}")
    with store_errors(path):
        number = 1
        while target.exists():
            number += 1
            target = path.with_name(f"{path.name}.bad-{utc_stamp(now_ms)}-{number}")
        replace_with(path, target)
    return target


def _backup(path: Path) -> Path:
    return path.with_name(path.name + ".bak")


def _place(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _second(content: str, key: _DuplicateKey) -> tuple[int, int]:
    found = [m.start() for m in re.finditer(re.escape(str(key)) + r"\s*:", content)]
    return _place(content[: found[1]]) if len(found) > 1 else (1, 1)


def _invalid(path: Path, reason: str, line: int, column: int) -> StoreError:
    return StoreError(
        f"{path}, line {line}, column {column}: {reason}",
        code="file_invalid",
        params={"file": str(path), "line": str(line), "column": str(column), "reason": reason},
    )
