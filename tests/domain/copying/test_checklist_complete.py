"""The checklist of copying, C-01 to C-45: each case has a test named after it."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"^\s*def test_c(\d\d)_\w", re.MULTILINE)
CASES = {f"{number:02}" for number in range(1, 46)}


def test_every_case_has_a_test_of_its_name() -> None:
    sources = [path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py")]
    named = {case for source in sources for case in NAMED.findall(source)}
    assert sorted(CASES - named) == []
    assert sorted(named - CASES) == []
