"""Price-time matching of one instrument: pure, no clock, no accounts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(slots=True)
class Resting:
    """An order in the book. `left` is in the instrument's unit, unsigned."""

    order_id: int
    uid: int
    price: Decimal
    left: Decimal


@dataclass(frozen=True, slots=True)
class Match:
    """One execution against a resting order, at its price."""

    maker_id: int
    maker_uid: int
    price: Decimal
    size: Decimal
    maker_left: Decimal
