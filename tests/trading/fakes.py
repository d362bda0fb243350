"""A scripted exchange and the few things around it, for tests of the trading layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal as D

from mtrade.domain.accounts import (
    Account,
    Fees,
    FuturesAccount,
    Identity,
    MarginMode,
    Network,
    Permission,
    PositionMode,
    SpotBalance,
)
from mtrade.domain.errors import Conflict, ExchangeError
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Instrument, InstrumentId, Market, Side, futures, spot
from mtrade.domain.market import Book, Level
from mtrade.domain.orders import (
    Fill,
    OrderPath,
    OrderRequest,
    OrderSocket,
    OrderType,
    VenueOrder,
    VenueTrigger,
)
from mtrade.domain.positions import Leg, Position
from tests.clocks import FakeClock

BTC = futures("BTC_USDT")
BTC_SPOT = spot("BTC_USDT")
ACCOUNT = Account(id="paper:1", name="Main", network=Network.PAPER, uid="1", key_tail="abcd")

CONTRACT = Instrument(
    id=BTC,
    base="BTC",
    quote="USDT",
    price_step=D("0.1"),
    size_step=D(1),
    min_size=D(1),
    max_size=D(1_000_000),
    multiplier=D("0.0001"),
    leverage_max=D(125),
    maintenance_rate=D("0.004"),
    maker_fee=D("0.0002"),
    taker_fee=D("0.0005"),
)
PAIR = Instrument(
    id=BTC_SPOT,
    base="BTC",
    quote="USDT",
    price_step=D("0.1"),
    size_step=D("0.00001"),
    min_size=D("0.00001"),
    min_value=D(3),
    maker_fee=D("0.002"),
    taker_fee=D("0.002"),
)


def book(instrument: InstrumentId, bid: str = "59999.9", ask: str = "60000") -> Book:
    return Book(
        instrument=instrument,
        bids=(Level(D(bid), D(5000)), Level(D(bid) - 1, D(5000))),
        asks=(Level(D(ask), D(5000)), Level(D(ask) + 1, D(5000))),
        time_ms=0,
    )


def position(size: str, **changes: object) -> Position:
    base = Position(
        instrument=BTC,
        leg=Leg.NET,
        size=D(size),
        entry_price=D(60000),
        mark_price=D(60000),
        liq_price=None,
        leverage=D(10),
        leverage_max=D(125),
        margin_mode=MarginMode.ISOLATED,
        margin=D(0),
        initial_margin=D(0),
        maintenance_margin=D(0),
        value=D(0),
        unrealised_pnl=D(0),
        realised_pnl=D(0),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def venue_order(order: OrderRequest, order_id: str = "77", **changes: object) -> VenueOrder:
    """The order as an exchange that filled it at once would report it."""
    base = VenueOrder(
        instrument=order.instrument,
        order_id=order_id,
        text=order.text,
        side=order.side,
        type=order.type,
        size=order.size,
        left=D(0),
        filled=order.size,
        price=order.price,
        average=D(60000),
        tif=order.tif,
        open=False,
        finish_as="filled",
    )
    return replace(base, **changes)  # type: ignore[arg-type]


@dataclass
class FakeExchange:
    """Answers `place` as told; keeps what it executed, so that look-ups can find it."""

    clock: FakeClock
    on_place: Callable[[OrderRequest], VenueOrder] = venue_order
    placed: list[OrderRequest] = field(default_factory=list)
    orders: dict[str, VenueOrder] = field(default_factory=dict)
    trades: list[Fill] = field(default_factory=list)
    waiting: list[VenueTrigger] = field(default_factory=list)
    rows: tuple[Position, ...] = ()
    mode: PositionMode = PositionMode.SINGLE
    leverages: list[tuple[D, MarginMode]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    amended: list[str] = field(default_factory=list)
    permissions: tuple[Permission, ...] = (Permission(name="futures", read_only=False),)
    uid: str = "1"
    sockets: tuple[OrderSocket, ...] = ()

    def identity(self) -> Identity:
        return Identity(uid=self.uid, permissions=self.permissions)

    def instruments(self, market: Market, settle: str = "") -> tuple[Instrument, ...]:
        return (PAIR,) if market is Market.SPOT else (CONTRACT,)

    def risk_tiers(self, instrument: InstrumentId) -> tuple[object, ...]:
        return ()

    def book(self, instrument: InstrumentId, depth: int) -> Book:
        return book(instrument)

    def fees(self, instrument: InstrumentId) -> Fees:
        return Fees(maker=D("0.0002"), taker=D("0.0005"))

    def spot_balances(self) -> tuple[SpotBalance, ...]:
        return (
            SpotBalance(currency="USDT", available=D(10_000), locked=D(0)),
            SpotBalance(currency="BTC", available=D("0.5"), locked=D(0)),
        )

    def futures_account(self, settle: str) -> FuturesAccount:
        return FuturesAccount(
            uid=self.uid,
            currency="USDT",
            total=D(10_000),
            available=D(10_000),
            unrealised_pnl=D(0),
            position_margin=D(0),
            order_margin=D(0),
            maintenance_margin=D(0),
            mode=self.mode,
        )

    def positions(self, settle: str) -> tuple[Position, ...]:
        return self.rows

    def contract(self, instrument: InstrumentId) -> tuple[Position, ...]:
        return tuple(row for row in self.rows if row.instrument == instrument)

    def place(
        self, order: OrderRequest, *, expires_ms: int, chosen: Callable[[OrderPath], None] = str
    ) -> VenueOrder:
        chosen(OrderPath.REST)
        self.placed.append(order)
        answer = self.on_place(order)
        self.orders[order.text] = answer
        return answer

    def place_trigger(self, order: OrderRequest) -> str:
        self.placed.append(order)
        self.waiting.append(VenueTrigger(trigger_id="900", order=order, status="open"))
        return "900"

    def triggers(
        self, market: Market, settle: str = "", *, open: bool = True
    ) -> tuple[VenueTrigger, ...]:
        return tuple(t for t in self.waiting if (t.status == "open") is open)

    def find(self, instrument: InstrumentId, reference: str) -> VenueOrder | None:
        named = [o for o in self.orders.values() if reference in (o.order_id, o.text)]
        return named[-1] if named else None

    def search(self, instrument: InstrumentId, text: str, since_ms: int) -> VenueOrder | None:
        found = self.orders.get(text)
        return found if found is not None and found.created_ms >= since_ms else None

    def fills(
        self, *args: object, since_ms: int | None = None, **kwargs: object
    ) -> tuple[Fill, ...]:
        return tuple(t for t in self.trades if since_ms is None or t.time_ms >= since_ms)

    def cancel(self, instrument: InstrumentId, order_id: str) -> VenueOrder:
        self.cancelled.append(order_id)
        found = self.find(instrument, order_id)
        assert found is not None
        ended = replace(found, open=False, finish_as="cancelled")
        self.orders[found.text] = ended
        return ended

    def amend(
        self,
        instrument: InstrumentId,
        order_id: str,
        *,
        price: D | None,
        size: D | None,
        expires_ms: int,
    ) -> VenueOrder:
        self.amended.append(order_id)
        found = self.find(instrument, order_id)
        assert found is not None
        return replace(found, price=price or found.price, size=size or found.size)

    def order_sockets(self) -> tuple[OrderSocket, ...]:
        return self.sockets

    def close(self) -> None:
        """There is nothing to close."""

    def set_leverage(
        self, instrument: InstrumentId, leverage: D, mode: MarginMode
    ) -> tuple[Position, ...]:
        self.leverages.append((leverage, mode))
        return self.rows


class FakeNetworkClock:
    """The exchange's clock: `ahead_ms` of this computer's, once it is synchronised."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.ahead_ms = 0
        self.offset_ms: int | None = 0
        self.round_trip_ms: int | None = 4
        self.age_ms: int | None = 100
        self.fault: ExchangeError | None = None

    def now_ms(self) -> int:
        return self._clock.now_ms() + (0 if self.age_ms is None else self.ahead_ms)

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sync(self) -> None:
        if self.fault is not None:
            raise self.fault
        self.offset_ms, self.age_ms = self.ahead_ms, 0


class FakeAccounts:
    """The part of AccountManager that the engine, planner and state use."""

    def __init__(self, exchange: FakeExchange, clock: FakeClock) -> None:
        self._exchange = exchange
        self.network_clock = FakeNetworkClock(clock)
        self.account = ACCOUNT
        self.forbidden: Network | None = None

    def get(self, account_id: str | None) -> Account:
        return self.account

    def exchange(self, account_id: str) -> FakeExchange:
        return self._exchange

    def check_network(self, network: Network) -> None:
        if network is self.forbidden:
            raise Conflict("not here", code="live_off")

    def line(self, account_id: str) -> FakeExchange:
        return self._exchange

    def market_data(self, network: Network) -> FakeExchange:
        return self._exchange

    def clock(self, network: Network) -> FakeNetworkClock:
        return self.network_clock


class MemoryChoices:
    """Implements Choices in memory."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}

    def get(self, key: str) -> object:
        return self.values.get(key)

    def set(self, key: str, value: object) -> None:
        self.values[key] = value


def fill_of(order: VenueOrder, *, time_ms: int = 0, **changes: object) -> Fill:
    base = Fill(
        trade_id=f"t{order.order_id}",
        order_id=order.order_id,
        instrument=order.instrument,
        time_ms=time_ms,
        side=order.side,
        size=order.filled,
        price=D(60000),
        fee=D(0),
        fee_currency="USDT",
        role="taker",
        text=order.text,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def request(text: str = "t-mt1mNaaaabbbbccccdddd", **changes: object) -> OrderRequest:
    base = OrderRequest(
        instrument=BTC, side=Side.BUY, type=OrderType.LIMIT, size=D(10), text=text, price=D(60000)
    )
    return replace(base, **changes)  # type: ignore[arg-type]
