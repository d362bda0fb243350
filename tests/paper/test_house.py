"""The market maker: a two-sided, uncrossed, deep book at all times, at little cost."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtrade.domain.instruments import InstrumentId, Side, futures, spot
from mtrade.paper.matching import Resting
from mtrade.paper.room import Room
from mtrade.paper.world import HOUSE, World
from tests.paper.floor import FEW, NOW, Floor, open_market

BTC = spot("BTC_USDT")
PERP = futures("BTC_USDT")


def _check(room: Room, levels: int = 20) -> None:
    bids, asks = room.book.levels(Side.BUY, 100), room.book.levels(Side.SELL, 100)
    assert len(bids) >= levels
    assert len(asks) >= levels
    assert bids[0].price < asks[0].price
    assert bids[0].price <= room.index * Decimal("1.005")
    assert asks[0].price >= room.index * Decimal("0.995")


def _best(room: Room, side: Side) -> Decimal:
    price = room.book.best(side)
    assert price is not None
    return price


@pytest.fixture(scope="module")
def long_run() -> tuple[World, list[int]]:
    """Nine hundred ticks of a quarter second; the operations of every tick."""
    world, engine, venue = open_market(seed=11, coins=FEW)
    engine.tick(NOW)
    operations = []
    for number in range(1, 901):
        before = venue.operations
        engine.tick(NOW + 250 * number)
        operations.append(venue.operations - before)
        rooms = list(world.rooms.values())
        assert all(_best(room, Side.BUY) < _best(room, Side.SELL) for room in rooms)
        _check(rooms[number % len(rooms)])
    return world, operations


def test_books_stay_two_sided_deep_and_uncrossed(long_run: tuple[World, list[int]]) -> None:
    """The check inside the run holds for every tick; here, that the depth looks like a market."""
    for room in long_run[0].rooms.values():
        levels = room.book.levels(Side.BUY, 100)
        near = sum(level.size for level in levels[:5])
        assert sum(level.size for level in levels[-5:]) > near
        spread = room.book.levels(Side.SELL, 1)[0].price - levels[0].price
        assert spread <= max(3 * room.instrument.price_step, room.last * Decimal("0.0002"))


def test_the_whole_catalogue_is_quoted_at_little_cost() -> None:
    """Deep books from the first tick on, for less than ten order operations a market and tick."""
    world, engine, venue = open_market(seed=11)
    engine.tick(NOW)
    operations = []
    for number in range(1, 61):
        for room in world.rooms.values():
            _check(room)
        before = venue.operations
        engine.tick(NOW + 250 * number)
        operations.append(venue.operations - before)
    assert max(operations) < 10 * len(world.rooms)
    assert sum(operations) / len(operations) < 4 * len(world.rooms)


def test_requoting_stays_cheap(long_run: tuple[World, list[int]]) -> None:
    """On average: busy markets move at the same moment, so that single ticks cost more."""
    world, operations = long_run
    assert sum(operations) / len(operations) < 4 * len(world.rooms)


def test_trades_keep_coming(long_run: tuple[World, list[int]]) -> None:
    for room in long_run[0].rooms.values():
        sides = {trade.side for trade in room.tape.trades}
        assert len(room.tape.trades) > 40
        assert sides == {Side.BUY, Side.SELL}
        ids = [int(trade.id) for trade in room.tape.trades]
        assert ids == sorted(ids)


@settings(max_examples=8, deadline=None)
@given(
    jumps=st.lists(
        st.tuples(st.sampled_from([BTC, PERP, futures("BTC_USD", "btc")]), st.integers(2, 2_000)),
        min_size=1,
        max_size=6,
    )
)
def test_after_a_jump_the_book_is_there_at_once(jumps: list[tuple[InstrumentId, int]]) -> None:
    """Every market of the coin moves: index, mark, last and both sides of the book."""
    world, engine, _ = open_market(coins=("BTC",))
    engine.tick(NOW)
    for number, (key, hundreds) in enumerate(jumps, start=1):
        price = Decimal(hundreds) * 100
        engine.set_price(key, price, NOW + number)
        for room in (world.rooms[BTC], world.rooms[PERP], world.rooms[futures("BTC_USD", "btc")]):
            assert room.index == room.mark == room.last == price
            _check(room)
        engine.tick(NOW + number)
        _check(world.rooms[key])


@pytest.mark.parametrize(("side", "away"), [(Side.BUY, "0.97"), (Side.SELL, "1.03")])
def test_the_market_moving_through_an_order_fills_it(side: Side, away: str) -> None:
    """All of it, at its own price, however large it is."""
    world, engine, venue = open_market(coins=FEW)
    engine.tick(NOW)
    price = world.rooms[BTC].instrument.conform_price(Decimal(64_000) * Decimal(away), side)
    size = Decimal(500)
    venue.place(42, BTC, side, price, size)
    beyond = price * (Decimal("0.99") if side is Side.BUY else Decimal("1.01"))
    engine.set_price(PERP, beyond, NOW + 1)
    assert [fill.maker_uid for fill in venue.fills] == [42] * len(venue.fills)
    assert {fill.price for fill in venue.fills} == {price}
    assert sum(fill.size for fill in venue.fills) == size


def test_an_order_the_walk_passes_is_filled_too() -> None:
    """No jump needed: a bid within the ordinary noise is reached by ordinary ticks."""
    world, engine, venue = open_market(coins=("BTC",))
    engine.tick(NOW)
    room = world.rooms[BTC]
    bid = room.book.best(Side.BUY)
    assert bid is not None
    venue.place(42, BTC, Side.BUY, bid - 1, Decimal("0.01"))
    for number in range(1, 4_000):
        engine.tick(NOW + 250 * number)
        if venue.fills:
            break
    assert venue.fills[0].price == bid - 1


def test_quotes_of_an_earlier_run_are_cleared() -> None:
    """Orders of the house that a restart brought back do not stay in the book for ever."""
    world, engine, _ = open_market()
    book = world.rooms[BTC].book
    book.rest(Resting(1, HOUSE, Decimal("10000.0"), Decimal(1)), Side.BUY)
    book.rest(Resting(2, 42, Decimal("10000.0"), Decimal(1)), Side.BUY)
    engine.tick(NOW)
    assert book.get(1) is None
    assert book.get(2) is not None
    _check(world.rooms[BTC])


def test_an_empty_side_is_filled_again() -> None:
    """A taker that eats the whole book finds it restored on the next tick."""
    world, engine, venue = open_market()
    engine.tick(NOW)
    room = world.rooms[PERP]
    whole = room.book.available(Side.BUY)
    room.book.take(Side.BUY, size=whole, step=Decimal(1), uid=42)
    assert room.book.best(Side.SELL) is None
    engine.tick(NOW + 250)
    _check(room)
    assert isinstance(venue, Floor)


@pytest.mark.full
@pytest.mark.parametrize("seed", [1, 2])
def test_a_long_day_keeps_every_book_in_order(seed: int) -> None:
    """Four thousand ticks of irregular length, with a jump now and then."""
    world, engine, _ = open_market(seed)
    rooms, now = list(world.rooms.values()), NOW
    for number in range(4_000):
        now += 100 + number * 37 % 900
        engine.tick(now)
        if number % 500 == 499:
            engine.set_price(PERP, world.rooms[PERP].index * (number // 500 + 8) / 12, now)
        assert all(_best(room, Side.BUY) < _best(room, Side.SELL) for room in rooms)
        _check(rooms[number % len(rooms)])
