"""Group commit: nothing is answered before it is saved, saves do not overlap, failures are told."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from mtrade.domain.errors import StoreError
from mtrade.paper.saver import Saver
from mtrade.paper.world import World


class Disk:
    """Keeps rows; can be made slow or full."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Any] = {}
        self.saves: list[set[tuple[str, str]]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.full = False
        self.entered = threading.Event()

    def load(self):
        return [(*pair, data) for pair, data in self.rows.items()]

    def save(self, rows, deletions):
        self.entered.set()
        assert self.gate.wait(10)
        if self.full:
            raise StoreError("disk full")
        self.saves.append({(kind, key) for kind, key, _ in rows} | set(deletions))
        self.rows |= {(kind, key): data for kind, key, data in rows}
        for pair in deletions:
            self.rows.pop(pair, None)

    def close(self):
        return


class Things:
    """A source of one kind (and of the ids)."""

    kinds = ("thing", "price", "world")

    def __init__(self) -> None:
        self.values: dict[str, int] = {}
        self.restored: list[str] = []

    def row(self, kind, key):
        if kind != "thing":
            return {"n": 0}
        return {"n": self.values[key]} if key in self.values else None

    def restore(self, kind, key, data):
        self.restored.append(key)
        self.values[key] = data["n"]


class Setup:
    def __init__(self) -> None:
        self.world, self.disk, self.things = World(1), Disk(), Things()
        self.saver = Saver(self.world, self.disk, [self.things], lazy=("price", "world"))

    def change(self, key: str, value: int | None) -> None:
        if value is None:
            self.things.values.pop(key)
        else:
            self.things.values[key] = value
        self.world.dirty("thing", key)


@pytest.fixture
def setup():
    setup = Setup()
    yield setup
    setup.disk.gate.set()
    setup.saver.close()


def test_a_change_is_on_disk_when_settled_returns(setup):
    async def run():
        setup.change("1", 5)
        await setup.saver.settled()
        assert setup.disk.rows[("thing", "1")] == {"n": 5}
        setup.change("1", None)
        await setup.saver.settled()
        assert ("thing", "1") not in setup.disk.rows

    asyncio.run(run())


def test_nothing_changed_means_no_save(setup):
    asyncio.run(setup.saver.settled())
    assert setup.disk.saves == []


def test_idle_means_that_nothing_has_to_be_waited_for(setup):
    async def run():
        assert setup.saver.idle()
        setup.disk.gate.clear()
        setup.change("1", 1)
        assert not setup.saver.idle()
        saving = asyncio.create_task(setup.saver.settled())
        await asyncio.to_thread(setup.disk.entered.wait, 10)
        assert not setup.saver.idle()
        setup.disk.gate.set()
        await saving
        assert setup.saver.idle()
        assert setup.disk.rows[("thing", "1")] == {"n": 1}

    asyncio.run(run())


def test_a_failed_save_leaves_something_to_wait_for(setup):
    async def run():
        setup.disk.full = True
        setup.change("1", 1)
        with pytest.raises(StoreError):
            await setup.saver.settled()
        assert not setup.saver.idle()
        setup.disk.full = False
        await setup.saver.settled()
        assert setup.saver.idle()

    asyncio.run(run())


def test_changes_during_a_save_share_the_next_one(setup):
    async def run():
        setup.disk.gate.clear()
        setup.change("0", 0)
        first = asyncio.create_task(setup.saver.settled())
        await asyncio.to_thread(setup.disk.entered.wait, 10)
        waiting = []
        for n in range(1, 20):
            setup.change(str(n), n)
            waiting.append(asyncio.create_task(setup.saver.settled()))
        await asyncio.sleep(0)
        assert not first.done()
        setup.disk.gate.set()
        await asyncio.gather(first, *waiting)

    asyncio.run(run())
    assert len(setup.disk.saves) == 2
    assert len(setup.disk.rows) == 21


def test_lazy_rows_wait_but_ids_go_with_every_save(setup):
    async def run():
        setup.world.dirty("price", "x")
        setup.world.next_id()
        await setup.saver.settled()
        assert setup.disk.saves == []
        setup.change("1", 1)
        await setup.saver.settled()
        assert setup.disk.saves == [{("thing", "1"), ("world", "ids")}]
        await setup.saver.all()
        assert ("price", "x") in setup.disk.rows

    asyncio.run(run())


def test_a_full_disk_is_told_and_the_next_save_catches_up(setup):
    async def run():
        setup.disk.full = True
        setup.change("1", 1)
        with pytest.raises(StoreError):
            await setup.saver.settled()
        setup.disk.full = False
        await setup.saver.settled()
        assert setup.disk.rows[("thing", "1")] == {"n": 1}

    asyncio.run(run())


def test_a_caller_that_gives_up_does_not_stop_the_save(setup):
    async def run():
        setup.disk.gate.clear()
        setup.change("1", 1)
        caller = asyncio.create_task(setup.saver.settled())
        await asyncio.to_thread(setup.disk.entered.wait, 10)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
        setup.disk.gate.set()
        setup.change("2", 2)
        await setup.saver.settled()
        assert {("thing", "1"), ("thing", "2")} <= set(setup.disk.rows)

    asyncio.run(run())


def test_numbered_rows_come_back_in_order(setup):
    setup.disk.rows = {("thing", key): {"n": 1} for key in ("10", "9", "100", "x")}
    asyncio.run(setup.saver.load())
    assert setup.things.restored == ["x", "9", "10", "100"]
    assert setup.world.take_dirty() == ()
