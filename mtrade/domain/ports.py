"""What the parts promise each other. Above these ports nobody asks which network it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Protocol

from mtrade.domain.accounts import (
    Fees,
    FuturesAccount,
    Identity,
    LedgerEntry,
    MarginMode,
    Network,
    PositionMode,
    SpotBalance,
)
from mtrade.domain.copying.model import NO_CHANGE, CopyChange
from mtrade.domain.errors import ExchangeError
from mtrade.domain.events import Event
from mtrade.domain.instruments import Instrument, InstrumentId, Market
from mtrade.domain.market import Book, Candle, FundingRate, PublicTrade, RiskTier, Ticker
from mtrade.domain.orders import (
    Fill,
    Intent,
    OrderPath,
    OrderRequest,
    OrderSocket,
    VenueOrder,
    VenueTrigger,
)
from mtrade.domain.positions import Leg, Liquidation, Position, PositionClose


class Clock(Protocol):
    """Time as an argument. `now_ms` is UTC; `monotonic` is seconds for durations."""

    def now_ms(self) -> int: ...

    def monotonic(self) -> float: ...


class MarketData(Protocol):
    """Public data of one network. Blocking; every method raises ExchangeError."""

    def server_time(self) -> int: ...

    def instruments(self, market: Market, settle: str = "") -> tuple[Instrument, ...]: ...

    def tickers(self, market: Market, settle: str = "") -> tuple[Ticker, ...]: ...

    def book(self, instrument: InstrumentId, depth: int) -> Book: ...

    def trades(self, instrument: InstrumentId, limit: int) -> tuple[PublicTrade, ...]: ...

    def candles(
        self, instrument: InstrumentId, interval: str, limit: int
    ) -> tuple[Candle, ...]: ...

    def funding_history(self, instrument: InstrumentId, limit: int) -> tuple[FundingRate, ...]: ...

    def risk_tiers(self, instrument: InstrumentId) -> tuple[RiskTier, ...]: ...


class Exchange(MarketData, Protocol):
    """One account on one network. Blocking and thread-safe.

    Reads raise ExchangeUnavailable when they fail. A changing call raises OrderRejected,
    AuthenticationFailed or RateLimited (all: no effect), ExchangeUnavailable (provably not sent) or
    OutcomeUnknown. `expires_ms` is a deadline on the exchange's clock after which the request has
    no effect (X-Gate-Exptime). No method ever retries a changing call.
    """

    def identity(self) -> Identity: ...

    def spot_balances(self) -> tuple[SpotBalance, ...]: ...

    def futures_account(self, settle: str) -> FuturesAccount: ...

    def positions(self, settle: str) -> tuple[Position, ...]:
        """Every position or leg that is not flat."""
        ...

    def contract(self, instrument: InstrumentId) -> tuple[Position, ...]:
        """The net row or both legs of one contract, flat ones too: leverage, margin mode."""
        ...

    def fees(self, instrument: InstrumentId) -> Fees: ...

    def place(
        self,
        order: OrderRequest,
        *,
        expires_ms: int,
        chosen: Callable[[OrderPath], None] = ...,
    ) -> VenueOrder:
        """Send once. `chosen` is told the path before the first byte; when it turns out closed
        before a byte was written, the other one."""
        ...

    def find(self, instrument: InstrumentId, reference: str) -> VenueOrder | None:
        """The order with this id or `text`; None only when the exchange says it knows none."""
        ...

    def search(self, instrument: InstrumentId, text: str, since_ms: int) -> VenueOrder | None:
        """Scan open and finished orders for `text`; for when `find` cannot (finished spot)."""
        ...

    def open_orders(
        self, market: Market, settle: str = "", instrument: InstrumentId | None = None
    ) -> tuple[VenueOrder, ...]: ...

    def finished_orders(
        self, instrument: InstrumentId, since_ms: int, limit: int = 100
    ) -> tuple[VenueOrder, ...]: ...

    def amend(
        self,
        instrument: InstrumentId,
        order_id: str,
        *,
        price: Decimal | None,
        size: Decimal | None,
        expires_ms: int,
    ) -> VenueOrder: ...

    def cancel(self, instrument: InstrumentId, order_id: str) -> VenueOrder:
        """Cancel, and return the final state also when it had already ended."""
        ...

    def cancel_all(
        self, market: Market, settle: str = "", instrument: InstrumentId | None = None
    ) -> tuple[VenueOrder, ...]: ...

    def fills(
        self,
        market: Market,
        settle: str = "",
        *,
        instrument: InstrumentId | None = None,
        since_ms: int | None = None,
        order_id: str = "",
        limit: int = 100,
    ) -> tuple[Fill, ...]: ...

    def triggers(
        self, market: Market, settle: str = "", *, open: bool = True
    ) -> tuple[VenueTrigger, ...]:
        """Waiting triggers, or the latest finished ones."""
        ...

    def place_trigger(self, order: OrderRequest) -> str:
        """Place an order that has a `trigger`; returns the trigger's id."""
        ...

    def cancel_trigger(self, instrument: InstrumentId, trigger_id: str) -> VenueTrigger: ...

    def set_leverage(
        self, instrument: InstrumentId, leverage: Decimal, mode: MarginMode
    ) -> tuple[Position, ...]: ...

    def change_margin(
        self, instrument: InstrumentId, change: Decimal, leg: Leg
    ) -> tuple[Position, ...]: ...

    def set_position_mode(self, settle: str, mode: PositionMode) -> FuturesAccount: ...

    def position_closes(self, settle: str, limit: int = 100) -> tuple[PositionClose, ...]: ...

    def liquidations(self, settle: str, limit: int = 100) -> tuple[Liquidation, ...]: ...

    def account_book(
        self, settle: str, *, kind: str = "", limit: int = 100
    ) -> tuple[LedgerEntry, ...]: ...

    def countdown_cancel_all(self, market: Market, settle: str, timeout_s: int) -> int: ...

    def transfer(self, currency: str, amount: Decimal, source: str, target: str) -> str: ...

    def total_balance(self) -> Decimal:
        """Worth of the whole account in USDT, as the exchange values it."""
        ...

    def order_sockets(self) -> tuple[OrderSocket, ...]:
        """The trading sockets this account keeps; none where orders go over REST. Never waits."""
        ...

    def close(self) -> None:
        """Let go of the account's connections."""
        ...


# Gets, at once or later, the order, the error, or None when provably nothing was written: then
# `place` may be used.
Sent = Callable[[VenueOrder | ExchangeError | None], None]
Send = Callable[[Sent], None]


class FastExchange(Exchange, Protocol):
    """An account whose orders can be written by the thread that owns its sockets."""

    def prepared(self, order: OrderRequest, expires_ms: int) -> Send:
        """An order made ready for the trading socket; only on the loop's thread, as what it
        returns: that writes it at once. To be called once at most."""
        ...


class Journal(Protocol):
    """Durable record of intents. The engine thread is its only writer."""

    def next_id(self) -> int:
        """The id the next intent gets, for the engine to number the intents of one commit ahead:
        what is written with them may name them."""
        ...

    def commit(
        self,
        intents: Sequence[Intent],
        change: CopyChange = NO_CHANGE,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> tuple[Intent, ...]:
        """Insert new intents and `change` in one durable transaction; returns them with their ids.
        `meanwhile` is called when only the disk is left to be waited for; it must not ask the
        journal anything.

        An id that is not 0 is kept; it must not be in use. A leader trade that was consumed before
        or a leg that has an unfinished intent fails the whole transaction.
        A known `request_id`, of any account, is not inserted again: the stored intent is returned
        in its place. When the first one is known, nothing is inserted: it is returned with the
        intents that wait for it. Raises StoreError, and then nothing was stored.
        """
        ...

    def unfold(self) -> None:
        """Finish what the last commit put off until its orders had left. Whoever reads or writes
        next does it otherwise. Raises StoreError; it is tried again then."""
        ...

    def update(self, intents: Iterable[Intent], change: CopyChange = NO_CHANGE) -> None:
        """Store new states and `change` in one durable transaction."""
        ...

    def by_request(self, account_id: str, request_id: str) -> Intent | None:
        """The intent of a request; one of another account only when this one has none."""
        ...

    def get(self, intent_id: int) -> Intent | None: ...

    def unfinished(self) -> tuple[Intent, ...]: ...

    def recent(
        self, account_id: str | None, *, before_id: int | None, limit: int
    ) -> tuple[Intent, ...]: ...


class EventSink(Protocol):
    """Takes events from any thread, at once and without blocking."""

    def __call__(self, event: Event) -> None: ...


class Feeds(Protocol):
    """The streams of all networks. Thread-safe; never gives up a stream it was asked for."""

    def watch(self, network: Network, instrument: InstrumentId) -> None:
        """Keep ticker, book, trades and top of an instrument flowing; counted."""
        ...

    def unwatch(self, network: Network, instrument: InstrumentId) -> None:
        """One watcher less."""
        ...

    def watch_candles(self, network: Network, instrument: InstrumentId, interval: str) -> None:
        """Keep the candles of one interval flowing; counted."""
        ...

    def unwatch_candles(self, network: Network, instrument: InstrumentId, interval: str) -> None:
        """One watcher less."""
        ...

    def open_account(self, account_id: str) -> None:
        """Keep the private channels of an account flowing: spot, and futures of each settle."""
        ...

    def close_account(self, account_id: str) -> None:
        """Let the private channels of an account go."""
        ...
