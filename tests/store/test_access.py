"""Who may come in: password, code, sessions and tokens by their rules, over restarts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtrade.domain.errors import (
    AccessDenied,
    Conflict,
    InvalidRequest,
    LimitExceeded,
    LoginRequired,
)
from mtrade.store import passwords
from mtrade.store.access import Access
from mtrade.store.sessions import MAX_SESSIONS

NOW = 1_700_000_000_000
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
HOME, PHONE = "192.168.1.10", "192.168.1.20"
PASSWORD = "plain-violet-teapot"
OTHER = "quiet-orange-lantern"


@pytest.fixture(autouse=True)
def _cheap_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_MEMORY_KIB", 64)


def opened(folder: Path) -> Access:
    return Access(folder / "data" / "access.db", folder / "run" / "setup_code.txt")


@pytest.fixture
def access(tmp_path: Path) -> Iterator[Access]:
    store = opened(tmp_path)
    store.set_password(PASSWORD)
    yield store
    store.close()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Access]:
    store = opened(tmp_path)
    yield store
    store.close()


def sign_in(access: Access, *, remember: bool = False, now_ms: int = NOW) -> str:
    secret, _ = access.open_session(
        role="owner", device="Phone", address=HOME, remember=remember, now_ms=now_ms
    )
    return secret


def alive(access: Access, secret: str, now_ms: int) -> bool:
    return access.session(secret, address=HOME, now_ms=now_ms) is not None


def test_the_code_of_the_window_sets_the_first_password(fresh: Access, tmp_path: Path) -> None:
    assert not fresh.has_password()
    code = fresh.issue_setup_code(NOW)
    file = tmp_path / "run" / "setup_code.txt"
    assert file.read_text().strip() == code
    if os.name != "nt":
        assert file.stat().st_mode & 0o077 == 0
    fresh.setup(f" {code.lower()} ", PASSWORD, address=HOME, now_ms=NOW + 30 * MINUTE - 1)
    assert fresh.has_password()
    assert not file.exists()
    fresh.login(PASSWORD, address=HOME, now_ms=NOW)
    with pytest.raises(Conflict):
        fresh.setup(code, OTHER, address=HOME, now_ms=NOW)


def test_a_code_ends_after_half_an_hour(fresh: Access) -> None:
    code = fresh.issue_setup_code(NOW)
    for late in (NOW + 30 * MINUTE, NOW - 1):
        with pytest.raises(AccessDenied, match="expired"):
            fresh.setup(code, PASSWORD, address=HOME, now_ms=late)


def test_a_code_ends_after_ten_wrong_tries_until_a_new_one(fresh: Access, tmp_path: Path) -> None:
    code = fresh.issue_setup_code(NOW)
    for _ in range(10):
        with pytest.raises(AccessDenied, match="not the setup code"):
            fresh.setup("AAAAA-AAAAA", PASSWORD, address=HOME, now_ms=NOW)
    again = opened(tmp_path)
    with pytest.raises(AccessDenied, match="too many"):
        again.setup(code, PASSWORD, address=HOME, now_ms=NOW)
    again.setup(again.issue_setup_code(NOW), PASSWORD, address=HOME, now_ms=NOW)
    again.close()


def test_without_a_code_nobody_sets_a_password(fresh: Access) -> None:
    with pytest.raises(AccessDenied):
        fresh.setup("", PASSWORD, address=HOME, now_ms=NOW)
    assert not fresh.has_password()


def test_a_wrong_password_says_only_that(access: Access) -> None:
    with pytest.raises(AccessDenied) as fault:
        access.login(OTHER, address=HOME, now_ms=NOW)
    assert OTHER not in str(fault.value)
    access.login(PASSWORD, address=HOME, now_ms=NOW)


LIVES = [
    (False, [12 * HOUR - 1], True),
    (False, [12 * HOUR], False),
    (False, [8 * HOUR] * 5, True),
    (True, [30 * DAY - 1], True),
    (True, [30 * DAY], False),
    (True, [29 * DAY] * 3, True),
    (True, [29 * DAY] * 3 + [3 * DAY], False),
    (False, [11 * HOUR] * 300, False),
    (False, [-2 * DAY], False),
    (False, [-HOUR], True),
]


@pytest.mark.parametrize(("remember", "pauses", "holds"), LIVES)
def test_the_life_of_a_session(
    access: Access, remember: bool, pauses: list[int], holds: bool
) -> None:
    secret = sign_in(access, remember=remember)
    now = NOW
    for pause in pauses:
        now += pause
        last = alive(access, secret, now)
    assert last is holds


def test_a_session_survives_a_restart_and_its_secret_is_nowhere(
    access: Access, tmp_path: Path
) -> None:
    secret = sign_in(access)
    token, _ = access.tokens.add("bot", "trader", now_ms=NOW)
    again = opened(tmp_path)
    assert alive(again, secret, NOW)
    assert again.csrf_key() == access.csrf_key()
    again.close()
    for file in tmp_path.rglob("*"):
        body = file.read_bytes() if file.is_file() else b""
        for hidden in (secret, token, token[3:], PASSWORD):
            assert hidden.encode() not in body, file


def test_another_secret_is_no_session(access: Access) -> None:
    secret = sign_in(access)
    for wrong in ("", secret[:-1], secret + "x", secret.swapcase(), "\ud800"):
        assert not alive(access, wrong, NOW)


def test_the_longest_unseen_session_makes_room(access: Access) -> None:
    secrets = [sign_in(access, now_ms=NOW + n) for n in range(MAX_SESSIONS)]
    assert alive(access, secrets[0], NOW + HOUR)
    newest = sign_in(access, now_ms=NOW + 2 * HOUR)
    lives = [alive(access, s, NOW + 2 * HOUR) for s in (secrets[0], secrets[1], newest)]
    assert lives == [True, False, True]
    assert len(access.sessions(NOW + 2 * HOUR)) == MAX_SESSIONS


def test_places_and_times_are_noted(access: Access) -> None:
    secret = sign_in(access)
    access.session(secret, address=PHONE, now_ms=NOW + 5)
    access.session(secret, address=PHONE, now_ms=NOW + 10)
    (session,) = access.sessions(NOW + 10)
    assert (session.first_address, session.address) == (HOME, PHONE)
    assert (session.first_seen_ms, session.last_seen_ms) == (NOW, NOW + 5)
    access.session(secret, address=PHONE, now_ms=NOW + 10 * MINUTE)
    assert access.sessions(NOW + 10 * MINUTE)[0].last_seen_ms == NOW + 10 * MINUTE


def test_elevation_changes_the_secret_and_keeps_the_session(access: Access) -> None:
    secret = sign_in(access)
    fresh, session = access.elevate(secret, PASSWORD, address=PHONE, now_ms=NOW)
    assert not alive(access, secret, NOW)
    found = access.session(fresh, address=HOME, now_ms=NOW)
    assert found is not None
    assert found.id == session.id
    assert (found.elevated_until_ms, found.elevated_from) == (NOW + 10 * MINUTE, PHONE)
    with pytest.raises(LoginRequired):
        access.elevate(secret, PASSWORD, address=HOME, now_ms=NOW)


def test_elevation_is_tried_ten_times_an_hour(access: Access) -> None:
    secret = sign_in(access)
    for n in range(10):
        with pytest.raises(AccessDenied):
            access.elevate(secret, OTHER, address=HOME, now_ms=NOW + n * MINUTE)
    with pytest.raises(LimitExceeded):
        access.elevate(secret, PASSWORD, address=HOME, now_ms=NOW + 11 * MINUTE)
    access.elevate(secret, PASSWORD, address=HOME, now_ms=NOW + HOUR)


def test_signing_out_ends_one_or_all(access: Access) -> None:
    one, two = sign_in(access), sign_in(access)
    session = access.session(one, address=HOME, now_ms=NOW)
    assert session is not None
    assert access.is_alive(session.id, NOW)
    assert access.end_session(session.id)
    assert not access.end_session(session.id)
    assert not access.is_alive(session.id, NOW)
    assert (alive(access, one, NOW), alive(access, two, NOW)) == (False, True)
    assert access.end_all_sessions() == 1
    assert not alive(access, two, NOW)


def test_a_new_password_ends_all_other_sessions(access: Access) -> None:
    mine, other = sign_in(access), sign_in(access)
    with pytest.raises(AccessDenied):
        access.change_password(mine, OTHER, OTHER, address=HOME, now_ms=NOW)
    with pytest.raises(InvalidRequest) as fault:
        access.change_password(mine, PASSWORD, "short", address=HOME, now_ms=NOW)
    assert "new" in fault.value.fields
    access.change_password(mine, PASSWORD, OTHER, address=HOME, now_ms=NOW)
    assert (alive(access, mine, NOW), alive(access, other, NOW)) == (True, False)
    access.login(OTHER, address=HOME, now_ms=NOW)


def test_a_password_set_at_the_machine_ends_every_session(access: Access, tmp_path: Path) -> None:
    secret = sign_in(access)
    beside = opened(tmp_path)
    beside.set_password(OTHER)
    beside.close()
    assert not alive(access, secret, NOW)
    access.login(OTHER, address=HOME, now_ms=NOW)


def test_tokens_open_until_they_expire_or_are_revoked(access: Access) -> None:
    secret, row = access.tokens.add("bot", "trader", now_ms=NOW, expires_ms=NOW + DAY)
    for_ever, _ = access.tokens.add("watch", "viewer", now_ms=NOW)
    assert secret.startswith("mt_")
    assert len(secret) >= 46
    assert access.token(secret, now_ms=NOW + DAY - 1) == row
    assert access.token(secret, now_ms=NOW + DAY) is None
    assert access.token("mt_" + "x" * 43, now_ms=NOW) is None
    assert access.tokens.revoke("watch")
    assert access.token(for_ever, now_ms=NOW) is None
    assert [t.name for t in access.tokens.list()] == ["bot"]
    assert not access.tokens.revoke("watch")
    assert access.tokens.revoke(row.id)


def test_token_names_roles_and_number_are_limited(access: Access) -> None:
    access.tokens.add("bot", "owner", now_ms=NOW)
    with pytest.raises(Conflict):
        access.tokens.add("bot", "viewer", now_ms=NOW)
    for name, role in (("", "owner"), ("x" * 41, "owner"), ("a\nb", "owner"), ("x", "root")):
        with pytest.raises(InvalidRequest):
            access.tokens.add(name, role, now_ms=NOW)
    for n in range(49):
        access.tokens.add(f"n{n}", "viewer", now_ms=NOW)
    with pytest.raises(Conflict):
        access.tokens.add("one more", "viewer", now_ms=NOW)
    assert access.tokens.revoke_all() == 50


def test_where_a_device_is_signed_in_the_owner_logs_in_under_any_attack(access: Access) -> None:
    sign_in(access)
    admitted = 0
    for n in range(60):  # a crowd of addresses nobody has seen before
        try:
            access.attempts.admit_login(f"10.0.0.{n}", NOW)
            admitted += 1
        except LimitExceeded:
            continue
    assert 20 <= admitted < 30
    access.login(PASSWORD, address=HOME, now_ms=NOW)
    with pytest.raises(LimitExceeded):
        access.login(PASSWORD, address=PHONE, now_ms=NOW)
