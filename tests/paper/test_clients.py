"""What ccxt and hummingbot send works as they expect: shapes taken from their recorded requests."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from urllib.parse import unquote_plus

import pytest

from mtrade.gate.signing import sign_rest
from tests.paper.running import ANN, BOB, Running

CCXT = {"X-Gate-Channel-Id": "ccxt"}
SIZES = {**CCXT, "X-Gate-Size-Decimal": "1"}
PAIR = "currency_pair=BTC_USDT"


@pytest.fixture(scope="module")
def paper():
    with Running("--no-limits", accounts=(ANN, BOB)) as running:
        yield running


@pytest.mark.parametrize(
    "path",
    [
        "/spot/currencies",
        "/account/detail",
        "/margin/currency_pairs",
        "/spot/currency_pairs",
        "/futures/usdt/contracts",
        "/futures/btc/contracts",
        "/delivery/usdt/contracts",
        "/options/underlyings",
    ],
)
def test_everything_load_markets_asks_for_is_there(paper, path):
    assert isinstance(paper.ok("GET", path, headers=SIZES), list | dict)


def test_the_query_is_signed_as_it_is_sent(paper):
    query, stamp = "account=spot&text=a%2Fb+c", str(int(time.time()))
    path = "/api/v4/spot/open_orders"
    for signed in (query, unquote_plus(query)):
        sign = sign_rest("ann-secret", "GET", path, signed, b"", stamp)
        headers = {"KEY": "ann", "SIGN": sign, "Timestamp": stamp}
        assert paper.raw("GET", f"{path}?{query}", b"", headers)[0] == 200


def test_spot_orders_carry_stray_keys_and_edits_come_twice(paper):
    order = {
        "currency_pair": "BTC_USDT",
        "type": "limit",
        "account": "spot",
        "side": "buy",
        "amount": "0.001",
        "price": "50000",
        "text": "t-9b2f6d1c7a3e4f50",
        "textIsRequired": True,
        "stopLoss": {"triggerPrice": 1},
    }
    made = paper.ok("POST", "/spot/orders", "", order, headers=CCXT)
    change = {"currency_pair": "BTC_USDT", "account": "spot", "amount": "0.002", "price": "50001"}
    query = "&".join(f"{name}={value}" for name, value in change.items())
    edited = paper.ok("PATCH", f"/spot/orders/{made['id']}", query, change, headers=CCXT)
    assert (edited["id"], edited["amount"], edited["price"]) == (made["id"], "0.002", "50001")
    query = f"account=spot&{PAIR}&status=open"
    assert len(paper.ok("GET", "/spot/open_orders", query)[0]["orders"]) == 1
    gone = paper.ok("DELETE", f"/spot/orders/{made['id']}", f"account=spot&{PAIR}")
    assert gone["finish_as"] == "cancelled"


def test_a_market_buy_by_cost(paper):
    order = {
        "currency_pair": "BTC_USDT",
        "type": "market",
        "account": "spot",
        "side": "buy",
        "amount": "10",
        "time_in_force": "ioc",
        "text": "t-cost",
    }
    made = paper.ok("POST", "/spot/orders", "", order, headers=CCXT)
    assert Decimal(made["filled_total"]) <= 10
    assert (made["price"], made["status"]) == ("0", "closed")


def test_a_spot_trigger(paper):
    body = {
        "put": {
            "type": "limit",
            "side": "sell",
            "price": "90000",
            "amount": "0.001",
            "account": "normal",
            "time_in_force": "gtc",
        },
        "market": "BTC_USDT",
        "trigger": {"price": "91000", "rule": ">=", "expiration": 86400},
    }
    made = paper.ok("POST", "/spot/price_orders", "", body, headers=CCXT)
    assert isinstance(made["id"], int)
    assert paper.ok("DELETE", f"/spot/price_orders/{made['id']}")["status"] == "cancelled"


def test_futures_sizes_follow_the_header(paper):
    order = {"contract": "BTC_USDT", "size": 3, "price": "60000", "text": "t-abc1"}
    made = paper.ok("POST", "/futures/usdt/orders", "", order, headers=SIZES)
    assert (made["size"], made["left"], made["tif"]) == ("3", "3", "gtc")
    plain = paper.ok("GET", "/futures/usdt/orders/t-abc1", "contract=BTC_USDT", headers=CCXT)
    assert (plain["size"], plain["left"]) == (3, 3)
    edit = {"currency_pair": "BTC_USDT", "account": "futures", "size": 5, "price": "60010"}
    edited = paper.ok("PUT", f"/futures/usdt/orders/{made['id']}", "", edit, headers=SIZES)
    assert (edited["size"], edited["price"]) == ("5", "60010")
    ids = [str(made["id"]), "124"]
    gone = paper.ok("POST", "/futures/USDT/batch_cancel_orders", "", ids, headers=SIZES)
    assert [g["succeeded"] for g in gone] == [True, False]


def test_sizes_that_are_text_for_every_client(paper):
    """Typed clients of the integer age read these as text and fail on a number."""
    order = {"contract": "BTC_USDT", "size": 2, "price": "0", "tif": "ioc"}
    paper.ok("POST", "/futures/usdt/orders", "", order)
    paper.ok("POST", "/futures/usdt/orders", "", order | {"size": 0, "close": True})
    (ticker,) = paper.ok("GET", "/futures/usdt/tickers", "contract=BTC_USDT")
    assert isinstance(ticker["total_size"], str)
    closed = paper.ok("GET", "/futures/usdt/position_close", "limit=1")[0]
    assert (closed["max_size"], closed["accum_size"]) == ("2", "2")
    trade = paper.ok("GET", "/futures/usdt/my_trades", "limit=1")[0]
    assert (trade["size"], trade["close_size"]) == (-2, -2)


def test_a_futures_batch_with_stray_keys(paper):
    order = {"contract": "BTC_USDT", "size": 1, "price": "60000", "settle": "usdt"}
    batch = [{**order, "text": f"t-0a{n}", "textIsRequired": True} for n in range(2)]
    placed = paper.ok("POST", "/futures/usdt/batch_orders", "", batch, headers=SIZES)
    assert [o["succeeded"] for o in placed] == [True, True]
    gone = paper.ok("DELETE", "/futures/usdt/orders", "contract=BTC_USDT", headers=SIZES)
    assert len(gone) == 2


def test_leverage_mode_and_margin_are_in_the_query(paper):
    call = "/futures/usdt/positions/ETH_USDT/leverage"
    isolated = paper.ok("POST", call, "leverage=10", headers=SIZES)
    assert isolated["leverage"] == "10"
    query = "cross_leverage_limit=10&leverage=0&marginMode=cross"
    assert paper.ok("POST", call, query, headers=SIZES)["leverage"] == "0"
    query = "contract=BTC_USDT&dual_mode=True"
    dual = paper.ok("POST", "/futures/usdt/dual_mode", query, key="bob", headers=SIZES)
    assert dual["in_dual_mode"] is True


def test_a_trigger_without_strategy_and_expiration(paper):
    body = {
        "initial": {"contract": "BTC_USDT", "size": -1, "price": "0", "tif": "ioc"},
        "trigger": {"price_type": 0, "price": "30000", "rule": 2},
    }
    made = paper.ok("POST", "/futures/usdt/price_orders", "", body, headers=SIZES)
    query = "contract=BTC_USDT"
    path = f"/futures/usdt/price_orders/{made['id']}"
    assert paper.ok("DELETE", path, query, headers=SIZES)["finish_as"] == "cancelled"


@pytest.mark.parametrize("market", ["spot", "futures/usdt"])
def test_account_books_by_milliseconds_and_times_without_a_fraction(paper, market):
    """ccxt sends `since` as it is and takes a time of over ten digits for milliseconds."""
    now = int(time.time() * 1000)
    recent = f"from={now - 600_000}&to={now + 60_000}&limit=3"
    (line, *_) = paper.ok("GET", f"/{market}/account_book", recent, headers=SIZES)
    assert isinstance(line["time"], int)
    assert len(str(line["time"])) == (13 if market == "spot" else 10)
    assert paper.ok("GET", f"/{market}/account_book", f"from={now + 60_000}") == []
    assert paper.ok("GET", f"/{market}/account_book", f"to={now - 600_000}") == []


def test_hummingbot_orders_and_its_clock(paper):
    order = {
        "text": "t-hbot1",
        "currency_pair": "ETH_USDT",
        "side": "sell",
        "amount": "0.01",
        "price": "4000.00",
        "type": "limit",
        "account": "spot",
        "time_in_force": "poc",
    }
    assert paper.call("POST", "/spot/orders", "", order)[1]["label"] == "BALANCE_NOT_ENOUGH"
    order |= {"currency_pair": "BTC_USDT", "price": "90000.0"}
    made = paper.ok("POST", "/spot/orders", "", order)
    seen = paper.ok("GET", "/spot/orders/t-hbot1", PAIR)
    assert json.dumps(seen) == json.dumps(made)
    assert paper.ok("DELETE", "/spot/orders/t-hbot1", PAIR)["status"] == "cancelled"
    assert abs(paper.ok("GET", "/spot/time")["server_time"] - time.time() * 1000) < 5_000
