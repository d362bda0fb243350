"""The copier: what the leader does reaches the followers, through the journal, once."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.orders import Intent, IntentState
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
