"""What changes on the futures venue: accounts, positions, orders, triggers, countdowns.

Plain mutable records; the rules live beside them. Sizes are contracts, money is in the settle
currency, times are UTC milliseconds. A price of zero (Gate writes "0") and an empty word mean none.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from mtrade.domain.instruments import InstrumentId, Side, futures
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import TimeInForce, TriggerSource
from mtrade.domain.positions import Leg


class FinishAs(StrEnum):
    """Why an order ended; the only words Gate's own client accepts (gate-notes, futures order)."""

    FILLED = "filled"
    CANCELLED = "cancelled"
    LIQUIDATED = "liquidated"
    IOC = "ioc"
    REDUCE_ONLY = "reduce_only"
    POSITION_CLOSED = "position_closed"
    REDUCE_OUT = "reduce_out"


@dataclass(slots=True, kw_only=True)
class Account:
    """The wallet of one user in one settle currency. `total` is the sum of the four flows."""

    uid: int
    settle: str
    total: Decimal = ZERO
    dnw: Decimal = ZERO
    pnl: Decimal = ZERO
    fee: Decimal = ZERO
    fund: Decimal = ZERO
    dual: bool = False
    update_id: int = 0
    update_ms: int = 0


@dataclass(slots=True, kw_only=True)
class Position:
    """One net position or hedge leg. `size` is signed. `leverage` zero means cross.

    `margin` is what an isolated position has posted, without unrealised profit. The three `pnl_*`
    are of the open position and start anew when it goes flat; `update_id` never does.
    """

    uid: int
    settle: str
    contract: str
    leg: Leg
    leverage: Decimal
    cross_limit: Decimal
    size: Decimal = ZERO
    entry: Decimal = ZERO
    margin: Decimal = ZERO
    pnl_pnl: Decimal = ZERO
    pnl_fee: Decimal = ZERO
    pnl_fund: Decimal = ZERO
    history_pnl: Decimal = ZERO
    last_close_pnl: Decimal = ZERO
    max_size: Decimal = ZERO
    closed_size: Decimal = ZERO
    closed_worth: Decimal = ZERO
    open_ms: int = 0
    update_ms: int = 0
    update_id: int = 0

    @property
    def instrument(self) -> InstrumentId:
        return futures(self.contract, self.settle)

    @property
    def cross(self) -> bool:
        return self.leverage.is_zero()

    @property
    def realised(self) -> Decimal:
        """What the open position has made so far, after fees and funding."""
        return self.pnl_pnl + self.pnl_fee + self.pnl_fund


@dataclass(slots=True, kw_only=True)
class Order:
    """An order of a user. `size` is signed and includes what has filled; price zero is market."""

    id: int
    uid: int
    settle: str
    contract: str
    leg: Leg
    size: Decimal
    price: Decimal
    tif: TimeInForce
    text: str
    taker_rate: Decimal
    maker_rate: Decimal
    create_ms: int
    update_ms: int
    filled: Decimal = ZERO
    worth: Decimal = ZERO
    iceberg: Decimal = ZERO
    reduce_only: bool = False
    close: bool = False
    auto_size: str = ""
    is_liq: bool = False
    amend_text: str = "-"
    slip_ratio: Decimal = ZERO
    finish_as: str = ""
    finish_ms: int = 0
    update_id: int = 0

    @property
    def instrument(self) -> InstrumentId:
        return futures(self.contract, self.settle)

    @property
    def side(self) -> Side:
        return Side.BUY if self.size > 0 else Side.SELL

    @property
    def left(self) -> Decimal:
        """What has not filled, unsigned."""
        return abs(self.size) - self.filled

    @property
    def open(self) -> bool:
        return not self.finish_as


@dataclass(slots=True, kw_only=True)
class Trigger:
    """A price order: an order that the exchange places itself when a price is reached.

    `rule` 1 fires at or above `price`, 2 at or below. `order_id` is the fired order, 0 before.
    """

    id: int
    uid: int
    settle: str
    contract: str
    size: Decimal
    order_price: Decimal
    tif: TimeInForce
    text: str
    reduce_only: bool
    close: bool
    auto_size: str
    source: TriggerSource
    price: Decimal
    rule: int
    expiration_s: int
    order_type: str
    create_ms: int
    status: str = "open"
    finish_as: str = ""
    finish_ms: int = 0
    reason: str = ""
    order_id: int = 0

    @property
    def instrument(self) -> InstrumentId:
        return futures(self.contract, self.settle)


@dataclass(slots=True, kw_only=True)
class Countdown:
    """A dead man's switch: at `deadline_ms` the orders of `contract` (empty: all) are cancelled."""

    uid: int
    settle: str
    contract: str
    deadline_ms: int
