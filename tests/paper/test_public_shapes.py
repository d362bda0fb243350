"""Every public endpoint: the official SDK accepts the answer, and refusals carry Gate's labels."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from gate_api import ApiClient

from mtrade.paper.faults import GateFault
from mtrade.paper.world import World
from tests.paper.asking import ask, running_market


@pytest.fixture(scope="module")
def world() -> World:
    return running_market()


SDK = [
    ("/spot/currencies", {}, "list[Currency]"),
    ("/spot/currencies/BTC", {}, "Currency"),
    ("/spot/currency_pairs", {}, "list[CurrencyPair]"),
    ("/spot/currency_pairs/BTC_USDT", {}, "CurrencyPair"),
    ("/spot/tickers", {}, "list[Ticker]"),
    ("/spot/tickers", {"currency_pair": "SOL_USDT", "timezone": "all"}, "list[Ticker]"),
    ("/spot/order_book", {"currency_pair": "BTC_USDT", "with_id": "True"}, "OrderBook"),
    ("/spot/trades", {"currency_pair": "BTC_USDT"}, "list[Trade]"),
    ("/spot/candlesticks", {"currency_pair": "BTC_USDT"}, "list[list[str]]"),
    ("/spot/time", {}, "SystemTime"),
    ("/futures/usdt/contracts", {}, "list[Contract]"),
    ("/futures/btc/contracts", {}, "list[Contract]"),
    ("/futures/usdt/contracts_all", {}, "list[Contract]"),
    ("/futures/usdt/contracts/SOL_USDT", {}, "Contract"),
    ("/futures/usdt/tickers", {}, "list[FuturesTicker]"),
    ("/futures/btc/tickers", {"contract": "BTC_USD"}, "list[FuturesTicker]"),
    ("/futures/usdt/order_book", {"contract": "ETH_USDT"}, "FuturesOrderBook"),
    ("/futures/usdt/trades", {"contract": "ETH_USDT"}, "list[FuturesTrade]"),
    ("/futures/usdt/candlesticks", {"contract": "ETH_USDT"}, "list[FuturesCandlestick]"),
    ("/futures/usdt/candlesticks", {"contract": "mark_BTC_USDT"}, "list[FuturesCandlestick]"),
    ("/futures/usdt/candlesticks", {"contract": "index_BTC_USDT"}, "list[FuturesCandlestick]"),
    ("/futures/usdt/premium_index", {"contract": "BTC_USDT"}, "list[FuturesPremiumIndex]"),
    ("/futures/usdt/funding_rate", {"contract": "BTC_USDT"}, "list[FundingRateRecord]"),
    ("/futures/usdt/contract_stats", {"contract": "BTC_USDT"}, "list[ContractStat]"),
    ("/futures/usdt/insurance", {"limit": 3}, "list[InsuranceRecord]"),
    ("/futures/usdt/risk_limit_tiers", {}, "list[FuturesLimitRiskTiers]"),
    ("/futures/usdt/risk_limit_table", {"table_id": "BTC_USDT"}, "list[FuturesRiskLimitTier]"),
    ("/futures/usdt/index_constituents/BTC_USDT", {}, "FuturesIndexConstituents"),
]


@pytest.mark.parametrize(("path", "query", "model"), SDK)
@pytest.mark.parametrize("decimal_sizes", [True, False])
def test_the_official_sdk_parses_every_answer(
    world: World, path: str, query: dict[str, object], model: str, decimal_sizes: bool
) -> None:
    """Its models check enums and required fields; an empty answer would prove nothing."""
    body = ask(world, path, decimal_sizes=decimal_sizes, **query)
    parsed = ApiClient().deserialize(SimpleNamespace(data=json.dumps(body)), model)
    assert parsed
    if isinstance(parsed, list) and hasattr(parsed[0], "to_dict"):
        assert any(value is not None for value in parsed[0].to_dict().values())


def test_lists_of_absent_products_are_empty(world: World) -> None:
    """What ccxt asks for when it loads all markets."""
    for path in (
        "/margin/currency_pairs",
        "/margin/uni/currency_pairs",
        "/delivery/usdt/contracts",
        "/options/underlyings",
        "/futures/usdt/liq_orders",
    ):
        assert ask(world, path) == []


REFUSED: list[tuple[str, dict[str, object], str]] = [
    ("/spot/currencies/NOPE", {}, "INVALID_CURRENCY"),
    ("/spot/currency_pairs/NOPE_USDT", {}, "INVALID_CURRENCY_PAIR"),
    ("/spot/tickers", {"currency_pair": "nope"}, "INVALID_CURRENCY_PAIR"),
    ("/spot/tickers", {"timezone": "utc5"}, "INVALID_PARAM_VALUE"),
    ("/spot/order_book", {}, "MISSING_REQUIRED_PARAM"),
    ("/spot/order_book", {"currency_pair": "BTC_USDT", "limit": 0}, "INVALID_PARAM_VALUE"),
    ("/spot/order_book", {"currency_pair": "BTC_USDT", "interval": "-1"}, "INVALID_PARAM_VALUE"),
    ("/spot/order_book", {"currency_pair": "BTC_USDT", "with_id": "maybe"}, "INVALID_PARAM_VALUE"),
    ("/spot/trades", {"currency_pair": "BTC_USDT", "limit": "x"}, "INVALID_PARAM_VALUE"),
    ("/spot/trades", {"currency_pair": "BTC_USDT", "from": "1e9999"}, "INVALID_PARAM_VALUE"),
    ("/spot/candlesticks", {"currency_pair": "BTC_USDT", "interval": "2m"}, "INVALID_PARAM_VALUE"),
    ("/spot/candlesticks", {"currency_pair": "BTC_USDT", "limit": 1001}, "INVALID_PARAM_VALUE"),
    (
        "/spot/candlesticks",
        {"currency_pair": "BTC_USDT", "limit": 10, "from": 1_790_000_000},
        "INVALID_PARAM_VALUE",
    ),
    (
        "/spot/candlesticks",
        {"currency_pair": "BTC_USDT", "interval": "1m", "from": 1},
        "INVALID_PARAM_VALUE",
    ),
    ("/futures/usdt/contracts/BTC_USD", {}, "CONTRACT_NOT_FOUND"),
    ("/futures/btc/contracts/BTC_USDT", {}, "CONTRACT_NOT_FOUND"),
    ("/futures/eth/contracts", {}, "INVALID_PARAM_VALUE"),
    ("/futures/usdt/tickers", {"contract": "NOPE"}, "CONTRACT_NOT_FOUND"),
    ("/futures/usdt/order_book", {}, "MISSING_REQUIRED_PARAM"),
    ("/futures/usdt/candlesticks", {"contract": "mark_NOPE"}, "CONTRACT_NOT_FOUND"),
    ("/futures/usdt/candlesticks", {"contract": "BTC_USDT", "limit": -1}, "INVALID_PARAM_VALUE"),
    ("/futures/usdt/risk_limit_table", {"table_id": "NOPE"}, "CONTRACT_NOT_FOUND"),
    ("/futures/usdt/index_constituents/NOPE", {}, "INVALID_PARAM_VALUE"),
    ("/futures/usdt/contract_stats", {"contract": "BTC_USDT", "limit": 0}, "INVALID_PARAM_VALUE"),
]


@pytest.mark.parametrize(("path", "query", "label"), REFUSED)
def test_refusals_carry_gates_labels(
    world: World, path: str, query: dict[str, object], label: str
) -> None:
    with pytest.raises(GateFault) as caught:
        ask(world, path, **query)
    assert (caught.value.label, caught.value.status) == (label, 400)
