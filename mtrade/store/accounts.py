"""The accounts and their sealed keys: `accounts.json`. Thread-safe.

Memory follows the disk: after a failed write the file is read again, never the other way round.
"""

from __future__ import annotations

import threading
from pathlib import Path

from mtrade.domain.accounts import Account, Credentials
from mtrade.domain.errors import Conflict, NotFound, StoreError
from mtrade.store.account_rows import account_from, entry_of, seal, take_plain, unseal
from mtrade.store.files import Document, Owned, read_owned, write_json
from mtrade.store.vault import Vault

MAX_ACCOUNTS = 50  # as in mtrade.trading.accounts
MAX_NAME = 40


class AccountStore:
    """Accounts by id. `recovered` tells that the last good copy was used: start in SAFE mode.

    `sealed_plain` names accounts whose secret lay in clear until now: their keys need replacing.
    """

    def __init__(self, path: Path, vault: Vault, now_ms: int) -> None:
        self._path = path
        self._vault = vault
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._entries: Document = {}
        self._accounts: tuple[Account, ...] = ()
        self.sealed_plain: tuple[str, ...] = ()
        self.recovered = self._load()
        self._seal_plain()

    def list(self) -> tuple[Account, ...]:
        """All accounts in the order they were added."""
        return self._accounts

    def credentials(self, account_id: str) -> Credentials:
        """The key of an account. Raises NotFound, or StoreError when it does not open."""
        with self._lock:
            account = self._find(account_id)
            return unseal(self._vault, account, self._entries[account.name])

    def add(self, account: Account, credentials: Credentials) -> None:
        """Store a new account. Raises Conflict for a known id or name, or over the limit."""
        with self._lock:
            _check_name(account.name)
            if account.name in self._entries:
                raise Conflict("another account has this name", code="name_taken")
            if any(known.id == account.id for known in self._accounts):
                raise Conflict("this exchange account is already here", code="account_exists")
            if len(self._entries) >= MAX_ACCOUNTS:
                raise Conflict(f"there may be at most {MAX_ACCOUNTS} accounts", code="too_many")
            entry = {**entry_of(account), "enc": seal(self._vault, account, credentials)}
            self._save({**self._entries, account.name: entry})

    def replace(self, account: Account) -> None:
        """Store changed fields of a known account; a new name is sealed anew."""
        with self._lock:
            old = self._find(account.id)
            _check_name(account.name)
            if account.name != old.name and account.name in self._entries:
                raise Conflict("another account has this name", code="name_taken")
            entry = entry_of(account, self._entries[old.name])
            if account.name != old.name:
                credentials = unseal(self._vault, old, entry)
                entry["enc"] = seal(self._vault, account, credentials)
            self._save(
                {
                    (account.name if name == old.name else name): (
                        entry if name == old.name else other
                    )
                    for name, other in self._entries.items()
                }
            )

    def remove(self, account_id: str) -> None:
        """Forget an account and its key, also in the copy kept of the file."""
        with self._lock:
            name = self._find(account_id).name
            self._save({n: e for n, e in self._entries.items() if n != name}, forget=True)

    def _find(self, account_id: str) -> Account:
        for account in self._accounts:
            if account.id == account_id:
                return account
        raise NotFound("there is no such account", code="unknown_account")

    def _load(self) -> bool:
        owned: Owned[Document] | None = read_owned(self._path, _check, self._now_ms)
        self._remember(owned.value if owned else {})
        return bool(owned and owned.recovered)

    def _save(self, entries: Document, *, forget: bool = False) -> None:
        try:
            write_json(self._path, entries, forget=forget)
        except StoreError:
            self._load()
            raise
        self._remember(entries)

    def _remember(self, entries: Document) -> None:
        """Accounts are asked for all the time and change rarely: read their entries once."""
        self._entries = entries
        self._accounts = tuple(account_from(name, entry) for name, entry in entries.items())

    def _seal_plain(self) -> None:
        """Seal what an older version left in clear, in the file and in the copy kept of it."""
        entries = {name: dict(entry) for name, entry in self._entries.items()}
        plain = {name: found for name, e in entries.items() if (found := take_plain(e))}
        if not plain:
            return
        for name, credentials in plain.items():
            account = account_from(name, {**entries[name], "key_tail": credentials.key[-4:]})
            sealed = {"enc": seal(self._vault, account, credentials)}
            entries[name] = {**entry_of(account, entries[name]), **sealed}
        self._save(entries, forget=True)
        self.sealed_plain = tuple(plain)


def _check(document: Document) -> Document:
    accounts = [account_from(name, entry) for name, entry in document.items()]
    if len({a.id for a in accounts}) < len(accounts):
        raise ValueError("one exchange account is there twice")
    return document


def _check_name(name: str) -> None:
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise Conflict(f"a name has 1 to {MAX_NAME} characters", code="account_name")
