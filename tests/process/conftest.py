"""Real server processes in a home of their own, all ended by pid when the test ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mtrade.process import launch
from mtrade.process.manager import ProcessManager, Timing
from mtrade.process.paths import HomePaths
from mtrade.process.record import ServerRecord, read_record
from tests.process.tiny import SCRIPT as TINY

ROOT = Path(__file__).resolve().parents[2]
UNSAFE = {5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 10080}
QUICK = Timing(ready=30, stop=10, force=3, record=0.5, step=0.02)


def free_port() -> int:
    """A port that was free a moment ago and that browsers open."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in UNSAFE:
            return port


@dataclass
class House:
    """One home and everything that may run in it."""

    home: Path
    port: int
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def paths(self) -> HomePaths:
        return HomePaths(self.home)

    @property
    def arguments(self) -> list[str]:
        return ["--home", str(self.home), "--host", "127.0.0.1", "--port", str(self.port)]

    def manager(self, timing: Timing = QUICK) -> ProcessManager:
        return ProcessManager(self.home, timing)

    def start(self, **environ: str) -> ServerRecord:
        """Start detached and wait until it answers."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environ.items():
                patch.setenv(name, value)
            return self.manager().start(TINY, self.arguments, ROOT).record

    def run(self, *arguments: str) -> subprocess.Popen[bytes]:
        """The server in the foreground, as a child of the test."""
        command = [sys.executable, str(TINY), *self.arguments, *arguments]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.started.append(child)
        return child

    def command(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """A console command in a process of its own, with the tiny server behind it."""
        code = (
            "import sys; from pathlib import Path\n"
            "from mtrade.process.commands import Commands\n"
            "from tests.process.conftest import QUICK\n"
            f"sys.exit(Commands(script=Path({str(TINY)!r}), timing=QUICK).main(sys.argv[1:]))"
        )
        return subprocess.run(
            [sys.executable, "-c", code, *arguments, "--home", str(self.home)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=90,
            env={**os.environ, "MTRADE_LANG": "en", **environ},
        )

    def json(self, *arguments: str, **environ: str) -> tuple[int, dict[str, Any]]:
        """Exit code and object of a command with `--json`."""
        done = self.command(*arguments, "--json", **environ)
        return done.returncode, json.loads(done.stdout)

    def close(self) -> None:
        record = read_record(self.paths)
        if record is not None and self.manager().status().record is not None:
            self.manager().stop(force=True)
        while launch._launched:
            launch._launched.pop().wait(10)
        for child in self.started:
            if child.poll() is None:
                child.send_signal(signal.SIGCONT)
                child.kill()
            child.wait()
            if child.stdout is not None:
                child.stdout.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    home = tmp_path / "home"
    home.mkdir()
    house = House(home, free_port())
    yield house
    house.close()


@pytest.fixture
def decoy() -> Iterator[subprocess.Popen[bytes]]:
    """A stranger's process. Whatever happens in the test, it must live at the end."""
    command: Sequence[str] = [sys.executable, "-c", "import time; time.sleep(300)"]
    with subprocess.Popen(command) as stranger:
        yield stranger
        alive = stranger.poll() is None
        stranger.kill()
    assert alive, "a foreign process was ended"
