"""What travels into the hub's inbox, besides the events of streams. Frozen."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mtrade.domain.accounts import FuturesAccount, Network
from mtrade.domain.instruments import Instrument
from mtrade.domain.market import Ticker
from mtrade.domain.positions import Position
from mtrade.trading.live.mailbox import Mailbox


@dataclass(frozen=True, slots=True)
class Subscribe:
    """A browser wants to hear."""

    mailbox: Mailbox


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """A browser left."""

    mailbox: Mailbox


@dataclass(frozen=True, slots=True)
class Resend:
    """A browser that lost frames wants the whole present state."""

    mailbox: Mailbox


@dataclass(frozen=True, slots=True)
class Touched:
    """The journal has news of an account's orders."""

    account_id: str


@dataclass(frozen=True, slots=True)
class AccountsChanged:
    """An account came, went, or was switched on or off."""


@dataclass(frozen=True, slots=True)
class RulesRead:
    """The instruments of a market with their rules."""

    network: Network
    rows: tuple[Instrument, ...]


@dataclass(frozen=True, slots=True)
class TickersRead:
    """All tickers of a market."""

    network: Network
    rows: tuple[Ticker, ...]


@dataclass(frozen=True, slots=True)
class PricesRead:
    """Last prices in USDT by currency."""

    network: Network
    prices: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class WalletRead:
    """A futures wallet and its positions as REST shows them.

    `read_ms` is the exchange's time, `began_at` this computer's monotonic time when the read began.
    """

    account_id: str
    settle: str
    read_ms: int
    began_at: float
    futures: FuturesAccount
    positions: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """The last message."""
