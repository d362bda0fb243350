"""Half an hour of faults leaves nothing behind; and the gauges that say so can say otherwise."""

from __future__ import annotations

import itertools
import os
import socket
import threading
from pathlib import Path

import pytest

from mtrade.paper.faultplan import Rule
from tests.soak.gauges import MOST_DATABASE_FILES, Gauge, Holding, growth
from tests.soak.run import soak
from tests.soak.weather import FAULTS, faults


@pytest.mark.full
@pytest.mark.process
@pytest.mark.timeout(2700)
def test_nothing_grows_in_half_an_hour_of_faults(tmp_path: Path) -> None:
    assert soak(tmp_path / "home", minutes=30, seed=1) == []


def test_a_gauge_sees_a_thread_and_a_socket_more() -> None:
    gauge, gate = Gauge(os.getpid()), threading.Event()
    before = gauge.look()
    with socket.socket():
        thread = threading.Thread(target=gate.wait)
        thread.start()
        after = gauge.look()
        gate.set()
        thread.join()
    assert after.threads == before.threads + 1
    assert after.files > before.files
    assert len(growth(before, after)) == 2


def test_memory_may_grow_a_little() -> None:
    rest = Holding(10, 20, 100.0)
    assert growth(rest, Holding(10, 20, 129.9)) == []
    assert growth(rest, Holding(9, 19, 130.0)) == ["memory grew from 100.0 to 130.0 MB"]


def test_databases_may_hold_as_many_files_as_they_have_readers() -> None:
    rest = Holding(10, 20, 100.0, 5)
    assert growth(rest, Holding(10, 20, 100.0, MOST_DATABASE_FILES)) == []
    assert len(growth(rest, Holding(10, 20, 100.0, MOST_DATABASE_FILES + 1))) == 1


def test_every_fault_comes_in_its_turn_and_makes_sense_to_the_exchange() -> None:
    first = list(itertools.islice(faults(3), len(FAULTS)))
    assert sorted(map(str, first)) == sorted(map(str, FAULTS))
    assert first != list(FAULTS)
    for fault in FAULTS:
        if fault["kind"] not in ("break", "upgrade"):
            assert Rule.read(fault).count or fault["kind"] == "silence"
