"""Who may call: the checks of a private request, in Gate's order, and its deadline. Pure.

Order seen live (gate-notes, clock rule): missing header 400, stale time 403, unknown key 401, bad
signature 401, permission 403, address 403.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote, unquote_plus

from mtrade.gate.signing import sign_rest
from mtrade.paper.faults import GateFault
from mtrade.paper.http import Route
from mtrade.paper.world import ApiKey, User, World

SKEW_S = 60

_TIMESTAMP = re.compile(r"\d{1,16}(?:\.\d{1,9})?", re.ASCII)
_DEADLINE = re.compile(r"\d{1,16}", re.ASCII)
_FENCED = ("orders", "batch_orders", "cancel_batch_orders", "amend_batch_orders")
_FENCED_FUTURES = (*_FENCED, "batch_cancel_orders", "batch_amend_orders", "bbo_orders")


class Incoming(NamedTuple):
    """A request as it came off the wire. `headers` have lower-case names; `remote` is an address.

    `raw_path` and `raw_query` are still percent-encoded.
    """

    method: str
    raw_path: str
    raw_query: str
    headers: Mapping[str, str]
    body: bytes
    remote: str

    @property
    def path(self) -> str:
        """The decoded path."""
        return unquote(self.raw_path)


def authenticate(world: World, incoming: Incoming, now_ms: int) -> tuple[User, ApiKey]:
    """The user and key that signed this request; GateFault when nobody proven did."""
    name, sign, stamp = (_header(incoming, n) for n in ("KEY", "SIGN", "Timestamp"))
    check_time(stamp, now_ms)
    user = world.by_key.get(name)
    if user is None:
        raise GateFault("INVALID_KEY", "Invalid key provided", 401)
    key = user.keys[name]
    if not _signed(key.secret, incoming, stamp, sign):
        raise GateFault("INVALID_SIGNATURE", "Signature mismatch", 401)
    return user, key


def check_time(stamp: str, now_ms: int) -> None:
    """Refuse a time header that is no number of seconds or is over a minute off."""
    if not _TIMESTAMP.fullmatch(stamp):
        raise GateFault("INVALID_PARAM_VALUE", "Timestamp is not a number of seconds")
    gap = abs(Decimal(stamp) - Decimal(now_ms) / 1000)
    if gap > SKEW_S:
        message = f"gap between request Timestamp and server time exceeds {SKEW_S}"
        raise GateFault("REQUEST_EXPIRED", message, 403)


def authorise(key: ApiKey, permission: str | None, remote: str, *, write: bool) -> None:
    """Refuse what the key's rights or its address list do not allow."""
    if permission is not None:
        read_only = key.permissions.get(permission)
        if read_only is None:
            message = f"Request API key does not have {permission} permission"
            raise GateFault("FORBIDDEN", message, 403)
        if read_only and write:
            raise GateFault("READ_ONLY", "API key is read-only", 403)
    if key.ip_whitelist and remote not in key.ip_whitelist:
        raise GateFault("IP_FORBIDDEN", f"Request IP {remote} is not in the key's whitelist", 403)


def fenced(route: Route) -> bool:
    """Whether X-Gate-Exptime counts here: creating, amending and cancelling orders (Gate docs)."""
    return route.method != "GET" and route.permission is not None and _places(route.path)


@lru_cache(maxsize=256)
def _places(path: str) -> bool:
    segments = path.strip("/").split("/")
    if segments[0] == "spot":
        return segments[1] in _FENCED
    return segments[0] == "futures" and segments[2] in _FENCED_FUTURES


def check_deadline(incoming: Incoming, now_ms: int) -> None:
    """Refuse a request that arrives after the deadline its sender set (X-Gate-Exptime, ms)."""
    deadline = incoming.headers.get("x-gate-exptime")
    if deadline is None:
        return
    if not _DEADLINE.fullmatch(deadline):
        raise GateFault("INVALID_PARAM_VALUE", "X-Gate-Exptime is not a time in milliseconds")
    if now_ms > int(deadline):
        raise GateFault("REQUEST_EXPIRED", "the request arrived after X-Gate-Exptime", 403)


def _header(incoming: Incoming, name: str) -> str:
    value = incoming.headers.get(name.lower(), "")
    if not value:
        raise GateFault("MISSING_REQUIRED_HEADER", f"Missing required header: {name}")
    return value


def _signed(secret: str, incoming: Incoming, stamp: str, sign: str) -> bool:
    """Clients sign the query decoded or raw, and the path as sent or decoded (gate-notes)."""
    queries = dict.fromkeys((unquote_plus(incoming.raw_query), incoming.raw_query))
    paths = dict.fromkeys((incoming.raw_path, incoming.path))
    given = sign.encode("utf-8", "replace")
    return any(
        hmac.compare_digest(
            sign_rest(secret, incoming.method, path, query, incoming.body, stamp).encode(), given
        )
        for path in paths
        for query in queries
    )
