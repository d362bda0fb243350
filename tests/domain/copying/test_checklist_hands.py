"""The checklist: hands and forced fills on the follower, and what a person's buttons do."""

from __future__ import annotations

from decimal import Decimal as D
from fractions import Fraction

from mtrade.domain.copying.choices import OnAdd, OnClose, OnReduce
from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import LegStatus
from mtrade.domain.frozen import replace
from tests.domain.copying.facts import Bench
from tests.domain.copying.test_interference import copying, seen


def bought(bench: Bench) -> bool:
    """Whether anything was bought after the first entry."""
    return any(size > 0 for size in bench.sent[1:])


def test_c24_a_liquidated_follower_is_out_until_the_leader_is_flat() -> None:
    bench = copying()
    outcome = seen(bench, "0", forced=True)
    assert [alert.code for alert in outcome.alerts] == [Code.FOLLOWER_OUT]
    assert outcome.events[0].act is Act.HAND
    for size in ("15", "20", "5"):
        bench.to(size)
        assert bench.leg.owned == 0
    assert not bought(bench)
    bench.to("0")
    bench.to("7")
    assert bench.leg.owned == 7


def test_c24_a_follower_deleveraged_in_part_keeps_the_rest_in_proportion() -> None:
    bench = copying()
    outcome = seen(bench, "6", forced=True)
    assert [alert.code for alert in outcome.alerts] == [Code.FOLLOWER_OUT]
    bench.to("20")
    assert bench.leg.owned == 6
    bench.to("10")
    assert bench.leg.owned == 3
    assert not bought(bench)


def test_c24_a_force_that_turned_the_position_over_leaves_the_leg_out() -> None:
    bench = copying()
    outcome = seen(bench, "-3", forced=True)
    assert [alert.code for alert in outcome.alerts] == [Code.FOLLOWER_OUT]
    assert (bench.leg.owned, bench.leg.paused) == (D(0), False)
    bench.to("20")
    assert not bought(bench)


def test_c25_reduced_by_hand_respect() -> None:
    bench = copying(on_manual_reduce=OnReduce.RESPECT)
    outcome = seen(bench, "8")
    assert outcome.alerts[0].numbers == {"before": "10", "after": "8"}
    bench.to("20")
    assert bench.leg.owned == 8
    bench.to("10")
    assert bench.leg.owned == 4
    assert not bought(bench)


def test_c25_reduced_by_hand_follow_adds() -> None:
    bench = copying(on_manual_reduce=OnReduce.FOLLOW_ADDS)
    seen(bench, "5")
    bench.to("10")
    assert bench.leg.owned == 5
    bench.to("20")
    assert bench.leg.owned == 10
    assert bench.leg.episode is not None
    assert bench.leg.episode.k_eff == Fraction(1, 2)


def test_c25_reduced_by_hand_enforce() -> None:
    bench = copying(on_manual_reduce=OnReduce.ENFORCE)
    seen(bench, "5")
    bench.to("10")
    assert bench.leg.owned == 10


def test_c25_reduced_by_hand_pause_contract() -> None:
    bench = copying(on_manual_reduce=OnReduce.PAUSE_CONTRACT)
    seen(bench, "5")
    assert (bench.leg.paused, bench.leg.status) == (True, LegStatus.PARKED)
    bench.to("20")
    assert bench.leg.owned == 5
    bench.to("0")
    assert bench.leg.owned == 0


def test_c25_closed_by_hand_respect() -> None:
    bench = copying(on_manual_close=OnClose.RESPECT)
    seen(bench, "0")
    bench.to("20")
    assert bench.leg.owned == 0
    bench.to("0")
    bench.to("3")
    assert bench.leg.owned == 3


def test_c25_closed_by_hand_enforce() -> None:
    bench = copying(on_manual_close=OnClose.ENFORCE)
    seen(bench, "0")
    bench.to("10")
    assert bench.leg.owned == 10


def test_c25_closed_by_hand_pause_contract() -> None:
    bench = copying(on_manual_close=OnClose.PAUSE_CONTRACT)
    seen(bench, "0")
    assert bench.leg.paused
    bench.to("20")
    assert bench.leg.owned == 0


def test_c25_added_by_hand_is_foreign_and_stays() -> None:
    bench = copying(on_manual_add=OnAdd.FOREIGN)
    outcome = seen(bench, "14")
    assert (outcome.events, bench.leg.owned) == ((), D(10))
    bench.to("0")
    assert bench.sent == [D(10), D(-10)]


def test_c25_added_by_hand_adopt() -> None:
    bench = copying(on_manual_add=OnAdd.ADOPT)
    outcome = seen(bench, "14")
    assert outcome.events[0].numbers["action"] == "adopt"
    assert bench.leg.owned == 14
    bench.to("5")
    assert bench.leg.owned == 7
    bench.to("0")
    assert sum(bench.sent) == -4


def test_c25_added_by_hand_enforce() -> None:
    bench = copying(on_manual_add=OnAdd.ENFORCE)
    seen(bench, "14")
    bench.to("10")
    assert bench.sent == [D(10), D(-4)]


def test_c25_flipped_by_hand_pauses_the_contract() -> None:
    bench = copying()
    outcome = seen(bench, "-4")
    assert [alert.code for alert in outcome.alerts] == [Code.MANUAL_FLIP]
    assert (bench.leg.owned, bench.leg.paused) == (D(0), True)
    bench.to("20")
    assert bench.sent == [D(10)]


def test_c26_a_foreign_part_on_the_same_side_coexists() -> None:
    bench = Bench()
    bench.follower = replace(bench.follower, position=D(5))
    bench.to("10")
    assert bench.leg.owned == 10
    seen(bench, "15")
    bench.to("0")
    assert bench.sent == [D(10), D(-10)]
