"""Finding, amending and cancelling orders, and the dead man's switch."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from mtrade.domain.instruments import Side
from mtrade.paper.faults import GateFault
from tests.paper.futures.stand import ALICE, BOB, BTC, ETH, Stand, refusal

ORDERS = "/futures/usdt/orders"


def found(stand: Stand, key: str) -> Any:
    return stand.ask("GET", f"{ORDERS}/{key}")


def test_an_order_is_found_by_id_and_by_text(stand: Stand) -> None:
    order = stand.place(size=1, price="59000", text="t-mine_1.x-")
    assert found(stand, str(order.id))["id"] == order.id
    assert found(stand, "t-mine_1.x-")["id"] == order.id
    assert refusal(stand, "GET", f"{ORDERS}/t-other") == "ORDER_NOT_FOUND"
    assert refusal(stand, "GET", f"{ORDERS}/{order.id}", BOB) == "ORDER_NOT_FOUND"
    assert refusal(stand, "GET", f"/futures/btc/orders/{order.id}") == "ORDER_NOT_FOUND"
    with pytest.raises(GateFault) as refused:
        stand.call("GET", f"{ORDERS}/1")
    assert refused.value.status == 404


def test_the_later_order_of_a_text_wins(stand: Stand) -> None:
    first = stand.place(size=1, text="t-twice")
    second = stand.place(size=1, price="59000", text="t-twice")
    assert found(stand, "t-twice")["id"] == second.id
    stand.call("DELETE", f"{ORDERS}/{second.id}")
    assert found(stand, "t-twice")["id"] == second.id
    stand.now_ms += 60_000
    assert found(stand, "t-twice")["id"] == first.id


def test_how_long_an_order_without_a_fill_is_remembered(stand: Stand) -> None:
    order = stand.place(size=1, price="59000", text="t-gone")
    stand.call("DELETE", f"{ORDERS}/t-gone")
    stand.now_ms += 59_999
    assert found(stand, "t-gone")["finish_as"] == "cancelled"
    stand.now_ms += 1
    assert refusal(stand, "GET", f"{ORDERS}/t-gone") == "ORDER_NOT_FOUND"
    assert found(stand, str(order.id))["finish_as"] == "cancelled"
    stand.now_ms += 540_001
    stand.venue.on_prices(stand.now_ms)
    assert refusal(stand, "GET", f"{ORDERS}/{order.id}") == "ORDER_NOT_FOUND"
    assert stand.ask("GET", f"{ORDERS}?status=finished") == []


def test_an_order_with_a_fill_is_found_for_ever(stand: Stand) -> None:
    stand.place(size=1, text="t-filled")
    stand.now_ms += 10**10
    stand.venue.on_prices(stand.now_ms)
    assert found(stand, "t-filled")["finish_as"] == "filled"


def test_cancel(stand: Stand) -> None:
    order = stand.place(size=1, price="59000")
    answer = stand.ask("DELETE", f"{ORDERS}/{order.id}")
    assert (answer["status"], answer["finish_as"], answer["left"]) == (
        "finished",
        "cancelled",
        "1",
    )
    assert refusal(stand, "DELETE", f"{ORDERS}/{order.id}") == "ORDER_FINISHED"
    assert refusal(stand, "DELETE", f"{ORDERS}/77") == "ORDER_NOT_FOUND"
    assert stand.venue.exposure.available(stand.venue.state.account(ALICE, "usdt")) == 10_000


def test_cancel_all_by_contract_side_and_kind(stand: Stand) -> None:
    stand.place(size=10)
    buy = stand.place(size=1, price="59000")
    sell = stand.place(size=-1, price="61000")
    closing = stand.place(size=-1, price="62000", reduce_only=True)
    other = stand.place(key=ETH, size="0.1", price="2900")

    def cancelled(query: str) -> list[int]:
        return [order["id"] for order in stand.ask("DELETE", f"{ORDERS}?{query}")]

    assert cancelled("contract=BTC_USDT&side=bid") == [buy.id]
    assert cancelled("contract=BTC_USDT&side=ask&exclude_reduce_only=True") == [sell.id]
    assert cancelled("contract=BTC_USDT") == [closing.id]
    assert cancelled("") == [other.id]
    assert refusal(stand, "DELETE", f"{ORDERS}?contract=NO_USDT") == "CONTRACT_NOT_FOUND"


def test_cancel_batch(stand: Stand) -> None:
    order = stand.place(size=1, price="59000")
    answers = stand.ask("POST", "/futures/usdt/batch_cancel_orders", body=[str(order.id), "77", 5])
    assert [answer["succeeded"] for answer in answers] == [True, False, False]
    assert answers[0] == {"id": str(order.id), "user_id": ALICE, "succeeded": True}
    assert answers[1]["message"] == "ORDER_NOT_FOUND"


def amended(stand: Stand, order: Any, **body: Any) -> Any:
    return stand.ask("PUT", f"{ORDERS}/{order.id}", body=body)


def queue(stand: Stand, side: Side, price: str) -> list[int]:
    orders = stand.world.rooms[BTC].book.orders(side)
    return [order.order_id for order in orders if order.price == D(price)]


def test_a_smaller_size_keeps_the_place_in_the_queue(stand: Stand) -> None:
    order = stand.place(size=10, price="59500")
    behind = stand.place(BOB, size=1, price="59500")
    assert amended(stand, order, size=4)["left"] == "4"
    assert queue(stand, Side.BUY, "59500") == [order.id, behind.id]


@pytest.mark.parametrize("change", [{"size": 20}, {"price": "59500"}])
def test_a_larger_size_or_a_new_price_loses_it(stand: Stand, change: dict[str, Any]) -> None:
    order = stand.place(size=10, price="59500" if "size" in change else "59400")
    behind = stand.place(BOB, size=1, price="59500")
    amended(stand, order, amend_text="why", **change)
    assert queue(stand, Side.BUY, "59500") == [behind.id, order.id]
    assert found(stand, str(order.id))["amend_text"] == "why"


def test_amending_to_what_has_filled_cancels(stand: Stand) -> None:
    order = stand.place(size=10, price="60000")
    stand.quote(Side.SELL, "60000", 4)
    answer = amended(stand, order, size=4)
    assert (answer["finish_as"], answer["size"], answer["left"]) == ("cancelled", "10", "6")


def test_size_is_the_total_including_what_has_filled(stand: Stand) -> None:
    order = stand.place(size=10, price="60000")
    stand.quote(Side.SELL, "60000", 4)
    answer = amended(stand, order, size=12)
    assert (answer["size"], answer["left"]) == ("12", "8")


def test_amending_over_the_spread_trades(stand: Stand) -> None:
    order = stand.place(size=10, price="59000")
    answer = amended(stand, order, price="60010")
    assert (answer["status"], answer["finish_as"]) == ("finished", "filled")
    assert answer["id"] == order.id


def test_refused_amendments_change_nothing(stand: Stand) -> None:
    order = stand.place(size=10, price="59000")
    behind = stand.place(BOB, size=1, price="59000")

    def label(**body: Any) -> str:
        return refusal(stand, "PUT", f"{ORDERS}/{order.id}", body=body)

    assert label() == "NO_CHANGE"
    assert label(size=10, price="59000.0") == "NO_CHANGE"
    assert label(size=-10) == "INVALID_PARAM_VALUE"
    assert label(price="0") == "INVALID_PARAM_VALUE"
    assert label(price="59000.05") == "INVALID_PARAM_VALUE"
    assert label(price="1") == "PRICE_TOO_DEVIATED"
    assert label(size=2_000_000) == "SIZE_TOO_LARGE"
    assert label(size=20_000) == "INSUFFICIENT_AVAILABLE"
    assert queue(stand, Side.BUY, "59000") == [order.id, behind.id]
    assert (order.size, order.price, order.left) == (10, 59_000, 10)
    stand.call("DELETE", f"{ORDERS}/{order.id}")
    assert label(size=5) == "ORDER_FINISHED"


def test_a_post_only_order_stays_post_only(stand: Stand) -> None:
    order = stand.place(size=10, price="59000", tif="poc")
    body = {"price": "60010"}
    assert refusal(stand, "PUT", f"{ORDERS}/{order.id}", body=body) == "ORDER_POC_IMMEDIATE"


def test_a_close_order_cannot_be_resized(stand: Stand) -> None:
    stand.place(size=10)
    order = stand.place(size=0, price="61000", close=True)
    assert (order.size, order.close, order.reduce_only) == (-10, True, True)
    body = {"size": -5}
    assert refusal(stand, "PUT", f"{ORDERS}/{order.id}", body=body) == "INVALID_PARAM_VALUE"
    assert amended(stand, order, price="62000")["price"] == "62000"
    assert order.open


def test_batch_amend_names_orders_by_id_or_text(stand: Stand) -> None:
    first = stand.place(size=10, price="59000")
    stand.place(size=10, price="59000", text="t-b")
    items = [
        {"order_id": first.id, "price": "59001"},
        {"text": "t-b", "size": "5"},
        {"order_id": 5, "size": 1},
    ]
    answers = stand.ask("POST", "/futures/usdt/batch_amend_orders", body=items)
    assert [answer["succeeded"] for answer in answers] == [True, True, False]
    assert (answers[0]["price"], answers[1]["size"]) == ("59001", "5")
    assert answers[2]["label"] == "ORDER_NOT_FOUND"


def test_lists_page_and_filter(stand: Stand) -> None:
    for price in ("59000", "59001", "59002"):
        stand.place(size=1, price=price)
        stand.now_ms += 1000
    stand.place(key=ETH, size="0.1", price="2900")
    reply = stand.call("GET", f"{ORDERS}?status=open&contract=BTC_USDT&limit=2&offset=1")
    rows: Any = reply.body
    assert [row["price"] for row in rows] == ["59001", "59000"]
    assert reply.headers["X-Pagination-Total"] == "3"
    older = stand.ask("GET", f"{ORDERS}?status=open&last_id={rows[0]['id']}")
    assert [row["price"] for row in older] == ["59000"]
    stand.call("DELETE", ORDERS)
    second = stand.now_ms // 1000
    ended = stand.ask("GET", f"/futures/usdt/orders_timerange?from={second}&contract=ETH_USDT")
    assert [row["contract"] for row in ended] == ["ETH_USDT"]
    assert stand.ask("GET", f"/futures/usdt/orders_timerange?to={second - 5}") == []
    assert refusal(stand, "GET", ORDERS) == "MISSING_REQUIRED_PARAM"
    assert refusal(stand, "GET", f"{ORDERS}?status=new") == "INVALID_PARAM_VALUE"


def test_the_switch_cancels_when_it_is_not_armed_again(stand: Stand) -> None:
    path = "/futures/usdt/countdown_cancel_all"
    mine = stand.place(size=1, price="59000")
    other = stand.place(key=ETH, size="0.1", price="2900")
    theirs = stand.place(BOB, size=1, price="59000")
    body = {"timeout": 10, "contract": "BTC_USDT"}
    answer = stand.ask("POST", path, body=body)
    assert answer == {"triggerTime": stand.now_ms + 10_000}
    stand.now_ms += 9_000
    stand.call("POST", path, body=body)
    stand.now_ms += 9_000
    stand.venue.on_prices(stand.now_ms)
    assert mine.open
    stand.now_ms += 1_000
    stand.venue.on_prices(stand.now_ms)
    assert (mine.finish_as, other.open, theirs.open) == ("cancelled", True, True)
    stand.call("POST", path, body={"timeout": 5})
    assert stand.ask("POST", path, body={"timeout": 0}) == {"triggerTime": 0}
    stand.now_ms += 60_000
    stand.venue.on_prices(stand.now_ms)
    assert other.open
    assert refusal(stand, "POST", path, body={"timeout": 4}) == "INVALID_PARAM_VALUE"
    assert refusal(stand, "POST", path, body={}) == "MISSING_REQUIRED_PARAM"
