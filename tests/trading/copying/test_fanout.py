"""The fan-out: every order is written before any answer is awaited, once, and nobody waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from mtrade.domain.accounts import Credentials, Network, Secret
from mtrade.domain.errors import (
    ExchangeError,
    ExchangeUnavailable,
    NotFound,
    OrderRejected,
    OutcomeUnknown,
)
from mtrade.domain.frozen import replace
from mtrade.domain.orders import Intent, IntentState, OrderPath, OrderRequest, VenueOrder
from mtrade.domain.ports import Clock, FastExchange
from mtrade.gate.exchange import GateExchange
from mtrade.gate.lines import Lines
from mtrade.loop import LoopThread
from mtrade.trading.copying.fanout import Fanout, Result
from mtrade.trading.courier import LAST_CALL_MS, Courier
from mtrade.trading.messages import Answered, AnsweredAll
from tests.clocks import FakeClock
from tests.servers import Paper
from tests.trading.fakes import FakeAccounts, FakeExchange, request, venue_order
from tests.trading.test_intents import NOW, intent

Done = Callable[[Result], None]


@dataclass
class Line(FakeExchange):
    """A trading socket that answers when the test says so."""

    made: list[OrderRequest] = field(default_factory=list)
    sent: list[tuple[OrderRequest, Done]] = field(default_factory=list)
    on_send: Callable[[OrderRequest, Done], None] = lambda order, done: None

    def prepared(self, order: OrderRequest, expires_ms: int) -> Callable[[Done], None]:
        self.made.append(order)
        return partial(self._send, order)

    def _send(self, order: OrderRequest, done: Done) -> None:
        self.sent.append((order, done))
        self.on_send(order, done)

    def answer(self, result: Any = None) -> None:
        """Answer the oldest order: filled, or with `result`."""
        order, done = self.sent.pop(0)
        done(result or venue_order(order))


@dataclass
class Loop:
    """A loop that runs what it is given when told to."""

    jobs: list[Callable[[], object]] = field(default_factory=list)
    timers: list[Callable[[], object]] = field(default_factory=list)
    closed: bool = False

    def post(self, callback: Callable[..., object], *args: object) -> bool:
        if not self.closed:
            self.jobs.append(lambda: callback(*args))
        return not self.closed

    def later(self, seconds: float, callback: Callable[[], object]) -> object:
        assert seconds < 0.05
        self.timers.append(callback)
        return None

    def run(self) -> None:
        while self.jobs:
            self.jobs.pop(0)()

    def ring(self) -> None:
        rung, self.timers = self.timers, []
        for timer in rung:
            timer()


class Desk:
    """A fan-out over one line per account."""

    def __init__(self) -> None:
        self.clock = FakeClock(NOW)
        self.loop = Loop()
        self.lines: dict[str, Line] = {}
        self.reached: list[str] = []
        self.posted: list[object] = []
        self.halted: set[str] = set()
        self.rest = FakeExchange(self.clock)
        accounts: Any = FakeAccounts(self.rest, self.clock)
        self.courier = Courier(accounts, self.posted.append, halted=self.halted.__contains__)
        self.fanout = Fanout(
            self.reach, self.courier, self.loop, self.posted.append, self.halted.__contains__
        )

    def reach(self, account_id: str) -> tuple[FastExchange, Clock]:
        self.reached.append(account_id)
        if account_id not in self.lines:
            raise NotFound("there is no such account", code="unknown_account")
        line: Any = self.lines[account_id]
        return line, self.clock

    def intents(self, count: int) -> tuple[Intent, ...]:
        """One for each of so many accounts that have a line."""
        for number in range(count):
            self.lines.setdefault(f"paper:{number}", Line(self.clock))
        return tuple(
            intent(
                IntentState.SENDING,
                id=100 + number,
                account_id=f"paper:{number}",
                order=request(f"t-{number}"),
            )
            for number in range(count)
        )

    def answers(self) -> dict[int, Answered]:
        """Everything that was answered so far, however it was bundled."""
        found: list[Answered] = []
        for message in self.posted:
            found += message.answers if isinstance(message, AnsweredAll) else [message]  # type: ignore[list-item]
        assert len({a.intent_id for a in found}) == len(found), "answered twice"
        return {a.intent_id: a for a in found}

    def error(self, intent_id: int) -> ExchangeError | None:
        return self.answers()[intent_id].answer.error


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.courier.close()


def test_all_are_written_in_order_before_the_first_answer(desk: Desk) -> None:
    order: list[str] = []
    intents = desk.intents(5)
    for line in desk.lines.values():
        line.on_send = lambda wanted, done: order.append(wanted.text)
    desk.fanout.send(intents)
    assert order == []  # nothing is done on the caller's thread
    desk.loop.run()
    assert order == [f"t-{n}" for n in range(5)]
    assert desk.posted == []


def test_orders_are_made_ready_while_they_are_committed_and_once(desk: Desk) -> None:
    intents = desk.intents(3)
    lines = desk.lines.values()
    desk.fanout.prepare(intents)
    desk.loop.run()
    assert [len(line.made) for line in lines] == [1, 1, 1]
    assert not any(line.sent for line in lines)
    desk.fanout.send(intents)
    desk.loop.run()
    assert [len(line.sent) for line in lines] == [1, 1, 1]
    assert [line.made for line in lines] == [[intent.order] for intent in intents]


def test_what_was_made_ready_and_never_committed_is_never_sent(desk: Desk) -> None:
    """The journal gave the same number to another order."""
    (lost,) = desk.intents(1)
    line = desk.lines["paper:0"]
    desk.fanout.prepare((lost,))
    desk.loop.run()
    kept = replace(lost, order=request("t-other"))
    desk.fanout.prepare((kept,))
    desk.fanout.send((kept,))
    desk.loop.run()
    assert [order.text for order, _ in line.sent] == ["t-other"]


def test_an_order_made_ready_for_another_key_is_made_anew(desk: Desk) -> None:
    (intent,) = desk.intents(1)
    before = desk.lines["paper:0"]
    desk.fanout.prepare((intent,))
    desk.loop.run()
    after = desk.lines["paper:0"] = Line(desk.clock)
    desk.fanout.forget("paper:0")
    desk.fanout.send((intent,))
    desk.loop.run()
    assert (len(before.sent), len(after.sent)) == (0, 1)


def test_an_account_that_is_gone_does_not_keep_others_from_being_made_ready(desk: Desk) -> None:
    gone, other = desk.intents(2)
    del desk.lines["paper:0"]
    desk.fanout.prepare((gone, other))
    desk.loop.run()
    assert len(desk.lines["paper:1"].made) == 1
    desk.fanout.send((gone, other))
    desk.loop.run()
    desk.loop.ring()
    assert isinstance(desk.error(100), ExchangeUnavailable)
    assert len(desk.lines["paper:1"].sent) == 1


def test_answers_that_come_together_wake_the_engine_once(desk: Desk) -> None:
    desk.fanout.send(desk.intents(4))
    desk.loop.run()
    lines = list(desk.lines.values())
    lines[0].answer()
    lines[1].answer(OrderRejected("no", label="BALANCE_NOT_ENOUGH"))
    assert desk.posted == []
    desk.loop.ring()
    assert [len(m.answers) for m in desk.posted if isinstance(m, AnsweredAll)] == [2]
    lines[2].answer()
    lines[3].answer()  # the last one waits for nothing
    assert [len(m.answers) for m in desk.posted if isinstance(m, AnsweredAll)] == [2, 2]
    desk.loop.ring()
    answers = desk.answers()
    assert set(answers) == {100, 101, 102, 103}
    assert {a.answer.path for a in answers.values()} == {OrderPath.WS}
    assert isinstance(desk.error(101), OrderRejected)


def test_who_cannot_write_goes_by_rest_and_delays_nobody(desk: Desk) -> None:
    intents = desk.intents(3)
    desk.lines["paper:0"].on_send = lambda order, done: done(None)
    desk.fanout.send(intents)
    desk.loop.run()
    assert [len(desk.lines[f"paper:{n}"].sent) for n in (1, 2)] == [1, 1]
    desk.lines["paper:1"].answer()
    desk.lines["paper:2"].answer()
    assert desk.courier.drain(5)
    assert [order.text for order in desk.rest.placed] == ["t-0"]
    assert desk.answers()[100].answer.path is OrderPath.REST


def test_what_was_written_never_goes_by_rest(desk: Desk) -> None:
    desk.fanout.send(desk.intents(2))
    desk.loop.run()
    for line in desk.lines.values():
        line.answer(OutcomeUnknown("the connection broke"))
    assert desk.courier.drain(5)
    assert desk.rest.placed == []
    assert isinstance(desk.error(100), OutcomeUnknown)


@pytest.mark.parametrize("ahead", [LAST_CALL_MS - 1, LAST_CALL_MS])
def test_the_deadline_is_looked_at_directly_before_writing(desk: Desk, ahead: int) -> None:
    (only,) = desk.intents(1)
    desk.fanout.send([only])
    desk.clock.ms = only.expires_ms - ahead
    desk.loop.run()
    written = bool(desk.lines["paper:0"].sent)
    assert written is (ahead >= LAST_CALL_MS)
    if not written:
        assert isinstance(desk.error(100), ExchangeUnavailable)


def test_a_halt_between_commit_and_writing_stops_what_is_not_yet_written(desk: Desk) -> None:
    intents = desk.intents(3)
    desk.lines["paper:0"].on_send = lambda order, done: desk.halted.add("paper:1")
    desk.fanout.send(intents)
    desk.loop.run()
    assert [len(line.sent) for line in desk.lines.values()] == [1, 0, 1]
    told = desk.lines["paper:2"]
    told.answer()
    desk.loop.ring()
    fault = desk.error(101)
    assert isinstance(fault, ExchangeUnavailable)
    assert "halted" in fault.message


def test_a_halt_also_stops_what_was_to_go_by_rest(desk: Desk) -> None:
    (only,) = desk.intents(1)

    def refuse(order: OrderRequest, done: Done) -> None:
        desk.halted.add("paper:0")
        done(None)

    desk.lines["paper:0"].on_send = refuse
    desk.fanout.send([only])
    desk.loop.run()
    assert desk.courier.drain(5)
    assert desk.rest.placed == []
    assert isinstance(desk.error(100), ExchangeUnavailable)


def test_an_account_that_is_gone_sends_nothing_and_stops_nobody(desk: Desk) -> None:
    intents = desk.intents(3)
    del desk.lines["paper:1"]
    desk.fanout.send(intents)
    desk.loop.run()
    assert len(desk.lines["paper:2"].sent) == 1
    desk.loop.ring()
    assert isinstance(desk.error(101), ExchangeUnavailable)


def test_a_changed_account_is_asked_for_anew(desk: Desk) -> None:
    (only,) = desk.intents(1)
    for _ in range(2):
        desk.fanout.send([only])
        desk.loop.run()
    assert desk.reached == ["paper:0"]
    desk.fanout.forget("paper:0")
    desk.lines.clear()
    desk.fanout.send([replace(only, id=7)])
    desk.loop.run()
    assert isinstance(desk.error(7), ExchangeUnavailable)


def test_a_fault_of_ours_is_unknown_for_one_and_nothing_for_the_others(desk: Desk) -> None:
    intents = desk.intents(3)

    def broken(order: OrderRequest, done: Done) -> None:
        raise ZeroDivisionError

    desk.lines["paper:1"].on_send = broken
    desk.fanout.send(intents)
    with pytest.raises(ZeroDivisionError):
        desk.loop.run()
    desk.loop.run()
    assert len(desk.lines["paper:2"].sent) == 1
    desk.loop.ring()
    assert isinstance(desk.error(101), OutcomeUnknown)


def test_without_a_loop_everything_goes_by_rest(desk: Desk) -> None:
    desk.loop.closed = True
    desk.fanout.send(desk.intents(3))
    assert desk.courier.drain(5)
    assert sorted(order.text for order in desk.rest.placed) == ["t-0", "t-1", "t-2"]
    assert len(desk.answers()) == 3


def test_a_stop_waits_for_the_answers_of_a_fan_out(desk: Desk) -> None:
    desk.fanout.send(desk.intents(2))
    desk.loop.run()
    lines = list(desk.lines.values())
    lines[0].answer()
    assert not desk.courier.drain(0.01)
    lines[1].answer()
    assert desk.courier.drain(0.01)
    assert len(desk.answers()) == 2  # they are in the inbox before the stop goes on


def test_nothing_to_send_is_nothing_to_wait_for(desk: Desk) -> None:
    desk.fanout.send([])
    assert desk.courier.drain(0)
    assert desk.loop.jobs == []


FOLLOWERS = 12


@pytest.fixture(scope="module")
def paper() -> Iterator[Paper]:
    exchange = Paper(*(f"key-{n}:secret:{9000 + n}:USDT=100000" for n in range(FOLLOWERS)))
    yield exchange
    exchange.close()


def test_real_sockets_carry_a_fan_out_and_each_order_arrives_once(paper: Paper) -> None:
    loop = LoopThread("test-fanout")
    loop.start()
    lines = Lines(lambda: paper.base, loop)
    clock = lines.clock(Network.PAPER)
    exchanges: dict[str, GateExchange] = {
        f"paper:{n}": lines.exchange(
            Network.PAPER, Credentials(f"key-{n}", Secret("secret")), warm=n > 0
        )
        for n in range(FOLLOWERS)
    }
    ready = threading.Event()
    for _ in range(500):
        sockets = [e.paths.sockets.line("usdt") for n, e in exchanges.items() if n != "paper:0"]
        if all(sockets):
            break
        ready.wait(0.02)
    assert all(sockets), "the sockets never logged in"
    accounts: Any = FakeAccounts(FakeExchange(FakeClock()), FakeClock())
    accounts.exchange = exchanges.__getitem__
    accounts.clock = lambda network: clock
    posted: list[Any] = []
    courier = Courier(accounts, posted.append)
    fanout = Fanout(lambda name: (exchanges[name], clock), courier, loop, posted.append)
    now = clock.now_ms()
    intents = [
        intent(
            IntentState.SENDING,
            id=n + 1,
            account_id=f"paper:{n}",
            order=request(f"t-fan-{n}", price=request().price),
            expires_ms=now + 3000,
            planned_ms=now,
        )
        for n in range(FOLLOWERS)
    ]
    try:
        fanout.send(intents)
        assert courier.drain(10)
    finally:
        courier.close()
        lines.close()
        assert loop.close()
    found = [a for m in posted for a in (m.answers if isinstance(m, AnsweredAll) else [m])]
    assert sorted(a.intent_id for a in found) == list(range(1, FOLLOWERS + 1))
    assert all(isinstance(a.answer.order, VenueOrder) for a in found), found
    ways = {a.intent_id: a.answer.path for a in found}
    assert ways == {n: OrderPath.REST if n == 1 else OrderPath.WS for n in ways}
    arrived = [row["text"] for row in paper.arrivals()]
    assert sorted(arrived) == sorted(f"t-fan-{n}" for n in range(FOLLOWERS))


def test_a_hanging_line_by_rest_does_not_hold_up_another_account(desk: Desk) -> None:
    """Nineteen that hang must not use up the threads of the twentieth."""
    release = threading.Event()
    hanging = FakeExchange(desk.clock)

    def hang(order: OrderRequest) -> VenueOrder:
        if order.text != "t-19":
            release.wait(10)
        return venue_order(order)

    hanging.on_place = hang
    accounts: Any = FakeAccounts(hanging, desk.clock)
    posted: list[Any] = []
    courier = Courier(accounts, posted.append)
    for wanted in desk.intents(20):
        courier.send(wanted)
    arrived = threading.Event()
    for _ in range(500):
        if posted:
            break
        arrived.wait(0.01)
    assert [m.intent_id for m in posted] == [119]
    release.set()
    assert courier.drain(5)
    courier.close()


def test_the_sender_lets_the_loop_write_before_it_goes_on(desk: Desk) -> None:
    """Both threads share one lock of the interpreter."""
    loop = LoopThread()
    loop.start()
    try:
        courier, post = desk.courier, desk.posted.append
        fanout = Fanout(desk.reach, courier, loop, post, yield_s=10.0)
        intents, go = desk.intents(3), threading.Event()
        for line in desk.lines.values():
            line.on_send = lambda wanted, done: go.wait(0.01)  # slower than whoever does not wait
        fanout.send(intents)
        assert [len(line.sent) for line in desk.lines.values()] == [1, 1, 1]
    finally:
        loop.close()


def test_it_does_not_wait_long_for_a_loop_that_is_stuck(desk: Desk) -> None:
    courier, post = desk.courier, desk.posted.append
    fanout = Fanout(desk.reach, courier, desk.loop, post, yield_s=0.01)
    fanout.send(desk.intents(2))
    assert not desk.answers()
    desk.loop.run()
    assert [len(line.sent) for line in desk.lines.values()] == [1, 1]
