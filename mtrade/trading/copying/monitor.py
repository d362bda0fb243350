"""Looks once a minute whether memory, journal and exchange fit together. Engine thread only.

A breach parks the increases of its account until a person says that it may go on; exits go on.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from decimal import Decimal

from mtrade.domain.copying.audit import (
    Breach,
    Finding,
    in_flight,
    is_short,
    quiet,
    summed,
    written,
)
from mtrade.domain.copying.choices import LateJoin
from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.copying.foreign import PROVEN_MS
from mtrade.domain.copying.model import CopyChange, CopyEvent, CopyLeg, Link
from mtrade.domain.errors import StoreError
from mtrade.domain.orders import Fill
from mtrade.trading.copying.core import Core
from mtrade.trading.copying.memory import READ_FRESH_MS
from mtrade.trading.copying.world import network_of
from mtrade.trading.intents import PREFIX

log = logging.getLogger(__name__)

SHORT_MS = 45_000
NOTHING_SINCE = (2**62, 2**62)
KEPT = 5_000  # texts of executions of an account
COPY = f"{PREFIX}c"


class Monitor:
    """`run` is called often and looks when it is time."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._at: float | None = None
        self._last: tuple[int, int] | None = None  # the last intent and event of the look before
        self._before: dict[int, Decimal] = {}
        self._short: dict[int, tuple[Decimal, Decimal, int]] = {}  # owned, position, since when
        self._orders: dict[str, OrderedDict[str, str]] = {}  # by account: order ids by text
        self._twice: set[str] = set()
        self._told: set[Finding] = set()

    def executed(self, account_id: str, fills: Iterable[Fill]) -> None:
        """Executions of a follower: one text is one order, for ever."""
        orders = self._orders.setdefault(account_id, OrderedDict())
        for fill in fills:
            if not fill.text.startswith(COPY):
                continue
            if orders.setdefault(fill.text, fill.order_id) != fill.order_id:
                self._twice.add(account_id)
            if len(orders) > KEPT:
                orders.popitem(last=False)

    def run(self) -> None:
        """Look, if a minute has passed since the last time or the start."""
        now = self._core.tools.clock.monotonic()
        if self._at is None:
            self._at = now + self._core.tools.monitor_s
        if now < self._at or self._core.until_reload() is not None:
            return
        self._at = now + self._core.tools.monitor_s
        try:
            found = set(self._findings())
        except StoreError as fault:
            log.warning("copying could not be checked: %s", fault.message)
            return
        self._tell(found)

    def _findings(self) -> Iterator[Finding]:
        core = self._core
        legs = core.book.legs
        audit = core.tools.shelf.audit(*(self._last or NOTHING_SINCE))
        twice, self._twice = self._twice, set()
        for account_id in twice:
            yield Finding(account_id, Breach.TEXT_TWICE)
        for link in core.active():
            now = core.now_ms(network_of(link.follower_id))
            own = {leg.id: leg for leg in core.book.legs_of(link.id)}
            yield from in_flight(own, core.live(), now)
        yield from written(audit, legs)
        if self._last is not None:
            yield from summed(audit, legs, self._before, self._adopting())
        self._last = (audit.last_intent, audit.last_event)
        self._before = quiet(legs.values())
        yield from self._positions()

    def _adopting(self) -> frozenset[int]:
        book = self._core.book
        return frozenset(
            leg_id for link in book.links.values() if link.params.late_join is LateJoin.ADOPT
            for leg_id in book.of_link.get(link.id, ())
        )  # fmt: skip

    def _positions(self) -> Iterator[Finding]:
        """The exchange has shown less than is owned for long: whoever respects hands would have
        lowered the ledger since."""
        before, self._short = self._short, {}
        for link in self._core.active():
            now = self._core.now_ms(network_of(link.follower_id))
            for leg in self._core.book.legs_of(link.id):
                position = self._proven(link, leg)
                if position is None or not is_short(leg.owned, position):
                    continue
                owned, seen, since = before.get(leg.id, (leg.owned, position, now))
                if (owned, seen) != (leg.owned, position):
                    since = now
                self._short[leg.id] = (leg.owned, position, since)
                if now - since >= SHORT_MS:
                    yield Finding(leg.follower_id, Breach.POSITION, leg.id)

    def _proven(self, link: Link, leg: CopyLeg) -> Decimal | None:
        """The position of a leg, if its reading is young and shows all that own orders did."""
        core, account_id = self._core, link.follower_id
        sight = core.memory.sight(account_id, link.settle)
        unsure = account_id in core.gates.unproven or core.gates.brake(link) is not None
        if sight is None or leg.pending is not None or unsure:
            return None
        now = core.now_ms(network_of(account_id))
        if now - sight.read_ms > READ_FRESH_MS or sight.read_ms < leg.planned_ms + PROVEN_MS:
            return None
        return core.world.position(link, leg)

    def _tell(self, found: set[Finding]) -> None:
        events: list[CopyEvent] = []
        core = self._core
        broken = set(core.gates.broken)
        fresh = {f for f in found if f not in self._told or f.account_id not in broken}
        for finding in sorted(fresh, key=repr):
            why = Reason(Code.MONITOR, {"what": finding.what.value}, human=True)
            core.gates.broken.setdefault(finding.account_id, why)
            for link, leg in self._concerned(finding):
                events.append(core.alarm(link, why, leg))
        self._told = found
        if events:
            core.launch((), CopyChange(events=tuple(events)))
            for event in events:
                core.touch_link(event.link_id)

    def _concerned(self, finding: Finding) -> list[tuple[Link, CopyLeg | None]]:
        """The leg of a finding; all links of its account where it is of none."""
        book = self._core.book
        leg = None if finding.leg_id is None else book.legs.get(finding.leg_id)
        if leg is not None:
            return [(book.links[leg.link_id], leg)]
        return [(book.links[key], None) for key in book.of_follower.get(finding.account_id, ())]
