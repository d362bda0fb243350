"""What a private stream has heard of: which fills, and how far each position. Pure, bounded.

It tells repeated fills apart, and notices what REST knows although no push said it: the sign of a
connection that is alive but dead (a zombie).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from mtrade.domain.events import AccountSnapshot, Filled, PositionChanged
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.orders import Fill
from mtrade.domain.positions import Leg

MOST_FILLS = 5000
OVERLAP_MS = 5 * 60_000
SETTLE_MS = 1_000  # a fill this close to the start of a connection may have come before it

FillKey = tuple[InstrumentId, str]
LegKey = tuple[InstrumentId, Leg]


@dataclass(slots=True)
class Suspicion:
    """What REST told first; to be looked at again a little later."""

    fills: list[FillKey] = field(default_factory=list)
    positions: dict[LegKey, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.fills or self.positions)


class AccountMemory:
    """One account on one market."""

    def __init__(self) -> None:
        self._fills: OrderedDict[FillKey, bool] = OrderedDict()  # the value: a push told it
        self._pushed: dict[LegKey, int] = {}
        self._read: dict[LegKey, int] = {}
        self._latest_ms = 0

    def since_ms(self, now_ms: int) -> int:
        """From when on fills must be read: the last known one, with overlap."""
        return (self._latest_ms or now_ms) - OVERLAP_MS

    def pushed_fills(self, event: Filled) -> Filled | None:
        """The event without the fills that were told before."""
        fresh = self._unheard(event.fills)
        for fill in event.fills:
            self._note(fill, pushed=True)
        if not fresh:
            return None
        return Filled(account_id=event.account_id, fills=fresh)

    def pushed_position(self, event: PositionChanged) -> bool:
        """Note a push; True when a number is missing before it, so that fills may be too."""
        update = event.update
        key = (update.instrument, update.leg)
        known = max(self._pushed.get(key, 0), self._read.get(key, 0))
        self._pushed[key] = max(self._pushed.get(key, 0), update.update_id)
        return bool(known) and update.update_id > known + 1

    def snapshot(self, read: AccountSnapshot, live_ms: int) -> tuple[tuple[Fill, ...], Suspicion]:
        """The fills nobody has told yet, and what the connection (live since then) kept quiet."""
        fresh = self._unheard(read.fills)
        suspicion = Suspicion()
        for fill in fresh:
            if fill.time_ms > live_ms + SETTLE_MS:
                suspicion.fills.append(_fill_key(fill))
        for fill in read.fills:
            self._note(fill, pushed=False)
        for position in read.positions:
            key = (position.instrument, position.leg)
            known = self._read.get(key)
            if known is not None and position.update_id > max(known, self._pushed.get(key, 0)):
                suspicion.positions[key] = position.update_id
            self._read[key] = max(known or 0, position.update_id)
        return fresh, suspicion

    def reconnected(self) -> None:
        """Positions may have moved while nobody listened; and the counting may have begun anew."""
        self._pushed.clear()
        self._read.clear()

    def confirmed(self, suspicion: Suspicion) -> bool:
        """Whether still no push has told what REST knew."""
        return any(not self._fills.get(key, True) for key in suspicion.fills) or any(
            self._pushed.get(key, 0) < number for key, number in suspicion.positions.items()
        )

    def _unheard(self, fills: Iterable[Fill]) -> tuple[Fill, ...]:
        fresh: dict[FillKey, Fill] = {}
        for fill in fills:
            if _fill_key(fill) not in self._fills:
                fresh.setdefault(_fill_key(fill), fill)
        return tuple(fresh.values())

    def _note(self, fill: Fill, *, pushed: bool) -> None:
        key = _fill_key(fill)
        self._fills[key] = pushed or self._fills.get(key, False)
        self._latest_ms = max(self._latest_ms, fill.time_ms)
        while len(self._fills) > MOST_FILLS:
            self._fills.popitem(last=False)


def _fill_key(fill: Fill) -> FillKey:
    return fill.instrument, fill.trade_id
