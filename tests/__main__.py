"""The one test command: `python -m tests [--full] [pytest arguments]`.

Makes `.venv` with the run-time and test packages, then runs formatter, linter, type checker and
tests; the exit code is that of the first step that failed. Standard library only, because it runs
before anything is installed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from mtrade.domain.errors import ProcessError  # noqa: E402
from mtrade.process.console import Console  # noqa: E402
from mtrade.process.environment import prepare  # noqa: E402

LOCKS = ("requirements.txt", "requirements-dev.txt")
STAMP = "tests.sha256"


def main(arguments: list[str]) -> int:
    """Run every step; returns the exit code."""
    try:
        python = str(prepare(PROJECT, Console("en")))
    except ProcessError as fault:
        print(fault.message, file=sys.stderr)
        return fault.exit_code
    if code := install_test_packages(python):
        return code
    steps = [] if arguments and not arguments[0].startswith("-") else checks(python)
    steps.append([python, "-m", "pytest", "-n", "2", "--dist", "loadfile", *arguments])
    for step in steps:
        print("$", *(Path(part).name if part == python else part for part in step), flush=True)
        code = subprocess.run(step, cwd=PROJECT, check=False, env=environment()).returncode
        if code:
            return code
    return 0


def checks(python: str) -> list[list[str]]:
    """What runs before the tests when all of them run."""
    return [
        [python, "-m", "ruff", "check", "."],
        [python, "-m", "ruff", "format", "--check", "."],
        [python, "-m", "mypy"],
    ]


def install_test_packages(python: str) -> int:
    """Install the test lock when it has changed; the stamp is written last."""
    stamp = PROJECT / ".venv" / STAMP
    wanted = hashlib.sha256(b"".join((PROJECT / name).read_bytes() for name in LOCKS)).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return 0
    print("installing the test packages ...", flush=True)
    files = [part for name in LOCKS for part in ("-r", name)]
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes"]
    code = subprocess.run([*pip, *files], cwd=PROJECT, check=False).returncode
    if code == 0:
        stamp.write_text(wanted, encoding="ascii")
    return code


def environment() -> dict[str, str]:
    """The tests' environment: UTF-8 everywhere, and none of the owner's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MTRADE_")}
    return {**kept, "PYTHONUTF8": "1"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
