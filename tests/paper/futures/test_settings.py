"""Leverage, margin mode, margin, position mode, and what the account shows of them."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from mtrade.domain.positions import Leg
from tests.paper.futures.stand import ALICE, COIN, ETH, Stand, refusal

POSITION = "/futures/usdt/positions/BTC_USDT"
LEGS = "/futures/usdt/dual_comp/positions/BTC_USDT"
DUAL = "/futures/usdt/dual_mode?dual_mode="


def account(stand: Stand, settle: str = "usdt") -> Any:
    return stand.ask("GET", f"/futures/{settle}/accounts")


def test_wallets_exist_before_any_transfer(stand: Stand) -> None:
    stand.venue.state.accounts.rows.clear()
    assert account(stand)["total"] == "0"
    assert account(stand, "btc")["currency"] == "BTC"


def test_leverage_zero_is_cross_and_above_is_isolated(stand: Stand) -> None:
    answer = stand.ask("POST", f"{POSITION}/leverage?leverage=0&cross_leverage_limit=25")
    assert (answer["leverage"], answer["cross_leverage_limit"]) == ("0", "25")
    assert (answer["pos_margin_mode"], answer["lever"]) == ("cross", "25")
    answer = stand.ask("POST", f"{POSITION}/leverage?leverage=7&cross_leverage_limit=25")
    assert (answer["leverage"], answer["cross_leverage_limit"]) == ("7", "0")
    assert answer["pos_margin_mode"] == "isolated"
    answer = stand.ask("POST", f"{POSITION}/leverage?leverage=0")
    assert answer["lever"] == "125"


@pytest.mark.parametrize(
    ("query", "label"),
    [
        ("", "MISSING_REQUIRED_PARAM"),
        ("leverage=126", "LEVERAGE_TOO_HIGH"),
        ("leverage=0.5", "LEVERAGE_TOO_LOW"),
        ("leverage=-3", "LEVERAGE_TOO_LOW"),
        ("leverage=0&cross_leverage_limit=200", "LEVERAGE_TOO_HIGH"),
        ("leverage=x", "INVALID_PARAM_VALUE"),
    ],
)
def test_refused_leverage(stand: Stand, query: str, label: str) -> None:
    assert refusal(stand, "POST", f"{POSITION}/leverage?{query}") == label
    assert stand.position().leverage == 10


def test_a_new_leverage_posts_margin_anew(stand: Stand) -> None:
    stand.place(size=1000)
    before = stand.position().margin
    stand.leverage("leverage=20")
    value = D(1000) * D("0.0001") * 60_010
    assert before == value / 10 + value * D("0.00075")
    assert stand.position().margin == value / 20 + value * D("0.00075")


def test_leverage_changes_an_open_position_only_if_it_can_live(stand: Stand) -> None:
    stand.place(size=10_000)
    assert refusal(stand, "POST", f"{POSITION}/leverage?leverage=125") == "RISK_LIMIT_EXCEEDED"
    assert refusal(stand, "POST", f"{POSITION}/leverage?leverage=2") == "INSUFFICIENT_AVAILABLE"
    assert stand.position().leverage == 10
    stand.world.rooms[stand.position().instrument].mark = D(59_000)
    assert refusal(stand, "POST", f"{POSITION}/leverage?leverage=100") == "LIQUIDATE_IMMEDIATELY"


def test_the_margin_mode_does_not_change_under_open_orders(stand: Stand) -> None:
    stand.place(size=1, price="59000")
    assert refusal(stand, "POST", f"{POSITION}/leverage?leverage=0") == "ORDER_PENDING"
    stand.leverage("leverage=20")


def test_cross_mode_by_body_or_query_keeps_the_multiple(stand: Stand) -> None:
    path = "/futures/usdt/positions/cross_mode"
    stand.place(size=1000)
    answer = stand.ask("POST", path, body={"mode": "CROSS", "contract": "BTC_USDT"})
    assert (answer["pos_margin_mode"], answer["lever"]) == ("cross", "10")
    assert stand.position().margin == 0
    answer = stand.ask("POST", f"{path}?mode=ISOLATED&contract=BTC_USDT")
    assert (answer["leverage"], answer["pos_margin_mode"]) == ("10", "isolated")
    assert stand.position().margin > 0
    body = {"mode": "MIXED", "contract": "BTC_USDT"}
    assert refusal(stand, "POST", path, body=body) == "INVALID_PARAM_VALUE"


def test_set_and_get_leverage(stand: Stand) -> None:
    answer = stand.ask("POST", f"{POSITION}/set_leverage?leverage=12&margin_mode=cross")
    assert (answer["leverage"], answer["cross_leverage_limit"]) == ("0", "12")
    path = "/futures/usdt/get_leverage/BTC_USDT?pos_margin_mode=cross&dual_side=dual_long"
    assert stand.ask("GET", path)["lever"] == "12"
    stand.call("POST", f"{DUAL}true")
    chosen = "leverage=3&margin_mode=isolated&dual_side=dual_short"
    stand.call("POST", f"{POSITION}/set_leverage?{chosen}")
    legs = stand.ask("GET", LEGS)
    assert [leg["leverage"] for leg in legs] == ["10", "3"]


def test_margin_in_and_out(stand: Stand) -> None:
    stand.place(size=1000)
    initial, before = stand.position().margin, stand.position().update_id
    answer = stand.ask("POST", f"{POSITION}/margin?change=100")
    assert D(answer["margin"]) == initial + 100
    assert answer["update_id"] == before + 1
    stand.call("POST", f"{POSITION}/margin?change=-60")
    assert refusal(stand, "POST", f"{POSITION}/margin?change=-60") == "REMOVE_TOO_MUCH"
    assert refusal(stand, "POST", f"{POSITION}/margin?change=9999") == "INSUFFICIENT_AVAILABLE"
    assert refusal(stand, "POST", f"{POSITION}/margin") == "MISSING_REQUIRED_PARAM"
    stand.leverage("leverage=0")
    assert refusal(stand, "POST", f"{POSITION}/margin?change=1") == "POSITION_CROSS_MARGIN"
    empty = "/futures/usdt/positions/ETH_USDT/margin?change=1"
    assert refusal(stand, "POST", empty) == "POSITION_EMPTY"


def test_position_mode_needs_a_flat_account(stand: Stand) -> None:
    stand.place(size=1)
    assert refusal(stand, "POST", f"{DUAL}true") == "POSITION_HOLDING"
    stand.place(size=0, close=True)
    order = stand.place(key=ETH, size="0.1", price="2900")
    assert refusal(stand, "POST", f"{DUAL}1") == "ORDER_PENDING"
    stand.call("DELETE", f"/futures/usdt/orders/{order.id}")
    answer = stand.ask("POST", f"{DUAL}True")
    assert (answer["in_dual_mode"], answer["position_mode"]) == (True, "dual")
    assert refusal(stand, "POST", f"{DUAL}true") == "NO_CHANGE"
    assert account(stand, "btc")["in_dual_mode"] is False
    mode = "/futures/usdt/set_position_mode?position_mode="
    assert stand.ask("POST", f"{mode}single")["position_mode"] == "single"
    assert refusal(stand, "POST", f"{mode}dual_plus") == "INVALID_PARAM_VALUE"


def test_answers_in_dual_mode(stand: Stand) -> None:
    stand.call("POST", f"{DUAL}true")
    stand.place(size=5)
    assert refusal(stand, "GET", POSITION) == "POSITION_DUAL_MODE"
    assert refusal(stand, "POST", f"{POSITION}/margin?change=1") == "POSITION_DUAL_MODE"
    both = stand.ask("POST", f"{POSITION}/leverage?leverage=5")
    assert [(leg["mode"], leg["leverage"]) for leg in both] == [
        ("dual_long", "5"),
        ("dual_short", "5"),
    ]
    listed = stand.ask("GET", "/futures/usdt/positions")
    assert [leg["mode"] for leg in listed] == ["dual_long", "dual_short"]
    held = stand.ask("GET", "/futures/usdt/positions?holding=true")
    assert [leg["size"] for leg in held] == ["5"]
    path = f"{LEGS}/margin?change=10&dual_side="
    assert [leg["margin"] for leg in stand.ask("POST", f"{path}dual_long")][1] == "0"
    assert refusal(stand, "POST", f"{path}up") == "INVALID_PARAM_VALUE"
    answer = stand.ask("POST", f"{LEGS}/risk_limit?risk_limit=1000000")
    assert len(answer) == 2
    body = {"mode": "CROSS", "contract": "BTC_USDT"}
    assert refusal(stand, "POST", "/futures/usdt/positions/cross_mode", body=body) == (
        "POSITION_DUAL_MODE"
    )
    both = stand.ask("POST", "/futures/usdt/dual_comp/positions/cross_mode", body=body)
    assert [leg["pos_margin_mode"] for leg in both] == ["cross", "cross"]


def test_positions_show_what_was_touched(stand: Stand) -> None:
    assert stand.ask("GET", "/futures/usdt/positions") == []
    untouched = stand.ask("GET", POSITION)
    assert (untouched["size"], untouched["mode"], untouched["leverage"]) == ("0", "single", "10")
    assert stand.ask("GET", "/futures/usdt/positions") == []
    stand.place(size=1)
    stand.place(size=0, close=True)
    assert [row["size"] for row in stand.ask("GET", "/futures/usdt/positions")] == ["0"]
    assert stand.ask("GET", "/futures/usdt/positions?holding=True") == []
    assert refusal(stand, "GET", "/futures/usdt/positions/NO_USDT") == "CONTRACT_NOT_FOUND"


def test_position_numbers_of_the_worked_example(stand: Stand) -> None:
    stand.book("59990", "60000")
    stand.leverage("leverage=20")
    stand.place(size=1000)
    shown = stand.ask("GET", POSITION)
    assert (shown["value"], shown["margin"], shown["initial_margin"]) == ("6000", "304.5", "304.5")
    assert D(shown["liq_price"]).quantize(D("0.01")) == D("57226.83")
    assert shown["maintenance_margin"] == "28.5"
    assert (shown["risk_limit"], shown["leverage_max"]) == ("20000", "125")
    assert shown["unrealised_pnl"] == "0"


def test_orders_reserve_their_cost(stand: Stand) -> None:
    stand.leverage("leverage=20")
    stand.place(size=1000, price="59000")
    value = D(5900)
    cost = value / 20 + value * D("0.0005") + value * D("0.00075")
    assert D(account(stand)["order_margin"]) == cost
    assert D(account(stand)["available"]) == 10_000 - cost
    stand.place(size=-1000, price="61000")
    dearer = D(6100) / 20 + D(6100) * D("0.0005") + D(6100) * D("1.05") * D("0.00075")
    assert D(account(stand)["order_margin"]) == dearer


def test_an_order_against_the_position_reserves_only_what_it_opens(stand: Stand) -> None:
    stand.place(size=1000)
    before = stand.available()
    stand.place(size=-1000, price="61000")
    assert stand.available() == before
    stand.place(size=-1, price="61000")
    assert stand.available() < before


def test_cross_profit_is_not_available_but_loss_is_taken(stand: Stand) -> None:
    stand.leverage("leverage=0&cross_leverage_limit=10")
    stand.place(size=1000)

    def expected(price: str, gain: D) -> D:
        value = D(1000) * D("0.0001") * D(price)
        return stand.total() - value / 10 - value * D("0.00075") + gain

    stand.mark("61000")
    assert stand.available() == expected("61000", D(0))
    stand.mark("59000")
    assert stand.available() == expected("59000", D("0.1") * (59_000 - 60_010))
    shown = account(stand)
    assert shown["cross_unrealised_pnl"] == "-101"
    assert D(shown["cross_margin_balance"]) == stand.total() - 101


def test_deposit_and_withdraw(stand: Stand) -> None:
    stand.venue.deposit(ALICE, "usdt", D(5), stand.now_ms)
    assert stand.total() == 10_005
    stand.place(size=1000)
    free = stand.available()
    with pytest.raises(Exception, match="FUTURES_BALANCE_NOT_ENOUGH"):
        stand.venue.withdraw(ALICE, "usdt", free + 1, stand.now_ms)
    stand.venue.withdraw(ALICE, "usdt", free, stand.now_ms)
    assert stand.available() == 0
    book = stand.ask("GET", "/futures/usdt/account_book?type=dnw")
    assert [row["change"] for row in book][1:] == ["5", "10000"]
    assert stand.venue.worth(ALICE, "usdt")[1] == D("-1")


def test_update_ids_only_grow(stand: Stand) -> None:
    seen = []
    for size in (1, -1, 1, -2, 1):
        stand.place(size=size)
        seen.append(stand.position().update_id)
    assert seen == sorted(set(seen))


def test_dual_leverage_of_the_inverse_contract_has_its_own_maximum(stand: Stand) -> None:
    path = "/futures/btc/positions/BTC_USD/leverage?leverage="
    assert refusal(stand, "POST", f"{path}101") == "LEVERAGE_TOO_HIGH"
    stand.call("POST", f"{path}100")
    assert stand.position(key=COIN, leg=Leg.NET).leverage == 100


def test_a_new_user_gets_a_wallet_in_every_settle_currency(stand: Stand) -> None:
    stand.venue.open_accounts(99)
    assert {"usdt:99", "btc:99"} <= set(stand.venue.state.accounts.rows)
