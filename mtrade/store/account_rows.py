"""Between one entry of accounts.json and the values of `mtrade.domain.accounts`.

An entry is found under the account's name: uid, network, label, perms, created_at, enc. Keys this
version does not know stay in the entry.
"""

from __future__ import annotations

from datetime import UTC, datetime

from mtrade.domain.accounts import Account, Credentials, Network, Permission, Secret
from mtrade.store.files import Document
from mtrade.store.vault import Vault

FIELDS = ("key", "secret")

# The names under which older files kept an unsealed key and secret.
_PLAIN = {"key": ("api_key", "key"), "secret": ("api_secret", "secret", "secret_key")}


def account_from(name: str, entry: Document) -> Account:
    """The account of an entry. Raises ValueError naming it when the entry makes no sense."""
    try:
        network = Network(entry.get("network", Network.LIVE.value))
        uid = _uid(entry.get("uid", ""))
        return Account(
            id=f"{network}:{uid or name}",
            name=name,
            network=network,
            uid=uid,
            key_tail=str(entry.get("key_tail", "")),
            permissions=tuple(map(_permission, entry.get("perms", ()))),
            colour=str(entry.get("colour", "")),
            created_ms=_instant(entry.get("created_at", 0)),
            enabled=_flag(entry.get("enabled", True)),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"account {name}: {error}") from None


def entry_of(account: Account, before: Document | None = None) -> Document:
    """The entry of an account, keeping what `before` holds beyond it."""
    return {
        **(before or {}),
        "uid": account.uid,
        "network": account.network.value,
        "label": account.name,
        "perms": [{"name": p.name, "read_only": p.read_only} for p in account.permissions],
        "created_at": account.created_ms,
        "colour": account.colour,
        "enabled": account.enabled,
        "key_tail": account.key_tail,
    }


def seal(vault: Vault, account: Account, credentials: Credentials) -> Document:
    """The sealed fields; each is bound to account name, field and uid and opens nowhere else."""
    plain = {"key": Secret(credentials.key), "secret": credentials.secret}
    return {field: vault.seal(plain[field], _aad(account, field)) for field in FIELDS}


def unseal(vault: Vault, account: Account, entry: Document) -> Credentials:
    """The key and secret of an entry. Raises StoreError when they do not open."""
    sealed = entry.get("enc") or {}
    key, secret = (vault.unseal(sealed.get(f, {}), _aad(account, f)) for f in FIELDS)
    return Credentials(key.reveal(), secret)


def take_plain(entry: Document) -> Credentials | None:
    """Take an unsealed key and secret out of an old entry, None when it has none."""
    found = {
        field: next((str(entry[n]) for n in names if isinstance(entry.get(n), str)), None)
        for field, names in _PLAIN.items()
    }
    if found["key"] is None or found["secret"] is None:
        return None
    for names in _PLAIN.values():
        for name in names:
            entry.pop(name, None)
    return Credentials(found["key"], Secret(found["secret"]))


def _aad(account: Account, field: str) -> str:
    return f"mt1|acct|{account.name}|{field}|{account.uid}"


def _permission(entry: Document | str) -> Permission:
    if isinstance(entry, str):
        return Permission(name=entry, read_only=False)
    return Permission(name=str(entry["name"]), read_only=_flag(entry["read_only"]))


def _uid(value: object) -> str:
    """Older files have a number, or none when the key was never tried."""
    if isinstance(value, bool) or not isinstance(value, str | int) or len(str(value)) > 100:
        raise ValueError("uid must be text")
    return str(value)


def _instant(value: object) -> int:
    """UTC ms; older files have ISO 8601."""
    if isinstance(value, str):
        return int(datetime.fromisoformat(value).astimezone(UTC).timestamp() * 1000)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("created_at must be UTC milliseconds")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value
