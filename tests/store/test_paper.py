"""The paper exchange's file: all rows of a save or none, and only its own file is touched."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

import pytest

from mtrade.domain.errors import StoreError
from mtrade.store.paper import SqlitePaperStorage


@pytest.fixture
def storage(tmp_path):
    storage = SqlitePaperStorage(tmp_path / "paper.db")
    yield storage
    storage.close()


def test_rows_come_back_and_deletions_stay_gone(storage, tmp_path):
    storage.save([("a", "1", {"x": Decimal("1.50"), "y": "ä"}), ("a", "2", {})], [])
    storage.save([("a", "2", {"n": 1})], [("a", "1"), ("a", "9")])
    storage.close()
    again = SqlitePaperStorage(tmp_path / "paper.db")
    assert again.load() == [("a", "2", {"n": 1})]
    again.close()


def test_a_save_that_fails_leaves_everything_as_it_was(storage):
    storage.save([("a", "1", {"n": 1})], [])
    with pytest.raises(StoreError):
        storage.save([("a", "1", {"n": 2})], [("a",)])  # type: ignore[list-item]
    assert storage.load() == [("a", "1", {"n": 1})]


def test_a_save_is_visible_to_others_at_once(storage, tmp_path):
    storage.save([("a", "1", {})], [])
    other = sqlite3.connect(tmp_path / "paper.db")
    assert other.execute("SELECT count(*) FROM entity").fetchone() == (1,)
    other.close()


def test_a_foreign_file_is_refused_and_kept(tmp_path):
    path = tmp_path / "paper.db"
    path.write_bytes(b"not a database, but mine" * 100)
    with pytest.raises(StoreError, match=r"paper\.db"):
        SqlitePaperStorage(path)
    assert path.read_bytes().startswith(b"not a database")


def test_a_damaged_row_names_the_file(storage, tmp_path):
    other = sqlite3.connect(tmp_path / "paper.db")
    other.execute("INSERT INTO entity VALUES('a', '1', '{')")
    other.commit()
    other.close()
    with pytest.raises(StoreError, match=r"paper\.db"):
        storage.load()
