"""Own executions reach the journal together; none is lost on a disk that is full for a while."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal as D
from pathlib import Path

import pytest

from mtrade.domain.errors import StoreError
from mtrade.domain.orders import AccountFill, Fill, Intent, IntentState
from mtrade.store.journal import SqliteJournal
from mtrade.trading.executions import AGAIN_S, KEPT_TEXTS, TOLD_S, Executions
from mtrade.trading.troubles import Troubles
from tests.clocks import FakeClock
from tests.trading.fakes import fill_of, request, venue_order
from tests.trading.test_intents import intent


class Desk:
    """The journal, which counts its transactions, and what was told."""

    def __init__(self, folder: Path) -> None:
        self.journal = SqliteJournal(folder / "mtrade.db")
        self.clock = FakeClock()
        self.troubles = Troubles()
        self.fresh: list[AccountFill] = []
        self.writes = 0
        self.full = False
        self.read: list[str] = []
        self.executions = Executions(
            self,  # type: ignore[arg-type]
            self.troubles,
            self.clock,
            self.fresh.append,
            lambda intent: self.read.append(intent.order.text),
        )

    def add_fills(self, fills: list[AccountFill]) -> tuple[AccountFill, ...]:
        self.writes += 1
        if self.full:
            raise StoreError("the disk is full")
        return self.journal.add_fills(fills)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.journal.close()


def fill(number: int) -> Fill:
    return fill_of(venue_order(request("t-mt1cNx")), trade_id=str(number))


def test_one_round_is_one_transaction_and_tells_only_what_is_new(desk: Desk) -> None:
    desk.executions.take("paper:1", [fill(1)])
    desk.executions.take("paper:2", [fill(2), fill(3)])
    desk.executions.store()
    assert desk.writes == 1
    desk.executions.take("paper:1", [fill(1)])
    desk.executions.store()
    desk.executions.store()
    assert desk.writes == 2
    told = [("paper:1", fill(1)), ("paper:2", fill(2)), ("paper:2", fill(3))]
    assert desk.fresh == told
    assert {(row.account_id, row.fill.trade_id) for row in desk.journal.fills(None)} == {
        ("paper:1", "1"), ("paper:2", "2"), ("paper:2", "3"),
    }  # fmt: skip


def test_a_full_disk_is_tried_again_in_a_second_with_what_came_meanwhile(desk: Desk) -> None:
    desk.full = True
    desk.executions.take("paper:1", [fill(1)])
    desk.executions.store()
    assert [problem.code for problem in desk.troubles.all(())] == ["journal"]
    desk.full = False
    desk.executions.take("paper:1", [fill(2)])
    desk.executions.store()
    assert desk.writes == 1
    desk.clock.advance(AGAIN_S)
    desk.executions.store()
    assert [found.trade_id for _, found in desk.fresh] == ["1", "2"]


def ended(text: str, filled: int) -> Intent:
    order = request(text, size=D(10))
    return intent(IntentState.DONE, order=order, order_id="7", filled=D(filled))


def part(text: str, number: int, size: int) -> Fill:
    return fill_of(venue_order(request(text)), trade_id=str(number), size=D(size), text=text)


def test_what_a_stream_tells_is_not_asked_for(desk: Desk) -> None:
    """Before or after the end of the order is known, in parts and twice."""
    desk.executions.take("paper:1", [part("t-a", 1, 3)])
    desk.executions.store()
    desk.executions.expect(ended("t-a", 5))
    desk.executions.store()
    desk.executions.take("paper:1", [part("t-a", 1, 3), part("t-a", 2, 2)])
    desk.executions.store()
    desk.clock.advance(TOLD_S)
    desk.executions.store()
    assert desk.read == []


@pytest.mark.parametrize("told", [[], [part("t-a", 1, 3)], [part("t-a", 1, 3)] * 2])
def test_what_it_does_not_tell_is_asked_for_once(desk: Desk, told: list[Fill]) -> None:
    desk.executions.expect(ended("t-a", 5))
    for fill in told:
        desk.executions.take("paper:1", [fill])
        desk.executions.store()
    desk.clock.advance(TOLD_S - 0.1)
    desk.executions.store()
    assert desk.read == []
    desk.clock.advance(0.1)
    desk.executions.store()
    desk.executions.store()
    assert desk.read == ["t-a"]


def test_what_is_remembered_of_old_orders_is_bounded(desk: Desk) -> None:
    many = [part(f"t-{number}", number, 1) for number in range(KEPT_TEXTS + 5)]
    desk.executions.take("paper:1", many)
    desk.executions.store()
    desk.executions.expect(ended("t-0", 1))  # long forgotten: asked for once more than needed
    desk.executions.expect(ended(f"t-{KEPT_TEXTS}", 1))
    desk.clock.advance(TOLD_S)
    desk.executions.store()
    assert desk.read == ["t-0"]
