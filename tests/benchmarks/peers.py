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


def run(script: str, *arguments: str) -> dict[str, Any]:
    """Run a script of this folder in the peers' environment; its last line is one JSON object."""
    done = subprocess.run(
        [str(python()), str(HERE / script), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{script} failed:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found
