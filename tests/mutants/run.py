"""Plants bugs in copies of the source, never in the checkout, and runs the tests there."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.__main__ import PROJECT, environment
from tests.mutants.model import Mutant, command

PARTS = ("mtrade", "tests", "static", "templates", "pyproject.toml")
LONGEST_S = 300
FAILED = re.compile(r"^FAILED .*?::(\w+)|^(seed \d+): \d+ breaches$", re.MULTILINE)
# What a bug must not be caught by: then it was planted badly and would prove nothing.
CLUMSY = re.compile(
    r"\b(NameError|UnboundLocalError|ImportError|ModuleNotFoundError|SyntaxError)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one bug. `caught_by` is the first test that failed; `fault` says why nothing
    is proven, else empty."""

    mutant: Mutant
    where: str = ""
    caught_by: str = ""
    fault: str = ""
    seconds: float = 0.0


@contextmanager
def snapshot(project: Path = PROJECT) -> Iterator[Path]:
    """A copy of all that tests need, without what earlier runs of the simulator kept."""
    with tempfile.TemporaryDirectory(prefix="mtrade-mutants-") as folder:
        tree = Path(folder) / "sound"
        for part in PARTS:
            _copy(project / part, tree / part, shutil.ignore_patterns("__pycache__", ".hypothesis"))
        (tree / "tests/sim/regressions.txt").unlink(missing_ok=True)
        yield tree


def unsound(tree: Path, mutants: Sequence[Mutant]) -> str:
    """What the selections say of the source without any bug; empty when they pass."""
    tests = tuple(dict.fromkeys(name for m in mutants if not m.simulated for name in m.by))
    runs = [*([tests] if tests else []), *dict.fromkeys(m.by for m in mutants if m.simulated)]
    for by in runs:
        code, said = _run(tree, by)
        if code:
            return said
    return ""


def hunted(tree: Path, mutants: Sequence[Mutant], jobs: int = 1) -> Iterator[Result]:
    """Each bug in a copy of `tree`, in order."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(partial(_hunted, tree), mutants)


def _hunted(tree: Path, mutant: Mutant) -> Result:
    began = time.monotonic()
    source = (tree / mutant.file).read_text(encoding="utf-8")
    try:
        changed = mutant.planted(source)
    except (ValueError, SyntaxError) as fault:
        return Result(mutant=mutant, fault=str(fault))
    with tempfile.TemporaryDirectory(prefix="mtrade-mutant-") as folder:
        copy = Path(folder) / "tree"
        _copy(tree, copy)
        (copy / mutant.file).write_text(changed, encoding="utf-8", newline="")
        code, said = _run(copy, mutant.by)
    caught_by, fault = verdict(code, said)
    return Result(
        mutant=mutant,
        where=f"{mutant.file}:{mutant.line(source)}",
        caught_by=caught_by,
        fault=fault,
        seconds=time.monotonic() - began,
    )


def verdict(code: int, said: str) -> tuple[str, str]:
    """Who caught a bug, or why it does not count as caught; by exit code and output."""
    if code == 0:
        return "", "survived"
    found = FAILED.search(said)
    if code != 1 or found is None:
        return "", f"broken: no test failed, the run ended with {code}"
    if clumsy := CLUMSY.search(said):
        return "", f"broken: {clumsy.group()}"
    return found.group(1) or found.group(2), ""


def _run(tree: Path, by: tuple[str, ...]) -> tuple[int, str]:
    """Exit code and output of a selection."""
    try:
        done = subprocess.run(
            command(by),
            cwd=tree,
            env={**environment(), "COLUMNS": "400"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=LONGEST_S,
        )
    except subprocess.TimeoutExpired:
        return -1, f"no end within {LONGEST_S} s"
    return done.returncode, done.stdout


def _copy(source: Path, target: Path, ignore: object = None) -> None:
    """Times of change are kept, so that compiled files stay valid."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=ignore)  # type: ignore[arg-type]
    else:
        shutil.copy2(source, target)
