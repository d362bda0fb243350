"""Answers as Gate gives them (shapes and field types of its documentation), one per parser."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from mtrade.domain.instruments import futures, spot
from mtrade.gate import (
    bodies,
    confirm,
    parse_futures,
    parse_market,
    parse_spot,
    parse_wallet,
    triggers,
)

BTC, ETH = spot("BTC_USDT"), futures("ETH_USDT")

PAIR = {
    "id": "BTC_USDT",
    "base": "BTC",
    "quote": "USDT",
    "fee": "0.2",
    "min_base_amount": "0.00001",
    "min_quote_amount": "3",
    "max_base_amount": None,
    "max_quote_amount": "5000000",
    "amount_precision": 6,
    "precision": 1,
    "trade_status": "tradable",
    "market_order_max_stock": "100",
}

CONTRACT = {
    "name": "ETH_USDT",
    "type": "direct",
    "quanto_multiplier": "0.01",
    "order_size_min": "0.1",
    "order_size_max": "1000000",
    "market_order_size_max": "0",
    "enable_decimal": True,
    "order_price_round": "0.01",
    "order_price_deviate": "0.5",
    "leverage_min": "1",
    "leverage_max": "100",
    "maintenance_rate": "0.005",
    "maker_fee_rate": "-0.0001",
    "taker_fee_rate": "0.00075",
    "funding_interval": 28800,
    "funding_next_apply": 1700006400,
    "status": "trading",
    "in_delisting": False,
}

SPOT_ORDER = {
    "id": "810000017",
    "text": "t-a7",
    "create_time": "1700000001",
    "update_time": "1700000003",
    "create_time_ms": 1700000001400,
    "update_time_ms": 1700000003118,
    "status": "closed",
    "currency_pair": "BTC_USDT",
    "type": "limit",
    "account": "spot",
    "side": "buy",
    "amount": "0.002",
    "price": "61000",
    "time_in_force": "gtc",
    "left": "0",
    "filled_amount": "0.002",
    "filled_total": "121.9",
    "avg_deal_price": "60950",
    "fee": "0.000002",
    "fee_currency": "BTC",
    "finish_as": "filled",
}

FUTURES_ORDER = {
    "id": 990017,
    "user": 42,
    "contract": "ETH_USDT",
    "size": "-12",
    "left": "-2",
    "price": "0",
    "fill_price": "3004.15",
    "tif": "ioc",
    "status": "finished",
    "finish_as": "ioc",
    "text": "t-f9",
    "create_time": Decimal("1700000001.012"),
    "finish_time": Decimal("1700000001.013"),
    "is_reduce_only": False,
    "is_close": False,
}

POSITION = {
    "contract": "ETH_USDT",
    "size": "-12",
    "mode": "dual_short",
    "leverage": "0",
    "cross_leverage_limit": "10",
    "leverage_max": "100",
    "entry_price": "3004.15",
    "mark_price": "3000",
    "liq_price": "0",
    "margin": "36.32",
    "initial_margin": "36.3",
    "maintenance_margin": "2.1",
    "value": "360",
    "unrealised_pnl": "0.498",
    "realised_pnl": "-0.18",
    "pnl_pnl": "0",
    "pnl_fund": "0",
    "pnl_fee": "-0.18",
    "adl_ranking": 5,
    "open_time": 1700000010,
    "update_id": 8841,
}

ACCOUNT = {
    "user": 42,
    "currency": "USDT",
    "total": "10000.5",
    "available": "9000",
    "unrealised_pnl": "-3",
    "order_margin": "10",
    "position_margin": "0",
    "position_initial_margin": "990",
    "maintenance_margin": "40",
    "in_dual_mode": True,
    "position_mode": "dual",
    "history": {"pnl": "5", "fee": "-1", "fund": "-0.5"},
}

SPOT_TRIGGER = {
    "id": 1283,
    "market": "BTC_USDT",
    "status": "finish",
    "reason": "",
    "ctime": 1700000000,
    "ftime": 1700000100,
    "fired_order_id": 77,
    "trigger": {"price": "50000", "rule": "<=", "expiration": 86400},
    "put": {
        "type": "limit",
        "side": "sell",
        "price": "49900",
        "amount": "0.1",
        "account": "normal",
        "time_in_force": "gtc",
    },
}

FUTURES_TRIGGER = {
    "id": 55,
    "id_string": "55",
    "status": "open",
    "create_time": Decimal("1700000000.5"),
    "trade_id": 0,
    "order_type": "close-long-position",
    "initial": {
        "contract": "ETH_USDT",
        "size": 0,
        "price": "0",
        "tif": "ioc",
        "text": "t-x",
        "is_close": True,
        "is_reduce_only": True,
    },
    "trigger": {"strategy_type": 0, "price_type": 1, "price": "2850", "rule": 2, "expiration": 60},
}

Parser = Callable[[Any], object]

SAMPLES: dict[str, tuple[Parser, Any]] = {
    "time": (parse_market.server_time, {"server_time": 1700000000123}),
    "pair": (parse_market.pair, PAIR),
    "contract": (lambda raw: parse_market.contract(raw, "usdt"), CONTRACT),
    "next funding": (parse_market.next_funding, CONTRACT),
    "spot ticker": (
        parse_market.spot_ticker,
        {"currency_pair": "BTC_USDT", "last": "60000", "lowest_ask": "", "highest_bid": "59999.9"},
    ),
    "futures ticker": (
        lambda raw: parse_market.futures_ticker(raw, "usdt"),
        {"contract": "ETH_USDT", "last": "3000", "mark_price": "3001", "total_size": "500"},
    ),
    "spot book": (
        lambda raw: parse_market.book(raw, BTC),
        {"id": 7, "current": 1700000000123, "asks": [["2", "1"]], "bids": [["1", "3"]]},
    ),
    "futures book": (
        lambda raw: parse_market.book(raw, ETH),
        {"id": 7, "update": Decimal("1700000000.123"), "asks": [{"p": "2", "s": 1}], "bids": []},
    ),
    "spot trade": (
        lambda raw: parse_market.spot_trade(raw, BTC),
        {
            "id": "1",
            "create_time_ms": "1700000000123.456",
            "side": "sell",
            "amount": "1",
            "price": "2",
        },
    ),
    "futures trade": (
        lambda raw: parse_market.futures_trade(raw, ETH),
        {"id": 1, "create_time_ms": Decimal("1700000000.123"), "size": -3, "price": "2"},
    ),
    "spot candle": (
        parse_market.spot_candle,
        ["1700000000", "10", "4", "5", "2", "3", "6", "true"],
    ),
    "futures candle": (
        parse_market.futures_candle,
        {"t": 1700000000, "v": "9", "c": "4", "h": "5", "l": "2", "o": "3", "sum": "10"},
    ),
    "funding": (parse_market.funding_rate, {"t": 1700000000, "r": "0.0001"}),
    "tier": (
        parse_market.risk_tier,
        {
            "tier": 1,
            "risk_limit": "20000",
            "initial_rate": "0.008",
            "maintenance_rate": "0.004",
            "leverage_max": "125",
            "deduction": "0",
        },
    ),
    "balance": (parse_spot.balance, {"currency": "BTC", "available": "1", "locked": "0.5"}),
    "spot fees": (parse_spot.fees, {"maker_fee": "0.001", "taker_fee": "0.002"}),
    "spot order": (parse_spot.order, SPOT_ORDER),
    "open orders": (
        parse_spot.grouped_orders,
        [{"currency_pair": "BTC_USDT", "total": 1, "orders": [SPOT_ORDER]}],
    ),
    "spot fill": (
        parse_spot.fill,
        {
            "id": "5",
            "order_id": "6",
            "currency_pair": "BTC_USDT",
            "create_time_ms": "1700000000123.456",
            "side": "buy",
            "amount": "1",
            "price": "2",
            "fee": "0.001",
            "fee_currency": "BTC",
            "role": "taker",
            "text": "t-1",
        },
    ),
    "spot trigger": (triggers.parse_spot_trigger, SPOT_TRIGGER),
    "futures trigger": (lambda raw: triggers.parse_futures_trigger(raw, "usdt"), FUTURES_TRIGGER),
    "trigger id": (triggers.parse_id, {"id": 5, "id_string": "5"}),
    "account": (lambda raw: parse_futures.account(raw, "usdt"), ACCOUNT),
    "futures fees": (
        lambda raw: parse_futures.fees(raw, "ETH_USDT"),
        {"ETH_USDT": {"taker_fee": "0.0005", "maker_fee": "0.0002"}},
    ),
    "position": (lambda raw: parse_futures.position(raw, "usdt"), POSITION),
    "positions": (lambda raw: parse_futures.positions(raw, "usdt"), [POSITION]),
    "futures order": (lambda raw: parse_futures.order(raw, "usdt"), FUTURES_ORDER),
    "futures fill": (
        lambda raw: parse_futures.fill(raw, "usdt"),
        {
            "id": 5,
            "order_id": "6",
            "contract": "ETH_USDT",
            "create_time": Decimal("1700000000.123"),
            "size": "-3",
            "close_size": "0",
            "price": "2",
            "fee": "0.001",
            "role": "maker",
            "text": "t-1",
        },
    ),
    "position close": (
        lambda raw: parse_futures.position_close(raw, "usdt"),
        {
            "time": Decimal("1700000000.5"),
            "contract": "ETH_USDT",
            "side": "short",
            "pnl": "1",
            "pnl_pnl": "2",
            "pnl_fund": "0",
            "pnl_fee": "-1",
            "max_size": "-3",
            "long_price": "2900",
            "short_price": "3000",
            "text": "web",
        },
    ),
    "liquidation": (
        lambda raw: parse_futures.liquidation(raw, "usdt"),
        {"time": 1700000000, "contract": "ETH_USDT", "size": "3", "order_id": 9},
    ),
    "ledger": (
        lambda raw: parse_futures.ledger_entry(raw, "usdt"),
        {
            "time": Decimal("1700000000.5"),
            "change": "-1",
            "balance": "99",
            "type": "fee",
            "text": "ETH_USDT:9",
            "contract": "ETH_USDT",
            "id": "3",
        },
    ),
    "detail": (
        parse_wallet.detail,
        {"user_id": 42, "ip_whitelist": ["1.2.3.4"], "key": {"mode": 1}, "copy_trading_role": 0},
    ),
    "permissions": (
        parse_wallet.permissions,
        {"state": 1, "perms": [{"name": "futures", "read_only": False}]},
    ),
    "transfer": (parse_wallet.tx_id, {"tx_id": 59636381286}),
    "total": (parse_wallet.total, {"total": {"amount": "12.5", "currency": "USDT"}}),
    "countdown": (bodies.countdown_time, {"triggerTime": "1700000000000"}),
    "cancelled": (
        lambda raw: confirm.all_cancelled(raw, parse_spot.order),
        [SPOT_ORDER | {"succeeded": True}],
    ),
    "cancel batch": (
        lambda raw: confirm.batch_cancelled(raw, 1),
        [{"id": "1", "succeeded": False, "label": "ORDER_NOT_FOUND", "message": "no"}],
    ),
}
