"""Requests that no client would send on purpose, drawn from a seed: half sense, half nonsense."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

from mtrade.paper.exchange import ROUTES
from mtrade.paper.http import Route

Request = tuple[str, str, str, bytes]  # method, path, query, body

_NAMES = ("BTC_USDT", "ETH_USDT", "BTC_USD", "NO_USDT", "btc_usdt", "mark_BTC_USDT", "BTC", "USDT")
_NUMBERS = (0, 1, -1, 3, 10, 100, 0.5, 1.7, 64_000, 57_600, 2**53, 2**63, -(2**63), 10**30, 1e-30)
_TEXTS = (
    *("0", "1", "-3", "0.001", "0.01", "10", "57600", "64000", "70400", "3200", "64000.1", "+2"),
    *(
        "1e5",
        "1e400",
        "-1e-400",
        "1E+999999999",
        "NaN",
        "-Infinity",
        "0x10",
        "１２",
        "9" * 60,
        " 1",
    ),
    *("", "-", "null", "true", "True", "false", "t-a", "t-", "t-" + "x" * 40, "api", "\x00", "é☃"),
    *("%2e%2e", "../..", "' OR 1=1", "<b>", "a" * 3000, "\ud800", "{}", "[]"),
)
_WORDS: dict[str, tuple[Any, ...]] = {
    "contract": _NAMES,
    "currency_pair": _NAMES,
    "market": _NAMES,
    "currency": ("USDT", "BTC", "ETH", "NOPE"),
    "currency_pairs": ("BTC_USDT,ETH_USDT", "BTC_USDT,,", ","),
    "side": ("buy", "sell", "bid", "ask", "long"),
    "direction": ("buy", "sell"),
    "status": ("open", "finished", "closed"),
    "type": ("limit", "market", "fund", "fee", "deposit"),
    "account": ("spot", "normal", "unified"),
    "tif": ("gtc", "ioc", "fok", "poc"),
    "time_in_force": ("gtc", "ioc", "fok", "poc"),
    "interval": ("10s", "1m", "5m", "2h", "1d", "7d", "30d", "1w", "0", "0.01", "100"),
    "timezone": ("all", "utc0", "utc8"),
    "from": ("spot", "futures", "margin", 1_789_990_000, 1_790_000_000, 1_790_000_000_000),
    "to": ("spot", "futures", "margin", 1_790_000_000, 1_790_000_099, 10**11),
    "settle": ("usdt", "btc", "USDT", "eur"),
    "auto_size": ("close_long", "close_short"),
    "mode": ("CROSS", "ISOLATED", "single"),
    "margin_mode": ("cross", "isolated"),
    "dual_side": ("dual_long", "dual_short"),
    "dual_mode": ("true", "false", "True"),
    "position_mode": ("single", "dual", "dual_plus"),
    "rule": (1, 2, ">=", "<="),
    "order_type": ("close-long-position", "plan-close-short-position", "close-long-order"),
    "action_mode": ("ACK", "RESULT", "FULL"),
    "leverage": (0, 1, 5, "10", 125, 200),
    "cross_leverage_limit": (0, 1, 5, "10", 200),
}
_OTHERS = (
    *("size", "price", "amount", "left", "iceberg", "text", "id", "order_id", "limit", "offset"),
    *("page", "last_id", "with_id", "reverse", "holding", "change", "risk_limit", "timeout", "at"),
    *(
        "reduce_only",
        "close",
        "is_close",
        "stp_act",
        "slippage",
        "market_order_slip_ratio",
        "level",
    ),
    *(
        "price_type",
        "expiration",
        "trigger_price",
        "amend_text",
        "table_id",
        "tx_id",
        "role",
        "pnl",
    ),
    *("exclude_reduce_only", "stp_id", "auto_borrow", "enabled", "contracts", "unknown_key"),
)
_FIELDS = (*_WORDS, *_OTHERS)
_SPOT_ORDER = {
    "currency_pair": "BTC_USDT",
    "side": ("buy", "sell"),
    "amount": ("0.001", 0.01, "10"),
    "price": ("63000", "64000", 65_000),
    "text": ("t-a", None),
}
_ORDER = {
    "contract": "BTC_USDT",
    "size": (1, -1, "20", -300, 4_000),
    "price": ("0", "63000", "64000", 65_000),
    "tif": ("ioc", "ioc", "gtc", "poc"),
    "text": ("t-a", None),
    "reduce_only": (False, False, True),
}
_TRIGGER = {"price": ("60000", "64100", "70000"), "rule": (1, 2, ">=", "<="), "expiration": 60}
_SOUND: dict[str, dict[str, Any]] = {
    "/spot/orders": _SPOT_ORDER,
    "/spot/batch_orders": _SPOT_ORDER,
    "/spot/price_orders": {"market": "BTC_USDT", "put": _SPOT_ORDER, "trigger": _TRIGGER},
    "/futures/{settle}/orders": _ORDER,
    "/futures/{settle}/batch_orders": _ORDER,
    "/futures/{settle}/bbo_orders": _ORDER | {"direction": ("buy", "sell"), "level": 1},
    "/futures/{settle}/price_orders": {"initial": _ORDER, "trigger": _TRIGGER},
    "/wallet/transfers": {
        "currency": ("USDT", "BTC"),
        "from": ("spot", "futures"),
        "to": ("futures", "spot"),
        "amount": ("1", 0.5),
    },
}
_BUSY = tuple(route for route in ROUTES if route.method == "POST" and route.path in _SOUND)


class Hostile:
    """Draws requests. `seen` are ids that the exchange has answered with."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self.seen: list[str] = ["1"]

    def learn(self, body: bytes) -> None:
        """Take the ids of an answer, so that later requests hit what exists."""
        self.seen += [found.decode() for found in re.findall(rb'"id": ?"?(\d+)', body)[:3]]
        del self.seen[:-40]

    def request(self) -> Request:
        """The next request."""
        draw = self._draw
        route = draw.choice(_BUSY if draw.random() < 0.25 else ROUTES)
        method = route.method
        if draw.random() < 0.05:
            method = draw.choice(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "TRACE", "X"))
        query = urlencode(self._object(_FIELDS, 6), errors="surrogatepass")
        if draw.random() < 0.03:
            query = draw.choice(("&&==&", "%", "%zz=%ff", "a=" * 50, "contract"))
        body = b"" if method in ("GET", "DELETE") and draw.random() < 0.9 else self._body(route)
        return method, self._path(route), query, body

    def _path(self, route: Route) -> str:
        path = route.path
        for name in re.findall(r"{(\w+)}", path):
            path = path.replace(f"{{{name}}}", quote(self._argument(name), safe=""))
        return path

    def _argument(self, name: str) -> str:
        draw = self._draw
        if draw.random() < 0.1:
            return draw.choice(_TEXTS).encode(errors="replace").decode() or "x"
        if name == "settle":
            return draw.choice(("usdt", "usdt", "USDT", "btc"))
        if name == "order_id":
            return draw.choice((*self.seen, "t-a"))
        return draw.choice(_NAMES)

    def _body(self, route: Route) -> bytes:
        draw = self._draw
        if draw.random() < 0.05:
            return draw.choice((b"{", b"nul", b"\xff\xfe", b"[" * 5_000, b'{"a":1}{', b"1e999"))
        item: Any = self._sound(_SOUND.get(route.path, {})) | self._object(_FIELDS, 2)
        if route.path not in _SOUND:
            item |= self._object(_FIELDS, 9)
        if "batch" in route.path or draw.random() < 0.05:
            item = [item] * draw.choice((0, 1, 2, 3, 45))
        if route.path.endswith("batch_cancel_orders"):
            item = [draw.choice((*self.seen, None, {}, 1.5)) for _ in range(3)]
        return json.dumps(item).encode()

    def _sound(self, template: dict[str, Any]) -> dict[str, Any]:
        """An object that makes sense, but for a value here and there."""
        made: dict[str, Any] = {}
        for name, choices in template.items():
            if isinstance(choices, dict):
                made[name] = self._sound(choices)
            elif self._draw.random() < 0.04:
                made[name] = self._value(name)
            else:
                made[name] = self._draw.choice(
                    choices if isinstance(choices, tuple) else (choices,)
                )
        return made

    def _object(self, names: Iterable[str], most: int) -> dict[str, Any]:
        chosen = self._draw.sample(tuple(names), self._draw.randint(0, most))
        return {name: self._value(name) for name in chosen}

    def _value(self, name: str) -> Any:
        draw = self._draw
        luck = draw.random()
        if luck < 0.75 and name in _WORDS:
            return draw.choice(_WORDS[name])
        if luck < 0.8:
            return draw.choice((None, True, False, [], {}, [1], {"a": {}}))
        return draw.choice(_TEXTS) if luck < 0.92 else draw.choice(_NUMBERS)
