"""The resolver: unknown stays unknown until proven, and each proof leads to the right end."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from mtrade.domain.errors import ExchangeUnavailable
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Side, futures
from mtrade.domain.orders import IntentState, TimeInForce, Trigger, VenueTrigger
from mtrade.domain.positions import Leg
from mtrade.trading.intents import PREFIX
from mtrade.trading.resolver import (
    CLOCK_MS,
    HOLD_POLL_S,
    PLAN_AGE_MS,
    SETTLE_MS,
    TRIGGER_PATIENCE_MS,
    Evidence,
    Step,
    weigh,
)
from tests.trading.fakes import fill_of, request, venue_order
from tests.trading.test_intents import NOW, intent

FENCE = NOW + 3000 + SETTLE_MS
UNKNOWN = intent(IntentState.UNKNOWN)
NOTHING = Evidence(deep=True)


def step(seen: Evidence, *, at: int = FENCE + 1, misses: int = 0, of: object = UNKNOWN) -> Step:
    return weigh(of, seen, at, NOW, misses)  # type: ignore[arg-type]


def test_a_failed_read_proves_nothing() -> None:
    seen = step(Evidence(failed=ExchangeUnavailable("down")), misses=1)
    assert (seen.intent, seen.misses) == (UNKNOWN, 1)
    assert seen.look_after_s


def test_found_finished_is_done_with_the_exact_fill() -> None:
    seen = step(Evidence(order=venue_order(request(), filled=D(4), left=D(6))), at=NOW)
    assert (seen.intent.state, seen.intent.filled) == (IntentState.DONE, D(4))
    assert seen.look_after_s is None


def test_found_resting_is_open_and_an_immediate_order_is_cancelled_first() -> None:
    resting = venue_order(request(), open=True, filled=D(0))
    assert step(Evidence(order=resting)).intent.state is IntentState.OPEN
    ioc = intent(IntentState.UNKNOWN, order=request(tif=TimeInForce.IOC))
    seen = step(Evidence(order=resting), of=ioc)
    assert (seen.intent.state, seen.cancel) == (IntentState.UNKNOWN, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"filled": D(1), "order_id": "77"},
        {"order_id": "78"},
        {"side": Side.SELL, "order_id": "77"},
        {"instrument": futures("ETH_USDT"), "order_id": "77"},
    ],
)
@pytest.mark.parametrize("state", [IntentState.OPEN, IntentState.UNKNOWN, IntentState.HOLD])
def test_a_look_up_that_contradicts_what_is_proven_is_held(
    changes: dict[str, Any], state: IntentState
) -> None:
    of = intent(state, order_id="77", filled=D(4))
    seen = step(Evidence(order=replace(venue_order(request()), **changes)), of=of)
    assert (seen.intent.state, seen.intent.filled) == (IntentState.HOLD, D(4))
    assert seen.intent.evidence
    assert seen.look_after_s == HOLD_POLL_S
    assert not seen.cancel
    agreed = venue_order(request(), filled=D(10))
    assert step(Evidence(order=agreed), of=seen.intent).intent.state is IntentState.DONE


def test_an_order_amended_elsewhere_or_closing_a_position_contradicts_nothing() -> None:
    bigger = venue_order(request(), size=D(30), left=D(20), price=D(61000), open=True)
    of = intent(IntentState.OPEN, order_id="77", filled=D(4))
    assert step(Evidence(order=bigger), of=of).intent.state is IntentState.OPEN
    closing = intent(IntentState.UNKNOWN, order=request(close=True, size=D(0)))
    told = venue_order(request(), side=Side.SELL)
    assert step(Evidence(order=told), of=closing).intent.state is IntentState.DONE


def test_not_found_before_the_fence_is_never_a_miss() -> None:
    seen = step(NOTHING, at=FENCE, misses=5)
    assert (seen.intent.state, seen.misses) == (IntentState.UNKNOWN, 0)


def test_an_accepted_order_may_be_invisible_for_five_seconds() -> None:
    """Gate was seen to list an order late; a look that comes sooner proves nothing."""
    seen = step(NOTHING, at=UNKNOWN.expires_ms + 5_000, misses=1)
    assert seen.intent.state is IntentState.UNKNOWN


def test_a_shallow_look_after_the_fence_is_no_miss_either() -> None:
    assert step(Evidence(deep=False), misses=1).intent.state is IntentState.UNKNOWN


def test_two_deep_misses_after_the_fence_prove_that_nothing_happened() -> None:
    first = step(NOTHING)
    assert (first.intent.state, first.misses) == (IntentState.UNKNOWN, 1)
    assert (first.look_after_s or 0) >= 2
    second = step(NOTHING, misses=first.misses)
    assert (second.intent.state, second.intent.label) == (IntentState.VOID, "FENCED")


def test_own_trades_prove_a_fill_even_when_the_order_is_gone() -> None:
    order = venue_order(request())
    trades = (
        fill_of(order, size=D(3), price=D(100)),
        fill_of(order, size=D(1), price=D(200), trade_id="x"),
        fill_of(order, text="t-other"),
    )
    seen = step(Evidence(deep=True, trades=trades), misses=1)
    assert (seen.intent.state, seen.intent.filled) == (IntentState.DONE, D(4))
    assert seen.intent.average == D(125)


def test_a_position_that_moved_without_an_explaining_trade_is_held_for_a_human() -> None:
    of = intent(IntentState.UNKNOWN, plan_position=D(5))
    seen = step(Evidence(deep=True, position=D(15)), misses=1, of=of)
    assert seen.intent.state is IntentState.HOLD
    again = step(Evidence(deep=True, position=D(15)), misses=2, of=seen.intent)
    assert (again.intent.state, again.look_after_s) == (IntentState.HOLD, 30.0)


def test_other_orders_explain_a_moved_position() -> None:
    of = intent(IntentState.UNKNOWN, plan_position=D(5))
    other = fill_of(venue_order(request()), time_ms=NOW + 1, side=Side.SELL, size=D(2), text="web")
    seen = step(Evidence(deep=True, position=D(3), trades=(other,)), misses=1, of=of)
    assert seen.intent.state is IntentState.VOID


def test_late_evidence_ends_a_hold() -> None:
    held = intent(IntentState.HOLD)
    found = step(Evidence(order=venue_order(request())), of=held)
    assert found.intent.state is IntentState.DONE
    ioc = intent(IntentState.HOLD, order=request(tif=TimeInForce.IOC))
    resting = venue_order(request(), open=True)
    assert step(Evidence(order=resting), of=ioc).cancel


def test_an_open_order_the_exchange_has_forgotten_ended_unfilled() -> None:
    of = intent(IntentState.OPEN)
    seen = step(NOTHING, misses=1, of=of)
    assert (seen.intent.state, seen.intent.filled) == (IntentState.DONE, D(0))


def trigger_intent(state: IntentState) -> object:
    order = request(trigger=Trigger(price=D(1), above=True))
    return intent(state, order=order)


@pytest.mark.parametrize(
    ("status", "state"),
    [("open", IntentState.OPEN), ("finished", IntentState.DONE), ("invalid", IntentState.DONE)],
)
def test_a_trigger_is_what_the_exchange_lists(status: str, state: IntentState) -> None:
    of = trigger_intent(IntentState.UNKNOWN)
    seen = VenueTrigger(trigger_id="9", order=request(), status=status)
    assert step(Evidence(trigger=seen, deep=True), of=of).intent.state is state


def test_a_missing_trigger_is_never_called_void_because_it_has_no_deadline() -> None:
    of = trigger_intent(IntentState.UNKNOWN)
    patient = NOW + TRIGGER_PATIENCE_MS
    assert step(NOTHING, at=patient, of=of, misses=4).intent.state is IntentState.UNKNOWN
    held = step(NOTHING, at=patient + 1, of=of, misses=1)
    assert held.intent.state is IntentState.HOLD
    assert step(NOTHING, at=patient + 1, of=held.intent, misses=3).intent == held.intent


def test_an_open_trigger_that_is_no_longer_listed_has_ended() -> None:
    of = trigger_intent(IntentState.OPEN)
    seen = step(NOTHING, at=NOW + TRIGGER_PATIENCE_MS + 1, of=of, misses=1)
    assert seen.intent.state is IntentState.DONE


def test_the_witness_ignores_trades_before_the_plan() -> None:
    of = intent(IntentState.UNKNOWN, plan_position=D(5))
    old = replace(fill_of(venue_order(request())), time_ms=NOW - 1, text="web", size=D(10))
    seen = step(Evidence(deep=True, position=D(5), trades=(old,)), misses=1, of=of)
    assert seen.intent.state is IntentState.VOID


@pytest.mark.parametrize(
    ("text", "age_ms", "state"),
    [
        ("liq-123", 1_500, IntentState.VOID),  # closed by force just before, and not yet seen then
        ("web", PLAN_AGE_MS, IntentState.VOID),
        ("web", PLAN_AGE_MS + 1, IntentState.HOLD),
        (PREFIX + "nbbbb", 1_500, IntentState.HOLD),  # an own one was reckoned with
    ],
)
def test_the_planning_position_may_be_older_than_what_others_did(
    text: str, age_ms: int, state: IntentState
) -> None:
    of = intent(IntentState.UNKNOWN, plan_position=D(5))
    sold = fill_of(
        venue_order(request()), time_ms=NOW - age_ms, side=Side.SELL, size=D(5), text=text
    )
    seen = step(Evidence(deep=True, position=D(0), trades=(sold,)), misses=1, of=of)
    assert seen.intent.state is state


def test_parts_of_one_moment_are_listed_newest_first() -> None:
    of = intent(IntentState.UNKNOWN, plan_position=D(5))
    order = venue_order(request())
    listed = tuple(
        fill_of(
            order, trade_id=str(n), time_ms=NOW - 1_500, side=Side.SELL, size=D(size), text="web"
        )
        for n, size in ((2, 1), (1, 4))
    )
    seen = step(Evidence(deep=True, position=D(4), trades=listed), misses=1, of=of)
    assert seen.intent.state is IntentState.VOID  # the plan had seen the first part
    seen = step(Evidence(deep=True, position=D(1), trades=listed), misses=1, of=of)
    assert seen.intent.state is IntentState.HOLD


@pytest.mark.parametrize(
    ("side", "text", "after_ms", "state"),
    [
        (Side.SELL, "t-by-hand", CLOCK_MS, IntentState.VOID),
        (Side.SELL, "t-by-hand", CLOCK_MS + 1, IntentState.HOLD),
        (Side.SELL, PREFIX + "nbbbb", CLOCK_MS, IntentState.HOLD),
        (Side.BUY, "t-by-hand", CLOCK_MS, IntentState.HOLD),  # it may have bought three itself
    ],
)
def test_the_planning_position_may_show_a_part_of_what_others_did_by_the_exchanges_clock_later(
    side: Side, text: str, after_ms: int, state: IntentState
) -> None:
    """A hand's order fills in four parts; the plan fell between the third and the fourth, and our
    clock runs a little behind the exchange's."""
    of = intent(IntentState.UNKNOWN, plan_position=D(7), order=request(side=side, size=D(10)))
    order = venue_order(request())
    parts = tuple(
        fill_of(
            order, trade_id=str(n), time_ms=NOW + after_ms, side=Side.SELL, size=D(1), text=text
        )
        for n in range(4)
    )
    seen = step(Evidence(deep=True, position=D(6), trades=parts), misses=1, of=of)
    assert seen.intent.state is state


@pytest.mark.parametrize(
    ("leg", "side", "closes", "position"),
    [
        (Leg.LONG, Side.SELL, D(0), D(5)),  # opened the short leg
        (Leg.LONG, Side.BUY, D(4), D(5)),  # closed the short leg
        (Leg.LONG, Side.BUY, D(0), D(9)),
        (Leg.LONG, Side.SELL, D(-4), D(1)),
        (Leg.SHORT, Side.BUY, D(0), D(5)),  # opened the long leg
        (Leg.SHORT, Side.SELL, D(0), D(1)),
    ],
)
def test_the_witness_of_a_hedge_leg_counts_what_moved_that_leg(
    leg: Leg, side: Side, closes: D, position: D
) -> None:
    of = intent(IntentState.UNKNOWN, plan_position=D(5))
    order = venue_order(request(text="t-other", side=side), filled=D(4))
    other = fill_of(order, time_ms=NOW, close_size=closes)
    known = Evidence(deep=True, trades=(other,), leg=leg, position=position)
    assert step(known, misses=1, of=of).intent.state is IntentState.VOID
    changed = replace(known, position=position + 1)
    assert step(changed, misses=1, of=of).intent.state is IntentState.HOLD
