"""The owner's commands: what they print, what they leave behind, and with which code they end."""

from __future__ import annotations

import io
import os
from contextlib import closing
from pathlib import Path

import pytest

from mtrade.admin import commands as admin
from mtrade.domain.accounts import Account, Credentials, Network, Secret
from mtrade.domain.errors import AccessDenied
from mtrade.store import passwords
from mtrade.store.access import Access
from mtrade.store.accounts import AccountStore
from mtrade.store.audit import AuditLog
from mtrade.store.backup import list_backups
from mtrade.store.vault import Vault

PASSWORD = "plain-violet-teapot"
FAR = 4_000_000_000_000


@pytest.fixture(autouse=True)
def _cheap_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_MEMORY_KIB", 64)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def run(home: Path, *words: str) -> int:
    return admin.main(["--home", str(home), "--key-file", str(home.parent / "key"), *words])


def opened(home: Path) -> Access:
    return Access(home / "data" / "access.db", home / "run" / "setup_code.txt")


def acts(home: Path) -> list[str]:
    log = AuditLog(home / "data" / "audit.db", home / "data" / "logs" / "audit.jsonl", str)
    with closing(log):
        return [f"{row.act} {row.obj}".strip() for row in log.recent()]


def give(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_a_password_from_standard_input_opens_and_ends_sessions(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, f"{PASSWORD}\r\n")
    assert run(home, "set-password", "--stdin") == 0
    assert PASSWORD not in "".join(capsys.readouterr())
    with closing(opened(home)) as access:
        access.login(PASSWORD, address="ip", now_ms=1)
        access.open_session(role="owner", device="", address="ip", remember=True, now_ms=1)
        give(monkeypatch, "quiet-orange-lantern\n")
        assert run(home, "set-password", "--stdin") == 0
        assert access.sessions(1) == ()
        with pytest.raises(AccessDenied):
            access.login(PASSWORD, address="ip", now_ms=1)
    assert acts(home) == ["password set", "password set"]


def test_a_typed_password_is_asked_twice(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([PASSWORD, "something else 12", PASSWORD, PASSWORD])
    monkeypatch.setattr(admin.getpass, "getpass", lambda prompt: next(answers))
    assert run(home, "set-password") == 1
    assert run(home, "set-password") == 0


def test_a_weak_password_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    give(monkeypatch, "short\n")
    assert run(home, "set-password", "--stdin") == 1
    assert "12 to 128" in capsys.readouterr().err
    with closing(opened(home)) as access:
        assert not access.has_password()


def test_token_add_prints_only_the_token(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "token", "add", "bot", "--role", "trader", "--days", "2") == 0
    out = capsys.readouterr().out
    token = out.strip()
    assert out == f"{token}\n"
    with closing(opened(home)) as access:
        found = access.token(token, now_ms=1)
        assert found is not None
        assert found.role == "trader"
        assert access.token(token, now_ms=FAR) is None
    assert run(home, "token", "list") == 0
    listed = capsys.readouterr().out
    assert "bot" in listed
    assert token not in listed
    assert run(home, "token", "revoke", "bot") == 0
    assert run(home, "token", "revoke", "bot") == 1
    assert run(home, "token", "add", "bot", "--role", "viewer") == 0
    assert acts(home)[-1] == "token add bot (trader)"


@pytest.mark.parametrize(
    "words",
    [
        [], ["token"], ["token", "add", "x"], ["token", "add", "x", "--role", "root"],
        ["token", "add", "x", "--role", "owner", "--days", "0"], ["nonsense"], ["sessions"],
    ],
)  # fmt: skip
def test_bad_arguments_end_with_two(home: Path, words: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        run(home, *words)
    assert end.value.code == 2


def test_sessions_are_listed_and_ended(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(opened(home)) as access:
        secret, session = access.open_session(
            role="owner", device="Phone", address="10.0.0.7", remember=True, now_ms=admin._now_ms()
        )
        assert run(home, "sessions", "list") == 0
        listed = capsys.readouterr().out
        assert session.id in listed
        assert "Phone" in listed
        assert secret not in listed
        assert run(home, "sessions", "revoke-all") == 0
        assert access.sessions(admin._now_ms()) == ()


def test_the_audit_chain_is_verified(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "token", "add", "bot", "--role", "viewer") == 0
    assert run(home, "audit-verify") == 0
    log = AuditLog(home / "data" / "audit.db", home / "data" / "logs" / "audit.jsonl", str)
    with closing(log), log.database.write() as db:
        db.execute("UPDATE audit SET obj='other'")
    assert run(home, "audit-verify") == 1
    assert "row 1" in capsys.readouterr().err


def test_a_backup_prints_where_it_is(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(home, "backup") == 0
    (folder,) = list_backups(home)
    assert capsys.readouterr().out.strip() == str(folder)


def test_a_broken_config_ends_with_six(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.mkdir()
    (home / "config.json").write_text('{"version": 1,')
    assert run(home, "doctor") == 6
    assert "config.json" in capsys.readouterr().err


def furnished(home: Path) -> None:
    run(home, "token", "add", "bot", "--role", "viewer")
    vault = Vault.open(home, home.parent / "key")
    account = Account(id="paper:1", name="P", network=Network.PAPER, uid="1", key_tail="cdef")
    AccountStore(home / "accounts.json", vault, 0).add(
        account, Credentials("key-cdef", Secret("secret"))
    )


def test_the_doctor_is_content_with_a_sound_home(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    furnished(home)
    capsys.readouterr()
    assert run(home, "doctor") == 0
    report = capsys.readouterr().out
    for name in ("python", "config", "disk", "port", "clock", "access.db", "accounts.json",
                 "vault", "rights"):  # fmt: skip
        assert f"] {name}: " in report
    assert "[failed]" not in report


@pytest.mark.parametrize(
    "broken", ["access.db", "accounts.json", "secrets.json", "key", "audit.db"]
)
def test_the_doctor_names_what_is_broken_and_touches_nothing(
    home: Path, broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    furnished(home)
    folder = {"key": home.parent, "access.db": home / "data", "audit.db": home / "data"}
    path = folder.get(broken, home) / broken
    path.write_bytes(b"\0" * 5000)
    capsys.readouterr()
    assert run(home, "doctor") == 1
    failed = [x for x in capsys.readouterr().out.splitlines() if x.startswith("[failed]")]
    assert broken in "".join(failed)
    assert path.read_bytes() == b"\0" * 5000
    assert not list(home.rglob("*.bad-*"))


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_the_doctor_warns_of_open_rights_and_of_a_key_beside_its_vault(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    furnished(home)
    (home / "accounts.json").chmod(0o644)
    assert run(home, "doctor") == 0
    assert "[warning] rights" in capsys.readouterr().out
    (home / "accounts.json").chmod(0o600)
    admin.main(["--home", str(home), "--key-file", str(home / "key"), "doctor"])
    assert "lies beside" in capsys.readouterr().out
