"""The lock: exclusive between processes, gone with its holder, its file never deleted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mtrade.domain.errors import ProcessError
from mtrade.process.lock import InstanceLock, is_held

HOLDER = (
    "import sys; from pathlib import Path; from mtrade.process.lock import InstanceLock\n"
    "lock = InstanceLock(Path(sys.argv[1]))\n"
    "print('held' if lock.acquire(patience=0) else 'refused', flush=True); sys.stdin.read()"
)


def holder(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    assert not path.exists(), "looking makes no file"
    first, second = InstanceLock(path), InstanceLock(path)
    assert first.acquire()
    assert first.acquire(), "taking it twice is harmless"
    assert is_held(path)
    assert not second.acquire(patience=0)
    first.release()
    first.release()
    assert not is_held(path)
    assert second.acquire()
    second.release()
    assert path.exists()


@pytest.mark.process
def test_it_ends_with_a_killed_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder(path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        assert is_held(path)
        assert not InstanceLock(path).acquire(patience=0.05)
        process.kill()
        process.wait()
        assert not is_held(path)


@pytest.mark.process
def test_children_do_not_inherit_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = InstanceLock(path)
    assert lock.acquire()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        lock.release()
        assert not is_held(path)
        child.kill()


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with pytest.raises(ProcessError, match="lock"):
        InstanceLock(tmp_path / "lock").acquire()


@pytest.mark.skipif(sys.platform == "win32", reason="making a link needs a privilege there")
def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("x")
    (tmp_path / "lock").symlink_to(target)
    with pytest.raises(ProcessError):
        InstanceLock(tmp_path / "lock").acquire()
