"""What the trading layer needs from below, besides the exchange and the journal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from mtrade.domain.accounts import Account, Credentials, Network
from mtrade.domain.copying.audit import Audit
from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import NO_CHANGE, CopyChange, CopyEvent, CopyState
from mtrade.domain.events import Event
from mtrade.domain.orders import AccountFill, Intent
from mtrade.domain.ports import Clock, Exchange, Journal, MarketData
from mtrade.trading.inbox import Rank


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

    def add_fills(self, fills: Iterable[AccountFill]) -> tuple[AccountFill, ...]: ...


Moved = tuple[Intent, Intent]  # an intent as it was, and as it is now


class Host(Protocol):
    """The pipeline as its guest sees it; `post` may be called from any thread."""

    @property
    def live(self) -> Mapping[int, Intent]:
        """The orders whose end is not proven, by id."""
        ...

    def launch(self, intents: Sequence[Intent], change: CopyChange) -> None:
        """Write intents and change down in one transaction, then send them, in this order.

        Raises StoreError, and then nothing was stored or sent.
        """
        ...

    def write(self, change: CopyChange, ended: Sequence[Intent] = ()) -> None:
        """Write a change, and orders that have ended already. Raises StoreError."""
        ...

    def post(self, message: object) -> None: ...


class CopyShelf(Protocol):
    """What the journal remembers of copying. Raises StoreError."""

    def load(self) -> CopyState: ...

    def events(
        self,
        link_id: int | None = None,
        act: Act | None = None,
        before_id: int | None = None,
        limit: int = 100,
        *,
        code: Code | None = None,
    ) -> tuple[CopyEvent, ...]: ...

    def counts(self, since_ms: int) -> dict[int, dict[Act, int]]: ...

    def leg_intents(
        self, leg_id: int, before_id: int | None = None, limit: int = 100
    ) -> tuple[Intent, ...]: ...

    def audit(self, since_intent: int, since_event: int) -> Audit: ...

    def consumed(
        self, follower_id: str, leader_id: str, trade_ids: Iterable[str]
    ) -> frozenset[str]: ...


class Guest(Protocol):
    """Somebody who decides orders on the engine's thread. All but `hear` is called there."""

    def started(self, host: Host) -> None:
        """The journal is open, what was unfinished is taken up; may raise StoreError."""
        ...

    def hear(self, event: Event) -> Rank | None:
        """An event of a stream, on its thread: how soon `heard` wants it; None when never."""
        ...

    def heard(self, event: Event) -> None:
        """An event, on the engine's thread."""
        ...

    def handle(self, message: object) -> None:
        """A message that was posted for it."""
        ...

    def settling(self, moved: Sequence[Moved]) -> CopyChange:
        """What is to be written together with new states of orders. Remembers nothing."""
        ...

    def settled(self, moved: Sequence[Moved], change: CopyChange) -> None:
        """It is written."""
        ...

    def tick(self) -> None:
        """The inbox is empty or a while has passed: do what is due."""
        ...

    def wait(self) -> float:
        """Seconds until something is due."""
        ...

    def stopping(self) -> None:
        """Decide nothing more."""
        ...


class NoGuest:
    """Nobody decides but people."""

    def started(self, host: Host) -> None:
        """Nothing to begin."""

    def hear(self, event: Event) -> Rank | None:
        return None

    def heard(self, event: Event) -> None:
        """Of no interest."""

    def handle(self, message: object) -> None:
        """Of no interest."""

    def settling(self, moved: Sequence[Moved]) -> CopyChange:
        return NO_CHANGE

    def settled(self, moved: Sequence[Moved], change: CopyChange) -> None:
        """Of no interest."""

    def tick(self) -> None:
        """Nothing is ever due."""

    def wait(self) -> float:
        return 1.0

    def stopping(self) -> None:
        """Nothing to end."""


class Sender(Protocol):
    """Sends committed orders, each once, in the order given; returns at once."""

    def prepare(self, intents: Sequence[Intent]) -> None:
        """These are being committed: make them ready, so that only the writing is left. Nothing
        leaves, and whether they will be sent is not known yet."""
        ...

    def send(self, intents: Sequence[Intent]) -> None: ...

    def forget(self, account_id: str) -> None:
        """The account was changed or removed."""
        ...
