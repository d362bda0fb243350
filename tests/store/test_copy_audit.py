"""What the monitor learns from the journal: only what came since its last look."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal as D
from pathlib import Path

import pytest

from mtrade.domain.copying.codes import Act
from mtrade.domain.copying.model import Cause, CopyChange
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Side
from mtrade.domain.orders import IntentState
from mtrade.store.copying import CopyStore
from mtrade.store.journal import SqliteJournal
from tests.store import copy_samples as samples
from tests.store.copy_samples import copy_intent, event, leg, link


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    opened = SqliteJournal(tmp_path / "mtrade.db")
    opened.update((), CopyChange(links=(link(),), legs=(leg(),)))
    yield opened
    opened.close()


def ended(journal: SqliteJournal, number: int, filled: str, state: IntentState) -> None:
    """One order of the leg, from its beginning to its end."""
    sent = copy_intent(number, f"t-{number}")
    journal.commit([sent])
    journal.update([replace(sent, state=state, filled=D(filled), closed_ms=5)])


def test_fills_are_summed_by_leg_with_their_sign_and_only_since_the_last_look(
    journal: SqliteJournal,
) -> None:
    store = CopyStore(journal.database)
    ended(journal, 1, "3", IntentState.DONE)
    ended(journal, 2, "2.5", IntentState.DONE)
    ended(journal, 3, "0", IntentState.VOID)
    sale = copy_intent(4, "t-4")
    sale = replace(sale, order=replace(sale.order, side=Side.SELL))
    journal.commit([sale])
    journal.update([replace(sale, state=IntentState.DONE, filled=D(1), closed_ms=5)])
    found = store.audit(0, 0)
    assert found.last_intent == 4
    assert found.filled == {leg().id: D("4.5")}
    assert store.audit(1, 0).filled == {leg().id: D("1.5")}
    assert store.audit(2, 0).filled == {leg().id: D(-1)}
    assert store.audit(4, 0).filled == {}


def test_unfinished_orders_are_counted_not_summed(journal: SqliteJournal) -> None:
    journal.commit([copy_intent(9, "t-9")])
    found = CopyStore(journal.database).audit(0, 0)
    assert found.busy == {leg().id: 1}
    assert found.filled == {}


def test_legs_are_told_as_they_are_stored(journal: SqliteJournal) -> None:
    journal.update((), CopyChange(legs=(replace(leg(), owned=D("-7.25"), pending=None),)))
    assert CopyStore(journal.database).audit(0, 0).legs == {leg().id: (D("-7.25"), None)}


def test_the_feed_tells_whose_ledger_a_hand_moved_and_where_an_episode_began(
    journal: SqliteJournal,
) -> None:
    store = CopyStore(journal.database)
    here = {"link_id": 1, "instrument": leg().instrument, "side": leg().side}
    journal.update((), CopyChange(events=(event(1, act=Act.HAND, **here),)))
    journal.update((), CopyChange(events=(event(1, act=Act.EPISODE, **here),)))
    journal.update((), CopyChange(events=(event(1, act=Act.COPIED, **here),)))
    found = store.audit(0, 0)
    assert (found.last_event, found.by_hand, found.began) == (3, {leg().id}, {leg().id})
    assert store.audit(0, 1).by_hand == frozenset()
    assert store.audit(0, 2).began == frozenset()


def test_a_cause_of_an_order_without_effect_is_found(journal: SqliteJournal) -> None:
    store = CopyStore(journal.database)
    sent = copy_intent(1, "t-1")
    cause = Cause(follower_id=sent.account_id, leader_id=samples.LEADER, trade_id="a", text="t-1")
    journal.commit([sent], CopyChange(causes=(cause,)))
    void = replace(sent, state=IntentState.VOID, closed_ms=5)
    journal.update([void])  # the engine would free its causes here
    assert store.audit(0, 0).void_causes == {sent.account_id}
    assert store.audit(1, 0).void_causes == frozenset()
    journal.update((), CopyChange(freed=("t-1",)))
    assert store.audit(0, 0).void_causes == frozenset()


def test_a_text_that_is_there_twice_is_found_although_the_schema_forbids_it(
    journal: SqliteJournal, tmp_path: Path
) -> None:
    ended(journal, 1, "3", IntentState.DONE)
    ended(journal, 2, "3", IntentState.DONE)
    assert CopyStore(journal.database).audit(0, 0).twice == frozenset()
    with closing(sqlite3.connect(tmp_path / "mtrade.db")) as db, db:
        db.execute("CREATE TABLE copied AS SELECT * FROM intent")
        db.execute("UPDATE copied SET text='t-1'")
        db.execute("DROP TABLE intent")
        db.execute("ALTER TABLE copied RENAME TO intent")
    assert CopyStore(journal.database).audit(0, 0).twice == {leg().follower_id}
