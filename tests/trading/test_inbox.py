"""The inbox: what cannot wait goes first, the rest keeps its order, nobody starves."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from itertools import islice

import pytest

from mtrade.domain.errors import OutcomeUnknown
from mtrade.domain.frozen import replace
from mtrade.trading.inbox import AT_ONCE, BESIDE, Inbox, Rank
from mtrade.trading.intents import Answer
from mtrade.trading.messages import Answered, AnsweredAll, Commit, Heard
from mtrade.trading.troubles import Troubles
from mtrade.trading.worker import Worker
from tests.trading.fakes import request
from tests.trading.test_intents import intent


@dataclass(frozen=True)
class Message:
    rank: Rank
    number: int = 0


def filled(inbox: Inbox, *ranks: Rank) -> None:
    for number, rank in enumerate(ranks):
        inbox.post(Message(rank, number))


def test_a_round_goes_by_rank_and_within_a_rank_by_arrival() -> None:
    inbox = Inbox()
    filled(inbox, Rank.COMMAND, Rank.NEWS, Rank.RESULT, Rank.NEWS, Rank.CONTROL, Rank.CONTROL)
    assert [m.number for m in inbox.round() if isinstance(m, Message)] == [4, 5, 2, 1, 3, 0]
    assert list(inbox.round()) == []


def test_a_brake_that_comes_in_the_midst_of_a_round_is_next() -> None:
    inbox = Inbox()
    filled(inbox, *[Rank.NEWS] * 5)
    going = inbox.round()
    list(islice(going, 2))
    inbox.post(Message(Rank.CONTROL, 77))
    assert [m.number for m in going if isinstance(m, Message)] == [77, 2, 3, 4]


def test_each_round_takes_from_every_rank() -> None:
    inbox = Inbox()
    filled(inbox, *[Rank.NEWS] * (AT_ONCE * 5), Rank.COMMAND)
    taken = list(inbox.round())
    assert len(taken) == AT_ONCE + 1
    assert taken[-1] == Message(Rank.COMMAND, AT_ONCE * 5)


def test_what_is_copied_is_acted_on_before_the_rest_of_the_news() -> None:
    inbox = Inbox()
    filled(inbox, *[Rank.NEWS] * AT_ONCE, Rank.SIGNAL, Rank.SIGNAL)
    taken = [m.rank for m in inbox.round() if isinstance(m, Message)]
    assert taken == [Rank.SIGNAL] * 2 + [Rank.NEWS] * BESIDE
    assert len(list(inbox.round())) == AT_ONCE - BESIDE


def test_answers_that_wait_together_are_handled_together() -> None:
    lost = Answer(error=OutcomeUnknown("lost"))
    first, second, alone, last = (Answered(number, lost) for number in range(4))
    inbox = Inbox()
    for message in (AnsweredAll((first,)), AnsweredAll((second,)), alone, AnsweredAll((last,))):
        inbox.post(message)
    assert list(inbox.round()) == [AnsweredAll((first, second)), alone, AnsweredAll((last,))]


def test_a_round_ends_in_the_midst_of_what_belongs_together() -> None:
    inbox = Inbox()
    for number in range(AT_ONCE + 1):
        inbox.post(AnsweredAll((Answered(number, Answer(error=OutcomeUnknown("lost"))),)))
    (one,) = inbox.round()
    assert isinstance(one, AnsweredAll)
    assert len(one.answers) == AT_ONCE
    assert len(list(inbox.round())) == 1


def test_after_its_end_the_rest_is_handed_out_and_nothing_taken_in() -> None:
    inbox = Inbox()
    filled(inbox, Rank.NEWS)
    inbox.close()
    inbox.post(Message(Rank.CONTROL))
    assert not inbox.ended
    assert list(inbox.round()) == [Message(Rank.NEWS)]
    assert inbox.ended
    inbox.wait(60.0)  # returns at once


def test_waiting_ends_with_the_first_message() -> None:
    inbox = Inbox()
    threading.Timer(0.02, inbox.post, [Message(Rank.NEWS)]).start()
    inbox.wait(60.0)
    assert list(inbox.round()) == [Message(Rank.NEWS)]


@pytest.mark.parametrize("reducing", [True, False])
def test_an_exit_by_hand_goes_first_and_an_entry_last(reducing: bool) -> None:
    order = replace(request("t-1"), reduce_only=reducing)
    commit = Commit((intent(order=order),), None)  # type: ignore[arg-type]
    assert commit.rank is (Rank.CONTROL if reducing else Rank.COMMAND)
    answer = Answer(error=OutcomeUnknown("lost"))
    inbox = Inbox()
    messages = [Heard(None), Answered(1, answer), commit]  # type: ignore[arg-type]
    for message in messages:
        inbox.post(message)
    wanted = [2, 1, 0] if reducing else [1, 0, 2]
    assert [messages.index(m) for m in inbox.round()] == wanted


def test_the_engine_takes_a_brake_before_a_thousand_news() -> None:
    """As after a burst: the inbox is full when somebody pulls the brake."""
    handled: list[Rank] = []
    began, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def handle(message: object) -> None:
        assert isinstance(message, Message)
        began.set()
        go_on.wait(10)
        handled.append(message.rank)
        if len(handled) == 1002:
            done.set()

    worker = Worker(handle, lambda: None, lambda: 0.01, Troubles())
    worker.start()
    worker.post(Message(Rank.NEWS))
    assert began.wait(10)  # the engine is in the midst of one
    for number in range(1000):
        worker.post(Message(Rank.NEWS, number))
    worker.post(Message(Rank.CONTROL))
    go_on.set()
    assert done.wait(10)
    worker.stop(10)
    assert handled.index(Rank.CONTROL) == 1
