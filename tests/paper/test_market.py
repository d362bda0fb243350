"""The engine: ticks in order, funding on time, prices on demand, and a past that survives."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from mtrade.domain.instruments import Market, Side, futures, spot
from mtrade.domain.numbers import dumps, loads
from mtrade.paper.faults import GateFault
from mtrade.paper.intervals import DAY, HOUR, MINUTE
from mtrade.paper.market import MarketEngine
from mtrade.paper.room import Room
from mtrade.paper.world import World
from tests.paper.floor import FEW, NOW, Floor, open_market

PERP = futures("BTC_USDT")
PAIR = spot("BTC_USDT")


def _state(world: World) -> list[object]:
    """Everything a caller can see of the market."""
    return [
        (
            room.last,
            room.mark,
            room.index,
            room.funding_rate,
            room.book.levels(Side.BUY, 50),
            room.book.levels(Side.SELL, 50),
            list(room.tape.trades),
        )
        for room in world.rooms.values()
    ]


def test_the_same_seed_and_ticks_give_the_same_market() -> None:
    """Prices, books, trades and their ids."""
    runs = []
    for seed in (3, 3, 4):
        world, engine, _ = open_market(seed, coins=FEW)
        for number in range(6):
            engine.tick(NOW + 500 * number)
        runs.append(_state(world))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_venues_hear_of_prices_after_the_books_have_moved() -> None:
    world, engine, _ = open_market(coins=FEW)
    seen: list[tuple[str, Decimal, Decimal | None]] = []

    class Listener(Floor):
        def on_prices(self, now_ms: int) -> None:
            room = world.rooms[PERP]
            seen.append((type(self).__name__, room.index, room.book.best(Side.BUY)))

    world.spot = world.futures = Listener(world)  # type: ignore[assignment]
    engine.tick(NOW)
    engine.set_price(PERP, Decimal(50_000), NOW + 1)
    assert len(seen) == 4  # both venues, at each of the two moves
    _, index, bid = seen[-1]
    assert index == 50_000
    assert bid is not None
    assert Decimal(49_900) < bid < 50_000


def test_funding_is_booked_once_and_after_the_venues_could_pay_it() -> None:
    world, engine, _ = open_market(coins=FEW)
    room = world.rooms[PERP]
    due, before = room.funding_next_ms, len(room.funding)
    assert due % (8 * HOUR) == 0
    paid: list[tuple[int, Decimal]] = []

    class Payer(Floor):
        def on_prices(self, now_ms: int) -> None:
            if now_ms >= room.funding_next_ms:
                paid.append((room.funding_next_ms, room.funding_rate))

    world.futures = Payer(world)  # type: ignore[assignment]
    for at in (due - 1, due + 5, due + 6, due + 7):
        engine.tick(at)
    assert [at for at, _ in paid] == [due]
    assert room.funding_next_ms == due + 8 * HOUR
    newest = room.funding[-1]
    assert (newest.time_ms, newest.rate) == paid[0]
    assert len(room.funding) == min(before + 1, room.funding.maxlen or 0)


def test_past_funding_rates_lie_on_the_interval() -> None:
    world, _, _ = open_market()
    for room in world.rooms_of(Market.FUTURES, "usdt"):
        step = room.instrument.funding_interval_s * 1000
        times = [rate.time_ms for rate in room.funding]
        assert times == list(range(times[0], times[-1] + 1, step))
        assert NOW - step < times[-1] <= NOW
        limit = room.listing.funding_rate_limit
        assert all(abs(rate.rate) <= limit for rate in room.funding)
        assert len({rate.rate for rate in room.funding}) > 3


@pytest.mark.parametrize("price", ["0.0", "-5", "1", "1e30"])
def test_an_impossible_price_is_refused(price: str) -> None:
    world, engine, _ = open_market()
    with pytest.raises(GateFault, match="INVALID_PARAM_VALUE"):
        engine.set_price(PERP, Decimal(price), NOW)
    assert world.rooms[PERP].index == 64_000


def test_an_unknown_instrument_is_refused() -> None:
    with pytest.raises(GateFault, match="unknown instrument"):
        open_market()[1].set_price(spot("NO_USDT"), Decimal(1), NOW)


def test_a_price_off_the_grid_is_conformed() -> None:
    world, engine, _ = open_market()
    engine.set_price(PAIR, Decimal("50000.123"), NOW)
    assert world.rooms[PAIR].last == Decimal("50000.1")


def test_other_coins_do_not_jump() -> None:
    world, engine, _ = open_market(coins=("BTC", "ETH"))
    engine.tick(NOW)
    before = world.rooms[spot("ETH_USDT")].index
    engine.set_price(PERP, Decimal(90_000), NOW + 1)
    assert world.rooms[spot("ETH_USDT")].index == before


class Disk:
    """Saves rows as JSON text the way the shell does, and gives them back to a new engine."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], str] = {}

    def save(self, world: World, engine: MarketEngine) -> None:
        for kind, key in world.take_dirty():
            if kind in engine.kinds:
                self._put(kind, key, engine.row(kind, key))

    def load(self, engine: MarketEngine) -> None:
        for (kind, key), body in sorted(self.rows.items(), reverse=True):
            engine.restore(kind, key, loads(body))

    def _put(self, kind: str, key: str, row: Mapping[str, Any] | None) -> None:
        if row is None:
            self.rows.pop((kind, key), None)
        else:
            self.rows[kind, key] = dumps(row)


def _run(engine: MarketEngine, world: World, disk: Disk, start: int, minutes: int) -> int:
    at = start
    for number in range(minutes * 2):
        at = start + number * 30_000
        engine.tick(at)
        disk.save(world, engine)
    engine.flush()
    disk.save(world, engine)
    return at


def _charts(room: Room, until: int) -> list[object]:
    charts = [room.tape.chart, room.mark_chart, room.index_chart]
    return [
        chart.candles(interval, 0, until)
        for chart in charts
        if chart is not None
        for interval in ("1m", "15m", "1h", "4h", "1d", "30d")
    ]


def test_a_restart_rewrites_no_history() -> None:
    """Prices, funding rates and candles are those of before, whatever the order of the rows."""
    disk, (world, engine, _) = Disk(), open_market(coins=FEW)
    last = _run(engine, world, disk, NOW, 60)
    again, resumed, _ = open_market(now_ms=last + DAY, coins=FEW)
    disk.load(resumed)
    for key, room in world.rooms.items():
        twin = again.rooms[key]
        assert (twin.last, twin.mark, twin.index) == (room.last, room.mark, room.index)
        assert list(twin.funding) == list(room.funding)
        assert twin.funding_next_ms == room.funding_next_ms
    for key in (PERP, PAIR, futures("TON_USDT")):
        assert _charts(again.rooms[key], last + 1) == _charts(world.rooms[key], last + 1)


def test_the_market_goes_on_where_it_stopped() -> None:
    disk, (world, engine, _) = Disk(), open_market(coins=FEW)
    engine.set_price(PERP, Decimal(50_000), NOW)
    last = _run(engine, world, disk, NOW + 1, 2)
    again, resumed, _ = open_market(now_ms=last + HOUR, coins=FEW)
    disk.load(resumed)
    resumed.tick(last + HOUR)
    assert abs(again.rooms[PERP].index / world.rooms[PERP].index - 1) < Decimal("0.005")
    assert again.rooms[PERP].index != 64_000


def test_rows_beyond_the_horizon_disappear() -> None:
    """Minutes are kept for a week; the rows of instruments nobody lists any more are ignored."""
    disk, (world, engine, _) = Disk(), open_market(coins=FEW)
    _run(engine, world, disk, NOW, 2)
    old = {key for kind, key in disk.rows if kind == "candles" and key.startswith("1m|")}
    assert old
    _run(engine, world, disk, NOW + 8 * DAY, 2)
    assert not old & {key for _, key in disk.rows}
    engine.restore("room", "spot:GONE_USDT", {"last": "1"})
    engine.restore("candles", f"1m|trades|spot:GONE_USDT|{NOW}", {"price_step": "1", "bars": []})


def test_candles_saved_under_other_steps_are_not_misread() -> None:
    world, engine, _ = open_market()
    start = NOW - NOW % HOUR + 2 * HOUR
    bar = [start, 1, 1, 1, 1, 1, 1]
    row = {"price_step": "0.5", "size_step": "1", "bars": [bar]}
    engine.restore("candles", f"1m|trades|{PERP}|{start}", row)
    chart = world.rooms[PERP].tape.chart
    assert chart.candles("1m", start, start + MINUTE) == []
