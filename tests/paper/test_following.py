"""The market follows outside prices while they are fresh, and never makes one up in `live`."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mtrade.domain.instruments import Side, futures, spot
from mtrade.paper.following import FRESH_MS, Following, Prices
from mtrade.paper.market import MarketEngine
from tests.paper.bench import NOW
from tests.paper.floor import open_market

BTC, ETH = spot("BTC_USDT"), spot("ETH_USDT")


def follower(mode: Prices):
    world, _, floor = open_market()
    engine = MarketEngine(world, Following(mode))
    return world, engine, floor


def mid(world, key) -> Decimal:
    book = world.rooms[key].book
    return (book.best(Side.BUY) + book.best(Side.SELL)) / 2


@pytest.mark.parametrize("mode", [Prices.AUTO, Prices.LIVE])
def test_index_and_books_go_where_the_outside_goes(mode):
    world, engine, _ = follower(mode)
    engine.tick(NOW)
    now = NOW
    for price in (Decimal(111_000), Decimal(111_020), Decimal(110_900), Decimal(30_000)):
        now += 1_000
        engine.following.note("BTC", price, now)
        engine.tick(now)
        assert world.rooms[BTC].index == price
        for key in (BTC, futures("BTC_USDT"), futures("BTC_USD", "btc")):
            assert abs(mid(world, key) / price - 1) < Decimal("0.002"), key


def test_without_news_the_market_goes_on_from_there_by_itself():
    world, engine, _ = follower(Prices.AUTO)
    engine.tick(NOW)
    engine.following.note("BTC", Decimal(111_000), NOW)
    for step in range(1, 60):
        engine.tick(NOW + step * 1_000)
    index = world.rooms[BTC].index
    assert index != 111_000
    assert abs(index / 111_000 - 1) < Decimal("0.02")
    assert world.rooms[BTC].instrument.tradable


def test_a_price_is_fresh_for_fifteen_seconds_and_old_ones_do_not_count():
    following = Following(Prices.AUTO)
    following.note("BTC", Decimal(5), 1_000)
    following.note("BTC", Decimal(4), 999)
    following.note("BTC", Decimal(0), 2_000)
    assert following.price("BTC", 1_000 + FRESH_MS - 1) == 5
    assert following.price("BTC", 1_000 + FRESH_MS) is None
    assert following.price("ETH", 1_000) is None


def test_synthetic_never_listens():
    world, engine, _ = follower(Prices.SYNTHETIC)
    engine.tick(NOW)
    engine.following.note("BTC", Decimal(111_000), NOW + 1_000)
    engine.tick(NOW + 1_000)
    assert world.rooms[BTC].index < 70_000


def test_live_without_a_feed_halts_and_invents_nothing():
    world, engine, _ = follower(Prices.LIVE)
    before = {key: room.index for key, room in world.rooms.items()}
    for step in range(5):
        engine.tick(NOW + step * 1_000)
    for key, room in world.rooms.items():
        assert not room.instrument.tradable
        assert len(room.book) == 0
        assert (room.index, room.last) == (before[key], room.last)
        assert not room.tape.trades
    engine.following.note("ETH", Decimal(4_000), NOW + 6_000)
    engine.tick(NOW + 6_000)
    assert world.rooms[ETH].instrument.tradable
    assert len(world.rooms[ETH].book) > 0
    assert not world.rooms[BTC].instrument.tradable
    engine.tick(NOW + 6_000 + FRESH_MS)
    assert not world.rooms[ETH].instrument.tradable
    assert len(world.rooms[ETH].book) == 0


def test_an_absurd_outside_price_does_not_stop_the_market():
    world, engine, _ = follower(Prices.AUTO)
    engine.tick(NOW)
    engine.following.note("BTC", Decimal("0.0001"), NOW + 1_000)
    engine.tick(NOW + 1_000)
    assert world.rooms[BTC].index > 60_000
    engine.following.note("BTC", Decimal(60_000), NOW + 2_000)
    engine.tick(NOW + 2_000)
    assert world.rooms[BTC].index == 60_000
