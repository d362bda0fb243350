"""Reads what a caller wants changed about an order, and changes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtrade.paper.fields import number, word, wrong
from mtrade.paper.spot.model import SpotOrder
from mtrade.paper.spot.venue import SpotVenue


def apply(venue: SpotVenue, order: SpotOrder, change: Mapping[str, Any], now_ms: int) -> None:
    """Amend by `price`, `amount` (at least one of them) and `amend_text`."""
    given = [name for name in ("price", "amount") if change.get(name) not in (None, "")]
    if not given:
        raise wrong("amount")
    venue.amend(
        order,
        price=number(change, "price") if "price" in given else None,
        amount=number(change, "amount") if "amount" in given else None,
        amend_text=word(change, "amend_text", "") or None,
        now_ms=now_ms,
    )
