"""Own executions reach the journal together; none is lost on a disk that is full for a while."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mtrade.domain.errors import StoreError
from mtrade.domain.orders import AccountFill, Fill
from mtrade.store.journal import SqliteJournal
from mtrade.trading.executions import AGAIN_S, Executions
from mtrade.trading.troubles import Troubles
from tests.clocks import FakeClock
from tests.trading.fakes import fill_of, request, venue_order


class Desk:
    """The journal, which counts its transactions, and what was told."""

    def __init__(self, folder: Path) -> None:
        self.journal = SqliteJournal(folder / "mtrade.db")
        self.clock = FakeClock()
        self.troubles = Troubles()
        self.fresh: list[AccountFill] = []
        self.writes = 0
        self.full = False
        self.executions = Executions(self, self.troubles, self.clock, self.fresh.append)  # type: ignore[arg-type]

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
