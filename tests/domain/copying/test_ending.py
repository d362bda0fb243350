"""An episode ends when the leader is seen flat or turned around, whatever he does after that."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from mtrade.domain.copying.choices import SizeMode
from mtrade.domain.copying.step import target
from mtrade.domain.frozen import replace
from tests.domain.copying.facts import NOW, Bench


@pytest.mark.parametrize("between", ["0", "-30"])
@pytest.mark.parametrize("share", ["1", "0.5", "0"])
def test_a_leader_who_is_back_before_the_exit_is_filled_begins_anew(
    between: str, share: str
) -> None:
    bench = Bench(size_mode=SizeMode.FIXED_CONTRACTS, amount=D(50))
    bench.to("280")
    bench.size = D(between)
    bench.now += 200
    leaving = bench.look()
    bench.size = D(220)
    bench.fill(leaving, D(share))
    bench.to("220")
    assert bench.leg.owned == D(50)
    assert bench.leg.episodes == 2
    assert sum(size for size in bench.sent if size < 0) <= D(-50)


def test_nothing_is_wanted_any_more_while_the_exit_finds_no_counterpart() -> None:
    bench = Bench()
    bench.to("20")
    bench.size = D(0)
    bench.fill(bench.look(), D(0))
    bench.look()
    assert (bench.leg.owned, target(bench.leg, bench.facts())) == (D(20), D(0))


def test_what_follows_an_episode_was_not_there_when_the_link_was_armed() -> None:
    """Also when the list of executions lacks one of those that made it."""
    bench = Bench()
    bench.to("10")
    bench.leader["increase_ms"] = NOW - 600_000
    bench.to("-7")
    assert bench.leg.owned == D(-7)


@pytest.mark.parametrize(
    ("leader", "sent"), [("30", ["10"]), ("15", ["-5"]), ("-7", ["-20", "-7"])]
)
def test_a_part_found_again_without_its_episode_belongs_to_the_leader_on_its_side(
    leader: str, sent: list[str]
) -> None:
    bench = Bench()
    bench.leg = replace(bench.leg, owned=D(20))
    bench.follower = replace(bench.follower, position=D(20))
    bench.to(leader)
    assert bench.sent == [D(size) for size in sent]
    assert bench.leg.owned == D(leader)
