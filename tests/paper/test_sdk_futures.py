"""Gate's own Python SDK trades futures here, one-way (`ann`) and hedged (`bob`)."""

from __future__ import annotations

import time
from decimal import Decimal

import gate_api
import pytest
from gate_api.exceptions import GateApiException

from tests.paper.running import ANN, BOB, Running
from tests.paper.sdk import Sdk

USDT, BTC = "usdt", "btc"
CONTRACT = "BTC_USDT"


@pytest.fixture(scope="module")
def running():
    with Running("--no-limits", accounts=(ANN, BOB)) as running:
        yield running


@pytest.fixture(scope="module")
def sdk(running):
    return Sdk(running, "ann")


@pytest.fixture(scope="module")
def hedged(running):
    hedged = Sdk(running, "bob")
    account = hedged.futures.set_dual_mode(USDT, True)
    assert (account.in_dual_mode, account.position_mode) == (True, "dual")
    return hedged


@pytest.fixture(autouse=True)
def _flat(sdk):
    yield
    sdk.futures.cancel_futures_orders(USDT)
    sdk.futures.cancel_price_triggered_order_list(USDT)
    if Decimal(sdk.futures.get_position(USDT, CONTRACT).size):
        sdk.futures.create_futures_order(USDT, order("0", "0", close=True, tif="ioc"))


def order(size: str, price: str = "55000", **more: object) -> gate_api.FuturesOrder:
    return gate_api.FuturesOrder(contract=CONTRACT, size=size, price=price, **more)


def market(size: str, **more: object) -> gate_api.FuturesOrder:
    return order(size, "0", tif="ioc", **more)


def refused(call, *args, **options) -> tuple[int, str]:
    with pytest.raises(GateApiException) as error:
        call(*args, **options)
    return error.value.status, error.value.label


def test_contracts(sdk):
    contracts = {c.name: c for c in sdk.futures.list_futures_contracts(USDT)}
    assert contracts[CONTRACT].type == "direct"
    assert len(contracts) >= 12
    one = sdk.futures.get_futures_contract(USDT, CONTRACT)
    assert (one.quanto_multiplier, one.in_delisting) == ("0.0001", False)
    assert sdk.futures.get_futures_contract(BTC, "BTC_USD").type == "inverse"
    assert refused(sdk.futures.get_futures_contract, USDT, "NO_PAIR")[1] == "CONTRACT_NOT_FOUND"


def test_market_data(sdk):
    (ticker,) = sdk.futures.list_futures_tickers(USDT, contract=CONTRACT)
    assert Decimal(ticker.highest_bid) < Decimal(ticker.lowest_ask)
    assert Decimal(ticker.mark_price) > 0
    book = sdk.futures.list_futures_order_book(USDT, CONTRACT, limit=5, with_id=True)
    assert Decimal(book.bids[0].p) < Decimal(book.asks[0].p)
    sdk.futures.create_futures_order(USDT, market("1"))
    (trade,) = sdk.futures.list_futures_trades(USDT, CONTRACT, limit=1)
    assert Decimal(trade.price) > 0
    candles = sdk.futures.list_futures_candlesticks(USDT, CONTRACT, interval="1m", limit=5)
    assert all(Decimal(c.h) >= Decimal(c.l) for c in candles)
    rates = sdk.futures.list_futures_funding_rate_history(USDT, CONTRACT, limit=3)
    assert rates[0].t > rates[1].t
    tiers = sdk.futures.list_futures_risk_limit_tiers(USDT, contract=CONTRACT)
    assert Decimal(tiers[0].leverage_max) > Decimal(tiers[-1].leverage_max)
    request = gate_api.BatchFundingRatesRequest(contracts=[CONTRACT, "ETH_USDT"])
    assert len(sdk.futures.list_batch_futures_funding_rates(USDT, request)) == 2


def test_the_account_and_its_fees(sdk):
    account = sdk.futures.list_futures_accounts(USDT)
    assert (account.currency, account.in_dual_mode, account.margin_mode) == ("USDT", False, 0)
    assert Decimal(account.total) > 9_000
    assert sdk.futures.list_futures_accounts(BTC).currency == "BTC"
    assert sdk.futures.get_futures_fee(USDT, contract=CONTRACT)[CONTRACT].taker_fee == "0.0005"
    assert sdk.futures.list_futures_account_book(USDT, type="dnw")[-1].type == "dnw"


def test_the_life_of_a_limit_order(sdk):
    made = sdk.futures.create_futures_order(USDT, order("3", text="t-life"))
    assert (made.status, made.size, made.left, made.text) == ("open", "3", "3", "t-life")
    assert sdk.futures.get_futures_order(USDT, "t-life").id == made.id
    assert [o.id for o in sdk.futures.list_futures_orders(USDT, "open")] == [made.id]
    change = gate_api.FuturesOrderAmendment(size="5", price="55001", amend_text="more")
    amended = sdk.futures.amend_futures_order(USDT, str(made.id), change)
    assert (amended.id, amended.size, amended.price) == (made.id, "5", "55001")
    gone = sdk.futures.cancel_futures_order(USDT, str(made.id))
    assert (gone.status, gone.finish_as) == ("finished", "cancelled")
    assert made.id in {o.id for o in sdk.futures.list_futures_orders(USDT, "finished")}
    ranged = sdk.futures.get_orders_with_time_range(USDT, contract=CONTRACT)
    assert made.id in {o.id for o in ranged}


def test_open_reduce_and_close_a_position(sdk):
    opened = sdk.futures.create_futures_order(USDT, market("20", text="t-open"))
    assert (opened.finish_as, opened.left) == ("filled", "0")
    assert Decimal(opened.fill_price) > 0
    held = sdk.futures.get_position(USDT, CONTRACT)
    assert (held.size, held.mode) == ("20", "single")
    assert Decimal(held.entry_price) == Decimal(opened.fill_price)
    assert CONTRACT in {p.contract for p in sdk.futures.list_positions(USDT, holding=True)}
    sdk.futures.create_futures_order(USDT, market("-5", reduce_only=True))
    assert sdk.futures.get_position(USDT, CONTRACT).size == "15"
    closed = sdk.futures.create_futures_order(USDT, market("0", close=True))
    assert (closed.is_close, closed.finish_as) == (True, "filled")
    assert sdk.futures.get_position(USDT, CONTRACT).size == "0"
    trades = sdk.futures.get_my_trades(USDT, contract=CONTRACT)
    assert {t.role for t in trades} == {"taker"}
    ranged = sdk.futures.get_my_trades_with_time_range(USDT, contract=CONTRACT)
    assert {t.trade_id for t in ranged} >= {str(t.id) for t in trades[:1]}
    assert sdk.futures.list_position_close(USDT, contract=CONTRACT)[0].side == "long"
    kinds = {row.type for row in sdk.futures.list_futures_account_book(USDT)}
    assert {"fee", "pnl"} <= kinds


def test_leverage_and_margin(sdk):
    leveraged = sdk.futures.update_position_leverage(USDT, CONTRACT, "10")
    assert leveraged.leverage == "10"
    sdk.futures.create_futures_order(USDT, market("10"))
    before = Decimal(sdk.futures.get_position(USDT, CONTRACT).margin)
    more = sdk.futures.update_position_margin(USDT, CONTRACT, "3")
    assert Decimal(more.margin) == before + 3
    lever = sdk.futures.get_leverage(USDT, CONTRACT, "isolated", "dual_long")
    assert lever.lever == "10"
    sdk.futures.update_position_risk_limit(USDT, CONTRACT, "1000000")
    sdk.futures.create_futures_order(USDT, market("0", close=True))
    crossed = sdk.futures.update_position_leverage(USDT, CONTRACT, "0", cross_leverage_limit="20")
    assert (crossed.leverage, crossed.cross_leverage_limit) == ("0", "20")
    mode = gate_api.FuturesPositionCrossMode(mode="ISOLATED", contract=CONTRACT)
    assert sdk.futures.update_position_cross_mode(USDT, mode).leverage != "0"
    newer = sdk.futures.update_contract_position_leverage(USDT, CONTRACT, "7", "isolated")
    assert (newer[0] if isinstance(newer, list) else newer).leverage == "7"


def test_batches(sdk):
    placed = sdk.futures.create_batch_futures_order(
        USDT, [order("1", text="t-1"), order("2", text="t-2"), order("1", "1.23", text="t-3")]
    )
    assert [o.succeeded for o in placed] == [True, True, False]
    assert placed[2].label
    change = [gate_api.BatchAmendOrderReq(order_id=placed[0].id, size="4")]
    assert sdk.futures.amend_batch_future_orders(USDT, change)[0].size == "4"
    gone = sdk.futures.cancel_batch_future_orders(USDT, [str(placed[0].id), "1"])
    assert [g.succeeded for g in gone] == [True, False]
    left = sdk.futures.cancel_futures_orders(USDT, contract=CONTRACT)
    assert [o.id for o in left] == [placed[1].id]


def trigger(price: str, rule: int, size: int = -2) -> gate_api.FuturesPriceTriggeredOrder:
    return gate_api.FuturesPriceTriggeredOrder(
        initial=gate_api.FuturesInitialOrder(
            contract=CONTRACT, size=size, price="0", tif="ioc", text="t-trigger"
        ),
        trigger=gate_api.FuturesPriceTrigger(
            strategy_type=0, price_type=1, price=price, rule=rule, expiration=3600
        ),
    )


def test_price_orders(sdk, running):
    made = sdk.futures.create_price_triggered_order(USDT, trigger("20000", 2))
    found = sdk.futures.get_price_triggered_order(USDT, str(made.id))
    assert (found.status, found.trade_id, found.initial.contract) == ("open", 0, CONTRACT)
    assert [t.id for t in sdk.futures.list_price_triggered_orders(USDT, "open")] == [made.id]
    gone = sdk.futures.cancel_price_triggered_order(USDT, str(made.id))
    assert (gone.status, gone.finish_as) == ("finished", "cancelled")
    sdk.futures.create_price_triggered_order(USDT, trigger("20000", 2))
    assert len(sdk.futures.cancel_price_triggered_order_list(USDT, contract=CONTRACT)) == 1
    fires = sdk.futures.create_price_triggered_order(USDT, trigger("70000", 1))
    price = {"market": "futures", "instrument": CONTRACT, "price": "71000"}
    running.control("POST", "/paper/v1/price", price)
    fired = sdk.futures.get_price_triggered_order(USDT, str(fires.id))
    assert (fired.status, fired.finish_as) == ("finished", "succeeded")
    assert sdk.futures.get_futures_order(USDT, str(fired.trade_id)).size == "-2"
    running.control("POST", "/paper/v1/price", {**price, "price": "64000"})


def test_the_countdown(sdk):
    task = gate_api.CountdownCancelAllFuturesTask(timeout=30, contract=CONTRACT)
    armed = sdk.futures.countdown_cancel_all_futures(USDT, task)
    assert abs(int(armed.trigger_time) - time.time() * 1000 - 30_000) < 5_000
    task = gate_api.CountdownCancelAllFuturesTask(timeout=0, contract=CONTRACT)
    sdk.futures.countdown_cancel_all_futures(USDT, task)


def test_histories_are_lists(sdk):
    assert sdk.futures.list_liquidates(USDT) == []
    assert sdk.futures.list_auto_deleverages(USDT) == []
    assert isinstance(sdk.futures.list_liquidated_orders(USDT), list)
    assert isinstance(sdk.futures.list_contract_stats(USDT, CONTRACT), list)


def test_an_inverse_position(sdk):
    inverse = gate_api.FuturesOrder(contract="BTC_USD", size="100", price="0", tif="ioc")
    assert sdk.futures.create_futures_order(BTC, inverse).finish_as == "filled"
    held = sdk.futures.get_position(BTC, "BTC_USD")
    assert held.size == "100"
    assert Decimal(held.value) < 1
    flat = gate_api.FuturesOrder(contract="BTC_USD", size="0", price="0", tif="ioc", close=True)
    sdk.futures.create_futures_order(BTC, flat)


def test_hedged_legs(hedged):
    futures = hedged.futures
    both = futures.update_dual_mode_position_leverage(USDT, CONTRACT, "10")
    assert {p.leverage for p in both} == {"10"}
    futures.create_futures_order(USDT, market("8"))
    futures.create_futures_order(USDT, market("-3"))
    legs = {p.mode: p.size for p in futures.get_dual_mode_position(USDT, CONTRACT)}
    assert legs == {"dual_long": "8", "dual_short": "-3"}
    futures.create_futures_order(USDT, market("-2", reduce_only=True))
    legs = {p.mode: p.size for p in futures.get_dual_mode_position(USDT, CONTRACT)}
    assert legs == {"dual_long": "6", "dual_short": "-3"}
    changed = futures.update_dual_mode_position_margin(USDT, CONTRACT, "2", "dual_long")
    assert len(changed) == 2
    futures.update_dual_mode_position_risk_limit(USDT, CONTRACT, "1000000")
    assert refused(futures.set_position_mode, USDT, "single")[0] == 400
    for leg in ("close_long", "close_short"):
        close = market("0", auto_size=leg, reduce_only=True)
        assert futures.create_futures_order(USDT, close).finish_as == "filled"
    held = futures.list_positions(USDT, holding=True)
    assert held == []
    mode = gate_api.UpdateDualCompPositionCrossModeRequest(mode="CROSS", contract=CONTRACT)
    crossed = futures.update_dual_comp_position_cross_mode(USDT, mode)
    assert {p.leverage for p in crossed} == {"0"}
    assert futures.set_position_mode(USDT, "single").in_dual_mode is False
    assert futures.set_dual_mode(USDT, True).in_dual_mode is True


def test_refusals(sdk, hedged):
    huge = order("900000", "64000")
    assert refused(sdk.futures.create_futures_order, USDT, huge)[1] in (
        "INSUFFICIENT_AVAILABLE",
        "RISK_LIMIT_EXCEEDED",
    )
    assert refused(sdk.futures.get_futures_order, USDT, "1") == (404, "ORDER_NOT_FOUND")
    assert refused(sdk.futures.create_futures_order, USDT, order("1", "0")) == (
        400,
        "INVALID_PARAM_VALUE",
    )
    closing = market("0", close=True)
    assert refused(hedged.futures.create_futures_order, USDT, closing)[1] == "POSITION_DUAL_MODE"
    late = str(int(time.time() * 1000) - 1000)
    assert refused(sdk.futures.create_futures_order, USDT, order("1"), x_gate_exptime=late) == (
        403,
        "REQUEST_EXPIRED",
    )
