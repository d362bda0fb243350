"""The record and the PID file: what is damaged, foreign or absurd is no record."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from mtrade.process.identity import own_identity, signallable
from mtrade.process.paths import HomePaths
from mtrade.process.record import (
    ServerRecord,
    home_hash,
    instance_of,
    read_pid,
    read_record,
    remove_record,
    remove_stale,
    stop_requested_by,
    write_record,
    write_stop_request,
)


def record_for(home: Path, **changes: Any) -> ServerRecord:
    me = own_identity()
    values: dict[str, Any] = {
        "pid": me.pid,
        "start_token": me.start_token,
        "boot_id": me.boot_id,
        "executable": "python",
        "home_hash": home_hash(home),
        "nonce": "a nonce",
        "instance": instance_of("a nonce"),
        "host": "0.0.0.0",  # noqa: S104 - written, not bound
        "port": 5000,
        "scheme": "http",
        "certificate": "",
        "started_ms": 1,
        "version": "1",
        "lang": "en",
        "arguments": (),
    }
    return ServerRecord(**(values | changes))


def test_written_and_read_back(tmp_path: Path) -> None:
    paths = HomePaths(tmp_path)
    write_record(paths, record_for(tmp_path))
    back = read_record(paths)
    assert back is not None
    assert back.identity == own_identity()
    assert read_pid(paths) == own_identity().pid
    assert paths.pid.read_text() == f"{own_identity().pid}\n"
    assert paths.record.stat().st_mode & 0o077 == 0
    assert back.local_url == "http://127.0.0.1:5000"


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "\x00" * 50, "{}", '"text"', "[" * 40_000, '{"pid": 5}'],
)
def test_damage_is_no_record(tmp_path: Path, content: str) -> None:
    paths = HomePaths(tmp_path)
    paths.record.write_text(content)
    assert read_record(paths) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"pid": 0},
        {"pid": -1},
        {"pid": 10**20},
        {"pid": True},
        {"pid": "5"},
        {"port": 0},
        {"nonce": ""},
        {"instance": "other"},
        {"home_hash": "other"},
        {"start_token": None},
    ],
)
def test_absurd_values_are_no_record(tmp_path: Path, changes: dict[str, Any]) -> None:
    paths = HomePaths(tmp_path)
    values = asdict(record_for(tmp_path)) | changes
    paths.record.write_text(json.dumps(values))
    assert read_record(paths) is None


def test_only_its_owner_removes_it(tmp_path: Path) -> None:
    paths = HomePaths(tmp_path)
    write_record(paths, record_for(tmp_path))
    remove_record(paths, "another nonce")
    assert paths.pid.exists()
    paths.pid.write_text("77\n")
    remove_record(paths, "a nonce")
    assert paths.pid.exists(), "the PID file of somebody else stays"
    assert not paths.record.exists()


def test_a_stop_request_is_for_one_nonce(tmp_path: Path) -> None:
    paths = HomePaths(tmp_path)
    assert stop_requested_by(paths, "a") is None
    write_stop_request(paths, "a", "somebody")
    assert stop_requested_by(paths, "a") == "somebody"
    assert stop_requested_by(paths, "b") is None
    for damage in ("", "{", "[1]", '{"nonce": null}'):
        paths.stop_request.write_text(damage)
        assert stop_requested_by(paths, "a") is None


def test_stale_things_of_any_kind_go(tmp_path: Path) -> None:
    paths = HomePaths(tmp_path)
    paths.pid.mkdir()
    target = tmp_path / "precious"
    target.write_text("x")
    paths.record.symlink_to(target)
    assert remove_stale(paths) == ["mtrade_server.pid", "mtrade_server.json"]
    assert target.read_text() == "x"


@pytest.mark.parametrize("pid", [-1, 0, 1, own_identity().pid, 10**20], ids=range(5))
def test_some_pids_are_never_signalled(pid: int) -> None:
    assert not signallable(pid)
