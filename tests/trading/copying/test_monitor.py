"""Once a minute: memory, journal and exchange fit together, or nothing new is opened there."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from decimal import Decimal as D
from pathlib import Path

import pytest

from mtrade.domain.copying.audit import Breach
from mtrade.domain.copying.choices import LateJoin
from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import CopyChange
from mtrade.domain.errors import StoreError
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Side
from mtrade.domain.orders import Fill, IntentState
from mtrade.trading.copying.braking import Braking
from mtrade.trading.copying.monitor import KEPT
from mtrade.trading.messages import AnsweredAll
from tests.trading.copying.follow import Follow
from tests.trading.copying.stand import DOGE, FIRST, SECOND, name

EVERY_S = 60.0
TWO_LOOKS_S = 2 * EVERY_S + 5


@pytest.fixture
def stand(tmp_path: Path) -> Follow:
    """Two followers that hold a copy."""
    made = Follow(tmp_path, followers=2)
    made.follow(FIRST)
    made.follow(SECOND)
    made.trade("40")
    made.run(8)
    assert (made.owned(FIRST), made.owned(SECOND)) == (D(40), D(40))
    return made


def told(stand: Follow) -> list[tuple[int, str]]:
    """Link and breach of each alarm."""
    rows = [row for row in stand.told(Code.MONITOR) if row.act is Act.ALERT]
    return [(row.link_id, row.numbers["what"]) for row in rows]


def change_journal(stand: Follow, uid: int, owned: str) -> None:
    """A fault of ours, or of the disk: what is written is not what is remembered."""
    with closing(sqlite3.connect(stand.folder / "mtrade.db")) as db, db:
        db.execute("UPDATE copy_leg SET owned=? WHERE id=?", (owned, stand.leg(uid).id))


def test_an_ordinary_hour_of_trading_finds_nothing(stand: Follow) -> None:
    """Entries, additions, reductions, turns, closes, hands and letting go."""
    for size in ("20", "-30", "-60", "30", "25", "-25"):
        stand.trade(size)
        stand.run(37)
    stand.trade("40")
    stand.run(20)
    stand.bourse.market(FIRST, DOGE, D(-10), reduce=True)
    stand.run(EVERY_S)
    stand.trade("10", uid=SECOND)
    stand.run(EVERY_S)
    stand.press("adopt", SECOND)
    stand.run(EVERY_S)
    stand.trade("-40")
    stand.run(TWO_LOOKS_S)
    assert told(stand) == []
    assert len(stand.told(Code.MANUAL)) >= 1


def test_adopting_at_the_beginning_of_an_episode_is_no_breach(tmp_path: Path) -> None:
    stand = Follow(tmp_path)
    stand.run(EVERY_S)
    stand.trade("40", uid=FIRST)
    stand.trade("40")
    stand.run(10)
    stand.follow(late_join=LateJoin.ADOPT)
    stand.run(TWO_LOOKS_S)
    assert stand.owned() == D(40)
    assert told(stand) == []


def test_memory_that_differs_from_the_journal_parks_increases_and_lets_out(stand: Follow) -> None:
    change_journal(stand, FIRST, "41")
    stand.run(EVERY_S)
    link_id = stand.leg(FIRST).link_id
    assert (link_id, Breach.MEMORY.value) in told(stand)
    assert {link for link, _ in told(stand)} == {link_id}
    assert "MONITOR" in stand.alarms()
    change_journal(stand, FIRST, "40")
    stand.trade("20")
    stand.run(8)
    assert (stand.owned(FIRST), stand.owned(SECOND)) == (D(40), D(60))
    why = stand.why(FIRST)
    assert why is not None
    assert (why.code, why.human) == (Code.MONITOR, True)
    assert Code.MONITOR in [one.code for one in stand.view(link_id).warnings]
    stand.trade("-60")
    stand.run(8)
    assert (stand.owned(FIRST), stand.owned(SECOND)) == (D(0), D(0))


def test_it_is_told_once_and_closed_by_a_person(stand: Follow) -> None:
    change_journal(stand, FIRST, "41")
    stand.run(4 * EVERY_S)
    count = len(told(stand))
    assert count == len(set(told(stand)))
    breakers = stand.copier.breakers
    change_journal(stand, FIRST, "40")
    stand.ask(lambda: Braking(stand.core, breakers).resume(name(FIRST), "me"))
    (looked,) = [row for row in stand.told(Code.MONITOR) if row.act is Act.HAND]
    assert (looked.link_id, looked.numbers) == (stand.leg(FIRST).link_id, {"action": "looked"})
    stand.trade("20")
    stand.run(8)
    assert stand.owned(FIRST) == D(60)
    stand.run(EVERY_S)
    assert len(told(stand)) == count


def test_a_breach_that_stays_stops_again_after_a_person_let_it_go_on(stand: Follow) -> None:
    change_journal(stand, FIRST, "41")
    stand.run(EVERY_S)
    count = len(told(stand))
    stand.ask(lambda: Braking(stand.core, stand.copier.breakers).resume(name(FIRST), "me"))
    assert stand.core.gates.broken == {}
    stand.run(EVERY_S)
    assert name(FIRST) in stand.core.gates.broken
    assert len(told(stand)) > count


def test_a_ledger_that_nobody_explains_is_found(stand: Follow) -> None:
    """Written and remembered alike, but no fill and no hand: the sums do not fit."""
    stand.run(EVERY_S)
    raised = replace(stand.leg(FIRST), owned=D(30))
    stand.ask(lambda: stand.core.launch((), CopyChange(legs=(raised,))))
    stand.run(EVERY_S)
    assert (raised.link_id, Breach.LEDGER.value) in told(stand)


def test_a_position_that_stays_below_the_ledger_is_found(
    stand: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hands would lower the ledger within seconds; here they are blind."""
    monkeypatch.setattr("mtrade.trading.copying.hands.suspected", lambda *args: None)
    stand.bourse.market(FIRST, DOGE, D(-10), reduce=True)
    stand.run(EVERY_S + 5)
    assert told(stand) == []
    stand.run(EVERY_S)
    assert told(stand) == [(stand.leg(FIRST).link_id, Breach.POSITION.value)]


def test_one_text_under_two_orders_is_found_and_concerns_the_account(stand: Follow) -> None:
    text = stand.intents()[0].order.text
    account = stand.intents()[0].account_id
    uid = int(account.partition(":")[2])
    twice = [fill(text, "900001"), fill(text, "900002")]
    stand.ask(lambda: stand.copier._executed(account, twice))
    stand.run(EVERY_S)
    assert told(stand) == [(stand.leg(uid).link_id, Breach.TEXT_TWICE.value)]
    stand.run(TWO_LOOKS_S)
    assert len(told(stand)) == 1


def test_fills_of_one_order_and_of_others_are_no_second_order(stand: Follow) -> None:
    own = stand.intents()[0].order.text
    fills = [fill(own, stand.intents()[0].order_id), fill("t-web", "1"), fill("t-web", "2")]
    stand.ask(lambda: stand.copier._executed(stand.intents()[0].account_id, fills * 2))
    stand.run(EVERY_S)
    assert told(stand) == []


def test_what_is_kept_of_executions_does_not_grow_for_ever(stand: Follow) -> None:
    for number in range(KEPT + 10):
        stand.copier._executed(name(FIRST), [fill(f"t-mt1cNaaaa{number}", str(number))])
    assert len(stand.copier._monitor._orders[name(FIRST)]) == KEPT


def test_an_answer_that_is_lost_inside_is_noticed(
    stand: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = stand.worker.post
    kept = lambda message: None if isinstance(message, AnsweredAll) else real(message)  # noqa: E731
    monkeypatch.setattr(stand.pipeline._sender, "_post", kept)
    stand.trade("20")
    stand.run(EVERY_S + 5)
    assert {i.state for i in stand.core.live().values()} == {IntentState.SENDING}
    assert {what for _, what in told(stand)} == {Breach.NO_ANSWER.value}


def test_a_journal_that_cannot_be_read_is_no_breach(
    stand: Follow, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(since_intent: int, since_event: int) -> None:
        raise StoreError("the disk is away")

    monkeypatch.setattr(stand.store, "audit", broken)
    with caplog.at_level(logging.WARNING):
        stand.run(EVERY_S)
    assert "could not be checked" in caplog.text
    assert stand.core.gates.broken == {}


def test_a_void_order_that_kept_its_causes_is_found(stand: Follow) -> None:
    stand.run(EVERY_S)
    stand.trade("20")
    stand.run(8)
    latest = stand.intents()[-1]
    with closing(sqlite3.connect(stand.folder / "mtrade.db")) as db, db:
        db.execute("UPDATE intent SET state='VOID', filled='0' WHERE id=?", (latest.id,))
    stand.run(EVERY_S)
    found = {what for _, what in told(stand)}
    assert Breach.CAUSE.value in found


def fill(text: str, order_id: str) -> Fill:
    return Fill(
        instrument=DOGE, trade_id="1", order_id=order_id, time_ms=1, side=Side.BUY, size=D(1),
        price=D(1), fee=D(0), fee_currency="USDT", role="taker", text=text,
    )  # fmt: skip
