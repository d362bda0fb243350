"""From whatever Python was at hand into `.venv`. Standard library only."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from mtrade.domain.errors import ProcessError
from mtrade.process import environment
from mtrade.process.console import Console
from mtrade.process.messages import language

_NOT_RUNNING = {"stop": 0, "status": 3}


def hand_over(command: str, arguments: Sequence[str], project: Path) -> int:
    """Run `command` inside `.venv`, made first where needed; returns the exit code."""
    console = Console(
        language(_option(arguments, "--lang") or os.environ.get("MTRADE_LANG")),
        as_json="--json" in arguments,
    )
    try:
        if command in ("start", "restart"):
            python = environment.prepare(project, console)
        else:
            python = environment.venv_python(project)
            if not python.exists():
                return _without_environment(command, project, arguments, console)
    except ProcessError as error:
        console.mark("error", error.message)
        console.result({"ok": False, "exit_code": error.exit_code, "message": error.message})
        return error.exit_code
    return _continue(python, project, [command, *arguments])


def _without_environment(
    command: str, project: Path, arguments: Sequence[str], console: Console
) -> int:
    """No `.venv`: nothing was ever started from here, unless a lock file says otherwise. The
    settings cannot be shown without it."""
    home = Path(_option(arguments, "--home") or os.environ.get("MTRADE_HOME") or project)
    if (home / "mtrade_server.lock").exists() or "--config" in arguments:
        raise ProcessError(console.text("env_missing"), exit_code=environment.BROKEN)
    console.say(console.text("not_running"))
    code = _NOT_RUNNING[command]
    console.result({"ok": code == 0, "state": "STOPPED", "exit_code": code, "was_running": False})
    return code


def _option(arguments: Sequence[str], name: str) -> str | None:
    """The value of `--name value` or `--name=value`."""
    for index, argument in enumerate(arguments):
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
        if argument == name and index + 1 < len(arguments):
            return arguments[index + 1]
    return None


def _continue(python: Path, project: Path, arguments: Sequence[str]) -> int:
    """Same folder, same console; only the interpreter and where it finds `mtrade` change."""
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    code += "from mtrade.process.handover import inside; sys.exit(inside())"
    return replace_process([str(python), "-X", "utf8", "-c", code, str(project), *arguments])


def inside() -> int:
    """Entry of the interpreter of `.venv`."""
    try:
        from mtrade.process.commands import main
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("mtrade"):
            raise
        console = Console(language(os.environ.get("MTRADE_LANG")))
        console.mark("error", console.text("env_incomplete", name=error.name))
        return environment.BROKEN
    return main()


def run_module(module: str, target: str) -> int:
    """`python -m module`: call `target.main()` here when its packages are at hand, else in `.venv`.

    Returns the exit code.
    """
    try:
        entry = importlib.import_module(target).main
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("mtrade"):
            raise
        return _elsewhere(module, error.name or "")
    return int(entry())


def _elsewhere(module: str, missing: str) -> int:
    project = Path(__file__).resolve().parents[2]
    python = environment.venv_python(project)
    console = Console(language(os.environ.get("MTRADE_LANG")))
    if not python.exists():
        console.mark("error", console.text("env_missing"))
        return environment.BROKEN
    if Path(sys.prefix).resolve() == (project / ".venv").resolve():
        console.mark("error", console.text("env_incomplete", name=missing))
        return environment.BROKEN
    return replace_process([str(python), "-X", "utf8", "-m", module, *sys.argv[1:]])


if sys.platform == "win32":

    def replace_process(command: Sequence[str]) -> int:
        """Run `command` in our place: wait for it and return its exit code."""
        with subprocess.Popen(list(command)) as child:
            while True:
                try:
                    return child.wait()
                except KeyboardInterrupt:
                    continue  # the console told the child too, and it ends by itself

else:

    def replace_process(command: Sequence[str]) -> int:
        """Become `command`."""
        os.execv(command[0], list(command))  # noqa: S606 - our own interpreter and arguments
