"""Prices from outside that the synthetic market follows. Pure: time comes in.

While fresh ones arrive for a coin its index is pulled to them and the books move along. When they
stop, the market goes on by itself from there; with `live_only` it stops trading instead, because a
price nobody knows must not be made up.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

FRESH_MS = 15_000
# Beyond this the book is moved at once, as by news; below it the house walks there.
JUMP = Decimal("0.005")


class Prices(StrEnum):
    """Where the prices of the exchange come from."""

    AUTO = "auto"
    LIVE = "live"
    SYNTHETIC = "synthetic"


class Following:
    """The latest outside price of each coin, in USD."""

    def __init__(self, mode: Prices = Prices.SYNTHETIC) -> None:
        self.mode = mode
        self._latest: dict[str, tuple[Decimal, int]] = {}

    @property
    def live_only(self) -> bool:
        """Whether a coin without a fresh price may not trade."""
        return self.mode is Prices.LIVE

    def note(self, coin: str, price: Decimal, at_ms: int) -> None:
        """Take in a price that was true at `at_ms`; an older one than known changes nothing."""
        known = self._latest.get(coin)
        if self.mode is Prices.SYNTHETIC or price <= 0 or (known and known[1] > at_ms):
            return
        self._latest[coin] = (price, at_ms)

    def price(self, coin: str, now_ms: int) -> Decimal | None:
        """The price to follow now; None when there is none that is fresh."""
        found = self._latest.get(coin)
        if found is None or now_ms - found[1] >= FRESH_MS:
            return None
        return found[0]
