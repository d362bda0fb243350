"""Logs: nothing secret reaches a file, lines stay lines, files rotate by new names."""

from __future__ import annotations

import io
import json
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade import logs
from mtrade.logs.redaction import Redactor, redactor

SECRET = "s3cr3t-of-the-owner"
HEX = "0123456789abcdef" * 8


def written(folder: Path) -> str:
    return "".join(path.read_text("utf-8") for path in logs.log_files(folder))


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written(folder).splitlines()]


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redactor, "_exact", ())
    logs.register_secret(SECRET)


@pytest.mark.usefixtures("exact")
def test_planted_secrets_are_found_nowhere(tmp_path: Path) -> None:
    planted = ["plant-1", "plant-2", "plant-3", "plant-4", "plant-5", "plant-6", "plant-7", HEX]
    console = io.StringIO()
    with logs.opened(tmp_path, console=console, level="DEBUG"):
        log, old = logs.get_logger("mtrade.x"), logging.getLogger("requests.y")
        log.info("order", api_key="plant-1", apiSecret="plant-2", body={"SIGN": "plant-3"})
        log.info("signature is %s", HEX, deep=[{"x": ({"Set-Cookie": "plant-4"},)}])
        old.warning("headers {'KEY': 'plant-1', 'SIGN': '%s', 'Timestamp': '1'}", HEX)
        old.warning("Authorization: Bearer plant-5")
        old.warning("Cookie: a=plant-6; b=plant-7")
        old.warning("x", extra={"password": "plant-1", "X-CSRF-Token": "plant-2"})
        old.warning("GET /x?token=plant-3&secret=plant-4")
        log.warning("exact %s", SECRET, value=SECRET, **{SECRET: 1})
        try:
            raise ValueError(f"password='plant-5' and {SECRET}")
        except ValueError:
            log.exception("failed")
            old.exception("failed too")
    everything = written(tmp_path) + console.getvalue()
    for secret in [*planted, SECRET]:
        assert secret not in everything
    assert "Timestamp" in everything
    assert "ValueError" in everything
    assert len(lines(tmp_path)) == 10


def test_ordinary_words_stay(tmp_path: Path) -> None:
    with logs.opened(tmp_path):
        logs.get_logger("x").info("monkey business", keyboard="azerty", order_id="12", n=1, ok=True)
    (line,) = lines(tmp_path)
    assert line["event"] == "monkey business"
    assert (line["keyboard"], line["order_id"], line["n"], line["ok"]) == ("azerty", "12", 1, True)
    assert line["level"] == "info"
    assert line["logger"] == "x"
    assert line["time"][10] == "T"
    assert line["time"][-6] in "+-"


@given(st.text())
def test_an_event_is_always_one_line_without_controls(text: str) -> None:
    clean = Redactor().clean(text)
    assert not [c for c in clean if (ord(c) < 32 and c not in "\t\n") or 0x7F <= ord(c) < 0xA0]
    assert not set(clean) & set("\u2028\u2029\u202e\u2066")


def test_terminal_tricks_are_escaped(tmp_path: Path) -> None:
    console = io.StringIO()
    with logs.opened(tmp_path, console=console):
        logging.getLogger("x").warning("a\x1b[2Jb\r\nfake line \u202e")
    assert "\x1b" not in console.getvalue()
    assert "\u202e" not in console.getvalue()
    assert len(lines(tmp_path)) == 1
    assert lines(tmp_path)[0]["event"].startswith("a\\x1b[2Jb\\x0d\n")


def test_level_and_foreign_warnings(tmp_path: Path) -> None:
    with logs.opened(tmp_path, level="WARNING"), warnings.catch_warnings():
        warnings.simplefilter("always")
        logs.get_logger("x").info("quiet")
        logging.getLogger("urllib3.pool").debug("never")
        warnings.warn("old thing", UserWarning, stacklevel=1)
    assert [line["logger"] for line in lines(tmp_path)] == ["py.warnings"]


def test_rotation_opens_new_names_and_prunes_old_ones(tmp_path: Path) -> None:
    with logs.opened(tmp_path, max_bytes=400, keep=3):
        for number in range(40):
            logs.get_logger("x").info("line", number=number)
    files = logs.log_files(tmp_path)
    assert len(files) == 3
    assert lines(tmp_path)[-1]["number"] == 39
    assert all(path.stat().st_size < 700 for path in files)
    with logs.opened(tmp_path, max_bytes=400, keep=3):
        logs.get_logger("x").info("next run")
    assert lines(tmp_path)[-1]["event"] == "next run"


@pytest.mark.skipif(sys.platform == "win32", reason="files have the rights of their folder there")
def test_files_are_private(tmp_path: Path) -> None:
    with logs.opened(tmp_path):
        logs.get_logger("x").info("line")
    for path in tmp_path.iterdir():
        assert path.stat().st_mode & 0o077 == 0
    assert (tmp_path / "crash.log").exists()


def test_a_folder_that_refuses_costs_lines_not_the_program(tmp_path: Path) -> None:
    place = tmp_path / "a file, no folder"
    place.touch()
    with logs.opened(place):
        for _ in range(3):
            logs.get_logger("x").info("lost")


def test_a_handler_leaves_no_open_file_behind(tmp_path: Path) -> None:
    before = len(logging.getLogger().handlers)
    with logs.opened(tmp_path):
        logs.get_logger("x").info("line")
    assert len(logging.getLogger().handlers) == before
    logs.log_files(tmp_path)[0].replace(tmp_path / "moved")  # refused on Windows if open
