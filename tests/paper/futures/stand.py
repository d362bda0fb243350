"""A small futures exchange for tests: two USDT contracts, an inverse one, no synthetic market."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal as D
from typing import Any

from mtrade.domain.instruments import Instrument, InstrumentId, Side, futures
from mtrade.domain.orders import TimeInForce
from mtrade.domain.positions import Leg
from mtrade.paper.faults import GateFault
from mtrade.paper.futures import FuturesVenue
from mtrade.paper.futures.entities import Order, Position
from mtrade.paper.futures.ticket import read_ticket
from mtrade.paper.http import Call, Reply
from mtrade.paper.matching import OrderBook
from mtrade.paper.room import Listing, Room
from mtrade.paper.routes_futures import ROUTES
from mtrade.paper.routing import RouteTable
from mtrade.paper.tape import Tape
from mtrade.paper.tiers import MAJOR, MEDIUM, btc_tiers, usdt_tiers
from mtrade.paper.world import HOUSE, Event, User, World

NOW = 1_700_000_000_000
BTC, ETH, COIN = futures("BTC_USDT"), futures("ETH_USDT"), futures("BTC_USD", "btc")
ALICE, BOB = 11, 12
TABLE = RouteTable(ROUTES)


def _rules(key: InstrumentId, **changes: Any) -> Instrument:
    base, quote = key.name.split("_")
    values: dict[str, Any] = {
        "id": key,
        "base": base,
        "quote": quote,
        "price_step": D("0.1"),
        "size_step": D(1),
        "min_size": D(1),
        "max_size": D(1_000_000),
        "market_max_size": D(500_000),
        "multiplier": D("0.0001"),
        "price_deviation": D("0.2"),
        "leverage_max": D(125),
        "maker_fee": D("0.0002"),
        "taker_fee": D("0.0005"),
        "funding_interval_s": 28_800,
    }
    return Instrument(**(values | changes))


def _room(rules: Instrument, price: D) -> Room:
    tiers = btc_tiers(MEDIUM) if rules.inverse else usdt_tiers(MAJOR)
    return Room(
        instrument=rules,
        listing=Listing(
            base_name=rules.base,
            quote_name=rules.quote,
            created_s=0,
            orders_limit=5,
            tiers=tiers,
            cross_leverage_default=D(10),
            market_slip_ratio=D("0.05"),
        ),
        book=OrderBook(rules.id),
        tape=Tape(rules),
        last=price,
        mark=price,
        index=price,
        funding_rate=D("0.0001"),
        funding_next_ms=NOW + 3_600_000,
    )


@dataclass
class Stand:
    """The exchange and short ways to use it."""

    world: World = field(default_factory=lambda: World(1))
    now_ms: int = NOW

    def __post_init__(self) -> None:
        step = {"size_step": D("0.1"), "min_size": D("0.1"), "multiplier": D("0.01")}
        inverse = {"multiplier": D(1), "inverse": True, "leverage_max": D(100)}
        self.world.rooms = {
            BTC: _room(_rules(BTC), D(60_000)),
            ETH: _room(_rules(ETH, **step), D(3000)),
            COIN: _room(_rules(COIN, **inverse), D(50_000)),
        }
        self.venue = self.world.futures = FuturesVenue(self.world)
        for uid in (ALICE, BOB):
            self.world.add_user(User(uid))
            self.venue.deposit(uid, "usdt", D(10_000), self.now_ms)
            self.venue.deposit(uid, "btc", D(1), self.now_ms)
        self.world.events.clear()

    def call(self, method: str, path: str, uid: int = ALICE, **parts: Any) -> Reply:
        """One REST call; the query of `path` is decoded."""
        bare, _, query = path.partition("?")
        route, args, _ = TABLE.find(method, bare)
        assert route is not None, path
        pairs = (item.partition("=") for item in query.split("&") if item)
        return route.handler(
            self.world,
            Call(
                args=args,
                query={name: value for name, _, value in pairs},
                body=parts.get("body"),
                user=self.world.users[uid],
                now_ms=self.now_ms,
                decimal_sizes=parts.get("decimal_sizes", True),
            ),
        )

    def ask(self, method: str, path: str, uid: int = ALICE, **parts: Any) -> Any:
        """The body of the answer."""
        return self.call(method, path, uid, **parts).body

    def place(self, uid: int = ALICE, key: InstrumentId = BTC, **body: Any) -> Order:
        """Place an order as its REST body; sizes and prices may be text."""
        ticket = read_ticket({"contract": key.name, "price": "0"} | _marketable(body))
        return self.venue.place(uid, key.settle, ticket, self.now_ms)

    def quote(self, side: Side, price: str, size: int = 100_000, key: InstrumentId = BTC) -> None:
        """Let the house rest or take."""
        self.venue.house_place(
            key, side, D(price), D(size), tif=TimeInForce.GTC, now_ms=self.now_ms
        )

    def book(self, bid: str, ask: str, key: InstrumentId = BTC) -> None:
        """The house withdraws all it rests and quotes anew."""
        book = self.world.rooms[key].book
        for side in Side:
            for order in list(book.orders(side)):
                if order.uid == HOUSE:
                    self.venue.house_cancel(key, order.order_id, now_ms=self.now_ms)
        self.quote(Side.BUY, bid, key=key)
        self.quote(Side.SELL, ask, key=key)

    def mark(self, price: str, key: InstrumentId = BTC) -> None:
        """Move mark and index, and let the venue act on it."""
        room = self.world.rooms[key]
        room.mark = room.index = D(price)
        self.venue.on_prices(self.now_ms)

    def position(self, uid: int = ALICE, key: InstrumentId = BTC, leg: Leg = Leg.NET) -> Position:
        return self.venue.state.position(uid, key.settle, key.name, leg)

    def total(self, uid: int = ALICE, settle: str = "usdt") -> D:
        return self.venue.state.account(uid, settle).total

    def available(self, uid: int = ALICE, settle: str = "usdt") -> D:
        return self.venue.exposure.available(self.venue.state.account(uid, settle))

    def leverage(self, value: str, uid: int = ALICE, key: InstrumentId = BTC) -> None:
        self.call("POST", f"/futures/{key.settle}/positions/{key.name}/leverage?{value}", uid)

    def events(self) -> list[Event]:
        """What was pushed since the last look."""
        taken, self.world.events = self.world.events, []
        return taken

    def wealth(self, settle: str) -> D:
        """Wallets and unrealised profit of everybody, the house included."""
        state, exposure = self.venue.state, self.venue.exposure
        total = D(0)
        for account in state.owners(settle):
            gains = (exposure.unrealised(p) for p in state.running(account.uid, settle))
            total += account.total + sum(gains, D(0))
        return total

    def sizes(self, key: InstrumentId) -> D:
        """The sum of everybody's positions in a contract."""
        rows = self.venue.state.positions.rows.values()
        return sum((p.size for p in rows if p.instrument == key), D(0))


def refusal(stand: Stand, method: str, path: str, uid: int = ALICE, **parts: Any) -> str:
    """The label a call is refused with."""
    try:
        answer = stand.call(method, path, uid, **parts)
    except GateFault as fault:
        return fault.label
    raise AssertionError(f"not refused: {answer}")


def _marketable(body: dict[str, Any]) -> dict[str, Any]:
    default = "ioc" if str(body.get("price", "0")) == "0" else "gtc"
    return {"tif": default} | body
