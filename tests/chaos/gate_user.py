"""A user of the exchange with a client of its own, which shares nothing with mTrade's."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import requests

from tests.sim.copying.judge import Trade

PREFIX, FUTURES = "/api/v4", "/futures/usdt"
PAGE = 1000
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Contract:
    """`worth` is what one contract is worth at price 1."""

    name: str
    step: Decimal
    worth: Decimal


class GateUser:
    """One API key. Not for several threads at once."""

    def __init__(self, base: str, key: str, secret: str, uid: int) -> None:
        self.key, self.secret, self.uid = key, secret, uid
        self._base = base
        self._session = requests.Session()
        self._session.trust_env = False

    def order(self, contract: str, size: Decimal, *, reduce_only: bool = False) -> None:
        """A market order for signed contracts."""
        body = {
            "contract": contract,
            "size": str(size),
            "price": "0",
            "tif": "ioc",
            "reduce_only": reduce_only,
        }
        self.call("POST", "/orders", body=body)

    def set_leverage(self, contract: str, leverage: int) -> None:
        """Isolated, for an account without hedge mode."""
        self.call("POST", f"/positions/{contract}/leverage", {"leverage": str(leverage)})

    def contract(self, name: str) -> Contract:
        """The rules of a contract."""
        row = self.call("GET", f"/contracts/{name}")
        step, worth = Decimal(row["order_size_min"]), Decimal(row["quanto_multiplier"])
        return Contract(name=name, step=step, worth=worth)

    def positions(self) -> dict[tuple[str, str], Row]:
        """All that is or was held, by contract and leg."""
        return {(row["contract"], row["mode"]): row for row in self.call("GET", "/positions")}

    def trades(self) -> dict[str, list[Trade]]:
        """Every fill by contract, oldest first."""
        found = defaultdict(list)
        for row in sorted(self._all("/my_trades"), key=lambda row: int(row["id"])):
            at, size, price = (Decimal(row[name]) for name in ("create_time", "size", "price"))
            found[row["contract"]].append(Trade(int(at * 1000), size, price, row["text"]))
        return found

    def ended(self) -> list[Row]:
        """Every order that has ended; the exchange forgets those without a fill."""
        return self._all("/orders_timerange")

    def open(self) -> list[Row]:
        """Every order that rests."""
        return self._all("/orders", status="open")

    def balances(self) -> list[Decimal]:
        """What the futures wallet held after each change, the first deposit included."""
        return [Decimal(row["balance"]) for row in self._all("/account_book")]

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Any:
        """A signed call that must succeed; numbers come as text or Decimal."""
        target, asked = f"{PREFIX}{FUTURES}{path}", urlencode(query or {})
        raw = "" if body is None else json.dumps(body)
        stamp = str(int(time.time()))
        parts = (method, target, asked, hashlib.sha512(raw.encode()).hexdigest(), stamp)
        sign = hmac.new(self.secret.encode(), "\n".join(parts).encode(), hashlib.sha512)
        answer = self._session.request(
            method,
            f"{self._base}{target}",
            params=asked,
            data=raw,
            headers={
                "KEY": self.key,
                "Timestamp": stamp,
                "SIGN": sign.hexdigest(),
                "Content-Type": "application/json",
                "X-Gate-Size-Decimal": "1",
            },
            timeout=20,
        )
        assert answer.ok, f"{method} {path}: {answer.text}"
        return json.loads(answer.text, parse_float=Decimal)

    def _all(self, path: str, **query: str) -> list[Row]:
        rows: list[Row] = []
        while True:
            asked = {**query, "limit": str(PAGE), "offset": str(len(rows))}
            page = self.call("GET", path, asked)
            rows += page
            if len(page) < PAGE:
                return rows
