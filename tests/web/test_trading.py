"""Orders, triggers, positions and money through the API, down to the scripted exchange."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from mtrade.domain.errors import ExchangeUnavailable, OrderRejected, OutcomeUnknown
from mtrade.domain.frozen import replace
from tests.trading.fakes import fill_of
from tests.web.fakes import HOSTILE, WebExchange
from tests.web.samples import CONTRACT, THING
from tests.web.site import Browser, Site, error_of

ORDER: dict[str, Any] = {
    "request_id": "request-1", **THING, "side": "buy", "type": "limit", "size": "10",
    "unit": "contracts", "price": "59000",
}  # fmt: skip
INTENT = {
    "id", "account", "network", "request_id", "kind", "state", "market", "settle", "instrument",
    "side", "type", "size", "price", "tif", "reduce_only", "close", "trigger", "text", "parent",
    "order_id", "filled", "average", "label", "evidence", "planned_ms", "sent_ms", "path",
    "closed_ms",
}  # fmt: skip


def exchange_of(site: Site) -> WebExchange:
    return next(iter(site.net.exchanges.values()))


@pytest.fixture
def trader(site: Site) -> Browser:
    return site.browser("trader")


def test_an_order_is_sent_once_however_often_it_is_asked_for(site: Site, trader: Browser) -> None:
    first = trader.post("/api/trade", ORDER)
    second = trader.post("/api/trade", ORDER)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json["intent"] == second.json["intent"]
    assert set(first.json["intent"]) == INTENT
    sent = exchange_of(site).placed
    assert [(o.size, o.price) for o in sent] == [(D(10), D(59000))]
    assert site.audit.acts() == ["order.submit"] * 2


def test_the_request_id_of_another_order_is_a_conflict(site: Site, trader: Browser) -> None:
    trader.post("/api/trade", ORDER)
    other = trader.post("/api/trade", {**ORDER, "size": "99"})
    assert (other.status_code, other.json["error"]["code"]) == (409, "request_id_reused")
    assert len(exchange_of(site).placed) == 1


def test_numbers_are_text_and_a_comma_is_a_point(trader: Browser) -> None:
    intent = trader.post("/api/trade", {**ORDER, "price": "59000,5"}).json["intent"]
    assert (intent["price"], intent["size"], intent["filled"]) == ("59000.5", "10", "0")
    assert (intent["state"], intent["account"], intent["network"]) == (
        "OPEN", "paper:10001", "paper",
    )  # fmt: skip


def test_a_refusal_of_our_own_sends_nothing(site: Site, trader: Browser) -> None:
    response = trader.post("/api/trade", {**ORDER, "price": "90000"})
    error = error_of(response)
    assert (response.status_code, error["code"]) == (422, "price_band")
    assert error["params"]["price"] == "90000"
    assert exchange_of(site).placed == []


def test_a_refusal_of_the_exchange_keeps_its_words(site: Site, trader: Browser) -> None:
    def refuse(order: object) -> Any:
        raise OrderRejected("no", label="INSUFFICIENT_AVAILABLE", raw=HOSTILE)

    exchange_of(site).on_place = refuse
    response = trader.post("/api/trade", ORDER)
    assert response.status_code == 422
    assert error_of(response)["label"] == "INSUFFICIENT_AVAILABLE"


def test_an_unknown_outcome_names_the_order_to_ask_for(site: Site, trader: Browser) -> None:
    def vanish(order: object) -> Any:
        raise OutcomeUnknown("no answer")

    exchange_of(site).on_place = vanish
    response = trader.post("/api/trade", ORDER)
    error = error_of(response)
    assert (response.status_code, error["code"]) == (504, "outcome_unknown")
    found = trader.get(f"/api/trade/{error['params']['intent']}").json
    assert found["state"] in ("SENDING", "UNKNOWN", "VOID", "HOLD")


def test_an_unreachable_exchange_is_no_server_fault(site: Site, trader: Browser) -> None:
    exchange_of(site).fault = ExchangeUnavailable("no route", retry_after=3)
    response = trader.get("/api/market/tickers")
    assert (response.status_code, error_of(response)["code"]) == (503, "exchange_unavailable")
    assert response.headers["Retry-After"] == "3"


def test_the_preview_computes_and_sends_nothing(site: Site) -> None:
    body = {name: value for name, value in ORDER.items() if name != "request_id"}
    shown = site.browser("viewer").post("/api/trade/preview", {**body, "leverage": "10"}).json
    assert (shown["size"], shown["unit"], shown["value"]) == ("10", "contracts", "59")
    assert isinstance(shown["problems"], list)
    assert exchange_of(site).placed == []
    refused = site.browser("viewer").post("/api/trade/preview", {**body, "price": "90000"}).json
    assert refused["problems"][0]["code"] == "price_band"
    assert "price" in refused["problems"][0]["params"]


def test_a_problem_of_the_preview_speaks_the_callers_language(site: Site) -> None:
    body = {name: value for name, value in ORDER.items() if name != "request_id"}
    russian = site.browser("viewer", headers={"Accept-Language": "ru"})
    [problem] = russian.post("/api/trade/preview", {**body, "size": "0.5"}).json["problems"]
    assert (problem["code"], problem["field"]) == ("invalid_request", "size")
    assert problem["message"].startswith("минимум")


def test_the_journal_is_paged_newest_first(trader: Browser) -> None:
    for number in range(3):
        trader.post("/api/trade", {**ORDER, "request_id": f"request-{number}"})
    first = trader.get("/api/trade", limit=2).json
    assert [row["request_id"] for row in first["items"]] == ["request-2", "request-1"]
    rest = trader.get("/api/trade", limit=2, before=first["next"]).json
    assert [row["request_id"] for row in rest["items"]] == ["request-0"]
    assert rest["next"] is None
    missing = trader.get("/api/trade/999")
    assert (missing.status_code, error_of(missing)["code"]) == (404, "unknown_intent")


def test_open_orders_know_where_they_come_from(site: Site, trader: Browser) -> None:
    intent = trader.post("/api/trade", ORDER).json["intent"]
    exchange = exchange_of(site)
    own = exchange.orders[intent["text"]]
    exchange.orders["web"] = replace(own, text="web", order_id="78")
    answer = trader.get("/api/orders", **THING).json
    assert (answer["network"], answer["account"]) == ("paper", "paper:10001")
    assert answer["age_ms"] >= 0
    found = {row["order_id"]: (row["source"], row["intent"]) for row in answer["items"]}
    assert found == {"77": ("manual", intent["id"]), "78": ("foreign", None)}
    assert trader.get("/api/orders", market="spot").json["items"] == []


def test_history_needs_an_instrument(trader: Browser) -> None:
    response = trader.get("/api/orders", status="history")
    assert (response.status_code, list(error_of(response)["fields"])) == (400, ["instrument"])
    assert trader.get("/api/orders", status="history", **THING).status_code == 200


def test_orders_are_changed_and_cancelled(trader: Browser) -> None:
    trader.post("/api/trade", ORDER)
    changed = trader.send("PATCH", "/api/orders/77", {**THING, "price": "58000"}).json
    assert (changed["price"], changed["source"]) == ("58000", "manual")
    off_grid = trader.send("PATCH", "/api/orders/77", {**THING, "price": "58000.05"})
    assert error_of(off_grid)["fields"]["price"].endswith("0.1")
    ended = trader.send("DELETE", "/api/orders/77", query=THING).json
    assert (ended["open"], ended["finish_as"]) == (False, "cancelled")
    unknown = trader.send("DELETE", "/api/orders/404", query=THING)
    assert (unknown.status_code, error_of(unknown)["label"]) == (422, "ORDER_NOT_FOUND")
    assert HOSTILE in error_of(unknown)["raw"]


def test_all_orders_are_cancelled_by_scope(trader: Browser) -> None:
    trader.post("/api/trade", ORDER)
    assert trader.post("/api/orders/cancel_all", {"market": "spot"}).json["items"] == []
    ended = trader.post("/api/orders/cancel_all", {"market": "futures"}).json["items"]
    assert [row["order_id"] for row in ended] == ["77"]


def test_triggers_are_placed_listed_and_withdrawn(trader: Browser) -> None:
    body = {
        **ORDER, "side": "sell", "type": "market", "price": None, "reduce_only": True,
        "trigger": {"price": "70000", "above": True, "source": "mark"},
    }  # fmt: skip
    placed = trader.post("/api/triggers", body)
    assert placed.status_code == 201, placed.text
    assert placed.json["intent"]["trigger"] == {"price": "70000", "above": True, "source": "mark"}
    rows = trader.get("/api/triggers").json["items"]
    assert [(row["trigger_id"], row["status"]) for row in rows] == [("900", "open")]
    ended = trader.send("DELETE", "/api/triggers/900", query=THING).json
    assert ended["status"] == "cancelled"
    assert trader.send("DELETE", "/api/triggers/1", query=THING).status_code == 422


def test_positions_show_coins_return_and_distance(trader: Browser) -> None:
    answer = trader.get("/api/positions").json
    assert (answer["position_mode"], answer["account"]) == ("single", "paper:10001")
    row = answer["items"][0]
    assert (row["size"], row["coins"], row["roe_pct"]) == ("10", "0.001", "0")
    assert row["liq_distance_pct"] == "8.3333"


def test_a_position_is_closed_and_protected(site: Site, trader: Browser) -> None:
    close = {"request_id": "close-it-1", **CONTRACT, "percent": "50", "type": "market"}
    assert trader.post("/api/positions/close", close).status_code == 201
    placed = exchange_of(site).placed[-1]
    assert (placed.size, placed.reduce_only, placed.side) == (D(5), True, "sell")
    both = {
        "request_id": "protect-1", **CONTRACT,
        "take_profit": {"price": "66000"}, "stop_loss": {"price": "56000", "source": "mark"},
    }  # fmt: skip
    answer = trader.post("/api/positions/protect", both)
    assert answer.status_code == 201, answer.text
    assert len(answer.json["items"]) == 2
    none = trader.post("/api/positions/protect", {"request_id": "protect-2", **CONTRACT})
    assert list(error_of(none)["fields"]) == ["stop_loss"]


def test_leverage_margin_and_mode_reach_the_exchange(site: Site, trader: Browser) -> None:
    exchange = exchange_of(site)
    rows = trader.post(
        "/api/positions/leverage", {**CONTRACT, "leverage": "20", "margin_mode": "cross"}
    ).json["items"]
    assert rows[0]["instrument"] == "BTC_USDT"
    assert exchange.leverages == [(D(20), "cross")]
    above = {**CONTRACT, "leverage": "51", "margin_mode": "cross"}
    assert trader.post("/api/positions/leverage", above).status_code == 422
    assert trader.post("/api/positions/margin", {**CONTRACT, "change": "-1.5"}).status_code == 200
    assert exchange.margins == [D("-1.5")]
    mode = trader.post("/api/positions/mode", {"mode": "dual"}).json
    assert mode == {"position_mode": "dual"}


def test_finished_positions_and_fills_are_listed(site: Site, trader: Browser) -> None:
    row = trader.get("/api/positions/closed").json["items"][0]
    assert (row["instrument"], row["pnl"]) == ("BTC_USDT", "1")
    trader.post("/api/trade", ORDER)
    exchange = exchange_of(site)
    exchange.trades.append(fill_of(next(iter(exchange.orders.values())), size=D(10)))
    fill = trader.get("/api/fills", **THING).json["items"][0]
    assert (fill["size"], fill["role"], fill["fee"]) == ("10", "taker", "0")


def test_balances_of_one_and_of_all(site: Site, trader: Browser) -> None:
    one = trader.get("/api/balance").json["items"]
    assert [row["account"] for row in one] == ["paper:10001"]
    coins = {coin["currency"]: coin["value_usdt"] for coin in one[0]["spot"]}
    assert coins == {"USDT": "10000", "BTC": "30000"}
    assert {wallet["settle"] for wallet in one[0]["futures"]} == {"usdt", "btc"}
    site.desk.accounts.open_paper("Second")
    every = trader.get("/api/balance", account="all").json
    assert len(every["items"]) == 2
    assert every["errors"] == []


def test_money_moves_between_own_wallets(trader: Browser) -> None:
    body = {"currency": "USDT", "amount": "5", "source": "spot", "target": "futures"}
    assert trader.post("/api/transfer", body).json == {"tx_id": "tx1"}
    same = trader.post("/api/transfer", {**body, "target": "spot"})
    assert list(error_of(same)["fields"]) == ["target"]


def test_a_held_order_is_ended_only_by_an_elevated_owner(site: Site, trader: Browser) -> None:
    intent = trader.post("/api/trade", ORDER).json["intent"]
    path, body = f"/api/trade/{intent['id']}/resolve", {"reason": "looked at the exchange"}
    assert trader.post(path, body).status_code == 403
    owner = site.browser(elevated=True)
    response = owner.post(path, body)
    assert (response.status_code, error_of(response)["code"]) == (409, "not_on_hold")
