"""Every command line the guides show is understood by the program as it is written."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mtrade.admin import commands as admin
from mtrade.paper import alone
from mtrade.process import commands

ROOT = Path(__file__).resolve().parents[1]
GUIDES = [ROOT / n for n in ("README.md", "README.ru.md", "QUICKSTART.md")]
GUIDES += [ROOT / "docs" / n for n in ("operations.md", "development.md", "api.md")]
LINE = re.compile(r"\bpython3? ((?:-m [\w.]+|\w+\.py)(?: [^`\n#]*)?)")
BATCH = re.compile(r"\b([A-Z]+\.bat)\b")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def lines() -> list[str]:
    """All command lines, without the comment behind them."""
    texts = (guide.read_text(encoding="utf-8") for guide in GUIDES)
    found = {match.strip() for text in texts for match in LINE.findall(text)}
    return sorted(found - {"-m mtrade.admin"})  # which only names the group


def admin_lines() -> list[str]:
    """The commands of `python -m mtrade.admin` that docs/operations.md lists."""
    listed = OPERATIONS.partition("`python -m mtrade.admin`")[2].partition("\n\n")[0]
    return re.findall(r"`([a-z][^`]*)`", listed.replace("\n", " "))


def understood(words: list[str]) -> None:
    """Parse only; argparse leaves with code 2 when it does not understand."""
    words = [word.split("|")[0] for word in words]  # of a choice, the first
    target, arguments = words[0], words[1:]
    if target == "-m":
        module, arguments = arguments[0], arguments[1:]
        parsers = {"mtrade.admin": admin._parser, "mtrade.paper": alone._parser}
        if module in parsers:
            parsers[module]().parse_args(arguments)
        else:
            assert (ROOT / module.replace(".", "/")).exists(), module
    else:
        assert (ROOT / target).is_file(), target
        commands._parser().parse_args([target.removesuffix(".py"), *arguments])


@pytest.mark.parametrize("line", lines())
def test_the_program_understands(line: str) -> None:
    understood(line.split())


@pytest.mark.parametrize("line", admin_lines())
def test_every_admin_command_exists(line: str) -> None:
    understood(["-m", "mtrade.admin", *line.split()])


def test_the_guides_show_what_there_is_to_show() -> None:
    assert len(lines()) > 10
    assert {"doctor", "backup", "set-password", "audit-verify"} <= set(admin_lines())


def test_every_batch_file_that_is_named_exists() -> None:
    named = {name for guide in GUIDES for name in BATCH.findall(guide.read_text(encoding="utf-8"))}
    assert named == {path.name for path in ROOT.glob("*.bat")}


# Runs a script with the environment of the tests in the place of `.venv`.
HERE = (
    "import pathlib, runpy, sys; from mtrade.process import environment; "
    "environment.venv_python = lambda project: pathlib.Path(sys.executable); "
    "sys.argv.pop(0); runpy.run_path(sys.argv[0], run_name='__main__')"
)


@pytest.mark.parametrize("command", [["-m", "mtrade.admin", "doctor"], ["status.py", "--config"]])
def test_the_harmless_ones_run(command: list[str], tmp_path: Path) -> None:
    at = 2 if command[0] == "-m" else 1
    program = command[:at] if command[0] == "-m" else ["-c", HERE, *command[:at]]
    done = subprocess.run(
        [sys.executable, *program, "--home", str(tmp_path), *command[at:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(tmp_path) in done.stdout
