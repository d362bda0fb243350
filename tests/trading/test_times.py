"""Deadlines: no new risk on a clock nobody knows, reductions at any time."""

from __future__ import annotations

import pytest

from mtrade.domain.errors import ExchangeUnavailable
from mtrade.trading.times import TOO_OLD_MS, TOO_VAGUE_MS, trusted_ms
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
