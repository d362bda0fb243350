"""The lines: a network's clock is asked for at once, and again as soon as it is in doubt."""

from __future__ import annotations

import threading

from mtrade.domain.accounts import Credentials, Network, Secret
from mtrade.gate.lines import Lines


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
