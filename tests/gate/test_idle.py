"""What lies idle in a pool is closed by the next call, not only by the call that would use it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mtrade.gate import idle
from mtrade.gate.client import GateClient

from .loopback import client, reply, serve

CROWD = 4


def read(gate: GateClient) -> Any:
    return gate.read("/spot/accounts", lambda raw: raw, bucket="b")


def kept(gate: GateClient) -> int:
    """How many connections are open."""
    (pool,) = gate._transport._pools.values()
    return sum(1 for one in pool.pool.queue if one is not None and not one.is_closed)


def test_connections_of_a_busy_moment_are_closed_when_it_is_long_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    together = threading.Barrier(CROWD)

    def answer(sock: Any) -> bool:
        together.wait(5)
        return reply()(sock)

    with serve() as server, ThreadPoolExecutor(CROWD) as crowd:
        server.script += [answer] * CROWD + [reply()] * 3
        gate = client(server)
        list(crowd.map(read, [gate] * CROWD))
        assert kept(gate) == CROWD
        read(gate)
        assert kept(gate) == CROWD, "they are young"
        monkeypatch.setattr(idle, "IDLE_S", -1.0)
        gate._transport._sweeper._next_at = 0.0
        read(gate)
        assert kept(gate) == 0
        assert read(gate) == {}
        gate.close()
