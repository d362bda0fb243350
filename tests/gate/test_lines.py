"""The lines: a network's clock is asked for at once, and again as soon as it is in doubt."""

from __future__ import annotations

import threading

import pytest

from mtrade.domain.accounts import Credentials, Network, Secret
from mtrade.domain.errors import ExchangeUnavailable
from mtrade.gate.lines import Lines
from mtrade.gate.paths import NoSockets
from mtrade.gate.trading_socket import TradingSockets
from mtrade.loop import LoopThread


def test_a_new_clock_is_synchronised_at_once_and_after_an_expired_request() -> None:
    lines = Lines(lambda: "http://127.0.0.1:9")
    asked = threading.Semaphore(0)
    lines.start()
    clock = lines.clock(Network.PAPER)
    clock.sync = asked.release  # type: ignore[method-assign]
    exchange = lines.exchange(Network.PAPER, Credentials("key", Secret("secret")))
    assert asked.acquire(timeout=3)
    while asked.acquire(timeout=0.2):
        pass
    exchange._client._on_expired()
    assert clock.due()
    assert asked.acquire(timeout=3)
    lines.close()


def test_reads_of_accounts_and_of_markets_give_way_and_changes_do_not() -> None:
    seen: list[str] = []
    lines = Lines(lambda: "http://127.0.0.1:9", give_way=lambda: seen.append("gave way"))
    exchange = lines.exchange(Network.PAPER, Credentials("key", Secret("secret")))
    with pytest.raises(ExchangeUnavailable):
        lines.market_data(Network.PAPER).server_time()
    assert seen == ["gave way"]
    with pytest.raises(ExchangeUnavailable):
        exchange.positions("usdt")
    assert seen == ["gave way"] * 2
    with pytest.raises(ExchangeUnavailable):
        exchange._client.change("DELETE", "/futures/usdt/orders/1", str, bucket="futures")
    assert seen == ["gave way"] * 2
    exchange.close()
    lines.close()


def test_only_a_warm_exchange_keeps_sockets_and_only_where_there_is_a_loop() -> None:
    loop = LoopThread("test-lines")
    loop.start()
    key = Credentials("key", Secret("secret"))
    with_loop = Lines(lambda: "http://127.0.0.1:9", loop)
    without = Lines(lambda: "http://127.0.0.1:9")
    warm = with_loop.exchange(Network.PAPER, key, warm=True)
    assert isinstance(warm.paths.sockets, TradingSockets)
    passing = with_loop.exchange(Network.PAPER, key)
    for cold in (passing, without.exchange(Network.PAPER, key, warm=True)):
        assert isinstance(cold.paths.sockets, NoSockets)
        assert cold.paths.sockets.line("usdt") is None
        cold.close()
    warm.close()
    with_loop.close()
    without.close()
    assert loop.close()
