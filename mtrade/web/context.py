"""Everything the views share, in one frozen object, and the one call they answer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flask import current_app

from mtrade.domain.accounts import Network
from mtrade.domain.errors import AccessDenied, Conflict
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.ports import Clock
from mtrade.trading.copying.views import CopyDesk
from mtrade.trading.desk import Desk
from mtrade.trading.views import Problem
from mtrade.web.assets import Assets
from mtrade.web.buckets import Buckets
from mtrade.web.i18n import Catalogue
from mtrade.web.ports import AccessStore, AuditLog, Role, ServerControl, Session, SettingsStore
from mtrade.web.seats import Living, Seats
from mtrade.web.vendor import ChartLibrary

log = logging.getLogger(__name__)


class Faults:
    """Unforeseen errors of views since the start: the newest one, for the health report."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: tuple[Problem, ...] = ()

    def note(self, sentence: str) -> None:
        """Remember that a request met an error nobody foresaw."""
        with self._lock:
            self._newest = (Problem("view", sentence),)

    def problems(self) -> tuple[Problem, ...]:
        """The newest one, if there was any."""
        with self._lock:
            return self._newest


@dataclass(frozen=True, slots=True, kw_only=True)
class WebContext:
    """What `create_app` was given. `device` is this computer's name; `host_names` lower case."""

    desk: Desk
    access: AccessStore
    audit: AuditLog
    settings: SettingsStore
    control: ServerControl
    clock: Clock
    templates: Path
    static: Path
    device: str
    host_names: frozenset[str]
    database_bytes: Callable[[], int]
    assets: Assets
    catalogue: Catalogue
    chart: ChartLibrary
    seats: Seats
    living: Living
    buckets: Buckets = field(default_factory=Buckets)
    faults: Faults = field(default_factory=Faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls. `secret` is the cookie's value of a session, empty for a token or a stranger."""

    role: Role | None = None
    session: Session | None = None
    token_name: str = ""
    secret: str = field(default="", repr=False)

    @property
    def actor(self) -> str:
        """How the audit log names the caller."""
        if self.session is not None:
            return f"session:{self.session.id[:8]}"
        return f"token:{self.token_name}" if self.token_name else "stranger"

    def is_at_least(self, role: Role) -> bool:
        """Whether the caller has that role or a higher one."""
        return self.role is not None and self.role.includes(role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One admitted request: whose it is, from where, and in which language to answer."""

    context: WebContext
    caller: Caller
    address: str
    tls: bool
    language: str
    now_ms: int

    @property
    def desk(self) -> Desk:
        return self.context.desk

    @property
    def copying(self) -> CopyDesk:
        """Who copies. Raises Conflict where nothing can be copied."""
        if self.desk.copying is None:
            raise Conflict("copying is not running", code="copying_unavailable")
        return self.desk.copying

    def account_id(self, account_id: str | None) -> str:
        """The id of a known account; left out, the active one. Raises NotFound."""
        return self.desk.accounts.get(account_id).id

    def known(self, network: Network, wanted: InstrumentId | None) -> InstrumentId | None:
        """`wanted`, if the network has it. Raises NotFound: an exchange asked for what it does not
        have fails in its own words, which reads like a fault of the line."""
        if wanted is not None:
            self.desk.state.instrument(network, wanted)
        return wanted

    def text(self, key: str, english: str, params: Mapping[str, object] | None = None) -> str:
        """A text in the caller's language; `english` where the catalogue is silent."""
        return self.context.catalogue.text(self.language, key, params or {}) or english

    def own_session(self) -> Session:
        """The caller's session; a token has none."""
        if self.caller.session is None:
            raise AccessDenied("only a signed-in browser can do this", code="session_required")
        return self.caller.session

    def audit(self, act: str, obj: str = "", detail: str = "") -> None:
        """Write an audit row now. Raises StoreError."""
        self.context.audit.append(
            self.caller.actor, self.address, act, obj, detail, self.context.clock.now_ms()
        )


def web_context() -> WebContext:
    """The context of the running app."""
    found = current_app.extensions["mtrade"]
    assert isinstance(found, WebContext)  # noqa: S101 - put there by create_app
    return found
