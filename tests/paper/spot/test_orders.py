"""Spot orders behave as Gate's do: states, fees, refusals, look-up, amendments, batches."""

from __future__ import annotations

import pytest

from mtrade.domain.instruments import Side
from tests.paper.bench import NOW, Bench

PATH = "/spot/orders"
Q = "currency_pair=BTC_USDT"


@pytest.fixture
def bench():
    return Bench()


def get(bench, reference, **options):
    return bench.call("GET", f"{PATH}/{reference}", Q, **options)


def test_a_resting_order_locks_what_it_pays_with(bench):
    buy = bench.place("buy", "0.1", "50000", text="t-a")
    assert (buy["status"], buy["finish_as"], buy["left"]) == ("open", "open", "0.1")
    assert bench.held(1, "USDT") == ("5000", "5000")
    sell = bench.place("sell", "0.25", "70000")
    assert sell["text"] == "apiv4"
    assert bench.held(1, "BTC") == ("0.75", "0.25")
    accounts = {a["currency"]: a for a in bench.call("GET", "/spot/accounts")}
    assert accounts["USDT"]["available"] == "5000"
    assert accounts["USDT"]["locked"] == "5000"
    assert accounts["BTC"]["update_id"] > 0


def test_every_field_of_an_order_has_gates_type(bench):
    order = bench.place("buy", "0.1", "50000")
    others = {"create_time_ms", "update_time_ms", "stp_id"}
    switches = {"gt_discount", "auto_borrow", "auto_repay"}
    texts = set(order) - others - switches
    assert len(texts) == 29
    assert {name: type(order[name]) for name in texts} == dict.fromkeys(texts, str)
    assert order["create_time_ms"] == order["update_time_ms"] == NOW
    assert order["create_time"] == str(NOW // 1000)
    assert order["stp_id"] == 0
    assert order["gt_discount"] is False


def test_the_fee_is_taken_from_what_is_received(bench):
    bench.place("sell", "0.5", "60000", who="bob")
    buy = bench.place("buy", "0.1", "61000")
    assert (buy["status"], buy["finish_as"]) == ("closed", "filled")
    assert (buy["avg_deal_price"], buy["filled_total"], buy["fill_price"]) == (
        "60000",
        "6000",
        "6000",
    )
    assert (buy["fee"], buy["fee_currency"]) == ("0.0002", "BTC")
    assert bench.held(1, "BTC") == ("1.0998", "0")
    assert bench.held(1, "USDT") == ("4000", "0")
    assert bench.held(2, "USDT") == ("15988", "0")
    assert bench.place_refused("sell", "1.1") == "BALANCE_NOT_ENOUGH"


def test_a_market_buy_spends_quote_and_is_closed_although_dust_is_left(bench):
    bench.quote(Side.SELL, "60000.1", "1")
    order = bench.place("buy", "70")
    assert (order["status"], order["finish_as"]) == ("closed", "filled")
    assert order["filled_amount"] == "0.001166"
    assert order["left"] == "0.0398834"
    assert order["amount"] == "70"
    assert bench.held(1, "USDT") == ("9930.0398834", "0")


def test_a_market_order_that_empties_the_book_is_cancelled_as_ioc(bench):
    bench.quote(Side.SELL, "60000", "0.01")
    buy = bench.place("buy", "1000")
    assert (buy["status"], buy["finish_as"], buy["left"]) == ("cancelled", "ioc", "400")
    assert bench.held(1, "USDT") == ("9400", "0")
    nothing = bench.place("sell", "0.01")
    assert (nothing["status"], nothing["finish_as"], nothing["filled_amount"]) == (
        "cancelled",
        "ioc",
        "0",
    )
    assert bench.held(1, "BTC")[1] == "0"


def test_an_ioc_keeps_what_it_got_and_cancels_the_rest(bench):
    bench.quote(Side.SELL, "60000", "0.01")
    order = bench.place("buy", "0.03", "60000", time_in_force="ioc")
    assert (order["status"], order["finish_as"]) == ("cancelled", "ioc")
    assert (order["filled_amount"], order["left"]) == ("0.01", "0.02")
    assert bench.held(1, "USDT") == ("9400", "0")


def test_fok_fills_completely_or_not_at_all(bench):
    bench.quote(Side.SELL, "60000", "0.01")
    assert bench.place_refused("buy", "0.02", "60000", time_in_force="fok") == "FOK_NOT_FILL"
    assert bench.place_refused("buy", "601", time_in_force="fok") == "FOK_NOT_FILL"
    done = bench.place("buy", "0.01", "60000", time_in_force="fok")
    assert done["finish_as"] == "filled"


def test_post_only_never_takes(bench):
    bench.quote(Side.SELL, "60000", "0.01")
    refused = bench.place_refused("buy", "0.01", "60000", time_in_force="poc")
    assert refused == "POC_FILL_IMMEDIATELY"
    assert bench.place("buy", "0.01", "59999", time_in_force="poc")["status"] == "open"


def test_a_market_order_can_cap_its_slippage(bench):
    bench.quote(Side.SELL, "60000", "0.01")
    bench.quote(Side.SELL, "61000", "1")
    order = bench.place("buy", "1200", slippage="0.01")
    assert (order["filled_amount"], order["finish_as"]) == ("0.01", "ioc")
    assert bench.place_refused("buy", "1200", slippage="0.5") == "INVALID_PARAM_VALUE"


@pytest.mark.parametrize(
    ("change", "label"),
    [
        ({"currency_pair": "NO_PAIR"}, "INVALID_CURRENCY_PAIR"),
        ({"currency_pair": ""}, "MISSING_REQUIRED_PARAM"),
        ({"side": "long"}, "INVALID_PARAM_VALUE"),
        ({"side": None}, "MISSING_REQUIRED_PARAM"),
        ({"type": "stop"}, "INVALID_PARAM_VALUE"),
        ({"time_in_force": "day"}, "INVALID_PARAM_VALUE"),
        ({"amount": None}, "MISSING_REQUIRED_PARAM"),
        ({"price": None}, "MISSING_REQUIRED_PARAM"),
        ({"price": "0"}, "INVALID_PARAM_VALUE"),
        ({"price": "60000.01"}, "INVALID_PRECISION"),
        ({"amount": "0.0000001"}, "INVALID_PRECISION"),
        ({"amount": "0.000001"}, "AMOUNT_TOO_LITTLE"),
        ({"amount": "100000"}, "AMOUNT_TOO_MUCH"),
        ({"amount": "0.2"}, "BALANCE_NOT_ENOUGH"),
        ({"side": "sell", "amount": "1.1"}, "BALANCE_NOT_ENOUGH"),
        ({"type": "market", "time_in_force": "gtc"}, "INVALID_PARAM_VALUE"),
        ({"type": "market", "time_in_force": "ioc", "amount": "1"}, "AMOUNT_TOO_LITTLE"),
        ({"text": "mine"}, "INVALID_PARAM_VALUE"),
        ({"text": "t-"}, "INVALID_PARAM_VALUE"),
        ({"text": "t-" + "a" * 29}, "INVALID_PARAM_VALUE"),
        ({"text": "t-ä"}, "INVALID_PARAM_VALUE"),
        ({"account": "margin"}, "INVALID_PARAM_VALUE"),
        ({"auto_borrow": True}, "INVALID_PARAM_VALUE"),
        ({"stp_act": "cn"}, "INVALID_PARAM_VALUE"),
        ({"action_mode": "FAST"}, "INVALID_PARAM_VALUE"),
    ],
)
def test_each_refusal_has_its_label_and_no_effect(bench, change, label):
    before = bench.spot.purse.balances.copy()
    body = {**bench.order("buy", "0.1", "60000"), **change}
    assert bench.refused("POST", PATH, "", body) == (400, label)
    assert bench.spot.records.orders == {}
    assert bench.spot.purse.balances == before
    assert bench.held(1, "USDT") == ("10000", "0")


def test_numbers_may_be_json_numbers_and_unknown_keys_are_ignored(bench):
    body = {**bench.order("buy", "x", "y"), "amount": 0.01, "price": 50000, "settle": "usdt"}
    assert bench.call("POST", PATH, "", body, ok=201)["amount"] == "0.01"


def test_look_up_by_text_only_works_while_open_and_the_newest_wins(bench):
    first = bench.place("buy", "0.001", "50000", text="t-x")
    second = bench.place("buy", "0.002", "50000", text="t-x")
    assert get(bench, "t-x")["id"] == second["id"]
    bench.call("DELETE", f"{PATH}/t-x", Q)
    assert get(bench, "t-x")["id"] == first["id"]
    bench.call("DELETE", f"{PATH}/{first['id']}", Q)
    assert bench.refused("GET", f"{PATH}/t-x", Q) == (404, "CLIENT_ID_NOT_FOUND")
    assert get(bench, second["id"])["finish_as"] == "cancelled"


def test_an_order_without_a_fill_vanishes_after_ten_minutes_a_filled_one_stays(bench):
    bench.quote(Side.SELL, "60000", "0.01")
    gone = bench.place("buy", "0.001", "50000")["id"]
    kept = bench.place("buy", "0.001", "60000")["id"]
    bench.call("DELETE", f"{PATH}/{gone}", Q)
    bench.clock.ms += 599_999
    bench.spot.on_prices(bench.clock.ms)
    assert get(bench, gone)["status"] == "cancelled"
    bench.clock.ms += 1
    bench.spot.on_prices(bench.clock.ms)
    assert bench.refused("GET", f"{PATH}/{gone}", Q) == (404, "ORDER_NOT_FOUND")
    assert get(bench, kept)["status"] == "closed"


def test_nobody_sees_or_cancels_the_orders_of_others(bench):
    mine = bench.place("buy", "0.001", "50000", text="t-m")["id"]
    for reference in (mine, "t-m"):
        for method in ("GET", "DELETE"):
            assert bench.refused(method, f"{PATH}/{reference}", Q, who="bob")[0] == 404
    assert bench.refused("GET", f"{PATH}/{mine}", "currency_pair=ETH_USDT")[0] == 404
    assert bench.refused("GET", f"{PATH}/{mine}") == (400, "MISSING_REQUIRED_PARAM")


def test_cancelling_twice_says_how_it_ended(bench):
    bench.quote(Side.SELL, "60000", "0.01")
    order = bench.place("buy", "0.001", "50000")["id"]
    bench.call("DELETE", f"{PATH}/{order}", Q)
    assert bench.refused("DELETE", f"{PATH}/{order}", Q) == (400, "ORDER_CANCELLED")
    done = bench.place("buy", "0.001", "60000")["id"]
    assert bench.refused("DELETE", f"{PATH}/{done}", Q) == (400, "ORDER_CLOSED")


def test_a_lower_amount_keeps_its_place_in_the_queue(bench):
    first = bench.place("buy", "0.02", "50000")["id"]
    second = bench.place("buy", "0.02", "50000")["id"]
    amended = bench.call("PATCH", f"{PATH}/{first}", Q, {"amount": "0.01", "amend_text": "less"})
    assert (amended["amount"], amended["left"], amended["amend_text"]) == ("0.01", "0.01", "less")
    assert bench.held(1, "USDT") == ("8500", "1500")
    bench.quote(Side.SELL, "50000", "0.01")
    assert get(bench, first)["status"] == "closed"
    assert get(bench, second)["filled_amount"] == "0"


@pytest.mark.parametrize("change", [{"amount": "0.03"}, {"price": "50000", "amount": "0.03"}])
def test_a_larger_amount_queues_again(bench, change):
    first = bench.place("buy", "0.02", "50000")["id"]
    second = bench.place("buy", "0.02", "50000")["id"]
    bench.call("PATCH", f"{PATH}/{first}", Q, change)
    bench.quote(Side.SELL, "50000", "0.02")
    assert get(bench, second)["status"] == "closed"
    assert get(bench, first)["filled_amount"] == "0"


def test_a_new_price_may_match_at_once_and_relocks(bench):
    bench.quote(Side.SELL, "60000", "0.01")
    order = bench.place("buy", "0.02", "50000")["id"]
    amended = bench.call("PATCH", f"{PATH}/{order}", "", {**bench.order("buy", "0.02", "60000")})
    assert (amended["filled_amount"], amended["status"]) == ("0.01", "open")
    assert bench.held(1, "USDT") == ("8800", "600")


def test_amendments_that_make_no_sense_are_refused_without_effect(bench):
    bench.quote(Side.SELL, "60000", "0.01")
    order = bench.place("buy", "0.1", "50000", time_in_force="poc")["id"]
    for change, label in (
        ({}, "INVALID_PARAM_VALUE"),
        ({"amount": "0.1"}, "NO_CHANGE"),
        ({"amount": "0.5"}, "BALANCE_NOT_ENOUGH"),
        ({"price": "50000.01"}, "INVALID_PRECISION"),
        ({"price": "60000"}, "POC_FILL_IMMEDIATELY"),
        ({"amount": "0.000001"}, "AMOUNT_TOO_LITTLE"),
    ):
        assert bench.refused("PATCH", f"{PATH}/{order}", Q, change) == (400, label)
    same = get(bench, order)
    assert (same["price"], same["amount"], same["amend_text"]) == ("50000", "0.1", "-")
    assert bench.held(1, "USDT") == ("5000", "5000")


def test_an_amount_not_above_what_is_filled_cancels(bench):
    order = bench.place("buy", "0.02", "50000")["id"]
    bench.quote(Side.SELL, "50000", "0.01")
    amended = bench.call("PATCH", f"{PATH}/{order}", Q, {"amount": "0.01"})
    assert (amended["status"], amended["finish_as"]) == ("cancelled", "cancelled")
    assert bench.held(1, "USDT")[1] == "0"


def test_lists_by_status_side_and_page(bench):
    ids = [bench.place("buy", "0.001", "50000")["id"] for _ in range(3)]
    sell = bench.place("sell", "0.001", "70000")["id"]
    opened = bench.call("GET", PATH, f"{Q}&status=open&limit=2&page=2")
    assert [o["id"] for o in opened] == [ids[1], ids[0]]
    sells = bench.call("GET", PATH, f"{Q}&status=open&side=sell")
    assert [o["id"] for o in sells] == [sell]
    bench.call("DELETE", f"{PATH}/{ids[0]}", Q)
    finished = bench.call("GET", PATH, "status=finished")
    assert [o["id"] for o in finished] == [ids[0]]
    assert bench.call("GET", PATH, f"{Q}&status=finished&to={NOW // 1000 - 1}") == []
    assert bench.call("GET", PATH, f"{Q}&status=open&account=margin") == []
    assert bench.refused("GET", PATH, "status=open") == (400, "MISSING_REQUIRED_PARAM")
    assert bench.refused("GET", PATH, f"{Q}&status=maybe") == (400, "INVALID_PARAM_VALUE")
    assert bench.refused("GET", PATH, f"{Q}&status=open&limit=101")[0] == 400


def test_open_orders_are_grouped_by_pair(bench):
    bench.place("buy", "0.001", "50000")
    bench.place("buy", "0.001", "50001")
    bench.place("buy", "0.1", "100", currency_pair="ETH_USDT")
    groups = bench.call("GET", "/spot/open_orders", "limit=1")
    assert {g["currency_pair"]: (g["total"], len(g["orders"])) for g in groups} == {
        "BTC_USDT": (2, 1),
        "ETH_USDT": (1, 1),
    }


def test_cancel_all_of_one_side(bench):
    bench.place("buy", "0.001", "50000")
    sell = bench.place("sell", "0.001", "70000")["id"]
    gone = bench.call("DELETE", PATH, f"{Q}&side=sell&account=spot")
    assert [(o["id"], o["succeeded"], o["status"]) for o in gone] == [(sell, True, "cancelled")]
    assert len(bench.call("DELETE", PATH)) == 1
    assert bench.held(1, "USDT") == ("10000", "0")


def test_action_modes(bench):
    ack = bench.place("buy", "0.001", "50000", action_mode="ACK")
    assert set(ack) == {"id", "text", "amend_text"}
    result = bench.place("buy", "0.001", "50000", action_mode="RESULT")
    assert "status" in result
    assert "fee" not in result


def test_a_batch_tells_each_orders_fate(bench):
    orders = [
        bench.order("buy", "0.001", "50000", text="t-1"),
        bench.order("buy", "1", "50000", text="t-2"),
        bench.order("buy", "1", "50", text="t-3", currency_pair="NO_PAIR"),
    ]
    done = bench.call("POST", "/spot/batch_orders", "", orders)
    assert [(o["text"], o["succeeded"], o["label"]) for o in done] == [
        ("t-1", True, ""),
        ("t-2", False, "BALANCE_NOT_ENOUGH"),
        ("t-3", False, "INVALID_CURRENCY_PAIR"),
    ]
    assert done[0]["order_id"] == done[0]["id"]
    change = [
        {"order_id": "t-1", "currency_pair": "BTC_USDT", "price": "51000"},
        {"order_id": "99", "currency_pair": "BTC_USDT", "price": "51000"},
    ]
    amended = bench.call("POST", "/spot/amend_batch_orders", "", change)
    assert (amended[0]["price"], amended[1]["label"]) == ("51000", "ORDER_NOT_FOUND")
    cancels = [
        {"id": done[0]["id"], "currency_pair": "BTC_USDT"},
        {"id": "99", "currency_pair": "BTC_USDT"},
    ]
    gone = bench.call("POST", "/spot/cancel_batch_orders", "", cancels)
    assert [(g["id"], g["succeeded"], g["label"]) for g in gone] == [
        (done[0]["id"], True, ""),
        ("99", False, "ORDER_NOT_FOUND"),
    ]


def test_batches_have_limits(bench):
    order = bench.order("buy", "0.001", "50000", text="t-1")
    nameless = bench.order("buy", "0.001", "50000")
    pairs = [f"{coin}_USDT" for coin in ("BTC", "ETH", "SOL", "XRP", "ADA")]
    spread = [{**order, "currency_pair": pair} for pair in pairs]
    for body, label in (
        ([order] * 11, "TOO_MANY_ORDERS"),
        (spread, "TOO_MANY_CURRENCY_PAIRS"),
        ([nameless], "MISSING_REQUIRED_PARAM"),
        ([], "INVALID_PARAM_VALUE"),
    ):
        assert bench.refused("POST", "/spot/batch_orders", "", body) == (400, label)
    many = [{"id": "1", "currency_pair": "BTC_USDT"}] * 21
    assert bench.refused("POST", "/spot/cancel_batch_orders", "", many)[0] == 400


def test_too_many_open_orders(bench):
    most = bench.world.rooms[next(iter(bench.world.rooms))].listing.orders_limit
    for _ in range(most):
        bench.place("buy", "0.0001", "30000")
    assert bench.place_refused("buy", "0.0001", "30000") == "TOO_MANY_ORDERS"


def test_events_tell_put_fill_and_finish(bench):
    bench.place("buy", "0.02", "50000", text="t-e")
    bench.quote(Side.SELL, "50000", "0.01")
    bench.quote(Side.SELL, "50000", "0.01")
    mine = [event for event in bench.world.events if event.uid == 1]
    orders = [e.body["event"] for e in mine if e.channel == "orders"]
    assert orders == ["put", "update", "finish"]
    trades = [e.body for e in mine if e.channel == "usertrades"]
    assert [(t["role"], t["amount"], t["user_id"]) for t in trades] == [("maker", "0.01", 1)] * 2
    kinds = [e.body["change_type"] for e in mine if e.channel == "balances"]
    assert kinds[0] == "deposit"
    assert {"order-create", "order-match", "trade-fee-deduct"} <= set(kinds)
