"""Watches what coins cost on the real market, for the paper exchange to follow.

A thread of its own. Without internet it is quiet: one line in the log, then a try every minute.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Protocol

from mtrade.domain.errors import ExchangeError, RateLimited
from mtrade.domain.instruments import InstrumentId, spot
from mtrade.domain.market import Book
from mtrade.domain.ports import Clock

log = logging.getLogger(__name__)

EVERY_S = 1.0
RETRY_S = 60.0


class Books(Protocol):
    """The part of market data that is watched."""

    def book(self, instrument: InstrumentId, depth: int) -> Book: ...


class PriceWatch:
    """Start it, close it. `deliver(coin, price in USD, time in ms)` is called in its thread."""

    def __init__(
        self,
        market: Books,
        coins: Sequence[str],
        deliver: Callable[[str, Decimal, int], object],
        clock: Clock,
    ) -> None:
        self._market = market
        self._coins = coins
        self._deliver = deliver
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="price-watch", daemon=True)
        self._reached: bool | None = None

    def start(self) -> None:
        """Begin with a first look at once."""
        self._thread.start()

    def close(self) -> None:
        """Stop; a request under way is left to its time-out."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(2)

    def look(self) -> bool:
        """Ask for every coin once; False when the market cannot be reached."""
        for coin in self._coins:
            if self._stop.is_set():
                return True
            try:
                price = self._middle(coin)
            except ExchangeError as fault:
                # A label is an answer: only this coin is not there.
                if not fault.label or isinstance(fault, RateLimited):
                    self._note(False, fault.message)
                    return False
                continue
            if price is not None:
                self._deliver(coin, price, self._clock.now_ms())
        self._note(True)
        return True

    def _middle(self, coin: str) -> Decimal | None:
        book = self._market.book(spot(f"{coin}_USDT"), 1)
        if not book.bids or not book.asks:
            return None
        return (book.bids[0].price + book.asks[0].price) / 2

    def _note(self, reached: bool, reason: str = "") -> None:
        before, self._reached = self._reached, reached
        if reached and before is False:
            log.info("outside prices are back")
        elif not reached and before is not False:
            log.info("no outside prices, trying again every minute: %s", reason)

    def _run(self) -> None:
        wait_s = 0.0
        while not self._stop.wait(wait_s):
            wait_s = EVERY_S if self.look() else RETRY_S
