"""What a leg makes of a leader that reduces."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from mtrade.domain.copying.choices import BelowMin
from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import LinkState
from tests.domain.copying.facts import Bench


def wait(bench: Bench) -> None:
    """Time in which the leader does nothing."""
    for _ in range(3):
        bench.now += 5_000
        bench.to(str(bench.size))


@pytest.mark.parametrize("below_min", BelowMin)
@pytest.mark.parametrize("state", [LinkState.ON, LinkState.SHADOW])
def test_what_was_reduced_to_dust_comes_back_only_with_an_add(
    below_min: BelowMin, state: LinkState
) -> None:
    bench = Bench(state, multiplier=D("0.1"), below_min=below_min)
    bench.to("10")
    bench.to("5")
    wait(bench)
    assert bench.leg.owned == bench.leg.shadow == 0
    assert bench.sent in ([], [D(1), D(-1)])
    bench.to("20")
    assert bench.leg.owned + bench.leg.shadow == (2 if below_min is BelowMin.ACCUMULATE else 1)
    bench.to("0")
    assert bench.leg.owned == bench.leg.shadow == 0


def test_a_least_order_is_not_closed_and_opened_again_with_every_reduction() -> None:
    bench = Bench(multiplier=D("0.1"), below_min=BelowMin.BUMP)
    for size in ("5", "4", "3"):
        bench.to(size)
        wait(bench)
    assert bench.sent == [D(1), D(-1)]


@pytest.mark.parametrize("below_min", [BelowMin.SKIP, BelowMin.BUMP])
def test_what_is_left_behind_by_a_reduction_is_told_once(below_min: BelowMin) -> None:
    bench = Bench(multiplier=D("0.1"), below_min=below_min)
    bench.to("10")
    bench.events.clear()
    bench.to("5")
    wait(bench)
    told = [(event.act, event.code) for event in bench.events if event.code is not None]
    assert told == [(Act.SKIPPED, Code.MIN_SIZE)]
