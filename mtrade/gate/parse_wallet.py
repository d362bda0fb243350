"""Account and wallet: from the wire to the domain (Gate account and wallet docs)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mtrade.domain.accounts import Identity, Permission
from mtrade.gate.fields import Row, as_text, rows


def detail(raw: Any) -> Identity:
    """`/account/detail`: everything but the permissions. Key mode 2 is a unified account."""
    row = Row(raw, "account detail")
    key = row.row("key") if row.has("key") else Row({}, "key")
    whitelist = row.raw("ip_whitelist") or []
    return Identity(
        uid=row.text("user_id"),
        permissions=(),
        ip_whitelist=rows(whitelist, lambda ip: as_text(ip, "ip"), "ip_whitelist"),
        copy_role=row.whole("copy_trading_role", 0),
        unified=key.whole("mode", 1) == 2,
    )


def permissions(raw: Any) -> tuple[Permission, ...]:
    """`/account/main_keys`: the rights of the key that asks."""
    keys = raw if isinstance(raw, list) else [raw]
    return tuple(p for key in keys for p in _permissions_of(key))


def tx_id(raw: Any) -> str:
    """The id of a transfer; an older answer has none."""
    return Row(raw if raw is not None else {}, "transfer").text("tx_id", "")


def total(raw: Any) -> Decimal:
    """Worth of the whole account in the currency asked for."""
    return Row(raw, "total balance").row("total").number("amount")


def _permissions_of(raw: Any) -> tuple[Permission, ...]:
    perms = Row(raw, "key").raw("perms") or []
    return rows(perms, _permission, "perms")


def _permission(raw: Any) -> Permission:
    row = Row(raw, "permission")
    return Permission(name=row.text("name"), read_only=row.flag("read_only"))
