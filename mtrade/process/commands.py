"""The commands behind `start.py`, `stop.py`, `restart.py`, `status.py` and `mTrade.py`.

Exit codes are those of docs/operations.md; every failure says what happened and what to type next.
"""

from __future__ import annotations

import argparse
import os
import sys
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mtrade import __version__
from mtrade.config import Settings, home_of, load
from mtrade.config.files import make_private_folder
from mtrade.config.machine import MACHINE
from mtrade.config.settings import PROJECT
from mtrade.domain.errors import ConfigError, MTradeError, ProcessError
from mtrade.process import checks, network, relaunch, report, server
from mtrade.process.console import Console
from mtrade.process.control import ServerControl
from mtrade.process.handover import replace_process
from mtrade.process.lock import is_held
from mtrade.process.manager import FAILED, ProcessManager, Timing
from mtrade.process.messages import language
from mtrade.process.paths import HomePaths
from mtrade.process.record import read_record

Arguments = Mapping[str, str | None]


class Commands:
    """One invocation. `script` is the server's own script, `timing` how long to wait."""

    def __init__(self, *, script: Path | None = None, timing: Timing | None = None) -> None:
        self._script = script or PROJECT / "mTrade.py"
        self._timing = timing or Timing()

    def main(self, argv: Sequence[str]) -> int:
        """`argv` is the command's name and its options; returns the exit code."""
        given = _parser().parse_args(list(argv))
        console = console_for(given.lang, as_json=given.json)
        run: dict[str, Callable[[Console, argparse.Namespace], int]] = {
            "start": self._start,
            "stop": self._stop,
            "restart": self._restart,
            "status": self._status,
        }
        try:
            return run[given.command](console, given)
        except MTradeError as error:
            return report.failed(console, error, _paths_or_none(given))
        except KeyboardInterrupt:
            return 130

    def _start(self, console: Console, given: argparse.Namespace) -> int:
        settings = load(_machine(given))
        if given.foreground:
            return self._foreground(settings)
        return self._launch(console, settings, "started", browser=not given.no_browser)

    def _foreground(self, settings: Settings) -> int:
        command = [sys.executable, str(self._script), *settings.arguments]
        return replace_process(command)

    def _launch(
        self, console: Console, settings: Settings, word: str, *, browser: bool = False
    ) -> int:
        paths = HomePaths(settings.home)
        console.say(f"mTrade {__version__} · {console.text(f'network_{settings.config.network}')}")
        console.mark("ok", console.text("config_ok"))
        self._check_place(console, settings)
        if not is_held(paths.lock):
            network.bind(settings.host, settings.port).close()
            console.mark("ok", console.text("port_free", port=settings.port))
        manager = ProcessManager(settings.home, self._timing)
        result = manager.start(self._script, settings.arguments, settings.project)
        report.started(console, paths, result, word)
        if browser and console.interactive and settings.config.server.open_browser:
            webbrowser.open(result.record.local_url)
        return 0

    def _check_place(self, console: Console, settings: Settings) -> None:
        home = settings.home
        for key in checks.home_refusals(home):
            raise ProcessError(console.text(key, home=home), exit_code=FAILED, code=key)
        for key in checks.home_warnings(home):
            console.mark("warn", console.text(key, home=home))
        make_private_folder(HomePaths(home).run)

    def _stop(self, console: Console, given: argparse.Namespace) -> int:
        manager = ProcessManager(home_of(_machine(given)), self._timing)
        was_running = manager.stop(force=given.force)
        console.say(console.text("stopped" if was_running else "not_running"))
        console.result({"ok": True, "state": "STOPPED", "was_running": was_running})
        return 0

    def _restart(self, console: Console, given: argparse.Namespace) -> int:
        home = home_of(_machine(given))
        manager = ProcessManager(home, self._timing)
        record = read_record(manager.paths) if is_held(manager.paths.lock) else None
        before = machine_arguments(record.arguments) if record else {}
        wanted = {**before, "home": str(home), **_machine(given, chosen_only=True)}
        settings = load(wanted)  # a mistake in the settings must not cost the running server
        if manager.stop(actor="restart.py"):
            console.say(console.text("stopped"))
        return self._launch(console, settings, "restarted")

    def _status(self, console: Console, given: argparse.Namespace) -> int:
        if given.config:
            report.settings_table(console, load(_machine(given)))
            return 0
        paths = HomePaths(home_of(_machine(given)))
        look = ProcessManager(paths.home, self._timing).status()
        note = relaunch.read_note(paths)
        return report.status(console, paths, look, note.reason if note else None)


def serve(argv: Sequence[str], build: server.Build, script: Path) -> int:
    """The server in this process: `mTrade.py`. Returns the exit code."""
    parser = argparse.ArgumentParser(prog=script.name)
    _add_machine_options(parser, every=True)
    given = parser.parse_args(list(argv))
    console = console_for(given.lang)
    try:
        settings = load(_machine(given))
        paths = HomePaths(settings.home)
        return server.run(settings, build, script=script, ready=_announce(console, paths))
    except ProcessError as error:
        if error.exit_code == server.ALREADY_RUNNING:
            console.say(error.message)
            return error.exit_code
        return report.failed(console, error, None)
    except MTradeError as error:
        return report.failed(console, error, None)


def _announce(console: Console, paths: HomePaths) -> Callable[[ServerControl], None]:
    def announce(control: ServerControl) -> None:
        record = read_record(paths)
        if record is None or not console.interactive:
            return
        console.say(f"mTrade {control.version}  PID {control.pid}")
        report.places(console, paths, record, setup=paths.setup_code.exists())
        console.say(console.text("ctrl_c"))

    return announce


def machine_arguments(arguments: Sequence[str]) -> dict[str, str | None]:
    """The command line of a running server as settings, without what this version does not know."""
    parser = argparse.ArgumentParser(add_help=False)
    _add_machine_options(parser, every=True)
    given, _ = parser.parse_known_args(list(arguments))
    return _machine(given, chosen_only=True)


def console_for(wanted: str | None, *, as_json: bool = False) -> Console:
    """A console in the language asked for, else that of MTRADE_LANG, else the system's."""
    return Console(language(wanted or os.environ.get("MTRADE_LANG")), as_json=as_json)


def _paths_or_none(given: argparse.Namespace) -> HomePaths | None:
    try:
        return HomePaths(home_of(_machine(given)))
    except ConfigError:
        return None


def _machine(given: argparse.Namespace, *, chosen_only: bool = False) -> dict[str, str | None]:
    values = {name: getattr(given, name, None) for name in MACHINE}
    return {n: v for n, v in values.items() if v} if chosen_only else values


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mTrade")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("start", "stop", "restart", "status"):
        command = commands.add_parser(name, prog=f"{name}.py")
        command.add_argument("--json", action="store_true", help="one JSON object on stdout")
        _add_machine_options(command, every=name in ("start", "restart"))
        if name == "start":
            command.add_argument("--foreground", action="store_true", help="stay in this window")
            command.add_argument("--no-browser", action="store_true", help="open no browser")
        if name == "stop":
            command.add_argument("--force", action="store_true", help="end a hung server")
        if name == "status":
            command.add_argument("--config", action="store_true", help="settings and their sources")
    return parser


_HELP = {
    "home": ("FOLDER", "folder of all run-time files"),
    "host": ("ADDRESS", "0.0.0.0 = home network, 127.0.0.1 = this computer only"),
    "port": ("NUMBER", "port of the page"),
    "lang": ("ru|en", "language of these lines"),
    "tls_cert": ("FILE", "own certificate (PEM)"),
    "tls_key": ("FILE", "its private key (PEM)"),
}


def _add_machine_options(parser: argparse.ArgumentParser, *, every: bool) -> None:
    """Options named after the settings. The rarer ones work too but are not shown."""
    for setting in MACHINE.values():
        if every or setting.name in ("home", "lang"):
            metavar, text = _HELP.get(setting.name, (None, argparse.SUPPRESS))
            parser.add_argument(setting.option, dest=setting.name, metavar=metavar, help=text)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry of `python -m mtrade.process.commands start|stop|restart|status`."""
    return Commands().main(sys.argv[1:] if argv is None else argv)


if __name__ == "__main__":
    sys.exit(main())
