"""The checklist: the user's own position on a follower, beside the copy, at the exchange."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

import pytest

from mtrade.domain.copying.choices import OnForeign
from mtrade.domain.copying.codes import Act, Code
from tests.trading.copying.follow import FIRST, Follow

READ_S = 12.0  # a follower's positions are read every five seconds


@pytest.fixture
def stand(tmp_path: Path) -> Follow:
    return Follow(tmp_path)


def beside(stand: Follow, size: str, rule: OnForeign) -> None:
    """The follower's user holds this, and the link knows it."""
    stand.trade(size, uid=FIRST)
    stand.follow(on_foreign=rule)
    stand.run(READ_S)


def test_c26_same_side_coexists_and_the_owned_part_closes_exactly(stand: Follow) -> None:
    beside(stand, "7", OnForeign.BLOCK_CONTRACT)
    stand.trade("40")
    stand.run(READ_S)
    assert (stand.owned(), stand.held(), stand.row().foreign) == (D(40), D(47), D(7))
    stand.trade("-40")
    stand.run(READ_S)
    assert (stand.owned(), stand.held()) == (D(0), D(7))
    assert stand.executed() == [D(40), D(-40)]


def test_c26_opposite_side_blocks_by_itself_until_it_is_gone(stand: Follow) -> None:
    beside(stand, "-7", OnForeign.BLOCK_CONTRACT)
    stand.trade("40")
    stand.run(READ_S)
    why = stand.why()
    assert why is not None
    assert (why.code, why.numbers) == (Code.FOREIGN_OPPOSITE, {"foreign": "-7"})
    assert [row.act for row in stand.told(Code.FOREIGN_OPPOSITE)] == [Act.DELAYED]
    assert not {"catch_up", "skip"} & set(stand.row().actions)
    assert (stand.executed(), stand.held()) == ([], D(-7))
    stand.trade("7", uid=FIRST)
    stand.run(READ_S)
    assert (stand.owned(), stand.held()) == (D(40), D(40))


def test_c26_close_first_waits_for_a_person_then_closes_and_copies(stand: Follow) -> None:
    beside(stand, "-7", OnForeign.CLOSE_FIRST)
    stand.trade("40")
    stand.run(READ_S)
    assert stand.executed() == []
    assert {"catch_up", "skip"} <= set(stand.row().actions)
    assert str(Code.FOREIGN_OPPOSITE) in stand.alarms()
    stand.press("catch_up")
    stand.run(READ_S)
    assert stand.executed() == [D(7), D(40)]
    assert [body.get("reduce_only", False) for body in stand.bodies] == [True, False]
    assert (stand.owned(), stand.held(), stand.row().foreign) == (D(40), D(40), D(0))


def test_c26_adopt_counts_the_same_side_and_leaves_with_the_leader(stand: Follow) -> None:
    beside(stand, "7", OnForeign.ADOPT)
    stand.trade("40")
    stand.run(READ_S)
    assert (stand.executed(), stand.owned(), stand.held()) == ([D(33)], D(40), D(40))
    (told,) = stand.told(Code.MANUAL)
    assert told.numbers == {"action": "adopt", "before": "0", "after": "7"}
    stand.trade("-40")
    stand.run(READ_S)
    assert (stand.owned(), stand.held()) == (D(0), D(0))


def test_c26_a_hedge_follower_has_no_other_side_in_the_way(tmp_path: Path) -> None:
    stand = Follow(tmp_path)
    stand.hedge(FIRST)
    beside(stand, "-7", OnForeign.BLOCK_CONTRACT)
    stand.trade("40")
    stand.run(READ_S)
    assert stand.executed() == [D(40)]
