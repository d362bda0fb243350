"""The keeper: one backup a day, a failure is kept visible until the next one succeeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtrade import keeper
from mtrade.domain.errors import StoreError
from mtrade.keeper import Keeper
from mtrade.store.backup import list_backups
from mtrade.store.journal import SqliteJournal
from tests.clocks import FakeClock


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    SqliteJournal(tmp_path / "data" / "mtrade.db").close()
    return tmp_path


def test_one_backup_a_day(home: Path) -> None:
    clock = FakeClock()
    kept = Keeper(home, clock)
    kept.look()
    kept.look()
    assert len(list_backups(home)) == 1
    clock.advance(86_400)
    kept.look()
    assert len(list_backups(home)) == 2
    assert not kept.problem


def test_a_failure_stays_visible_until_one_succeeds(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(folder: Path, now_ms: int) -> Path:
        raise StoreError("disk full")

    kept = Keeper(home, FakeClock())
    with monkeypatch.context() as broken:
        broken.setattr(keeper, "make_backup", fail)
        kept.look()
    assert kept.problem == "disk full"
    kept.look()
    assert not kept.problem


def test_it_stops_when_told(home: Path) -> None:
    kept = Keeper(home, FakeClock())
    kept.start()
    kept.close()
