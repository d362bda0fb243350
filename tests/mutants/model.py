"""A seeded bug: where it is planted, what it means, and which tests must notice it."""

from __future__ import annotations

import sys
from dataclasses import dataclass

PYTEST = ("-m", "pytest", "-p", "no:xdist", "-x", "-rf", "--tb=no")
SIMULATOR = ("-m", "tests.sim")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """In `file`, `text` becomes `bug`. `by` are ids of tests, or arguments of the simulator."""

    name: str
    means: str
    file: str
    text: str
    bug: str
    by: tuple[str, ...]

    @property
    def simulated(self) -> bool:
        """Whether only the simulator shows it."""
        return self.by[0].startswith("--")

    def planted(self, source: str) -> str:
        """The source with the bug. Raises ValueError when its place is not there exactly once."""
        found = source.count(self.text)
        if found != 1:
            raise ValueError(f"{self.name}: its text stands {found} times in {self.file}")
        changed = source.replace(self.text, self.bug)
        if self.file.endswith(".py"):
            compile(changed, self.file, "exec")
        return changed

    def line(self, source: str) -> int:
        """The line at which it is planted, from 1."""
        return source[: source.index(self.text)].count("\n") + 1


def command(by: tuple[str, ...]) -> list[str]:
    """What runs a selection, with this interpreter."""
    return [sys.executable, *(SIMULATOR if by[0].startswith("--") else PYTEST), *by]
