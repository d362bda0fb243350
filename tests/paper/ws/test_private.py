"""Private channels: order of events, types of members, whose they are (gate-notes, private)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mtrade.domain.instruments import Side, futures, spot
from mtrade.paper.thinning import thin
from tests.paper.ws.calls import rest
from tests.paper.ws.stand import Client

NUMBER = (int, Decimal)
MARKET = {"price": "0", "tif": "ioc"}


def listener(stand, *channels: str, key: str = "ann", uid: str = "42", **options) -> Client:
    """A connection that hears some private channels of everything, and is logged in."""
    market = channels[0].partition(".")[0]
    client = Client(stand, market, **options)
    for channel in channels:
        payload = ["!all"] if market == "spot" else [uid, "!all"]
        if channel == "futures.balances":
            payload = [uid]
        (answer,) = client.subscribe(channel, payload, key=key)
        assert answer["result"]["status"] == "success"
    client.login(key)
    return client


def pushed(client: Client) -> list[tuple[str, Any]]:
    """What has been pushed since, as (channel, item)."""
    found: list[tuple[str, Any]] = []
    for frame in client.take():
        if "request_id" in frame:
            continue
        result = frame["result"]
        items = result if isinstance(result, list) else [result]
        found += [(frame["channel"], item) for item in items]
    return found


FUTURES = ("futures.orders", "futures.usertrades", "futures.positions", "futures.balances")
SPOT = ("spot.balances", "spot.orders", "spot.usertrades", "spot.orders_v2", "spot.usertrades_v2")


def test_a_futures_fill_comes_as_position_fill_order_balance(stand):
    client = listener(stand, *FUTURES, "futures.position_closes")
    placed = client.done("futures.order_place", {"contract": "BTC_USDT", "size": 5, **MARKET})
    stand.publish()
    events = pushed(client)
    assert [name for name, _ in events] == [
        "futures.positions", "futures.usertrades", "futures.orders", "futures.balances",
    ]  # fmt: skip
    position, trade, order, balance = (item for _, item in events)
    assert position["size"] == "5"
    assert isinstance(position["user"], str)
    assert all(isinstance(position[name], NUMBER) for name in ("entry_price", "margin", "leverage"))
    assert (trade["id"], trade["order_id"]) == (str(trade["id"]), str(placed["id"]))
    assert isinstance(trade["fee"], Decimal)
    assert isinstance(trade["price"], str)
    assert (order["status"], order["finish_as"], order["left"]) == ("finished", "filled", "0")
    assert (order["id"], order["user"], order["stp_id"]) == (placed["id"], "42", 0)
    assert all(isinstance(order[name], NUMBER) for name in ("price", "fill_price", "tkfr", "mkfr"))
    assert Decimal(order["fill_price"]) == Decimal(placed["fill_price"])
    assert order["update_time"] >= order["create_time_ms"]
    assert balance["type"] == "fee"
    assert balance["change"] == -trade["fee"]
    assert balance["currency"] == "usdt"
    client.done("futures.order_place", {"contract": "BTC_USDT", "size": -5, **MARKET})
    stand.publish()
    names = [name for name, _ in pushed(client)]
    assert names[:4] == [
        "futures.positions", "futures.position_closes", "futures.usertrades", "futures.orders",
    ]  # fmt: skip


def test_no_binary_float_ever_touches_an_amount(stand):
    client = listener(stand, *FUTURES)
    client.done("futures.order_place", {"contract": "BTC_USDT", "size": 7, **MARKET})
    stand.publish()
    row = next(iter(stand.world.futures.state.trades.of(42, "usdt")))
    account = stand.world.futures.state.account(42, "usdt")
    items = dict(pushed(client))
    assert items["futures.usertrades"]["fee"] == row.fee
    assert items["futures.balances"]["balance"] == account.total


def test_the_life_of_a_resting_order(stand):
    client = listener(stand, "futures.orders")
    order = {"contract": "BTC_USDT", "size": 10, "price": "60000", "tif": "gtc", "text": "t-a"}
    placed = client.done("futures.order_place", order)
    client.done("futures.order_amend", {"order_id": str(placed["id"]), "price": "60001"})
    client.done("futures.order_cancel", {"order_id": str(placed["id"])})
    stand.publish()
    items = [item for _, item in pushed(client)]
    assert [(i["status"], i["finish_as"]) for i in items] == [
        ("open", "_new"), ("open", "_update"), ("finished", "cancelled"),
    ]  # fmt: skip
    numbers = [item["update_id"] for item in items]
    assert numbers == sorted(set(numbers))
    assert [item["finish_time"] == 0 for item in items] == [True, True, False]
    assert {item["text"] for item in items} == {"t-a"}


def test_a_partial_fill_is_an_update_and_an_ioc_ends_with_its_own_word(stand):
    client = listener(stand, *FUTURES)
    asked = {"contract": "BTC_USDT", "size": 10, "price": "0", "tif": "ioc"}
    thin(stand.world, asked, Decimal(4))
    placed = client.done("futures.order_place", asked)
    stand.publish()
    assert (placed["finish_as"], placed["left"]) == ("ioc", "6")
    orders = [item for name, item in pushed(client) if name == "futures.orders"]
    assert [item["finish_as"] for item in orders] == ["_update", "ioc"]
    assert orders[-1]["left"] == "6"


def test_sizes_follow_the_handshake(stand):
    client = listener(stand, *FUTURES, sizes=False)
    client.done("futures.order_place", {"contract": "BTC_USDT", "size": "5", **MARKET})
    stand.publish()
    items = dict(pushed(client))
    assert items["futures.positions"]["size"] == 5
    assert items["futures.usertrades"]["size"] == 5
    assert items["futures.orders"]["left"] == 0


def test_only_the_asked_contract_is_heard(stand):
    client = Client(stand)
    client.subscribe("futures.orders", ["42", "ETH_USDT"], key="ann")
    client.login()
    for name in ("BTC_USDT", "ETH_USDT"):
        client.done("futures.order_place", {"contract": name, "size": 1, **MARKET})
    stand.publish()
    assert {item["contract"] for _, item in pushed(client)} == {"ETH_USDT"}
    client.subscribe("futures.orders", ["42", "ETH_USDT"], event="unsubscribe")
    client.done("futures.order_place", {"contract": "ETH_USDT", "size": 1, **MARKET})
    stand.publish()
    assert pushed(client) == []


def test_nobody_hears_another_user(stand):
    spy = listener(stand, *FUTURES, key="bob", uid="43")
    ann = Client(stand)
    ann.login("ann")
    ann.done("futures.order_place", {"contract": "BTC_USDT", "size": 1, **MARKET})
    stand.publish()
    assert pushed(spy) == []


def test_a_liquidation_reaches_every_channel_it_concerns(stand):
    client = listener(stand, *FUTURES, "futures.liquidates", "futures.position_closes")
    client.done("futures.order_place", {"contract": "BTC_USDT", "size": 50, **MARKET})
    stand.publish()
    client.take()
    stand.market.set_price(futures("BTC_USDT"), Decimal(50_000), stand.clock.ms)
    stand.publish()
    items = dict(pushed(client))
    assert items["futures.orders"]["finish_as"] == "liquidated"
    assert items["futures.orders"]["is_liq"] is True
    gone = items["futures.liquidates"]
    assert gone["order_id"] == items["futures.orders"]["id"]
    assert all(isinstance(gone[name], NUMBER) for name in ("order_price", "entry_price", "margin"))
    assert isinstance(gone["size"], str)
    assert isinstance(items["futures.position_closes"]["pnl"], NUMBER)


def test_price_orders_are_told_when_made_and_when_fired(stand):
    client = listener(stand, "futures.autoorders", "futures.orders")
    trigger = {
        "initial": {"contract": "BTC_USDT", "size": 2, "price": "0", "tif": "ioc"},
        "trigger": {"price_type": 0, "price": "70000", "rule": 1, "expiration": 3600},
    }
    made = rest(stand, "ann", "POST", "/futures/usdt/price_orders", body=trigger)
    stand.market.set_price(futures("BTC_USDT"), Decimal(71_000), stand.clock.ms)
    stand.publish()
    items = [item for name, item in pushed(client) if name == "futures.autoorders"]
    assert [item["status"] for item in items] == ["open", "finished"]
    first, last = items
    assert first["id"] == made["id"]
    assert first["name"] == "price_autoorders"
    assert first["initial"]["size"] == "2"
    assert isinstance(first["create_time"], int)
    assert first["is_stop_order"] is False
    assert last["trade_id"] > 0


def test_a_spot_fill_comes_as_fill_order_balance(stand):
    client = listener(stand, *SPOT)
    order = {"currency_pair": "BTC_USDT", "type": "market", "side": "buy", "amount": "100"}
    placed = client.done("spot.order_place", {**order, "time_in_force": "ioc", "text": "t-s"})
    stand.publish()
    events = pushed(client)
    names = list(dict.fromkeys(name for name, _ in events))
    assert names == [
        "spot.usertrades", "spot.usertrades_v2", "spot.orders", "spot.orders_v2", "spot.balances",
    ]  # fmt: skip
    items = dict(events)
    assert items["spot.orders"]["event"] == "finish"
    assert items["spot.orders"]["finish_as"] == "filled"
    assert "status" not in items["spot.orders"]
    assert isinstance(items["spot.orders"]["user"], int)
    assert "fee" in items["spot.orders"]
    assert "fee" not in items["spot.orders_v2"]
    assert items["spot.orders_v2"]["id"] == placed["id"]
    assert items["spot.usertrades"]["order_id"] == placed["id"]
    assert isinstance(items["spot.usertrades"]["id"], int)
    assert {i["change_type"] for n, i in events if n == "spot.balances"} >= {
        "order-create", "order-match", "trade-fee-deduct",
    }  # fmt: skip


def test_the_life_of_a_resting_spot_order(stand):
    client = listener(stand, "spot.orders")
    order = {"currency_pair": "BTC_USDT", "side": "buy", "amount": "0.01", "price": "60000"}
    placed = client.done("spot.order_place", order)
    change = {"order_id": placed["id"], "currency_pair": "BTC_USDT", "amount": "0.009"}
    client.done("spot.order_amend", change)
    client.done("spot.order_cancel", {"order_id": placed["id"], "currency_pair": "BTC_USDT"})
    stand.publish()
    items = [item for _, item in pushed(client)]
    assert [item["event"] for item in items] == ["put", "update", "finish"]
    assert items[-1]["finish_as"] == "cancelled"


def test_a_spot_price_order_is_a_single_object(stand):
    client = listener(stand, "spot.priceorders")
    body = {
        "market": "BTC_USDT",
        "trigger": {"price": "20000", "rule": "<=", "expiration": 3600},
        "put": {"side": "sell", "price": "19000", "amount": "0.1", "type": "limit"},
    }
    made = rest(stand, "ann", "POST", "/spot/price_orders", body=body)
    stand.publish()
    (frame,) = client.take()
    assert isinstance(frame["result"], dict)
    assert frame["result"]["id"] == str(made["id"])
    assert frame["result"]["uid"] == "42"


@pytest.mark.parametrize("pair", ["BTC_USDT", "ETH_USDT"])
def test_a_maker_hears_when_the_market_comes_to_it(stand, pair):
    client = listener(stand, "spot.orders", "spot.usertrades")
    price = stand.world.rooms[spot(pair)].last * Decimal("0.9")
    price = stand.world.rooms[spot(pair)].instrument.conform_price(price, Side.BUY)
    order = {"currency_pair": pair, "side": "buy", "amount": "0.01", "price": str(price)}
    client.done("spot.order_place", order)
    stand.market.set_price(spot(pair), price * Decimal("0.9"), stand.clock.ms)
    stand.publish()
    items = dict(pushed(client))
    assert items["spot.usertrades"]["role"] == "maker"
    assert items["spot.orders"]["event"] == "finish"


def test_only_what_somebody_hears_is_written_down(stand):
    stand.world.audience = stand.hub.has_audience
    order = {"contract": "BTC_USDT", "size": 1, **MARKET}
    rest(stand, "ann", "POST", "/futures/usdt/orders", body=order)
    assert stand.world.events == []
    client = listener(stand, "futures.orders")
    rest(stand, "bob", "POST", "/futures/usdt/orders", body=order)
    assert stand.world.events == []
    rest(stand, "ann", "POST", "/futures/usdt/orders", body=order)
    assert [event.channel for event in stand.world.events] == ["orders"]
    stand.publish()
    assert [name for name, _ in pushed(client)] == ["futures.orders"]
    client.session.close()
    rest(stand, "ann", "POST", "/futures/usdt/orders", body=order)
    assert stand.world.events == []
