"""The exchange as a process: it starts, answers, survives being killed, and stops cleanly."""

from __future__ import annotations

import http.client
import json
import os
import signal
import sys
import threading
from decimal import Decimal

import pytest

from mtrade.domain.instruments import spot
from mtrade.loop import LoopThread
from mtrade.paper.exchange import PaperExchange
from mtrade.paper.saver import PaperStorage
from mtrade.paper.users import PaperAccount
from mtrade.store.paper import SqlitePaperStorage
from tests.paper.bench import Clock
from tests.paper.running import Running

PAIR = "currency_pair=BTC_USDT"
READS = (
    ("/spot/accounts", ""),
    ("/spot/open_orders", ""),
    ("/spot/orders", "status=finished"),
    ("/spot/my_trades", ""),
    ("/spot/account_book", ""),
    ("/spot/price_orders", "status=open"),
    ("/futures/usdt/orders", "status=open"),
    ("/futures/usdt/my_trades", ""),
    ("/futures/usdt/account_book", ""),
    ("/futures/usdt/price_orders", "status=open"),
)


@pytest.fixture(scope="module")
def paper():
    with Running() as running:
        yield running


def limit(price: str, **more: object) -> dict[str, object]:
    order = {"currency_pair": "BTC_USDT", "side": "buy", "amount": "0.001", "price": price}
    return {**order, **more}


def trade(running: Running) -> dict[str, object]:
    """Something of everything; returns what `facts` should show afterwards."""
    running.ok("POST", "/spot/orders", "", limit("30000", text="t-rest"))
    market = {"currency_pair": "BTC_USDT", "side": "buy", "amount": "100"}
    running.ok("POST", "/spot/orders", "", {**market, "type": "market", "time_in_force": "ioc"})
    trigger = {
        "market": "BTC_USDT",
        "trigger": {"price": "20000", "rule": "<=", "expiration": 3600},
        "put": {"side": "sell", "price": "19000", "amount": "0.1", "type": "limit"},
    }
    running.ok("POST", "/spot/price_orders", "", trigger)
    move = {"currency": "USDT", "from": "spot", "to": "futures", "amount": "5", "settle": "usdt"}
    running.ok("POST", "/wallet/transfers", "", move)
    opened = {"contract": "BTC_USDT", "size": 5, "price": "0", "tif": "ioc", "text": "t-f"}
    running.ok("POST", "/futures/usdt/orders", "", opened)
    resting = {"contract": "ETH_USDT", "size": -3, "price": "3500", "tif": "gtc"}
    running.ok("POST", "/futures/usdt/orders", "", resting)
    return facts(running)


def facts(running: Running) -> dict[str, object]:
    shown = {path: running.ok("GET", path, query) for path, query in READS}
    held = running.ok("GET", "/futures/usdt/positions", "holding=true")
    fixed = ("contract", "size", "entry_price", "mode", "leverage", "pnl_fee")
    return {**shown, "positions": [{name: row[name] for name in fixed} for row in held]}


def test_the_ready_line_names_every_address(paper):
    base = f"127.0.0.1:{paper.port}"
    assert paper.addresses == {
        "rest": f"http://{base}/api/v4",
        "ws_spot": f"ws://{base}/ws/v4/",
        "ws_futures_usdt": f"ws://{base}/v4/ws/futures/usdt",
        "ws_futures_btc": f"ws://{base}/v4/ws/futures/btc",
        "pid": paper.process.pid,
    }


def test_deposits_are_in_both_wallets(paper):
    held = {a["currency"]: a["available"] for a in paper.ok("GET", "/spot/accounts", key="bob")}
    assert held == {"USDT": "10000", "BTC": "1"}
    assert Decimal(paper.ok("GET", "/futures/usdt/accounts", key="bob")["total"]) == 10_000
    assert Decimal(paper.ok("GET", "/futures/btc/accounts", key="bob")["total"]) == 1


def test_the_settle_currency_may_be_upper_case(paper):
    assert paper.call("POST", "/futures/USDT/batch_cancel_orders", "", ["1"])[0] == 200


def test_a_huge_body_is_refused_with_and_without_a_length(paper):
    huge = b"[" + b"1," * 200_000 + b"1]"
    status, body, _ = paper.raw("POST", "/api/v4/spot/orders", huge, {})
    assert (status, body["label"]) == (413, "INVALID_REQUEST_BODY")
    paper._connection.close()
    connection = http.client.HTTPConnection("127.0.0.1", paper.port, timeout=30)
    parts = (huge[n : n + 50_000] for n in range(0, len(huge), 50_000))
    connection.request("POST", "/api/v4/spot/orders", parts, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_odd_requests_never_make_a_server_error(paper):
    odd = {"Content-Encoding": "deflate", "KEY": "\xe4", "SIGN": "\xff", "Timestamp": "1"}
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"):
        for target in (
            "/",
            "/api/v4",
            "/api/v4/spot/orders/%ff?a=%ff&b",
            "/api/v4/spot/orders/%00",
            "/api/v4//spot//time",
            "/api/v4/spot/tickers?currency_pair=%F0%9F%92%A9",
            "/api/v4/futures/nope/contracts",
            "/api/v4/futures/usdt/contracts/%2e%2e",
        ):
            status = paper.raw(method, target, b"\x00\xff", odd)[0]
            assert status < 500, (method, target)


def test_headers_leave_with_every_answer(paper):
    _, _, headers = paper.call("GET", "/spot/time", headers={"X-Client-Request-Id": "r-1"})
    assert headers["x-client-request-id"] == "r-1"
    assert int(headers["x-out-time"]) >= int(headers["x-in-time"]) > 10**15
    assert {"x-gate-trace-id", "x-gate-ratelimit-requests-remain"} <= set(headers)


def test_control_moves_a_market_and_lists_arrivals(paper):
    paper.control(
        "POST", "/paper/v1/price", {"market": "spot", "instrument": "LTC_USDT", "price": "80"}
    )
    (ticker,) = paper.ok("GET", "/spot/tickers", "currency_pair=LTC_USDT")
    assert Decimal(ticker["last"]) == 80
    paper.ok("POST", "/spot/orders", "", limit("30000", text="t-seen"), key="bob")
    (arrival,) = [a for a in paper.control("GET", "/paper/v1/arrivals") if a["text"] == "t-seen"]
    assert (arrival["uid"], arrival["accepted"]) == (43, True)
    for body in (b"{", b"[]", b'{"market":"spot","instrument":"NOPE_USDT","price":"1"}'):
        assert paper.raw("POST", "/paper/v1/price", body, {})[0] == 400
    assert paper.raw("DELETE", "/paper/v1/price", b"", {})[0] == 405


def test_without_control_the_test_paths_do_not_exist():
    exchange = PaperExchange(seed=7, clock=Clock())
    streams = LoopThread()
    streams.start()
    try:
        port = int(streams.call(exchange.start(), 60).rest.split(":")[2].split("/")[0])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/paper/v1/arrivals")
        assert connection.getresponse().status == 404
        connection.close()
        streams.call(exchange.close(), 60)
    finally:
        streams.close()


@pytest.mark.process
def test_a_kill_right_after_an_answer_loses_nothing(tmp_path):
    state = ("--state", str(tmp_path / "paper.db"))
    with Running(*state) as first:
        before = trade(first)
        newest = first.ok("POST", "/spot/orders", "", limit("30001", text="t-last"))
        first.kill()
    with Running(*state) as second:
        after = facts(second)
        orders = after["/spot/open_orders"][0]["orders"]
        assert [o for o in orders if o["text"] == "t-last"] == [newest]
        second.ok("DELETE", f"/spot/orders/{newest['id']}", PAIR)
        after = facts(second)
        assert drop_volatile(after) == drop_volatile(before)
        later = second.ok("POST", "/spot/orders", "", limit("30002"))
        assert int(later["id"]) > int(newest["id"])


def drop_volatile(shown: dict[str, object]) -> dict[str, object]:
    """Without what the extra order of the test itself changed."""
    accounts = [{**row, "update_id": 0} for row in shown["/spot/accounts"]]
    finished = [o for o in shown["/spot/orders"] if o["text"] != "t-last"]
    return {**shown, "/spot/accounts": accounts, "/spot/orders": finished}


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_a_polite_signal_stops_it_cleanly(number, tmp_path):
    with Running("--state", str(tmp_path / "paper.db")) as running:
        os.kill(running.process.pid, getattr(signal, number))
        assert running.process.wait(30) == 0
        assert running.process.stderr.read() == ""


@pytest.mark.parametrize("bad", ["k:s", "k:s:x", "k:s:1:DOLLAR=1", "k:s:1:USDT=many", "::1"])
def test_bad_arguments_are_named(bad, capsys):
    from mtrade.paper.alone import main

    with pytest.raises(SystemExit) as stop:
        main(["--account", bad])
    assert stop.value.code == 2
    assert "--account" in capsys.readouterr().err


class SlowDisk:
    """A storage whose saves wait for the test."""

    def __init__(self, inner: PaperStorage) -> None:
        self.inner, self.gate = inner, threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    def load(self):
        return self.inner.load()

    def save(self, rows, deletions):
        self.entered.set()
        assert self.gate.wait(30)
        self.inner.save(rows, deletions)

    def close(self):
        self.inner.close()


def test_no_answer_leaves_before_its_rows_are_on_disk(tmp_path):
    disk = SlowDisk(SqlitePaperStorage(tmp_path / "paper.db"))
    accounts = [PaperAccount(key="ann", secret="ann-secret", uid=1, deposits={"USDT": Decimal(9)})]
    exchange = PaperExchange(
        seed=7,
        clock=Clock(),
        accounts=accounts,
        storage=disk,
        tick_s=3600,
        token=lambda n: "ab" * n,
    )
    streams = LoopThread()
    streams.start()
    try:
        streams.call(exchange.start(), 60)
        disk.gate.clear()
        disk.entered.clear()
        pending = streams.submit(exchange.create_account("second", {"USDT": Decimal(5)}))
        assert disk.entered.wait(30)
        assert not pending.done()
        disk.gate.set()
        uid, key, secret = pending.result(30)
        assert (uid, len(key), len(secret)) == (10_001, 32, 64)
        assert exchange.world.by_key[key].uid == uid
        streams.call(exchange.set_price(spot("BTC_USDT"), Decimal(50_000)), 30)
        assert exchange.world.rooms[spot("BTC_USDT")].last == 50_000
        streams.call(exchange.close(), 60)
    finally:
        disk.gate.set()
        streams.close()
    again = SqlitePaperStorage(tmp_path / "paper.db")
    users = {k: data for kind, k, data in again.load() if kind == "user"}
    again.close()
    assert json.dumps(users["10001"]).count("abab") > 0
