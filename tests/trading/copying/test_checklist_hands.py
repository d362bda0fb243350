"""The checklist: the exchange or its owner changes a follower's position, seen by reads alone."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.copying.choices import OnAdd, OnClose, OnReduce
from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import LegStatus
from tests.trading.copying.follow import DOGE, FIRST, Follow

PROOF_S = 30.0  # two reads, both later than anything an own order could still do


@pytest.fixture
def stand(tmp_path: Path) -> Follow:
    return Follow(tmp_path)


def copying(stand: Follow, **params: Any) -> Follow:
    stand.follow(**params)
    stand.trade("40")
    stand.run(4)
    assert stand.owned() == stand.held() == D(40)
    return stand


def hand(stand: Follow, size: str) -> None:
    """Somebody trades on the follower, and nobody touches it until that is proven."""
    stand.trade(size, uid=FIRST)
    stand.run(PROOF_S)


def out_until_flat(stand: Follow) -> None:
    """Nothing is bought back, whatever the leader adds; the next episode is copied."""
    before = stand.executed()
    stand.trade("10")
    stand.run(5)
    assert stand.executed() == before
    why = stand.why()
    assert why is not None
    assert why.code is Code.LATCHED
    held = stand.bourse.held(1, DOGE)
    stand.trade(str(-held))
    stand.run(6)
    assert stand.owned() == D(0)
    stand.trade("7")
    stand.run(4)
    assert stand.owned() == D(7)


def test_c24_follower_liquidated(stand: Follow) -> None:
    """owned is clamped to what is there, with an alarm; no re-entry while the leader is in."""
    copying(stand)
    stand.bourse.liquidate(FIRST, DOGE)
    stand.run(PROOF_S)
    assert stand.owned() == stand.held() == D(0)
    assert Code.FOLLOWER_OUT in stand.alarms()
    assert {row.act for row in stand.told(Code.FOLLOWER_OUT)} == {Act.HAND, Act.ALERT}
    out_until_flat(stand)


def test_c24_follower_deleveraged_in_part(stand: Follow) -> None:
    """owned := what is left; later reductions stay in proportion to it."""
    copying(stand)
    stand.forced(FIRST, "-16", "auto_deleveraging")
    stand.run(PROOF_S)
    assert stand.owned() == stand.held() == D(24)
    assert Code.FOLLOWER_OUT in stand.alarms()
    stand.trade("10")
    stand.run(5)
    assert stand.owned() == D(24)
    stand.trade("-25")
    stand.run(5)
    assert stand.owned() == stand.held() == D(12)


def test_c24_a_restart_forgets_nothing_of_it(stand: Follow) -> None:
    copying(stand)
    stand.bourse.liquidate(FIRST, DOGE)
    stand.run(PROOF_S)
    stand.kill()
    stand.begin()
    stand.run(10)
    out_until_flat(stand)


@pytest.mark.parametrize(
    ("rule", "after_add", "after_cut"),
    [
        (OnReduce.RESPECT, D(30), D(15)),
        (OnReduce.FOLLOW_ADDS, D(45), D(22)),
        (OnReduce.ENFORCE, D(60), D(30)),
        (OnReduce.PAUSE_CONTRACT, D(30), D(22)),  # what a pause leaves out lowers no ratio
    ],
)
def test_c25_reduced_by_hand(rule: OnReduce, after_add: D, after_cut: D, stand: Follow) -> None:
    """40 to 30; then the leader goes from 40 to 60, to 30, to flat."""
    copying(stand, on_manual_reduce=rule)
    hand(stand, "-10")
    assert stand.owned() == stand.held() == (D(40) if rule is OnReduce.ENFORCE else D(30))
    assert Code.MANUAL in stand.alarms()
    assert [row.numbers for row in stand.told(Code.MANUAL) if row.act is Act.HAND] == [
        {"action": rule.value, "before": "40", "after": "30"}
    ]
    stand.trade("20")
    stand.run(5)
    assert stand.owned() == stand.held() == after_add
    assert (stand.leg().status is LegStatus.PARKED) is (rule is OnReduce.PAUSE_CONTRACT)
    stand.trade("-30")
    stand.run(5)
    assert stand.owned() == stand.held() == after_cut
    stand.trade("-30")
    stand.run(5)
    assert stand.owned() == stand.held() == D(0)


def test_c25_closed_by_hand_respect(stand: Follow) -> None:
    copying(stand, on_manual_close=OnClose.RESPECT)
    hand(stand, "-40")
    assert stand.owned() == D(0)
    out_until_flat(stand)


def test_c25_closed_by_hand_enforce(stand: Follow) -> None:
    """Reopened, as the owner of the link wants it."""
    copying(stand, on_manual_close=OnClose.ENFORCE)
    hand(stand, "-40")
    assert stand.owned() == stand.held() == D(40)
    assert stand.executed() == [D(40), D(40)]


def test_c25_closed_by_hand_pause_contract(stand: Follow) -> None:
    """Until a person says so, also over the leader's next position."""
    copying(stand, on_manual_close=OnClose.PAUSE_CONTRACT)
    hand(stand, "-40")
    stand.trade("-40")
    stand.run(6)
    stand.trade("7")
    stand.run(5)
    assert stand.owned() == stand.held() == D(0)
    stand.press("fix")
    stand.run(3)
    assert stand.owned() == stand.held() == D(7)


@pytest.mark.parametrize(
    ("rule", "owned", "held", "left"),
    [
        (OnAdd.FOREIGN, D(40), D(50), D(10)),
        (OnAdd.ADOPT, D(50), D(50), D(0)),
        (OnAdd.ENFORCE, D(40), D(40), D(0)),
    ],
)
def test_c25_added_by_hand(rule: OnAdd, owned: D, held: D, left: D, stand: Follow) -> None:
    """The surplus is foreign and stays, is taken over, or is taken over and trimmed."""
    copying(stand, on_manual_add=rule)
    hand(stand, "10")
    assert (stand.owned(), stand.held()) == (owned, held)
    stand.trade("-20")
    stand.run(5)
    assert stand.owned() == owned / 2
    stand.trade("-20")
    stand.run(5)
    assert (stand.owned(), stand.held()) == (D(0), left)


def test_c25_flipped_by_hand(stand: Follow) -> None:
    """Paused with an alarm that names both sizes; what is there is the owner's."""
    copying(stand)
    hand(stand, "-55")
    assert (stand.owned(), stand.held()) == (D(0), D(-15))
    assert Code.MANUAL_FLIP in stand.alarms()
    assert stand.leg().paused
    (row,) = [row for row in stand.told(Code.MANUAL_FLIP) if row.act is Act.HAND]
    assert (row.numbers["before"], row.numbers["after"]) == ("40", "-15")
    stand.trade("20")
    stand.run(5)
    stand.trade("-60")
    stand.run(6)
    assert (stand.owned(), stand.held()) == (D(0), D(-15))
