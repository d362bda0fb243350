"""A model of the exchange: what reached it, what it did, what it shows. One account, two markets.

Speaks Gate's JSON for both transports. It shares no code with the engine or the paper exchange, and
keeps to the nastier reading of the look-up rules (gate-notes, orders).
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal as D
from typing import Any

SHORT_MEMORY_MS = 60_000
FORGET_MS = 600_000
PRICE = D(60000)


class Refusal(Exception):
    """A status and a label."""

    def __init__(self, status: int, label: str) -> None:
        super().__init__(label)
        self.status = status
        self.label = label


@dataclass
class Order:
    """`size` and `left` are unsigned."""

    id: str
    text: str
    market: str
    sell: bool
    size: D
    left: D
    price: D
    tif: str
    reduce_only: bool
    created_ms: int
    seen_ms: int
    open: bool = True
    finish_as: str = ""
    finished_ms: int = 0
    trades: list[tuple[str, D, int, int]] = field(default_factory=list)

    @property
    def filled(self) -> D:
        return sum((size for _, size, _, _ in self.trades), D(0))


class Venue:
    """`now_ms` is the true time; `lag_ms()` says how long a new order or trade stays invisible."""

    def __init__(
        self, pick: random.Random, now_ms: Callable[[], int], lag_ms: Callable[[], int]
    ) -> None:
        self._pick = pick
        self._now = now_ms
        self._lag = lag_ms
        self.orders: list[Order] = []
        self.arrivals: list[dict[str, Any]] = []
        self._ids = 100

    def summary(self) -> list[dict[str, Any]]:
        """What every order came to."""
        return [
            {"text": o.text, "order_id": o.id, "filled": str(o.filled), "open": o.open}
            for o in self.orders
        ]

    def position(self) -> D:
        """Contracts held: the sum of all futures fills."""
        held = (o for o in self.orders if o.market == "futures")
        return sum((-o.filled if o.sell else o.filled for o in held), D(0))

    def create(self, market: str, body: Any, exptime: str | None, path: str) -> Order:
        """A create-order request arrives. Everything about it is logged, also what is refused."""
        text = str(body.get("text", ""))
        entry = {"text": text, "path": path, "time_ms": self._now(), "accepted": False, "label": ""}
        self.arrivals.append(entry)
        try:
            order = self._accept(market, body, exptime)
        except Refusal as refusal:
            entry["label"] = refusal.label
            raise
        entry |= {"accepted": True, "order_id": order.id}
        return order

    def find(self, market: str, reference: str) -> Order:
        """By id or text, as far as the exchange still knows it."""
        now = self._now()
        for order in reversed(self.orders):
            if order.market != market or order.seen_ms > now:
                continue
            age = now - order.finished_ms
            forgotten = not order.open and not order.trades and age > FORGET_MS
            if order.id == reference and not forgotten:
                return order
            if order.text == reference:
                by_text = order.open or (market == "futures" and bool(order.trades))
                if by_text or (market == "futures" and age <= SHORT_MEMORY_MS):
                    return order
                break
        raise Refusal(404, "ORDER_NOT_FOUND")

    def cancel(self, market: str, reference: str) -> Order:
        order = self.find(market, reference)
        if not order.open:
            raise Refusal(404, "ORDER_CLOSED" if market == "spot" else "ORDER_FINISHED")
        self.end(order, "cancelled")
        return order

    def amend(self, market: str, reference: str, body: Any, exptime: str | None) -> Order:
        self._in_time(exptime)
        order = self.find(market, reference)
        if not order.open:
            raise Refusal(404, "ORDER_CLOSED" if market == "spot" else "ORDER_FINISHED")
        if "price" in body:
            order.price = D(str(body["price"]))
        return order

    def trade(self, order: Order, size: D) -> None:
        """A resting or fresh order fills."""
        size = min(size, order.left)
        if not order.open or not size:
            return
        self._ids += 1
        now = self._now()
        order.trades.append((f"tr{self._ids}", size, now, now + self._lag()))
        order.left -= size
        if not order.left:
            self.end(order, "filled")

    def end(self, order: Order, how: str) -> None:
        """An order ends."""
        if order.open:
            order.open, order.finish_as, order.finished_ms = False, how, self._now()

    def listed(self, market: str, *, open: bool) -> list[Order]:
        """Newest first."""
        now = self._now()
        return [
            o for o in reversed(self.orders)
            if o.market == market and o.open is open and o.seen_ms <= now
            and (o.open or o.trades or now - o.finished_ms <= FORGET_MS)
        ]  # fmt: skip

    def _in_time(self, exptime: str | None) -> None:
        if exptime and self._now() > int(exptime):
            raise Refusal(403, "REQUEST_EXPIRED")

    def _accept(self, market: str, body: Any, exptime: str | None) -> Order:
        self._in_time(exptime)
        if self._pick.random() < 0.08:
            raise Refusal(
                400, "INSUFFICIENT_AVAILABLE" if market == "futures" else "BALANCE_NOT_ENOUGH"
            )
        signed = D(str(body["size"] if market == "futures" else body["amount"]))
        self._ids += 1
        now = self._now()
        tif = body["tif"] if market == "futures" else body["time_in_force"]
        order = Order(
            id=str(self._ids),
            text=str(body["text"]),
            market=market,
            sell=signed < 0 if market == "futures" else body["side"] == "sell",
            size=abs(signed),
            left=abs(signed),
            price=D(str(body.get("price", "0"))),
            tif=tif,
            reduce_only=bool(body.get("reduce_only")),
            created_ms=now,
            seen_ms=now + self._lag(),
        )
        self.orders.append(order)
        self._match(order)
        return order

    def _match(self, order: Order) -> None:
        share = self._pick.choice([D(0), D("0.4"), D(1), D(1)])
        if order.tif == "fok":
            share = D(1) if share == 1 else D(0)
        if order.tif == "poc":
            share = D(0)
        step = D(1) if order.market == "futures" else D("0.0001")
        self.trade(order, (order.size * share) // step * step)
        if order.open and order.tif in ("ioc", "fok"):
            self.end(order, order.tif)


def shown(order: Order) -> dict[str, Any]:
    """An order as Gate shows it."""
    return _futures(order) if order.market == "futures" else _spot(order)


def shown_trade(order: Order, trade: tuple[str, D, int, int]) -> dict[str, Any]:
    """A trade of an order as Gate shows it."""
    name, size, at_ms, _ = trade
    base = {"id": name, "order_id": order.id, "text": order.text, "price": str(PRICE), "fee": "0"}
    if order.market == "futures":
        signed = -size if order.sell else size
        more = {"contract": "BTC_USDT", "size": str(signed), "create_time": at_ms / 1000}
        return base | more | {"trade_id": name, "role": "taker"}
    return base | {
        "currency_pair": "BTC_USDT", "side": "sell" if order.sell else "buy", "amount": str(size),
        "create_time_ms": str(at_ms), "role": "taker", "fee_currency": "BTC",
    }  # fmt: skip


def _futures(order: Order) -> dict[str, Any]:
    sign = -1 if order.sell else 1
    row: dict[str, Any] = {
        "id": int(order.id), "user": 42, "contract": "BTC_USDT", "text": order.text,
        "size": str(sign * order.size), "left": str(sign * order.left), "price": str(order.price),
        "fill_price": str(PRICE) if order.trades else "0", "tif": order.tif,
        "status": "open" if order.open else "finished", "is_reduce_only": order.reduce_only,
        "create_time": order.created_ms / 1000,
    }  # fmt: skip
    if not order.open:
        row |= {"finish_as": order.finish_as, "finish_time": order.finished_ms / 1000}
    return row


def _spot(order: Order) -> dict[str, Any]:
    status = "open" if order.open else "closed" if order.finish_as == "filled" else "cancelled"
    return {
        "id": order.id, "text": order.text, "currency_pair": "BTC_USDT", "account": "spot",
        "type": "limit" if order.price else "market", "side": "sell" if order.sell else "buy",
        "amount": str(order.size), "left": str(order.left), "price": str(order.price),
        "filled_amount": str(order.filled), "avg_deal_price": str(PRICE) if order.trades else "0",
        "time_in_force": order.tif, "status": status, "finish_as": order.finish_as or "open",
        "create_time_ms": order.created_ms, "update_time_ms": order.finished_ms or order.created_ms,
    }  # fmt: skip


def dumped(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
