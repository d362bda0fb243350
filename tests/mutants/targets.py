"""Seeded bugs of what a follower should hold."""

from __future__ import annotations

from tests.mutants.model import Mutant

STEP = "tests/domain/copying/test_step.py::"
HOLDINGS = "tests/trading/copying/test_holdings.py::"

TARGETS = (
    Mutant(
        name="timestamps-decide",
        means="of two readings of a position the later one counts, not that of the higher number",
        file="mtrade/trading/copying/holdings.py",
        text="    if update_id != known.update_id:\n        return update_id > known.update_id\n",
        bug="",
        by=(HOLDINGS + "test_a_push_with_a_lower_number_changes_nothing_however_late_it_is",),
    ),
    Mutant(
        name="round-up",
        means="a share of a contract is rounded away from zero",
        file="mtrade/domain/copying/episodes.py",
        text="up = rest > 0 and rounding is Rounding.UP",
        bug="up = rest > 0",
        by=(STEP + "test_the_worked_example_line_by_line",),
    ),
)
