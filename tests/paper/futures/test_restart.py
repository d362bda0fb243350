"""Everything the venue knows survives being saved and restored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mtrade.domain.instruments import Side
from mtrade.domain.numbers import dumps, loads
from mtrade.paper.futures import FuturesVenue, state
from mtrade.paper.world import HOUSE
from tests.paper.futures.stand import ALICE, BOB, BTC, ETH, Stand

VIEWS = (
    "accounts",
    "positions",
    "orders?status=open",
    "orders?status=finished",
    "my_trades",
    "account_book",
    "position_close",
    "liquidates",
    "price_orders?status=open",
    "price_orders?status=finished",
    "positions_timerange?contract=BTC_USDT",
)


def saved(stand: Stand, rows: dict[tuple[str, str], str]) -> None:
    """What the shell does: ask for the rows of what changed, drop what is gone."""
    for kind, key in stand.world.take_dirty():
        if kind not in stand.venue.kinds:
            continue
        row = stand.venue.row(kind, key)
        if row is None:
            rows.pop((kind, key), None)
        else:
            rows[kind, key] = dumps(row)


def restarted(stand: Stand, rows: dict[tuple[str, str], str]) -> Stand:
    fresh = Stand()
    fresh.now_ms = stand.now_ms
    for key, room in stand.world.rooms.items():
        fresh.world.rooms[key].mark = room.mark
    fresh.venue = fresh.world.futures = FuturesVenue(fresh.world)
    for (kind, key), text in rows.items():
        fresh.venue.restore(kind, key, loads(text))
    return fresh


def view(stand: Stand, path: str, uid: int) -> Any:
    return json.loads(dumps(stand.ask("GET", f"/futures/usdt/{path}", uid)))


def test_a_restart_changes_nothing_anybody_can_see(stand: Stand) -> None:
    rows: dict[tuple[str, str], str] = {}
    stand.leverage("leverage=50", key=ETH)
    stand.place(size=100, text="t-a")
    stand.place(size=-150)
    stand.place(key=ETH, size="0.7")
    stand.place(size=40, price="59000", text="t-rest")
    saved(stand, rows)
    stand.place(size=-50, price="61000", tif="poc")
    partly = stand.place(BOB, size=10, price="60000")
    stand.quote(Side.SELL, "60000", 4)
    for price in ("61000", "62000"):
        trigger = {"price_type": 1, "price": price, "rule": 1}
        initial = {"contract": "BTC_USDT", "size": 1, "price": "0"}
        body = {"initial": initial, "trigger": trigger}
        number = stand.ask("POST", "/futures/usdt/price_orders", body=body)["id"]
    stand.call("DELETE", f"/futures/usdt/price_orders/{number}")
    stand.call("POST", "/futures/usdt/countdown_cancel_all", body={"timeout": 30})
    stand.mark("2900", key=ETH)
    saved(stand, rows)
    after = restarted(stand, rows)
    for uid in (ALICE, BOB):
        for path in VIEWS:
            assert view(after, path, uid) == view(stand, path, uid), path
    assert after.ask("GET", "/futures/usdt/orders/t-rest")["status"] == "open"
    assert after.total(HOUSE) == stand.total(HOUSE)
    assert after.sizes(BTC) == after.sizes(ETH) == 0
    mine = [o for s in Side for o in after.world.rooms[BTC].book.orders(s)]
    assert {o.order_id for o in mine} >= {partly.id}
    assert all(o.uid != HOUSE for o in mine)
    after.book("59990", "60010")
    after.mark("61000")
    done = after.ask("GET", "/futures/usdt/price_orders?status=finished")
    assert {row["finish_as"] for row in done} == {"cancelled", "succeeded"}
    after.now_ms += 30_000
    after.venue.on_prices(after.now_ms)
    assert after.ask("GET", "/futures/usdt/orders?status=open") == []


def test_what_is_gone_is_not_saved(stand: Stand) -> None:
    rows: dict[tuple[str, str], str] = {}
    order = stand.place(size=1, price="59000")
    saved(stand, rows)
    assert ("futures_order", str(order.id)) in rows
    stand.call("DELETE", f"/futures/usdt/orders/{order.id}")
    stand.now_ms += 700_000
    stand.venue.on_prices(stand.now_ms)
    saved(stand, rows)
    assert ("futures_order", str(order.id)) not in rows


def test_the_house_leaves_no_orders_and_no_rows_behind(stand: Stand) -> None:
    rows: dict[tuple[str, str], str] = {}
    stand.place(size=1)
    saved(stand, rows)
    orders = [json.loads(text) for (kind, _), text in rows.items() if kind == "futures_order"]
    assert {order["uid"] for order in orders} == {ALICE}
    ledger = [json.loads(text) for (kind, _), text in rows.items() if kind == "futures_ledger"]
    assert HOUSE not in {row["uid"] for row in ledger}


def test_history_is_bounded(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "ROWS_KEPT", 3)
    rows: dict[tuple[str, str], str] = {}
    numbers = [stand.place(size=1).id for _ in range(5)]
    saved(stand, rows)
    kept = [row["id"] for row in stand.ask("GET", "/futures/usdt/orders?status=finished")]
    assert kept == numbers[:1:-1]
    assert {key for kind, key in rows if kind == "futures_order"} == {str(n) for n in kept}
