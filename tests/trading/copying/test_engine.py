"""What must hold around a decision: the journal first, brakes, restarts, lost commits, keys."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.copying.choices import OnUnfollow
from mtrade.domain.copying.codes import Code
from mtrade.domain.copying.model import LinkState
from mtrade.domain.errors import AuthenticationFailed, Conflict, StoreError
from mtrade.domain.orders import IntentState
from mtrade.domain.positions import Leg
from mtrade.trading.copying.acts import Acts
from mtrade.trading.copying.braking import Braking
from mtrade.trading.copying.commands import Commands
from tests.trading.copying.stand import DOGE, ETH, FIRST, LEADER, SECOND, Stand, name
from tests.trading.test_intents import intent


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    stand = Stand(tmp_path)
    stand.link(FIRST)
    stand.run(5)
    return stand


def failing(real: Callable[..., Any], times: int) -> Callable[..., Any]:
    left = [True] * times

    def flaky(*args: Any, **named: Any) -> Any:
        if left:
            left.pop()
            raise StoreError("disk full")
        return real(*args, **named)

    return flaky


def test_what_could_not_be_written_is_not_sent_and_goes_out_later(stand: Stand) -> None:
    stand.journal.commit = failing(stand.journal.commit, 1)  # type: ignore[method-assign]
    stand.trade("40")
    stand.run(0.3)
    assert not stand.bourse.arrivals or stand.core.gates.disk is False
    stand.run(15)
    assert stand.owned() == stand.held() == D(20)
    assert len({a.text for a in stand.bourse.arrivals if a.uid == FIRST}) == 1


def test_the_orders_are_out_before_their_record_becomes_rows(stand: Stand) -> None:
    """And they are durable before they are out."""
    steps: list[str] = []
    commit, unfold, send = stand.journal.commit, stand.journal.unfold, stand.pipeline._sender.send
    stand.journal.commit = told(steps, "commit", commit)  # type: ignore[method-assign]
    stand.journal.unfold = told(steps, "unfold", unfold)  # type: ignore[method-assign]
    stand.pipeline._sender.send = told(steps, "send", send)  # type: ignore[method-assign]
    stand.trade("40")
    stand.run(5)
    (at,) = [place for place, step in enumerate(steps) if step == "commit"]
    assert steps[at : at + 3] == ["commit", "send", "unfold"]
    assert stand.owned() == stand.held() == D(20)


def test_a_record_that_cannot_be_unfolded_is_told_and_costs_no_order(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    """The next one who writes or reads does it."""
    stand.journal.unfold = failing(stand.journal.unfold, 1)  # type: ignore[method-assign]
    stand.trade("40")
    stand.run(5)
    assert "the journal cannot be written: disk full" in caplog.text
    assert stand.pipeline.problems() == ()
    assert stand.owned() == stand.held() == D(20)
    assert len([a for a in stand.bourse.arrivals if a.uid == FIRST]) == 1
    assert [i.state for i in stand.intents()] == [IntentState.DONE]


def told(steps: list[str], what: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def telling(*args: Any) -> Any:
        steps.append(what)
        return real(*args)

    return telling


def test_the_ledger_waits_for_the_journal(stand: Stand) -> None:
    real = stand.journal.update
    stand.journal.update = failing(real, 1)  # type: ignore[method-assign]
    stand.trade("40")
    with pytest.raises(StoreError):  # the thread's worker would keep the message
        stand.run(1)
    leg = next(iter(stand.core.book.legs.values()))
    assert leg.owned == D(0)
    assert leg.pending is not None


def test_a_halt_holds_everything_back_and_a_release_lets_it_go(stand: Stand) -> None:
    braking = Braking(stand.core, stand.copier.breakers)
    stand.brakes.halt("all")
    stand.ask(lambda: braking.halt("all", "test"))
    stand.trade("40")
    stand.run(10)
    assert stand.held() == 0
    assert [c.scope for c in stand.store.load().controls] == ["all"]
    stand.ask(lambda: braking.release("all"))
    stand.run(10)
    assert stand.held() == D(20)


def test_a_manual_order_is_refused_while_everything_is_halted(stand: Stand) -> None:
    stand.brakes.halt("all")
    wish = intent(account_id=name(FIRST))
    with pytest.raises(Conflict) as refusal:
        stand.pipeline.commit([wish], 1)
    assert refusal.value.code == "halted"
    assert stand.intents() == []


def test_a_halt_survives_a_restart(stand: Stand, tmp_path: Path) -> None:
    braking = Braking(stand.core, stand.copier.breakers)
    stand.ask(lambda: braking.halt(name(FIRST), "test"))
    stand.kill()
    stand.begin()
    stand.trade("40")
    stand.run(10)
    assert stand.held() == 0
    assert stand.brakes.halted(name(FIRST))


def test_an_order_on_its_way_when_a_halt_comes_never_leaves(stand: Stand) -> None:
    stand.trade("40")
    while not stand.intents():
        stand.run(0.001)
    stand.brakes.halt(name(FIRST))
    stand.run(3)
    (intent, *_) = stand.intents()
    sent = [a.text for a in stand.bourse.arrivals if a.uid == FIRST]
    assert intent.state is IntentState.VOID or intent.order.text in sent


def test_a_pause_keeps_exits_and_a_resume_remembers_which(stand: Stand) -> None:
    braking = Braking(stand.core, stand.copier.breakers)
    stand.ask(lambda: braking.pause("all", "test"))
    (link,) = stand.store.load().links
    assert (link.state, link.paused_on) == (LinkState.CLOSE_ONLY, True)
    stand.ask(lambda: braking.resume("all", "test"))
    (link,) = stand.store.load().links
    assert (link.state, link.paused_on) == (LinkState.ON, False)
    assert stand.store.load().controls == ()


def test_a_kill_in_flight_neither_loses_nor_doubles(stand: Stand) -> None:
    stand.trade("40")
    while not stand.bourse.arrivals:
        stand.run(0.001)
    while not [a for a in stand.bourse.arrivals if a.uid == FIRST]:
        stand.run(0.001)
    stand.kill()
    stand.begin()
    stand.run(20)
    assert stand.owned() == stand.held() == D(20)
    texts = [a.text for a in stand.bourse.arrivals if a.uid == FIRST]
    assert len(texts) == len(set(texts)) == 1


def test_what_the_leader_did_while_down_is_made_good(stand: Stand) -> None:
    stand.trade("40")
    stand.run(2)
    stand.kill()
    stand.trade("-20")
    stand.trade("10", ETH)
    stand.begin()
    stand.run(15)
    assert stand.owned() == stand.held() == D(10)
    assert stand.owned(contract=ETH) == stand.held(contract=ETH) == D(5)


def test_orders_that_the_journal_lost_are_found_and_booked(tmp_path: Path) -> None:
    stand = Stand(tmp_path / "run" if (tmp_path / "run").mkdir() is None else tmp_path)
    stand.link(FIRST)
    stand.run(5)
    before = tmp_path / "before.db"
    stand.journal.checkpoint()
    shutil.copy(stand.folder / "mtrade.db", before)
    stand.trade("40")
    stand.run(2)
    assert stand.held() == D(20)
    stand.kill()
    for file in stand.folder.iterdir():
        file.unlink()
    shutil.copy(before, stand.folder / "mtrade.db")
    stand.tools["lost"] = True
    stand.begin()
    stand.run(3)
    assert stand.owned() == 0
    assert len(stand.intents()) == 0
    stand.run(20)
    assert stand.owned() == stand.held() == D(20)
    (found,) = stand.intents()
    assert found.state is IntentState.DONE
    assert found.filled == D(20)


def test_another_installations_orders_park_the_follower(stand: Stand) -> None:
    body = {"contract": "DOGE_USDT", "size": "1", "price": "0", "tif": "ioc",
            "text": "t-mt1cNzzzz" + "b" * 16}  # fmt: skip
    stand.bourse.create(FIRST, body, None, "rest")
    stand.run(2)
    stand.trade("40")
    stand.run(5)
    leg = next(iter(stand.core.book.legs.values()))
    why = stand.core.whys[leg.id]
    assert why is not None
    assert why.code is Code.SECOND_INSTANCE
    assert stand.owned() == 0
    stand.ask(lambda: Braking(stand.core, stand.copier.breakers).resume("all", "owner"))
    stand.run(8)
    assert stand.owned() == D(20)


def test_a_refused_key_parks_its_account_and_is_tried_once_a_minute(stand: Stand) -> None:
    stand.link(SECOND)
    stand.run(3)
    line: Any = stand.lines[name(FIRST)]
    calls = [0]

    def refused(*args: Any, **named: Any) -> Any:
        calls[0] += 1
        raise AuthenticationFailed("no", label="INVALID_KEY")

    stand.streams._snapshot = lambda account_id: None  # type: ignore[method-assign]
    kept = line.positions, line.futures_account, line.contract, line.fills
    line.positions = line.futures_account = line.contract = line.fills = refused
    stand.run(10)
    calls[0] = 0
    stand.run(120)
    assert calls[0] <= 3  # and the snapshot that was on its way
    stand.trade("40")
    stand.run(5)
    assert stand.held(FIRST) == 0
    assert stand.held(SECOND) == D(20)
    line.positions, line.futures_account, line.contract, line.fills = kept
    stand.run(70)
    assert stand.held(FIRST) == D(20)


def test_unfollowing_keeps_or_winds_down(stand: Stand) -> None:
    commands = Commands(stand.core)
    stand.trade("40")
    stand.run(3)
    (link,) = stand.store.load().links
    stand.ask(lambda: commands.remove(link.id, OnUnfollow.WIND_DOWN))
    stand.run(3)
    assert [row.leaving for row in stand.store.load().links] == [OnUnfollow.WIND_DOWN]
    stand.ask(lambda: commands.remove(link.id, OnUnfollow.KEEP))
    stand.run(1)
    assert stand.store.load().links == ()
    assert stand.held() == D(20)


def test_a_hedge_follower_mirrors_a_one_way_leader_with_its_legs(tmp_path: Path) -> None:
    stand = Stand(tmp_path)
    stand.hedge(SECOND)
    stand.link(SECOND)
    stand.run(5)
    stand.trade("40")
    stand.run(3)
    assert stand.held(SECOND, DOGE, Leg.LONG) == D(20)
    stand.trade("-80")
    stand.run(8)
    assert stand.held(SECOND, DOGE, Leg.LONG) == 0
    assert stand.held(SECOND, DOGE, Leg.SHORT) == D(-20)
    assert stand.owned(SECOND, DOGE, Leg.SHORT) == D(-20)


def test_let_go_makes_what_was_owned_foreign(stand: Stand) -> None:
    stand.trade("40")
    stand.run(3)
    acts = Acts(stand.core)
    stand.mode = "normal"
    stand.run(0.5)  # the mode is looked at four times a second
    stand.ask(lambda: acts.let_go([1]))
    stand.run(6)
    assert stand.owned() == 0
    assert stand.held() == D(20)


def test_nothing_is_added_in_normal_mode(stand: Stand) -> None:
    stand.mode = "normal"
    stand.run(0.5)  # the mode is looked at four times a second
    stand.trade("40")
    stand.run(8)
    assert stand.held() == 0
    assert stand.bourse.held(LEADER, DOGE) == D(40)
