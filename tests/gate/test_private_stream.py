"""The private stream in virtual time: what it signs, reads, tells once and distrusts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mtrade.domain.accounts import Credentials, Secret
from mtrade.domain.errors import ExchangeUnavailable
from mtrade.domain.events import (
    AccountSnapshot,
    Filled,
    StreamChanged,
    StreamStatus,
)
from mtrade.gate.private_stream import PrivateStream
from mtrade.gate.signing import sign_subscribe
from tests.gate.stream_bench import BTC, PRIVATE, Bench
from tests.sim.feed_ledger import ModelAccount
from tests.sim.feed_venue import Weather
from tests.sim.feed_world import BASE_MS


class PrivateBench(Bench):
    stream: PrivateStream

    def __init__(self, slowdown: float = 1.0) -> None:
        super().__init__()
        self.truth = ModelAccount(self.venue, BTC, "42")
        self.stream = PrivateStream(
            PRIVATE,
            "ws://model",
            self.host,
            self.world,
            self.events.append,
            self.truth,  # type: ignore[arg-type] # what a stream reads
            Credentials("key", Secret("secret")),
            "42",
            slowdown=lambda: slowdown,
        )
        self.stream.start()
        self.run(1)


def test_private_channels_are_signed_with_the_exchanges_time_and_name_the_user() -> None:
    bench = PrivateBench()
    asked = [f for f in bench.venue.frames if f.get("event") == "subscribe"]
    assert len(asked) == 7
    for frame in asked:
        assert frame["time"] == BASE_MS // 1000
        assert frame["payload"][0] == "42"
        sign = sign_subscribe("secret", frame["channel"], "subscribe", frame["time"])
        assert frame["auth"] == {"method": "api_key", "KEY": "key", "SIGN": sign}


def test_the_truth_is_read_at_once_again_when_live_and_then_every_half_minute() -> None:
    bench = PrivateBench()
    assert len(bench.told(AccountSnapshot)) == 2
    bench.run(60)
    assert 4 <= len(bench.told(AccountSnapshot)) <= 5


def test_in_a_crowd_everybody_reads_more_rarely() -> None:
    bench = PrivateBench(slowdown=4.0)
    bench.run(78)
    assert len(bench.told(AccountSnapshot)) == 2
    bench.run(45)
    assert len(bench.told(AccountSnapshot)) == 3


def test_while_the_stream_is_down_rest_is_polled() -> None:
    bench = PrivateBench()
    bench.venue.faults_end, bench.venue.weather = 1e9, Weather(refuse=1.0)
    for connection in list(bench.venue.connections):
        connection.end("cut")
    bench.run(20)
    mark = len(bench.told(AccountSnapshot))
    assert mark >= 8
    bench.truth._place()
    bench.run(3)
    assert len(bench.told(AccountSnapshot)[-1].orders) == 1


def test_a_fill_is_told_once_however_often_it_comes() -> None:
    bench = PrivateBench()
    bench.truth._place()
    (order,) = bench.truth.orders.values()
    bench.truth._fill(order)
    fill = bench.truth.trades[-1]
    for _ in range(3):
        bench.truth._push_fill(fill)
    bench.run(40)
    pushed = [f.trade_id for e in bench.told(Filled) for f in e.fills]
    read = [f.trade_id for e in bench.told(AccountSnapshot) for f in e.fills]
    assert pushed == [fill.trade_id]
    assert read == []


def test_what_no_push_told_is_found_by_a_glance_and_condemns_the_connection() -> None:
    bench = PrivateBench()
    bench.run(5)
    for connection in bench.venue.connections:
        connection.topics.clear()  # a zombie: pongs, but no data
    bench.truth._place()
    (order,) = bench.truth.orders.values()
    bench.truth._fill(order)
    bench.run(5)
    read = [f.trade_id for e in bench.told(AccountSnapshot) for f in e.fills]
    assert read == [bench.truth.trades[-1].trade_id]
    bench.run(5)
    reasons = [event.reason for event in bench.told(StreamChanged)]
    assert "REST knows what no push told" in reasons
    assert bench.told(StreamChanged)[-1].status is StreamStatus.LIVE


def test_a_jump_of_a_positions_number_reads_soon() -> None:
    bench = PrivateBench()
    bench.truth._place()
    bench.truth._fill(next(iter(bench.truth.orders.values())))
    bench.run(10)
    mark = len(bench.told(AccountSnapshot))
    bench.truth.update_id += 5
    bench.truth._push_fill(bench.truth.trades[-1])
    bench.run(1.5)
    assert len(bench.told(AccountSnapshot)) > mark


def test_an_unreadable_row_reads_soon() -> None:
    bench = PrivateBench()
    bench.run(2)
    mark = len(bench.told(AccountSnapshot))
    bench.venue.publish("futures.orders", [{"id": 1}], "42")
    bench.run(1.5)
    assert len(bench.told(AccountSnapshot)) == mark + 1


def test_a_wallet_that_does_not_exist_yet_is_an_empty_account_and_is_not_looked_at() -> None:
    bench = PrivateBench()
    calls = 0

    def missing(settle: str) -> Any:
        nonlocal calls
        calls += 1
        raise ExchangeUnavailable("no", label="USER_NOT_FOUND", http_status=400)

    bench.truth.futures_account = missing  # type: ignore[method-assign]
    bench.run(30)
    calls = 0
    bench.run(60)
    assert bench.told(AccountSnapshot)[-1].futures is None
    assert calls <= 3


def test_reads_that_fail_are_tried_again_and_nothing_is_told_meanwhile() -> None:
    bench = PrivateBench()
    bench.venue.faults_end, bench.venue.weather = 1e9, Weather(rest=1.0)
    bench.run(30)
    mark = len(bench.told(AccountSnapshot))
    bench.run(30)
    assert len(bench.told(AccountSnapshot)) == mark
    bench.venue.weather = Weather()
    bench.run(5)
    assert len(bench.told(AccountSnapshot)) == mark + 1


def test_what_a_stream_remembers_is_bounded() -> None:
    bench = PrivateBench()
    row = {"order_id": "1", "contract": "BTC_USDT", "create_time_ms": BASE_MS, "size": 1}
    for number in range(6000):
        fill = [{**row, "id": str(number), "price": "1"}]
        bench.venue.publish("futures.usertrades", fill, "42")
    bench.run(1)
    assert len(bench.told(Filled)) == 6000
    assert len(bench.stream._memory._fills) == 5000
    assert bench.told(Filled)[0].fills[0].size == Decimal(1)


def test_a_stopped_stream_is_silent_for_good() -> None:
    bench = PrivateBench()
    bench.stream.stop()
    mark = len(bench.events)
    assert bench.told(StreamChanged)[-1].status is StreamStatus.DOWN
    bench.run(60)
    assert len(bench.events) == mark
    assert not bench.venue.connections
