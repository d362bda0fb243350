"""Outside prices are delivered while they can be had, and their absence is quiet."""

from __future__ import annotations

import logging
import threading
from decimal import Decimal

import pytest

from mtrade import price_watch
from mtrade.domain.errors import ExchangeError, ExchangeUnavailable, RateLimited
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.market import Book, Level
from mtrade.price_watch import PriceWatch
from tests.clocks import FakeClock


class Market:
    """Prices by coin; `down` means nothing answers."""

    def __init__(self) -> None:
        self.prices = {"BTC": Decimal(100_000), "ETH": Decimal(4_000)}
        self.fault: ExchangeError | None = None
        self.asked: list[str] = []
        self.delivered: list[tuple[str, Decimal, int]] = []

    def book(self, instrument: InstrumentId, depth: int) -> Book:
        coin = instrument.name.removesuffix("_USDT")
        self.asked.append(coin)
        if self.fault is not None:
            raise self.fault
        if coin not in self.prices:
            raise ExchangeUnavailable("no such pair", label="INVALID_CURRENCY_PAIR")
        asks = (Level(self.prices[coin] + 1, Decimal(2)),)
        bids = (Level(self.prices[coin] - 1, Decimal(1)),) if coin != "DRY" else ()
        return Book(instrument=instrument, bids=bids, asks=asks, time_ms=1)

    def deliver(self, coin: str, price: Decimal, at_ms: int) -> None:
        self.delivered.append((coin, price, at_ms))


@pytest.fixture
def market() -> Market:
    return Market()


def watch(market: Market, *coins: str) -> PriceWatch:
    return PriceWatch(market, coins or ("BTC", "ETH"), market.deliver, FakeClock(7_000))


def test_every_coin_is_delivered_with_its_time(market):
    assert watch(market).look()
    assert market.delivered == [("BTC", Decimal(100_000), 7_000), ("ETH", Decimal(4_000), 7_000)]


def test_a_coin_the_market_does_not_have_is_passed_over(market):
    market.prices["DRY"] = Decimal(5)
    assert watch(market, "NOPE", "DRY", "ETH").look()
    assert [coin for coin, _, _ in market.delivered] == ["ETH"]


def test_no_internet_is_one_line_and_one_request_a_try(market, caplog):
    caplog.set_level(logging.DEBUG)
    market.fault = ExchangeUnavailable("no route to the exchange")
    watching = watch(market)
    for _ in range(5):
        assert not watching.look()
    assert market.asked == ["BTC"] * 5
    assert len(caplog.records) == 1
    market.fault = None
    assert watching.look()
    assert [record.message for record in caplog.records][1:] == ["outside prices are back"]


def test_a_limit_ends_the_look_too(market):
    market.fault = RateLimited("slow down", label="TOO_MANY_REQUESTS")
    assert not watch(market).look()
    assert market.asked == ["BTC"]


def test_the_thread_waits_longer_after_a_failure_and_ends_when_closed(market, monkeypatch):
    monkeypatch.setattr(price_watch, "EVERY_S", 0.0)
    monkeypatch.setattr(price_watch, "RETRY_S", 3_600.0)
    failed = threading.Event()

    class Failing(Market):
        def book(self, instrument: InstrumentId, depth: int) -> Book:
            if len(self.asked) == 6:
                self.fault = ExchangeUnavailable("no route to the exchange")
                failed.set()
            return super().book(instrument, depth)

    failing = Failing()
    watching = watch(failing)
    watching.start()
    assert failed.wait(10)
    watching.close()
    assert not watching._thread.is_alive()
    assert len(failing.delivered) == 6
    assert len(failing.asked) == 7
