"""What can wait waits while the orders of a fan-out are being made, and never for long."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator

import pytest

from mtrade.trading import right_of_way
from mtrade.trading.right_of_way import RightOfWay


@pytest.fixture
def way() -> Iterator[RightOfWay]:
    made = RightOfWay()
    yield made
    made.release()
    assert gc.isenabled()


def test_whoever_gave_way_goes_on_when_it_is_released(
    way: RightOfWay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(right_of_way, "MOST_S", 60.0)
    way.claim()
    passed = threading.Event()

    def ask() -> None:
        way.give_way()
        passed.set()

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    assert not passed.wait(0.05)
    way.release()
    assert passed.wait(5)
    way.give_way()


def test_nobody_waits_for_ever(way: RightOfWay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(right_of_way, "MOST_S", 0.02)
    way.claim()
    before = time.monotonic()
    way.give_way()
    assert time.monotonic() - before >= 0.015


def test_the_collector_waits_too_and_looks_again_afterwards(way: RightOfWay) -> None:
    way.claim()
    way.claim()
    assert not gc.isenabled()
    way.release()
    assert gc.isenabled()


def test_a_release_in_the_midst_of_a_claim_never_leaves_the_collector_off(
    way: RightOfWay,
) -> None:
    class Torn(threading.Event):
        def clear(self) -> None:
            super().clear()
            way.release()  # another thread, just now

    way._free = Torn()
    way._free.set()
    way.claim()
    assert gc.isenabled()


def test_a_release_without_a_claim_changes_nothing(way: RightOfWay) -> None:
    gc.disable()
    try:
        way.release()
        assert not gc.isenabled()
    finally:
        gc.enable()
