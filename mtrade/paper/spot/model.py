"""What the spot venue keeps: orders, trades, ledger lines, trigger orders. Times are UTC ms."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mtrade.domain.instruments import Side
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import OrderType, TimeInForce

OPEN = "open"


@dataclass(slots=True, kw_only=True)
class SpotOrder:
    """One order. `amount` and `left` are base coins, for a market buy money to spend (Gate docs).

    `filled` is base, `total` the quote traded for it; `locked` is what this order still blocks of
    the currency it pays with. `status` and `finish_as` are Gate's words.
    """

    id: int
    uid: int
    pair: str
    side: Side
    type: OrderType
    tif: TimeInForce
    amount: Decimal
    left: Decimal
    price: Decimal
    text: str
    created_ms: int
    updated_ms: int
    iceberg: Decimal = ZERO
    filled: Decimal = ZERO
    total: Decimal = ZERO
    fee: Decimal = ZERO
    locked: Decimal = ZERO
    status: str = OPEN
    finish_as: str = OPEN
    amend_text: str = "-"

    @property
    def open(self) -> bool:
        """Whether it may still be filled."""
        return self.status == OPEN

    @property
    def by_money(self) -> bool:
        """Whether `amount` is quote money: a market buy."""
        return self.type is OrderType.MARKET and self.side is Side.BUY


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotTrade:
    """One execution of one order."""

    id: int
    order_id: int
    uid: int
    pair: str
    side: Side
    role: str
    amount: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    text: str
    amend_text: str
    time_ms: int

    @property
    def key(self) -> str:
        """Both sides of a match share its id, so the order belongs to the key."""
        return f"{self.id}:{self.order_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """One change of a balance. `kind` is Gate's change type, e.g. `order-match`."""

    id: int
    uid: int
    time_ms: int
    currency: str
    change: Decimal
    balance: Decimal
    kind: str
    text: str


@dataclass(slots=True, kw_only=True)
class SpotTrigger:
    """An order to be placed when the last price reaches `price`. `put_*` describe that order."""

    id: int
    uid: int
    pair: str
    price: Decimal
    above: bool
    expiration_s: int
    put_type: OrderType
    put_side: Side
    put_price: Decimal
    put_amount: Decimal
    put_tif: TimeInForce
    put_text: str
    created_ms: int
    finished_ms: int = 0
    fired_order_id: int = 0
    status: str = OPEN
    reason: str = ""

    @property
    def open(self) -> bool:
        """Whether it still waits."""
        return self.status == OPEN


@dataclass(slots=True, kw_only=True)
class Balance:
    """Coins of one user and currency."""

    available: Decimal = ZERO
    locked: Decimal = ZERO
    update_id: int = 0


@dataclass(slots=True, kw_only=True)
class Countdown:
    """A dead-man switch: cancel the user's orders (of `pair`, or all) at `at_ms`."""

    uid: int
    pair: str
    at_ms: int
