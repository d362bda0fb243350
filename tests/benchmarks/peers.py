"""The environment of the peers: other people's clients, kept out of the project's own `.venv`."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parents[1] / ".venv" / "benchmark-peers"


def python() -> Path:
    """The peers' interpreter; installed at the first call and when their list has changed."""
    inside = FOLDER / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    wanted = (HERE / "requirements.txt").read_bytes()
    stamp = FOLDER / "installed.sha256"
    digest = hashlib.sha256(wanted).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return inside
    print("installing the peers ...", flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True)
    pip = [str(inside), "-m", "pip", "install", "-q", "-r", str(HERE / "requirements.txt")]
    subprocess.run(pip, check=True)
    stamp.write_text(digest)
    return inside


class Conversation:
    """A process that stays: each line it is sent it answers with one line of JSON."""

    def __init__(self, *command: str) -> None:
        self._command = command
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, line: str) -> Any:
        """Its answer; SystemExit when it has failed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self._command} failed; see above")
        return json.loads(answer)

    def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._process.stdout.close()
