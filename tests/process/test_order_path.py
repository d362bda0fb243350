"""A manual order on a real server leaves over the trading socket of its own exchange."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Script, Server

pytestmark = pytest.mark.process


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Script]:
    server = Server(tmp_path / "home")
    server.start()
    try:
        server.admin("set-password", "--stdin", given="correct horse battery\n")
        yield Script(server, server.admin("token", "add", "path", "--role", "owner"))
        assert server.stop() == 0
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()


def order(market: str, **more: str) -> dict[str, Any]:
    body = {"market": market, "instrument": "BTC_USDT", "side": "buy", "type": "market"}
    return body | {"size": "100", "unit": "quote", "request_id": uuid.uuid4().hex} | more


def test_orders_leave_over_the_socket_and_say_so(script: Script) -> None:
    for market in ("spot", "futures"):
        answer = script.post("/api/trade", order(market))
        assert answer.status_code == 201, answer.text
        assert answer.json()["intent"]["path"] == "ws"
    resting = order("futures", type="limit", tif="gtc", unit="contracts", size="1", price="60000")
    made = script.post("/api/trade", resting).json()["intent"]
    assert (made["state"], made["path"]) == ("OPEN", "ws")
    told = script.get(f"/api/trade/{made['id']}")
    assert told["path"] == "ws"
    condition = {"trigger": {"price": "50000", "above": False, "source": "mark"}}
    waiting = order("futures", unit="contracts", size="1") | condition
    answer = script.post("/api/triggers", waiting)
    assert answer.status_code == 201, answer.text
    assert answer.json()["intent"]["path"] == "rest"  # Gate's socket knows no trigger orders
