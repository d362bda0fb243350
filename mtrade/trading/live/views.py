"""What is known of one market or one account from its streams. Frozen: a change makes a new view.

A *section* is what one private stream covers: spot, or the futures of one settle currency. The
mappings inside are never changed in place, so any thread may read a view it was handed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from mtrade.domain.accounts import FuturesAccount, SpotBalance
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.market import Book, Candle, Level, PublicTrade, Ticker
from mtrade.domain.orders import Fill, VenueOrder, VenueTrigger
from mtrade.domain.positions import Leg, Position

LegKey = tuple[InstrumentId, Leg]


@dataclass(frozen=True, slots=True, kw_only=True)
class LegView:
    """A position, flat ones too, so that a late push cannot revive it.

    `time_ms` is the exchange's time of what it was learned from; `gone_ms` that of the REST read
    that did not list it any more.
    """

    position: Position
    time_ms: int
    gone_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coins:
    """A spot balance and the exchange's time of it."""

    balance: SpotBalance
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One account on one market and settle currency.

    `orders` and `triggers` hold ended ones for a while, for the same reason as `LegView`. `read_ms`
    is the exchange's time of the newest REST snapshot, 0 before the first. `futures` is the wallet
    as that snapshot gave it; `wallet_total` what a later push said of its total. `complete` tells
    that a snapshot was seen since the stream was last down. The `*_at` are this computer's
    monotonic seconds: of the last event, of the wallet, and of the last event that moves a wallet.
    """

    read_ms: int = 0
    orders: Mapping[str, VenueOrder] = field(default_factory=dict)
    triggers: Mapping[str, VenueTrigger] = field(default_factory=dict)
    fills: Mapping[str, Fill] = field(default_factory=dict)
    legs: Mapping[LegKey, LegView] = field(default_factory=dict)
    coins: Mapping[str, Coins] = field(default_factory=dict)
    futures: FuturesAccount | None = None
    wallet_total: Decimal | None = None
    wallet_time_ms: int = 0
    complete: bool = False
    heard_at: float | None = None
    wallet_at: float | None = None
    moved_at: float | None = None

    @property
    def open_orders(self) -> tuple[VenueOrder, ...]:
        """Resting orders, newest first."""
        rows = [order for order in self.orders.values() if order.open]
        return tuple(sorted(rows, key=lambda o: (o.created_ms, o.order_id), reverse=True))

    @property
    def open_triggers(self) -> tuple[VenueTrigger, ...]:
        """Waiting conditional orders, newest first."""
        rows = [row for row in self.triggers.values() if row.status == "open"]
        return tuple(sorted(rows, key=lambda t: (t.created_ms, t.trigger_id), reverse=True))

    @property
    def positions(self) -> tuple[Position, ...]:
        """Positions that are not flat, by instrument and leg."""
        rows = [leg.position for leg in self.legs.values() if not leg.position.size.is_zero()]
        return tuple(sorted(rows, key=lambda p: (p.instrument, p.leg)))

    @property
    def balances(self) -> tuple[SpotBalance, ...]:
        """Coins that are there, by currency."""
        rows = [c.balance for c in self.coins.values() if c.balance.available or c.balance.locked]
        return tuple(sorted(rows, key=lambda b: b.currency))

    @property
    def newest_fills(self) -> tuple[Fill, ...]:
        """Own executions, newest first."""
        return tuple(
            sorted(self.fills.values(), key=lambda f: (f.time_ms, f.trade_id), reverse=True)
        )

    def without_proof(self) -> Section:
        """The same, after its stream was lost."""
        return replace(self, complete=False)

    @property
    def wallet_moved(self) -> bool:
        """Whether margins may differ from what the wallet's last reading says."""
        if self.wallet_at is None:
            return True
        return self.moved_at is not None and self.moved_at > self.wallet_at


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketView:
    """One instrument as its public stream shows it; the `*_ms` are the exchange's times.

    `trades` are newest first. `fresh` names the parts heard since the stream was last down.
    `heard_at` is this computer's monotonic time of the last event.
    """

    ticker: Ticker | None = None
    ticker_ms: int = 0
    bid: Level | None = None
    ask: Level | None = None
    top_ms: int = 0
    book: Book | None = None
    trades: tuple[PublicTrade, ...] = ()
    fresh: frozenset[str] = frozenset()
    heard_at: float | None = None

    def without_proof(self) -> MarketView:
        """The same, after its stream was lost; nobody knows what the book is now."""
        return replace(self, book=None, fresh=frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleView:
    """The running candle of an interval, and the one before it in its final form."""

    running: Candle | None = None
    closed: Candle | None = None
