"""Make `.venv` and keep it equal to `requirements.txt`. Standard library only; runs outside it.

Two starts at the same time take turns by a lock inside `.venv`. The hash of the installed lock file
is stored last, so an interrupted installation is simply repeated.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mtrade.domain.errors import ProcessError
from mtrade.process.console import Console
from mtrade.process.lock import InstanceLock

BROKEN = 5
LOCK = "start.lock"
_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==(\S+)", re.MULTILINE)
# "Processing" is what pip says of a wheel from a folder.
_STEP = re.compile(
    r"^(?:(?:Collecting|Requirement already satisfied:) ([A-Za-z0-9._-]+)"
    r"|Processing \S*[/\\]([A-Za-z0-9._]+)-)"
)


def _failed(message: str) -> ProcessError:
    return ProcessError(message, exit_code=BROKEN, code="environment")


def venv_python(project: Path) -> Path:
    """The interpreter inside `.venv`."""
    if os.name == "nt":
        return project / ".venv" / "Scripts" / "python.exe"
    return project / ".venv" / "bin" / "python"


def prepare(project: Path, console: Console) -> Path:
    """Make what is missing, say each step, and return the interpreter to continue with.

    Raises ProcessError with exit code 5 and a sentence for the person who started.
    """
    folder = project / ".venv"
    folder.mkdir(exist_ok=True)
    with _one_at_a_time(folder / LOCK, console):
        python = venv_python(project)
        if not _works(python):
            _make(folder, console)
        _install(project, python, console)
    version = ".".join(str(part) for part in sys.version_info[:3])
    console.mark("ok", console.text("env_ready", python=version))
    return python


def _works(python: Path) -> bool:
    code = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    try:
        return python.exists() and _run([str(python), "-c", code], timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _make(folder: Path, console: Console) -> None:
    console.mark("wait", console.text("env_create"))
    _empty(folder)
    # Inside another environment the new one must stand on the real Python below it.
    base = getattr(sys, "_base_executable", "") or sys.executable
    run = _run([base, "-m", "venv", str(folder)])
    if run.returncode == 0:
        return
    if "ensurepip" in run.stdout or "No module named venv" in run.stdout:
        package = f"python3.{sys.version_info[1]}-venv"
        raise _failed(console.text("env_no_venv", package=package))
    lines = run.stdout.strip().splitlines() or [f"exit code {run.returncode}"]
    raise _failed(console.text("env_venv_failed", reason=lines[-1]))


def _empty(folder: Path) -> None:
    """Remove a broken environment, but not the lock that we hold in it."""
    for entry in folder.iterdir():
        if entry.name == LOCK:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def _install(project: Path, python: Path, console: Console) -> None:
    wanted = (project / "requirements.txt").read_bytes()
    mark = project / ".venv" / "mtrade-requirements.sha256"
    digest = hashlib.sha256(wanted).hexdigest()
    if mark.exists() and mark.read_text("ascii", errors="replace").strip() == digest:
        return
    names = [match.group(1) for match in _PINNED.finditer(wanted.decode("utf-8"))]
    console.mark("wait", console.text("env_install", count=len(names)))
    reason = _pip(project, python, len(names), console)
    if reason:
        missing = ", ".join(_missing(python, names)) or "?"
        raise _failed(console.text("env_failed", reason=reason, missing=missing))
    mark.write_text(digest + "\n", "ascii")


def _pip(project: Path, python: Path, count: int, console: Console) -> str:
    """Run pip, count the packages it comes to, and return why it failed; empty when it did not."""
    command = [str(python), "-m", "pip", "install", "--require-hashes", "--only-binary", ":all:"]
    command += ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    command += ["--retries", "2", "--timeout", "15", "-r", str(project / "requirements.txt")]
    seen: set[str] = set()
    reason = ""
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=_pip_environment(),
    ) as pip:
        for line in pip.stdout or ():
            step = _STEP.match(line)
            name = (step.group(1) or step.group(2)) if step else ""
            if name and name.lower() not in seen:
                seen.add(name.lower())
                done = len(seen)
                console.say(console.text("env_package", done=done, count=count, name=name))
            if line.startswith("ERROR:"):
                reason = line.removeprefix("ERROR:").strip()
    return "" if pip.returncode == 0 else reason or f"pip: exit code {pip.returncode}"


def _pip_environment() -> dict[str, str]:
    environ = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    return {**environ, "PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PYTHONUTF8": "1"}


def _missing(python: Path, names: Sequence[str]) -> list[str]:
    code = "import importlib.metadata as m; print([d.metadata['Name'] for d in m.distributions()])"
    present = {
        _plain(name) for name in re.findall(r"'([^']+)'", _run([str(python), "-c", code]).stdout)
    }
    return [name for name in names if _plain(name) not in present]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _run(command: Sequence[str], timeout: float | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(command),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=timeout,
        env=_pip_environment(),
    )


@contextmanager
def _one_at_a_time(path: Path, console: Console) -> Iterator[None]:
    """Wait for another start that is preparing the same folder; say so once."""
    lock = InstanceLock(path)
    if not lock.acquire(patience=0):
        console.mark("wait", console.text("env_wait"))
        lock.acquire(patience=600)
    try:
        yield
    finally:
        lock.release()
