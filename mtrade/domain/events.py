"""What streams bring: frozen facts about markets and accounts, in the words of the domain.

A message only says *look now*: an event may be repeated, late or out of order. Positions go by
`update_id`, trades are told apart by their id, orders by their own update time; never by arrival.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from mtrade.domain.accounts import FuturesAccount, MarginMode, Network, SpotBalance
from mtrade.domain.instruments import InstrumentId, Market
from mtrade.domain.market import Book, Candle, Level, PublicTrade, Ticker
from mtrade.domain.orders import Fill, VenueOrder, VenueTrigger
from mtrade.domain.positions import Leg, Liquidation, Position, PositionClose


class StreamId(Struct, frozen=True, order=True):
    """One socket: the public one of a market, or the private one of an account (`account_id`)."""

    network: Network
    market: Market
    settle: str
    account_id: str = ""


class StreamStatus(StrEnum):
    """LIVE means subscribed, acknowledged and heard of lately; nothing else is to be trusted."""

    CONNECTING = "connecting"
    LIVE = "live"
    DOWN = "down"


class StreamChanged(Struct, frozen=True, kw_only=True):
    """A socket's state. `heard_ms` is when its last frame came (this computer's clock)."""

    stream: StreamId
    status: StreamStatus
    heard_ms: int
    round_trip_ms: int | None = None
    reconnects: int = 0
    reason: str = ""


class TickerChanged(Struct, frozen=True, kw_only=True):
    """A new ticker of one instrument; a field the push does not carry is None."""

    network: Network
    ticker: Ticker
    time_ms: int


class TopChanged(Struct, frozen=True, kw_only=True):
    """Best bid and ask; a side that is empty is None."""

    network: Network
    instrument: InstrumentId
    bid: Level | None
    ask: Level | None
    time_ms: int


class BookChanged(Struct, frozen=True, kw_only=True):
    """The whole local book after updates were applied in sequence, or None while it is unsure."""

    network: Network
    instrument: InstrumentId
    book: Book | None
    time_ms: int


class Traded(Struct, frozen=True, kw_only=True):
    """Prints of the tape, oldest first; may repeat ones already seen."""

    network: Network
    instrument: InstrumentId
    trades: tuple[PublicTrade, ...]


class CandleChanged(Struct, frozen=True, kw_only=True):
    """The running candle of an interval, or its final form when `closed`."""

    network: Network
    instrument: InstrumentId
    interval: str
    candle: Candle
    closed: bool


class OrderChanged(Struct, frozen=True, kw_only=True):
    """An own order as the exchange now reports it."""

    account_id: str
    order: VenueOrder


class Filled(Struct, frozen=True, kw_only=True):
    """Own executions; may repeat ones already seen."""

    account_id: str
    fills: tuple[Fill, ...]


class PositionUpdate(Struct, frozen=True, kw_only=True):
    """What a position push carries; the rest is read over REST or computed from mark."""

    instrument: InstrumentId
    leg: Leg
    size: Decimal
    entry_price: Decimal | None
    leverage: Decimal
    margin_mode: MarginMode
    margin: Decimal
    realised_pnl: Decimal
    update_id: int
    time_ms: int


class PositionChanged(Struct, frozen=True, kw_only=True):
    """A position or leg of one's own moved; size 0 means it is flat now."""

    account_id: str
    update: PositionUpdate


class SpotBalanceChanged(Struct, frozen=True, kw_only=True):
    """Free and locked coins of one currency."""

    account_id: str
    balance: SpotBalance
    time_ms: int


class FuturesBalanceChanged(Struct, frozen=True, kw_only=True):
    """The wallet balance (without unrealised profit) of one settle currency."""

    account_id: str
    settle: str
    total: Decimal
    time_ms: int


class TriggerChanged(Struct, frozen=True, kw_only=True):
    """A conditional order of one's own."""

    account_id: str
    trigger: VenueTrigger


class PositionClosed(Struct, frozen=True, kw_only=True):
    """A position ended."""

    account_id: str
    close: PositionClose


class Liquidated(Struct, frozen=True, kw_only=True):
    """A forced close."""

    account_id: str
    liquidation: Liquidation


class AccountSnapshot(Struct, frozen=True, kw_only=True):
    """REST truth of one account and market, read after a (re)connect and from time to time.

    It replaces what was known: an order or position that is not in it has ended. `read_ms` is the
    exchange's time when the reads began, so that later pushes are not undone by it.
    """

    account_id: str
    market: Market
    settle: str
    read_ms: int
    orders: tuple[VenueOrder, ...]
    triggers: tuple[VenueTrigger, ...]
    fills: tuple[Fill, ...]
    positions: tuple[Position, ...] = ()
    spot: tuple[SpotBalance, ...] = ()
    futures: FuturesAccount | None = None


MarketEvent = TickerChanged | TopChanged | BookChanged | Traded | CandleChanged
AccountEvent = (
    OrderChanged
    | Filled
    | PositionChanged
    | SpotBalanceChanged
    | FuturesBalanceChanged
    | TriggerChanged
    | PositionClosed
    | Liquidated
    | AccountSnapshot
)
Event = StreamChanged | MarketEvent | AccountEvent
