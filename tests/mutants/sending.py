"""Seeded bugs of sending an order and of proving what became of it."""

from __future__ import annotations

from tests.mutants.model import Mutant

RESOLVER = "tests/trading/test_resolver.py::"

SENDING = (
    Mutant(
        name="no-fence",
        means="an order that cannot be found is given up before its deadline is past",
        file="mtrade/trading/resolver.py",
        text="return exchange_ms > intent.expires_ms + SETTLE_MS",
        bug="return True",
        by=(RESOLVER + "test_not_found_before_the_fence_is_never_a_miss",),
    ),
    Mutant(
        name="one-miss",
        means="one look that finds nothing is proof enough",
        file="mtrade/trading/resolver.py",
        text="    if misses < 2:\n        return Step(intent, max(pause",
        bug="    if misses < 1:\n        return Step(intent, max(pause",
        by=(RESOLVER + "test_two_deep_misses_after_the_fence_prove_that_nothing_happened",),
    ),
    Mutant(
        name="5xx-is-a-refusal",
        means="an error of the exchange's servers counts as a refused order",
        file="mtrade/gate/faults.py",
        text="if 400 <= status < 500 else Meaning.AMBIGUOUS",
        bug="if 400 <= status < 500 else Meaning.REFUSED",
        by=("tests/gate/test_faults.py::test_outside_4xx_no_label_proves_anything",),
    ),
)
