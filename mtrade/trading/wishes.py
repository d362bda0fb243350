"""What a person asks for, parsed but not yet decided. Frozen, so it may cross threads."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal

from msgspec import Struct

from mtrade.domain.accounts import MarginMode
from mtrade.domain.instruments import InstrumentId, Side
from mtrade.domain.numbers import text
from mtrade.domain.orders import OrderType, TimeInForce, Trigger, TriggerSource
from mtrade.domain.positions import Leg
from mtrade.domain.sizing import SizeUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """A take profit or stop loss: the price and which price is watched."""

    price: Decimal
    source: TriggerSource = TriggerSource.LAST


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderWish:
    """An order as typed. `request_id` makes a repeated request the same order.

    With a `trigger` it is a conditional order; `close` then means the whole position.
    """

    account_id: str
    request_id: str
    instrument: InstrumentId
    side: Side
    type: OrderType
    size: Decimal
    unit: SizeUnit
    price: Decimal | None = None
    tif: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False
    close: bool = False
    leverage: Decimal | None = None
    margin_mode: MarginMode | None = None
    take_profit: Protection | None = None
    stop_loss: Protection | None = None
    trigger: Trigger | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseWish:
    """Close `percent` of a position (or leg); `price` None means at market."""

    account_id: str
    request_id: str
    instrument: InstrumentId
    leg: Leg
    percent: Decimal
    price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectWish:
    """Position-wide take profit and stop loss for an open position."""

    account_id: str
    request_id: str
    instrument: InstrumentId
    leg: Leg
    take_profit: Protection | None = None
    stop_loss: Protection | None = None


def digest(wish: OrderWish | CloseWish | ProtectWish) -> str:
    """The same for every repetition of a wish, whatever its `request_id`, and for no other."""
    return hashlib.sha256(_canonical(wish).encode()).hexdigest()[:32]


def _canonical(value: object) -> str:
    if isinstance(value, Decimal):
        return text(value)
    if isinstance(value, Struct):
        names = value.__struct_fields__
    elif is_dataclass(value):
        names = tuple(part.name for part in fields(value))
    else:
        return repr(value)
    parts = [f"{name}={_canonical(getattr(value, name))}" for name in names if name != "request_id"]
    return f"{type(value).__name__}({', '.join(parts)})"
