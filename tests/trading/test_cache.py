"""The read cache: shared while young, read again when old, never a failed or forgotten value."""

from __future__ import annotations

import threading

import pytest

from mtrade.domain.errors import ExchangeUnavailable
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


class CountingLock:
    """A lock that tells how many have come to it."""

    def __init__(self) -> None:
        self.came = threading.Semaphore(0)
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self.came.release()
        self._lock.acquire()

    def __exit__(self, *fault: object) -> None:
        self._lock.release()


def test_those_who_waited_for_a_failed_read_share_its_failure_and_the_next_reads_anew() -> None:
    cache = ReadCache(FakeClock())
    gate = cache._slot("k").lock = CountingLock()  # type: ignore[assignment]
    reads: list[int] = []

    def failing() -> int:
        reads.append(1)
        for _ in range(5):
            assert gate.came.acquire(timeout=5)
        raise ExchangeUnavailable("down")

    def ask() -> None:
        with pytest.raises(ExchangeUnavailable):
            cache.get("k", 1.0, failing)
        done.append(1)

    done: list[int] = []
    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert (len(done), len(reads)) == (5, 1)
    assert cache.get("k", 1.0, lambda: 7).value == 7
