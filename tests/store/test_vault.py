"""Secrets open only with this machine's key, in the place they were sealed for."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from mtrade.domain.accounts import Secret
from mtrade.domain.errors import StoreError
from mtrade.store import dpapi
from mtrade.store.vault import Vault, default_key_file
from tests.store.damage import corruptions

CANARY = "canary-secret-0123456789abcdef"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / "config" / "key"


def test_a_secret_opens_again_after_a_restart(home: Path, key: Path) -> None:
    box = Vault.open(home, key).seal(Secret(CANARY), "a")
    assert Vault.open(home, key).unseal(box, "a").reveal() == CANARY


def test_two_seals_of_one_secret_differ(home: Path, key: Path) -> None:
    vault = Vault.open(home, key)
    assert vault.seal(Secret(CANARY), "a") != vault.seal(Secret(CANARY), "a")


def test_a_sealed_secret_cannot_be_moved(home: Path, key: Path) -> None:
    vault = Vault.open(home, key)
    box = vault.seal(Secret(CANARY), "mt1|acct|one|secret|1")
    with pytest.raises(StoreError) as fault:
        vault.unseal(box, "mt1|acct|two|secret|1")
    assert CANARY not in str(fault.value)


@pytest.mark.parametrize("box", [{}, {"n": "", "c": ""}, {"n": 1, "c": 2}, {"n": "?", "c": "AA=="}])
def test_a_damaged_box_is_one_clear_error(home: Path, key: Path, box: dict[str, object]) -> None:
    with pytest.raises(StoreError) as fault:
        Vault.open(home, key).unseal(box, "a")
    assert fault.value.code == "vault_sealed_otherwise"


@pytest.mark.skipif(dpapi.AVAILABLE, reason="key files of POSIX")
def test_the_key_file_is_outside_and_owner_only(home: Path, key: Path) -> None:
    Vault.open(home, key)
    assert key.stat().st_mode & 0o077 == 0
    assert key.parent.stat().st_mode & 0o077 == 0
    material = key.read_text().strip()
    assert all(material not in f.read_text() for f in home.iterdir())


def test_a_missing_key_overwrites_nothing(home: Path, key: Path) -> None:
    Vault.open(home, key)
    before = (home / "secrets.json").read_bytes()
    key.unlink()
    with pytest.raises(StoreError) as fault:
        Vault.open(home, key)
    assert fault.value.code == "vault_key_missing"
    assert not key.exists()
    assert (home / "secrets.json").read_bytes() == before


@pytest.mark.parametrize("other", [b"", b"short", b"\xff\xfe", None])
def test_a_wrong_key_overwrites_nothing(home: Path, key: Path, other: bytes | None) -> None:
    Vault.open(home, key)
    before = (home / "secrets.json").read_bytes()
    if other is None:
        stranger = home.parent / "stranger"
        stranger.mkdir()
        Vault.open(stranger, stranger / "key")
        shutil.copy(stranger / "key", key)
    else:
        key.write_bytes(other)
    wrong = key.read_bytes()
    with pytest.raises(StoreError) as fault:
        Vault.open(home, key)
    assert fault.value.code == "vault_key_wrong"
    assert (home / "secrets.json").read_bytes() == before
    assert key.read_bytes() == wrong


def test_two_homes_share_a_machine_key_but_not_a_data_key(home: Path, key: Path) -> None:
    box = Vault.open(home, key).seal(Secret(CANARY), "a")
    other = home.parent / "other"
    other.mkdir()
    with pytest.raises(StoreError):
        Vault.open(other, key).unseal(box, "a")


def test_a_lost_vault_is_not_replaced_while_accounts_need_it(home: Path, key: Path) -> None:
    Vault.open(home, key)
    for file in home.glob("secrets.json*"):
        file.unlink()
    (home / "accounts.json").write_text(json.dumps({"a": {"uid": "1", "enc": {}}}))
    with pytest.raises(StoreError) as fault:
        Vault.open(home, key)
    assert fault.value.code == "vault_missing"
    assert not (home / "secrets.json").exists()


def test_damage_falls_back_to_the_last_good_copy(home: Path, key: Path) -> None:
    box = Vault.open(home, key).seal(Secret(CANARY), "a")
    (home / "secrets.json").write_bytes(b"\0" * 200)
    assert Vault.open(home, key).unseal(box, "a").reveal() == CANARY
    assert len(list(home.glob("secrets.json.bad-*"))) == 1


def test_every_corruption_ends_in_the_same_key(home: Path, key: Path) -> None:
    box = Vault.open(home, key).seal(Secret(CANARY), "a")
    path = home / "secrets.json"
    good = path.read_bytes()
    cases = corruptions(good)
    assert len(cases) > 60
    for name, broken in cases.items():
        path.write_bytes(broken)
        assert Vault.open(home, key).unseal(box, "a").reveal() == CANARY, name
        assert path.read_bytes().rstrip() == good.rstrip(), name


@pytest.mark.skipif(os.name == "nt", reason="POSIX folders")
def test_the_default_key_is_in_the_users_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert default_key_file() == tmp_path / "xdg" / "mtrade" / "key"
    (tmp_path / "Library" / "Application Support").mkdir(parents=True)
    assert "Library" in str(default_key_file())


@pytest.mark.skipif(dpapi.AVAILABLE, reason="Windows has it")
def test_a_windows_vault_says_where_it_opens(home: Path, key: Path) -> None:
    Vault.open(home, key)
    document = json.loads((home / "secrets.json").read_text())
    document["slots"]["machine"] = {"kind": "dpapi", "c": "AAAA"}
    document.pop("$sha256")
    (home / "secrets.json").write_text(json.dumps(document))
    with pytest.raises(StoreError, match="Windows"):
        Vault.open(home, key)


@pytest.mark.skipif(not dpapi.AVAILABLE, reason="only Windows has it")
def test_windows_opens_what_it_sealed() -> None:
    assert dpapi.unprotect(dpapi.protect(b"data key")) == b"data key"
