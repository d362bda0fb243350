"""The reader: each read once per pause, in its own thread, and a failed one stops nothing."""

from __future__ import annotations

import queue

import pytest

from mtrade.domain.accounts import Network
from mtrade.domain.errors import ExchangeUnavailable
from mtrade.trading.live.messages import RulesRead, WalletRead
from mtrade.trading.live.reader import RULES_S, WALLET_S, Reader
from tests.clocks import FakeClock
from tests.trading.fakes import BTC, CONTRACT, FakeAccounts, FakeExchange, position


class Desk:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.exchange = FakeExchange(self.clock)
        self.answers: queue.Queue[object] = queue.Queue()
        accounts = FakeAccounts(self.exchange, self.clock)
        self.reader = Reader(accounts, self.clock, self.answers.put)  # type: ignore[arg-type]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_what_is_asked_is_read_once_per_pause(desk: Desk) -> None:
    desk.reader.start()
    for _ in range(3):
        desk.reader.ask_rules(Network.PAPER, BTC)
    assert desk.answers.get(timeout=5) == RulesRead(Network.PAPER, (CONTRACT,))
    desk.clock.advance(RULES_S)
    desk.reader.ask_rules(Network.PAPER, BTC)
    assert desk.answers.get(timeout=5)
    desk.reader.close()
    assert desk.answers.empty()


def test_a_wallet_says_when_its_reading_began(desk: Desk) -> None:
    desk.exchange.rows = (position("3"),)
    desk.reader.start()
    desk.reader.ask_wallet("paper:1", "usdt")
    found = desk.answers.get(timeout=5)
    desk.reader.close()
    assert isinstance(found, WalletRead)
    assert found.positions == desk.exchange.rows
    assert (found.read_ms, found.began_at) == (desk.clock.now_ms(), desk.clock.monotonic())


def test_a_read_that_fails_is_tried_again_later(desk: Desk) -> None:
    working = desk.exchange.futures_account

    def down(settle: str) -> object:
        raise ExchangeUnavailable("down")

    desk.exchange.futures_account = down  # type: ignore[assignment]
    desk.reader.start()
    desk.reader.ask_wallet("paper:1", "usdt")
    desk.reader.ask_rules(Network.PAPER, BTC)
    assert isinstance(desk.answers.get(timeout=5), RulesRead)
    desk.exchange.futures_account = working  # type: ignore[method-assign]
    desk.clock.advance(WALLET_S)
    desk.reader.ask_wallet("paper:1", "usdt")
    assert isinstance(desk.answers.get(timeout=5), WalletRead)
    desk.reader.close()
