"""Intents: texts within Gate's rules, and every answer judged to the right state."""

from __future__ import annotations

import random
import re
from decimal import Decimal as D

import pytest

from mtrade.domain.errors import (
    AuthenticationFailed,
    Conflict,
    ExchangeError,
    ExchangeUnavailable,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
)
from mtrade.domain.frozen import replace
from mtrade.domain.orders import (
    TRANSITIONS,
    Intent,
    IntentKind,
    IntentState,
    OrderPath,
    OrderType,
    TimeInForce,
)
from mtrade.domain.positions import Leg
from mtrade.trading import intents
from mtrade.trading.intents import NOISE, Answer, after_parent, judge, order_text, recover, told
from tests.trading.fakes import request, venue_order

NOW = 1_700_000_000_000


def intent(state: IntentState = IntentState.SENDING, **changes: object) -> Intent:
    base = Intent(
        id=5,
        account_id="paper:1",
        kind=IntentKind.MANUAL,
        request_id="abcdefgh",
        order=request(),
        expires_ms=NOW + 3000,
        state=state,
        planned_ms=NOW,
        sent_ms=NOW,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def test_order_text_obeys_gates_rule_and_names_kind_leg_and_instance() -> None:
    noise = random.Random(1).randbytes
    text = order_text(IntentKind.MANUAL, Leg.SHORT, "abcd", noise(NOISE))
    assert re.fullmatch(r"t-[0-9A-Za-z_.-]{1,28}", text)
    assert text.startswith("t-mt1mSabcd")
    assert len(text) == 2 + 25
    assert order_text(IntentKind.MANUAL, None, "abcd", noise(NOISE)) != text


def test_a_filled_answer_ends_the_intent() -> None:
    done = judge(intent(), Answer(order=venue_order(request())), NOW + 9)
    assert (done.state, done.filled, done.average) == (IntentState.DONE, D(10), D(60000))
    assert (done.order_id, done.label, done.closed_ms) == ("77", "filled", NOW + 9)


def test_a_resting_limit_order_is_open_but_a_resting_ioc_is_not_believed() -> None:
    resting = venue_order(request(), open=True, filled=D(0), left=D(10), average=None)
    assert judge(intent(), Answer(order=resting), NOW).state is IntentState.OPEN
    ioc = intent(order=request(tif=TimeInForce.IOC))
    assert judge(ioc, Answer(order=resting), NOW).state is IntentState.UNKNOWN
    market = intent(order=request(type=OrderType.MARKET, price=None, tif=TimeInForce.IOC))
    assert judge(market, Answer(order=resting), NOW).state is IntentState.UNKNOWN


def test_a_partly_filled_ioc_is_done_with_its_part_never_rejected() -> None:
    ioc = intent(order=request(tif=TimeInForce.IOC))
    part = venue_order(request(), left=D(7), filled=D(3), finish_as="ioc")
    done = judge(ioc, Answer(order=part), NOW)
    assert (done.state, done.filled, done.label) == (IntentState.DONE, D(3), "ioc")


@pytest.mark.parametrize(
    ("error", "state", "label"),
    [
        (OrderRejected("no", label="BALANCE_NOT_ENOUGH"), IntentState.VOID, "BALANCE_NOT_ENOUGH"),
        (AuthenticationFailed("no", label="INVALID_KEY"), IntentState.VOID, "INVALID_KEY"),
        (RateLimited("wait", label="TOO_MANY_REQUESTS"), IntentState.VOID, "TOO_MANY_REQUESTS"),
        (ExchangeUnavailable("refused"), IntentState.VOID, "NOT_SENT"),
        (OutcomeUnknown("time-out"), IntentState.UNKNOWN, ""),
    ],
)
def test_errors_are_judged_by_whether_the_outcome_is_known(
    error: ExchangeError, state: IntentState, label: str
) -> None:
    seen = judge(intent(), Answer(error=error), NOW)
    assert (seen.state, seen.label) == (state, label)


def test_an_empty_answer_is_unknown() -> None:
    assert judge(intent(), Answer(), NOW).state is IntentState.UNKNOWN


def test_dying_while_sending_is_unknown_and_nothing_else_changes_at_start() -> None:
    assert recover(intent()).state is IntentState.UNKNOWN
    for state in (IntentState.OPEN, IntentState.WAITING, IntentState.HOLD, IntentState.UNKNOWN):
        assert recover(intent(state)) == intent(state)


def test_protection_waits_for_a_fill_and_ends_with_an_unfilled_entry() -> None:
    child = intent(IntentState.WAITING, id=6, parent=request().text)
    assert after_parent(intent(IntentState.OPEN), [child], NOW, NOW + 1) == []
    part = intent(IntentState.OPEN, filled=D(1))
    (sent,) = after_parent(part, [child], NOW + 5, NOW + 9)
    assert (sent.state, sent.sent_ms, sent.expires_ms) == (IntentState.SENDING, NOW + 5, NOW + 9)
    (gone,) = after_parent(intent(IntentState.VOID), [child], NOW, NOW)
    assert (gone.state, gone.label) == (IntentState.VOID, intents.PARENT_NOT_FILLED)


def test_the_table_is_obeyed_for_every_pair_of_states() -> None:
    for before in IntentState:
        for after in IntentState:
            allowed = after in TRANSITIONS[before] or (
                after is before and before not in (IntentState.DONE, IntentState.VOID)
            )
            if allowed:
                assert intent(before).advance(after).state is after
            else:
                with pytest.raises(Conflict):
                    intent(before).advance(after)


def test_told_turns_ends_without_effect_into_their_errors_naming_the_intent() -> None:
    assert told(intent(IntentState.DONE)).state is IntentState.DONE
    cases = [
        (intent(IntentState.VOID, label="NOT_SENT"), ExchangeUnavailable),
        (intent(IntentState.VOID, label="INVALID_KEY"), OrderRejected),
        (intent(IntentState.UNKNOWN), OutcomeUnknown),
        (intent(IntentState.HOLD), OutcomeUnknown),
        (intent(IntentState.SENDING), OutcomeUnknown),
    ]
    for case, error in cases:
        with pytest.raises(error) as caught:
            told(case)
        assert caught.value.params["intent"] == "5"  # type: ignore[attr-defined]


def test_the_way_an_order_left_is_kept_whatever_the_answer_was() -> None:
    done = judge(intent(), Answer(order=venue_order(request()), path=OrderPath.WS), NOW)
    lost = judge(intent(), Answer(error=OutcomeUnknown("silence"), path=OrderPath.WS), NOW)
    refused = judge(intent(), Answer(error=OrderRejected("no"), path=OrderPath.REST), NOW)
    assert [done.path, lost.path, refused.path] == [OrderPath.WS, OrderPath.WS, OrderPath.REST]
    found = venue_order(request())
    assert intents.settle_from(lost, found, NOW, evidence="found").path is OrderPath.WS


def test_an_order_that_never_left_has_no_way() -> None:
    answer = Answer(error=ExchangeUnavailable("refused"), path=OrderPath.REST)
    assert judge(intent(), answer, NOW).path is None
