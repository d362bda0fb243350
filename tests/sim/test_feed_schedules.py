"""Random schedules of faults on the way from the exchange: afterwards nothing is missing.

One seed is one schedule of drops, duplicates, reorders, silence, refusals, cuts, upgrades, broken
frames and failing reads, in virtual time, with the real stream code on one side and a model
exchange on the other.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import pytest

from mtrade.domain.accounts import Credentials, Network, Secret
from mtrade.domain.events import (
    AccountSnapshot,
    BookChanged,
    Event,
    Filled,
    StreamChanged,
    StreamId,
    TopChanged,
)
from mtrade.domain.instruments import InstrumentId, futures, spot
from mtrade.domain.market import Book
from mtrade.gate.private_stream import PrivateStream
from mtrade.gate.public_stream import PublicStream
from mtrade.trading.live.fold import fold
from mtrade.trading.live.views import Section
from tests.sim.feed_book import ModelBook
from tests.sim.feed_ledger import ModelAccount
from tests.sim.feed_venue import Venue, Weather
from tests.sim.feed_world import SimHost, World

FAULTS_S = 15.0
WITHIN_S = 5.0
RECOVERY_S = 21.0  # the longest back-off, a handshake, a snapshot
BATCHES = [range(start, start + 250) for start in range(0, 1000, 250)]
FULL = range(1000, 6000)
ACCOUNT = "paper:42"


class Schedule:
    """One run."""

    def __init__(self, seed: int, weather: Weather | None = None) -> None:
        self.world = world = World(seed)
        self.venue = Venue(world, weather or Weather.drawn(world), FAULTS_S)
        self.instrument = futures("BTC_USDT") if seed % 2 else spot("BTC_USDT")
        market, settle = self.instrument.market, self.instrument.settle
        self.truth = ModelAccount(self.venue, self.instrument, "42")
        self.model_book = ModelBook(self.venue, self.instrument)
        self.section = Section()
        self.told: Counter[str] = Counter()
        self.book: Book | None = None
        self.books = 0
        host = SimHost(world, self.venue)
        self.private = PrivateStream(
            StreamId(Network.PAPER, market, settle, ACCOUNT),
            "ws://model",
            host,
            world,
            self.hear,
            self.truth,  # type: ignore[arg-type] # what a stream reads of an Exchange
            Credentials("key", Secret("secret")),
            "42",
        )
        self.public = PublicStream(
            StreamId(Network.PAPER, market, settle),
            "ws://model",
            host,
            world,
            self.hear,
            Snapshots(self.model_book),  # type: ignore[arg-type] # only books are read
        )
        self.public.watch(self.instrument)

    def hear(self, event: Event) -> None:
        """What the engine would do."""
        if isinstance(event, BookChanged):
            self.book, self.books = event.book, self.books + 1
            assert event.book is None or self.model_book.was(event.book), "a book that never was"
            return
        if isinstance(event, StreamChanged | TopChanged):
            return
        if isinstance(event, AccountSnapshot | Filled):
            self.told.update(fill.trade_id for fill in event.fills)
        self.section = fold(self.section, event, self.world.time)  # type: ignore[arg-type]

    def run(self) -> None:
        world, chance = self.world, self.world.random.random
        end = FAULTS_S + WITHIN_S + RECOVERY_S
        self.public.start()
        self.private.start()
        world.every(lambda: 0.25, self._tick, until=end + 2)
        world.every(lambda: 1.0, self._publish_ticker, until=end + 2)
        world.every(lambda: 0.1 + chance() * 0.3, self.model_book.move, until=end)
        world.every(lambda: 0.1 + chance() * 1.5, self.truth.act, until=FAULTS_S + 2)
        world.run_until(FAULTS_S + WITHIN_S)
        self.check_account()
        world.run_until(end + 1)
        self.check_book()
        self.check_account()
        self.private.stop()
        self.public.stop()

    def check_account(self) -> None:
        truth, section = self.truth, self.section
        orders = {key: o.left for key, o in section.orders.items() if o.open}
        assert orders == {key: order.left for key, order in truth.orders.items()}
        assert set(self.told) == {fill.trade_id for fill in truth.trades}, "a fill is lost"
        assert set(self.told.values()) <= {1}, "a fill was told twice"
        if self.instrument.settle:
            sizes = [leg.position.size for leg in section.legs.values() if leg.position.size]
            assert sum(sizes, Decimal(0)) == truth.size
            assert section.futures is not None
            total = section.wallet_total
            assert (section.futures.total if total is None else total) == truth.total
        else:
            coins = {coins.balance for coins in section.coins.values()}
            assert coins == set(truth.coins())

    def check_book(self) -> None:
        truth = self.model_book.truth()
        assert self.book is not None
        assert (self.book.bids, self.book.asks) == (truth.bids, truth.asks)
        assert self.book.sequence == truth.sequence

    def _publish_ticker(self) -> None:
        self.venue.publish(f"{self.instrument.market}.tickers", [], self.instrument.name)

    def _tick(self) -> None:
        self.public.tick()
        self.private.tick()


class Snapshots:
    """The market data a public stream reads."""

    def __init__(self, model: ModelBook) -> None:
        self._model = model

    def book(self, instrument: InstrumentId, depth: int) -> Book:
        return self._model.snapshot()


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of refused subscriptions need no log."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def run_schedules(seeds: range) -> None:
    """Names the seed of the schedule that fails."""
    for seed in seeds:
        schedule = Schedule(seed)
        try:
            schedule.run()
        except AssertionError as fault:
            raise AssertionError(f"seed {seed}, {schedule.venue.weather}: {fault}") from fault


@pytest.mark.parametrize("seeds", BATCHES, ids=str)
def test_nothing_is_missing_after_random_faults(seeds: range) -> None:
    run_schedules(seeds)


@pytest.mark.full
def test_nothing_is_missing_after_thousands_of_schedules() -> None:
    run_schedules(FULL)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_quiet_sky_needs_no_reconnect(seed: int) -> None:
    schedule = Schedule(seed, Weather())
    schedule.run()
    assert schedule.venue.accepted == 2
    assert schedule.books > 100
