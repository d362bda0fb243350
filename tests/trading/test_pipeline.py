"""The pipeline: written down before sent, sent once, followed to a proven end, whatever happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal as D
from pathlib import Path

import pytest

from mtrade.domain.errors import (
    Conflict,
    ExchangeUnavailable,
    NotFound,
    OrderRejected,
    OutcomeUnknown,
    StoreError,
)
from mtrade.domain.frozen import replace
from mtrade.domain.orders import (
    Intent,
    IntentState,
    OrderRequest,
    TimeInForce,
    Trigger,
    VenueOrder,
)
from mtrade.store.journal import SqliteJournal
from mtrade.trading.courier import Courier
from mtrade.trading.pipeline import Pipeline
from tests.clocks import FakeClock
from tests.trading.fakes import FakeAccounts, FakeExchange, fill_of, request, venue_order
from tests.trading.test_intents import intent


class World:
    """A pipeline on a real journal and a scripted exchange."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.exchange = FakeExchange(self.clock)
        self.accounts = FakeAccounts(self.exchange, self.clock)
        self.journal = SqliteJournal(folder / "mtrade.db")
        self.changed: list[str] = []
        self.exchange_ms: Callable[[str], int] = lambda account_id: self.clock.now_ms()
        self.pipeline = self._pipeline()

    def _pipeline(self) -> Pipeline:
        return Pipeline(
            self.journal,
            lambda post: Courier(self.accounts, post),  # type: ignore[arg-type]
            self.clock,
            self._exchange_ms,
            self.changed.append,
        )

    def _exchange_ms(self, account_id: str) -> int:
        return self.exchange_ms(account_id)

    def restart(self) -> None:
        """A new process on the same journal; the old threads are simply forgotten."""
        self.pipeline = self._pipeline()
        self.pipeline.start()

    def draft(self, text: str = "t-1", **changes: object) -> Intent:
        now = self.clock.now_ms()
        order = replace(request(), text=text)
        base = intent(
            id=0, order=order, planned_ms=now, sent_ms=now, expires_ms=now + 3000, request_id=text
        )
        return replace(base, **changes)  # type: ignore[arg-type]

    def wait(self, text: str, state: IntentState) -> Intent:
        """Let fake time run until the journal shows `state`."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            found = self.journal.by_text("paper:1", text)
            if found is not None and found.state is state:
                return found
            self.clock.advance(0.5)
            self.pipeline.look("nobody", "nothing")  # wakes the engine, matches no order
            threading.Event().wait(0.01)
        raise AssertionError(f"{text} is {found and found.state}, wanted {state}")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.pipeline.start()
    yield made
    made.pipeline.close()
    made.journal.close()


def resting(order: OrderRequest) -> VenueOrder:
    return venue_order(order, open=True, filled=D(0), left=order.size, average=None)


def raising(error: Exception, *, executed: bool) -> Callable[[OrderRequest], VenueOrder]:
    """The exchange that fails to answer, with or without having executed the order."""

    def place(order: OrderRequest) -> VenueOrder:
        raise error

    def executing(order: OrderRequest) -> VenueOrder:
        world_orders[order.text] = venue_order(order)
        raise error

    world_orders: dict[str, VenueOrder] = {}
    chosen = executing if executed else place
    chosen.orders = world_orders  # type: ignore[attr-defined]
    return chosen


def test_an_order_is_in_the_journal_before_it_is_sent(world: World) -> None:
    seen: list[IntentState] = []

    def place(order: OrderRequest) -> VenueOrder:
        stored = world.journal.by_text("paper:1", order.text)
        assert stored is not None
        seen.append(stored.state)
        return venue_order(order)

    world.exchange.on_place = place
    (done,) = world.pipeline.commit([world.draft()], 5)
    assert seen == [IntentState.SENDING]
    assert (done.state, done.filled) == (IntentState.DONE, D(10))
    assert world.changed


def test_nothing_is_on_its_way_while_the_journal_is_being_written(world: World) -> None:
    sent: list[int] = []
    commit = world.journal.commit

    def slow(intents: Sequence[Intent]) -> tuple[Intent, ...]:
        world.pipeline._courier.drain(5)  # whatever was under way has left
        sent.append(len(world.exchange.placed))
        return commit(intents)

    world.journal.commit = slow  # type: ignore[assignment, method-assign]
    world.pipeline.commit([world.draft()], 5)
    assert sent == [0]


def test_one_request_is_one_order_however_often_it_is_sent(world: World) -> None:
    first = world.draft("t-a", request_id="same-tap")
    second = world.draft("t-b", request_id="same-tap")
    results: list[Intent] = []
    threads = [
        threading.Thread(target=lambda d=d: results.extend(world.pipeline.commit([d], 5)))
        for d in (first, second, second)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(world.exchange.placed) == 1
    assert len({r.id for r in results}) == 1


@pytest.mark.parametrize("executed", [True, False])
def test_a_lost_answer_is_resolved_and_never_resent(world: World, executed: bool) -> None:
    place = raising(OutcomeUnknown("time-out"), executed=executed)
    world.exchange.on_place = place
    (sent,) = world.pipeline.commit([world.draft()], 5)
    assert sent.state is IntentState.UNKNOWN
    world.exchange.orders.update(place.orders)  # type: ignore[attr-defined]
    ended = world.wait("t-1", IntentState.DONE if executed else IntentState.VOID)
    assert (ended.filled, ended.label) == ((D(10), "filled") if executed else (D(0), "FENCED"))
    assert len(world.exchange.placed) == 1


def test_what_was_provably_not_sent_is_void(world: World) -> None:
    world.exchange.on_place = raising(ExchangeUnavailable("refused"), executed=False)
    (gone,) = world.pipeline.commit([world.draft()], 5)
    assert (gone.state, gone.label) == (IntentState.VOID, "NOT_SENT")


def test_an_expired_intent_never_leaves(world: World) -> None:
    late = world.draft(expires_ms=world.clock.now_ms() + 299)
    (gone,) = world.pipeline.commit([late], 5)
    assert (gone.state, gone.label) == (IntentState.VOID, "NOT_SENT")
    assert not world.exchange.placed


def test_a_resting_order_is_followed_until_it_ends_and_its_fills_are_kept(world: World) -> None:
    world.exchange.on_place = resting
    (opened,) = world.pipeline.commit([world.draft()], 5)
    assert opened.state is IntentState.OPEN
    filled = venue_order(opened.order)
    world.exchange.orders["t-1"] = filled
    world.exchange.trades.append(fill_of(filled))
    assert world.wait("t-1", IntentState.DONE).filled == D(10)
    deadline = time.monotonic() + 5
    while not world.journal.fills("paper:1") and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert [f.fill.trade_id for f in world.journal.fills("paper:1")] == ["t77"]


def test_protection_is_sent_when_the_entry_fills_and_not_before(world: World) -> None:
    world.exchange.on_place = resting
    stop = replace(request(), text="t-sl", trigger=Trigger(price=D(1), above=False))
    child = world.draft("t-sl", order=stop, state=IntentState.WAITING, parent="t-1", sent_ms=None)
    stored = world.pipeline.commit([world.draft(), child], 5)
    assert [i.state for i in stored] == [IntentState.OPEN, IntentState.WAITING]
    assert [o.text for o in world.exchange.placed] == ["t-1"]
    world.exchange.orders["t-1"] = venue_order(request(), text="t-1")
    world.wait("t-sl", IntentState.OPEN)
    assert [o.text for o in world.exchange.placed] == ["t-1", "t-sl"]


def test_protection_of_an_unfilled_entry_ends_without_being_sent(world: World) -> None:
    world.exchange.on_place = raising(ExchangeUnavailable("refused"), executed=False)
    stop = replace(request(), text="t-sl", trigger=Trigger(price=D(1), above=False))
    child = world.draft("t-sl", order=stop, state=IntentState.WAITING, parent="t-1")
    world.pipeline.commit([world.draft(), child], 5)
    assert world.wait("t-sl", IntentState.VOID).label == "PARENT_NOT_FILLED"
    assert [o.text for o in world.exchange.placed] == ["t-1"]


@pytest.mark.parametrize("executed", [True, False])
def test_a_start_resolves_what_died_while_sending_without_sending_again(
    world: World, executed: bool
) -> None:
    draft = world.draft()
    world.journal.commit([draft])
    if executed:
        world.exchange.orders["t-1"] = venue_order(draft.order)
    world.restart()
    world.wait("t-1", IntentState.DONE if executed else IntentState.VOID)
    assert not world.exchange.placed


def test_a_start_sends_the_protection_of_an_entry_that_filled_meanwhile(world: World) -> None:
    stop = replace(request(), text="t-sl", trigger=Trigger(price=D(1), above=False))
    entry = world.draft()
    child = world.draft("t-sl", order=stop, state=IntentState.WAITING, parent="t-1")
    stored = world.journal.commit([entry, child])
    world.journal.update([replace(stored[0], state=IntentState.DONE, filled=D(10))])
    world.restart()
    world.wait("t-sl", IntentState.OPEN)
    assert [o.text for o in world.exchange.placed] == ["t-sl"]


def test_an_immediate_order_found_open_is_cancelled_and_read_again(world: World) -> None:
    ioc = replace(request(), text="t-1", tif=TimeInForce.IOC)
    world.exchange.on_place = resting
    (sent,) = world.pipeline.commit([world.draft(order=ioc)], 5)
    assert sent.state is IntentState.UNKNOWN
    ended = world.wait("t-1", IntentState.DONE)
    assert (ended.label, world.exchange.cancelled) == ("cancelled", ["77"])


def test_a_journal_that_cannot_be_written_sends_nothing_and_shows(world: World) -> None:
    def broken(intents: object) -> tuple[Intent, ...]:
        raise StoreError("disk full")

    world.journal.commit = broken  # type: ignore[method-assign]
    with pytest.raises(StoreError, match="disk full"):
        world.pipeline.commit([world.draft()], 5)
    assert not world.exchange.placed
    assert "disk full" in world.pipeline.problems()[0].message


def test_an_outcome_the_journal_could_not_take_is_written_later(world: World) -> None:
    real, fails = world.journal.update, [True, True]

    def flaky(intents: object, change: object) -> None:
        if fails:
            fails.pop()
            raise StoreError("disk full")
        real(intents)  # type: ignore[arg-type]

    world.journal.update = flaky  # type: ignore[method-assign,assignment]
    (done,) = world.pipeline.commit([world.draft()], 8)
    assert done.state is IntentState.DONE
    assert len(world.exchange.placed) == 1


def test_after_the_stop_nothing_is_accepted_any_more(world: World) -> None:
    world.pipeline.close()
    with pytest.raises(Conflict):
        world.pipeline.commit([world.draft()], 1)
    assert not world.exchange.placed


def test_an_order_the_engine_never_took_up_is_withdrawn_not_sent_later(tmp_path: Path) -> None:
    world = World(tmp_path)  # the engine thread is not running yet
    with pytest.raises(StoreError, match="nothing was sent"):
        world.pipeline.commit([world.draft()], 0.05)
    world.pipeline.start()
    (done,) = world.pipeline.commit([world.draft("t-2")], 5)
    assert done.state is IntentState.DONE
    assert [o.text for o in world.exchange.placed] == ["t-2"]
    world.pipeline.close()


def test_only_a_held_order_can_be_ended_by_hand(world: World) -> None:
    stored = world.journal.commit([world.draft(state=IntentState.HOLD)])
    world.restart()
    ended = world.pipeline.override(stored[0].id, "checked on the web site")
    assert (ended.state, ended.evidence) == (IntentState.VOID, "checked on the web site")
    with pytest.raises(Conflict):
        world.pipeline.override(stored[0].id, "again")


def test_an_amended_order_is_known_with_its_new_size(world: World) -> None:
    world.exchange.on_place = resting
    (opened,) = world.pipeline.commit([world.draft()], 5)
    bigger = venue_order(opened.order, size=D(20), left=D(20), filled=D(0), open=True)
    world.exchange.orders["t-1"] = bigger
    world.pipeline.look("paper:1", "77", bigger)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        found = world.journal.get(opened.id)
        if found is not None and found.order.size == D(20):
            return
        threading.Event().wait(0.01)
    raise AssertionError("the journal still has the old size")


def stop_of(world: World, **changes: object) -> Intent:
    """A stop loss that waits for the fill of the entry `t-1`."""
    trigger = Trigger(price=D(1), above=False)
    order = replace(request(), text="t-sl", trigger=trigger, close=True)
    base = world.draft("t-sl", order=order, state=IntentState.WAITING, parent="t-1", sent_ms=None)
    return replace(base, **changes)  # type: ignore[arg-type]


def test_a_caller_is_never_told_not_sent_while_the_journal_is_being_written(world: World) -> None:
    real, go = world.journal.commit, threading.Event()

    def slow(intents: object) -> tuple[Intent, ...]:
        go.wait(10)
        return real(intents)  # type: ignore[arg-type]

    world.journal.commit = slow  # type: ignore[method-assign,assignment]
    lasting = world.draft(expires_ms=world.clock.now_ms() + 600_000)  # however fast fake time runs
    with pytest.raises(OutcomeUnknown):
        world.pipeline.commit([lasting], 0.2)
    go.set()
    world.wait("t-1", IntentState.DONE)
    assert len(world.exchange.placed) == 1


def test_a_fault_of_ours_while_sending_is_an_unknown_outcome_and_resolved(world: World) -> None:
    place = raising(KeyError("a bug"), executed=True)
    world.exchange.on_place = place
    (sent,) = world.pipeline.commit([world.draft()], 5)
    assert sent.state is IntentState.UNKNOWN
    world.exchange.orders.update(place.orders)  # type: ignore[attr-defined]
    world.wait("t-1", IntentState.DONE)
    assert len(world.exchange.placed) == 1


def test_a_fault_of_ours_while_looking_does_not_end_the_looking(world: World) -> None:
    real, faults = world.exchange.find, [KeyError("a bug")] * 2

    def find(*args: object) -> VenueOrder | None:
        if faults:
            raise faults.pop()
        return real(*args)  # type: ignore[arg-type]

    world.exchange.on_place = raising(OutcomeUnknown("time-out"), executed=False)
    world.exchange.find = find  # type: ignore[method-assign,assignment]
    world.pipeline.commit([world.draft()], 5)
    assert world.wait("t-1", IntentState.VOID).label == "FENCED"


def test_look_ups_that_hang_never_delay_an_order(world: World) -> None:
    hang = threading.Event()
    world.exchange.on_place = raising(OutcomeUnknown("time-out"), executed=False)
    world.exchange.find = lambda *args: hang.wait(10) and None  # type: ignore[method-assign,assignment]
    for number in range(10):
        world.pipeline.commit([world.draft(f"t-u{number}")], 5)
    world.exchange.on_place = venue_order
    (done,) = world.pipeline.commit([world.draft()], 5)
    hang.set()
    assert done.state is IntentState.DONE


@pytest.mark.parametrize("failing", ["t-1", "t-sl"])
def test_protection_outlives_a_journal_that_cannot_be_written(world: World, failing: str) -> None:
    real, fails = world.journal.update, [True, True]

    def flaky(intents: object, change: object) -> None:
        rows = list(intents)  # type: ignore[call-overload]
        if fails and rows[0].order.text == failing:
            fails.pop()
            raise StoreError("disk full")
        real(rows)

    world.journal.update = flaky  # type: ignore[method-assign,assignment]
    world.pipeline.commit([world.draft(), stop_of(world)], 8)
    world.wait("t-sl", IntentState.OPEN)
    assert [o.text for o in world.exchange.placed] == ["t-1", "t-sl"]


def test_protection_that_provably_never_left_is_sent_when_the_line_is_back(world: World) -> None:
    real, fails = world.exchange.place_trigger, [True, True]

    def flaky(order: OrderRequest) -> str:
        if fails:
            fails.pop()
            raise ExchangeUnavailable("no route to host")
        return real(order)

    world.exchange.place_trigger = flaky  # type: ignore[method-assign]
    world.pipeline.commit([world.draft(), stop_of(world)], 5)
    world.wait("t-sl", IntentState.OPEN)
    assert [o.text for o in world.exchange.placed] == ["t-1", "t-sl"]


def test_protection_that_is_refused_is_a_trouble_until_one_rests(world: World) -> None:
    real, fails = world.exchange.place_trigger, [True]

    def refusing(order: OrderRequest) -> str:
        if fails:
            fails.pop()
            raise OrderRejected("no", label="AUTO_TRIGGER_PRICE_LESS_LAST", raw="below last")
        return real(order)

    world.exchange.place_trigger = refusing  # type: ignore[method-assign]
    world.pipeline.commit([world.draft(), stop_of(world)], 5)
    world.wait("t-sl", IntentState.VOID)
    (problem,) = world.pipeline.problems()
    assert (problem.code, problem.params["reason"]) == ("unprotected", "below last")
    order = replace(stop_of(world).order, text="t-new")
    world.pipeline.commit([world.draft("t-new", order=order)], 5)
    assert not world.pipeline.problems()


def test_an_order_on_hold_is_a_trouble(world: World) -> None:
    world.journal.commit([world.draft(state=IntentState.HOLD)])
    world.restart()
    assert [p.code for p in world.pipeline.problems()] == ["held"]


def test_the_orders_of_a_removed_account_are_left_alone_without_a_fault(world: World) -> None:
    def gone(account_id: str) -> int:
        raise NotFound("no such account")

    world.exchange.on_place = raising(OutcomeUnknown("time-out"), executed=False)
    world.pipeline.commit([world.draft()], 5)
    world.exchange_ms = gone
    for _ in range(20):
        world.clock.advance(5)
        world.pipeline.look("nobody", "nothing")
        threading.Event().wait(0.01)
    found = world.journal.by_text("paper:1", "t-1")
    assert found is not None
    assert found.state is IntentState.UNKNOWN
    assert not world.pipeline.problems()
    world.exchange_ms = lambda account_id: world.clock.now_ms()
    world.wait("t-1", IntentState.VOID)


def test_ending_by_hand_says_when_the_journal_did_not_take_it(world: World) -> None:
    stored = world.journal.commit([world.draft(state=IntentState.HOLD)])
    world.restart()

    def broken(intents: object, change: object) -> None:
        raise StoreError("disk full")

    real, world.journal.update = world.journal.update, broken  # type: ignore[method-assign,assignment]
    with pytest.raises(StoreError, match="disk full"):
        world.pipeline.override(stored[0].id, "checked")
    world.journal.update = real  # type: ignore[method-assign]
    assert world.pipeline.override(stored[0].id, "checked").state is IntentState.VOID


def test_an_amendment_never_touches_a_trigger_of_the_same_id(world: World) -> None:
    (stop,) = world.pipeline.commit([stop_of(world, state=IntentState.SENDING, parent="")], 5)
    other = venue_order(request("t-other"), stop.order_id, size=D(3), open=True, filled=D(0))
    world.pipeline.look("paper:1", stop.order_id, other)
    world.pipeline.commit([world.draft()], 5)
    found = world.journal.get(stop.id)
    assert found is not None
    assert found.order == stop.order


def test_a_crowd_of_open_orders_does_not_delay_the_proof_of_an_unknown_one(world: World) -> None:
    world.exchange.on_place = resting
    for number in range(60):
        world.pipeline.commit([world.draft(f"t-open-{number}")], 5)
    world.exchange.on_place = raising(OutcomeUnknown("time-out"), executed=False)
    world.pipeline.commit([world.draft("t-lost")], 5)
    before = world.clock.now_ms()
    assert world.wait("t-lost", IntentState.VOID).label == "FENCED"
    assert world.clock.now_ms() - before < 20_000
