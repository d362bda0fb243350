"""Deadlines: no new risk on a clock nobody knows, reductions at any time."""

from __future__ import annotations

import pytest

from mtrade.domain.accounts import Network
from mtrade.domain.errors import ExchangeUnavailable
from mtrade.trading.times import TOO_OLD_MS, TOO_VAGUE_MS, clock_problems, trusted_ms
from tests.clocks import FakeClock
from tests.trading.fakes import FakeNetworkClock


@pytest.mark.parametrize("age_ms", [None, TOO_OLD_MS + 1])
def test_an_unknown_or_old_clock_is_synchronised_first(age_ms: int | None) -> None:
    clock = FakeNetworkClock(FakeClock(1_000_000))
    clock.age_ms, clock.ahead_ms = age_ms, 8200
    assert trusted_ms(clock, reducing=False) == 1_008_200
    assert clock.age_ms == 0


def test_without_the_exchanges_time_only_reductions_go_out() -> None:
    clock = FakeNetworkClock(FakeClock(1_000_000))
    clock.age_ms, clock.fault = None, ExchangeUnavailable("no answer")
    with pytest.raises(ExchangeUnavailable) as caught:
        trusted_ms(clock, reducing=False)
    assert caught.value.code == "clock_unknown"
    assert trusted_ms(clock, reducing=True) == 1_000_000


def test_a_clock_known_only_vaguely_adds_no_risk() -> None:
    clock = FakeNetworkClock(FakeClock(1_000_000))
    clock.round_trip_ms = TOO_VAGUE_MS + 1
    with pytest.raises(ExchangeUnavailable):
        trusted_ms(clock, reducing=False)
    assert trusted_ms(clock, reducing=True) == 1_000_000


def clock_with(**known: int | None) -> FakeNetworkClock:
    clock = FakeNetworkClock(FakeClock(1_000_000))
    for name, value in known.items():
        setattr(clock, name, value)
    return clock


@pytest.mark.parametrize("offset_ms", [8_240, -8_240])
def test_c37_a_computer_far_off_is_shown_with_the_number(offset_ms: int) -> None:
    clock = clock_with(offset_ms=offset_ms)
    (problem,) = clock_problems({Network.LIVE}, lambda network: clock)
    assert (problem.code, problem.params) == ("clock_offset", {"network": "live", "seconds": "8.2"})


@pytest.mark.parametrize(
    ("known", "params"),
    [
        ({"round_trip_ms": 4_000}, {"network": "live", "ms": "2000", "minutes": "0"}),
        ({"age_ms": TOO_OLD_MS + 1}, {"network": "live", "ms": "2", "minutes": "10"}),
    ],
)
def test_c37_a_time_known_too_vaguely_is_shown(known: dict[str, int], params: object) -> None:
    clock = clock_with(**known)
    (problem,) = clock_problems({Network.LIVE}, lambda network: clock)
    assert (problem.code, problem.params) == ("clock_unsure", params)


@pytest.mark.parametrize("known", [{}, {"age_ms": None}, {"offset_ms": 1_000}])
def test_c37_a_good_clock_is_not_worth_a_word(known: dict[str, int | None]) -> None:
    clock = clock_with(**known)
    assert clock_problems({Network.LIVE}, lambda network: clock) == ()
