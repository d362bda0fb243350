"""Hands and forced fills on a follower: what counts as proof, and what a leg makes of it."""

from __future__ import annotations

from decimal import Decimal as D
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.copying.choices import OnAdd, OnClose, OnReduce
from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.interference import (
    Reading,
    Suspicion,
    is_forced,
    observed,
    suspected,
)
from mtrade.domain.copying.model import CopyLeg
from mtrade.domain.copying.outcome import Outcome
from mtrade.domain.frozen import replace
from tests.domain.copying.facts import Bench

SETTLED_MS = 8_000


def copying(size: str = "10", **params: object) -> Bench:
    """A follower that has copied this much."""
    bench = Bench(**params)
    bench.to(size)
    assert bench.leg.owned == D(size)
    return bench


def seen(bench: Bench, position: str, *, forced: bool = False) -> Outcome:
    """Somebody left this position there, and it stayed."""
    bench.now += 20_000
    suspicion = Suspicion(D(position), bench.now - 5_000, bench.now)
    outcome = observed(bench.leg, bench.facts(), suspicion, forced=forced)
    bench.leg = outcome.leg
    bench.now += 1_000
    return outcome


def leg(**changes: object) -> CopyLeg:
    return replace(copying().leg, planned_ms=1_000_000, **changes)  # type: ignore[arg-type]


def test_one_reading_proves_nothing() -> None:
    first = suspected(None, leg(), Reading(D(4), 1_010_000))
    assert first is not None
    assert not first.is_proven
    close = suspected(first, leg(), Reading(D(4), 1_011_999))
    assert close is not None
    assert not close.is_proven
    late = suspected(close, leg(), Reading(D(4), 1_012_000))
    assert late is not None
    assert late.is_proven


def test_a_reading_that_an_own_order_may_still_change_is_not_even_a_suspicion() -> None:
    assert suspected(None, leg(), Reading(D(4), 1_000_000 + SETTLED_MS - 1)) is None
    assert suspected(None, leg(), Reading(D(4), 1_000_000 + SETTLED_MS)) is not None
    assert suspected(None, leg(pending=7), Reading(D(4), 1_100_000)) is None


def test_another_position_begins_anew_and_the_ledgers_own_ends_it() -> None:
    first = suspected(None, leg(), Reading(D(4), 1_010_000))
    other = suspected(first, leg(), Reading(D(5), 1_014_000))
    assert other == Suspicion(D(5), 1_014_000, 1_014_000)
    assert suspected(other, leg(), Reading(D(10), 1_020_000)) is None


def test_an_older_reading_proves_nothing_more() -> None:
    first = suspected(None, leg(), Reading(D(4), 1_010_000))
    assert suspected(first, leg(), Reading(D(4), 1_009_000)) == first


@pytest.mark.parametrize(
    ("text", "forced"),
    [
        ("liq-123", True), ("hedge-liq-1", True), ("pm_liquidate", True),
        ("comb_margin_liquidate", True), ("scm_liquidate", True), ("liquidation", True),
        ("auto_deleveraging", True), ("insurance", True), ("clear", True),
        ("app", False), ("web", False), ("api", False), ("t-mt1mNaaaa", False), ("", False),
    ],
)  # fmt: skip
def test_texts_of_forced_fills(text: str, forced: bool) -> None:
    assert is_forced(text) is forced


def test_nothing_happens_without_proof_or_without_a_copy() -> None:
    bench = copying()
    unproven = Suspicion(D(4), bench.now, bench.now + 1_999)
    assert observed(bench.leg, bench.facts(), unproven).leg == bench.leg
    proven = Suspicion(D(4), bench.now, bench.now + 2_000)
    empty = replace(bench.leg, owned=D(0))
    assert observed(empty, bench.facts(), proven).leg == empty
    busy = replace(bench.leg, pending=3)
    assert observed(busy, bench.facts(), proven).leg == busy


def test_the_ratio_falls_with_what_was_taken_away() -> None:
    bench = copying("10")
    seen(bench, "4")
    assert bench.leg.episode is not None
    assert (bench.leg.owned, bench.leg.episode.k_eff) == (D(4), Fraction(4, 10))
    bench.to("5")
    assert bench.leg.owned == 2


sizes = st.integers(-30, 30).map(D)


@given(
    position=sizes, forced=st.booleans(), reduce=st.sampled_from(OnReduce),
    close=st.sampled_from(OnClose), add=st.sampled_from(OnAdd),
)  # fmt: skip
def test_observation_raises_the_ledger_only_by_a_rule_the_user_chose(
    position: D, forced: bool, reduce: OnReduce, close: OnClose, add: OnAdd
) -> None:
    bench = copying(on_manual_reduce=reduce, on_manual_close=close, on_manual_add=add)
    outcome = seen(bench, str(position), forced=forced)
    owned = outcome.leg.owned
    assert owned in (D(0), D(10), position)
    assert abs(owned) <= 10 or add is not OnAdd.FOREIGN
    assert owned >= 0
    if owned != 10:
        assert outcome.events
        assert outcome.alerts


@pytest.mark.parametrize("later", [False, True])
def test_what_goes_from_the_rest_of_a_copy_while_the_leader_is_in_again(later: bool) -> None:
    """The exit found nobody, then somebody else closed it. What the leader held by then is not
    opened on the follower; a position that came later is."""
    bench = copying()
    bench.size = D(-5)
    bench.fill(bench.look(), D(0))
    seen(bench, "0")
    bench.leader["increase_ms"] = None  # his executions are not known yet
    assert bench.look().order is None
    bench.leader["increase_ms"] = bench.now - (500 if later else 10_000)
    bench.to("-5")
    bench.to("-9")
    assert bench.leg.owned == (D(-9) if later else 0)
    told = {event.code for event in bench.events if event.act is Act.SKIPPED}
    assert told == (set() if later else {Code.LATCHED})
    bench.to("0")
    bench.leader["increase_ms"] = bench.now
    bench.to("-4")
    assert bench.leg.owned == D(-4)
