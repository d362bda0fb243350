"""The copier: what the leader does reaches the followers, through the journal, once."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.orders import Intent, IntentState
from mtrade.trading.right_of_way import RightOfWay
from tests.trading.copying.stand import DOGE, FIRST, SECOND, Stand


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    return Stand(tmp_path)


def test_a_leaders_order_reaches_two_followers_in_one_commit(stand: Stand) -> None:
    stand.link(FIRST)
    stand.link(SECOND)
    stand.run(5)
    fanouts: list[int] = []
    commit = stand.journal.commit

    def counted(intents: Sequence[Intent], *more: Any) -> tuple[Intent, ...]:
        fanouts.append(len(intents))
        return commit(intents, *more)

    stand.journal.commit = counted  # type: ignore[method-assign]
    stand.trade("40")
    stand.run(2)
    assert fanouts == [2]
    assert stand.held(FIRST) == stand.held(SECOND) == D(20)
    assert stand.owned(FIRST) == stand.owned(SECOND) == D(20)
    first, second = stand.intents()
    assert first.state is second.state is IntentState.DONE
    assert first.planned_ms == second.planned_ms
    assert first.leg_id != second.leg_id


class Recorded(RightOfWay):
    """Notes who had the way when."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[str] = []

    def claim(self) -> None:
        self.log.append("claimed")

    def release(self) -> None:
        self.log.append("released")


def test_a_leader_has_the_way_until_the_orders_are_out(tmp_path: Path) -> None:
    way = Recorded()
    stand = Stand(tmp_path, way=way)
    stand.link(FIRST)
    stand.run(5)
    send = stand.pipeline._sender.send

    def noted(intents: Sequence[Intent]) -> None:
        way.log.append("sent")
        send(intents)

    stand.pipeline._sender.send = noted  # type: ignore[method-assign]
    stand.trade("40")
    stand.run(2)
    sent = way.log.index("sent")
    assert "claimed" in way.log[:sent]
    assert way.log[sent + 1] == "released"


def test_only_a_leader_claims_the_way(tmp_path: Path) -> None:
    way = Recorded()
    stand = Stand(tmp_path, way=way)
    stand.link(FIRST)
    stand.run(5)
    way.log.clear()
    stand.trade("40", uid=FIRST)
    stand.run(2)
    assert "claimed" not in way.log


def test_the_way_is_free_again_when_deciding_failed(tmp_path: Path) -> None:
    way = Recorded()
    stand = Stand(tmp_path, way=way)
    stand.run(1)

    def fail() -> None:
        raise RuntimeError("a fault of ours")

    stand.copier._planning.run = fail  # type: ignore[method-assign]
    way.log.clear()
    with pytest.raises(RuntimeError):
        stand.copier.tick()
    assert way.log == ["released"]


def test_reductions_and_closes_follow(stand: Stand) -> None:
    stand.link(FIRST)
    stand.run(5)
    stand.trade("40")
    stand.run(2)
    stand.trade("-20")
    stand.run(2)
    assert stand.owned() == D(10)
    stand.trade("-20")
    stand.run(2)
    assert stand.owned() == stand.held() == D(0)
    assert [i.order.reduce_only for i in stand.intents()] == [False, True, True]


def test_a_lost_push_is_found_by_the_timer(stand: Stand) -> None:
    stand.link(FIRST)
    stand.run(5)
    stand.bourse.hear = lambda uid, event: None
    stand.trade("40")
    stand.run(8)
    assert stand.owned() == D(20)
    assert stand.owned(contract=DOGE) == stand.held()
