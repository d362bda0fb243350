"""Choices survive, are versioned, and two devices do not undo each other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtrade.domain.errors import InvalidRequest
from mtrade.store.settings import MAX_VALUE, SettingStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SettingStore]:
    opened = SettingStore(tmp_path / "desk.db")
    yield opened
    opened.close()


def test_a_value_survives_a_restart(tmp_path: Path) -> None:
    for round_, value in enumerate(["normal", {"a": ["1.5", None, True]}, 7]):
        store = SettingStore(tmp_path / "desk.db")
        assert store.set("mode", value) == round_ + 1
        store.close()
        again = SettingStore(tmp_path / "desk.db")
        assert again.versioned("mode") == (value, round_ + 1)
        again.close()


def test_what_was_never_set_is_none(store: SettingStore) -> None:
    assert store.get("mode") is None
    assert store.versioned("mode") == (None, 0)


def test_fields_are_merged_one_by_one(store: SettingStore) -> None:
    store.merge("ui", {"theme": "dark", "tab": 1})
    store.merge("ui", {"tab": 2})
    assert store.merge("ui", {"theme": None, "lang": "ru"}) == ({"tab": 2, "lang": "ru"}, 3)


def test_a_value_over_the_limit_is_refused_whole(store: SettingStore) -> None:
    store.merge("ui", {"a": 1})
    with pytest.raises(InvalidRequest):
        store.merge("ui", {"b": "x" * MAX_VALUE})
    assert store.versioned("ui") == ({"a": 1}, 1)


def test_devices_merge_at_the_same_time(store: SettingStore) -> None:
    threads = [threading.Thread(target=store.merge, args=("ui", {f"f{n}": n})) for n in range(12)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    assert store.versioned("ui") == ({f"f{n}": n for n in range(12)}, 12)
