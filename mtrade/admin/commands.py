"""`python -m mtrade.admin`: what the owner does at the machine itself, without logging in.

It works on the files, also while the server runs, and writes audit rows like the web does.
"""

from __future__ import annotations

import argparse
import getpass
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mtrade.config import Settings, load
from mtrade.doctor import Word, examine
from mtrade.domain.errors import ConfigError, MTradeError, NotFound
from mtrade.logs.redaction import redactor
from mtrade.store.access import Access
from mtrade.store.audit import AuditLog
from mtrade.store.backup import make_backup
from mtrade.store.tokens import ROLES

OK, FAILED, BAD_CONFIG = 0, 1, 6
_DAY_MS = 86_400_000

Command = Callable[[Settings, argparse.Namespace], int]


@dataclass(frozen=True, slots=True)
class Office:
    """What the commands work with."""

    home: Path
    access: Access
    audit: AuditLog
    now_ms: int

    def note(self, act: str, obj: str = "") -> None:
        """Record the action before it takes effect."""
        self.audit.append("admin", "local", act, obj, "", self.now_ms)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError):
            stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    given = _parser().parse_args(arguments)
    try:
        settings = load({"home": given.home, "key_file": given.key_file})
        run: Command = given.run
        return run(settings, given)
    except ConfigError as error:
        return _complain(error, BAD_CONFIG)
    except MTradeError as error:
        return _complain(error, FAILED)


def _office_command(work: Callable[[Office, argparse.Namespace], int]) -> Command:
    """A command that finds its files open and leaves them closed."""

    def run(settings: Settings, given: argparse.Namespace) -> int:
        data = settings.home / "data"
        access = Access(data / "access.db", settings.home / "run" / "setup_code.txt")
        with closing(access):
            copy = data / "logs" / "audit.jsonl"
            with closing(AuditLog(data / "audit.db", copy, redactor.clean)) as audit:
                return work(Office(settings.home, access, audit, _now_ms()), given)

    return run


def _set_password(office: Office, given: argparse.Namespace) -> int:
    password = sys.stdin.readline().rstrip("\r\n") if given.stdin else _ask()
    if password is None:
        print("the two passwords differ", file=sys.stderr)
        return FAILED
    office.note("password set")
    office.access.set_password(password)
    print("password set; every session has ended")
    return OK


def _ask() -> str | None:
    first = getpass.getpass("New password: ")
    return first if getpass.getpass("Again: ") == first else None


def _token_add(office: Office, given: argparse.Namespace) -> int:
    end = None if given.days is None else office.now_ms + given.days * _DAY_MS
    office.note("token add", f"{given.name} ({given.role})")
    secret, _ = office.access.tokens.add(
        given.name, given.role, now_ms=office.now_ms, expires_ms=end
    )
    print(secret)
    return OK


def _token_list(office: Office, given: argparse.Namespace) -> int:
    for token in office.access.tokens.list():
        end = _time(token.expires_ms) if token.expires_ms else "never"
        print(
            f"{token.id}  {token.role:7}  made {_time(token.created_ms)}  ends {end}  {token.name}"
        )
    return OK


def _token_revoke(office: Office, given: argparse.Namespace) -> int:
    office.note("token revoke", given.name)
    if not office.access.tokens.revoke(given.name):
        raise NotFound(f"there is no token {given.name}")
    print("revoked")
    return OK


def _sessions_list(office: Office, given: argparse.Namespace) -> int:
    for session in office.access.sessions(office.now_ms):
        seen = _time(session.last_seen_ms)
        print(f"{session.id}  {session.role:7}  seen {seen}  {session.address}  {session.device}")
    return OK


def _sessions_revoke_all(office: Office, given: argparse.Namespace) -> int:
    office.note("sessions revoke all")
    print(f"{office.access.end_all_sessions()} signed out")
    return OK


def _audit_verify(office: Office, given: argparse.Namespace) -> int:
    verdict = office.audit.verify()
    if not verdict.ok:
        print(f"[failed] the audit chain breaks at row {verdict.bad_seq}", file=sys.stderr)
        return FAILED
    print(f"[ok] {verdict.rows} rows, head {verdict.head}")
    return OK


def _backup(office: Office, given: argparse.Namespace) -> int:
    office.note("backup")
    print(make_backup(office.home, office.now_ms))
    return OK


def _doctor(settings: Settings, given: argparse.Namespace) -> int:
    failed = False
    for finding in examine(settings, _now_ms()):
        failed = failed or finding.word is Word.FAILED
        print(f"[{finding.word}] {finding.name}: {finding.sentence}")
    return FAILED if failed else OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mtrade.admin", description=__doc__)
    parser.add_argument("--home", help="folder of the run-time files")
    parser.add_argument("--key-file", help="the machine key, when it is not in its usual place")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    password = commands.add_parser("set-password", help="set the password, end all sessions")
    password.add_argument("--stdin", action="store_true", help="read it from standard input")
    password.set_defaults(run=_office_command(_set_password))

    _add_token_commands(commands.add_parser("token", help="tokens of scripts"))
    sessions = commands.add_parser("sessions", help="signed-in devices")
    acts = sessions.add_subparsers(required=True, metavar="ACTION")
    acts.add_parser("list").set_defaults(run=_office_command(_sessions_list))
    acts.add_parser("revoke-all").set_defaults(run=_office_command(_sessions_revoke_all))

    for name, run, about in (
        ("audit-verify", _office_command(_audit_verify), "recompute the audit chain"),
        ("backup", _office_command(_backup), "make a verified backup now"),
        ("doctor", _doctor, "look this installation over"),
    ):
        commands.add_parser(name, help=about).set_defaults(run=run)
    return parser


def _add_token_commands(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(required=True, metavar="ACTION")
    add = acts.add_parser("add", help="make a token; prints only the token")
    add.add_argument("name")
    add.add_argument("--role", choices=ROLES, required=True)
    add.add_argument("--days", type=_days, help="how long it holds; left out: no end")
    add.set_defaults(run=_office_command(_token_add))
    acts.add_parser("list").set_defaults(run=_office_command(_token_list))
    revoke = acts.add_parser("revoke", help="by name or id")
    revoke.add_argument("name")
    revoke.set_defaults(run=_office_command(_token_revoke))


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 3650:
        raise argparse.ArgumentTypeError("must be 1 to 3650")
    return int(text)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _complain(error: MTradeError, code: int) -> int:
    print(f"[failed] {error.message}", file=sys.stderr)
    return code
