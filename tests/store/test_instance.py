"""The instance id stays with its machine and folder, and with nothing else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from mtrade.store.database import JOURNAL, Database
from mtrade.store.instance import forget_place, former_instances, instance_id, machine_id


def ask(path: Path, machine: str = "m1") -> tuple[str, frozenset[str]]:
    database = Database(path, JOURNAL)
    try:
        return instance_id(database, machine), former_instances(database)
    finally:
        database.close()


def test_it_stays_the_same_over_restarts(tmp_path: Path) -> None:
    path = tmp_path / "one" / "mtrade.db"
    code, former = ask(path)
    assert re.fullmatch("[a-z2-7]{4}", code)
    assert ask(path) == (code, former) == (code, frozenset())


def test_a_copied_folder_gets_another_and_knows_the_first(tmp_path: Path) -> None:
    first, _ = ask(tmp_path / "one" / "mtrade.db")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    second, former = ask(tmp_path / "two" / "mtrade.db")
    assert second != first
    assert former == {first}
    assert ask(tmp_path / "one" / "mtrade.db")[0] == first


def test_another_machine_gets_another(tmp_path: Path) -> None:
    first, _ = ask(tmp_path / "mtrade.db")
    assert ask(tmp_path / "mtrade.db", "m2")[0] != first


def test_a_restored_journal_gets_another(tmp_path: Path) -> None:
    first, _ = ask(tmp_path / "mtrade.db")
    database = Database(tmp_path / "mtrade.db", JOURNAL)
    forget_place(database)
    database.close()
    second, former = ask(tmp_path / "mtrade.db")
    assert second != first
    assert first in former


def test_the_machine_has_a_steady_name() -> None:
    assert machine_id()
    assert machine_id() == machine_id()
