"""A fan-out in the making: texts that never come again, exits first."""

from __future__ import annotations

import random
from decimal import Decimal as D

from mtrade.domain.copying.facts import Facts
from mtrade.domain.copying.model import CopyLeg
from mtrade.domain.frozen import replace
from mtrade.domain.orders import Intent
from mtrade.trading.copying.batch import Batch, Decided
from tests.domain.copying.facts import NOW, Bench

DRAW = random.Random(1).randbytes


def decided(number: int, *, leaving: bool = False) -> Decided:
    """A leg that goes to five contracts: from none, or from ten."""
    bench = Bench()
    if leaving:
        bench.to("10")
    bench.size = D(5)
    leg: CopyLeg = replace(bench.leg, id=number)
    facts: Facts = bench.facts()
    outcome = bench.look()
    return Decided(leg, facts, replace(outcome, leg=replace(outcome.leg, id=number)))


def built(*wanting: Decided, first_id: int = 1) -> list[Intent]:
    batch = Batch("aaaa", DRAW, NOW)
    for one in wanting:
        batch.add(one)
    intents, change = batch.built(first_id, lambda one, text: ())
    assert [leg.pending for leg in change.legs] == [intent.id for intent in intents]
    return intents


def test_a_text_never_comes_again_although_the_journal_lost_its_end() -> None:
    """Then ids of orders come again, and an order of the lost end may be at the exchange."""
    legs = [decided(1), decided(2)]
    texts = [intent.order.text for _ in range(3) for intent in built(*legs)]
    assert len(set(texts)) == len(texts)


def test_exits_stand_before_entries() -> None:
    intents = built(decided(1), decided(2, leaving=True), decided(3))
    assert [intent.leg_id for intent in intents] == [2, 1, 3]
    assert [intent.order.reduce_only for intent in intents] == [True, False, False]
