"""After a start that may have lost commits: only orders of this installation are taken in."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.copying.model import CopyChange
from mtrade.domain.frozen import replace
from tests.trading.copying.follow import Follow
from tests.trading.copying.stand import FIRST, Stand


def test_lost_orders_of_another_installation_are_not_ours(tmp_path: Path) -> None:
    stand = Stand(tmp_path)
    stand.link(FIRST)
    stand.run(5)
    body = {"contract": "DOGE_USDT", "size": "3", "price": "0", "tif": "ioc",
            "text": "t-mt1cNzzzz" + "b" * 16}  # fmt: skip
    stand.bourse.create(FIRST, body, None, "rest")
    stand.kill()
    stand.tools["lost"] = True
    stand.begin()
    stand.run(30)
    assert stand.core.gates.blind == set()
    assert (stand.held(), stand.owned(), stand.intents()) == (3, 0, [])


class Lost(Follow):
    """The power went after the copy of 40 was closed and the next one begun: of that the journal
    knows nothing, not even that the episode before it is done with."""

    def __init__(self, folder: Path, leader: str) -> None:
        super().__init__(folder)
        self.follow()
        self.trade("40")
        self.run(2)
        self.trade("-40")
        while not (ending := self._sql("SELECT episode FROM copy_leg WHERE pending IS NOT NULL")):
            self.run(0.001)
        self.run(2)
        assert (self.owned(), self.executed()) == (0, [40, -40])
        instance = self.core.tools.instance
        self.kill()
        self._sql("UPDATE copy_leg SET episode=?", *ending[0])
        if leader:
            self.trade(leader)
        body = {"contract": "DOGE_USDT", "size": "60", "price": "0", "tif": "ioc",
                "text": f"t-mt1cN{instance}" + "b" * 16}  # fmt: skip
        self.bourse.create(FIRST, body, None, "ws")
        self.tools["lost"] = True
        self.begin()
        self.run(40)

    def _sql(self, query: str, *given: str) -> list[tuple[str]]:
        with closing(sqlite3.connect(self.folder / "mtrade.db")) as db, db:
            return db.execute(query, given).fetchall()


def test_a_lost_entry_into_what_the_leader_holds_now_is_not_closed(tmp_path: Path) -> None:
    follow = Lost(tmp_path, "60")
    assert (follow.owned(), follow.held()) == (60, 60)
    assert follow.executed() == [40, -40, 60]
    follow.trade("-60")
    follow.run(2)
    assert (follow.owned(), follow.held()) == (0, 0)


@pytest.mark.parametrize("leader", ["", "-60"])
def test_a_lost_entry_into_what_the_leader_left_meanwhile_is_closed(
    tmp_path: Path, leader: str
) -> None:
    follow = Lost(tmp_path, leader)
    assert follow.owned() == follow.held() == int(leader or 0)
    assert follow.executed()[:4] == [40, -40, 60, -60]


def test_a_follower_is_compared_with_the_exchange_before_its_first_entry(tmp_path: Path) -> None:
    """From the moment the link is written, not only from the next look at what is to be done."""
    stand = Stand(tmp_path)
    link = stand.link(FIRST)
    assert stand.core.gates.gate(link) == Reason(Code.NOT_RECONCILED)
    stand.run(8)
    assert stand.core.gates.gate(link) is None
    again = replace(link, name="the same one")
    stand.core.launch((), CopyChange(links=(again,)))
    assert stand.core.gates.gate(again) is None
