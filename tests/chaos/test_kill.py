"""SIGKILL at random moments while orders are on their way.

The exchange runs alone and keeps its own list of what reached it; the journal is read from the
file. Whatever the moment: nothing is sent twice, nothing is sent that was not written down first,
everything unknown is resolved to what really happened, and every file stays whole.
"""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import gate_api
import pytest
import requests

from tests import checker
from tests.servers import Paper, Script, Server

KEY, SECRET = "chaos-key", "chaos-secret"
ACCOUNT = f"{KEY}:{SECRET}:4242:USDT=1000000,BTC=5"
CALM_S = 60.0


@pytest.fixture
def paper() -> Iterator[Paper]:
    exchange = Paper(ACCOUNT)
    yield exchange
    exchange.close()


def order(pick: random.Random) -> dict[str, Any]:
    """A small order of any kind; some rest, some fill, some are refused."""
    side = pick.choice(["buy", "sell"])
    body: dict[str, Any] = {
        "request_id": uuid.UUID(int=pick.getrandbits(128)).hex,
        "market": pick.choice(["spot", "futures"]),
        "instrument": "BTC_USDT",
        "side": side,
        "type": "market",
        "size": "0.0005",
        "unit": "base",
    }
    if pick.random() < 0.4:
        price = 60_000 if side == "buy" else 68_000
        body |= {"type": "limit", "price": str(price), "tif": pick.choice(["gtc", "ioc", "poc"])}
    return body


def trade_until_dead(script: Script, pick: random.Random, sent: list[dict[str, Any]]) -> None:
    """Send orders one after another until the server no longer answers."""
    while True:
        body = order(pick)
        sent.append(body)
        try:
            answer = script.post("/api/trade", body)
        except requests.RequestException:
            return
        if answer.status_code == 429:  # mTrade's own limit: ten orders per second
            threading.Event().wait(0.1)
        else:
            assert answer.status_code in (201, 400, 409, 422, 503, 504), answer.text


def prepare(server: Server) -> Script:
    """First start: password, an owner's token, the exchange account."""
    server.start()
    server.admin("set-password", "--stdin", given="correct horse battery\n")
    script = Script(server, server.admin("token", "add", "chaos", "--role", "owner"))
    body = {"network": "paper", "name": "Chaos", "key": KEY, "secret": SECRET}
    made = script.post("/api/accounts", body)
    assert made.status_code == 201, made.text
    return script


def one_round(server: Server, script: Script, pick: random.Random) -> None:
    """Trade from three threads, kill at a random moment, start again, repeat what got lost."""
    lists: list[list[dict[str, Any]]] = [[], [], []]
    threads = [
        threading.Thread(
            target=trade_until_dead, args=(script, random.Random(pick.getrandbits(32)), sent)
        )
        for sent in lists
    ]
    for thread in threads:
        thread.start()
    threading.Event().wait(pick.uniform(0.0, 0.6))
    server.kill()
    for thread in threads:
        thread.join(30)
    server.start()
    for sent in lists:
        # What a browser does after a lost answer: the very same request again.
        again = script.post("/api/trade", sent[-1])
        assert again.status_code in (201, 400, 409, 422, 503, 504), again.text


def wait_until_resolved(script: Script) -> None:
    deadline = time.monotonic() + CALM_S
    while time.monotonic() < deadline:
        states = Counter(i["state"] for i in script.get("/api/trade", limit="200")["items"])
        if not states.keys() & {"SENDING", "UNKNOWN", "HOLD"}:
            return
        threading.Event().wait(0.5)
    raise AssertionError(f"still unresolved: {states}")


def outcomes(paper: Paper, arrivals: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the accepted orders came to, as the exchange tells its official client."""
    config = gate_api.Configuration(host=paper.rest, key=KEY, secret=SECRET)
    client = gate_api.ApiClient(config)
    look = {"/spot/orders": partial(spot_order, gate_api.SpotApi(client))}
    look["/futures/{settle}/orders"] = partial(futures_order, gate_api.FuturesApi(client))
    return [
        {"text": arrival["text"], "order_id": arrival["order_id"]}
        | look[arrival["route"]](arrival["order_id"])
        for arrival in arrivals
        if arrival["accepted"]
    ]


def spot_order(api: gate_api.SpotApi, order_id: str) -> dict[str, Any]:
    order = known(lambda: api.get_order(order_id, "BTC_USDT"))
    if order is None:
        return FORGOTTEN
    return {"filled": order.filled_amount, "open": order.status == "open"}


def futures_order(api: gate_api.FuturesApi, order_id: str) -> dict[str, Any]:
    order = known(lambda: api.get_futures_order("usdt", order_id))
    if order is None:
        return FORGOTTEN
    filled = Decimal(str(order.size)) - Decimal(str(order.left))
    return {"filled": filled, "open": order.status == "open"}


FORGOTTEN = {"filled": "0", "open": False}  # the exchange forgets what ended without a fill


def known(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except gate_api.exceptions.GateApiException as error:
        if error.label != "ORDER_NOT_FOUND":
            raise
        return None


def check(server: Server, paper: Paper, script: Script) -> None:
    health = script.get("/api/server/status")["health"]
    assert health["ok"], f"no alarm without a reason: {health['problems']}"
    journal, arrivals = server.home / "data" / "mtrade.db", paper.arrivals()
    assert checker.problems(journal, arrivals, outcomes(paper, arrivals)) == []
    paths = Counter(row["path"] for row in checker.journal_rows(journal))
    assert paths["ws"] > paths["rest"], f"most orders should have left over the socket: {paths}"
    ends = Counter(row["state"] for row in checker.journal_rows(journal))
    assert {"DONE", "OPEN"} <= set(ends), f"the orders were all of one kind: {ends}"
    for name in ("config.json", "accounts.json", "secrets.json"):
        json.loads((server.home / name).read_text(encoding="utf-8"))


def run(paper: Paper, home: Path, *, rounds: int, seed: int) -> None:
    server = Server(home, MTRADE_PAPER_URL=paper.base)
    pick = random.Random(seed)
    script = prepare(server)
    try:
        for _ in range(rounds):
            one_round(server, script, pick)
        wait_until_resolved(script)
        check(server, paper, script)
        assert server.stop() == 0
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()


@pytest.mark.process
@pytest.mark.timeout(300)
def test_killed_eight_times_while_trading(paper: Paper, tmp_path: Path) -> None:
    run(paper, tmp_path / "home", rounds=8, seed=1)


@pytest.mark.full
@pytest.mark.process
@pytest.mark.timeout(1800)
def test_killed_a_hundred_times_while_trading(paper: Paper, tmp_path: Path) -> None:
    run(paper, tmp_path / "home", rounds=100, seed=2)
