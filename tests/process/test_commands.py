"""What a person types and gets back: words, exit codes, `--json`, no stumbling over a bad file."""

from __future__ import annotations

import json
import signal
import socket
import string
import subprocess
import sys
import time

import pytest

from mtrade.process import messages
from mtrade.process.lock import is_held
from mtrade.process.record import read_record
from tests.process.conftest import ROOT, House, free_port
from tests.process.tiny import SCRIPT

pytestmark = pytest.mark.process


def start(house: House, *more: str, **environ: str) -> tuple[int, str, str]:
    done = house.command(
        "start", "--host", "127.0.0.1", "--port", str(house.port), "--no-browser", *more, **environ
    )
    return done.returncode, done.stdout, done.stderr


def test_start_status_restart_stop(house: House) -> None:
    code, out, _ = start(house)
    assert code == 0
    assert f"http://127.0.0.1:{house.port}" in out
    assert "[ok] config.json" in out
    assert "\x1b" not in out, "no colour without a terminal"
    assert start(house)[:2] == (0, start(house)[1])
    assert "already running" in start(house)[1]

    code, status = house.json("status")
    first = read_record(house.paths)
    assert first is not None
    assert (code, status["state"], status["pid"]) == (0, "RUNNING", first.pid)

    done = house.command("restart")
    assert done.returncode == 0, done.stderr
    second = read_record(house.paths)
    assert second is not None
    assert second.pid != first.pid
    assert second.port == house.port, "the port of the command line survives a restart"

    assert house.json("stop") == (0, {"ok": True, "state": "STOPPED", "was_running": True})
    assert house.json("status")[0] == 3
    assert house.json("stop") == (0, {"ok": True, "state": "STOPPED", "was_running": False})


def test_restart_keeps_what_the_environment_chose(house: House) -> None:
    assert (
        house.command("start", MTRADE_PORT=str(house.port), MTRADE_HOST="127.0.0.1").returncode == 0
    )
    assert house.command("restart").returncode == 0
    record = read_record(house.paths)
    assert record is not None
    assert (record.port, record.host) == (house.port, "127.0.0.1")


def test_restart_changes_what_the_command_line_says(house: House) -> None:
    assert start(house)[0] == 0
    other = free_port()
    assert house.command("restart", "--port", str(other)).returncode == 0
    record = read_record(house.paths)
    assert record is not None
    assert record.port == other


def test_russian(house: House) -> None:
    done = house.command("status", "--lang", "ru")
    assert "не запущен" in done.stdout


def test_a_broken_configuration_is_told_with_its_place(house: House) -> None:
    config = house.home / "config.json"
    config.write_text('{\n  "server": {"prot": 5000}\n}\n', "utf-8")
    code, out, err = start(house)
    assert code == 6
    assert "config.json, line 2, column 14" in err
    assert 'did you mean "port"' in err
    assert config.read_text("utf-8") == '{\n  "server": {"prot": 5000}\n}\n'
    code, answer = house.json("start")
    assert (code, answer["ok"], answer["code"]) == (6, False, "config_unknown_key")
    assert out.count("\n") <= 2


def test_a_broken_configuration_does_not_cost_the_running_server(house: House) -> None:
    assert start(house)[0] == 0
    (house.home / "config.json").write_text("{", "utf-8")
    done = house.command("restart")
    assert done.returncode == 6
    assert "config.json.bak" in done.stderr, "names the last good copy"
    assert is_held(house.paths.lock)
    assert house.command("stop").returncode == 0, "stopping does not need good settings"


@pytest.mark.parametrize(
    "arguments",
    [("start", "--nonsense"), ("start", "--port", "0"), ("start", "--port", "6000"), ()],
)
def test_bad_arguments_are_2(house: House, arguments: tuple[str, ...]) -> None:
    assert house.command(*arguments).returncode == 2


def test_a_busy_port_is_7_and_names_a_way_out(house: House) -> None:
    with socket.create_server(("127.0.0.1", house.port)):
        code, _, err = start(house)
    assert code == 7
    assert str(house.port) in err
    assert "--port" in err
    assert not house.paths.pid.exists()


def test_a_server_that_dies_at_birth_is_1_with_its_last_lines(house: House) -> None:
    code, _, err = start(house, TINY_FAIL="1")
    assert code == 1
    assert "the inside is broken" in err


def test_json_is_one_object_and_nothing_else(house: House) -> None:
    code, _, _ = start(house, "--json")
    assert code == 0
    done = house.command("status", "--json")
    assert done.stdout.count("\n") == 1
    assert json.loads(done.stdout)["state"] == "RUNNING"


def test_settings_are_shown_with_their_source(house: House) -> None:
    code, rows = house.json("status", "--config", MTRADE_LOG_LEVEL="DEBUG")
    assert code == 0
    assert rows["MTRADE_LOG_LEVEL"] == {"value": "DEBUG", "source": "environment"}
    assert rows["MTRADE_HOME"]["source"] == "command line"
    assert rows["risk.price_band"]["source"] == "default"


def test_setup_code_is_printed_while_there_is_no_password(house: House) -> None:
    house.paths.run.mkdir()
    house.paths.setup_code.write_text("AB2C-DE3F-GH\n", "utf-8")
    _, out, _ = start(house, TINY_SETUP="1")
    assert f"http://127.0.0.1:{house.port}/setup#code=AB2CDE3FGH" in out
    house.command("stop")
    assert "AB2C" not in start(house)[1]


def test_every_sentence_exists_in_both_languages_and_fits_old_consoles() -> None:
    for key, texts in messages._TEXTS.items():
        for sentence in texts:
            assert sentence
            assert all(ord(letter) < 0x2600 for letter in sentence), f"{key}: no emoji"
        fields = [set(_fields(text)) for text in texts]
        assert fields[0] == fields[1] or key.startswith("config_")


def _fields(sentence: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(sentence) if name]


@pytest.mark.parametrize(
    ("wanted", "environ", "expected"),
    [
        ("ru", {"LANG": "en_US.UTF-8"}, "ru"),
        (None, {"LANG": "ru_RU.UTF-8"}, "ru"),
        ("auto", {"LC_ALL": "de_DE", "LANG": "ru_RU"}, "en"),
    ],
)
def test_language(wanted: str | None, environ: dict[str, str], expected: str) -> None:
    assert messages.language(wanted, environ) == expected


@pytest.mark.skipif(sys.platform == "win32", reason="os.execv does not replace a process there")
def test_foreground_is_the_server_itself(house: House) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from mtrade.process.commands import Commands\n"
        f"sys.exit(Commands(script=Path({str(SCRIPT)!r})).main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "start", "--foreground", *house.arguments]
    child = subprocess.Popen(command, cwd=ROOT)
    house.started.append(child)
    deadline = time.monotonic() + 20
    while house.manager().status().answer is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    record = read_record(house.paths)
    assert record is not None
    assert record.pid == child.pid
    child.send_signal(signal.SIGINT)
    assert child.wait(15) == 0
