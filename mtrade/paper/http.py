"""The seam between the rules of the paper exchange and its HTTP shell.

A handler is a plain function of the world and one parsed call: no sockets, no clock. The shell
(`server.py`) checks signature, time, permission, rate limit and expiry before it calls a handler.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from mtrade.paper.world import ApiKey, User, World


class Call(NamedTuple):
    """One request, parsed and authenticated.

    `args` are the path's parameters, `query` the decoded query (last value wins), `body` the parsed
    JSON (numbers with a point are Decimal) or None. `decimal_sizes` tells whether contract sizes in
    the answer are strings (X-Gate-Size-Decimal) or integers. `key` is the one that signed.
    """

    args: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    user: User | None
    now_ms: int
    decimal_sizes: bool
    key: ApiKey | None = None

    @property
    def owner(self) -> User:
        """The authenticated user of a private call."""
        if self.user is None:
            raise RuntimeError("a public handler asked for its owner")
        return self.user


class Reply(NamedTuple):
    """What a handler answers; the shell turns it into JSON."""

    body: object
    status: int = 200
    headers: Mapping[str, str] = MappingProxyType({})


Handler = Callable[["World", Call], Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method and path below `/api/v4`, e.g. `GET /spot/orders/{order_id}`.

    `permission` is the key right it needs (None: public); a GET needs read, anything else write.
    `bucket` names the rate-limit budget it draws on (see `limits.py`).
    """

    method: str
    path: str
    handler: Handler
    permission: str | None = None
    bucket: str = "private"
