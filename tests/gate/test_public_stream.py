"""The public stream in virtual time: what it counts, tells, verifies and lets go."""

from __future__ import annotations

from mtrade.domain.errors import ConfigError
from mtrade.domain.events import (
    BookChanged,
    StreamChanged,
    StreamStatus,
    TickerChanged,
    TopChanged,
)
from mtrade.gate.public_stream import LINGER_S, PublicStream
from mtrade.gate.stream import Listener, Wire
from tests.gate.stream_bench import BTC, ETH, PUBLIC, Bench
from tests.sim.feed_world import BASE_MS


class PublicBench(Bench):
    stream: PublicStream

    def __init__(self) -> None:
        super().__init__()
        self.stream = PublicStream(
            PUBLIC,
            "ws://model",
            self.host,
            self.world,
            self.events.append,
            self.venue,  # type: ignore[arg-type] # only books are read
        )
        self.stream.watch(BTC)
        self.stream.start()
        self.run(1)


def test_a_watched_instrument_brings_its_four_channels_and_a_whole_book() -> None:
    bench = PublicBench()
    assert bench.venue.asked("subscribe") == [
        "futures.tickers",
        "futures.book_ticker",
        "futures.trades",
        "futures.order_book_update",
    ]
    assert all("auth" not in frame for frame in bench.venue.frames)
    book = bench.told(BookChanged)[-1].book
    assert book.bids == bench.venue.model.truth().bids
    assert bench.told(StreamChanged)[-1].status is StreamStatus.LIVE


def test_watchers_are_counted_and_the_last_one_leaves_a_linger() -> None:
    bench = PublicBench()
    bench.stream.watch(BTC)
    bench.stream.unwatch(BTC)
    bench.run(LINGER_S + 1)
    assert not bench.venue.asked("unsubscribe")
    bench.stream.unwatch(BTC)
    bench.run(LINGER_S / 2)
    bench.stream.watch(BTC)
    bench.run(LINGER_S + 1)
    assert not bench.venue.asked("unsubscribe")
    bench.stream.unwatch(BTC)
    assert not bench.stream.idle
    bench.run(LINGER_S + 1)
    assert len(bench.venue.asked("unsubscribe")) == 4
    assert bench.stream.idle
    bench.stream.unwatch(BTC)  # one too many is no harm
    assert bench.stream.idle


def test_candles_are_watched_on_their_own() -> None:
    bench = PublicBench()
    bench.stream.watch_candles(BTC, "5m")
    bench.run(1)
    (frame,) = [f for f in bench.venue.frames if f["channel"] == "futures.candlesticks"]
    assert frame["payload"] == ["5m", "BTC_USDT"]
    bench.stream.unwatch_candles(BTC, "5m")
    bench.run(LINGER_S + 1)
    assert bench.venue.asked("unsubscribe") == ["futures.candlesticks"]


def test_books_and_best_prices_are_told_at_most_twenty_times_a_second() -> None:
    bench = PublicBench()
    mark = len(bench.events)
    for number in range(1000):
        bench.venue.model.move()
        top = {"t": BASE_MS, "u": number, "s": "BTC_USDT", "b": "1", "B": number, "a": "2", "A": 1}
        bench.venue.publish("futures.book_ticker", top, "BTC_USDT")
        bench.world.run_until(bench.world.time + 0.002)
    bench.run(1)
    bench.events = bench.events[mark:]
    for kind in (BookChanged, TopChanged):
        assert 35 <= len(bench.told(kind)) <= 42, kind
    assert bench.told(BookChanged)[-1].book.sequence == bench.venue.model.sequence
    assert bench.told(TopChanged)[-1].bid.size == 999


def test_tickers_of_others_and_unwatched_books_do_no_harm() -> None:
    bench = PublicBench()
    row = {"contract": "ETH_USDT", "last": "3"}
    bench.venue.publish("futures.tickers", [row], "BTC_USDT")
    for result in ({"s": "ETH_USDT"}, None, {"s": 5}, [1]):
        bench.venue.publish("futures.order_book_update", result, "BTC_USDT")
    bench.run(1)
    assert bench.told(TickerChanged)[-1].ticker.instrument == ETH
    assert bench.told(StreamChanged)[-1].status is StreamStatus.LIVE


def test_a_lost_update_makes_the_book_unsure_until_a_new_snapshot_came() -> None:
    bench = PublicBench()
    bench.venue.model.sequence += 5
    bench.venue.model.move()
    bench.run(1)
    books = [event.book for event in bench.told(BookChanged)]
    assert None in books
    assert books[-1].sequence == bench.venue.model.sequence


def test_a_book_whose_updates_stopped_is_noticed_by_looking_at_rest() -> None:
    bench = PublicBench()
    for connection in bench.venue.connections:
        connection.topics = {t for t in connection.topics if t[0] == "futures.tickers"}
    bench.venue.model.move()
    bench.run(35)
    assert bench.told(BookChanged)[-1].book.sequence == bench.venue.model.sequence


def test_the_ages_are_told_with_the_round_trip_every_ping() -> None:
    bench = PublicBench()
    bench.run(21)
    told = bench.told(StreamChanged)[-1]
    assert told.status is StreamStatus.LIVE
    assert told.round_trip_ms == 40
    assert bench.world.now_ms() - told.heard_ms <= 6000
    assert told.stream == PUBLIC


def test_an_address_that_may_not_be_used_is_a_stream_that_is_down() -> None:
    bench = PublicBench()

    def refuse(url: str, listener: Listener) -> Wire:
        raise ConfigError("not an address of paper")

    bench.host.open = refuse  # type: ignore[method-assign]
    for connection in list(bench.venue.connections):
        connection.end("cut")
    bench.run(60)
    assert bench.told(StreamChanged)[-1].status is not StreamStatus.LIVE
    del bench.host.open  # type: ignore[attr-defined]
    bench.run(20)
    assert bench.told(StreamChanged)[-1].status is StreamStatus.LIVE


def test_a_stopped_stream_is_silent_for_good() -> None:
    bench = PublicBench()
    bench.stream.stop()
    mark = len(bench.events)
    assert bench.told(StreamChanged)[-1].status is StreamStatus.DOWN
    bench.run(60)
    assert len(bench.events) == mark
    assert not bench.venue.connections
