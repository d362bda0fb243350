"""What came of thinking a leg through."""

from __future__ import annotations

from msgspec import Struct

from mtrade.domain.copying.codes import Reason
from mtrade.domain.copying.facts import Setting, Wanted
from mtrade.domain.copying.model import CopyEvent, CopyLeg


class Outcome(Struct, frozen=True, kw_only=True):
    """`leg` is what to remember. At most one of `order` and `setting` is set. `why` explains what
    is missing between target and owned. `again_ms` is when to look again at the latest; `events`
    go to the feed; `alerts` are also shouted. `pause` is why the whole link is to be paused."""

    leg: CopyLeg
    order: Wanted | None = None
    setting: Setting | None = None
    why: Reason | None = None
    again_ms: int | None = None
    events: tuple[CopyEvent, ...] = ()
    alerts: tuple[Reason, ...] = ()
    pause: Reason | None = None
