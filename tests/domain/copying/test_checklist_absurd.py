"""The checklist: sizes beyond all reason, and the rate of entries, as the decision sees them."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.frozen import replace
from tests.domain.copying.facts import Bench


@pytest.mark.parametrize("sign", [1, -1])
def test_c42_a_thousand_million_contracts_are_clipped_and_halve_with_the_leader(sign: int) -> None:
    """The equity is 100,000 USDT and a contract worth 60: one order takes 1,666."""
    bench = Bench()
    bench.to(str(sign * 10**9))
    assert bench.leg.owned == sign * 1_666
    assert Code.CAP_ORDER in {e.code for e in bench.events if e.act is Act.CLIPPED}
    bench.to(str(sign * 5 * 10**8))
    assert bench.leg.owned == sign * 833
    bench.to("0")
    assert bench.leg.owned == 0


def test_c42_the_smallest_dust_moves_nothing() -> None:
    bench = Bench(multiplier=D("0.5"))
    bench.to("10")
    for n in range(50):
        bench.to("10" if n % 2 else "11")
    assert bench.sent == [D(5)]


@pytest.mark.parametrize(
    ("rates", "count", "limit"),
    [({"entries_link": 20}, "20", "20"), ({"entries_account": 30}, "30", "30")],
)
def test_c42_an_entry_beyond_the_rate_waits_and_an_exit_does_not(
    rates: dict[str, int], count: str, limit: str
) -> None:
    bench = Bench()
    bench.to("10")
    bench.follower = replace(bench.follower, **rates)  # type: ignore[arg-type]
    outcome = bench.to("20")
    assert outcome.why is not None
    assert (outcome.why.code, outcome.why.numbers) == (
        Code.CAP_RATE, {"count": count, "limit": limit}
    )  # fmt: skip
    assert [e.act for e in bench.events if e.code is Code.CAP_RATE] == [Act.DELAYED]
    bench.to("5")
    assert bench.leg.owned == 5
    bench.to("8")
    assert bench.leg.owned == 5
    bench.follower = replace(bench.follower, entries_link=0, entries_account=0)
    bench.to("8")
    assert bench.leg.owned == 8
