"""The paper exchange's real matching, margin and pushes, driven in virtual time.

Prices move when a schedule says so; the market maker's quotes are ordinary orders in the ordinary
books. What arrives is written into `arrivals`, an append-only log for the judge.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from decimal import Decimal as D
from functools import lru_cache
from typing import Any

from mtrade.domain.events import Event
from mtrade.domain.instruments import Instrument, InstrumentId, Side, futures
from mtrade.domain.market import Ticker
from mtrade.domain.numbers import text
from mtrade.domain.orders import Fill, TimeInForce
from mtrade.domain.positions import Leg, Position
from mtrade.gate.frames import Push
from mtrade.gate.parse_push import Owner, parse_private
from mtrade.paper.catalogue import Listing, catalogue
from mtrade.paper.faults import GateFault
from mtrade.paper.futures import FuturesVenue
from mtrade.paper.futures.entities import Order
from mtrade.paper.futures.ticket import read_ticket
from mtrade.paper.market import _room
from mtrade.paper.spot import SpotVenue
from mtrade.paper.wallet import Wallet
from mtrade.paper.world import User, World
from mtrade.paper.ws.private import _SHAPES, CHANNELS

CONTRACTS = tuple(futures(name) for name in ("DOGE_USDT", "ETH_USDT", "ADA_USDT"))
LEVELS = 4


@dataclass
class Arrival:
    """A create request that reached the exchange."""

    uid: int
    text: str
    accepted: bool
    path: str
    time_ms: int
    label: str = ""
    reduce_only: bool = False


class Bourse:
    """Users, three contracts and their books."""

    def __init__(self, pick: random.Random, now_ms: Callable[[], int]) -> None:
        self.pick = pick
        self.now_ms = now_ms
        self.arrivals: list[Arrival] = []
        self.orders: list[Order] = []  # that came as create requests and were accepted
        self.rows: dict[Hashable, Position] = {}  # what clients have read already
        self.fills: dict[Hashable, Fill] = {}
        self.depth = D(1)  # of the quotes; small makes partial and empty fills
        self.hear: Callable[[int, Event], None] = lambda uid, event: None
        world = self.world = World(1)
        world.rooms = {x.id: _room(x, more, now_ms()) for x, more in _listed()}
        world.spot, world.futures = SpotVenue(world), FuturesVenue(world)
        world.wallet = Wallet(world)
        self._quotes: dict[InstrumentId, list[int]] = {i: [] for i in CONTRACTS}
        for instrument in CONTRACTS:
            self.move(instrument, D(0))

    def add_user(self, uid: int, money: D) -> None:
        """A user with `money` in the futures wallet."""
        self.world.add_user(User(uid))
        self.world.futures.open_accounts(uid)
        self.world.futures.deposit(uid, "usdt", money, self.now_ms())

    def move(self, instrument: InstrumentId, change: D) -> None:
        """Move the price by a fraction and quote anew."""
        room, now = self.world.rooms[instrument], self.now_ms()
        room.mark = room.index = max(room.mark * (1 + change), room.instrument.price_step * 200)
        self.requote(instrument)
        self.world.futures.on_prices(now)
        self.flush()

    def requote(self, instrument: InstrumentId) -> None:
        """Fresh quotes around mark, as deep as the schedule has it now."""
        room, now, venue = self.world.rooms[instrument], self.now_ms(), self.world.futures
        for number in self._quotes[instrument]:
            venue.house_cancel(instrument, number, now_ms=now)
        quotes = self._quotes[instrument] = []
        rules = room.instrument
        for side in Side:
            for level in range(1, LEVELS + 1):
                away = D(level * level) / 10_000
                price = rules.conform_price(room.mark * (1 - away * side.sign), side)
                worth = D(40_000) * level * self.depth
                size = max(rules.size_from_value(worth, price), rules.min_size)
                number = venue.house_place(
                    instrument, side, price, size, tif=TimeInForce.POC, now_ms=now
                )
                if number is not None:
                    quotes.append(number)
        self.flush()

    def create(self, uid: int, body: dict[str, Any], expires_ms: int | None, path: str) -> Order:
        """A create request arrives now. Raises GateFault."""
        now = self.now_ms()
        arrival = Arrival(uid, body.get("text", ""), False, path, now)
        arrival.reduce_only = bool(body.get("reduce_only"))
        self.arrivals.append(arrival)
        try:
            if expires_ms is not None and now > expires_ms:
                raise GateFault("REQUEST_EXPIRED", "the request came too late")
            order = self.world.futures.place(uid, "usdt", read_ticket(body), now)
        except GateFault as fault:
            arrival.label = fault.label
            raise
        finally:
            self.flush()
        arrival.accepted = True
        self.orders.append(order)
        if self._thin(order.instrument):
            self.requote(order.instrument)
        return order

    def market(self, uid: int, instrument: InstrumentId, size: D, *, reduce: bool = False) -> D:
        """A market order of somebody outside mTrade; the signed size it filled."""
        body: dict[str, Any] = {"contract": instrument.name, "size": text(size), "price": "0"}
        body |= {"tif": "ioc", "text": "t-by-hand"}
        if reduce:
            body["reduce_only"] = True
        try:
            order = self.world.futures.place(uid, "usdt", read_ticket(body), self.now_ms())
        except GateFault:
            return D(0)
        finally:
            self.flush()
        if self._thin(instrument):
            self.requote(instrument)
        return order.filled * order.side.sign

    def held(self, uid: int, instrument: InstrumentId, leg: Leg = Leg.NET) -> D:
        """The signed position of a user."""
        return self.world.futures.state.position(uid, "usdt", instrument.name, leg).size

    def ticker(self, instrument: InstrumentId) -> Ticker:
        """Prices as everybody sees them."""
        room = self.world.rooms[instrument]
        return Ticker(
            instrument=instrument,
            last=room.last,
            bid=room.book.best(Side.BUY),
            ask=room.book.best(Side.SELL),
            change_pct=None,
            high=None,
            low=None,
            volume_base=D(10**6),
            volume_quote=D(10**9),
            mark=room.mark,
        )

    def liquidate(self, uid: int, instrument: InstrumentId) -> None:
        """Take a user's position over."""
        self.world.futures.liquidate(uid, "usdt", instrument.name, self.now_ms())
        self.flush()
        self.requote(instrument)

    def flush(self) -> None:
        """Tell what happened to whom it concerns."""
        told, self.world.events = self.world.events, []
        for event in told:
            for channel in CHANNELS.get((event.market, event.channel), ())[:1]:
                if event.uid is None or channel not in _WANTED:
                    continue
                body = _SHAPES[channel](event.body, True)
                owner = Owner(f"paper:{event.uid}", event.settle)
                for parsed in parse_private(owner, Push(channel, 0, body)).events:
                    self.hear(event.uid, parsed)

    def _thin(self, instrument: InstrumentId) -> bool:
        """Whether a side of the book has run empty while it should be deep."""
        book = self.world.rooms[instrument].book
        return self.depth >= 1 and any(book.best(side) is None for side in Side)


@lru_cache(maxsize=1)
def _listed() -> tuple[tuple[Instrument, Listing], ...]:
    return tuple((rules, more) for rules, more in catalogue() if rules.id in CONTRACTS)


_WANTED = {
    "futures.orders", "futures.usertrades", "futures.positions", "futures.balances",
    "futures.position_closes", "futures.liquidates",
}  # fmt: skip
