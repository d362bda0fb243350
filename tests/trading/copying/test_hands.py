"""Less there than is owned: adding waits, first for a reason to doubt and then for the proof."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from mtrade.domain.copying.codes import Code
from mtrade.domain.frozen import replace
from mtrade.trading.copying.hands import Hands
from mtrade.trading.copying.memory import Memory
from tests.domain.copying.test_interference import copying


@pytest.mark.parametrize(
    ("tries", "there", "holds"),
    [
        (0, "0", False),  # a single reading may be old
        (1, "0", True),  # the exit found nothing to close either
        (1, "4", True),
        (1, "10", False),
        (1, "12", False),
        (0, "12", False),
        (0, None, True),  # not read yet
        (1, None, True),
    ],
)
def test_entries_wait_while_what_is_owned_may_not_be_there(
    tries: int, there: str | None, holds: bool
) -> None:
    bench = copying("10")
    facts = bench.facts()
    position = None if there is None else D(there)
    facts = replace(facts, follower=replace(facts.follower, position=position))
    doubted = Hands(Memory()).doubted(replace(bench.leg, tries=tries), facts)
    assert (doubted.gate is not None and doubted.gate.code is Code.NOT_RECONCILED) is holds
