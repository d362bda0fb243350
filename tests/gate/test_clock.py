"""The exchange's clock: quickest sample wins, steps of the computer's clock change nothing."""

from __future__ import annotations

import pytest

from mtrade.domain.errors import ExchangeUnavailable
from mtrade.gate.clock import ExchangeClock


class Times:
    """The computer's clocks and an exchange that is `ahead` of the wall clock."""

    def __init__(self, ahead_ms: int = 8200) -> None:
        self.mono = 100.0
        self.wall = 1_700_000_000_000
        self.ahead = ahead_ms
        self.trips: list[tuple[float, float]] = []
        self.clock = ExchangeClock(monotonic=lambda: self.mono, wall_ms=lambda: self.wall)

    def pass_time(self, seconds: float) -> None:
        self.mono += seconds
        self.wall += round(seconds * 1000)

    def server_time(self) -> int:
        there, back = self.trips.pop(0) if self.trips else (0.01, 0.01)
        self.pass_time(there)
        now = self.wall + self.ahead
        self.pass_time(back)
        return now


def test_before_the_first_sync_it_is_the_computers_time() -> None:
    times = Times()
    assert times.clock.now_ms() == times.wall
    assert times.clock.last_sync is None
    assert times.clock.needs_sync()


def test_the_quickest_sample_wins_and_its_half_trip_is_the_error() -> None:
    times = Times()
    times.trips = [(0.9, 0.1), (0.02, 0.02), (0.1, 0.5)] + [(0.3, 0.1)] * 5
    sync = times.clock.sync(times.server_time)
    assert sync.error_ms == 20
    assert times.clock.now_ms() == times.wall + 8200
    assert sync.computer_offset_ms == 8200
    assert times.trips == []


def test_a_step_of_the_computers_clock_changes_nothing_but_asks_for_a_sync() -> None:
    times = Times()
    times.clock.sync(times.server_time)
    before = times.clock.now_ms()
    assert not times.clock.needs_sync()
    times.wall += 3_600_000
    assert times.clock.now_ms() == before
    assert times.clock.needs_sync()


def test_a_minute_later_it_wants_a_sync() -> None:
    times = Times()
    times.clock.sync(times.server_time)
    times.pass_time(59)
    assert not times.clock.needs_sync()
    times.pass_time(1)
    assert times.clock.needs_sync()


def test_lost_samples_are_left_out_and_none_at_all_is_an_error() -> None:
    times = Times()
    answers = iter([True, False, False, True, False, False, False, False])

    def flaky() -> int:
        if not next(answers):
            raise ExchangeUnavailable("lost")
        return times.server_time()

    times.clock.sync(flaky)
    before = times.clock.now_ms()

    def dead() -> int:
        raise ExchangeUnavailable("lost")

    with pytest.raises(ExchangeUnavailable):
        times.clock.sync(dead)
    assert times.clock.now_ms() == before
