"""The journal keeps intents exactly, once per request, and never half a commit."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mtrade.domain.errors import StoreError
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Side, futures, spot
from mtrade.domain.orders import (
    AutoSize,
    Fill,
    Intent,
    IntentKind,
    IntentState,
    OrderPath,
    OrderRequest,
    OrderType,
    TimeInForce,
    Trigger,
    TriggerSource,
)
from mtrade.domain.ports import Journal
from mtrade.store.journal import SqliteJournal

ACCOUNT = "paper:1001"


def order(text: str, **changes: object) -> OrderRequest:
    base = OrderRequest(
        instrument=spot("BTC_USDT"),
        side=Side.BUY,
        type=OrderType.LIMIT,
        size=Decimal("0.012"),
        text=text,
        price=Decimal("60000.5"),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def intent(number: int, **changes: object) -> Intent:
    base = Intent(
        id=0,
        account_id=ACCOUNT,
        kind=IntentKind.MANUAL,
        request_id=f"r{number}",
        order=order(f"t-mt1m-{number}"),
        expires_ms=5_000,
        state=IntentState.SENDING,
        planned_ms=1_000,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def fill(trade: str, **changes: object) -> Fill:
    base = Fill(
        trade_id=trade,
        order_id="9223372036854775807",
        instrument=futures("BTC_USDT"),
        time_ms=7,
        side=Side.SELL,
        size=Decimal(3),
        price=Decimal("60000.1"),
        fee=Decimal("-0.0000123"),
        fee_currency="USDT",
        role="maker",
        text="t-mt1m-1",
        close_size=Decimal(-2),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[SqliteJournal]:
    opened = SqliteJournal(tmp_path / "data" / "mtrade.db")
    yield opened
    opened.close()


def test_it_is_the_journal_of_the_ports(journal: SqliteJournal) -> None:
    port: Journal = journal
    assert port.unfinished() == ()


def test_every_field_of_an_intent_comes_back(journal: SqliteJournal) -> None:
    full = intent(
        1,
        kind=IntentKind.FLATTEN,
        order=order(
            "t-mt1f-x",
            instrument=futures("BTC_USD", "btc"),
            side=Side.SELL,
            size=Decimal(0),
            price=None,
            type=OrderType.MARKET,
            tif=TimeInForce.IOC,
            reduce_only=True,
            close=True,
            auto_size=AutoSize.CLOSE_LONG,
            trigger=Trigger(
                price=Decimal("1.50"), above=False, source=TriggerSource.MARK, expires_s=60
            ),
        ),
        sent_ms=3,
        order_id="9223372036854775807",
        filled=Decimal("0.1"),
        average=Decimal("60000.25"),
        label="L",
        evidence="answer",
        closed_ms=9,
        parent="t-mt1m-parent",
        plan_position=Decimal("-0.5"),
    )
    (stored,) = journal.commit([full])
    assert stored == replace(full, id=stored.id)
    assert journal.get(stored.id) == stored


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    size=st.decimals(min_value=0, max_value=10**20, places=12),
    price=st.none() | st.decimals(min_value=0, max_value=10**15, places=10),
    nonce=st.integers(0, 10**12),
)
def test_numbers_come_back_exactly(
    journal: SqliteJournal, size: Decimal, price: Decimal | None, nonce: int
) -> None:
    wanted = intent(
        0, request_id="", order=order(f"t-{nonce}-{size}-{price}", size=size, price=price)
    )
    if any(known.order.text == wanted.order.text for known in journal.unfinished()):
        return
    (stored,) = journal.commit([wanted])
    assert journal.get(stored.id) == replace(wanted, id=stored.id)


def test_a_repeated_request_is_the_stored_intent(journal: SqliteJournal) -> None:
    (first,) = journal.commit([intent(1)])
    assert journal.commit([intent(1, order=order("t-another"))]) == (first,)
    other, again = journal.commit([intent(2), intent(1, order=order("t-third"))])
    assert (again, other.request_id) == (first, "r2")
    assert len(journal.recent(None, before_id=None, limit=9)) == 2


def test_a_request_repeated_within_one_commit_is_stored_once(journal: SqliteJournal) -> None:
    one, two = journal.commit([intent(1), intent(1, order=order("t-another"))])
    assert one == two


def test_one_request_is_one_order_whichever_account_is_named(journal: SqliteJournal) -> None:
    (one,) = journal.commit([intent(1)])
    (two,) = journal.commit([intent(1, account_id="paper:1002", order=order("t-another"))])
    assert one == two == journal.by_request("paper:1002", "r1")


def test_a_known_request_brings_its_family_and_takes_in_nothing_new(journal: SqliteJournal) -> None:
    child = intent(2, request_id="", order=order("t-sl"), parent="t-mt1m-1")
    first = journal.commit([intent(1), child])
    stranger = intent(3, request_id="", order=order("t-other-sl"), parent="t-other")
    assert journal.commit([intent(1, order=order("t-other")), stranger]) == first
    assert journal.by_text(ACCOUNT, "t-other-sl") is None


def test_an_order_of_the_exchange_is_found_by_its_text(journal: SqliteJournal) -> None:
    (stored,) = journal.commit([intent(1)])
    assert journal.by_text(ACCOUNT, "t-mt1m-1") == stored
    assert journal.by_text("paper:2", "t-mt1m-1") is None


def test_one_bad_intent_stores_nothing_of_its_commit(journal: SqliteJournal) -> None:
    journal.commit([intent(1)])
    with pytest.raises(StoreError):
        journal.commit([intent(2), intent(3, order=order("t-mt1m-1"))])
    assert [i.request_id for i in journal.unfinished()] == ["r1"]


@pytest.mark.parametrize("size", ["NaN", "Infinity", "-1"])
def test_the_database_itself_refuses_what_is_no_size(journal: SqliteJournal, size: str) -> None:
    with pytest.raises(StoreError):
        journal.commit([intent(1, order=order("t-x", size=Decimal(size)))])
    assert journal.unfinished() == ()


def test_updates_are_stored_and_final_states_stay(journal: SqliteJournal) -> None:
    (stored,) = journal.commit([intent(1)])
    resting = stored.advance(IntentState.OPEN, order_id="77", sent_ms=2_000)
    amended = replace(resting, order=replace(resting.order, price=Decimal("59000")))
    journal.update([amended])
    assert journal.get(stored.id) == amended
    done = amended.advance(IntentState.DONE, filled=Decimal("0.012"), closed_ms=3_000)
    journal.update([done])
    assert journal.unfinished() == ()
    with pytest.raises(StoreError):
        journal.update([resting])
    assert journal.get(stored.id) == done


def test_a_waiting_intent_gets_its_deadline_and_size_when_it_is_sent(
    journal: SqliteJournal,
) -> None:
    (waiting,) = journal.commit([intent(1, state=IntentState.WAITING, expires_ms=0)])
    sent = waiting.advance(
        IntentState.SENDING, expires_ms=9_000, order=replace(waiting.order, size=Decimal(2))
    )
    journal.update([sent])
    assert journal.get(waiting.id) == sent


def test_an_intent_never_takes_another_text(journal: SqliteJournal) -> None:
    (stored,) = journal.commit([intent(1)])
    with pytest.raises(StoreError):
        journal.update([replace(stored, order=replace(stored.order, text="t-other"))])


def test_one_bad_update_stores_none(journal: SqliteJournal) -> None:
    (stored,) = journal.commit([intent(1)])
    with pytest.raises(StoreError):
        journal.update([stored.advance(IntentState.OPEN), replace(stored, id=999)])
    assert journal.get(stored.id) == stored


def test_when_only_the_disk_is_waited_for_nobody_else_can_see_it_yet(
    journal: SqliteJournal,
) -> None:
    seen: list[object] = []
    (stored,) = journal.commit([intent(1)], meanwhile=lambda: seen.append(journal.unfinished()))
    assert seen == [()]
    assert journal.unfinished() == (stored,)


def test_ids_told_ahead_follow_what_was_stored_and_not_what_failed(
    journal: SqliteJournal,
) -> None:
    assert journal.next_id() == 1
    (first,) = journal.commit([intent(1)])
    assert (first.id, journal.next_id()) == (1, 2)
    journal.commit(
        [replace(intent(2, request_id=""), id=2), replace(intent(3, request_id=""), id=3)]
    )
    assert journal.next_id() == 4
    with pytest.raises(StoreError):
        journal.commit(
            [replace(intent(4, request_id=""), id=4), replace(intent(2, request_id=""), id=5)]
        )
    assert journal.next_id() == 4
    assert journal.commit([intent(1)]) == (first,)
    assert journal.next_id() == 4


def test_recent_pages_newest_first_per_account(journal: SqliteJournal) -> None:
    journal.commit([intent(n) for n in range(5)])
    journal.commit([intent(9, account_id="paper:2")])
    page = journal.recent(ACCOUNT, before_id=None, limit=3)
    rest = journal.recent(ACCOUNT, before_id=page[-1].id, limit=3)
    assert [i.request_id for i in (*page, *rest)] == ["r4", "r3", "r2", "r1", "r0"]
    assert journal.recent(None, before_id=None, limit=1)[0].account_id == "paper:2"


def test_fills_are_kept_once_and_page_by_time(journal: SqliteJournal) -> None:
    late, early = fill("2", time_ms=20), fill("1", time_ms=10)
    other = ("paper:3", early)
    found = [(ACCOUNT, late), (ACCOUNT, early), other]
    assert journal.add_fills(found) == tuple(found)
    third = (ACCOUNT, fill("3", time_ms=20))
    assert journal.add_fills([(ACCOUNT, early), third, other]) == (third,)
    page = journal.fills(ACCOUNT, None, 2)
    rest = journal.fills(ACCOUNT, page[-1].id, 2)
    assert [f.fill.trade_id for f in (*page, *rest)] == ["3", "2", "1"]
    assert journal.fills("paper:2") == ()
    assert journal.fills(None, None, 9)[-1].fill == early


def test_a_trade_with_oneself_keeps_both_sides(journal: SqliteJournal) -> None:
    both = [fill("1", side=Side.BUY), fill("1", side=Side.SELL)]
    assert len(journal.add_fills([(ACCOUNT, side) for side in both])) == 2


def test_runs_are_recorded_and_a_lost_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mtrade.db"
    first = SqliteJournal(path)
    one = first.begin_epoch(10, "boot", "abcd", "1.0.0")
    first.close()
    second = SqliteJournal(path)
    two = second.begin_epoch(20, "boot", "abcd", "1.0.0")
    second.end_epoch("stopped", 30)
    second.checkpoint()
    with second.database.read() as db:
        found = [tuple(r) for r in db.execute("SELECT id, ended_ms, how FROM epoch ORDER BY id")]
    second.close()
    assert found == [(one, None, "crashed"), (two, 30, "stopped")]


@pytest.mark.parametrize(
    ("runs", "lost"),
    [
        ([("a", "")], False),
        ([("a", ""), ("a", "")], False),
        ([("a", ""), ("b", "")], True),
        ([("a", "stopped"), ("b", "")], False),
        ([("a", ""), ("b", ""), ("b", "")], True),  # it crashed again before it had looked
        ([("a", ""), ("b", "stopped"), ("b", "")], False),
    ],
)
def test_lost_commits_are_suspected_until_a_run_ends_well(
    tmp_path: Path, runs: list[tuple[str, str]], lost: bool
) -> None:
    for number, (boot, end) in enumerate(runs):
        journal = SqliteJournal(tmp_path / "mtrade.db")
        journal.begin_epoch(number, boot, "abcd", "1.0.0")
        suspected = journal.may_have_lost()
        if end:
            journal.end_epoch(end, number)
        journal.close()
    assert suspected is lost


def test_readers_of_other_threads_see_only_committed_rows(journal: SqliteJournal) -> None:
    seen: list[int] = []

    def look() -> None:
        seen.append(len(journal.recent(None, before_id=None, limit=9)))

    with journal.database.write() as db:
        db.execute(
            "INSERT INTO epoch(started_ms, boot_id, instance, version) VALUES(1,'b','i','v')"
        )
        other = threading.Thread(target=look)
        other.start()
        other.join(5)
    assert seen == [0]


def test_a_closed_journal_says_so(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "mtrade.db")
    journal.close()
    with pytest.raises(StoreError):
        journal.commit([intent(1)])
    with pytest.raises(StoreError):
        journal.unfinished()


@pytest.mark.parametrize("path", [None, *OrderPath])
def test_the_way_an_order_left_is_kept(journal: SqliteJournal, path: OrderPath | None) -> None:
    (stored,) = journal.commit([intent(1)])
    journal.update([replace(stored, state=IntentState.OPEN, path=path)])
    kept = journal.get(stored.id)
    assert kept is not None
    assert kept.path is path
