"""The fault plan: deterministic, and nothing is hit that was not meant."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.paper.faultplan import CALLS, PUSHES, FaultPlan, Kind, Rule
from mtrade.paper.faults import GateFault

events = st.lists(
    st.sampled_from(["futures.orders", "futures.trades", "spot.orders"]), max_size=200
)


def drawn(plan: FaultPlan, names: list[str]) -> list[str | None]:
    found = (plan.pick("ws", PUSHES, name, 42) for name in names)
    return [None if rule is None else rule.kind for rule in found]


@given(st.integers(0, 2**31), events)
def test_the_same_seed_and_events_give_the_same_faults(seed, names):
    def plan() -> FaultPlan:
        rules = [
            Rule(kind=Kind.DROP_PUSH, probability=Decimal("0.3"), match="futures.*"),
            Rule(kind=Kind.REPEAT_PUSH, probability=Decimal("0.5"), count=7),
        ]
        return FaultPlan(seed, rules)

    assert drawn(plan(), names) == drawn(plan(), names)


def test_a_rule_has_dice_of_its_own():
    """Another rule in front, for other events, changes nothing for those behind."""
    names, half = ["futures.orders"] * 200, Decimal("0.4")
    lonely = FaultPlan(3, [Rule(kind=Kind.SILENCE), _dropping(half)])
    other = Rule(kind=Kind.DELAY_PUSH, match="spot.*", probability=Decimal("0.5"))
    crowded = FaultPlan(3, [other, _dropping(half)])
    mixed = [name for one in names for name in ("spot.orders", one)]
    assert drawn(crowded, mixed)[1::2] == drawn(lonely, names)


def _dropping(probability: Decimal) -> Rule:
    return Rule(kind=Kind.DROP_PUSH, match="futures.*", probability=probability)


def test_rates_counts_and_skips():
    often = FaultPlan(1, [Rule(kind=Kind.DROP_PUSH, probability=Decimal("0.25"))])
    hits = sum(kind is not None for kind in drawn(often, ["a"] * 4_000))
    assert 850 < hits < 1150
    few = FaultPlan(1, [Rule(kind=Kind.DROP_PUSH, count=3, skip=2)])
    assert [kind is not None for kind in drawn(few, ["a"] * 7)] == [
        False,
        False,
        True,
        True,
        True,
        False,
        False,
    ]
    assert few.rules[0].hits == 3


@pytest.mark.parametrize(
    ("change", "hit"),
    [
        ({}, True),
        ({"surface": "rest"}, False),
        ({"match": "futures.*"}, True),
        ({"match": "spot.*"}, False),
        ({"uid": 42}, True),
        ({"uid": 43}, False),
        ({"method": "GET"}, False),
        ({"probability": Decimal(0)}, False),
    ],
)
def test_what_a_rule_matches(change, hit):
    plan = FaultPlan(1, [Rule(kind=Kind.LOSE_ANSWER, **change)])
    assert (plan.pick("ws", CALLS, "futures.order_place", 42) is not None) is hit


def test_a_call_fault_never_hits_a_push_and_the_reverse():
    plan = FaultPlan(1, [Rule(kind=Kind.LOSE_ANSWER), Rule(kind=Kind.DROP_PUSH)])
    assert plan.pick("ws", PUSHES, "a").kind is Kind.DROP_PUSH  # type: ignore[union-attr]
    assert plan.pick("ws", CALLS, "a").kind is Kind.LOSE_ANSWER  # type: ignore[union-attr]
    assert not CALLS & PUSHES


def test_silence_lasts_as_long_as_it_says():
    plan = FaultPlan(1)
    plan.add([Rule(kind=Kind.SILENCE, match="futures.orders", seconds=Decimal(5))], now_ms=1_000)
    assert plan.silent("futures.orders", 42, 5_999)
    assert not plan.silent("futures.orders", 42, 6_000)
    assert not plan.silent("futures.trades", None, 2_000)
    plan.add([Rule(kind=Kind.SILENCE)], now_ms=1_000)
    assert plan.silent("anything", None, 10**15)
    plan.clear()
    assert not plan.silent("anything", None, 2_000)


def test_rules_come_from_json_and_tell_what_they_did():
    rule = Rule.read({"kind": "drop_push", "uid": 42, "probability": "0.5", "seconds": "1.5"})
    assert rule.row() == {
        "kind": "drop_push", "surface": "ws", "match": "*", "method": "*", "uid": 42, "count": 0,
        "skip": 0, "status": 502, "hits": 0, "probability": "0.5", "seconds": "1.5", "size": "0",
    }  # fmt: skip
    for bad in (
        {},
        {"kind": "dance"},
        {"kind": "html", "surface": "moon"},
        {"kind": "html", "uid": -1},
    ):
        with pytest.raises(GateFault):
            Rule.read(bad)
