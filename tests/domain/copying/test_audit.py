"""What the monitor finds, and what it must not take for a breach."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from mtrade.domain.copying.audit import (
    LATE_MS,
    Audit,
    Breach,
    Finding,
    in_flight,
    is_short,
    quiet,
    summed,
    written,
)
from mtrade.domain.copying.model import CopyLeg
from mtrade.domain.frozen import replace
from mtrade.domain.orders import Intent, IntentKind, IntentState
from mtrade.domain.positions import Leg
from tests.trading.fakes import BTC
from tests.trading.test_intents import NOW, intent

LEG = CopyLeg(id=7, link_id=1, follower_id="paper:2", instrument=BTC, side=Leg.NET, owned=D(5))
EMPTY = Audit(last_intent=9, last_event=9)
NOBODY: frozenset[int] = frozenset()


def order(number: int, **changes: object) -> Intent:
    base = intent(
        IntentState.SENDING, id=number, kind=IntentKind.COPY, account_id="paper:2", leg_id=7
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def flying(leg: CopyLeg, *orders: Intent, now: int = NOW) -> list[Breach]:
    live = {one.id: one for one in orders}
    found = list(in_flight({leg.id: leg}, live, now))
    assert {(one.account_id, one.leg_id) for one in found} <= {("paper:2", 7)}
    return [one.what for one in found]


def test_an_order_under_way_that_both_sides_know_is_well() -> None:
    assert flying(LEG) == []
    assert flying(replace(LEG, pending=3), order(3)) == []


def test_two_orders_of_one_leg_are_one_too_many() -> None:
    assert Breach.TWO_ORDERS in flying(replace(LEG, pending=3), order(3), order(4))


def test_a_leg_must_not_wait_for_what_nobody_follows() -> None:
    assert flying(replace(LEG, pending=3)) == [Breach.LOST_ORDER]
    assert flying(LEG, order(3)) == [Breach.STRAY_ORDER]


def test_orders_of_others_are_not_of_a_leg() -> None:
    others = order(3, kind=IntentKind.FLATTEN, leg_id=None), order(4, leg_id=99)
    assert flying(LEG, *others) == []


def test_an_answer_that_never_came_is_noticed_well_behind_the_deadline() -> None:
    leg, sent = replace(LEG, pending=3), order(3)
    late = sent.expires_ms + LATE_MS
    assert flying(leg, sent, now=late) == []
    assert flying(leg, sent, now=late + 1) == [Breach.NO_ANSWER]
    unknown = replace(sent, state=IntentState.UNKNOWN)  # being looked for, however long
    assert flying(leg, unknown, now=late + 10**9) == []


def test_memory_must_be_what_is_written() -> None:
    stored = replace(EMPTY, legs={7: (D("5.0"), None)})
    assert list(written(stored, {7: LEG})) == []
    wrong = Finding("paper:2", Breach.MEMORY, 7)
    for leg in (replace(LEG, owned=D(6)), replace(LEG, pending=3)):
        assert list(written(stored, {7: leg})) == [wrong]
    assert list(written(EMPTY, {7: LEG})) == [wrong]
    assert list(written(EMPTY, {7: replace(LEG, owned=D(0))})) == []  # not stored yet


def test_the_journal_itself_is_looked_at() -> None:
    bad = replace(
        EMPTY, legs={7: (D(5), None)}, busy={7: 2},
        twice=frozenset({"paper:3"}), void_causes=frozenset({"paper:4"}),
    )  # fmt: skip
    assert set(written(bad, {7: LEG})) == {
        Finding("paper:3", Breach.TEXT_TWICE), Finding("paper:4", Breach.CAUSE),
        Finding("paper:2", Breach.TWO_ORDERS, 7),
    }  # fmt: skip


def moved(leg: CopyLeg, before: str, audit: Audit, adopting: frozenset[int] = NOBODY) -> bool:
    return bool(list(summed(audit, {leg.id: leg}, {leg.id: D(before)}, adopting)))


def test_the_ledger_moves_by_what_own_orders_filled_and_nothing_else() -> None:
    assert not moved(LEG, "5", EMPTY)
    assert not moved(LEG, "8", replace(EMPTY, filled={7: D(-3)}))
    assert moved(LEG, "4", EMPTY)
    assert moved(LEG, "6", EMPTY)
    assert moved(LEG, "5", replace(EMPTY, filled={7: D(1)}))


@pytest.mark.parametrize("leg", [replace(LEG, pending=3), replace(LEG, owned=D(0))])
def test_while_an_order_is_under_way_or_all_was_let_go_nothing_is_judged(leg: CopyLeg) -> None:
    assert not moved(leg, "9", EMPTY)


def test_what_the_feed_explains_is_no_breach() -> None:
    assert not moved(LEG, "9", replace(EMPTY, by_hand=frozenset({7})))
    began = replace(EMPTY, began=frozenset({7}))
    assert not moved(LEG, "9", began, frozenset({7}))
    assert moved(LEG, "9", began)  # an episode alone moves no ledger
    assert moved(LEG, "9", EMPTY, frozenset({7}))


def test_a_leg_that_is_gone_is_no_breach() -> None:
    assert list(summed(EMPTY, {}, {7: D(5)}, NOBODY)) == []


def test_only_quiet_legs_are_compared_later() -> None:
    assert quiet([LEG, replace(LEG, id=8, pending=3)]) == {7: D(5)}


@pytest.mark.parametrize(
    ("owned", "position", "short"),
    [("5", "5", False), ("5", "9", False), ("5", "4", True), ("5", "0", True), ("5", "-5", True),
     ("-5", "-4", True), ("-5", "-6", False), ("0", "-6", False)],
)  # fmt: skip
def test_less_than_owned_is_short_and_more_is_the_users(
    owned: str, position: str, short: bool
) -> None:
    assert is_short(D(owned), D(position)) is short
