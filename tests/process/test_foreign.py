"""No signal ever reaches a process that is not proven to be our server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from mtrade.domain.errors import ProcessError
from mtrade.domain.frozen import replace
from mtrade.process import identity
from mtrade.process.identity import Identity, boot_id, own_identity
from mtrade.process.manager import State, Timing
from mtrade.process.record import ServerRecord, read_record, write_record
from tests.process.conftest import House

pytestmark = pytest.mark.process
ON_LINUX = sys.platform == "linux"


def pose_as(house: House, record: ServerRecord, **changes: object) -> None:
    """Rewrite both files so that they describe somebody else."""
    write_record(house.paths, replace(record, **changes))  # type: ignore[arg-type]


def test_decoy_on_a_recycled_pid_survives_with_the_lock_free(
    house: House, decoy: subprocess.Popen[bytes]
) -> None:
    record = house.start()
    house.manager().stop()
    pose_as(house, record, pid=decoy.pid)
    assert house.manager().stop(force=True) is False
    assert not house.paths.pid.exists()


def test_decoy_named_by_the_files_of_a_living_server_survives(
    house: House, decoy: subprocess.Popen[bytes]
) -> None:
    record = house.start()
    token = identity._start_token(decoy.pid)  # the worst case: even the start time fits
    pose_as(house, record, pid=decoy.pid, start_token=token if ON_LINUX else record.start_token)
    with pytest.raises(ProcessError) as refused:
        house.manager().stop(force=True)
    assert refused.value.exit_code == 4
    assert house.manager().status().state is State.FOREIGN
    write_record(house.paths, record)
    assert house.manager().status().state is State.RUNNING


def test_same_pid_of_another_time_is_not_signalled(house: House) -> None:
    record = house.start()
    for changes in ({"start_token": "1"}, {"boot_id": "another boot"}, {"start_token": ""}):
        pose_as(house, record, **changes)
        with pytest.raises(ProcessError) as refused:
            house.manager().stop(force=True)
        assert refused.value.exit_code == 4
    write_record(house.paths, record)
    assert house.manager().status().state is State.RUNNING


GARBAGE = ["0\n", "-1\n", "1\n", f"{os.getpid()}\n", "text\n", f"{10**20}\n", "", "1.5", "\x00" * 9]


@pytest.mark.parametrize("content", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_in_the_pid_file_never_signals(
    house: House, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = _record_signals(monkeypatch)
    house.paths.lock.touch()
    house.paths.pid.write_text(content)
    assert house.manager().stop(force=True) is False
    assert not house.paths.pid.exists()
    assert sent == []


def test_garbage_while_a_server_runs_is_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = house.start()
    sent = _record_signals(monkeypatch)
    manager = house.manager(Timing(record=0.05, stop=1, force=1))
    for content in (None, *GARBAGE):
        house.paths.pid.unlink()
        if content is None:
            house.paths.pid.mkdir()
        else:
            house.paths.pid.write_text(content)
        with pytest.raises(ProcessError) as refused:
            manager.stop(force=True)
        assert refused.value.exit_code == 4
        if content is None:
            house.paths.pid.rmdir()
        write_record(house.paths, record)
    assert sent == []
    assert house.manager().status().state is State.RUNNING


def _record_signals(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    sent: list[tuple[object, ...]] = []
    monkeypatch.setattr(os, "kill", lambda *a: sent.append(a))
    if hasattr(signal, "pidfd_send_signal"):
        real = signal.pidfd_send_signal

        def watched(descriptor: int, number: int, *rest: object) -> None:
            if number != 0:  # 0 only asks whether it lives
                sent.append((descriptor, number))
            real(descriptor, 0)

        monkeypatch.setattr(signal, "pidfd_send_signal", watched)
    return sent


def test_record_of_another_folder_is_not_ours(house: House, tmp_path: Path) -> None:
    record = house.start()
    other = House(tmp_path / "copy", house.port)
    other.home.mkdir()
    other.paths.record.write_text(json.dumps(asdict(record)))
    assert read_record(other.paths) is None


def test_identity_of_this_process() -> None:
    me = own_identity()
    assert me == Identity(os.getpid(), me.start_token, boot_id())
    assert me.start_token


@pytest.mark.skipif(not ON_LINUX, reason="only Linux has pid namespaces")
def test_a_truly_recycled_pid_belongs_to_the_stranger(house: House) -> None:
    """The kernel itself gives the dead server's number to another process."""
    unshare = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode:
        pytest.skip("this user may not make a pid namespace")
    script = str(Path(__file__).with_name("recycled.py"))
    done = subprocess.run(
        [*unshare, sys.executable, script, str(house.home), str(house.port)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "recycled": True,
        "stopped": False,
        "held_code": 4,
        "alive": True,
    }
