"""What copying remembers is durable together with the orders it belongs to, or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.model import Cause, Control, CopyChange, CopyEvent, Episode
from mtrade.domain.errors import StoreError
from mtrade.domain.frozen import replace
from mtrade.domain.orders import IntentState
from mtrade.domain.ports import Journal
from mtrade.domain.positions import Leg
from mtrade.store.copying import CopyStore
from mtrade.store.database import JOURNAL, Database, statements
from mtrade.store.journal import SqliteJournal
from tests.store import copy_samples as samples
from tests.store.copy_samples import copy_intent, event, leg, link


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    opened = SqliteJournal(tmp_path / "mtrade.db")
    yield opened
    opened.close()


@pytest.fixture
def store(journal: SqliteJournal) -> CopyStore:
    return CopyStore(journal.database)


@pytest.fixture
def linked(journal: SqliteJournal) -> SqliteJournal:
    """A link with its leg is there."""
    journal.update((), CopyChange(links=(link(),), legs=(leg(),)))
    return journal


def cause(trade: str, text: str = "t-1", **changes: str) -> Cause:
    base = Cause(follower_id="paper:101", leader_id=samples.LEADER, trade_id=trade, text=text)
    return replace(base, **changes)


def test_the_port_writes_a_change_with_the_intents(journal: SqliteJournal) -> None:
    port: Journal = journal
    assert port.next_id() == 1
    port.update((), CopyChange())


def test_links_legs_and_brakes_come_back_and_are_replaced(
    journal: SqliteJournal, store: CopyStore
) -> None:
    halt = Control(scope="all", state="halt", since_ms=1, actor="owner")
    change = CopyChange(links=(link(1), link(2)), legs=(leg(1), leg(2)), controls=(halt,))
    journal.update((), change)
    state = store.load()
    assert (state.links, state.legs, state.controls) == (change.links, change.legs, (halt,))
    moved = leg(1, owned=Decimal("-2.5"), reason=Reason(Code.DUST, {"left": "0.5"}))
    named = link(2, name="Second", version=2)
    journal.update((), CopyChange(links=(named,), legs=(moved,), lifted=("all",)))
    state = store.load()
    assert (state.links, state.legs, state.controls) == (
        (link(1), named),
        (moved, leg(2)),
        (),
    )


def test_intents_and_change_are_one_transaction(linked: SqliteJournal, store: CopyStore) -> None:
    key = linked.next_id()
    planned = leg(pending=key, version=1)
    told = event(5, intent_id=key)
    change = CopyChange(legs=(planned,), causes=(cause("B:1"),), events=(told,))
    (stored,) = linked.commit([copy_intent(key, "t-1")], change)
    assert (stored.id, stored.leg_id) == (key, 1)
    assert linked.get(key) == stored
    assert store.load().legs == (planned,)
    assert store.events() == (replace(told, id=1),)
    done = stored.advance(IntentState.DONE, filled=Decimal(3), closed_ms=9)
    filled = leg(owned=Decimal(3), version=2)
    linked.update([done], CopyChange(legs=(filled,)))
    assert (linked.get(key), store.load().legs) == (done, (filled,))


def test_a_change_that_fails_takes_the_intents_with_it(
    linked: SqliteJournal, store: CopyStore
) -> None:
    linked.commit([copy_intent(1, "t-1")], CopyChange(causes=(cause("B:1"),)))
    linked.update([replace(copy_intent(1, "t-1"), state=IntentState.DONE)])
    again = CopyChange(legs=(leg(tries=9),), causes=(cause("B:2", "t-2"), cause("B:1", "t-2")))
    with pytest.raises(StoreError):
        linked.commit([copy_intent(2, "t-2")], again)
    assert linked.get(2) is None
    assert store.load().legs == (leg(),)
    assert store.consumed("paper:101", samples.LEADER, ("B:1", "B:2")) == {"B:1"}
    assert linked.next_id() == 2


def test_an_update_that_fails_takes_the_change_with_it(
    linked: SqliteJournal, store: CopyStore
) -> None:
    unknown = copy_intent(77, "t-77").advance(IntentState.DONE)
    with pytest.raises(StoreError):
        linked.update([unknown], CopyChange(legs=(leg(owned=Decimal(3)),)))
    assert store.load().legs == (leg(),)


def test_one_leader_trade_is_consumed_once_by_each_follower_until_it_is_freed(
    linked: SqliteJournal, store: CopyStore
) -> None:
    orders = [copy_intent(n, f"t-{n}", leg_id=n) for n in (1, 2)]
    other = cause("B:1", follower_id="paper:102")
    linked.commit(orders, CopyChange(causes=(cause("B:1"), other)))
    with pytest.raises(StoreError):
        linked.update((), CopyChange(causes=(cause("B:1", "t-2"),)))
    linked.update((), CopyChange(freed=("t-1",), causes=(cause("B:1", "t-2"),)))
    assert store.consumed("paper:101", samples.LEADER, ("B:1",)) == {"B:1"}
    assert store.consumed("paper:102", samples.LEADER, ("B:1",)) == frozenset()


def test_a_trade_is_not_consumed_by_an_order_that_is_not_there(linked: SqliteJournal) -> None:
    with pytest.raises(StoreError):
        linked.update((), CopyChange(causes=(cause("B:1", "t-nowhere"),)))


def test_what_cancelled_out_is_never_freed(linked: SqliteJournal, store: CopyStore) -> None:
    linked.update((), CopyChange(causes=(cause("B:1", ""),)))
    linked.update((), CopyChange(freed=("",)))
    assert store.consumed("paper:101", samples.LEADER, ("B:1",)) == {"B:1"}


def test_a_leg_has_at_most_one_unfinished_intent(linked: SqliteJournal) -> None:
    (first,) = linked.commit([copy_intent(1, "t-1")])
    for state in (IntentState.SENDING, IntentState.UNKNOWN, IntentState.HOLD):
        linked.update([replace(first, state=state)])
        with pytest.raises(StoreError):
            linked.commit([copy_intent(2, "t-2")])
    linked.update([replace(first, state=IntentState.DONE)])
    linked.commit([copy_intent(2, "t-2")])


def test_two_leaders_never_hold_one_follower_leg(journal: SqliteJournal) -> None:
    second = leg(2, follower_id="paper:101")
    both = (link(1), link(2, leader_id="paper:2", follower_id="paper:101"))
    journal.update((), CopyChange(links=both, legs=(leg(owned=Decimal(1)), second)))
    with pytest.raises(StoreError):
        journal.update((), CopyChange(legs=(replace(second, owned=Decimal(1)),)))
    hedged = replace(second, side=Leg.LONG, id=3, owned=Decimal(1))
    journal.update((), CopyChange(legs=(hedged,)))


def test_a_leg_moves_to_another_link(journal: SqliteJournal, store: CopyStore) -> None:
    journal.update((), CopyChange(links=(link(1), link(2)), legs=(leg(1),)))
    journal.update((), CopyChange(legs=(leg(1, link_id=2),), removed=(1,)))
    assert store.load().legs == (leg(1, link_id=2),)


def test_a_removed_link_takes_its_legs_and_leaves_its_story(
    linked: SqliteJournal, store: CopyStore
) -> None:
    told = CopyChange(events=(event(1),), links=(link(2),), legs=(leg(2),))
    linked.commit([copy_intent(1, "t-1", state=IntentState.DONE)], told)
    linked.update((), CopyChange(removed=(1, 2)))
    state = store.load()
    assert (state.links, state.legs) == ((), ())
    assert (state.last_link_id, state.last_leg_id) == (2, 2)
    told_of = linked.get(1)
    assert told_of is not None
    assert (len(store.events(link_id=1)), told_of.leg_id) == (1, 1)


def test_numbers_of_intents_go_on_after_those_of_others(linked: SqliteJournal) -> None:
    manual = replace(copy_intent(0, "t-m"), request_id="r", leg_id=None)
    assert linked.commit([manual])[0].id == 1
    linked.commit([copy_intent(2, "t-2"), copy_intent(3, "t-3", leg_id=2)])
    assert linked.next_id() == 4
    with pytest.raises(StoreError):
        linked.commit([copy_intent(3, "t-4", leg_id=3)])


def test_the_orders_of_a_leg_are_paged(linked: SqliteJournal, store: CopyStore) -> None:
    done = [copy_intent(n, f"t-{n}", state=IntentState.DONE) for n in (1, 2, 3)]
    linked.commit([*done, copy_intent(4, "t-4", leg_id=2)])
    assert [i.id for i in store.leg_intents(1)] == [3, 2, 1]
    assert [i.id for i in store.leg_intents(1, before_id=3, limit=1)] == [2]


def test_events_are_paged_and_filtered(linked: SqliteJournal, store: CopyStore) -> None:
    acts = (Act.SEEN, Act.COPIED, Act.SKIPPED)
    told = [
        event(n, link_id=n % 2, act=acts[n % 3], code=Code.DUST if n % 3 == 2 else None)
        for n in range(1, 31)
    ]
    linked.update((), CopyChange(events=tuple(told)))

    def times(*args: object, **kwargs: object) -> list[int]:
        return [e.time_ms for e in store.events(*args, **kwargs)]  # type: ignore[arg-type]

    assert times(limit=3) == [30, 29, 28]
    assert times(before_id=28, limit=2) == [27, 26]
    assert times(link_id=1, limit=2) == [29, 27]
    assert times(1, Act.COPIED) == [25, 19, 13, 7, 1]
    assert times(code=Code.DUST, limit=2) == [29, 26]
    assert times(link_id=0, act=Act.SKIPPED, code=Code.DUST, before_id=20) == [14, 8, 2]
    assert times(link_id=9) == []
    assert store.counts(since_ms=25) == {
        1: {Act.COPIED: 1, Act.SEEN: 1, Act.SKIPPED: 1},
        0: {Act.SKIPPED: 1, Act.COPIED: 1, Act.SEEN: 1},
    }


@pytest.mark.parametrize(
    "where", ["link_id=1", "act='copied'", "code='DUST'", "link_id=1 AND act='copied'", "id<9"]
)
def test_a_page_of_events_is_found_without_reading_all(journal: SqliteJournal, where: str) -> None:
    with journal.database.read() as db:
        plan = db.execute(
            f"EXPLAIN QUERY PLAN SELECT * FROM copy_event WHERE {where} ORDER BY id DESC LIMIT 9"  # noqa: S608
        ).fetchall()
    told = " ".join(row["detail"] for row in plan)
    assert "SEARCH" in told
    assert "TEMP B-TREE" not in told


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("copy_link", 'params=\'{"multiplier": "x"}\''),
        ("copy_link", "why='[\"NO_SUCH\", {}, 0]'"),
        ("copy_leg", "episode='{'"),
        ("copy_leg", "episode='{\"number\": 1}'"),
        ("copy_leg", "empty_ms='7'"),
    ],
)
def test_a_row_that_makes_no_sense_stops_the_start_and_is_named(
    tmp_path: Path, table: str, change: str
) -> None:
    path = tmp_path / "mtrade.db"
    with closing(SqliteJournal(path)) as journal:
        with_episode = leg(episode=Episode(number=1, sign=1, started_ms=1, joined=""))
        journal.update((), CopyChange(links=(link(),), legs=(with_episode,)))
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"UPDATE {table} SET {change}")  # noqa: S608
        db.commit()
    with closing(SqliteJournal(path)) as journal, pytest.raises(StoreError) as told:
        CopyStore(journal.database).load()
    assert f"{path}: row 1 of {table}" in told.value.message


def test_the_first_journals_keep_their_orders(tmp_path: Path) -> None:
    """What was written before copying existed is there after it, under its id."""
    path = tmp_path / "mtrade.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        for version, script in JOURNAL.migrations()[:3]:
            for statement in statements(script):
                old.execute(statement)
            old.execute(f"PRAGMA user_version={version}")
        old.execute(f"PRAGMA application_id={JOURNAL.application_id}")
        old.execute(
            "INSERT INTO epoch(started_ms, boot_id, instance, version) VALUES(1, 'b', 'i', '1')"
        )
        for number in (1, 5):
            old.execute(
                "INSERT INTO intent(id, epoch_id, account_id, kind, request_id, market, settle,"
                " instrument, side, type, size, price, tif, reduce_only, close, text, expires_ms,"
                " state, planned_ms, sent_ms, order_id, filled, label, evidence, parent,"
                " plan_position, digest, path)"
                " VALUES(?, 1, 'paper:101', 'manual', ?, 'futures', 'usdt', 'BTC_USDT', 'buy',"
                " 'limit', '3', '60000.1', 'ioc', 1, 0, ?, 5000, 'OPEN', 1000, 7, '99', '1', '',"
                " 'e', 'p', '0', 'd', 'ws')",
                (number, f"r{number}", f"t-{number}"),
            )
    with closing(SqliteJournal(path)) as journal:
        first, second = journal.unfinished()
        assert (first.id, second.id, journal.next_id()) == (1, 5, 6)
        assert (first.request_id, first.digest, first.parent) == ("r1", "d", "p")
        assert (first.order.reduce_only, first.order_id, first.filled) == (True, "99", Decimal(1))
        assert (first.leg_id, first.evidence, first.sent_ms) == (None, "e", 7)
        assert journal.by_request("paper:101", "r5") == second


def test_the_feed_stays_quick_to_write_and_read_when_it_is_large(
    linked: SqliteJournal, store: CopyStore
) -> None:
    """Pages come from an index whatever is asked; this only proves that they are right at size."""
    chunk = tuple(event(n, link_id=n % 7, act=Act.SEEN) for n in range(20_000))
    linked.update((), CopyChange(events=chunk))
    rare = event(20_000, link_id=3, act=Act.FAILED, code=Code.REFUSED)
    linked.update((), CopyChange(events=(rare,)))
    (found,) = store.events(link_id=3, act=Act.FAILED)
    assert found == CopyEvent(id=20_001, time_ms=20_000, link_id=3, act=Act.FAILED, code=rare.code)


def test_the_database_itself_refuses_a_state_nobody_knows(journal: SqliteJournal) -> None:
    database: Database = journal.database
    journal.update((), CopyChange(links=(link(),), legs=(leg(),)))
    for change in (
        "UPDATE copy_link SET state='armed'",
        "UPDATE copy_leg SET owned='many'",
        "UPDATE copy_leg SET pending=99",
        "UPDATE copy_leg SET link_id=99",
        "INSERT INTO copy_control VALUES('all', 'stop', 1, '', '')",
    ):
        with pytest.raises(StoreError), database.write() as db:
            db.execute(change)
