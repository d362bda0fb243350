"""What is heard and read: a read that failed is no news."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path
from typing import Any

from mtrade.domain.errors import ExchangeUnavailable
from mtrade.domain.events import Filled, PositionChanged
from mtrade.trading.inbox import Rank
from tests.trading.copying.stand import FIRST, LEADER, Stand, name


def test_reads_that_fail_are_no_news_of_positions(tmp_path: Path) -> None:
    stand = Stand(tmp_path)
    stand.link(FIRST)
    stand.run(5)
    stand.trade("40")
    stand.run(2)

    def down(*args: Any, **named: Any) -> Any:
        raise ExchangeUnavailable("no answer")

    for uid in (LEADER, FIRST):
        line: Any = stand.lines[name(uid)]
        line.positions = line.contract = down
    stand.run(40)
    assert stand.owned() == stand.held() == D(20)
    assert len(stand.intents()) == 1


def test_what_a_leader_does_is_heard_before_what_a_follower_does(tmp_path: Path) -> None:
    stand = Stand(tmp_path)
    stand.link(FIRST)

    def heard(account_id: str) -> Rank | None:
        return stand.copier.hear(Filled(account_id=account_id, fills=()))

    assert [heard(name(uid)) for uid in (LEADER, FIRST)] == [Rank.SIGNAL, Rank.NEWS]
    assert heard("paper:99") is None


def test_what_a_leader_holds_is_looked_at_once_for_all_who_follow_him(tmp_path: Path) -> None:
    """Every few seconds; once for each pair of his followers, the engine was busy with nothing
    else."""
    stand = Stand(tmp_path, followers=3)
    for follower in range(FIRST, FIRST + 3):
        stand.link(follower)
    stand.run(5)
    stand.trade("40")
    stand.run(2)
    ear: Any = stand.copier._ear
    looked: list[int] = []
    real = ear._missing_legs
    ear._missing_legs = lambda link, *rest: looked.append(link.id) or real(link, *rest)
    ear.everything()
    assert sorted(looked) == sorted(stand.core.book.links)


def test_followers_are_not_looked_at_while_a_leader_is_still_heard(tmp_path: Path) -> None:
    """All of them took so long that the execution behind a position was heard only after it."""
    stand = Stand(tmp_path, followers=3)
    for follower in range(FIRST, FIRST + 3):
        stand.link(follower)
    stand.run(5)
    ear: Any = stand.copier._ear
    order: list[str] = []
    memory, missing = stand.core.memory, ear._missing_legs
    position, fills = memory.position, memory.heard_fills
    told: Any = memory
    told.position = lambda event: order.append("position") or position(event)
    told.heard_fills = lambda event: order.append("fill") or fills(event)
    ear._missing_legs = lambda *args: order.append("look") or missing(*args)
    events = [PositionChanged, Filled]
    waiting: list[Any] = []
    ear.heard, real = waiting.append, ear.heard
    stand.trade("40")
    stand.run(0.05)
    told_of_leader = [e for e in waiting if type(e) in events and e.account_id == name(LEADER)]
    for event in sorted(told_of_leader, key=lambda event: events.index(type(event))):
        real(event)
    assert order == ["position", "fill"]
    ear.heard = real
    stand.run(2)
    assert order[2] == "look"
    assert [stand.owned(uid) for uid in range(FIRST, FIRST + 3)] == [D(20)] * 3
