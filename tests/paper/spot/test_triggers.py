"""Price orders fire on the last price; the dead-man switch cancels when its time has come."""

from __future__ import annotations

import pytest

from mtrade.domain.instruments import Side
from tests.paper.bench import NOW, Bench

PATH = "/spot/price_orders"


@pytest.fixture
def bench():
    return Bench()


def body(price="55000", rule="<=", expiration=86400, **put):
    order = {"side": "sell", "type": "limit", "price": "54000", "amount": "0.1"}
    return {
        "market": "BTC_USDT",
        "trigger": {"price": price, "rule": rule, "expiration": expiration},
        "put": {**order, "account": "normal", "time_in_force": "gtc", **put},
    }


def trade_at(bench, price):
    bench.quote(Side.SELL, price, "0.001")
    bench.quote(Side.BUY, price, "0.001")
    bench.spot.on_prices(bench.clock.ms)


def create(bench, *args, **options):
    return bench.call("POST", PATH, "", body(*args, **options), ok=201)["id"]


def test_a_trigger_fires_when_the_last_price_reaches_it(bench):
    trigger = create(bench, text="t-mine")
    trade_at(bench, "55000.1")
    waiting = bench.call("GET", f"{PATH}/{trigger}")
    assert (waiting["status"], waiting["fired_order_id"]) == ("open", 0)
    assert (waiting["trigger"]["rule"], waiting["put"]["text"]) == ("<=", "t-mine")
    trade_at(bench, "54999")
    fired = bench.call("GET", f"{PATH}/{trigger}")
    assert (fired["status"], fired["ftime"]) == ("finish", NOW // 1000)
    order = bench.call("GET", f"/spot/orders/{fired['fired_order_id']}", "currency_pair=BTC_USDT")
    assert (order["side"], order["price"], order["text"]) == ("sell", "54000", "apiv4")
    pushes = [e.body for e in bench.world.events if e.channel == "priceorders"]
    assert [p["fired_order_id"] for p in pushes] == [0, int(order["id"])]


def test_money_is_checked_when_it_fires(bench):
    trigger = create(bench, amount="5")
    assert bench.held(1, "BTC") == ("1", "0")
    trade_at(bench, "50000")
    failed = bench.call("GET", f"{PATH}/{trigger}")
    assert (failed["status"], failed["reason"][:18]) == ("failed", "BALANCE_NOT_ENOUGH")


def test_a_trigger_expires(bench):
    trigger = create(bench, expiration=60)
    bench.clock.ms += 60_000
    bench.spot.on_prices(bench.clock.ms)
    assert bench.call("GET", f"{PATH}/{trigger}")["status"] == "expired"


def test_a_market_trigger_is_ioc(bench):
    bench.quote(Side.SELL, "60000", "1")
    trigger = create(bench, price="60000", rule=">=", side="buy", type="market", amount="600")
    trade_at(bench, "60000")
    fired = bench.call("GET", f"{PATH}/{trigger}")
    order = bench.call("GET", f"/spot/orders/{fired['fired_order_id']}", "currency_pair=BTC_USDT")
    assert (order["status"], order["filled_amount"]) == ("closed", "0.01")


def test_lists_and_cancels(bench):
    first, second = create(bench), create(bench, "56000")
    answer = bench.send("GET", PATH, "status=open&limit=1&offset=0&market=BTC_USDT")
    assert answer.headers["X-Pagination-Total"] == "2"
    assert f'"id":{second}' in answer.body.decode()
    assert bench.call("DELETE", f"{PATH}/{first}")["status"] == "cancelled"
    assert bench.refused("DELETE", f"{PATH}/{first}") == (400, "ORDER_CLOSED")
    assert [t["id"] for t in bench.call("DELETE", PATH, "market=BTC_USDT")] == [second]
    assert [t["id"] for t in bench.call("GET", PATH, "status=finished")] == [second, first]
    assert bench.refused("GET", f"{PATH}/{first}", who="bob") == (404, "ORDER_NOT_FOUND")


@pytest.mark.parametrize(
    ("change", "label"),
    [
        ({"market": "NO_PAIR"}, "INVALID_CURRENCY_PAIR"),
        ({"trigger": None}, "INVALID_REQUEST_BODY"),
        ({"trigger": {"price": "1"}}, "MISSING_REQUIRED_PARAM"),
        ({"trigger": {"price": "55000", "rule": ">"}}, "INVALID_PARAM_VALUE"),
        ({"trigger": {"price": "55000.01", "rule": ">="}}, "INVALID_PRECISION"),
        ({"put": {"side": "sell", "amount": "0.1"}}, "MISSING_REQUIRED_PARAM"),
    ],
)
def test_refusals(bench, change, label):
    assert bench.refused("POST", PATH, "", {**body(), **change}) == (400, label)


def test_the_countdown_cancels_the_pairs_orders_and_can_be_disarmed(bench):
    path = "/spot/countdown_cancel_all"
    bench.place("buy", "0.001", "50000")
    bench.place("buy", "0.1", "100", currency_pair="ETH_USDT")
    armed = bench.call("POST", path, "", {"timeout": 5, "currency_pair": "BTC_USDT"})
    assert armed == {"triggerTime": NOW + 5000}
    bench.clock.ms += 4999
    bench.spot.on_prices(bench.clock.ms)
    assert len(bench.spot.records.open_of(1)) == 2
    bench.clock.ms += 1
    bench.spot.on_prices(bench.clock.ms)
    assert [o.pair for o in bench.spot.records.open_of(1)] == ["ETH_USDT"]
    bench.call("POST", path, "", {"timeout": 30})
    assert bench.call("POST", path, "", {"timeout": 0}) == {"triggerTime": 0}
    bench.clock.ms += 60_000
    bench.spot.on_prices(bench.clock.ms)
    assert len(bench.spot.records.open_of(1)) == 1
    for timeout in (1, -1, "soon", 10**9):
        assert bench.refused("POST", path, "", {"timeout": timeout})[0] == 400
