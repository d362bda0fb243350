"""Gate's own Python SDK trades spot here: its models accept every answer, its errors fit."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import gate_api
import pytest
from gate_api import ApiException
from gate_api.exceptions import GateApiException

from tests.paper.running import ANN, BOB, Running
from tests.paper.sdk import Sdk, calls_in

PAIR = "BTC_USDT"


@pytest.fixture(scope="module")
def running():
    with Running("--no-limits", accounts=(ANN, BOB)) as running:
        yield running


@pytest.fixture(scope="module")
def sdk(running):
    return Sdk(running, "ann")


@pytest.fixture(autouse=True)
def _tidy(sdk):
    yield
    sdk.spot.cancel_orders()
    sdk.spot.cancel_spot_price_triggered_order_list()


def order(side: str = "buy", price: str | None = "30000", amount: str = "0.001", **more: object):
    kind = {"type": "limit"} if price else {"type": "market", "time_in_force": "ioc"}
    return gate_api.Order(
        currency_pair=PAIR, side=side, amount=amount, price=price, **{**kind, **more}
    )


def refused(call, *args, **options) -> tuple[int, str]:
    with pytest.raises(GateApiException) as error:
        call(*args, **options)
    return error.value.status, error.value.label


def test_at_least_sixty_different_calls_of_the_sdk_are_tried():
    here = Path(__file__)
    calls = calls_in(here, here.with_name("test_sdk_futures.py"))
    assert len(calls) >= 60, sorted(calls)


def test_time_currencies_and_pairs(sdk):
    assert abs(sdk.spot.get_system_time().server_time - time.time() * 1000) < 5_000
    assert "USDT" in {c.currency for c in sdk.spot.list_currencies()}
    assert sdk.spot.get_currency("BTC").trade_disabled is False
    pairs = {pair.id: pair for pair in sdk.spot.list_currency_pairs()}
    assert pairs[PAIR].base == "BTC"
    one = sdk.spot.get_currency_pair(PAIR)
    assert (one.trade_status, one.amount_precision, one.precision) == ("tradable", 6, 1)


def test_market_data(sdk):
    (ticker,) = sdk.spot.list_tickers(currency_pair=PAIR)
    assert Decimal(ticker.highest_bid) < Decimal(ticker.lowest_ask)
    assert len(sdk.spot.list_tickers()) >= 12
    book = sdk.spot.list_order_book(PAIR, limit=5, with_id=True)
    assert (len(book.asks), len(book.bids)) == (5, 5)
    assert book.id > 0
    sdk.spot.create_order(order("buy", None, "10"))
    (trade,) = sdk.spot.list_trades(PAIR, limit=1)
    assert trade.side in ("buy", "sell")
    candles = sdk.spot.list_candlesticks(PAIR, interval="1m", limit=10)
    assert len(candles) == 10
    assert all(Decimal(c[3]) >= Decimal(c[4]) for c in candles)


def test_balances_and_fees(sdk):
    accounts = {a.currency: a for a in sdk.spot.list_spot_accounts()}
    assert Decimal(accounts["USDT"].available) > 0
    assert sdk.spot.list_spot_accounts(currency="BTC")[0].currency == "BTC"
    assert sdk.spot.list_spot_account_book(currency="USDT")[-1].type == "deposit"
    fee = sdk.spot.get_fee(currency_pair=PAIR)
    assert (fee.user_id, fee.taker_fee) == (42, "0.002")
    assert sdk.spot.get_batch_spot_fee("BTC_USDT,ETH_USDT")["ETH_USDT"].maker_fee == "0.002"


def test_the_life_of_a_limit_order(sdk):
    made = sdk.spot.create_order(order(text="t-life"))
    assert (made.status, made.finish_as, made.left, made.fee_currency) == (
        "open",
        "open",
        "0.001",
        "BTC",
    )
    assert sdk.spot.get_order("t-life", PAIR).id == made.id
    assert [o.id for o in sdk.spot.list_orders(PAIR, "open")] == [made.id]
    groups = sdk.spot.list_all_open_orders()
    assert [(g.currency_pair, g.total, g.orders[0].id) for g in groups] == [(PAIR, 1, made.id)]
    patch = gate_api.OrderPatch(price="30001", amend_text="higher")
    amended = sdk.spot.amend_order(made.id, patch, currency_pair=PAIR)
    assert (amended.id, amended.price, amended.amend_text) == (made.id, "30001", "higher")
    gone = sdk.spot.cancel_order(made.id, PAIR)
    assert (gone.status, gone.finish_as) == ("cancelled", "cancelled")
    assert made.id in {o.id for o in sdk.spot.list_orders(PAIR, "finished")}


def test_market_orders_and_their_trades(sdk):
    bought = sdk.spot.create_order(order("buy", None, "100", text="t-mkt"))
    assert (bought.status, bought.finish_as) == ("closed", "filled")
    assert Decimal(bought.filled_amount) > 0
    trades = sdk.spot.list_my_trades(currency_pair=PAIR, order_id=bought.id)
    assert sum(Decimal(t.amount) for t in trades) == Decimal(bought.filled_amount)
    assert sum(Decimal(t.fee) for t in trades) == Decimal(bought.fee)
    assert {t.role for t in trades} == {"taker"}
    sold = sdk.spot.create_order(order("sell", None, "0.001"))
    assert sold.fee_currency == "USDT"


def test_batches(sdk):
    three = [
        gate_api.BatchOrder(
            currency_pair=PAIR,
            side="buy",
            amount="0.001",
            price=price,
            text=f"t-b{n}",
            type="limit",
            account="spot",
        )
        for n, price in enumerate(("30000", "30001", "1.23"))
    ]
    placed = sdk.spot.create_batch_orders(three)
    assert [o.succeeded for o in placed] == [True, True, False]
    assert placed[2].label == "INVALID_PRECISION"
    change = [gate_api.BatchAmendItem(order_id=placed[0].id, currency_pair=PAIR, price="29000")]
    assert sdk.spot.amend_batch_orders(change)[0].price == "29000"
    ids = [gate_api.CancelBatchOrder(currency_pair=PAIR, id=o.id) for o in placed[:1]]
    assert sdk.spot.cancel_batch_orders(ids)[0].succeeded is True
    (left,) = sdk.spot.cancel_orders(currency_pair=PAIR)
    assert (left.id, left.succeeded, left.status) == (placed[1].id, True, "cancelled")


def trigger(price: str, rule: str) -> gate_api.SpotPriceTriggeredOrder:
    return gate_api.SpotPriceTriggeredOrder(
        trigger=gate_api.SpotPriceTrigger(price=price, rule=rule, expiration=3600),
        put=gate_api.SpotPricePutOrder(
            type="limit",
            side="sell",
            price="90000",
            amount="0.001",
            account="normal",
            time_in_force="gtc",
        ),
        market=PAIR,
    )


def test_price_orders(sdk, running):
    made = sdk.spot.create_spot_price_triggered_order(trigger("20000", "<="))
    assert sdk.spot.get_spot_price_triggered_order(str(made.id)).status == "open"
    assert [t.id for t in sdk.spot.list_spot_price_triggered_orders("open")] == [made.id]
    assert sdk.spot.cancel_spot_price_triggered_order(str(made.id)).status == "cancelled"
    sdk.spot.create_spot_price_triggered_order(trigger("20000", "<="))
    assert len(sdk.spot.cancel_spot_price_triggered_order_list(market=PAIR)) == 1
    fires = sdk.spot.create_spot_price_triggered_order(trigger("70000", ">="))
    price = {"market": "spot", "instrument": PAIR, "price": "71000"}
    running.control("POST", "/paper/v1/price", price)
    fired = sdk.spot.get_spot_price_triggered_order(str(fires.id))
    assert fired.status == "finish"
    assert sdk.spot.get_order(str(fired.fired_order_id), PAIR).price == "90000"
    running.control("POST", "/paper/v1/price", {**price, "price": "64000"})


def test_the_countdown(sdk):
    task = gate_api.CountdownCancelAllSpotTask(timeout=30, currency_pair=PAIR)
    armed = sdk.spot.countdown_cancel_all_spot(task)
    assert abs(armed.trigger_time - time.time() * 1000 - 30_000) < 5_000
    task = gate_api.CountdownCancelAllSpotTask(timeout=0, currency_pair=PAIR)
    assert sdk.spot.countdown_cancel_all_spot(task).trigger_time == 0


def test_wallet(sdk):
    move = gate_api.Transfer(
        currency="USDT", _from="spot", to="futures", amount="10", settle="usdt"
    )
    done = sdk.wallet.transfer(move)
    found = sdk.wallet.get_transfer(str(done.tx_id))
    assert (found.status, found.amount, found.to_account) == ("success", "10", "futures")
    status = sdk.wallet.get_transfer_order_status(tx_id=str(done.tx_id))
    assert status.status == "SUCCESS"
    total = sdk.wallet.get_total_balance(currency="USDT")
    assert Decimal(total.total.amount) > 20_000
    assert Decimal(total.details["futures"].amount) > 10_000
    assert sdk.wallet.get_trade_fee().futures_taker_fee == "0.0005"
    assert sdk.wallet.list_sub_account_balances() == []
    assert sdk.wallet.list_sub_account_futures_balances() == []
    assert sdk.wallet.list_sub_account_transfers() == []
    assert sdk.wallet.list_deposits() == []
    assert sdk.wallet.list_withdrawals() == []


def test_account(sdk):
    detail = sdk.account.get_account_detail()
    assert (detail.user_id, detail.key.mode, detail.copy_trading_role) == (42, 1, 0)
    keys = sdk.account.get_account_main_keys()
    assert {perm.name for perm in keys.perms} >= {"spot", "futures", "wallet"}
    assert sdk.account.get_account_rate_limit()[0].tier == "0"
    assert sdk.account.get_debit_fee().enabled is False
    sdk.account.set_debit_fee(gate_api.DebitFee(enabled=False))
    assert sdk.account.list_stp_groups() == []
    assert sdk.subs.list_sub_accounts() == []
    assert sdk.unified.get_unified_mode().mode == "classic"
    assert refused(sdk.unified.list_unified_accounts)[0] == 403


def test_a_wrong_signature_and_an_unknown_key(running):
    wrong = Sdk(running, "ann", "not-the-secret")
    assert refused(wrong.spot.list_spot_accounts) == (401, "INVALID_SIGNATURE")
    stranger = Sdk(running, "nobody")
    assert refused(stranger.spot.list_spot_accounts) == (401, "INVALID_KEY")


def test_a_stale_timestamp(sdk, monkeypatch):
    real = time.time
    monkeypatch.setattr("gate_api.api_client.time.time", lambda: real() - 61)
    assert refused(sdk.spot.list_spot_accounts) == (403, "REQUEST_EXPIRED")


def test_refusals(sdk):
    assert refused(sdk.spot.create_order, order(amount="5")) == (400, "BALANCE_NOT_ENOUGH")
    assert refused(sdk.spot.get_order, "1", PAIR) == (404, "ORDER_NOT_FOUND")
    assert refused(sdk.spot.get_order, "t-nobody", PAIR) == (404, "CLIENT_ID_NOT_FOUND")
    assert refused(sdk.spot.list_orders, "NO_PAIR", "open") == (400, "INVALID_CURRENCY_PAIR")
    late = str(int(time.time() * 1000) - 1000)
    assert refused(sdk.spot.create_order, order(), x_gate_exptime=late) == (
        403,
        "REQUEST_EXPIRED",
    )


def test_an_unknown_path_is_an_api_exception_without_a_label(sdk):
    with pytest.raises(ApiException) as error:
        sdk.spot.list_spot_pov_orders("open")
    assert not isinstance(error.value, GateApiException)
    assert error.value.status == 404
