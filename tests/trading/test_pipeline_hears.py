"""The pipeline and the private streams: pushes end orders at once, timers only confirm."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal as D
from pathlib import Path

import pytest

from mtrade.domain.accounts import Network
from mtrade.domain.errors import OutcomeUnknown
from mtrade.domain.events import AccountSnapshot, Filled, OrderChanged, TopChanged
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import InstrumentId, Market
from mtrade.domain.orders import Intent, IntentState, OrderRequest, VenueOrder
from mtrade.trading.executions import TOLD_S
from mtrade.trading.lookout import HEARD_S
from tests.trading.fakes import BTC, fill_of, venue_order
from tests.trading.test_pipeline import World, resting

MINE = "paper:1"


class Counted(World):
    """Counts the looks, and hears or not as a test says."""

    hearing = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.pipeline._pursuit.lookout._hears = lambda intent: self.hearing
        self.looks: list[str] = []
        find = self.exchange.find

        def counted(instrument: InstrumentId, reference: str) -> VenueOrder | None:
            self.looks.append(reference)
            return find(instrument, reference)

        self.exchange.find = counted  # type: ignore[method-assign]

    def tell(self, order: VenueOrder) -> None:
        self.pipeline.hear(OrderChanged(account_id=MINE, order=order))

    def reaches(self, text: str, state: IntentState) -> Intent:
        """Wait for a state without letting any timer fire."""
        return until(lambda: self._in(text, state))

    def _in(self, text: str, state: IntentState) -> Intent | None:
        found = self.journal.by_text(MINE, text)
        return found if found is not None and found.state is state else None


def until(found: Callable[[], Intent | None]) -> Intent:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if (value := found()) is not None:
            return value
        threading.Event().wait(0.005)
    raise AssertionError("it never came")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Counted]:
    made = Counted(tmp_path)
    made.pipeline.start()
    yield made
    made.pipeline.close()
    made.journal.close()


def test_a_push_ends_a_resting_order_without_any_look(world: Counted) -> None:
    world.exchange.on_place = resting
    (known,) = world.pipeline.commit([world.draft("t-mt1x")], 5)
    assert known.state is IntentState.OPEN
    done = venue_order(known.order)
    world.exchange.trades.append(fill_of(done))
    world.tell(done)
    ended = world.reaches("t-mt1x", IntentState.DONE)
    assert (ended.filled, ended.evidence) == (D(10), "told by the private stream")
    assert world.looks == []
    world.clock.advance(TOLD_S)  # nothing told its execution: it is read
    until(lambda: ended if world.journal.fills(MINE) else None)


def test_a_push_proves_an_unknown_order(world: Counted) -> None:
    def lost(order: OrderRequest) -> VenueOrder:
        raise OutcomeUnknown("no answer")

    world.exchange.on_place = lost
    world.pipeline.commit([world.draft("t-mt1x")], 5)
    world.tell(venue_order(world.draft("t-mt1x").order))
    assert world.reaches("t-mt1x", IntentState.DONE).filled == D(10)
    assert len(world.exchange.placed) == 1


def test_a_push_that_overtakes_the_answer_counts_after_it(world: Counted) -> None:
    def place(order: OrderRequest) -> VenueOrder:
        world.tell(venue_order(order))
        world.pipeline.look("nobody", "nothing")
        return resting(order)  # how it was when the answer was written

    world.exchange.on_place = place
    world.pipeline.commit([world.draft("t-mt1x")], 5)
    assert world.reaches("t-mt1x", IntentState.DONE).filled == D(10)
    assert world.looks == []


def test_a_look_that_is_behind_takes_nothing_back(world: Counted) -> None:
    world.exchange.on_place = resting
    (known,) = world.pipeline.commit([world.draft("t-mt1x")], 5)
    order = resting(known.order)
    world.pipeline.look(MINE, order.order_id)
    world.tell(replace(order, filled=D(4), left=D(6), average=D(60000)))
    until(lambda: _filled(world, "t-mt1x", D(4)))
    for _ in range(3):  # REST shows the order as it was before, and goes on to
        looks = len(world.looks)
        until(lambda n=looks: known if len(world.looks) > n else _tick(world))  # type: ignore[misc]
        world.pipeline.commit([world.draft(f"t-mt1y{looks}")], 5)
        assert _filled(world, "t-mt1x", D(4)) is not None


def _tick(world: Counted) -> None:
    world.clock.advance(0.5)
    world.pipeline.look("nobody", "nothing")


def _filled(world: Counted, text: str, size: D) -> Intent | None:
    found = world.journal.by_text(MINE, text)
    return found if found is not None and found.filled == size else None


def test_the_timer_waits_longer_only_while_the_stream_is_heard(world: Counted) -> None:
    world.exchange.on_place = resting
    world.pipeline.commit([world.draft("t-mt1x")], 5)
    world.clock.advance(HEARD_S - 1)
    for _ in range(3):
        world.pipeline.look("nobody", "nothing")
    world.pipeline.commit([world.draft("t-mt1y")], 5)
    assert world.looks == []
    world.hearing = False
    world.clock.advance(2)
    world.pipeline.look("nobody", "nothing")
    until(lambda: world.journal.by_text(MINE, "t-mt1x") if world.looks else None)
    assert world.looks[0] == "77"


def test_an_order_a_snapshot_does_not_list_is_looked_for_at_once(world: Counted) -> None:
    world.exchange.on_place = resting
    (known,) = world.pipeline.commit([world.draft("t-mt1x")], 5)
    world.exchange.orders["t-mt1x"] = venue_order(known.order)  # ended while nobody heard
    world.pipeline.hear(
        AccountSnapshot(
            account_id=MINE, market=Market.FUTURES, settle="usdt", read_ms=1, orders=(),
            triggers=(), fills=(),
        )
    )  # fmt: skip
    assert world.reaches("t-mt1x", IntentState.DONE).filled == D(10)


def test_own_fills_are_stored_once_and_foreign_ones_are_not(world: Counted) -> None:
    done = venue_order(world.draft("t-mt1x").order)
    foreign = fill_of(replace(done, text="web", order_id="5"))
    event = Filled(account_id=MINE, fills=(fill_of(done), foreign))
    world.pipeline.hear(event)
    world.pipeline.hear(event)
    world.pipeline.hear(
        TopChanged(network=Network.PAPER, instrument=BTC, bid=None, ask=None, time_ms=1)
    )
    (world.pipeline.commit([world.draft("t-mt1z")], 5))
    stored = [row.fill.text for row in world.journal.fills(MINE)]
    assert stored.count("t-mt1x") == 1
    assert "web" not in stored


def test_another_accounts_push_means_nothing(world: Counted) -> None:
    world.exchange.on_place = resting
    (known,) = world.pipeline.commit([world.draft("t-mt1x")], 5)
    world.pipeline.hear(OrderChanged(account_id="paper:2", order=venue_order(known.order)))
    world.pipeline.commit([world.draft("t-mt1y")], 5)
    found = world.journal.by_text(MINE, "t-mt1x")
    assert found is not None
    assert found.state is IntentState.OPEN
