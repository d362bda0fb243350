"""What one route is: address, who may call it, what it takes. The table is `routes.ROUTES`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mtrade.web.buckets import Bucket
from mtrade.web.forms import Empty, Form
from mtrade.web.ports import Role

CHANGES = frozenset({"POST", "PATCH", "DELETE"})

# Forms of the ids in addresses.
PATH_FORMS = {
    "order_id": re.compile(r"[A-Za-z0-9_-]{1,64}"),
    "trigger_id": re.compile(r"[A-Za-z0-9_-]{1,64}"),
    "session_id": re.compile(r"[A-Za-z0-9_-]{1,64}"),
    "account_id": re.compile(r"[a-z]{1,16}:[A-Za-z0-9]{1,32}"),
    "link_id": re.compile(r"[1-9][0-9]{0,14}"),
    "intent_id": re.compile(r"[1-9][0-9]{0,17}"),
}


class Elevation(StrEnum):
    """Whether the password must have been given again lately."""

    NEVER = "never"
    ALWAYS = "always"
    UNLESS_PAPER = "unless paper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One row of the table.

    `role` None means that a stranger may call. `form` is read from the body of a changing call, or
    from the query when `in_query` or the call reads. `act` names the audit row written before the
    call takes effect; `essential` acts go on when that row cannot be written, because they only
    take risk away. `secrets` are body fields accepted only over TLS or from this computer.
    """

    method: str
    path: str
    handler: Callable[..., object]
    role: Role | None
    form: type[Form] = Empty
    in_query: bool = False
    status: int = 200
    elevation: Elevation = Elevation.NEVER
    bucket: Bucket = Bucket.API
    act: str = ""
    essential: bool = False
    secrets: tuple[str, ...] = ()
    max_body: int | None = None

    @property
    def changes(self) -> bool:
        """Whether calling it changes something."""
        return self.method in CHANGES

    @property
    def endpoint(self) -> str:
        """Its name inside Flask."""
        return f"{self.method} {self.path}"

    @property
    def reads_query(self) -> bool:
        """Whether the form comes from the query string."""
        return self.in_query or not self.changes

    def needs_elevation(self, body: Mapping[str, Any]) -> bool:
        """Whether this very call needs it. What cannot be read needs it."""
        if self.elevation is Elevation.UNLESS_PAPER:
            return body.get("network") != "paper"
        return self.elevation is Elevation.ALWAYS
