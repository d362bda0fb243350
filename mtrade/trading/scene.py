"""Everything one decision about one instrument looks at."""

from __future__ import annotations

from dataclasses import dataclass

from mtrade.domain.accounts import Account, PositionMode
from mtrade.domain.instruments import Instrument, Market, Side
from mtrade.domain.market import Book
from mtrade.domain.positions import Leg, Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Account, rules, book and positions, read together."""

    account: Account
    instrument: Instrument
    book: Book
    rows: tuple[Position, ...]
    mode: PositionMode

    def leg_for(self, side: Side, *, reduce_only: bool) -> Leg | None:
        """The leg an order of that side touches; None on spot."""
        if self.instrument.id.market is Market.SPOT:
            return None
        if self.mode is PositionMode.SINGLE:
            return Leg.NET
        opens = side if not reduce_only else side.opposite
        return Leg.LONG if opens is Side.BUY else Leg.SHORT

    def position(self, leg: Leg | None) -> Position | None:
        """The row of a leg, also when it is flat."""
        return next((row for row in self.rows if row.leg is leg), None)
