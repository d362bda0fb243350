"""Who am I, and what may this key do (Gate account docs). Every account here is a classic one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mtrade.paper.faults import GateFault
from mtrade.paper.fields import as_object, flag
from mtrade.paper.http import Call, Handler, Reply, Route
from mtrade.paper.world import ApiKey, World

_CLASSIC = 1


def detail(world: World, call: Call) -> Reply:
    """GET /account/detail: the user id here is what futures sockets want"""
    return Reply(
        {
            "user_id": call.owner.uid,
            "ip_whitelist": list(_key(call).ip_whitelist),
            "currency_pairs": [],
            "tier": 0,
            "key": {"mode": _CLASSIC},
            "copy_trading_role": call.owner.copy_role,
        }
    )


def main_keys(world: World, call: Call) -> Reply:
    """GET /account/main_keys: the key that asks, with its rights"""
    key = _key(call)
    created = datetime.fromtimestamp(key.created_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return Reply(
        {
            "state": 1,
            "mode": _CLASSIC,
            "name": key.name,
            "user_id": call.owner.uid,
            "currency_pairs": [],
            "ip_whitelist": list(key.ip_whitelist),
            "perms": [
                {"name": name, "read_only": read_only}
                for name, read_only in key.permissions.items()
            ],
            "key": {"mode": _CLASSIC},
            "created_at": created,
            "updated_at": created,
            "last_access": created,
        }
    )


def rate_limit(world: World, call: Call) -> Reply:
    """GET /account/rate_limit"""
    return Reply([{"tier": "0", "ratio": "0", "main_ratio": "0", "updated_at": "0"}])


def debit_fee(world: World, call: Call) -> Reply:
    """GET /account/debit_fee: paying fees in GT is off"""
    return Reply({"enabled": False})


def set_debit_fee(world: World, call: Call) -> Reply:
    """POST /account/debit_fee: there is no GT here, so it can only stay off"""
    if flag(as_object(call.body), "enabled"):
        raise GateFault("INVALID_PARAM_VALUE", "fees cannot be paid in GT")
    return Reply(None)


def nothing(world: World, call: Call) -> Reply:
    """The lists of an account without groups and sub-accounts."""
    return Reply([])


def refused(world: World, call: Call) -> Reply:
    """What this exchange has no second account, and no way out, for."""
    raise GateFault("FORBIDDEN", "not available on this exchange", 403)


def no_sub_account(world: World, call: Call) -> Reply:
    """Sub-accounts cannot be found, because there are none."""
    raise GateFault("SUB_ACCOUNT_NOT_FOUND", "Sub account not found", 404)


def not_unified(world: World, call: Call) -> Reply:
    """The unified wallet of a classic account."""
    raise GateFault("FORBIDDEN", "the account is not in unified account mode", 403)


def unified_mode(world: World, call: Call) -> Reply:
    """GET /unified/unified_mode"""
    return Reply({"mode": "classic", "settings": {}})


def _key(call: Call) -> ApiKey:
    if call.key is None:
        raise RuntimeError("a private route without a key")
    return call.key


def _route(method: str, path: str, handler: Handler, permission: str = "account") -> Route:
    return Route(method=method, path=path, handler=handler, permission=permission, bucket="account")


def _routes() -> tuple[Route, ...]:
    subs: list[tuple[str, str, Any]] = [
        ("GET", "/sub_accounts", nothing),
        ("POST", "/sub_accounts", refused),
        ("GET", "/sub_accounts/unified_mode", nothing),
        ("GET", "/sub_accounts/{uid}", no_sub_account),
        ("POST", "/sub_accounts/{uid}/lock", no_sub_account),
        ("POST", "/sub_accounts/{uid}/unlock", no_sub_account),
        ("GET", "/sub_accounts/{uid}/keys", no_sub_account),
        ("POST", "/sub_accounts/{uid}/keys", no_sub_account),
        ("GET", "/sub_accounts/{uid}/keys/{key}", no_sub_account),
        ("PUT", "/sub_accounts/{uid}/keys/{key}", no_sub_account),
        ("DELETE", "/sub_accounts/{uid}/keys/{key}", no_sub_account),
    ]
    return tuple(_route(method, path, handler) for method, path, handler in subs)


ROUTES: tuple[Route, ...] = (
    _route("GET", "/account/detail", detail),
    _route("GET", "/account/main_keys", main_keys),
    _route("GET", "/account/rate_limit", rate_limit),
    _route("GET", "/account/debit_fee", debit_fee),
    _route("POST", "/account/debit_fee", set_debit_fee),
    _route("GET", "/account/stp_groups", nothing),
    _route("POST", "/account/stp_groups", refused),
    _route("GET", "/unified/accounts", not_unified, "unified"),
    _route("GET", "/unified/unified_mode", unified_mode, "unified"),
    *_routes(),
)
