"""The time in which an entry is tried again belongs to that entry only."""

from __future__ import annotations

from decimal import Decimal as D

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
