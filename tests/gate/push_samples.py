"""Rows of private pushes as Gate documents them; its JSON floats are Decimals once decoded."""

from __future__ import annotations

from decimal import Decimal

SPOT_ORDER = {
    "id": "810000017",
    "user": 42,
    "text": "t-a7",
    "event": "finish",
    "finish_as": "filled",
    "currency_pair": "BTC_USDT",
    "type": "limit",
    "account": "spot",
    "side": "buy",
    "amount": "0.002",
    "price": "61000",
    "time_in_force": "gtc",
    "left": "0",
    "filled_total": "121.9",
    "avg_deal_price": "60950",
    "create_time": "1700000001",
    "create_time_ms": "1700000001400",
    "update_time": "1700000003",
    "update_time_ms": "1700000003118",
}


SPOT_TRIGGER = {
    "market": "BTC_USDT",
    "uid": "42",
    "id": "77",
    "reason": "",
    "err_msg": "",
    "fired_order_id": 0,
    "instant_cancel": False,
    "trigger_price": "60000",
    "trigger_rule": ">=",
    "trigger_expiration": 3600,
    "price": "60100",
    "amount": "0.01",
    "order_type": "limit",
    "side": "sell",
    "ctime": "1700000000000",
    "ftime": "0",
}


FUTURES_ORDER = {
    "id": 990017,
    "user": "42",
    "contract": "ETH_USDT",
    "create_time": 1700000010,
    "create_time_ms": 1700000010012,
    "finish_time": 0,
    "finish_time_ms": 0,
    "update_time": 1700000010040,
    "status": "open",
    "finish_as": "_new",
    "size": "-12",
    "left": "-5",
    "iceberg": "0",
    "price": Decimal("3004.15"),
    "fill_price": Decimal("3004.1500000000001"),
    "tif": "gtc",
    "text": "t-lead-3",
    "is_close": False,
    "is_reduce_only": True,
}


POSITION = {
    "contract": "ETH_USDT",
    "size": "-12",
    "mode": "single",
    "leverage": 0,
    "cross_leverage_limit": 10,
    "entry_price": Decimal("3004.15"),
    "margin": Decimal("36.32"),
    "realised_pnl": Decimal("-0.180249"),
    "time": 1700000010,
    "time_ms": 1700000010016,
    "update_id": 8841,
    "user": "42",
}
