"""A leader's trade comes as two messages: followers are thought through after the second."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

import pytest

from mtrade.domain.accounts import MarginMode, Network
from mtrade.domain.copying.facts import Facts
from mtrade.domain.copying.model import CopyLeg
from mtrade.domain.copying.outcome import Outcome
from mtrade.domain.events import Filled, PositionChanged, PositionUpdate
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.positions import Leg
from mtrade.trading.copying.book import Book
from mtrade.trading.copying.grace import GRACE_S, Grace
from mtrade.trading.copying.memory import Memory
from tests.clocks import FakeClock
from tests.trading.copying.follow import Follow
from tests.trading.copying.stand import DOGE, LEADER, name
from tests.trading.fakes import BTC, fill_of, request, venue_order

HIM, OTHER = name(LEADER), "paper:99"


def pushed(
    size: str, number: int, time_ms: int, account_id: str = HIM, contract: InstrumentId = BTC
) -> PositionChanged:
    update = PositionUpdate(
        instrument=contract,
        leg=Leg.NET,
        size=D(size),
        entry_price=None,
        leverage=D(10),
        margin_mode=MarginMode.CROSS,
        margin=D(0),
        realised_pnl=D(0),
        update_id=number,
        time_ms=time_ms,
    )
    return PositionChanged(account_id=account_id, update=update)


class Waiting:
    """A grace with one leader, and what it remembers of him."""

    def __init__(self) -> None:
        self.clock, book = FakeClock(0), Book()
        self.memory = Memory()
        self.memory.keep([(HIM, "usdt")])
        book.of_leader = {HIM: (1,)}
        self.grace = Grace(self.clock, book, self.memory)
        self._number = 0

    def position(self, size: str, account_id: str = HIM) -> float:
        """The wait after a push of a position, which is then remembered."""
        self._number += 1
        event = pushed(size, self._number, self._number, account_id)
        self.grace.hear(event)
        self.memory.position(event)
        return self.grace.rest_s()


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


def test_growth_waits_for_the_execution_behind_it(waiting: Waiting) -> None:
    assert waiting.position("5") == pytest.approx(GRACE_S)
    waiting.grace.hear(Filled(account_id=HIM, fills=()))
    assert waiting.grace.rest_s() == 0


def test_it_waits_a_moment_only(waiting: Waiting) -> None:
    waiting.position("5")
    waiting.clock.advance(0.001)
    rest = pytest.approx(GRACE_S - 0.001)
    assert waiting.position("7") == rest  # more growth does not prolong it
    waiting.clock.advance(GRACE_S)
    assert waiting.grace.rest_s() == 0


@pytest.mark.parametrize("size", ["3", "0", "-8"])
def test_what_lets_followers_out_is_acted_on_at_once(waiting: Waiting, size: str) -> None:
    waiting.position("5")
    waiting.grace.hear(Filled(account_id=HIM, fills=()))
    assert waiting.position(size) == 0


def test_a_way_out_ends_a_wait(waiting: Waiting) -> None:
    waiting.position("5")
    assert waiting.position("3") == 0


def test_nobody_waits_for_an_account_that_is_not_followed(waiting: Waiting) -> None:
    assert waiting.position("5", OTHER) == 0


def test_followers_are_thought_through_when_both_are_there(tmp_path: Path) -> None:
    follow = Follow(tmp_path)
    follow.follow()
    known: list[bool] = []  # whether the execution was, each time the growth was
    real = follow.core.tools.step

    def step(leg: CopyLeg, facts: Facts) -> Outcome:
        if facts.leader.size:
            known.append(facts.leader.increase_ms is not None)
        return real(leg, facts)

    object.__setattr__(follow.core.tools, "step", step)
    copier, now = follow.copier, follow.core.now_ms(Network.PAPER)
    copier.heard(pushed("40", 99, now, contract=DOGE))
    copier.tick()
    assert not known
    order = venue_order(request(instrument=DOGE, size=D(40)))
    copier.heard(Filled(account_id=HIM, fills=(fill_of(order, time_ms=now),)))
    copier.tick()
    assert known == [True]
