"""What is told after an order's end: no silence about a contradiction, no alarm without one."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal as D
from pathlib import Path

import pytest

from mtrade.domain.errors import OrderRejected
from mtrade.domain.events import AccountSnapshot, Filled, OrderChanged, TriggerChanged
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Market
from mtrade.domain.orders import Intent, IntentState, OrderRequest, Trigger, VenueOrder
from mtrade.domain.orders import VenueTrigger as Row
from mtrade.trading.afterwards import difference
from mtrade.trading.hearing import HeardEvent, Told
from mtrade.trading.intents import Answer
from mtrade.trading.messages import Answered
from tests.trading.fakes import fill_of, request, venue_order
from tests.trading.test_intents import intent
from tests.trading.test_pipeline import World, raising, resting

MINE = "paper:1"
DONE = intent(IntentState.DONE, order_id="77", filled=D(4))
VOID = intent(IntentState.VOID, label="FENCED")
STOP = request("t-mt1mNstop", trigger=Trigger(price=D(50000), above=False))
OPEN_ROW = Row(trigger_id="900", order=STOP, status="open")


def order(filled: int, *, open: bool = False, **changes: object) -> VenueOrder:
    return venue_order(request(), filled=D(filled), left=D(10 - filled), open=open, **changes)


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (DONE, order(10)),
        (DONE, order(5, open=True)),
        (DONE, order(3)),
        (DONE, order(4, order_id="78")),
        (VOID, order(0, open=True)),
        (VOID, order(1)),
        (intent(IntentState.OPEN, order_id="77"), order(0, open=True, order_id="78")),
        (intent(IntentState.VOID, order=STOP), OPEN_ROW),
    ],
)
def test_what_cannot_both_be_true_is_a_difference(known: Intent, told: Told) -> None:
    assert difference(known, told)


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (DONE, order(4)),
        (DONE, order(3, open=True)),  # an old state, late
        (replace(DONE, order_id=""), order(4)),  # proven by trades alone
        (VOID, order(0)),  # refused orders are told as ended without a fill
        (intent(IntentState.OPEN, order_id="77"), order(10)),
        (intent(IntentState.DONE, order=STOP, order_id="900"), OPEN_ROW),
        (intent(IntentState.DONE, order=STOP, order_id="900"), order(10, order_id="5")),
    ],
)
def test_what_may_well_be_is_none(known: Intent, told: Told) -> None:
    assert not difference(known, told)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.pipeline.start()
    yield made
    made.pipeline.close()
    made.journal.close()


def codes(world: World) -> list[str]:
    """The troubles, once everything posted before has been handled."""
    text = f"t-mt1mNlast{len(world.exchange.placed)}"
    world.exchange.on_place = lambda wish: venue_order(wish, order_id=text)
    world.pipeline.commit([world.draft(text)], 5)
    return [problem.code for problem in world.pipeline.problems()]


def ended(world: World, filled: int) -> VenueOrder:
    """An order of ours that is done in the journal, as the exchange ended it."""
    world.exchange.on_place = lambda wish: venue_order(wish, filled=D(filled))
    (known,) = world.pipeline.commit([world.draft("t-mt1mNx")], 5)
    assert known.state is IntentState.DONE
    return venue_order(known.order, filled=D(filled))


def tell(world: World, told: VenueOrder) -> None:
    world.pipeline.hear(OrderChanged(account_id=MINE, order=told))


def test_a_late_push_that_agrees_is_no_trouble_and_one_that_does_not_is(world: World) -> None:
    told = ended(world, 4)
    tell(world, told)
    tell(world, replace(told, open=True, filled=D(2), finish_as=""))
    assert codes(world) == []
    tell(world, replace(told, filled=D(10)))
    assert codes(world) == ["contradiction"]
    found = world.journal.by_text(MINE, "t-mt1mNx")
    assert found is not None
    assert found.filled == D(4), "an end is final"
    (problem,) = world.pipeline.problems()
    assert (problem.params["text"], problem.params["instrument"]) == ("t-mt1mNx", "BTC_USDT")


def test_a_late_answer_that_does_not_agree_is_a_trouble(world: World) -> None:
    told = ended(world, 4)
    known = world.journal.by_text(MINE, "t-mt1mNx")
    assert known is not None
    world.pipeline._worker.post(Answered(known.id, Answer(order=told)))
    assert codes(world) == []
    world.pipeline._worker.post(Answered(known.id, Answer(order=replace(told, filled=D(9)))))
    assert codes(world) == ["contradiction"]


def test_an_order_that_was_refused_and_yet_rests_is_a_trouble(world: World) -> None:
    world.exchange.on_place = raising(OrderRejected("no", label="X"), executed=False)
    (gone,) = world.pipeline.commit([world.draft("t-mt1mNx")], 5)
    assert gone.state is IntentState.VOID
    tell(world, venue_order(gone.order, filled=D(0), finish_as="cancelled"))
    assert codes(world) == []
    tell(world, resting(gone.order))
    assert codes(world) == ["contradiction"]


def test_a_push_that_overtakes_a_refusal_and_says_otherwise_is_a_trouble(world: World) -> None:
    def refused(wish: OrderRequest) -> VenueOrder:
        tell(world, venue_order(wish))
        raise OrderRejected("no", label="X")

    world.exchange.on_place = refused
    (gone,) = world.pipeline.commit([world.draft("t-mt1mNx")], 5)
    assert gone.state is IntentState.VOID
    assert codes(world) == ["contradiction"]


def test_a_second_order_of_the_same_text_is_a_trouble(world: World) -> None:
    world.exchange.on_place = resting
    (known,) = world.pipeline.commit([world.draft("t-mt1mNx")], 5)
    tell(world, resting(known.order))
    assert codes(world) == []
    tell(world, replace(resting(known.order), order_id="78"))
    assert codes(world) == ["contradiction"]


def test_a_trade_of_an_order_without_effect_is_a_trouble_a_known_one_is_not(world: World) -> None:
    told = ended(world, 4)
    for _ in range(2):
        world.pipeline.hear(Filled(account_id=MINE, fills=(fill_of(told),)))
    assert codes(world) == []
    more = fill_of(told, trade_id="t2", size=D(6))
    world.pipeline.hear(Filled(account_id=MINE, fills=(more,)))
    assert codes(world) == ["contradiction"]


def snapshot(told: VenueOrder, read_ms: int) -> AccountSnapshot:
    return AccountSnapshot(
        account_id=MINE, market=Market.FUTURES, settle="usdt", read_ms=read_ms, orders=(told,),
        triggers=(), fills=(),
    )  # fmt: skip


def test_an_ended_order_may_be_in_a_list_read_before_but_not_in_one_read_after(
    world: World,
) -> None:
    told = replace(ended(world, 4), open=True, finish_as="")
    begun = world.clock.now_ms()
    world.clock.advance(60)
    world.pipeline.hear(snapshot(told, begun))
    assert codes(world) == []
    world.exchange_ms = lambda account_id: 0  # the exchange's time is not known
    world.pipeline.hear(snapshot(told, begun + 60_000))
    assert codes(world) == []
    world.exchange_ms = lambda account_id: world.clock.now_ms()
    world.pipeline.hear(snapshot(told, begun + 60_000))
    assert codes(world) == ["contradiction"]


def test_foreign_orders_and_other_accounts_are_none_of_its_business(world: World) -> None:
    told = replace(ended(world, 4), filled=D(10))
    events: list[HeardEvent] = [
        OrderChanged(account_id="paper:2", order=told),
        OrderChanged(account_id=MINE, order=replace(told, text="web")),
        OrderChanged(account_id=MINE, order=replace(told, text="t-mt1mNnobody")),
        TriggerChanged(account_id=MINE, trigger=OPEN_ROW),
    ]
    for event in events:
        world.pipeline.hear(event)
    assert codes(world) == []


def test_a_look_up_that_contradicts_the_answer_is_held_until_they_agree(world: World) -> None:
    """The answer and a push say that 4 are filled; the exchange's books say it ended with 1."""
    world.exchange.on_place = resting
    (known,) = world.pipeline.commit([world.draft("t-mt1mNx")], 5)
    tell(world, replace(resting(known.order), filled=D(4), left=D(6), average=D(60000)))
    cancelled = venue_order(known.order, filled=D(1), finish_as="cancelled")
    world.exchange.orders["t-mt1mNx"] = cancelled
    held = world.wait("t-mt1mNx", IntentState.HOLD)
    assert held.filled == D(4), "what is proven is not taken back"
    assert codes(world) == ["held"]
    world.exchange.orders["t-mt1mNx"] = replace(cancelled, filled=D(4))
    assert world.wait("t-mt1mNx", IntentState.DONE).filled == D(4)
    assert codes(world) == []
