"""The size settings in words: the same decision as the engine's, for opens of four sizes."""

from __future__ import annotations

from decimal import Decimal as D

from mtrade.domain.copying.choices import BelowMin, SizeMode
from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.copying.ladder import RUNGS, ladder
from mtrade.domain.copying.model import LinkState
from mtrade.domain.frozen import replace
from tests.domain.copying.facts import Bench, wallet


def test_a_quarter_of_the_leader() -> None:
    bench = Bench(multiplier=D("0.25"))
    rungs = ladder(bench.leg, bench.facts())
    assert [(r.leader_value, r.leader, r.follower) for r in rungs] == [
        (D(10), D(0), D(0)), (D(100), D(1), D(0)), (D(1000), D(16), D(4)),
        (D(10_000), D(166), D(41)),
    ]  # fmt: skip
    assert (rungs[2].follower_value, rungs[2].margin) == (D(240), D(48))
    assert rungs[1].reason is not None
    assert rungs[1].reason.code is Code.MIN_SIZE


def test_a_fixed_amount_is_the_same_on_every_rung() -> None:
    bench = Bench(size_mode=SizeMode.FIXED_NOTIONAL, amount=D(600))
    assert [r.follower for r in ladder(bench.leg, bench.facts())] == [D(0), D(10), D(10), D(10)]


def test_a_bumped_share_and_a_clipped_one() -> None:
    bench = Bench(multiplier=D("0.5"), below_min=BelowMin.BUMP, max_position=D(600))
    rungs = ladder(bench.leg, bench.facts())
    assert [r.follower for r in rungs] == [D(0), D(1), D(8), D(10)]
    assert rungs[3].reason is None or rungs[3].reason.code is Code.CAP_POSITION


def test_states_and_positions_do_not_matter() -> None:
    bench = Bench(LinkState.SHADOW)
    calm = ladder(bench.leg, bench.facts())
    bench.link = replace(bench.link, state=LinkState.CLOSE_ONLY)
    bench.gate, bench.brake = Reason(Code.DISK), Reason(Code.HALTED)
    bench.follower = replace(bench.follower, position=D(-7), entries_link=99)
    assert ladder(bench.leg, bench.facts()) == calm
    assert calm[3].follower == 166


def test_leverage_that_would_be_set_first_counts_for_the_margin() -> None:
    bench = Bench()
    bench.follower = replace(bench.follower, leverage=D(1))
    (rung,) = ladder(bench.leg, bench.facts(), (D(1_000),))
    assert (rung.follower, rung.margin) == (D(16), D(192))


def test_without_contract_price_or_equity_nothing_is_promised() -> None:
    bench = Bench()
    priceless = replace(bench.facts(), market=replace(bench.market, mark=None))
    assert ladder(bench.leg, priceless) == ()
    unknown = replace(bench.facts(), market=replace(bench.market, rules=None))
    assert ladder(bench.leg, unknown) == ()
    broke = replace(bench.facts(), follower=replace(bench.follower, account=wallet("0")))
    assert all(r.follower == 0 for r in ladder(bench.leg, broke))
    assert len(RUNGS) == 4
