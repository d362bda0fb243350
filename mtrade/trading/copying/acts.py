"""What a person does with one contract of a link. Engine thread only."""

from __future__ import annotations

from collections.abc import Iterable

from mtrade.domain.copying.acting import BUSY, acted, ignored
from mtrade.domain.copying.model import CopyChange, CopyLeg
from mtrade.domain.errors import NotFound, StoreError
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.numbers import ZERO
from mtrade.domain.positions import Leg
from mtrade.trading.copying.core import Core
from mtrade.trading.copying.world import network_of


class Acts:
    """Raises NotFound(unknown_leg), Conflict and StoreError."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def act(self, link_id: int, instrument: InstrumentId, side: Leg, action: str) -> CopyLeg:
        """fix, adopt, ignore, close, catch_up or skip; returns the leg after it."""
        core = self._core
        leg = core.book.leg(link_id, instrument, side)
        link = core.book.links.get(link_id)
        if leg is None or link is None:
            raise NotFound("the link has no such contract", code="unknown_leg")
        now = core.now_ms(network_of(link.follower_id))
        changed, event = acted(leg, link, action, core.world.position(link, leg), now)
        self._write(CopyChange(legs=(changed,), events=(event,)))
        return changed

    def let_go(self, link_ids: Iterable[int]) -> None:
        """What links own is the user's from now on."""
        legs = [leg for key in link_ids for leg in self._core.book.legs_of(key)]
        if any(leg.pending is not None for leg in legs):
            raise BUSY
        freed = tuple(replace(ignored(leg), owned=ZERO) for leg in legs if not leg.owned.is_zero())
        self._write(CopyChange(legs=freed))

    def _write(self, change: CopyChange) -> None:
        if change and not self._core.launch((), change):
            raise StoreError("the journal cannot be written; nothing was changed")
        self._core.touch([leg.id for leg in change.legs])
