"""The ratio of an episode: fixed once, whatever becomes of the equities meanwhile."""

from __future__ import annotations

from mtrade.domain.copying.choices import SizeMode
from mtrade.domain.frozen import replace
from tests.domain.copying.facts import Bench, wallet


def test_c27_deposits_and_withdrawals_count_from_the_next_episode_on() -> None:
    bench = Bench(size_mode=SizeMode.EQUITY)
    bench.to("10")
    bench.leader["account"] = wallet("25000")
    bench.follower = replace(bench.follower, account=wallet("400000"))
    for leader, owned in (("10", 10), ("12", 12), ("6", 6)):
        bench.to(leader)
        assert bench.leg.owned == owned
    assert len(bench.sent) == 3
    bench.to("0")
    bench.to("1")
    assert bench.leg.owned == 16
