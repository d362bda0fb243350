"""Who may come in: `data/access.db`. Implements `AccessStore` of the web layer. Thread-safe.

Time comes in as an argument. A wrong password or code raises AccessDenied, too many LimitExceeded.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from mtrade.domain.errors import AccessDenied, Conflict, InvalidRequest, LoginRequired
from mtrade.store.attempts import Attempts
from mtrade.store.database import ACCESS, Database
from mtrade.store.passwords import check_password, hash_password, matches
from mtrade.store.sessions import Session, Sessions
from mtrade.store.setup_code import SetupCode
from mtrade.store.tokens import ApiToken, Tokens


class Access:
    """Password, sessions, tokens, counters. `attempts` and `tokens` are the parts as they are."""

    def __init__(self, path: Path, setup_code_file: Path) -> None:
        self.database = Database(path, ACCESS)
        self.attempts = Attempts(self.database)
        self.tokens = Tokens(self.database)
        self._sessions = Sessions(self.database)
        self._setup_code = SetupCode(self.database, setup_code_file)
        self._csrf_key = self._load_csrf_key()

    def csrf_key(self) -> bytes:
        """The server's key for CSRF tokens: 32 bytes, made once."""
        return self._csrf_key

    def has_password(self) -> bool:
        """False until the first password is set: only then is there a setup page."""
        return bool(self._record())

    def issue_setup_code(self, now_ms: int) -> str:
        """A fresh one-time code for `setup`, also in `run/setup_code.txt`."""
        return self._setup_code.issue(now_ms)

    def setup(self, code: str, password: str, *, address: str, now_ms: int) -> None:
        """Set the first password, once. Raises InvalidRequest, AccessDenied or Conflict."""
        if self.has_password():
            raise Conflict("a password is already set", code="already_set_up")
        check_password(password)
        self._setup_code.check(code, now_ms)
        record = hash_password(password)
        with self.database.write() as db:
            stored = db.execute(
                "INSERT INTO keep(name, value) VALUES('password',?) ON CONFLICT DO NOTHING",
                (record.encode(),),
            ).rowcount
        if not stored:
            raise Conflict("a password is already set", code="already_set_up")
        self._setup_code.discard()

    def set_password(self, password: str) -> None:
        """Set the password without the old one, from this machine. Ends all sessions."""
        check_password(password)
        self._store(hash_password(password), keep_session="")
        self._setup_code.discard()

    def login(self, password: str, *, address: str, now_ms: int) -> None:
        """Check the password; failures of one address never slow down another."""
        self.attempts.admit_login(address, now_ms)
        self._check(password)
        self.attempts.login_succeeded(address)

    def open_session(
        self, *, role: str, device: str, address: str, remember: bool, now_ms: int
    ) -> tuple[str, Session]:
        """A fresh session: the cookie's value and what is known of it."""
        return self._sessions.create(
            role=role, device=device, address=address, remember=remember, now_ms=now_ms
        )

    def session(self, secret: str, *, address: str, now_ms: int) -> Session | None:
        """The living session of a cookie, None when it ended or never was."""
        return self._sessions.find(secret, address=address, now_ms=now_ms)

    def elevate(
        self, secret: str, password: str, *, address: str, now_ms: int
    ) -> tuple[str, Session]:
        """Repeat the password: ten minutes of elevation, from this address, under a new cookie."""
        session = self._confirmed(secret, password, address=address, now_ms=now_ms)
        elevated = self._sessions.elevate(session.id, address=address, now_ms=now_ms)
        if elevated is None:
            raise LoginRequired("please log in again", code="session_ended")
        return elevated

    def sessions(self, now_ms: int) -> tuple[Session, ...]:
        """Living sessions, latest seen first."""
        return self._sessions.list(now_ms)

    def is_alive(self, session_id: str, now_ms: int) -> bool:
        """Whether a session still holds; open streams ask this."""
        return self._sessions.is_alive(session_id, now_ms)

    def end_session(self, session_id: str) -> bool:
        """Sign a device out; False when there is no such session."""
        return self._sessions.end(session_id)

    def end_all_sessions(self) -> int:
        """Sign every device out; returns how many."""
        return self._sessions.end_all()

    def change_password(
        self, secret: str, current: str, new: str, *, address: str, now_ms: int
    ) -> None:
        """Replace the password and end all other sessions."""
        try:
            check_password(new)
        except InvalidRequest as weak:
            raise InvalidRequest(
                weak.message, fields={"new": weak.fields["password"]}, code=weak.code
            ) from None
        session = self._confirmed(secret, current, address=address, now_ms=now_ms)
        self._store(hash_password(new), keep_session=session.id)

    def token(self, token: str, *, now_ms: int) -> ApiToken | None:
        """The API token a script sent, None when unknown, revoked or expired."""
        return self.tokens.find(token, now_ms)

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def _confirmed(self, secret: str, password: str, *, address: str, now_ms: int) -> Session:
        session = self.session(secret, address=address, now_ms=now_ms)
        if session is None:
            raise LoginRequired("please log in again", code="session_ended")
        self.attempts.admit_elevation(session.id, now_ms)
        self._check(password)
        self.attempts.elevation_succeeded(session.id)
        return session

    def _check(self, password: str) -> None:
        record = self._record()
        if not record or not matches(password, record):
            raise AccessDenied("wrong password", code="wrong_password")

    def _record(self) -> str:
        with self.database.read() as db:
            row = db.execute("SELECT value FROM keep WHERE name='password'").fetchone()
        return bytes(row["value"]).decode() if row else ""

    def _store(self, record: str, *, keep_session: str) -> None:
        with self.database.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO keep(name, value) VALUES('password',?)", (record.encode(),)
            )
            db.execute("DELETE FROM session WHERE id<>?", (keep_session,))

    def _load_csrf_key(self) -> bytes:
        with self.database.write() as db:
            db.execute(
                "INSERT INTO keep(name, value) VALUES('csrf',?) ON CONFLICT DO NOTHING",
                (secrets.token_bytes(32),),
            )
            return bytes(db.execute("SELECT value FROM keep WHERE name='csrf'").fetchone()[0])
