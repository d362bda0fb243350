"""Price orders: when they fire, what they place, and how they end."""

from __future__ import annotations

from typing import Any

import pytest

from mtrade.domain.instruments import Side
from mtrade.domain.positions import Leg
from tests.paper.futures.stand import ALICE, BOB, BTC, Stand, refusal

PATH = "/futures/usdt/price_orders"


def body(
    price: str = "61000", rule: int = 1, source: int = 0, order_type: str = "", **initial: Any
) -> dict[str, Any]:
    whole = {"contract": "BTC_USDT", "size": 5, "price": "0", "tif": "ioc"} | initial
    trigger = {"strategy_type": 0, "price_type": source, "price": price, "rule": rule}
    extra = {"order_type": order_type} if order_type else {}
    return {"initial": whole, "trigger": trigger, **extra}


def create(stand: Stand, *, uid: int = ALICE, **parts: Any) -> int:
    reply = stand.call("POST", PATH, uid, body=body(**parts))
    answer: Any = reply.body
    assert reply.status == 201
    assert answer == {"id": answer["id"], "id_string": str(answer["id"])}
    return int(answer["id"])


def shown(stand: Stand, number: int) -> Any:
    return stand.ask("GET", f"{PATH}/{number}")


def last(stand: Stand, price: str) -> None:
    """A trade of two others at `price`."""
    stand.book("100", "100000")
    stand.quote(Side.SELL, price, 1)
    stand.place(BOB, size=1, price=price)


@pytest.mark.parametrize(
    ("parts", "label"),
    [
        ({"price": "60000", "rule": 1}, "AUTO_TRIGGER_PRICE_LESS_LAST"),
        ({"price": "60000", "rule": 2}, "AUTO_TRIGGER_PRICE_GREATE_LAST"),
        ({"price": "61000", "rule": 2, "source": 1}, "AUTO_TRIGGER_PRICE_GREATE_LAST"),
        ({"rule": 0}, "AUTO_INVALID_PARAM_TRIGGER_RULE"),
        ({"price": "0"}, "INVALID_PARAM_VALUE"),
        ({"contract": "NO_USDT"}, "CONTRACT_NOT_FOUND"),
        ({"size": 0}, "INVALID_PARAM_VALUE"),
        ({"size": 1, "close": True}, "INVALID_PARAM_VALUE"),
        ({"size": "0.5"}, "INVALID_PARAM_VALUE"),
        ({"size": 2_000_000}, "SIZE_TOO_LARGE"),
        ({"tif": "gtc"}, "INVALID_PARAM_VALUE"),
        ({"tif": "poc"}, "INVALID_PARAM_VALUE"),
        ({"size": 0, "auto_size": "close_long"}, "INVALID_PARAM_VALUE"),
        ({"order_type": "close-everything"}, "INVALID_PARAM_VALUE"),
        ({"order_type": "plan-close-long-position", "size": 5}, "INVALID_PARAM_VALUE"),
        ({"text": "mine"}, "INVALID_PARAM_VALUE"),
    ],
)
def test_refusals(stand: Stand, parts: dict[str, Any], label: str) -> None:
    assert refusal(stand, "POST", PATH, body=body(**parts)) == label
    assert stand.ask("GET", f"{PATH}?status=open") == []


def test_missing_parts(stand: Stand) -> None:
    assert refusal(stand, "POST", PATH, body={}) == "MISSING_REQUIRED_PARAM"
    assert refusal(stand, "POST", PATH, body={"initial": 5}) == "INVALID_PARAM_VALUE"
    assert refusal(stand, "GET", PATH) == "MISSING_REQUIRED_PARAM"


def test_it_fires_on_the_last_price_after_a_trade(stand: Stand) -> None:
    number = create(stand, text="t-plan")
    stand.quote(Side.SELL, "60995", 1000)
    last(stand, "61000")
    done = shown(stand, number)
    assert (done["status"], done["finish_as"]) == ("finished", "succeeded")
    order = stand.ask("GET", f"/futures/usdt/orders/{done['trade_id']}")
    assert (order["text"], order["size"]) == ("t-plan", "5")
    assert order["id"] != number


def test_it_fires_on_mark_and_on_index(stand: Stand) -> None:
    on_mark = create(stand, source=1, price="59500", rule=2)
    on_index = create(stand, source=2, price="59400", rule=2)
    stand.mark("59500")
    assert shown(stand, on_mark)["finish_as"] == "succeeded"
    assert shown(stand, on_index)["status"] == "open"
    stand.mark("59400")
    assert shown(stand, on_index)["finish_as"] == "succeeded"
    assert stand.position().size == 10


def test_one_firing_can_set_off_the_next(stand: Stand) -> None:
    stand.book("59990", "60500")
    first = create(stand, price="60400", source=1)
    second = create(stand, price="60500", rule=1)
    stand.mark("60400")
    assert shown(stand, first)["finish_as"] == "succeeded"
    assert shown(stand, second)["finish_as"] == "succeeded"
    assert stand.position().size == 10


def test_a_refused_order_fails_with_its_label(stand: Stand) -> None:
    number = create(stand, size=-5, reduce_only=True, source=1)
    stand.mark("61000")
    done = shown(stand, number)
    assert (done["finish_as"], done["reason"], done["trade_id"]) == ("failed", "POSITION_EMPTY", 0)


def test_margin_is_not_reserved(stand: Stand) -> None:
    create(stand, size=10_000)
    assert stand.available() == 10_000


@pytest.mark.parametrize("way", [{"close": True, "size": 0}, {"order_type": "close-long-position"}])
def test_stop_of_the_whole_position(stand: Stand, way: dict[str, Any]) -> None:
    stand.place(size=7)
    number = create(stand, price="59000", rule=2, source=1, **({"size": 0} | way))
    stand.place(size=3)
    stand.mark("59000")
    assert shown(stand, number)["finish_as"] == "succeeded"
    assert stand.position().size == 0


def test_a_partial_stop_shrinks_to_the_position(stand: Stand) -> None:
    stand.place(size=7)
    kind = "plan-close-long-position"
    number = create(stand, price="59000", rule=2, source=1, size=-5, order_type=kind)
    stand.place(size=-4)
    stand.mark("59000")
    assert shown(stand, number)["finish_as"] == "succeeded"
    assert stand.position().size == 0


def test_tied_orders_end_with_the_position_and_loose_ones_stay(stand: Stand) -> None:
    stand.place(size=7)
    tied = create(stand, price="59000", rule=2, size=0, order_type="close-long-position")
    plan = create(stand, price="62000", size=-5, order_type="plan-close-long-position")
    other = create(stand, price="62000", size=0, order_type="close-short-position")
    loose = create(stand, price="59000", rule=2, size=0, close=True)
    stand.place(size=0, close=True)
    for number in (tied, plan):
        done = shown(stand, number)
        assert (done["finish_as"], done["reason"]) == ("cancelled", "position_closed")
    assert [shown(stand, n)["status"] for n in (other, loose)] == ["open", "open"]


def test_a_tied_stop_of_a_short_does_not_touch_a_long(stand: Stand) -> None:
    stand.place(size=7)
    number = create(stand, price="61000", size=0, order_type="close-short-position", source=1)
    stand.mark("61000")
    assert shown(stand, number)["reason"] == "POSITION_EMPTY"
    assert stand.position().size == 7


def test_hedge_stop_closes_its_leg(stand: Stand) -> None:
    stand.call("POST", "/futures/usdt/dual_mode?dual_mode=true")
    stand.place(size=7)
    stand.place(size=-5)
    close = {"close": True, "size": 0}
    assert refusal(stand, "POST", PATH, body=body(**close)) == "POSITION_DUAL_MODE"
    number = create(stand, source=1, size=0, auto_size="close_short", reduce_only=True)
    kind = "close-long-position"
    other = create(stand, source=1, price="59000", rule=2, size=0, order_type=kind)
    stand.mark("61000")
    assert shown(stand, number)["finish_as"] == "succeeded"
    assert stand.position(leg=Leg.SHORT).size == 0
    assert stand.position(leg=Leg.LONG).size == 7
    stand.mark("59000")
    assert shown(stand, other)["finish_as"] == "succeeded"
    assert stand.position(leg=Leg.LONG).size == 0


def test_it_expires(stand: Stand) -> None:
    whole = body()
    whole["trigger"]["expiration"] = 60
    number = int(stand.ask("POST", PATH, body=whole)["id"])
    for_ever = create(stand)
    stand.now_ms += 59_999
    stand.venue.on_prices(stand.now_ms)
    assert shown(stand, number)["status"] == "open"
    stand.now_ms += 1
    stand.venue.on_prices(stand.now_ms)
    assert shown(stand, number)["finish_as"] == "expired"
    assert shown(stand, for_ever)["trigger"]["expiration"] == 2_592_000


def test_cancel_one_and_all(stand: Stand) -> None:
    first, second = create(stand), create(stand)
    theirs = create(stand, uid=BOB)
    assert stand.ask("DELETE", f"{PATH}/{first}")["finish_as"] == "cancelled"
    assert refusal(stand, "DELETE", f"{PATH}/{first}") == "ORDER_FINISHED"
    assert refusal(stand, "DELETE", f"{PATH}/{theirs}") == "ORDER_NOT_FOUND"
    assert stand.ask("DELETE", f"{PATH}?contract=ETH_USDT") == []
    assert [row["id"] for row in stand.ask("DELETE", f"{PATH}?contract=BTC_USDT")] == [second]
    listed = stand.ask("GET", f"{PATH}?status=finished&contract=BTC_USDT")
    assert [row["id"] for row in listed] == [second, first]


def test_amend(stand: Stand) -> None:
    number = create(stand)
    change = {"size": 7, "trigger_price": "62000", "price_type": 1}
    assert stand.ask("PUT", f"{PATH}/amend/{number}", body=change)["id"] == number
    now = shown(stand, number)
    assert (now["initial"]["size"], now["trigger"]["price"]) == ("7", "62000")
    assert now["trigger"]["price_type"] == 1
    bad = {"order_id": number, "trigger_price": "59000"}
    assert refusal(stand, "PUT", f"{PATH}/amend", body=bad) == "AUTO_TRIGGER_PRICE_LESS_LAST"
    assert shown(stand, number)["trigger"]["price"] == "62000"


def test_what_other_clients_leave_out(stand: Stand) -> None:
    lean = {
        "initial": {"contract": "BTC_USDT", "size": -20, "price": "0", "is_reduce_only": True},
        "trigger": {"price_type": 0, "price": "59000", "rule": 2},
        "textIsRequired": True,
    }
    stored = shown(stand, int(stand.ask("POST", PATH, body=lean)["id"]))
    assert (stored["initial"]["tif"], stored["initial"]["is_reduce_only"]) == ("ioc", True)
    exact = body(amount="0.4", contract="ETH_USDT", price="4000")
    exact["initial"]["size"] = 0
    exact["trigger"]["price"] = "4000"
    stored = shown(stand, int(stand.ask("POST", PATH, body=exact)["id"]))
    assert stored["initial"]["amount"] == "0.4"
    lean["initial"] |= {"text": "web"}
    stored = shown(stand, int(stand.ask("POST", PATH, body=lean)["id"]))
    assert stored["initial"]["text"] == "web"
    order = {"contract": "BTC_USDT", "size": 1, "price": "59000", "text": "web"}
    assert refusal(stand, "POST", "/futures/usdt/orders", body=order) == "INVALID_PARAM_VALUE"


def test_pushes(stand: Stand) -> None:
    number = create(stand, source=1)
    stand.mark("61000")
    pushed = [event for event in stand.events() if event.channel == "autoorders"]
    assert [event.body["status"] for event in pushed] == ["open", "finished"]
    assert {event.body["id"] for event in pushed} == {number}
    assert stand.world.rooms[BTC].last == 60_010
