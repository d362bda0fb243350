"""What a leg decides, case by case; the numbers of docs/copying.md and of its specification."""

from __future__ import annotations

from decimal import Decimal as D
from fractions import Fraction

import pytest

from mtrade.domain.copying.acting import closed
from mtrade.domain.copying.choices import (
    AddRule,
    BelowMin,
    CapPolicy,
    LateEntries,
    LateJoin,
    OnLeaderLiq,
    SideFilter,
    SizeMode,
)
from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.model import LegStatus, LinkState
from mtrade.domain.frozen import replace
from mtrade.domain.orders import OrderType
from tests.domain.copying.facts import NOW, Bench


def test_the_worked_example_line_by_line() -> None:
    """k = 0.35, a cap of eight contracts, a hand that closes two; orders and ratios as written."""
    bench = Bench(multiplier=D("0.35"), max_position=D(480))
    expected = [
        ("10", "3", Fraction(35, 100)),
        ("20", "7", Fraction(35, 100)),
        ("30", "8", Fraction(8, 30)),
        ("15", "4", Fraction(8, 30)),
        ("30", "8", Fraction(8, 30)),
    ]
    for leader, owned, ratio in expected:
        bench.to(leader)
        assert bench.leg.owned == D(owned)
        assert bench.leg.episode is not None
        assert bench.leg.episode.k_eff == ratio
    episode = replace(bench.leg.episode, exact=Fraction(6), k_eff=Fraction(6, 30), latch=True)
    bench.leg = replace(bench.leg, owned=D(6), episode=episode)
    assert bench.to("40").why == Reason(Code.LATCHED)
    assert bench.leg.episode is not None
    assert (bench.leg.owned, bench.leg.episode.k_eff) == (D(6), Fraction(15, 100))
    bench.to("20")
    assert bench.leg.owned == D(3)
    bench.to("0")
    assert bench.leg.owned == 0
    assert bench.sent == [D(3), D(4), D(1), D(-4), D(4), D(-3), D(-3)]
    bench.look()
    assert bench.leg.episode is None


def test_c01_open_add_and_full_close() -> None:
    bench = Bench()
    for size in ("5", "9", "0"):
        bench.to(size)
        assert bench.leg.owned == D(size)
    bench.look()
    assert bench.leg.episode is None


def test_c02_five_partial_closes_end_exact() -> None:
    bench = Bench(multiplier=D("0.37"))
    for size in ("100", "80", "61", "43", "22", "0"):
        bench.to(size)
        assert bench.leg.owned == int(D(size) * D("0.37"))
    assert len(bench.sent) == 6


def test_c03_a_flip_closes_first_and_then_opens_with_a_fresh_ratio() -> None:
    bench = Bench()
    bench.to("10")
    bench.link = replace(bench.link, params=replace(bench.link.params, multiplier=D(2)))
    bench.to("-4")
    assert bench.sent == [D(10), D(-10), D(-8)]
    assert bench.leg.owned == D(-8)


def test_c04_a_fixed_size_is_reached_once_by_an_order_in_forty_parts() -> None:
    bench = Bench(size_mode=SizeMode.FIXED_NOTIONAL, amount=D(600))
    bench.leader |= {"order_id": "7", "order_open": True}
    for size in range(1, 41):
        assert bench.to(str(size)).why == Reason(Code.OPENING)
    assert bench.sent == []
    bench.leader["order_open"] = False
    bench.to("40")
    assert bench.leg.owned == D(10)  # 600 USDT at 60 a contract


def test_c14_a_share_below_one_contract() -> None:
    skip = Bench(multiplier=D("0.1"))
    skip.to("5")
    assert (skip.sent, skip.events[-1].code) == ([], Code.MIN_SIZE)
    bump = Bench(multiplier=D("0.5"), below_min=BelowMin.BUMP)
    bump.to("1")
    assert bump.leg.owned == 1
    refused = Bench(multiplier=D("0.1"), below_min=BelowMin.BUMP)
    refused.to("1")
    assert (refused.sent, refused.events[-1].code) == ([], Code.BUMP_REFUSED)
    gather = Bench(multiplier=D("0.4"), below_min=BelowMin.ACCUMULATE)
    assert gather.to("2").why is not None
    gather.to("3")
    assert gather.leg.owned == 1


def test_c16_after_a_cap_the_follower_halves_with_the_leader() -> None:
    bench = Bench(max_position=D(480))
    bench.to("20")
    assert bench.leg.owned == 8
    bench.to("10")
    assert bench.leg.owned == 4


def test_a_cap_may_skip_the_whole_entry() -> None:
    bench = Bench(max_position=D(480), cap_policy=CapPolicy.SKIP)
    outcome = bench.to("20")
    assert (bench.sent, bench.events[-1].act) == ([], Act.SKIPPED)
    assert outcome.leg.owned == 0


def test_c17_a_price_that_ran_away_ends_the_entry_after_ten_seconds() -> None:
    bench = Bench()
    bench.market = replace(bench.market, ask=D(60_500))
    outcome = bench.to("10")
    assert outcome.why is not None
    assert outcome.why.code is Code.PRICE_RAN
    bench.now += 10_001
    outcome = bench.look()
    assert (bench.sent, bench.events[-1].code) == ([], Code.PRICE_RAN)
    bench.market = replace(bench.market, ask=D(60_001))
    bench.to("20")
    assert bench.sent == []


def test_c18_an_exit_steps_away_from_mark_and_never_gives_up() -> None:
    bench = Bench()
    bench.to("10")
    bench.size = D(0)
    prices = []
    for _ in range(5):
        bench.now += 6_000
        outcome = bench.look()
        assert outcome.order is not None
        prices.append(outcome.order.order.price)
        bench.fill(outcome, D(0))
    assert prices == [D(59_820), D(59_400), D(58_200), None, None]
    assert bench.look().alerts


def test_c22_a_liquidated_leader() -> None:
    for rule, owned, paused in (
        (OnLeaderLiq.CLOSE, 0, False), (OnLeaderLiq.KEEP, 10, False),
        (OnLeaderLiq.CLOSE_AND_PAUSE, 0, True),
    ):  # fmt: skip
        bench = Bench(on_leader_liq=rule)
        bench.to("10")
        bench.leader["liquidated"] = True
        bench.size = D(0)
        bench.now += 500
        outcome = bench.look()
        assert Reason(Code.LEADER_LIQUIDATED) in outcome.alerts
        bench.to("0")
        assert (bench.leg.owned, bench.leg.paused) == (owned, paused)


def test_c30_late_join_each_way() -> None:
    sent = {}
    for rule in LateJoin:
        bench = Bench(late_join=rule)
        bench.leader["increase_ms"] = NOW - 60_000
        bench.follower = replace(bench.follower, position=D(0))
        bench.to("10")
        sent[rule] = list(bench.sent)
    assert sent == {
        LateJoin.WAIT_FLAT: [], LateJoin.COPY_NOW: [D(10)], LateJoin.IF_BETTER: [],
        LateJoin.ADDS_ONLY: [], LateJoin.ADOPT: [], LateJoin.ASK: [],
    }  # fmt: skip


def test_c30_if_better_waits_for_the_price() -> None:
    bench = Bench(late_join=LateJoin.IF_BETTER)
    bench.leader["increase_ms"] = NOW - 60_000
    assert bench.to("10").why is not None
    bench.market = replace(bench.market, ask=D(59_990), mark=D(59_980))
    bench.to("10")
    assert bench.leg.owned == 10


def test_c30_adopt_takes_what_is_there_without_an_order() -> None:
    bench = Bench(late_join=LateJoin.ADOPT)
    bench.leader["increase_ms"] = NOW - 60_000
    bench.follower = replace(bench.follower, position=D(4))
    bench.to("10")
    assert (bench.sent, bench.leg.owned) == ([], D(4))
    bench.to("5")
    assert bench.leg.owned == 2


def test_c31_adds_only_ends_flat_again() -> None:
    bench = Bench(late_join=LateJoin.ADDS_ONLY)
    bench.leader["increase_ms"] = NOW - 60_000
    bench.to("10")
    bench.leader.pop("increase_ms")
    bench.to("15")
    assert bench.leg.owned == 5
    bench.to("10")
    assert bench.leg.owned == 0


def test_c32_inverse_with_a_side_filter() -> None:
    bench = Bench(inverse=True, side_filter=SideFilter.SHORT)
    bench.to("10")
    assert bench.leg.owned == -10
    bench.to("-5")
    assert bench.leg.owned == 0
    assert bench.events[-1].code is Code.SIDE_FILTER


def test_c36_a_contract_taken_off_the_list_still_exits() -> None:
    bench = Bench()
    bench.to("10")
    bench.link = replace(bench.link, params=replace(bench.link.params, deny=("BTC_USDT",)))
    bench.to("20")
    assert bench.leg.owned == 10
    bench.to("0")
    assert bench.leg.owned == 0


@pytest.mark.parametrize("state", [LinkState.CLOSE_ONLY, LinkState.TRIPPED])
def test_c40_paused_links_still_exit(state: LinkState) -> None:
    bench = Bench()
    bench.to("10")
    bench.link = replace(bench.link, state=state)
    bench.to("20")
    assert bench.leg.owned == 10
    bench.to("5")
    assert bench.leg.owned == 5


def test_c40_hands_off_sends_nothing_and_calls_when_the_leader_leaves() -> None:
    bench = Bench()
    bench.to("10")
    bench.link = replace(bench.link, state=LinkState.HANDS_OFF)
    outcome = bench.to("0")
    assert bench.leg.owned == 10
    assert [alert.code for alert in outcome.alerts] == [Code.HANDS_OFF]


def test_c41_shadow_keeps_a_ledger_of_its_own_and_sends_nothing() -> None:
    bench = Bench(LinkState.SHADOW)
    bench.to("10")
    bench.to("4")
    assert (bench.sent, bench.leg.shadow, bench.leg.owned) == ([], D(4), D(0))
    bench.link = replace(bench.link, state=LinkState.ON, armed_ms=bench.now)
    bench.leader["increase_ms"] = NOW
    bench.to("4")
    assert (bench.sent, bench.leg.shadow) == ([], D(0))


def test_c09_late_entries_by_their_rule() -> None:
    bench = Bench()
    bench.leader["increase_ms"] = NOW + 100
    bench.now = NOW + 60_000
    bench.to("10")
    assert bench.leg.owned == 10
    stale = Bench()
    stale.leader["increase_ms"] = NOW + 100
    stale.now = NOW + 420_000
    stale.to("10")
    assert (stale.sent, stale.leg.status) == ([], LegStatus.PARKED)
    never = Bench(late_entries=LateEntries.EXITS_ONLY)
    never.leader["increase_ms"] = NOW + 100
    never.now = NOW + 60_000
    never.to("10")
    assert never.sent == []


def test_c10_an_exit_is_never_too_late() -> None:
    bench = Bench()
    bench.to("10")
    bench.now += 3_600_000
    bench.leader |= {"live": False, "increase_ms": None}
    bench.to("0")
    assert bench.leg.owned == 0


def test_c13_too_little_margin_is_clipped() -> None:
    bench = Bench()
    bench.follower = replace(bench.follower, leverage=D(1))
    bench.link = replace(bench.link, params=replace(bench.link.params, max_total=D(100)))
    account = bench.follower.account
    assert account is not None
    bench.follower = replace(bench.follower, account=replace(account, available=D(50_000)))
    bench.leader["leverage"] = D(1)
    bench.to("5000")
    assert bench.events[0].code is None or bench.events[-1].code is None
    assert 0 < bench.leg.owned < 5000


def test_a_brake_stops_even_exits_and_a_gate_only_entries() -> None:
    bench = Bench()
    bench.to("10")
    bench.gate = Reason(Code.DISK)
    assert bench.to("20").why == Reason(Code.DISK)
    bench.to("8")
    assert bench.leg.owned == 8
    bench.brake = Reason(Code.HALTED)
    assert bench.to("0").why == Reason(Code.HALTED)
    assert bench.leg.owned == 8


def test_an_unfinished_order_stops_every_decision() -> None:
    bench = Bench()
    bench.leg = replace(bench.leg, pending=1)
    bench.size = D(5)
    outcome = bench.look()
    assert (outcome.order, outcome.why) == (None, Reason(Code.IN_FLIGHT))


def test_adds_may_be_ignored() -> None:
    bench = Bench(add_rule=AddRule.IGNORE)
    bench.to("10")
    bench.to("20")
    assert bench.leg.owned == 10
    bench.to("10")
    assert bench.leg.owned == 5


def test_an_exit_without_any_price_goes_at_market() -> None:
    bench = Bench()
    bench.to("10")
    bench.market = replace(bench.market, mark=None, bid=None, ask=None)
    bench.size = D(0)
    bench.now += 500
    outcome = bench.look()
    assert outcome.order is not None
    assert outcome.order.order.type is OrderType.MARKET


def test_a_fixed_size_that_joins_late_is_measured_against_all_that_the_leader_holds() -> None:
    """Else a first small addition would set a ratio many times too large for the next one."""
    bench = Bench(size_mode=SizeMode.FIXED_CONTRACTS, amount=D(12), late_join=LateJoin.ADDS_ONLY)
    bench.leader["increase_ms"] = NOW - 60_000
    bench.to("-570")
    bench.leader.pop("increase_ms")
    bench.to("-690")
    assert bench.leg.owned == -2
    bench.to("-1140")
    assert bench.leg.owned == -12


def test_an_exit_that_was_refused_asks_for_no_more_than_there_is() -> None:
    bench = Bench()
    bench.to("10")
    bench.size = D(0)
    bench.now += 500
    bench.fill(bench.look(), label="REDUCE_EXCEEDED")
    bench.follower = replace(bench.follower, position=D(4))
    bench.now += 5_000
    outcome = bench.look()
    assert outcome.order is not None
    assert outcome.order.order.size == 4


def test_an_exit_of_what_others_closed_waits_for_the_proof_and_then_tries_again() -> None:
    bench = Bench()
    bench.to("10")
    bench.size = D(0)
    bench.now += 500
    bench.fill(bench.look(), label="POSITION_EMPTY")
    bench.follower = replace(bench.follower, position=D(0))
    bench.now += 5_000
    assert bench.look().order is None
    bench.now += 20_000
    assert bench.look().order is not None


def test_exits_in_vain_leave_time_to_read_a_position_that_is_not_known() -> None:
    bench = Bench()
    bench.to("10")
    bench.size = D(0)
    bench.follower = replace(bench.follower, position=None)
    bench.leg = replace(bench.leg, tries=3, planned_ms=bench.now)
    bench.now += 14_000
    assert bench.look().order is None
    bench.now += 1_000
    assert bench.look().order is not None


def test_c25_an_add_after_a_close_by_hand_is_told_as_not_copied() -> None:
    bench = Bench()
    bench.to("10")
    bench.leg = closed(replace(bench.leg, owned=D(0)))
    bench.events.clear()
    assert bench.to("14").why == Reason(Code.LATCHED)
    assert [(event.act, event.code) for event in bench.events] == [(Act.SKIPPED, Code.LATCHED)]
    assert bench.leg.owned == 0
