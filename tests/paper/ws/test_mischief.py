"""How frames leave under a fault."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mtrade.paper.faultplan import FaultPlan, Kind, Rule
from mtrade.paper.ws.frames import Out
from mtrade.paper.ws.mischief import PAGE, How, Item, Mischief

BREAK = Item("", How.BREAK)


def push(text: str = "p") -> Out:
    return Out(text=text, role="push", channel="futures.orders", uid=42)


def left(mischief: Mischief, *outs: Out) -> list[Item]:
    return [item for out in outs for item in mischief.leave(out, 0)]


@pytest.mark.parametrize(
    ("kind", "items"),
    [
        (Kind.DROP_PUSH, []),
        (Kind.REPEAT_PUSH, [Item("p"), Item("p")]),
        (Kind.DELAY_PUSH, [Item("p", How.SEND, 2.5)]),
        (Kind.CLOSE_ON_PUSH, [BREAK]),
    ],
)
def test_pushes(kind, items):
    mischief = Mischief(FaultPlan(1, [Rule(kind=kind, count=1, seconds=Decimal("2.5"))]))
    assert left(mischief, push()) == items
    assert left(mischief, push("q")) == [Item("q")]


def test_two_pushes_change_places_and_none_is_lost():
    mischief = Mischief(FaultPlan(1, [Rule(kind=Kind.SWAP_PUSH, count=1)]))
    assert left(mischief, push("1"), push("2"), push("3")) == [Item("2"), Item("1"), Item("3")]
    always = Mischief(FaultPlan(1, [Rule(kind=Kind.SWAP_PUSH)]))
    texts = [item.text for item in left(always, *(push(str(n)) for n in range(6)))]
    assert sorted(texts) == [str(n) for n in range(6)]


ACK = Out(text="ack", role="api_ack", channel="futures.order_place")
FINAL = Out(text="final!", role="final", channel="futures.order_place", settled=True)


@pytest.mark.parametrize(
    ("kind", "items"),
    [
        (Kind.LOSE_ANSWER, []),
        (Kind.NO_ACK, [Item("final!")]),
        (Kind.CLOSE_BEFORE_ACK, [BREAK, BREAK]),
        (Kind.CLOSE_BEFORE_FINAL, [Item("ack"), BREAK]),
        (Kind.CLOSE_MID_FRAME, [Item("ack"), Item("final!", How.HALF)]),
        (Kind.REPEAT_ANSWER, [Item("ack"), Item("final!"), Item("final!")]),
        (Kind.DELAY_ANSWER, [Item("ack"), Item("final!", How.SEND, 3.0)]),
        (Kind.TRUNCATE, [Item("ack"), Item("fin")]),
        (Kind.HTML, [Item("ack"), Item(PAGE)]),
        (None, [Item("ack"), Item("final!")]),
    ],
)
def test_answers(kind, items):
    mischief = Mischief(FaultPlan(1))
    mischief.fate = Rule(kind=kind, seconds=Decimal(3)) if kind else None
    assert left(mischief, ACK, FINAL) == items


def test_an_answer_under_a_fate_does_not_touch_pushes():
    mischief = Mischief(FaultPlan(1))
    mischief.fate = Rule(kind=Kind.LOSE_ANSWER)
    assert left(mischief, push()) == [Item("p")]


def test_silence_covers_every_role():
    mischief = Mischief(FaultPlan(1, [Rule(kind=Kind.SILENCE, match="futures.*")]))
    pong = Out(text="o", role="pong", channel="futures.ping")
    assert left(mischief, push(), ACK, FINAL, pong) == []
