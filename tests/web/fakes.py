"""What the web tests put around the app: a scripted exchange under the real desk, memory stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal as D
from pathlib import Path
from typing import Any

from mtrade.domain.accounts import Account, Credentials, Network, Permission, Secret
from mtrade.domain.errors import ExchangeError, OrderRejected
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import InstrumentId, Market, Side
from mtrade.domain.market import Candle, FundingRate, PublicTrade, Ticker
from mtrade.domain.orders import OrderRequest, VenueOrder, VenueTrigger
from mtrade.domain.positions import Leg, Position, PositionClose
from tests.clocks import FakeClock
from tests.trading.fakes import BTC, BTC_SPOT, FakeExchange, venue_order

RIGHTS = tuple(Permission(name=name, read_only=False) for name in ("spot", "futures"))
HOSTILE = "<img src=x onerror=alert(1)>\u202e"


def resting(order: OrderRequest) -> VenueOrder:
    """A limit order that waits, a market order that fills."""
    if order.price is None:
        return venue_order(order)
    return venue_order(order, open=True, filled=D(0), left=order.size, average=None, finish_as="")


@dataclass
class WebExchange(FakeExchange):
    """The scripted exchange, with the market data and the acts that only screens ask for."""

    fault: ExchangeError | None = None
    on_place: Callable[[OrderRequest], VenueOrder] = resting
    permissions: tuple[Permission, ...] = RIGHTS
    margins: list[D] = field(default_factory=list)

    def server_time(self) -> int:
        return self.clock.now_ms()

    def tickers(self, market: Market, settle: str = "") -> tuple[Ticker, ...]:
        if self.fault:
            raise self.fault
        wanted = BTC_SPOT if market is Market.SPOT else BTC
        ticker = Ticker(
            instrument=wanted, last=D(60000), bid=D("59999.9"), ask=D(60000),
            change_pct=D("1.5"), high=D(61000), low=D(59000),
            volume_base=D(10), volume_quote=D(600000),
        )  # fmt: skip
        return (ticker,)

    def candles(self, instrument: InstrumentId, interval: str, limit: int) -> tuple[Candle, ...]:
        one = D(60000)
        return (Candle(start_ms=0, open=one, high=one, low=one, close=one, volume=D(1),
                       volume_quote=one),)  # fmt: skip

    def funding_history(self, instrument: InstrumentId, limit: int) -> tuple[FundingRate, ...]:
        return (FundingRate(time_ms=0, rate=D("0.0001")),)

    def open_orders(
        self, market: Market, settle: str = "", instrument: InstrumentId | None = None
    ) -> tuple[VenueOrder, ...]:
        found = [o for o in self.orders.values() if o.open and o.instrument.market is market]
        return tuple(o for o in found if instrument in (None, o.instrument))

    def finished_orders(
        self, instrument: InstrumentId, since_ms: int, limit: int = 100
    ) -> tuple[VenueOrder, ...]:
        ended = [o for o in self.orders.values() if not o.open and o.instrument == instrument]
        return tuple(ended[:limit])

    def amend(
        self,
        instrument: InstrumentId,
        order_id: str,
        *,
        price: D | None,
        size: D | None,
        expires_ms: int,
    ) -> VenueOrder:
        found = self._known(instrument, order_id)
        changed = replace(found, price=price or found.price, size=size or found.size)
        self.orders[found.text] = changed
        return changed

    def cancel(self, instrument: InstrumentId, order_id: str) -> VenueOrder:
        self._known(instrument, order_id)
        return super().cancel(instrument, order_id)

    def cancel_all(
        self, market: Market, settle: str = "", instrument: InstrumentId | None = None
    ) -> tuple[VenueOrder, ...]:
        found = self.open_orders(market, settle, instrument)
        return tuple(self.cancel(o.instrument, o.order_id) for o in found)

    def cancel_trigger(self, instrument: InstrumentId, trigger_id: str) -> VenueTrigger:
        for row in self.waiting:
            if row.trigger_id == trigger_id:
                return replace(row, status="cancelled")
        raise OrderRejected("no such trigger", label="AUTO_ORDER_NOT_FOUND")

    def change_margin(self, instrument: InstrumentId, change: D, leg: Leg) -> tuple[Position, ...]:
        self.margins.append(change)
        return self.rows

    def set_position_mode(self, settle: str, mode: object) -> object:
        self.mode = mode  # type: ignore[assignment]
        return self.futures_account(settle)

    def position_closes(self, settle: str, limit: int = 100) -> tuple[PositionClose, ...]:
        one = D(1)
        row = PositionClose(
            instrument=BTC, time_ms=1, side="long", pnl=one, pnl_price=one, pnl_fee=D(0),
            pnl_funding=D(0), max_size=one, entry_price=one, exit_price=one, text=HOSTILE,
        )  # fmt: skip
        return (row,)

    def transfer(self, currency: str, amount: D, source: str, target: str) -> str:
        return "tx1"

    def _known(self, instrument: InstrumentId, order_id: str) -> VenueOrder:
        found = self.find(instrument, order_id)
        if found is None:
            raise OrderRejected("no such order", label="ORDER_NOT_FOUND", raw=HOSTILE)
        return found


class PublicData:
    """The market data of a scripted exchange, whose own `trades` are its executions."""

    def __init__(self, exchange: WebExchange) -> None:
        self._exchange = exchange

    def __getattr__(self, name: str) -> Any:
        return getattr(self._exchange, name)

    def trades(self, instrument: InstrumentId, limit: int) -> tuple[PublicTrade, ...]:
        print_ = PublicTrade(
            id="1", instrument=instrument, time_ms=1, price=D(60000), size=D(1), side=Side.BUY
        )
        return (print_,)


class LineClock(FakeClock):
    """The exchange's clock of a network."""

    offset_ms: int | None = 0
    round_trip_ms: int | None = 3
    age_ms: int | None = 100

    def sync(self) -> None:
        """Nothing to ask."""


class Net:
    """Networks with one scripted exchange per user id; a key's text is the user id."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._line = LineClock()
        self.exchanges: dict[str, WebExchange] = {}

    def host(self, network: Network) -> str:
        return f"{network}.example"

    def market_data(self, network: Network) -> PublicData:
        return PublicData(next(iter(self.exchanges.values())))

    def exchange(
        self, network: Network, credentials: Credentials, *, warm: bool = False
    ) -> WebExchange:
        made = WebExchange(self._clock, uid=credentials.key)
        return self.exchanges.setdefault(credentials.key, made)

    def clock(self, network: Network) -> LineClock:
        return self._line


class Bank:
    """The embedded exchange's account desk."""

    def __init__(self) -> None:
        self.opened = 10_000

    def open_account(self, name: str) -> Credentials:
        self.opened += 1
        return Credentials(str(self.opened), Secret("s"))


class Book:
    """An account book in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[Account, Credentials]] = {}

    def list(self) -> tuple[Account, ...]:
        return tuple(account for account, _ in self.rows.values())

    def credentials(self, account_id: str) -> Credentials:
        return self.rows[account_id][1]

    def add(self, account: Account, credentials: Credentials) -> None:
        self.rows[account.id] = (account, credentials)

    def replace(self, account: Account) -> None:
        self.rows[account.id] = (account, self.rows[account.id][1])

    def remove(self, account_id: str) -> None:
        del self.rows[account_id]


@dataclass
class Rows:
    """An audit log in memory; `fault` makes it fail."""

    rows: list[tuple[str, ...]] = field(default_factory=list)
    fault: Exception | None = None

    def append(self, actor: str, ip: str, act: str, obj: str, detail: str, now_ms: int) -> None:
        if self.fault:
            raise self.fault
        self.rows.append((actor, ip, act, obj, detail))

    def acts(self) -> list[str]:
        return [row[2] for row in self.rows]


@dataclass
class Control:
    """A server run that only notes what it is asked."""

    pid: int = 4242
    nonce: str = "the-nonce-of-this-run"
    instance: str = "0123abcd"
    started_ms: int = 1
    version: str = "1.2.3"
    port: int = 5000
    home: Path = Path("home")
    stopping: bool = False
    asked: list[str] = field(default_factory=list)

    def addresses(self) -> tuple[object, ...]:
        return (Where("http://127.0.0.1:5000", ""), Where("http://8.8.4.4:5000", "eth0"))

    def request_stop(self, actor: str) -> None:
        self.asked.append(f"stop {actor}")

    def request_restart(self, actor: str) -> None:
        self.asked.append(f"restart {actor}")

    def last_restart_failure(self) -> str | None:
        return None


@dataclass(frozen=True)
class Where:
    """An address of the server."""

    url: str
    adapter: str
