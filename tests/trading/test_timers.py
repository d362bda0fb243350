"""Timers: due once, in order, and setting one again moves it."""

from __future__ import annotations

from mtrade.trading.timers import LONGEST_WAIT_S, Timers
from tests.clocks import FakeClock


def test_due_in_order_and_only_once() -> None:
    clock = FakeClock()
    timers = Timers(clock)
    timers.set(1, 2.0)
    timers.set(2, 1.0)
    assert list(timers.due()) == []
    assert timers.until_next() == 1.0
    clock.advance(2)
    assert list(timers.due()) == [2, 1]
    assert list(timers.due()) == []
    assert timers.until_next() == LONGEST_WAIT_S


def test_setting_again_moves_it() -> None:
    clock = FakeClock()
    timers = Timers(clock)
    timers.set(1, 1.0)
    timers.set(1, 5.0)
    clock.advance(2)
    assert list(timers.due()) == []
    clock.advance(4)
    assert list(timers.due()) == [1]
