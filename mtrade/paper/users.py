"""Users and ids as rows, and how a user comes to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from mtrade.domain.numbers import ZERO
from mtrade.paper.world import ApiKey, User, World

# Every right a key can have here, read and write (Gate's names).
ALL_PERMISSIONS = {name: False for name in ("spot", "futures", "wallet", "account", "unified")}

FIRST_UID = 10_001


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperAccount:
    """An account to have from the start. Each deposit is credited to the spot wallet, and USDT and
    BTC once more to the futures wallet they settle. `permissions` maps a right to read-only.
    """

    key: str
    secret: str
    uid: int
    deposits: Mapping[str, Decimal] = field(default_factory=dict)
    permissions: Mapping[str, bool] = field(default_factory=lambda: dict(ALL_PERMISSIONS))
    ip_whitelist: tuple[str, ...] = ()
    name: str = ""
    copy_role: int = 0


class Users:
    """Registers users; the rows of users and of the id counter."""

    kinds = ("world", "user")

    def __init__(self, world: World) -> None:
        self._world = world

    def ensure(self, account: PaperAccount, now_ms: int) -> User:
        """The account's user. A new one is funded; a known one only gets the key if it is new."""
        user = self._world.users.get(account.uid)
        fresh = user is None
        user = user or User(account.uid, copy_role=account.copy_role)
        user.keys.setdefault(account.key, _key(account, now_ms))
        self._world.add_user(user)
        if fresh:
            self._world.futures.open_accounts(account.uid)
            self._fund(account, now_ms)
        return user

    def free_uid(self) -> int:
        """A uid nobody has."""
        return max((FIRST_UID - 1, *self._world.users)) + 1

    def row(self, kind: str, key: str) -> Mapping[str, Any] | None:
        """The present data of a user, or of the id counter."""
        if kind == "world":
            return {"last_id": self._world.last_id}
        user = self._world.users.get(int(key))
        if user is None:
            return None
        keys = [_key_row(own) for own in user.keys.values()]
        return {"uid": user.uid, "copy_role": user.copy_role, "keys": keys}

    def restore(self, kind: str, key: str, data: Mapping[str, Any]) -> None:
        """Take one saved row back."""
        if kind == "world":
            self._world.resume_ids(int(data["last_id"]))
            return
        keys = {row["key"]: _key_of(row) for row in data["keys"]}
        self._world.add_user(User(int(data["uid"]), keys, int(data["copy_role"])))

    def _fund(self, account: PaperAccount, now_ms: int) -> None:
        for currency, amount in account.deposits.items():
            if amount <= ZERO:
                continue
            self._world.spot.deposit(account.uid, currency, amount, now_ms, "deposit")
            settle = currency.lower()
            if settle in ("usdt", "btc"):
                self._world.futures.deposit(account.uid, settle, amount, now_ms)


def _key(account: PaperAccount, now_ms: int) -> ApiKey:
    return ApiKey(
        account.key,
        account.secret,
        dict(account.permissions),
        account.ip_whitelist,
        account.name,
        now_ms,
    )


def _key_row(key: ApiKey) -> dict[str, Any]:
    return {
        "key": key.key,
        "secret": key.secret,
        "permissions": dict(key.permissions),
        "ip_whitelist": list(key.ip_whitelist),
        "name": key.name,
        "created_ms": key.created_ms,
    }


def _key_of(row: Mapping[str, Any]) -> ApiKey:
    return ApiKey(
        row["key"],
        row["secret"],
        dict(row["permissions"]),
        tuple(row["ip_whitelist"]),
        row["name"],
        row["created_ms"],
    )
