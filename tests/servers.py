"""Real processes for tests: a paper exchange alone and an mTrade server, each in its own folder."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import requests

PROJECT = Path(__file__).resolve().parents[1]
# Chrome refuses these (the fetch standard calls them bad ports).
BLOCKED = {5060, 5061, 6000, 6566, 10080, *range(6665, 6670)}
START_S = 30.0


def free_port() -> int:
    """A port nobody listens on right now, and that a browser would open."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in BLOCKED:
            return port


def clean_environment(**more: str) -> dict[str, str]:
    """The environment of a child: the owner's own settings do not leak in, nothing leaves it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MTRADE_")}
    return {**kept, "PYTHONUTF8": "1", "MTRADE_PAPER_PRICES": "synthetic", **more}


class Paper:
    """`python -m mtrade.paper` with test paths open; state in memory unless `state` is given."""

    def __init__(self, *accounts: str, seed: int = 7, state: Path | None = None) -> None:
        command = [sys.executable, "-m", "mtrade.paper", "--port", "0", "--seed", str(seed)]
        for account in accounts:
            command += ["--account", account]
        if state is not None:
            command += ["--state", str(state)]
        self.process = subprocess.Popen(
            [*command, "--control", "--no-limits"],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            text=True,
            env=clean_environment(),
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.addresses: dict[str, Any] = json.loads(line)
        self.rest: str = self.addresses["rest"]
        self.base = self.rest.removesuffix("/api/v4")

    def set_price(self, market: str, instrument: str, price: str) -> None:
        """Move a market there at once."""
        body = {"market": market, "instrument": instrument, "price": price}
        requests.post(f"{self.base}/paper/v1/price", json=body, timeout=10).raise_for_status()

    def arrivals(self) -> list[dict[str, Any]]:
        """Every create-order request that reached the exchange, oldest first."""
        answer = requests.get(f"{self.base}/paper/v1/arrivals", timeout=10)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()


class Server:
    """`mTrade.py` in its own home. `start` waits until it answers; `kill` is SIGKILL."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.environment = clean_environment(
            MTRADE_HOME=str(home),
            MTRADE_PORT=str(self.port),
            MTRADE_HOST="127.0.0.1",
            MTRADE_KEY_FILE=str(home / "test-machine.key"),
            **environment,
        )
        self.process: subprocess.Popen[bytes] | None = None
        self.output = home / "output.txt"

    def start(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        with self.output.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "mTrade.py"],
                cwd=PROJECT,
                stdout=out,
                stderr=out,
                env=self.environment,
            )
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.output.read_text(encoding="utf-8")[-2000:]
            try:
                answer = requests.get(f"{self.base}/api/server/status", timeout=5)
            except requests.RequestException:
                threading.Event().wait(0.05)
                continue
            if answer.ok:
                return
        raise AssertionError(self.output.read_text(encoding="utf-8")[-2000:])

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(20)

    def stop(self) -> int:
        """Ask politely; returns the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(30)

    def admin(self, *arguments: str, given: str = "") -> str:
        """Run `python -m mtrade.admin` on this home."""
        done = subprocess.run(
            [sys.executable, "-m", "mtrade.admin", *arguments],
            cwd=PROJECT,
            env=self.environment,
            input=given,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout.strip()

    def setup_code(self) -> str:
        return (self.home / "run" / "setup_code.txt").read_text(encoding="utf-8").strip()


class Script:
    """A caller with an API token."""

    def __init__(self, server: Server, token: str) -> None:
        self.base = server.base
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: str) -> Any:
        answer = self.session.get(self.base + path, params=query, timeout=20)
        assert answer.ok, answer.text
        return answer.json()

    def post(self, path: str, body: dict[str, Any]) -> requests.Response:
        return self.session.post(self.base + path, json=body, timeout=20)
