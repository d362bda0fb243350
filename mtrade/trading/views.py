"""What the trading layer tells a screen. Frozen; a number that cannot be known is None."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as with_default
from decimal import Decimal
from typing import Generic, TypeVar

from mtrade.domain.accounts import Account, FuturesAccount, Network, Permission, SpotBalance
from mtrade.domain.orders import Intent

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Aged(Generic[T]):
    """A value with its age: how long ago it was read from the exchange."""

    value: T
    age_ms: int


@dataclass(frozen=True, slots=True)
class ValuedCoin:
    """A spot balance and its worth in USDT; None when no price is known."""

    balance: SpotBalance
    value_usdt: Decimal | None


@dataclass(frozen=True, slots=True)
class FuturesBalance:
    """The futures wallet of one settle currency."""

    settle: str
    account: FuturesAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceView:
    """All money of one account. `total_usdt` is None while any part of it has no price."""

    account: Account
    age_ms: int
    total_usdt: Decimal | None
    spot: tuple[ValuedCoin, ...]
    futures: tuple[FuturesBalance, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an order as typed would be refused: code, English text, the field it belongs to."""

    code: str
    message: str
    field: str = ""
    params: Mapping[str, str] = with_default(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an order would do if sent now. Money is in the quote or settle currency."""

    size: Decimal | None = None
    unit: str = ""
    value: Decimal | None = None
    margin: Decimal | None = None
    fee: Decimal | None = None
    fee_rate: Decimal | None = None
    average: Decimal | None = None
    worst: Decimal | None = None
    slippage_pct: Decimal | None = None
    liq_before: Decimal | None = None
    liq_after: Decimal | None = None
    position_before: Decimal | None = None
    position_after: Decimal | None = None
    available_before: Decimal | None = None
    available_after: Decimal | None = None
    max_size: Decimal | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """One line of a key test. `code` names it for translation."""

    name: str
    ok: bool
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReport:
    """What a key can do; `ok` means mTrade accepts it."""

    ok: bool
    uid: str
    checks: tuple[KeyCheck, ...]
    permissions: tuple[Permission, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkStatus:
    """The line to one network. Latency is a measured round trip, never a clock difference."""

    network: Network
    host: str
    accounts: int
    latency_ms: int | None
    offset_ms: int | None
    age_ms: int | None
    error: str


@dataclass(frozen=True, slots=True)
class Submission:
    """The intent an order became, and the protective intents that wait for its fill."""

    intent: Intent
    protection: tuple[Intent, ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """Whether everything is whole; each problem has a code to translate and its numbers."""

    ok: bool
    problems: tuple[Problem, ...] = ()
