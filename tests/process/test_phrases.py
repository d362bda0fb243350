"""A Russian reader gets whole Russian sentences, whatever is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mtrade.config import load
from mtrade.config.reader import read_env_file
from mtrade.domain.errors import ConfigError, ProcessError
from mtrade.process import network, report
from mtrade.process.console import Console
from mtrade.process.phrases import phrase

# Two English words side by side; names of keys, files and commands do not count.
ENGLISH = re.compile(r"(?<![.\w/-])[A-Za-z]{2,} [A-Za-z]{2,}")
BROKEN = {
    "trailing comma": '{"server": {"port": 5000,}}',
    "missing comma": '{"version": 1 "server": {}}',
    "missing colon": '{"version" 1}',
    "open string": '{"version',
    "no value": '{"version": }',
    "empty": "",
    "list": "[]",
    "rest": "{} {}",
    "escape": '{"version": "\\q"}',
    "tab in string": '{"version": "a\tb"}',
    "deep": "[" * 100_000,
    "twice": '{"version": 1, "version": 1}',
    "NaN": '{"version": NaN}',
    "unknown name": '{"server": {"prot": 1}}',
    "wrong kind": '{"server": {"port": "x"}}',
    "wrong port": '{"server": {"port": 0}}',
    "blocked port": '{"server": {"port": 6000}}',
    "wrong host": '{"server": {"host": "far.example"}}',
    "wrong network": '{"network": "moon"}',
    "number without quotes": '{"risk": {"price_band": 0.5}}',
    "too small": '{"risk": {"max_leverage": 0}}',
    "section is none": '{"risk": 1}',
    "text": '{"ui": {"lang": 5}}',
    "bool": '{"server": {"open_browser": "yes"}}',
}
WRONG_OPTIONS = {
    "port": "abc",
    "host": "far.example",
    "tls_cert": "nowhere.pem",
    "allowed_hosts": "a/b",
    "paper_url": "http://far.example:1",
    "lang": "xx",
}


def told(error: ConfigError | ProcessError, capsys: pytest.CaptureFixture[str]) -> str:
    report.failed(Console("ru"), error, None)
    return capsys.readouterr().err


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_configuration(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_text(BROKEN[name], "utf-8")
    with pytest.raises(ConfigError) as fault:
        load({"home": str(tmp_path)})
    said = told(fault.value, capsys)
    assert not ENGLISH.search(said), said


@pytest.mark.parametrize("name", WRONG_OPTIONS)
def test_a_wrong_option(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError) as fault:
        load({"home": str(tmp_path), name: WRONG_OPTIONS[name]})
    said = told(fault.value, capsys).replace(str(tmp_path), "")
    assert not ENGLISH.search(said), said


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"x" * 2_000_000])
def test_a_file_that_is_no_text(
    raw: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_bytes(raw)
    with pytest.raises(ConfigError) as fault:
        load({"home": str(tmp_path)})
    assert not ENGLISH.search(told(fault.value, capsys))


def test_a_broken_env_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".env").write_text("rubbish here\n", "utf-8")
    with pytest.raises(ConfigError) as fault:
        read_env_file(tmp_path / ".env")
    assert not ENGLISH.search(told(fault.value, capsys))


def test_a_busy_port(capsys: pytest.CaptureFixture[str]) -> None:
    with network.bind("127.0.0.1", 0) as first:
        first.listen()
        port = int(first.getsockname()[1])
        with pytest.raises(ProcessError) as fault:
            network.bind("127.0.0.1", port)
    said = told(fault.value, capsys)
    assert f"порт {port} недоступен" in said
    assert not ENGLISH.search(said.partition("Выберите")[0]), said


def test_what_nobody_foresaw_stays_as_it_came() -> None:
    assert phrase("a new kind of trouble", "ru") == "a new kind of trouble"
    assert phrase("wrong value", "en") == "wrong value"
