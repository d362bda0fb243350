"""One good call for every route of the table, to be spoiled field by field."""

from __future__ import annotations

from typing import Any

from mtrade.web.route import Route
from tests.web.site import PASSWORD, Site

CONTRACT = {"settle": "usdt", "instrument": "BTC_USDT"}
THING = {"market": "futures", **CONTRACT}
ORDER = {
    **THING, "side": "buy", "type": "limit", "size": "1", "unit": "contracts", "price": "60000",
    "tif": "gtc", "reduce_only": False, "leverage": "10", "margin_mode": "isolated",
    "take_profit": {"price": "66000", "source": "last"},
    "stop_loss": {"price": "50000", "source": "mark"},
}  # fmt: skip
KEY = {"network": "testnet", "key": "keykeykey", "secret": "s" * 32}

SAMPLES: dict[str, dict[str, Any]] = {
    "POST /api/setup": {"code": "AAAAA-BBBBB", "password": PASSWORD},
    "POST /api/auth/login": {"password": PASSWORD, "remember": True},
    "POST /api/auth/elevate": {"password": PASSWORD},
    "POST /api/auth/password": {"current": PASSWORD, "new": "quiet-orange-lantern-9"},
    "POST /api/server/restart": {"confirm": "the-nonce-of-this-run"},
    "POST /api/server/shutdown": {"confirm": "the-nonce-of-this-run"},
    "POST /api/mode": {"mode": "normal", "positions": "keep"},
    "PATCH /api/ui/state": {"changes": {"theme": "dark", "split": 0.4, "gone": None}},
    "POST /api/accounts": {"name": "Второй", "colour": "#4c9aff", "allow_transfers": False, **KEY},
    "POST /api/accounts/test": KEY,
    "POST /api/accounts/active": {"account": "paper:10001"},
    "PATCH /api/accounts/{account_id}": {"name": "Renamed", "colour": "", "enabled": True},
    "DELETE /api/accounts/{account_id}": {"confirm": "Main", "positions": "keep"},
    "GET /api/balance": {"account": "all"},
    "POST /api/transfer": {
        "account": "paper:10001", "currency": "USDT", "amount": "5", "source": "spot",
        "target": "futures",
    },
    "POST /api/trade": {"request_id": "abcd-1234", "account": "paper:10001", **ORDER},
    "POST /api/trade/preview": ORDER,
    "GET /api/trade": {"account": "paper:10001", "before": "99", "limit": "10"},
    "POST /api/trade/{intent_id}/resolve": {"reason": "looked at the exchange"},
    "GET /api/orders": {"account": "paper:10001", **THING, "status": "history", "limit": "5"},
    "PATCH /api/orders/{order_id}": {**THING, "price": "59000", "size": "2"},
    "DELETE /api/orders/{order_id}": {"account": "paper:10001", **THING},
    "POST /api/orders/cancel_all": {"account": "paper:10001", **THING},
    "GET /api/triggers": {"account": "paper:10001", **THING, "status": "open", "limit": "5"},
    "POST /api/triggers": {
        "request_id": "abcd-5678", **THING, "side": "sell", "type": "market", "size": "1",
        "unit": "contracts", "reduce_only": True, "close": False,
        "trigger": {"price": "70000", "above": True, "source": "index"},
    },
    "DELETE /api/triggers/{trigger_id}": {"account": "paper:10001", **THING},
    "GET /api/positions": {"account": "paper:10001", "settle": "usdt"},
    "POST /api/positions/close": {
        "request_id": "abcd-9999", **CONTRACT, "leg": "single", "percent": "50", "type": "limit",
        "price": "60000",
    },
    "POST /api/positions/protect": {
        "request_id": "abcd-8888", **CONTRACT, "leg": "single",
        "take_profit": {"price": "66000", "source": "mark"},
        "stop_loss": {"price": "50000", "source": "last"},
    },
    "POST /api/positions/leverage": {**CONTRACT, "leverage": "5", "margin_mode": "cross"},
    "POST /api/positions/margin": {**CONTRACT, "leg": "single", "change": "-1.5"},
    "POST /api/positions/mode": {"account": "paper:10001", "settle": "usdt", "mode": "dual"},
    "GET /api/positions/closed": {"account": "paper:10001", "settle": "usdt"},
    "GET /api/fills": {"account": "paper:10001", **THING, "limit": "5"},
    "GET /api/market/instruments": {"network": "paper", "market": "spot", "settle": "usdt"},
    "GET /api/market/tickers": {"network": "paper", "market": "futures", "settle": "usdt"},
    "GET /api/market/book": {"network": "paper", **THING, "depth": "5"},
    "GET /api/market/trades": {"network": "paper", **THING, "limit": "5"},
    "GET /api/market/candles": {"network": "paper", **THING, "interval": "5m", "limit": "5"},
    "GET /api/market/funding": {"network": "paper", **CONTRACT},
    "GET /api/snapshot": {"account": "paper:10001", **THING, "depth": "5"},
    "GET /api/copy/sync": {"link": "1"},
    "GET /api/copy/events": {"link": "1", "act": "skipped", "before": "99", "limit": "10",
                             "format": "json"},
    "GET /api/copy/ticket": {"account": "paper:10001", **CONTRACT, "side": "buy", "size": "12"},
    "POST /api/copy/preview": {"leader": "paper:10001", "follower": "paper:10001",
                               "settle": "usdt", "link": 1, "params": {"multiplier": "0.5"}},
    "POST /api/copy/pause": {"scope": "link:1"},
    "POST /api/copy/resume": {"scope": "all"},
    "POST /api/copy/halt": {"scope": "all"},
    "POST /api/copy/release": {"scope": "all"},
    "POST /api/copy/flatten": {"scope": "paper:10001", "then": "pause"},
    "POST /api/copy/links": {
        "leader": "paper:10001", "follower": "paper:10001", "settle": "usdt", "name": "Anna",
        "note": "", "colour": "#4c9aff", "params": {"multiplier": "0.5", "inverse": False},
    },
    "PATCH /api/copy/links/{link_id}": {
        "version": 1, "name": "Anna", "note": "half", "colour": "",
        "params": {"size_mode": "ratio", "multiplier": "0.5"},
    },
    "DELETE /api/copy/links/{link_id}": {"how": "keep"},
    "POST /api/copy/links/{link_id}/state": {
        "state": "close_only", "confirm": False, "preview_hash": "", "phrase": "",
    },
    "POST /api/copy/links/{link_id}/actions": {**CONTRACT, "side": "single", "action": "fix"},
    "GET /api/events": {"topics": "account:paper:10001,server"},
}  # fmt: skip


def fields_of(sample: dict[str, Any]) -> list[tuple[str, ...]]:
    """Every field of a sample, also those inside objects; a state object is one field."""
    found: list[tuple[str, ...]] = []
    for name, value in sample.items():
        found.append((name,))
        if isinstance(value, dict) and name != "changes":
            found += [(name, inner) for inner in value]
    return found


def spoiled(sample: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The sample with one field replaced; `...` takes it away."""
    name, *rest = path
    copy = dict(sample)
    if rest:
        copy[name] = spoiled(sample[name], tuple(rest), value)
    elif value is ...:
        copy.pop(name)
    else:
        copy[name] = value
    return copy


def address(site: Site, route: Route) -> str:
    """The route's address with ids that exist as far as possible."""
    return route.path.format(
        order_id="77",
        trigger_id="900",
        session_id="abcd",
        account_id=site.account,
        intent_id="1",
        link_id="1",
    )
