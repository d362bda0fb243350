"""Accounts and keys: complete, sealed, bound to their account, and never lost to a failed write."""

from __future__ import annotations

import base64
import errno
import json
import os
import stat
import threading
from pathlib import Path

import pytest

from mtrade.domain.accounts import Account, Credentials, Network, Permission, Secret
from mtrade.domain.errors import Conflict, NotFound, StoreError
from mtrade.domain.frozen import replace
from mtrade.store.accounts import MAX_ACCOUNTS, AccountStore
from mtrade.store.vault import Vault
from tests.store.damage import corruptions

NOW = 1_700_000_000_000
KEY = "0123456789abcdef0123456789abcdef"
CANARY = "canary/secret+0123456789abcdef=="


def account(number: int, **changes: object) -> Account:
    base = Account(
        id=f"paper:{number}",
        name=f"Счёт {number}",
        network=Network.PAPER,
        uid=str(number),
        key_tail="cdef",
        permissions=(Permission(name="futures", read_only=False),),
        colour="#4c9aff",
        created_ms=NOW,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


CREDENTIALS = Credentials(KEY, Secret(CANARY))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    return home / "accounts.json"


def opened(path: Path) -> AccountStore:
    return AccountStore(path, Vault.open(path.parent, path.parent.parent / "key"), NOW)


def test_accounts_come_back_in_order_with_their_keys(path: Path) -> None:
    store = opened(path)
    wanted = [account(2, enabled=False), account(1, network=Network.LIVE, id="live:1", colour="")]
    for one in wanted:
        store.add(one, CREDENTIALS)
    again = opened(path)
    assert again.list() == tuple(wanted)
    assert again.credentials("live:1").secret.reveal() == CANARY
    assert again.credentials("paper:2").key == KEY
    assert not again.recovered


def test_no_file_holds_a_key_or_secret_in_clear(path: Path) -> None:
    store = opened(path)
    store.add(account(1), CREDENTIALS)
    store.replace(account(1, name="другое"))
    forms = [
        form
        for text in (KEY, CANARY)
        for form in (
            text.encode(),
            base64.b64encode(text.encode()).rstrip(b"="),
            text.encode().hex().encode(),
            text.encode("utf-16-le"),
            json.dumps(text).encode(),
        )
    ]
    for file in path.parent.parent.rglob("*"):
        if file.is_file():
            body = file.read_bytes()
            assert not [f for f in forms if f in body], file


def test_a_renamed_account_keeps_its_key_and_place(path: Path) -> None:
    store = opened(path)
    for number in (1, 2):
        store.add(account(number), CREDENTIALS)
    store.replace(account(1, name="Main", enabled=False))
    again = opened(path)
    assert [a.name for a in again.list()] == ["Main", "Счёт 2"]
    assert again.credentials("paper:1").secret.reveal() == CANARY


def test_a_key_moved_to_another_account_does_not_open(path: Path) -> None:
    store = opened(path)
    for number in (1, 2):
        store.add(account(number), CREDENTIALS)
    document = json.loads(path.read_text())
    document["Счёт 2"]["enc"] = document["Счёт 1"]["enc"]
    document.pop("$sha256")
    path.write_text(json.dumps(document))
    store = opened(path)
    assert store.credentials("paper:1").key == KEY
    with pytest.raises(StoreError):
        store.credentials("paper:2")


def test_a_removed_key_is_gone_from_every_copy(path: Path) -> None:
    store = opened(path)
    store.add(account(1), CREDENTIALS)
    store.add(account(2), CREDENTIALS)
    store.remove("paper:1")
    assert [a.id for a in store.list()] == ["paper:2"]
    for file in path.parent.glob("accounts.json*"):
        assert "Счёт 1" not in file.read_text()
    with pytest.raises(NotFound):
        store.credentials("paper:1")


def test_names_ids_and_the_limit_are_refused_not_cut(path: Path) -> None:
    store = opened(path)
    store.add(account(0), CREDENTIALS)
    for bad in (account(9, name="Счёт 0"), account(0, name="x"), account(9, name=""),
                account(9, name="y" * 41), account(9, name="a\nb")):  # fmt: skip
        with pytest.raises(Conflict):
            store.add(bad, CREDENTIALS)
    with pytest.raises(NotFound):
        store.replace(account(9))
    with pytest.raises(NotFound):
        store.remove("paper:9")
    for number in range(1, MAX_ACCOUNTS):
        store.add(account(number), CREDENTIALS)
    with pytest.raises(Conflict):
        store.add(account(MAX_ACCOUNTS), CREDENTIALS)
    assert len(opened(path).list()) == MAX_ACCOUNTS


def test_a_name_is_not_taken_twice_by_renaming(path: Path) -> None:
    store = opened(path)
    store.add(account(1), CREDENTIALS)
    store.add(account(2), CREDENTIALS)
    with pytest.raises(Conflict):
        store.replace(account(1, name="Счёт 2"))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_memory_equals_disk_after_a_failed_write(
    path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    store = opened(path)
    store.add(account(1), CREDENTIALS)

    def fail(*args: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        for act in (
            lambda: store.add(account(2), CREDENTIALS),
            lambda: store.replace(account(1, name="x")),
            lambda: store.remove("paper:1"),
        ):
            with pytest.raises(StoreError):
                act()
            assert store.list() == (account(1),)
    store.add(account(2), CREDENTIALS)
    assert opened(path).list() == (account(1), account(2))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no folder to synchronise")
def test_memory_equals_disk_when_only_the_folder_was_not_synchronised(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(path)
    store.add(account(1), CREDENTIALS)
    real = os.fsync

    def fail_at_last(handle: int) -> None:
        replaced = b'"uid": "2"' in path.read_bytes()
        if replaced and stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EIO, "I/O error")
        real(handle)

    monkeypatch.setattr(os, "fsync", fail_at_last)
    with pytest.raises(StoreError):
        store.add(account(2), CREDENTIALS)
    monkeypatch.undo()
    assert store.list() == opened(path).list() == (account(1), account(2))


def test_unknown_fields_of_an_entry_stay(path: Path) -> None:
    store = opened(path)
    store.add(account(1), CREDENTIALS)
    document = json.loads(path.read_text())
    document["Счёт 1"]["from_the_future"] = [1]
    document.pop("$sha256")
    path.write_text(json.dumps(document))
    opened(path).replace(account(1, colour="#000000"))
    assert json.loads(path.read_text())["Счёт 1"]["from_the_future"] == [1]


def test_every_corruption_ends_in_the_last_good_copy(path: Path) -> None:
    store = opened(path)
    store.add(account(1), CREDENTIALS)
    store.add(account(2), CREDENTIALS)
    good = path.read_bytes()
    copy = path.with_name("accounts.json.bak").read_bytes()
    vault = Vault.open(path.parent, path.parent.parent / "key")
    cases = corruptions(good)
    assert len(cases) > 60
    for name, broken in cases.items():
        path.write_bytes(broken)
        path.with_name("accounts.json.bak").write_bytes(copy)
        found = AccountStore(path, vault, NOW)
        if broken.rstrip() == good.rstrip():
            continue
        assert found.recovered, name
        assert found.list() == (account(1),), name
        assert found.credentials("paper:1").secret.reveal() == CANARY, name


@pytest.mark.parametrize(
    "entry",
    [
        {"uid": ["1"]}, {"uid": "1", "network": "mars"}, {"uid": "1", "perms": [7]}, 7, None,
        {"uid": "1", "enabled": "yes"}, {"uid": "1", "created_at": -1}, {"uid": True},
    ],
)  # fmt: skip
def test_an_entry_without_meaning_is_never_overwritten(path: Path, entry: object) -> None:
    path.write_text(json.dumps({"one": entry}))
    before = path.read_bytes()
    with pytest.raises(StoreError, match="left as it is"):
        opened(path)
    assert path.read_bytes() == before


def test_a_secret_of_an_older_version_is_sealed_at_first_start(path: Path) -> None:
    old = {"Main": {"uid": 42, "label": "Main", "perms": ["futures"], "note": "keep",
                    "created_at": "2024-01-01T00:00:00+00:00",
                    "api_key": KEY, "api_secret": CANARY}}  # fmt: skip
    path.write_text(json.dumps(old))
    store = opened(path)
    assert store.sealed_plain == ("Main",)
    assert store.credentials("live:42").secret.reveal() == CANARY
    for file in path.parent.iterdir():
        assert CANARY not in file.read_text()
        assert KEY not in file.read_text()
    again = opened(path)
    assert again.sealed_plain == ()
    assert again.list()[0].key_tail == KEY[-4:]
    assert again.list()[0].created_ms == 1_704_067_200_000
    assert json.loads(path.read_text())["Main"]["note"] == "keep"


def test_threads_do_not_lose_each_others_accounts(path: Path) -> None:
    store = opened(path)
    threads = [threading.Thread(target=store.add, args=(account(n), CREDENTIALS)) for n in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    assert {a.id for a in opened(path).list()} == {f"paper:{n}" for n in range(8)}
