"""What the trading layer needs from below, besides the exchange and the journal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from mtrade.domain.accounts import Account, Credentials, Network
from mtrade.domain.orders import Fill, Intent
from mtrade.domain.ports import Clock, Exchange, Journal, MarketData


class NetworkClock(Clock, Protocol):
    """The exchange's clock as far as it is known."""

    @property
    def offset_ms(self) -> int | None: ...

    @property
    def round_trip_ms(self) -> int | None: ...

    @property
    def age_ms(self) -> int | None: ...

    def sync(self) -> None: ...


class AccountBook(Protocol):
    """Accounts with their sealed secrets (accounts.json)."""

    def list(self) -> tuple[Account, ...]: ...

    def credentials(self, account_id: str) -> Credentials: ...

    def add(self, account: Account, credentials: Credentials) -> None: ...

    def replace(self, account: Account) -> None: ...

    def remove(self, account_id: str) -> None: ...


class Choices(Protocol):
    """Small choices that survive a restart."""

    def get(self, key: str) -> Any: ...

    def set(self, key: str, value: Any) -> object: ...


class Networks(Protocol):
    """The lines to the networks. The only place that knows addresses."""

    def host(self, network: Network) -> str: ...

    def market_data(self, network: Network) -> MarketData: ...

    def exchange(
        self, network: Network, credentials: Credentials, *, warm: bool = False
    ) -> Exchange:
        """A new exchange, closed by its user; a `warm` one keeps its sockets ready for orders."""
        ...

    def clock(self, network: Network) -> NetworkClock: ...


class PaperDesk(Protocol):
    """Opens accounts on the embedded exchange; None when paper is another program's."""

    def open_account(self, name: str) -> Credentials: ...


class FillJournal(Journal, Protocol):
    """The journal with its executions."""

    def by_text(self, account_id: str, text: str) -> Intent | None: ...

    def add_fills(self, account_id: str, fills: Iterable[Fill]) -> tuple[Fill, ...]: ...
