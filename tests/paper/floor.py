"""A venue that only matches: what the market maker needs, without accounts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from mtrade.domain.instruments import Instrument, InstrumentId, Side
from mtrade.domain.orders import TimeInForce
from mtrade.paper.catalogue import catalogue
from mtrade.paper.market import MarketEngine, build_rooms
from mtrade.paper.matching import Match, Resting
from mtrade.paper.room import Listing
from mtrade.paper.world import HOUSE, World

NOW = 1_790_000_012_345
FEW = ("BTC", "DOGE", "TON")  # busy and calm, coarse and fine steps, every kind of market


class Floor:
    """Matches the house and anybody else, prints to the tape, and remembers who was filled."""

    kinds: tuple[str, ...] = ()

    def __init__(self, world: World) -> None:
        self.world = world
        self.fills: list[Match] = []
        self.operations = 0
        self.looks = 0

    def house_place(
        self,
        instrument: InstrumentId,
        side: Side,
        price: Decimal,
        size: Decimal,
        *,
        tif: TimeInForce,
        now_ms: int,
    ) -> int | None:
        return self.place(HOUSE, instrument, side, price, size, tif=tif, now_ms=now_ms)

    def place(
        self,
        uid: int,
        instrument: InstrumentId,
        side: Side,
        price: Decimal,
        size: Decimal,
        *,
        tif: TimeInForce = TimeInForce.GTC,
        now_ms: int = NOW,
    ) -> int | None:
        self.operations += 1
        room = self.world.rooms[instrument]
        room.instrument.check_price(price)
        room.instrument.check_size(size)
        step = room.instrument.size_step
        matches = room.book.take(side, size=size, limit=price, step=step, uid=uid)
        for match in matches:
            room.trade(self.world.next_id(), side, match.price, match.size, now_ms=now_ms)
            if match.maker_uid != HOUSE:
                self.fills.append(match)
        left = size - sum(match.size for match in matches)
        if not left or tif is TimeInForce.IOC:
            return None
        order_id = self.world.next_id()
        room.book.rest(Resting(order_id, uid, price, left), side)
        return order_id

    def house_cancel(self, instrument: InstrumentId, order_id: int, *, now_ms: int) -> None:
        self.operations += 1
        self.world.rooms[instrument].book.cancel(order_id)

    def on_prices(self, now_ms: int) -> None:
        self.looks += 1

    def row(self, kind: str, key: str) -> Mapping[str, Any] | None:
        return None

    def restore(self, kind: str, key: str, data: Mapping[str, Any]) -> None: ...


def listings(coins: Collection[str]) -> list[tuple[Instrument, Listing]]:
    """The part of the catalogue that trades these coins."""
    return [item for item in catalogue() if item[0].base in coins]


def open_market(
    seed: int = 7, now_ms: int = NOW, *, coins: Collection[str] | None = None
) -> tuple[World, MarketEngine, Floor]:
    """A world with rooms, an engine and one floor for both venues; `coins` leaves the rest out."""
    world = World(seed)
    world.rooms = build_rooms(seed, now_ms, None if coins is None else listings(coins))
    floor = Floor(world)
    world.spot = floor  # type: ignore[assignment]
    world.futures = floor  # type: ignore[assignment]
    return world, MarketEngine(world), floor
