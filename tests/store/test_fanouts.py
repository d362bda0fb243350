"""A fan-out is durable before its orders leave and in the tables for whoever looks next."""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mtrade.domain.copying.codes import Act
from mtrade.domain.copying.model import Cause, CopyChange, CopyEvent, CopyLeg
from mtrade.domain.errors import StoreError
from mtrade.domain.frozen import replace
from mtrade.domain.orders import Intent, IntentState
from mtrade.store import fanouts
from mtrade.store.copying import CopyStore
from mtrade.store.journal import SqliteJournal
from tests.store import copy_samples as samples
from tests.store.copy_samples import copy_intent, event, leg, link

TABLES = ("intent", "copy_leg", "copy_event", "intent_cause", "fanout", "sqlite_sequence")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mtrade.db"


@pytest.fixture
def journal(path: Path) -> Iterator[SqliteJournal]:
    opened = linked(path)
    yield opened
    opened.close()


def linked(path: Path) -> SqliteJournal:
    """Three links with a leg each."""
    journal = SqliteJournal(path)
    journal.begin_epoch(1, "boot", "abcd", "1.0.0")
    links, legs = tuple(map(link, (1, 2, 3))), tuple(map(leg, (1, 2, 3)))
    journal.update((), CopyChange(links=links, legs=legs))
    return journal


def order(number: int, **changes: Any) -> Intent:
    uid = f"paper:{100 + number}"
    return replace(copy_intent(number, f"t-{number}", number), account_id=uid, **changes)


def consumed(number: int, trade: str = "B:1", **changes: Any) -> Cause:
    uid = f"paper:{100 + number}"
    base = Cause(follower_id=uid, leader_id=samples.LEADER, trade_id=trade, text=f"t-{number}")
    return replace(base, **changes)


def fan(*numbers: int) -> tuple[list[Intent], CopyChange]:
    """An order for each of these legs, with everything that goes with it."""
    return [order(n) for n in numbers], CopyChange(
        legs=tuple(leg(n, pending=n, planned_ms=1_000, tries=n) for n in numbers),
        events=tuple(event(n, n, Act.EPISODE, intent_id=n) for n in numbers),
        causes=tuple(consumed(n) for n in numbers),
    )


def raw(path: Path, table: str) -> list[tuple[Any, ...]]:
    """What the file holds, without asking the journal."""
    with closing(sqlite3.connect(path)) as db:
        return db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()  # noqa: S608


def counted(path: Path) -> dict[str, int]:
    return {table: len(raw(path, table)) for table in ("intent", "copy_event", "fanout")}


def test_it_is_one_durable_record_until_it_is_unfolded(journal: SqliteJournal, path: Path) -> None:
    intents, change = fan(1, 2, 3)
    seen: list[dict[str, int]] = []
    stored = journal.commit(intents, change, lambda: seen.append(counted(path)))
    assert stored == tuple(intents)
    assert seen == [{"intent": 0, "copy_event": 0, "fanout": 0}]  # not yet committed
    assert counted(path) == {"intent": 0, "copy_event": 0, "fanout": 1}
    journal.unfold()
    assert counted(path) == {"intent": 3, "copy_event": 3, "fanout": 0}
    journal.unfold()
    assert counted(path) == {"intent": 3, "copy_event": 3, "fanout": 0}


def test_it_comes_to_the_same_as_written_row_by_row(tmp_path: Path) -> None:
    found = []
    for name, lead in (("a", 0), ("b", 1)):
        journal = linked(tmp_path / name)
        intents, change = fan(1, 2, 3)
        if lead:  # what names a link is no fan-out
            change = replace(change, links=(link(1),))
        journal.commit(intents, change)
        assert bool(raw(tmp_path / name, "fanout")) is not bool(lead)
        journal.unfold()
        found.append({table: raw(tmp_path / name, table) for table in TABLES})
        journal.close()
    assert found[0] == found[1]


READS: dict[str, Callable[[SqliteJournal], object]] = {
    "get": lambda journal: journal.get(2),
    "by_text": lambda journal: journal.by_text("paper:102", "t-2"),
    "unfinished": lambda journal: journal.unfinished()[1],
    "recent": lambda journal: journal.recent("paper:102", before_id=None, limit=9)[0],
    "leg_intents": lambda journal: CopyStore(journal.database).leg_intents(2)[0],
}


@pytest.mark.parametrize("what", READS)
def test_no_reader_misses_it(journal: SqliteJournal, what: str) -> None:
    intents, change = fan(1, 2, 3)
    journal.commit(intents, change)
    found: list[object] = []
    asking = threading.Thread(target=lambda: found.append(READS[what](journal)))
    asking.start()
    asking.join(10)
    assert found == [intents[1]]


def test_legs_and_trades_are_read_with_it(journal: SqliteJournal) -> None:
    intents, change = fan(1, 2)
    journal.commit(intents, change)
    store = CopyStore(journal.database)
    assert store.load().legs == (*change.legs, leg(3))
    assert store.consumed("paper:102", samples.LEADER, ("B:1",)) == {"B:1"}
    assert [e.intent_id for e in store.events()] == [2, 1]
    assert store.audit(0, 0).busy == {1: 1, 2: 1}


def test_what_is_written_next_finds_it_in_place(journal: SqliteJournal, path: Path) -> None:
    (first, _), change = fan(1, 2)
    journal.commit([first, order(2)], change)
    journal.update([first.advance(IntentState.DONE, filled=Decimal(3))])
    assert counted(path) == {"intent": 2, "copy_event": 2, "fanout": 0}


def test_the_next_start_finishes_it(journal: SqliteJournal, path: Path) -> None:
    intents, change = fan(1, 2, 3)
    journal.commit(intents, change)
    journal.database.close()  # as a crash leaves it
    again = SqliteJournal(path)
    assert again.unfinished() == tuple(intents)
    assert again.next_id() == 4
    epochs = {row[1] for row in raw(path, "intent")}
    again.close()
    assert epochs == {1}


def test_another_process_may_finish_it_first(journal: SqliteJournal, path: Path) -> None:
    intents, change = fan(1, 2)
    journal.commit(intents, change)
    with closing(SqliteJournal(path)) as other:
        assert other.unfinished() == tuple(intents)
    assert journal.unfinished() == tuple(intents)
    assert counted(path) == {"intent": 2, "copy_event": 2, "fanout": 0}


def test_a_number_too_large_for_the_file_is_a_fault_of_the_journal(journal: SqliteJournal) -> None:
    with pytest.raises(StoreError, match="too large"):
        journal.update((), CopyChange(legs=(leg(1, planned_ms=2**63),)))


def test_several_fan_outs_follow_each_other(journal: SqliteJournal) -> None:
    for trade, number in (("B:1", 1), ("B:2", 2), ("B:3", 3)):
        change = CopyChange(causes=(consumed(number, trade),))
        journal.commit([order(number)], change)
    assert [i.id for i in journal.unfinished()] == [1, 2, 3]


def test_one_that_fails_does_not_forget_the_one_before_it(journal: SqliteJournal) -> None:
    """Both in one round, so that the first is not unfolded yet when the second finds no room."""
    intents, change = fan(1, 2)
    journal.commit(intents, change)
    with pytest.raises(StoreError, match="full"):
        journal.commit([order(3)], CopyChange(), _full)
    assert journal.unfinished() == tuple(intents)
    assert journal.commit([order(3)], CopyChange()) == (order(3),)
    assert [i.id for i in journal.unfinished()] == [1, 2, 3]


def _full() -> None:
    raise sqlite3.OperationalError("database or disk is full")


BROKEN: dict[str, tuple[list[Intent], CopyChange]] = {
    "text": ([order(2, order=order(1).order)], CopyChange()),
    "leg in flight": ([replace(order(2), leg_id=1)], CopyChange()),
    "id": ([replace(order(2), id=1)], CopyChange()),
    "trade": ([order(2)], CopyChange(causes=(consumed(1, text="t-2"),))),
    "order of a trade": ([order(2)], CopyChange(causes=(consumed(2, text="t-nowhere"),))),
    "second leader": (
        [order(4)],
        CopyChange(legs=(leg(4, follower_id="paper:101", pending=4),)),
    ),
    "leg without a link": ([order(2)], CopyChange(legs=(leg(9, pending=2),))),
    "twice in itself": ([order(2), replace(order(3), leg_id=2)], CopyChange()),
    "one text twice": ([order(2), order(3, order=order(2).order)], CopyChange()),
    "a size below 0": ([order(2, order=replace(order(2).order, size=Decimal(-1)))], CopyChange()),
    "no number": ([order(2, order=replace(order(2).order, price=Decimal("NaN")))], CopyChange()),
    "order of a leg": ([order(2)], CopyChange(legs=(leg(2, pending=99),))),
    "owned": ([order(2)], CopyChange(legs=(leg(2, owned=Decimal("NaN")),))),
    "shadow": ([order(2)], CopyChange(legs=(leg(2, shadow=Decimal("Infinity")),))),
    "trade without a number": ([order(2)], CopyChange(causes=(consumed(2, ""),))),
    "no text": ([order(2, order=replace(order(2).order, text=""))], CopyChange()),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_what_the_tables_would_refuse_is_refused_before_it_is_durable(
    journal: SqliteJournal, path: Path, rule: str
) -> None:
    """Afterwards its orders would be out."""
    journal.update((), CopyChange(links=(link(4, follower_id="paper:101", leader_id="paper:7"),)))
    journal.update((), CopyChange(legs=(leg(4, link_id=4, follower_id="paper:101"),)))
    journal.commit(*fan(1))
    journal.unfold()
    before = {table: raw(path, table) for table in TABLES}
    with pytest.raises(StoreError):
        journal.commit(*BROKEN[rule])
    assert {table: raw(path, table) for table in TABLES} == before
    assert journal.next_id() == 2


def test_a_leg_that_is_new_is_written_with_its_first_order(
    journal: SqliteJournal, path: Path
) -> None:
    fresh = leg(7, link_id=3, follower_id="paper:103", instrument=samples.BTC, pending=1)
    hedged = replace(fresh, side=samples.Leg.LONG)
    journal.commit([replace(order(1), leg_id=7)], CopyChange(legs=(hedged,)))
    assert counted(path)["fanout"] == 0
    assert CopyStore(journal.database).load().legs[-1] == hedged


def test_when_it_cannot_be_unfolded_nobody_reads_half_of_the_truth(
    journal: SqliteJournal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    intents, change = fan(1, 2)
    journal.commit(intents, change)
    with monkeypatch.context() as full:
        full.setattr(fanouts, "drop", _no_room)
        for act in (journal.unfold, journal.unfinished, lambda: journal.update(())):
            with pytest.raises(StoreError, match="full"):
                act()
        with pytest.raises(StoreError, match="full"):
            journal.commit([order(3)], CopyChange())
    assert counted(path) == {"intent": 0, "copy_event": 0, "fanout": 1}
    assert journal.unfinished() == tuple(intents)


def _no_room(db: sqlite3.Connection, key: int) -> bool:
    raise sqlite3.OperationalError("database or disk is full")


@pytest.mark.parametrize("body", [b"", b"nonsense", fanouts.zlib.compress(b'{"epoch": "x"}')])
def test_a_damaged_record_is_named_and_stays(
    journal: SqliteJournal, path: Path, body: bytes
) -> None:
    with journal.database.write() as db:
        fanouts.put(db, body)
    journal.close()
    with closing(SqliteJournal(path)) as again, pytest.raises(StoreError, match="row 1 of fanout"):
        again.unfinished()
    assert raw(path, "fanout") == [(1, body)]


told = st.builds(
    CopyEvent,
    time_ms=samples.moments,
    link_id=st.just(1),
    act=st.sampled_from(Act),
    code=st.none() | st.sampled_from(samples.Code),
    instrument=st.none() | st.just(samples.BTC),
    side=st.none() | st.sampled_from(samples.Leg),
    numbers=samples.numbers,
    intent_id=st.none() | st.just(1),
)
orders = st.builds(
    lambda size, price, position, planned: replace(
        copy_intent(1, "t-1"),
        order=replace(copy_intent(1, "t-1").order, size=size, price=price),
        plan_position=position,
        planned_ms=planned,
    ),
    samples.amounts,
    st.none() | samples.amounts,
    st.none() | samples.sizes,
    samples.moments,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(orders, samples.legs, st.lists(told, max_size=3))
def test_every_value_comes_back(intent: Intent, after: CopyLeg, rows: list[CopyEvent]) -> None:
    change = CopyChange(legs=(after,), events=tuple(rows), causes=(consumed(1),))
    made = fanouts.record(None, [intent], change)
    assert made is not None
    assert fanouts.unpacked(fanouts.packed(made)) == made
    assert repr(fanouts.unpacked(fanouts.packed(made))) == repr(made)
    assert fanouts.unpacked(zlib.compress(fanouts.packed(made))) == made  # as it once was


@pytest.mark.parametrize(
    "other",
    [
        {"links": (link(),)},
        {"removed": (1,)},
        {"freed": ("t-1",)},
        {"lifted": ("all",)},
    ],
)
def test_a_change_of_more_than_legs_is_written_at_once(other: dict[str, Any]) -> None:
    intents, change = fan(1)
    assert fanouts.record(1, intents, change) is not None
    assert fanouts.record(1, intents, replace(change, **other)) is None
    assert fanouts.record(1, [replace(intents[0], request_id="r")], change) is None
    assert fanouts.record(1, [replace(intents[0], id=0)], change) is None
