"""The one-time code that proves whoever sets the first password sits at this machine."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from mtrade.domain.errors import AccessDenied
from mtrade.store.atomic import private_folder, replace_file
from mtrade.store.database import Database, store_errors

LIFE_MS = 30 * 60_000
MAX_TRIES = 10
_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_LENGTH = 10


class SetupCode:
    """The code of this start; its hash is in `access.db`, its text in `run/setup_code.txt`."""

    def __init__(self, database: Database, file: Path) -> None:
        self._database = database
        self._file = file

    def issue(self, now_ms: int) -> str:
        """A fresh code, also written to the owner-only file; any earlier one is void."""
        code = "".join(secrets.choice(_BASE32) for _ in range(_LENGTH))
        shown = f"{code[:5]}-{code[5:]}"
        with self._database.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO setup_code(only, hash, issued_ms, tries) VALUES(1,?,?,0)",
                (_digest(code), now_ms),
            )
        with store_errors(self._file):
            private_folder(self._file.parent)
            replace_file(self._file, f"{shown}\n".encode("ascii"))
        return shown

    def check(self, code: str, now_ms: int) -> None:
        """Raise AccessDenied unless this is the code, in time and within ten tries."""
        with self._database.write() as db:
            row = db.execute("SELECT * FROM setup_code").fetchone()
            db.execute("UPDATE setup_code SET tries=tries+1")
        if row is None or not row["issued_ms"] <= now_ms < row["issued_ms"] + LIFE_MS:
            raise AccessDenied("the setup code has expired, restart", code="setup_code_expired")
        if row["tries"] >= MAX_TRIES:
            raise AccessDenied("too many wrong setup codes, restart", code="setup_code_spent")
        if not hmac.compare_digest(bytes(row["hash"]), _digest(_plain(code))):
            raise AccessDenied("this is not the setup code", code="wrong_setup_code")

    def discard(self) -> None:
        """Forget the code and remove its file."""
        with self._database.write() as db:
            db.execute("DELETE FROM setup_code")
        with store_errors(self._file):
            self._file.unlink(missing_ok=True)


def _plain(code: str) -> str:
    """As people type it: any case, with or without the dash; 0, 1 and 8 are misread letters."""
    typed = "".join(code.split()).replace("-", "").upper()
    return typed.translate(str.maketrans("018", "OIB"))


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()
