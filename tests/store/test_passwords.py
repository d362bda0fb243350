"""Passwords: the guessable ones are refused, one hash runs at a time, at the promised cost."""

from __future__ import annotations

import threading
import time

import pytest

from mtrade.domain.errors import InvalidRequest, LimitExceeded
from mtrade.store import passwords

PASSWORD = "plain-violet-teapot"
OTHER = "quiet-orange-lantern"


@pytest.fixture
def _cheap_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_MEMORY_KIB", 64)


@pytest.mark.parametrize(
    "weak",
    ["", "short", "x" * 129, "password1234", "P@ssw0rd!2024", "123456789012", "aaaaaaaaaaaa",
     "abababababab", "abcdefghijklm", "mtrade-gate.io", "qwerty123456", "парольпароль1"],
)  # fmt: skip
def test_guessable_passwords_are_refused_by_name(weak: str) -> None:
    with pytest.raises(InvalidRequest) as fault:
        passwords.check_password(weak)
    assert "password" in fault.value.fields
    assert not weak or weak not in fault.value.message


@pytest.mark.parametrize(
    "good", [PASSWORD, "x7#Kq2!mZp9Lw", "корова летит над домом", "my trading password is long"]
)
def test_ordinary_passphrases_are_accepted(good: str) -> None:
    passwords.check_password(good)


@pytest.mark.usefixtures("_cheap_hash")
def test_one_spelling_of_an_accent_opens_the_other() -> None:
    record = passwords.hash_password("caf\u00e9-violet-teapot")
    assert passwords.matches("cafe\u0301-violet-teapot", record)
    assert not passwords.matches("cafe-violet-teapot", record)


def test_the_record_is_argon2id_with_the_promised_cost() -> None:
    assert passwords.hash_password(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=1$")


def test_only_one_hash_runs_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = 0, 0
    lock = threading.Lock()

    def slow(*args: object) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1

    fake = type("Argon2id", (), {"verify_phc_encoded": staticmethod(slow)})
    monkeypatch.setattr(passwords, "Argon2id", fake)
    threads = [threading.Thread(target=passwords.matches, args=("x", "y")) for _ in range(10)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    assert most == 1


@pytest.mark.usefixtures("_cheap_hash")
def test_who_waits_too_long_for_the_hash_is_told_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_PATIENCE_S", 0.01)
    with passwords._Turn(), pytest.raises(LimitExceeded):
        passwords.matches(PASSWORD, "")
    assert not passwords.matches(OTHER, passwords.hash_password(PASSWORD))
