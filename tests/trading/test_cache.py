"""The read cache: shared while young, read again when old, never a failed or forgotten value."""

from __future__ import annotations

import threading

import pytest

from mtrade.trading.cache import ReadCache
from tests.clocks import FakeClock


def test_young_values_are_shared_and_carry_their_age() -> None:
    clock, reads = FakeClock(), iter(range(9))
    cache = ReadCache(clock)
    assert cache.get("k", 1.0, lambda: next(reads)).value == 0
    clock.advance(0.9)
    again = cache.get("k", 1.0, lambda: next(reads))
    assert (again.value, again.age_ms) == (0, 900)
    clock.advance(0.2)
    assert cache.get("k", 1.0, lambda: next(reads)).value == 1


def test_a_failed_read_raises_and_is_not_remembered() -> None:
    cache = ReadCache(FakeClock())

    def fail() -> int:
        raise ValueError("down")

    with pytest.raises(ValueError, match="down"):
        cache.get("k", 1.0, fail)
    assert cache.get("k", 1.0, lambda: 7).value == 7


def test_a_value_that_turned_old_is_not_passed_off_when_the_next_read_fails() -> None:
    clock = FakeClock()
    cache = ReadCache(clock)
    cache.get("k", 1.0, lambda: 1)
    clock.advance(2)

    def fail() -> int:
        raise ValueError("down")

    with pytest.raises(ValueError, match="down"):
        cache.get("k", 1.0, fail)


def test_forgetting_touches_only_what_matches() -> None:
    cache = ReadCache(FakeClock())
    cache.get(("a", 1), 9.0, lambda: 1)
    cache.get(("b", 1), 9.0, lambda: 1)
    cache.forget(lambda key: isinstance(key, tuple) and key[0] == "a")
    assert cache.get(("a", 1), 9.0, lambda: 2).value == 2
    assert cache.get(("b", 1), 9.0, lambda: 2).value == 1


def test_many_askers_cause_one_read() -> None:
    cache, reads = ReadCache(FakeClock()), []
    gate = threading.Event()

    def read() -> int:
        gate.wait(5)
        reads.append(1)
        return 1

    threads = [threading.Thread(target=lambda: cache.get("k", 9.0, read)) for _ in range(8)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    assert len(reads) == 1
