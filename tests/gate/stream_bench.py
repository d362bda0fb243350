"""A stream in virtual time, the exchange it talks to, and what it told."""

from __future__ import annotations

import json
from typing import Any

from mtrade.domain.accounts import Network
from mtrade.domain.events import (
    Event,
    StreamId,
)
from mtrade.domain.instruments import InstrumentId, Market, futures
from mtrade.domain.market import Book
from mtrade.gate.private_stream import PrivateStream
from mtrade.gate.public_stream import PublicStream
from mtrade.gate.stream import Listener, Wire
from tests.sim.feed_book import ModelBook
from tests.sim.feed_venue import Venue, Weather
from tests.sim.feed_world import SimHost, World

BTC, ETH = futures("BTC_USDT"), futures("ETH_USDT")
PUBLIC = StreamId(Network.PAPER, Market.FUTURES, "usdt")
PRIVATE = StreamId(Network.PAPER, Market.FUTURES, "usdt", "paper:42")


class Recording(Venue):
    """Remembers the frames that came."""

    def __init__(self, world: World) -> None:
        super().__init__(world, Weather(), faults_end=0.0)
        self.frames: list[dict[str, Any]] = []
        self.book_reads = 0
        self.model = ModelBook(self, BTC)

    def connect(self, listener: Listener) -> Wire:
        connection = super().connect(listener)
        send = connection.send

        def record(text: str) -> bool:
            self.frames.append(json.loads(text))
            return send(text)

        connection.send = record  # type: ignore[method-assign]
        return connection

    def book(self, instrument: InstrumentId, depth: int) -> Book:
        self.book_reads += 1
        return self.model.snapshot()

    def asked(self, event: str) -> list[str]:
        return [f["channel"] for f in self.frames if f.get("event") == event]


class Bench:
    """A stream, its world, and what it told."""

    stream: PublicStream | PrivateStream

    def __init__(self) -> None:
        self.world = World(1)
        self.venue = Recording(self.world)
        self.host = SimHost(self.world, self.venue)
        self.events: list[Event] = []

    def run(self, seconds: float) -> None:
        end = self.world.time + seconds
        while self.world.time < end:
            self.world.run_until(self.world.time + 0.25)
            self.stream.tick()

    def told(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]
