"""The time in which an entry is tried again belongs to that entry only."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from mtrade.domain.copying.choices import LateEntries
from mtrade.domain.copying.codes import Act, Code, Reason
from tests.domain.copying.facts import Bench


def test_an_exit_ends_the_time_of_the_entry_before_it() -> None:
    """The leader was flat for a moment that nobody saw: what it holds now is a new beginning."""
    bench = Bench()
    bench.size = D(8)
    bench.fill(bench.look())
    bench.size = D(0)
    out = bench.look()
    bench.fill(out)
    assert bench.leg.owned == 0
    bench.now += 60_000
    bench.to("5")
    assert bench.leg.owned == D(5)


@pytest.mark.parametrize("gate", [None, Reason(Code.DISK)])
def test_who_could_not_look_when_the_time_ended_does_not_say_that_the_price_ran(
    gate: Reason | None,
) -> None:
    """Off, or held back, for a minute: the rule of late entries decides about the rest."""
    bench = Bench()
    bench.size = D(8)
    bench.fill(bench.look(), D("0.5"))
    for _ in range(6):
        bench.now += 10_000
        if gate is not None:
            bench.gate = gate
            bench.look()
    bench.gate = None
    bench.to("8")
    assert bench.leg.owned == 8
    assert bench.leg.episode is not None
    assert bench.leg.episode.k_eff == 1


def test_what_was_too_late_to_be_tried_again_says_how_late() -> None:
    bench = Bench(late_entries=LateEntries.EXITS_ONLY)
    bench.size = D(8)
    bench.fill(bench.look(), D("0.5"))
    bench.now += 120_000
    bench.to("8")
    (why,) = [event for event in bench.events if event.act is Act.SKIPPED]
    assert (why.code, why.numbers["minutes"]) == (Code.STALE, "2")
    assert bench.leg.owned == 4
