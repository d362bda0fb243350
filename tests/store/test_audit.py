"""The audit chain shows every change; no secret and no thread breaks it."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtrade.domain.errors import StoreError
from mtrade.logs.redaction import Redactor
from mtrade.store.audit import AuditLog

NOW = 1_700_000_000_000
CANARY = "canary-0123456789abcdef"


def opened(folder: Path) -> AuditLog:
    redactor = Redactor()
    redactor.register(CANARY)
    return AuditLog(folder / "audit.db", folder / "logs" / "audit.jsonl", redactor.clean)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AuditLog]:
    opened_log = opened(tmp_path)
    yield opened_log
    opened_log.close()


def fill(log: AuditLog, rows: int) -> None:
    for n in range(rows):
        log.append(f"session:{n}", "10.0.0.1", "login", "", "ok", NOW + n)


def change(path: Path, sql: str) -> None:
    with sqlite3.connect(path) as db:
        db.execute(sql)
    db.close()


def test_rows_come_back_newest_first_in_pages(log: AuditLog) -> None:
    fill(log, 5)
    page = log.recent(limit=2)
    rest = log.recent(before_seq=page[-1].seq, limit=9)
    assert [r.seq for r in (*page, *rest)] == [5, 4, 3, 2, 1]
    assert page[0].actor == "session:4"


def test_an_untouched_chain_holds_over_restarts(tmp_path: Path) -> None:
    for _ in range(3):
        log = opened(tmp_path)
        fill(log, 2)
        log.close()
    log = opened(tmp_path)
    verdict = log.verify()
    assert (verdict.ok, verdict.rows, verdict.head) == (True, 6, log.head())
    log.close()


def test_an_empty_chain_holds(log: AuditLog) -> None:
    assert log.verify().ok


@pytest.mark.parametrize(
    ("sql", "bad"),
    [
        ("UPDATE audit SET detail='no' WHERE seq=3", 3),
        ("UPDATE audit SET ts_ms=ts_ms+1 WHERE seq=1", 1),
        ("UPDATE audit SET actor='x', hash=randomblob(32) WHERE seq=2", 2),
        ("DELETE FROM audit WHERE seq=2", 2),
        ("DELETE FROM audit WHERE seq=5", 5),
        ("DELETE FROM audit", 1),
        ("UPDATE audit SET seq=9 WHERE seq=5", 5),
    ],
)
def test_every_change_is_found(log: AuditLog, tmp_path: Path, sql: str, bad: int) -> None:
    fill(log, 5)
    change(tmp_path / "audit.db", sql)
    verdict = log.verify()
    assert (verdict.ok, verdict.bad_seq) == (False, bad)


def test_secrets_and_broken_text_do_not_get_in(log: AuditLog, tmp_path: Path) -> None:
    log.append("a", "ip", "key add", CANARY, f"secret={CANARY} \ud800 \x1b[2J", NOW)
    log.append("a", "ip", "long", "", "x" * 100_000, NOW)
    assert log.verify().ok
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or CANARY.encode() not in file.read_bytes()


def test_the_readable_copy_tells_the_same(log: AuditLog, tmp_path: Path) -> None:
    fill(log, 3)
    lines = (tmp_path / "logs" / "audit.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [r["seq"] for r in rows] == [1, 2, 3]
    assert rows[-1]["hash"] == log.head()


def test_the_copy_failing_does_not_stop_the_record(log: AuditLog, tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("in the way")
    fill(log, 2)
    assert log.verify().rows == 2


def test_the_copy_begins_anew_when_it_is_large(
    log: AuditLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtrade.store.audit._COPY_BYTES", 100)
    for n in range(15):
        log.append("a", "ip", "act", "", "", NOW + n * 1000)
    files = list((tmp_path / "logs").glob("audit-*.jsonl"))
    assert len(files) == 10


def test_threads_and_a_second_process_keep_one_chain(log: AuditLog, tmp_path: Path) -> None:
    beside = opened(tmp_path)
    threads = [threading.Thread(target=fill, args=(one, 10)) for one in (log, beside) * 2]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    beside.close()
    assert (log.verify().ok, log.verify().rows) == (True, 40)


def test_what_cannot_be_recorded_says_so(log: AuditLog) -> None:
    log.close()
    with pytest.raises(StoreError):
        fill(log, 1)
