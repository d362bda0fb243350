"""History lists, the ledger, and that Gate's own client understands every answer."""

from __future__ import annotations

import json
from decimal import Decimal as D
from itertools import pairwise
from types import SimpleNamespace

import pytest

from mtrade.domain.instruments import Side
from mtrade.domain.numbers import dumps
from tests.paper.futures.stand import ALICE, BTC, ETH, Stand, refusal

gate_api = pytest.importorskip("gate_api")

BASE = "/futures/usdt"


def busy(stand: Stand) -> None:
    """A bit of everything."""
    stand.place(size=1000, text="t-open")
    stand.now_ms += 1000
    stand.place(size=-400)
    stand.place(key=ETH, size="-0.5")
    stand.place(size=0, close=True)
    stand.place(size=-100, price="61000", text="t-rest", tif="poc")
    stand.leverage("leverage=50", key=ETH)
    stand.now_ms = stand.world.rooms[BTC].funding_next_ms
    stand.venue.on_prices(stand.now_ms)
    stand.mark("3060", key=ETH)


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("accounts", "FuturesAccount"),
        ("positions", "list[Position]"),
        ("positions/BTC_USDT", "Position"),
        ("dual_comp/positions/BTC_USDT", "list[Position]"),
        ("positions_timerange?contract=BTC_USDT", "list[PositionTimerange]"),
        ("get_leverage/BTC_USDT", "FuturesLeverage"),
        ("orders?status=open", "list[FuturesOrder]"),
        ("orders?status=finished", "list[FuturesOrder]"),
        ("orders_timerange", "list[FuturesOrderTimerange]"),
        ("orders/t-rest", "FuturesOrder"),
        ("my_trades", "list[MyFuturesTrade]"),
        ("my_trades_timerange", "list[MyFuturesTradeTimeRange]"),
        ("position_close", "list[PositionClose]"),
        ("liquidates", "list[FuturesLiquidate]"),
        ("account_book", "list[FuturesAccountBook]"),
        ("fee", "dict(str, FuturesFee)"),
        ("price_orders?status=open", "list[FuturesPriceTriggeredOrder]"),
        ("price_orders?status=finished", "list[FuturesPriceTriggeredOrder]"),
    ],
)
@pytest.mark.parametrize("decimal_sizes", [True, False])
def test_gates_client_reads_every_answer(
    stand: Stand, path: str, model: str, decimal_sizes: bool
) -> None:
    busy(stand)
    for price in ("61000", "62000"):
        trigger = {"price_type": 0, "price": price, "rule": 1}
        initial = {"contract": "BTC_USDT", "size": 1, "price": "0"}
        made = stand.ask(
            "POST", f"{BASE}/price_orders", body={"initial": initial, "trigger": trigger}
        )
    stand.call("DELETE", f"{BASE}/price_orders/{made['id']}")
    answer = stand.ask("GET", f"{BASE}/{path}", decimal_sizes=decimal_sizes)
    assert answer
    response = SimpleNamespace(data=json.dumps(json.loads(dumps(answer))))
    client = gate_api.ApiClient(gate_api.Configuration())
    read = client.deserialize(response, model)
    first = read[0] if isinstance(read, list) else read
    assert first if isinstance(first, dict) else first.to_dict()


def test_the_ledger_explains_the_total(stand: Stand) -> None:
    busy(stand)
    rows = stand.ask("GET", f"{BASE}/account_book")
    assert D(rows[0]["balance"]) == stand.total()
    assert sum(D(row["change"]) for row in rows) == stand.total()
    for newer, older in pairwise(rows):
        assert D(older["balance"]) + D(newer["change"]) == D(newer["balance"])
    history = stand.ask("GET", f"{BASE}/accounts")["history"]
    for kind in ("dnw", "pnl", "fee", "fund"):
        mine = stand.ask("GET", f"{BASE}/account_book?type={kind}")
        assert sum(D(row["change"]) for row in mine) == D(history[kind])
    order = stand.ask("GET", f"{BASE}/orders/t-open")
    fee = stand.ask("GET", f"{BASE}/account_book?type=fee&contract=BTC_USDT")[-1]
    assert fee["text"] == f"BTC_USDT:{order['id']}"
    assert D(fee["change"]) == -D(1000) * D("0.0001") * 60_010 * D("0.0005")


def test_trades_add_up_to_the_orders(stand: Stand) -> None:
    busy(stand)
    order = stand.ask("GET", f"{BASE}/orders/t-open")
    trades = stand.ask("GET", f"{BASE}/my_trades?order={order['id']}")
    assert sum(D(trade["size"]) for trade in trades) == D(order["size"])
    assert {trade["close_size"] for trade in trades} == {"0"}
    listed = stand.ask("GET", f"{BASE}/my_trades_timerange?contract=BTC_USDT&role=taker")
    assert [trade["close_size"] for trade in listed] == ["-600", "-400", "0"]
    assert all("trade_id" in trade and "id" not in trade for trade in listed)
    second = listed[0]["create_time"]
    early = stand.ask("GET", f"{BASE}/my_trades_timerange?to={int(second) - 1}")
    assert [trade["order_id"] for trade in early] == [str(order["id"])]
    last_id = stand.ask("GET", f"{BASE}/my_trades")[1]["id"]
    assert all(t["id"] < last_id for t in stand.ask("GET", f"{BASE}/my_trades?last_id={last_id}"))


def test_closes_filter_by_side_and_result(stand: Stand) -> None:
    busy(stand)
    rows = stand.ask("GET", f"{BASE}/position_close")
    assert [(row["contract"], row["side"]) for row in rows] == [
        ("ETH_USDT", "short"),
        ("BTC_USDT", "long"),
    ]
    assert D(rows[1]["pnl"]) == sum(D(rows[1][k]) for k in ("pnl_pnl", "pnl_fee", "pnl_fund"))
    assert len(stand.ask("GET", f"{BASE}/position_close?side=long")) == 1
    assert stand.ask("GET", f"{BASE}/position_close?pnl=profit") == []


def test_sizes_without_the_header_are_whole_numbers(stand: Stand) -> None:
    busy(stand)
    trade = stand.ask("GET", f"{BASE}/my_trades?contract=ETH_USDT", decimal_sizes=False)[-1]
    assert trade["size"] == 0  # Gate truncates half a contract silently
    closed = stand.ask("GET", f"{BASE}/position_close", decimal_sizes=False)[1]
    assert closed["max_size"] == "1000"  # text for every client of Gate, old and new


def test_fee_and_what_does_not_exist(stand: Stand) -> None:
    rates = stand.ask("GET", f"{BASE}/fee?contract=BTC_USDT")
    assert rates == {"BTC_USDT": {"taker_fee": "0.0005", "maker_fee": "0.0002"}}
    assert set(stand.ask("GET", f"{BASE}/fee")) == {"BTC_USDT", "ETH_USDT"}
    assert stand.ask("GET", f"{BASE}/auto_deleverages") == []
    for path in ("my_trades", "fee", "account_book", "liquidates", "position_close"):
        label = refusal(stand, "GET", f"{BASE}/{path}?contract=NO_USDT")
        assert label == "CONTRACT_NOT_FOUND"
    assert refusal(stand, "GET", f"{BASE}/positions_timerange") == "MISSING_REQUIRED_PARAM"
    assert refusal(stand, "GET", "/futures/eur/accounts") == "INVALID_PARAM_VALUE"


def test_snapshots_tell_how_a_position_stood(stand: Stand) -> None:
    busy(stand)
    rows = stand.ask("GET", f"{BASE}/positions_timerange?contract=BTC_USDT")
    assert [row["size"] for row in rows] == ["0", "600", "1000"]


def test_other_users_see_nothing_of_it(stand: Stand) -> None:
    busy(stand)
    stand.quote(Side.SELL, "60010", 1)
    for path in ("my_trades", "orders?status=finished", "positions", "position_close"):
        assert stand.ask("GET", f"{BASE}/{path}", uid=12) == []
    assert stand.ask("GET", f"{BASE}/positions", uid=ALICE)
