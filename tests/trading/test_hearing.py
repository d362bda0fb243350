"""Pushes as evidence: only forward, only of the own order, in any order and however often."""

from __future__ import annotations

import random
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.events import AccountSnapshot, Filled, OrderChanged, TriggerChanged
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Market
from mtrade.domain.orders import (
    Intent,
    IntentState,
    OrderRequest,
    TimeInForce,
    Trigger,
    VenueOrder,
    VenueTrigger,
)
from mtrade.trading.hearing import (
    Memory,
    is_of,
    learned,
    missing,
    own_fills,
    told_of,
)
from mtrade.trading.intents import Answer, judge
from tests.trading.fakes import fill_of, request, venue_order
from tests.trading.test_intents import NOW, intent

MINE = "paper:1"
STOP = request("t-mt1mNstop", trigger=Trigger(price=D(50000), above=False))


def resting(filled: int = 0, **changes: object) -> VenueOrder:
    average = D(60000) if filled else None
    return replace(
        venue_order(request()), open=True, finish_as="", filled=D(filled), left=D(10 - filled),
        average=average, **changes,  # type: ignore[arg-type]
    )  # fmt: skip


def ended(filled: int, why: str = "filled") -> VenueOrder:
    return replace(resting(filled), open=False, finish_as=why)


def trigger(status: str = "open", order: OrderRequest = STOP, id: str = "900") -> VenueTrigger:
    return VenueTrigger(trigger_id=id, order=order, status=status)


def open_intent(**changes: object) -> Intent:
    return intent(IntentState.OPEN, order_id="77", **changes)


@pytest.mark.parametrize("state", [IntentState.OPEN, IntentState.UNKNOWN, IntentState.HOLD])
def test_an_end_that_is_told_ends_the_order(state: IntentState) -> None:
    known = learned(intent(state), ended(10), NOW)
    assert known is not None
    assert (known.state, known.filled, known.order_id) == (IntentState.DONE, D(10), "77")
    assert (known.label, known.closed_ms) == ("filled", NOW)


@pytest.mark.parametrize(
    "state", [IntentState.SENDING, IntentState.WAITING, IntentState.DONE, IntentState.VOID]
)
def test_what_is_being_sent_or_has_ended_is_not_touched(state: IntentState) -> None:
    assert learned(intent(state), ended(10), NOW) is None


def test_a_late_push_takes_no_fill_back() -> None:
    known = open_intent(filled=D(5), average=D(60000))
    assert learned(known, resting(3), NOW) is None
    assert learned(known, ended(3, "cancelled"), NOW) is None


def test_an_unknown_order_that_rests_is_open_but_an_immediate_one_has_its_end_on_the_way() -> None:
    known = learned(intent(IntentState.UNKNOWN), resting(2), NOW)
    assert known is not None
    assert (known.state, known.filled) == (IntentState.OPEN, D(2))
    ioc = intent(IntentState.UNKNOWN, order=request(tif=TimeInForce.IOC))
    assert learned(ioc, resting(2), NOW) is None


def test_an_order_is_told_by_its_id_else_by_its_text_and_never_by_a_triggers() -> None:
    assert is_of(open_intent(), resting())
    assert not is_of(open_intent(), resting(order_id="78")), "another order with the same text"
    assert is_of(intent(), resting(order_id="78"))
    assert not is_of(intent(), resting(text="t-other"))
    waiting = intent(IntentState.OPEN, order=STOP, order_id="900")
    assert is_of(waiting, trigger())
    assert not is_of(waiting, resting(order_id="900", text=STOP.text)), "what it fired"
    assert not is_of(open_intent(), trigger(order=request(), id="77"))


def test_a_trigger_that_ended_is_done_and_an_unknown_one_that_waits_is_open() -> None:
    waiting = intent(IntentState.OPEN, order=STOP, order_id="900")
    fired = learned(waiting, trigger("finished"), NOW)
    assert fired is not None
    assert fired.state is IntentState.DONE
    unknown = learned(intent(IntentState.UNKNOWN, order=STOP), trigger(), NOW)
    assert unknown is not None
    assert (unknown.state, unknown.order_id) == (IntentState.OPEN, "900")


@given(
    st.lists(st.integers(1, 9), max_size=4, unique=True),
    st.integers(0, 10),
    st.sampled_from(["rests", "lost", "done"]),
    st.randoms(use_true_random=False),
)
def test_any_order_of_pushes_around_the_answer_ends_in_the_truth(
    parts: list[int], last: int, answer: str, chance: random.Random
) -> None:
    final = max([last, *parts])
    pushes = [resting(), *(resting(part) for part in parts), ended(final)] * 2
    chance.shuffle(pushes)
    position = chance.randrange(len(pushes) + 1)
    now, memory = intent(), Memory()
    for number in range(len(pushes) + 1):
        before = now
        if number == position:
            given_back = {"rests": resting(), "done": ended(final), "lost": None}[answer]
            now = judge(now, Answer(order=given_back), NOW)
        if number < len(pushes):
            memory.keep(now.id, pushes[number])
        told = memory.told(now.id)
        if told is not None and now.state is not IntentState.SENDING:
            now = learned(now, told, NOW) or now
            memory.forget(now.id)
        assert now.filled >= before.filled
    assert (now.state, now.filled) == (IntentState.DONE, D(final))


def test_the_memory_keeps_the_most_advanced_state() -> None:
    memory = Memory()
    for told in (resting(), ended(4, "cancelled"), resting(3)):
        memory.keep(5, told)
    assert memory.told(5) == ended(4, "cancelled")
    for row in (trigger(), trigger("finished"), trigger()):
        memory.keep(6, row)
    assert memory.told(6) == trigger("finished")
    memory.forget(6)
    assert memory.told(6) is None


def test_events_tell_of_orders_triggers_and_fills() -> None:
    mine = [open_intent(), intent(IntentState.OPEN, id=6, order=STOP, order_id="900")]
    order, row = resting(), trigger()
    assert list(told_of(mine, OrderChanged(account_id=MINE, order=order))) == [(mine[0], order)]
    assert list(told_of(mine, TriggerChanged(account_id=MINE, trigger=row))) == [(mine[1], row)]
    own, foreign = fill_of(ended(10)), fill_of(replace(ended(10), text="web"))
    filled = Filled(account_id=MINE, fills=(own, foreign))
    assert list(told_of(mine, filled)) == []
    assert own_fills(filled) == (own,)


def test_what_a_snapshot_should_list_and_does_not_is_missing() -> None:
    rests = open_intent()
    waits = intent(IntentState.OPEN, id=6, order=STOP, order_id="900")
    unsure = intent(IntentState.UNKNOWN, id=7)
    empty = AccountSnapshot(
        account_id=MINE, market=Market.FUTURES, settle="usdt", read_ms=1, orders=(), triggers=(),
        fills=(),
    )  # fmt: skip
    mine = [rests, waits, unsure]
    assert list(missing(mine, empty)) == [rests, waits]
    assert list(missing(mine, replace(empty, orders=(resting(),)))) == [waits]
    assert list(missing(mine, replace(empty, triggers=(trigger(),)))) == [rests]
    assert list(missing(mine, replace(empty, market=Market.SPOT, settle=""))) == []
    assert list(missing(mine, OrderChanged(account_id=MINE, order=resting()))) == []
