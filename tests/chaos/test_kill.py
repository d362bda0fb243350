"""SIGKILL at random moments while orders are on their way.

The exchange runs alone and keeps its own list of what reached it; the journal is read from the
file. Whatever the moment: nothing is sent twice, nothing is sent that was not written down first,
everything unknown is resolved to what really happened, and every file stays whole.
"""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

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


def rows(home: Path) -> list[sqlite3.Row]:
    db = sqlite3.connect(home / "data" / "mtrade.db")
    db.row_factory = sqlite3.Row
    try:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return db.execute("SELECT * FROM intent").fetchall()
    finally:
        db.close()


def check(server: Server, paper: Paper, script: Script) -> None:
    journal = {row["text"]: row for row in rows(server.home)}
    arrivals = paper.arrivals()
    reached = Counter(a["text"] for a in arrivals)
    assert max(reached.values()) == 1, "an order was sent twice"
    assert set(reached) <= set(journal), "an order was sent that the journal does not know"
    requests_ = Counter(row["request_id"] for row in journal.values())
    assert max(requests_.values()) == 1, "one request became two orders"
    paths = Counter(row["path"] for row in journal.values())
    assert paths["ws"] > paths["rest"], f"most orders should have left over the socket: {paths}"
    accepted = {a["text"] for a in arrivals if a["accepted"]}
    for text, row in journal.items():
        assert row["state"] in ("DONE", "VOID", "OPEN"), dict(row)
        assert (row["state"] != "VOID") == (text in accepted), dict(row)
    for market in ("spot", "futures"):
        listed = script.get("/api/orders", market=market, instrument="BTC_USDT", status="history",
                            limit="500")["items"]  # fmt: skip
        for seen in listed:
            row = journal.get(seen["text"])
            if row is not None and row["state"] == "DONE":
                assert row["filled"] == seen["filled"], (dict(row), seen)
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
