"""What happened on the futures venue, kept for ever longer lists: rows that never change."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from mtrade.domain.positions import Leg


class Flow(StrEnum):
    """Why the wallet changed (ledger `type`)."""

    DEPOSIT = "dnw"
    PROFIT = "pnl"
    FEE = "fee"
    FUNDING = "fund"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A fill of a user's order. `size` and `close_size` are signed; `fee` is paid."""

    id: int
    uid: int
    settle: str
    contract: str
    order_id: int
    size: Decimal
    close_size: Decimal
    price: Decimal
    role: str
    text: str
    fee: Decimal
    value: Decimal
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One change of a wallet and the balance after it."""

    id: int
    uid: int
    settle: str
    time_ms: int
    change: Decimal
    balance: Decimal
    flow: Flow
    text: str
    contract: str = ""
    trade_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """A position that went flat. `pnl` is after fees and funding."""

    id: int
    uid: int
    settle: str
    contract: str
    leg: Leg
    time_ms: int
    long: bool
    pnl: Decimal
    pnl_pnl: Decimal
    pnl_fee: Decimal
    pnl_fund: Decimal
    text: str
    max_size: Decimal
    accum_size: Decimal
    open_ms: int
    entry: Decimal
    exit: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Liquidated:
    """A position taken over at its bankruptcy price."""

    id: int
    uid: int
    settle: str
    contract: str
    time_ms: int
    leverage: Decimal
    size: Decimal
    margin: Decimal
    entry: Decimal
    liq_price: Decimal
    mark: Decimal
    order_id: int
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How a position stood at a moment."""

    id: int
    uid: int
    settle: str
    contract: str
    leg: Leg
    time_ms: int
    size: Decimal
    entry: Decimal
    margin: Decimal
    leverage: Decimal
    cross_limit: Decimal
    liq_price: Decimal
    realised: Decimal
    history_pnl: Decimal
    last_close_pnl: Decimal
