"""Start, stop, restart and look, with real processes: one server, and no foreign signal ever."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mtrade.domain.errors import ProcessError
from mtrade.process.lock import is_held
from mtrade.process.manager import State, Timing
from mtrade.process.record import read_pid, read_record
from tests.process.conftest import ROOT, TINY, House

pytestmark = pytest.mark.process
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals exist on POSIX only")


def until(done: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def get(house: House, path: str) -> dict[str, object]:
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=5)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        answer: dict[str, object] = json.loads(connection.getresponse().read())
        return answer
    finally:
        connection.close()


def test_a_whole_life(house: House) -> None:
    assert house.manager().status().state is State.STOPPED
    record = house.start()
    assert read_pid(house.paths) == record.pid
    assert house.manager().status().state is State.RUNNING
    assert house.manager().stop() is True
    assert house.manager().status().state is State.STOPPED
    assert not house.paths.pid.exists()
    assert not house.paths.record.exists()
    assert house.paths.lock.exists(), "the lock file is never deleted"
    assert house.manager().stop() is False


def test_second_start_finds_the_first(house: House) -> None:
    first = house.start()
    again = house.manager().start(Path("absent.py"), house.arguments, house.home)
    assert again.already
    assert again.record == first


def test_many_starts_give_one_server(house: House) -> None:
    with ThreadPoolExecutor(6) as pool:
        records = list(pool.map(lambda _: house.start(), range(6)))
    assert len({record.instance for record in records}) == 1


def test_servers_racing_without_launcher_leave_one(house: House) -> None:
    children = [house.run() for _ in range(3)]
    until(lambda: sum(child.poll() is None for child in children) == 1)
    until(lambda: house.manager().status().state is State.RUNNING)
    survivor = next(child for child in children if child.poll() is None)
    record = read_record(house.paths)
    assert record is not None
    assert record.pid == survivor.pid or sys.platform == "win32"
    assert all(child.returncode == 0 for child in children if child is not survivor)


@posix
def test_sigkill_then_start(house: House) -> None:
    first = house.start()
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: not is_held(house.paths.lock))
    assert house.manager().status().state is State.STALE
    assert not house.paths.pid.exists()
    second = house.start()
    assert second.instance != first.instance


@posix
def test_start_over_the_files_of_a_killed_server(house: House) -> None:
    first = house.start()
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: not is_held(house.paths.lock))
    assert house.paths.pid.exists()
    assert house.start().instance != first.instance


def test_leftover_stop_request_is_for_the_dead(house: House) -> None:
    house.paths.stop_request.write_text(json.dumps({"nonce": "of somebody else"}))
    house.start()
    house.paths.stop_request.write_text(json.dumps({"nonce": "of somebody else"}))
    time.sleep(0.5)  # longer than two looks of the server
    assert house.manager().status().state is State.RUNNING


@posix
def test_hung_server_times_out_and_force_ends_exactly_it(house: House) -> None:
    record = house.start()
    os.kill(record.pid, signal.SIGSTOP)
    with pytest.raises(ProcessError) as late:
        house.manager(Timing(stop=0.6, record=0.5)).stop()
    assert late.value.exit_code == 1
    assert is_held(house.paths.lock)
    assert house.manager(Timing(stop=0.3, force=5)).stop(force=True) is True
    assert not is_held(house.paths.lock)
    assert not house.paths.pid.exists()


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_take_the_graceful_way(house: House, number: signal.Signals) -> None:
    child = house.run()
    until(lambda: house.manager().status().state is State.RUNNING)
    child.send_signal(number)
    assert child.wait(15) == 0
    assert not house.paths.pid.exists()
    log = "".join(p.read_text("utf-8") for p in house.paths.logs.glob("mtrade-*.log"))
    assert "stopping" in log


def test_stop_while_it_starts(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINY_BUILD_S", "1")
    child = house.run()
    until(house.paths.pid.exists)
    assert house.manager().status().state is State.STARTING
    assert house.manager().stop() is True
    assert child.wait(10) == 0


def test_a_broken_inside_is_told_and_leaves_nothing(house: House) -> None:
    with pytest.raises(ProcessError) as failed:
        house.start(TINY_FAIL="1")
    assert failed.value.exit_code == 1
    assert "the inside is broken" in failed.value.params["tail"]
    assert not house.paths.pid.exists()
    assert not is_held(house.paths.lock)


def test_port_taken_by_another_program(house: House) -> None:
    with socket.create_server(("127.0.0.1", house.port)):
        with pytest.raises(ProcessError) as busy:
            house.start()
        assert busy.value.exit_code == 7
        assert str(house.port) in busy.value.params["tail"]
    assert not house.paths.pid.exists()
    assert not house.paths.record.exists()


def test_stop_from_the_inside(house: House) -> None:
    house.start()
    get(house, "/stop")
    until(lambda: house.manager().status().state is State.STOPPED)


def test_restart_from_the_inside_keeps_port_and_changes_pid(house: House) -> None:
    first = house.start()
    get(house, "/restart")
    until(lambda: (now := read_record(house.paths)) is not None and now.pid != first.pid, 40)
    until(lambda: house.manager().status().state is State.RUNNING)
    second = read_record(house.paths)
    assert second is not None
    assert second.port == first.port
    until(lambda: not house.paths.restart_note.exists())


def test_restart_that_fails_leaves_a_note_for_the_next_page(house: House) -> None:
    house.start()
    (house.home / "config.json").write_text("{broken", "utf-8")
    from mtrade.process import relaunch

    house.manager().stop()
    code = relaunch.relaunch(
        house.manager(),
        Path(__file__).with_name("tiny.py"),
        house.arguments,
        house.home,
        pauses=(0.01,),
    )
    assert code == 1
    note = relaunch.read_note(house.paths)
    assert note is not None
    assert not note.pending
    assert "config.json" in note.reason
    (house.home / "config.json").unlink()
    house.start()
    assert "config.json" in str(get(house, "/")["failure"])
    house.manager().stop()
    assert not house.paths.restart_note.exists(), "it has been shown"


@posix
def test_under_systemd_it_exits_with_75_and_starts_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INVOCATION_ID", "abc")
    monkeypatch.delenv("SYSTEMD_EXEC_PID", raising=False)
    child = house.run()
    until(lambda: house.manager().status().state is State.RUNNING)
    get(house, "/restart")
    assert child.wait(15) == 75
    assert not house.paths.restart_log.exists()


def test_parallel_stop_and_start_end_in_order(house: House) -> None:
    house.start()
    stopper = threading.Thread(target=house.manager().stop)
    stopper.start()
    house_again = house.start()
    stopper.join()
    state = house.manager().status().state
    assert state in (State.RUNNING, State.STOPPED)
    assert house_again.pid > 0


@pytest.mark.full
def test_twenty_starts_at_once_give_one_server(house: House) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from mtrade.process.manager import ProcessManager, Timing\n"
        "home, script = Path(sys.argv[1]), Path(sys.argv[2])\n"
        "started = ProcessManager(home, Timing(ready=60)).start(script, sys.argv[3:], home)\n"
        "print(started.record.instance)"
    )
    command = [sys.executable, "-c", code, str(house.home), str(TINY), *house.arguments]
    many = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(20)
    ]
    answers = {child.communicate(timeout=120)[0].strip() for child in many}
    assert [child.returncode for child in many] == [0] * 20
    assert len(answers) == 1
    assert read_record(house.paths) is not None
