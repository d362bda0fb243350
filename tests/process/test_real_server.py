"""The real `mTrade.py` through the real commands."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mtrade.process.record import read_record
from tests.process.conftest import ROOT, House

pytestmark = pytest.mark.process


@pytest.fixture
def real(house: House, tmp_path: Path) -> Iterator[House]:
    yield house
    command(house, tmp_path, "stop", "--force")


def command(house: House, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("MTRADE_")}
    machine = {
        "MTRADE_HOME": str(house.home),
        "MTRADE_PORT": str(house.port),
        "MTRADE_HOST": "127.0.0.1",
        "MTRADE_LANG": "en",
        "MTRADE_PAPER_PRICES": "synthetic",
        "MTRADE_KEY_FILE": str(folder / "machine.key"),
    }
    return subprocess.run(
        [sys.executable, "-m", "mtrade.process.commands", *arguments],
        cwd=ROOT,
        env={**kept, **machine},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=90,
    )


def test_start_tells_the_setup_code_and_restart_and_stop_do_what_they_say(
    real: House, tmp_path: Path
) -> None:
    started = command(real, tmp_path, "start", "--no-browser")
    assert started.returncode == 0, started.stderr
    code = real.paths.setup_code.read_text("utf-8").strip()
    assert code in started.stdout
    first = read_record(real.paths)
    assert command(real, tmp_path, "status").returncode == 0
    restarted = command(real, tmp_path, "restart")
    assert restarted.returncode == 0, restarted.stderr
    second = read_record(real.paths)
    assert first is not None
    assert second is not None
    assert first.pid != second.pid
    assert command(real, tmp_path, "stop").returncode == 0
    assert command(real, tmp_path, "status").returncode == 3
    text = "".join(p.read_text("utf-8") for p in real.paths.logs.iterdir())
    for secret in (code, first.nonce, second.nonce):
        assert secret not in text
    assert not (real.home / "data" / "mtrade.db-wal").exists()
