"""What a person double-clicks or types: bytes of the BAT files, old syntax, the way into .venv."""

from __future__ import annotations

import ast
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mtrade.process import environment
from tests.process.conftest import ROOT

SCRIPTS = ("start", "stop", "restart", "status")


@pytest.mark.parametrize("name", SCRIPTS)
def test_bat_files_are_ascii_with_crlf(name: str) -> None:
    raw = (ROOT / f"{name.upper()}.bat").read_bytes()
    assert raw.isascii()
    assert raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r") > 10
    assert f"%PY% {name}.py %*".encode() in raw
    assert b"taskkill" not in raw.lower()
    assert b"powershell" not in raw.lower()


def test_bat_files_differ_in_the_script_name_only() -> None:
    texts = {(ROOT / f"{n.upper()}.bat").read_text().replace(f"{n}.py", "X") for n in SCRIPTS}
    assert len(texts) == 1


@pytest.mark.parametrize("name", [*(f"{name}.py" for name in SCRIPTS), "mTrade.py"])
def test_an_old_python_can_read_the_scripts(name: str) -> None:
    source = (ROOT / name).read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 4))
    newer = (ast.JoinedStr, ast.NamedExpr, ast.Match, ast.AnnAssign)
    assert not [node for node in ast.walk(tree) if isinstance(node, newer)]
    first = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in first] == ["import sys"]
    assert "0x030B0000" in source


def test_an_old_python_is_told(tmp_path: Path) -> None:
    code = "import sys, runpy; sys.hexversion = 0x03090000; "
    code += "runpy.run_path(sys.argv[1], run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT / "start.py")], capture_output=True, text=True
    )
    assert done.returncode == 5
    assert "Python 3.11 or newer is needed" in done.stderr


def wheel(folder: Path, name: str) -> str:
    """A wheel of one empty module, made by hand; returns its line in a locked requirements file."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", "")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        tags = "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(f"{info}/WHEEL", tags)
        archive.writestr(f"{info}/RECORD", "")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{name}==1.0 \\\n    --hash=sha256:{digest}\n"


class Project:
    """A copy of the program with a tiny lock file, installed from a folder, not from the net."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(
            ROOT / "mtrade", folder / "mtrade", ignore=shutil.ignore_patterns("__pycache__")
        )
        for name in SCRIPTS:
            shutil.copy(ROOT / f"{name}.py", folder)
        self.wheels = folder / "wheels"
        self.wheels.mkdir()
        self.lock = folder / "requirements.txt"
        self.lock.write_text(wheel(self.wheels, "alpha_pkg") + wheel(self.wheels, "beta_pkg"))

    def run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("MTRADE_", "PIP_"))}
        return subprocess.run(
            [sys.executable, str(self.folder / f"{name}.py"), *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=150,
            env={
                **kept,
                "MTRADE_LANG": "en",
                "PIP_NO_INDEX": "1",
                "PIP_FIND_LINKS": str(self.wheels),
            },
        )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.mark.process
def test_two_first_starts_make_one_environment_and_a_third_makes_none(project: Project) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: project.run("start"), range(2)))
    said = [done.stdout for done in both]
    assert sum("making .venv" in out for out in said) == 1, said
    assert sum("installing 2 packages" in out for out in said) == 1, said
    assert any("2/2 beta_pkg" in out for out in said), said
    # The tiny lock file holds none of the packages the server needs: told by name, not a traceback.
    for done in both:
        assert done.returncode == 5
        assert "is missing in .venv" in done.stderr
        assert "Traceback" not in done.stderr
    third = project.run("start")
    assert "installing" not in third.stdout
    assert "packages ready" in third.stdout


@pytest.mark.process
@pytest.mark.full
def test_a_changed_lock_installs_again_and_a_wrong_hash_is_refused(project: Project) -> None:
    assert "installing 2 packages" in project.run("start").stdout
    project.lock.write_text(wheel(project.wheels, "gamma_pkg"))
    assert "installing 1 packages" in project.run("start").stdout
    line = wheel(project.wheels, "delta_pkg")
    project.lock.write_text(line.replace(line[-10:-1], "0" * 9))
    done = project.run("start")
    assert done.returncode == 5
    assert "delta_pkg" in done.stderr
    project.lock.write_text("absent_pkg==1.0 --hash=sha256:" + "0" * 64 + "\n")
    done = project.run("start")
    assert done.returncode == 5
    assert "Missing: absent_pkg" in done.stderr


@pytest.mark.process
@pytest.mark.parametrize("module", ["mtrade.admin", "mtrade.paper"])
def test_a_module_goes_on_inside_the_environment(project: Project, module: str) -> None:
    """Whoever types `python -m …` has some Python at hand, not the one with the packages."""
    # -S: no site-packages, so no package is at hand.
    command = [sys.executable, "-S", "-m", module, "--help"]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MTRADE_", "PYTHONPATH"))}

    def ask() -> subprocess.CompletedProcess[str]:
        environ = {**kept, "MTRADE_LANG": "en"}
        return subprocess.run(
            command, cwd=project.folder, capture_output=True, text=True, timeout=60, env=environ
        )

    without = ask()
    assert without.returncode == 5
    assert "Run first: python start.py" in without.stderr
    assert "Traceback" not in without.stderr
    if os.name == "nt":
        return
    python = environment.venv_python(project.folder)
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    inside = ask()
    assert inside.returncode == 0, inside.stderr
    assert f"usage: python -m {module}" in inside.stdout


@pytest.mark.process
def test_nothing_was_ever_started_here(project: Project) -> None:
    assert project.run("status").returncode == 3
    assert project.run("stop").returncode == 0
    settings = project.run("status", "--config")  # which only the packages can read
    assert (settings.returncode, settings.stdout) == (5, "")
    assert "python start.py" in settings.stderr
    assert not (project.folder / ".venv").exists()
    (project.folder / "mtrade_server.lock").touch()
    done = project.run("stop")
    assert done.returncode == 5
    assert "python start.py" in done.stderr


@pytest.mark.process
@pytest.mark.full
def test_a_broken_environment_is_made_again(project: Project) -> None:
    python = environment.venv_python(project.folder)
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    (project.folder / ".venv" / "mtrade-requirements.sha256").write_text(
        hashlib.sha256(project.lock.read_bytes()).hexdigest()
    )
    out = project.run("start").stdout
    assert "making .venv" in out
    assert "installing 2 packages" in out
