"""Candles and day statistics agree with the trades they were made of, in every interval."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.instruments import Instrument, Side, futures
from mtrade.domain.market import PublicTrade
from mtrade.paper.catalogue import COINS, catalogue
from mtrade.paper.chart import CHUNKS, Chart, Past, Scale
from mtrade.paper.history import Flow, History
from mtrade.paper.intervals import DAY, HOUR, LENGTHS, MINUTE, starter
from mtrade.paper.series import Bar, Series
from mtrade.paper.tape import KEPT_TRADES, Tape
from tests.paper.floor import NOW

LISTED = {item.id: item for item, _ in catalogue()}
PERP = LISTED[futures("BTC_USDT")]
INVERSE = LISTED[futures("BTC_USD", "btc")]
START = NOW - NOW % DAY + 23 * HOUR  # an hour before midnight, so that days change within a run

PRINTS = st.lists(
    st.tuples(
        st.integers(0, 600_000), st.integers(1, 700_000), st.integers(1, 10**6), st.booleans()
    ),
    min_size=1,
    max_size=60,
)


def _tape(rules: Instrument, prints: list[tuple[int, int, int, bool]]) -> Tape:
    tape, at = Tape(rules), START
    for number, (wait, ticks, steps, buys) in enumerate(prints):
        at += wait
        tape.record(
            PublicTrade(
                id=str(number + 1),
                instrument=rules.id,
                time_ms=at,
                price=ticks * rules.price_step,
                size=steps * rules.size_step,
                side=Side.BUY if buys else Side.SELL,
            )
        )
    return tape


@given(prints=PRINTS, interval=st.sampled_from(list(LENGTHS)), inverse=st.booleans())
def test_candles_are_what_the_trades_say(
    prints: list[tuple[int, int, int, bool]], interval: str, inverse: bool
) -> None:
    """Recomputed from the plain list of trades, candle by candle."""
    rules = INVERSE if inverse else PERP
    tape = _tape(rules, prints)
    start_of = starter(interval)
    candles = tape.chart.candles(interval, 0, START + 100 * DAY)
    groups = [
        (start, list(trades))
        for start, trades in groupby(tape.trades, key=lambda trade: start_of(trade.time_ms))
    ]
    if interval == "10s":  # kept for six hours only
        groups = groups[-len(candles) :]
    assert [candle.start_ms for candle in candles] == [start for start, _ in groups]
    for candle, (_, trades) in zip(candles, groups, strict=True):
        prices = [trade.price for trade in trades]
        assert (candle.open, candle.close) == (prices[0], prices[-1])
        assert (candle.high, candle.low) == (max(prices), min(prices))
        assert candle.volume == sum(trade.size for trade in trades)
        assert candle.volume_quote == sum(rules.value(t.size, t.price) for t in trades)


@given(prints=PRINTS)
def test_the_day_is_the_sum_of_its_trades(prints: list[tuple[int, int, int, bool]]) -> None:
    tape = _tape(PERP, prints)
    now = tape.trades[-1].time_ms
    since = now - DAY - (now - DAY) % MINUTE
    day = tape.day(now, tape.trades[-1].price)
    trades = [trade for trade in tape.trades if trade.time_ms >= since]
    assert day.high == max(trade.price for trade in trades)
    assert day.low == min(trade.price for trade in trades)
    assert day.volume == sum(trade.size for trade in trades)
    today = [t for t in trades if t.time_ms >= now - now % DAY]
    assert day.open_utc0 == today[0].price


def test_an_untraded_instrument_has_a_day_too() -> None:
    day = Tape(PERP).day(NOW, Decimal(64_000))
    assert (day.open, day.high, day.volume) == (Decimal(64_000), Decimal(64_000), 0)


def test_the_list_of_trades_is_bounded() -> None:
    tape = _tape(PERP, [(1, 640_000, 1, True)] * (KEPT_TRADES + 5))
    assert len(tape.trades) == KEPT_TRADES
    assert tape.trades[0].id == "6"


def test_a_quiet_minute_has_a_flat_candle() -> None:
    tape = _tape(PERP, [(0, 640_000, 1, True)])
    for minute in range(1, 4):
        tape.chart.roll(START + minute * MINUTE)
    candles = tape.chart.newest("1m", 3, START + 3 * MINUTE)
    assert {candle.close for candle in candles} == {Decimal(64_000)}
    assert [candle.volume for candle in candles] == [0, 0, 0]


@pytest.mark.parametrize(
    ("interval", "shift", "at", "start"),
    [
        ("5m", 0, "2026-09-21T14:13:32", "2026-09-21T14:10:00"),
        ("8h", 0, "2026-09-21T14:13:32", "2026-09-21T08:00:00"),
        ("1d", 0, "2026-09-21T14:13:32", "2026-09-21T00:00:00"),
        ("1d", 8 * HOUR, "2026-09-21T17:00:00", "2026-09-21T16:00:00"),
        ("1d", 8 * HOUR, "2026-09-21T15:00:00", "2026-09-20T16:00:00"),
        ("1w", 0, "2026-09-23T14:13:32", "2026-09-21T00:00:00"),  # the Monday
        ("7d", 0, "2026-09-23T14:13:32", "2026-09-17T00:00:00"),  # counted from the epoch
        ("30d", 0, "2026-02-28T23:59:59", "2026-02-01T00:00:00"),  # the calendar month
    ],
)
def test_where_candles_begin(interval: str, shift: int, at: str, start: str) -> None:
    assert starter(interval, shift)(_ms(at)) == _ms(start)


def _ms(stamp: str) -> int:
    return int(datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()) * 1000


def test_a_price_beyond_64_bits_does_not_break_the_tape() -> None:
    """Turnover saturates; prices and trades stay."""
    series = Series(MINUTE, 10)
    for _ in range(3):
        series.record(NOW, 10**10, 10**18, 2**62)
    assert series.last is not None
    assert series.last.close == 10**10
    assert series.last.value == 2**63 - 1


def test_a_series_forgets_the_oldest() -> None:
    series = Series(MINUTE, 16)
    for number in range(100):
        series.record(number * MINUTE, number + 1)
    assert 16 <= len(series) <= 18
    assert series.first is not None
    assert series.first.close == 100 - len(series) + 1


COIN = COINS[0]
FLOW = Flow.of(PERP, Decimal(COIN.price), Decimal(2_700_000_000))


@pytest.fixture(scope="module", params=[0, 1, 59_999, HOUR - 1, 7 * HOUR + 13])
def born(request: pytest.FixtureRequest) -> tuple[int, dict[str, list[Bar]]]:
    birth = START + request.param
    return birth, whole(History(7, birth))


def whole(history: History) -> Past:
    """All chapters as one, oldest first."""
    past: Past = {"10s": [], "1m": [], "1h": []}
    for chapter in history.past(COIN, FLOW):
        for interval, bars in chapter.items():
            past[interval][:0] = bars
    return past


def test_the_past_is_long_and_without_holes(born: tuple[int, dict[str, list[Bar]]]) -> None:
    birth, past = born
    for interval, bars in past.items():
        starts = [bar.start for bar in bars]
        assert starts == list(range(starts[0], starts[-1] + 1, LENGTHS[interval]))
        assert birth - LENGTHS[interval] <= starts[-1] < birth
    assert len(past["1m"]) > 3 * 24 * 60
    assert len(past["1h"]) > 200 * 24


def test_the_past_ends_at_the_first_price(born: tuple[int, dict[str, list[Bar]]]) -> None:
    for bars in born[1].values():
        assert abs(bars[-1].close * PERP.price_step / Decimal(COIN.price) - 1) < Decimal("0.00001")
        assert all(bar.low <= min(bar.open, bar.close) for bar in bars)
        assert all(bar.high >= max(bar.open, bar.close) for bar in bars)
        jumps = [abs(b.open - a.close) for a, b in pairwise(bars)]
        assert max(jumps) == 0


def test_the_past_is_the_same_every_time(born: tuple[int, dict[str, list[Bar]]]) -> None:
    assert whole(History(7, born[0])) == born[1]
    assert whole(History(8, born[0])) != born[1]


def test_the_charts_of_a_coin_share_its_path(born: tuple[int, dict[str, list[Bar]]]) -> None:
    """Whichever chart looks back first, and how far."""
    history = History(7, born[0])
    other = history.past(COIN, Flow(FLOW.scale, FLOW.price))
    next(other)
    assert whole(history) == born[1]
    assert [bar[1:5] for bar in next(other)["1m"]] == [
        bar[1:5] for bar in born[1]["1m"][: 2 * 24 * 60]
    ]


def test_a_look_takes_only_the_chapters_it_needs(born: tuple[int, dict[str, list[Bar]]]) -> None:
    birth, told = born[0], []

    def past() -> Iterator[Past]:
        for chapter in History(7, birth).past(COIN, FLOW):
            told.append(chapter)
            yield chapter

    chart = Chart(Scale.of(PERP), past)
    tape = Tape(PERP, chart)
    chart.record(birth, Decimal(COIN.price))
    tape.day(birth + HOUR, Decimal(COIN.price))
    for interval, length in CHUNKS.items():
        chart.chunk(interval, birth - birth % length)
    assert len(told) == 1, "the day's statistics and the first save need the last day only"
    chart.newest("15m", 200, birth)
    assert len(told) == 2
    assert len(chart.newest("1h", 1000, birth)) == 1000
    assert len(told) == 3
    fresh = Chart(Scale.of(PERP), lambda: History(7, birth).past(COIN, FLOW))
    fresh.record(birth, Decimal(COIN.price))
    for interval in ("10s", "1m", "1h", "1d"):
        assert chart.candles(interval, 0, birth + 1) == fresh.candles(interval, 0, birth + 1)


def test_recorded_candles_join_the_past() -> None:
    """The first live candle continues the last generated one; no candle appears twice."""
    birth = START + 90_000
    chart = Chart(Scale.of(PERP), lambda: History(7, birth).past(COIN, FLOW))
    chart.record(birth, Decimal(64_100), 5, 5)
    candles = chart.newest("1m", 3, birth)
    assert len({candle.start_ms for candle in candles}) == 3
    assert candles[-1].close == Decimal(64_100)
    assert candles[-1].open == candles[-2].close


def test_saved_candles_come_back_unchanged() -> None:
    birth, later = START + 90_000, START + 3 * DAY

    def chart() -> Chart:
        return Chart(Scale.of(PERP), lambda: History(7, birth).past(COIN, FLOW))

    first = chart()
    for minute in range(200):
        first.record(birth + minute * MINUTE, Decimal(64_000 + minute), 1, 64_000)
    again = chart()
    for interval, length in CHUNKS.items():
        starts = range(birth - birth % length, birth + 200 * MINUTE, length)
        for start in reversed(starts):
            again.restore(interval, first.chunk(interval, start))
    for interval in ("1m", "5m", "1h", "1d"):
        assert again.candles(interval, 0, later) == first.candles(interval, 0, later)
