"""All seeded bugs that the tests must catch: of copying, and of the orders it sends."""

from __future__ import annotations

from tests.mutants.rules import RULES
from tests.mutants.sending import SENDING
from tests.mutants.targets import TARGETS

MUTANTS = (*SENDING, *TARGETS, *RULES)
