"""Own executions on their way into the journal: what one round of the engine was told is one
transaction. For the engine thread only.

A fan-out is followed by an execution of every follower; each by itself would hold the engine up
for a write to the disk, and asking the exchange for each would be as many requests at once. A
stream tells them; only what it has not told is asked for.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from decimal import Decimal

from mtrade.domain.errors import StoreError
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import AccountFill, Fill, Intent
from mtrade.domain.ports import Clock
from mtrade.trading.ports import FillJournal
from mtrade.trading.troubles import Troubles

AGAIN_S = 1.0
TOLD_S = 2.0  # a stream tells an execution long before
KEPT_TEXTS = 2_000


class Executions:
    """`fresh` is told what was not in the journal before, once it is. `read` asks the exchange for
    the executions of an order."""

    def __init__(
        self,
        journal: FillJournal,
        troubles: Troubles,
        clock: Clock,
        fresh: Callable[[AccountFill], None],
        read: Callable[[Intent], None],
    ) -> None:
        self._journal = journal
        self._troubles = troubles
        self._clock = clock
        self._fresh = fresh
        self._read = read
        self._waiting: list[AccountFill] = []
        self._again_at = 0.0
        self._stored: OrderedDict[str, Decimal] = OrderedDict()  # by an order's text
        self._expected: dict[str, tuple[float, Intent]] = {}  # and until when

    def take(self, account_id: str, fills: Iterable[Fill]) -> None:
        """These are to be stored."""
        self._waiting += ((account_id, fill) for fill in fills)

    def expect(self, intent: Intent) -> None:
        """The order has ended, and a stream tells what it executed."""
        self._expected[intent.order.text] = self._clock.monotonic() + TOLD_S, intent

    def store(self) -> None:
        """Store what waits; what the journal cannot take is tried again in a second. Then ask for
        what was expected in vain."""
        if self._waiting and self._clock.monotonic() >= self._again_at:
            self._write()
        if self._expected:
            self._ask()

    def _write(self) -> None:
        try:
            fresh = self._journal.add_fills(self._waiting)
        except StoreError as fault:
            self._troubles.unwritten(fault)
            self._again_at = self._clock.monotonic() + AGAIN_S
            return
        self._waiting = []
        self._again_at = 0.0
        for found in fresh:
            text = found[1].text
            self._stored[text] = self._stored.get(text, ZERO) + found[1].size
            self._fresh(found)
        while len(self._stored) > KEPT_TEXTS:
            self._stored.popitem(last=False)

    def _ask(self) -> None:
        now = self._clock.monotonic()
        for text, (until, intent) in list(self._expected.items()):
            complete = self._stored.get(text, ZERO) >= intent.filled
            if complete or now >= until:
                del self._expected[text]
            if not complete and now >= until:
                self._read(intent)
