"""SIGKILL at random moments: files are old or new, the journal has no half transaction."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from mtrade.store import files
from mtrade.store.journal import SqliteJournal
from tests.store.crashes import kill_while_writing

# Each round starts a Python that goes on with the file the killed one left.
ROUNDS = [25, pytest.param(500, marks=[pytest.mark.full, pytest.mark.timeout(1200)])]

FILE_WRITER = """
from mtrade.store import files
present = files.read_json(target) or {"n": -1}
for n in itertools.count(present["n"] + 1):
    files.write_json(target, {"n": n, "body": [n] * 500})
    print(n, flush=True)
"""

JOURNAL_WRITER = """
from tests.store.test_journal import intent, order
from mtrade.domain.frozen import replace
from mtrade.domain.orders import IntentState
from mtrade.store.journal import SqliteJournal
journal = SqliteJournal(target)
journal.begin_epoch(1, "boot", "abcd", "1.0.0")
last = journal.recent(None, before_id=1 << 60, limit=1)
start = int(last[0].request_id.split("-")[0]) + 1 if last else 0
for n in itertools.count(start):
    batch = [
        replace(intent(0), request_id=f"{n}-{k}", order=order(f"t-{n}-{k}")) for k in range(5)
    ]
    stored = journal.commit(batch)
    print(n, flush=True)
    journal.update([i.advance(IntentState.OPEN, order_id=str(n)) for i in stored])
"""


@pytest.mark.parametrize("rounds", ROUNDS)
def test_a_file_is_the_old_or_the_new_version(tmp_path: Path, rounds: int) -> None:
    path = tmp_path / "accounts.json"
    for seed in range(rounds):
        told = kill_while_writing(FILE_WRITER, path, seed)
        document = files.read_json(path)
        assert document is not None
        assert document["n"] in (told, told + 1), f"seed {seed}"
        assert document["body"] == [document["n"]] * 500
        copy = files.read_json(path.with_name("accounts.json.bak"))
        assert copy is None or document["n"] - copy["n"] in (0, 1)


@pytest.mark.parametrize("rounds", ROUNDS)
def test_the_journal_has_whole_transactions_and_everything_it_promised(
    tmp_path: Path, rounds: int
) -> None:
    path = tmp_path / "mtrade.db"
    for seed in range(rounds):
        told = kill_while_writing(JOURNAL_WRITER, path, seed)
        _check(path, told, f"seed {seed}")


def _check(path: Path, told: int, where: str) -> None:
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok", where
        counts = db.execute(
            "SELECT substr(request_id, 1, instr(request_id, '-') - 1) AS batch, count(*),"
            " count(DISTINCT state) FROM intent GROUP BY batch"
        ).fetchall()
    db.close()
    assert all(rows == 5 and states == 1 for _, rows, states in counts), where
    assert {int(batch) for batch, _, _ in counts} >= set(range(told + 1)), where
    journal = SqliteJournal(path)
    found = len(journal.recent(None, before_id=None, limit=1))
    journal.close()
    assert found == 1, where
