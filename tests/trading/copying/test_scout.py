"""The scout: a read carries the time it began, and a failed one says so instead of lying."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from decimal import Decimal as D
from typing import Any

import pytest

from mtrade.domain.accounts import MarginMode, Network
from mtrade.domain.copying.facts import Setting
from mtrade.domain.errors import ExchangeUnavailable, NotFound, OrderRejected, OutcomeUnknown
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.positions import Position
from mtrade.trading.copying import scout as module
from mtrade.trading.copying.scout import Scout
from mtrade.trading.copying.sightings import (
    ContractSeen,
    PositionsSeen,
    RulesSeen,
    SettingSeen,
    TiersSeen,
    TradesSeen,
    WalletSeen,
)
from tests.clocks import FakeClock
from tests.trading.fakes import (
    BTC,
    CONTRACT,
    PAIR,
    FakeAccounts,
    FakeExchange,
    fill_of,
    position,
    request,
    venue_order,
)
from tests.trading.test_intents import NOW

WANTED = Setting(leverage=D(5), margin_mode=MarginMode.CROSS)


class Later(Executor):
    """Runs what it was given when the test says so."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Future[Any], Callable[[], Any]]] = []
        self.closed = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self.closed:
            raise RuntimeError("closed")
        future: Future[Any] = Future()
        self.jobs.append((future, fn))
        return future

    def run(self) -> None:
        while self.jobs:
            future, job = self.jobs.pop(0)
            try:
                result = job()
            except BaseException as fault:  # noqa: BLE001 - as an executor does
                future.set_exception(fault)
            else:
                future.set_result(result)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.closed = True
        for future, _ in self.jobs:
            future.cancel()


class Desk:
    def __init__(self) -> None:
        self.clock = FakeClock(NOW)
        self.exchange = FakeExchange(self.clock, rows=(position("3"),))
        accounts: Any = FakeAccounts(self.exchange, self.clock)
        self.accounts = accounts
        self.pool = Later()
        self.posted: list[Any] = []
        self.scout = Scout(accounts, self.posted.append, lambda name: self.pool)

    def seen(self) -> Any:
        self.pool.run()
        (found,) = self.posted
        self.posted.clear()
        return found


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_positions_carry_the_exchanges_time_at_the_beginning_of_the_read(desk: Desk) -> None:
    def slow(settle: str) -> tuple[Position, ...]:
        desk.clock.advance(2)
        return desk.exchange.rows

    desk.exchange.positions = slow  # type: ignore[method-assign]
    desk.accounts.network_clock.ahead_ms = 40
    assert desk.scout.ask_positions("paper:1", "usdt")
    found = desk.seen()
    assert found == PositionsSeen(
        account_id="paper:1", settle="usdt", read_ms=NOW + 40, positions=desk.exchange.rows
    )


def test_everything_else_is_read_the_same_way(desk: Desk) -> None:
    trade = fill_of(venue_order(request()), time_ms=NOW)
    desk.exchange.trades.append(trade)
    desk.scout.ask_wallet("paper:1", "usdt")
    wallet = desk.seen()
    assert isinstance(wallet, WalletSeen)
    assert wallet.account == desk.exchange.futures_account("usdt")
    desk.scout.ask_contract("paper:1", BTC)
    assert desk.seen() == ContractSeen(
        account_id="paper:1", instrument=BTC, read_ms=NOW, rows=desk.exchange.rows
    )
    desk.scout.ask_trades("paper:1", "usdt", NOW - 5)
    assert desk.seen() == TradesSeen(
        account_id="paper:1", settle="usdt", since_ms=NOW - 5, read_ms=NOW, trades=(trade,)
    )
    desk.scout.ask_rules(Network.PAPER, "usdt")
    assert desk.seen() == RulesSeen(
        network=Network.PAPER, settle="usdt", read_ms=NOW, rules=(CONTRACT,)
    )
    desk.scout.ask_tiers(Network.PAPER, BTC)
    assert desk.seen() == TiersSeen(network=Network.PAPER, instrument=BTC, read_ms=NOW)
    assert PAIR.id != BTC


@pytest.mark.parametrize(
    "fault", [ExchangeUnavailable("down"), NotFound("gone", code="unknown_account")]
)
def test_a_read_that_failed_says_why_and_has_no_data(desk: Desk, fault: Exception) -> None:
    def fail(settle: str) -> tuple[Position, ...]:
        raise fault

    desk.exchange.positions = fail  # type: ignore[method-assign]
    desk.scout.ask_positions("paper:1", "usdt")
    found = desk.seen()
    assert (found.error, found.positions) == (fault, ())


def test_a_fault_of_ours_is_a_failed_read_too(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.exchange.positions = None  # type: ignore[method-assign, assignment]
    desk.scout.ask_positions("paper:1", "usdt")
    assert isinstance(desk.seen().error, ExchangeUnavailable)
    assert "a read for copying failed" in caplog.text


def test_the_same_is_asked_once_at_a_time(desk: Desk) -> None:
    assert desk.scout.ask_positions("paper:1", "usdt")
    assert not desk.scout.ask_positions("paper:1", "usdt")
    assert desk.scout.ask_positions("paper:2", "usdt")
    assert desk.scout.ask_wallet("paper:1", "usdt")
    desk.pool.run()
    assert len(desk.posted) == 3
    assert desk.scout.ask_positions("paper:1", "usdt")


def test_a_list_of_trades_that_may_be_cut_is_no_list(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_TRADES", 1)
    desk.exchange.trades.append(fill_of(venue_order(request()), time_ms=NOW))
    desk.scout.ask_trades("paper:1", "usdt", NOW)
    found = desk.seen()
    assert (found.trades, type(found.error)) == ((), ExchangeUnavailable)


def test_a_setting_is_made_and_then_read_back(desk: Desk) -> None:
    desk.scout.ask_setting("paper:1", BTC, WANTED)
    found = desk.seen()
    assert desk.exchange.leverages == [(D(5), MarginMode.CROSS)]
    assert found == SettingSeen(
        account_id="paper:1",
        instrument=BTC,
        setting=WANTED,
        read_ms=NOW,
        rows=desk.exchange.rows,
    )


def test_two_settings_of_one_contract_never_race(desk: Desk) -> None:
    other = Setting(leverage=D(9), margin_mode=MarginMode.ISOLATED)
    assert desk.scout.ask_setting("paper:1", BTC, WANTED)
    assert not desk.scout.ask_setting("paper:1", BTC, other)
    desk.pool.run()
    assert desk.exchange.leverages == [(D(5), MarginMode.CROSS)]


def test_when_the_answer_to_a_setting_is_lost_the_read_tells(desk: Desk) -> None:
    lost = OutcomeUnknown("no answer")

    def lose(instrument: InstrumentId, leverage: D, mode: MarginMode) -> tuple[Position, ...]:
        raise lost

    desk.exchange.set_leverage = lose  # type: ignore[method-assign]
    desk.scout.ask_setting("paper:1", BTC, WANTED)
    found = desk.seen()
    assert (found.error, found.rows) == (lost, desk.exchange.rows)


def test_a_refused_setting_is_an_error_without_rows(desk: Desk) -> None:
    refused = OrderRejected("no", label="RISK_LIMIT_EXCEEDED")

    def refuse(instrument: InstrumentId, leverage: D, mode: MarginMode) -> tuple[Position, ...]:
        raise refused

    desk.exchange.set_leverage = refuse  # type: ignore[method-assign]
    desk.scout.ask_setting("paper:1", BTC, WANTED)
    found = desk.seen()
    assert (found.error, found.rows) == (refused, ())


def test_after_the_end_a_question_is_answered_with_an_error_at_once(desk: Desk) -> None:
    desk.scout.ask_positions("paper:1", "usdt")
    desk.scout.close()
    desk.pool.jobs.clear()
    assert desk.posted == []
    desk.scout.ask_wallet("paper:1", "usdt")
    (found,) = desk.posted
    assert isinstance(found.error, ExchangeUnavailable)


@pytest.fixture
def threaded(desk: Desk) -> Iterator[Scout]:
    made = Scout(desk.accounts, desk.posted.append)
    yield made
    made.close()


def test_its_own_threads_do_not_wait_for_each_other(desk: Desk, threaded: Scout) -> None:
    both = threading.Barrier(2, timeout=10)

    def meet(settle: str) -> tuple[Position, ...]:
        both.wait()
        return ()

    desk.exchange.positions = meet  # type: ignore[method-assign]
    threaded.ask_positions("paper:1", "usdt")
    threaded.ask_positions("paper:2", "usdt")
    waiting = threading.Event()
    for _ in range(500):
        if len(desk.posted) == 2:
            break
        waiting.wait(0.01)
    assert [found.error for found in desk.posted] == [None, None]
