"""The one deciding function: what a leg does now, and why."""

from __future__ import annotations

from dataclasses import dataclass

from mtrade.domain.copying.codes import Reason
from mtrade.domain.copying.facts import Facts, Setting, Wanted
from mtrade.domain.copying.model import CopyEvent, CopyLeg
from mtrade.domain.orders import Intent


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`leg` is what to remember. At most one of `order` and `setting` is set. `why` explains what
    is missing between target and owned. `again_ms` is when to look again at the latest; `events`
    go to the feed; `alerts` are also shouted."""

    leg: CopyLeg
    order: Wanted | None = None
    setting: Setting | None = None
    why: Reason | None = None
    again_ms: int | None = None
    events: tuple[CopyEvent, ...] = ()
    alerts: tuple[Reason, ...] = ()


def step(leg: CopyLeg, facts: Facts) -> Outcome:
    """The next thing to do for `leg`: an order, a setting to be made first, or a reason for none.

    With an unfinished intent nothing is decided. Calling it again with the same values gives the
    same result; without news it changes nothing.
    """
    raise NotImplementedError


def booked(leg: CopyLeg, before: Intent, after: Intent, facts: Facts | None) -> Outcome:
    """The leg after news of its own intent: the ledger moves by what was proven to be filled."""
    raise NotImplementedError
