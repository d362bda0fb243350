"""Legs that are due are thought through; what they want is one transaction, then it is sent."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from mtrade.domain.copying.facts import Facts
from mtrade.domain.copying.model import Cause, CopyLeg, Link
from mtrade.domain.copying.outcome import Outcome
from mtrade.domain.errors import StoreError
from mtrade.trading.copying.batch import Batch, Decided
from mtrade.trading.copying.breakers import Breakers
from mtrade.trading.copying.core import RECONCILE_S, Core
from mtrade.trading.copying.hands import Hands
from mtrade.trading.copying.patience import Patience, Wait
from mtrade.trading.copying.settings import Settings
from mtrade.trading.copying.world import Pass, network_of

SOONEST_S = 0.02
_NUMBER = attrgetter("number")
_Pair = tuple[Link, CopyLeg]


class Planning:
    """Engine thread only."""

    def __init__(
        self, core: Core, settings: Settings, breakers: Breakers, patience: Patience
    ) -> None:
        self._core = core
        self._settings = settings
        self._breakers = breakers
        self._patience = patience
        self._hands = Hands(core.memory)
        self._netted: dict[int, None] = {}
        self._net_at = 0.0

    def run(self) -> None:
        """Decide for every leg that was touched or whose time has come."""
        core = self._core
        due = core.touched | set(core.timers.due())
        if not due:
            return
        core.touched = set()
        core.gates.refresh()
        at = core.fresh_pass()
        batch = Batch(core.tools.instance, core.tools.noise, core.tools.clock.now_ms())
        for wave in self._waves(sorted(due)):  # the order that the list at arming reckons with
            self._decide(wave, at, batch)
        now = core.tools.clock.monotonic()
        if self._netted and (batch.decided or now >= self._net_at):
            self._net_at = now + RECONCILE_S
            self._net(batch)
        if batch.decided or batch.causes or batch.events:
            self._send(batch)

    def _net(self, batch: Batch) -> None:
        """The leader's trades that needed no order are done with; there is no hurry to say so."""
        core = self._core
        for leg_id in self._netted:
            leg = core.book.legs.get(leg_id)
            link = None if leg is None else core.book.links.get(leg.link_id)
            if leg is not None and link is not None and leg.pending is None:
                batch.causes += core.causes.taken(link, leg, "")
        self._netted.clear()

    def _waves(self, due: Iterable[int]) -> list[list[_Pair]]:
        """The legs, in this order, no account twice in a wave: what a leg enters counts for the
        next one of its account."""
        book = self._core.book
        waves: list[list[_Pair]] = []
        taken: dict[str, int] = {}  # by account: in how many waves
        for leg_id in due:
            leg = book.legs.get(leg_id)
            link = None if leg is None else book.links.get(leg.link_id)
            if leg is None or link is None:
                continue
            number = taken.get(link.follower_id, 0)
            taken[link.follower_id] = number + 1
            if number == len(waves):
                waves.append([])
            waves[number].append((link, leg))
        return waves

    def _decide(self, wave: Iterable[_Pair], at: Pass, batch: Batch) -> None:
        """One step for all, then the next one: the same code again is in the processor's cache."""
        known = [(link, leg, self._facts(link, leg, at)) for link, leg in wave]
        decided = [
            (link, self._decided(link, leg, facts))
            for link, leg, facts in known
            if facts is not None
        ]
        for link, found in decided:
            self._heed(link, found, at, batch)

    def _facts(self, link: Link, leg: CopyLeg, at: Pass) -> Facts | None:
        """What a leg is decided on; None when nothing is to be decided now."""
        core = self._core
        core.timers.set(leg.id, RECONCILE_S)
        if leg.pending is not None:
            return None
        now = at.now_ms(network_of(link.follower_id))
        rest = leg.planned_ms + link.params.coalesce_ms - now
        if 0 < rest <= link.params.coalesce_ms:
            core.again(leg.id, rest / 1000)
            return None
        facts = core.world.facts(link, leg, at)
        if facts is None:
            core.again(leg.id, 1.0)
        return facts

    def _decided(self, link: Link, leg: CopyLeg, facts: Facts) -> Decided:
        facts = self._settings.seen_by(leg, facts)
        outcome = self._hands.seen(link, leg, facts)
        if outcome is None:
            facts = self._hands.doubted(leg, facts)
            outcome = self._core.tools.step(leg, facts)
        return Decided(leg, facts, outcome)

    def _heed(self, link: Link, decided: Decided, at: Pass, batch: Batch) -> None:
        core, leg = self._core, decided.leg
        if (wait := self._held_back(leg, decided.outcome)) is not None:
            core.whys[leg.id] = wait.why
            core.again(leg.id, wait.rest_s(core.tools.clock.monotonic()))
            return
        core.whys[leg.id] = decided.outcome.why
        self._follow(link, decided, at, batch)

    def _held_back(self, leg: CopyLeg, outcome: Outcome) -> Wait | None:
        """The wait for an order of a leg whose last ones did not get through."""
        if outcome.order is None:
            return None
        return self._patience.wait_of(leg.id, reducing=outcome.order.reducing)

    def _follow(self, link: Link, decided: Decided, at: Pass, batch: Batch) -> None:
        core, leg, outcome = self._core, decided.leg, decided.outcome
        now = decided.facts.now_ms
        if outcome.again_ms is not None:
            core.again(leg.id, max((outcome.again_ms - now) / 1000, SOONEST_S))
        if outcome.alerts:
            batch.events += core.alarms(link, leg, outcome)
        if outcome.pause is not None:
            batch.pauses.append((link.id, outcome.pause))
        if outcome.setting is not None:
            self._settings.ask(leg, outcome.setting)
        if outcome.order is not None:
            self._count(link, decided, at)
        else:
            self._quiet(link, decided, batch)
        if outcome.order is not None or outcome.leg != leg or outcome.events:
            batch.add(decided)

    def _count(self, link: Link, decided: Decided, at: Pass) -> None:
        """An entry will be sent."""
        order = decided.outcome.order
        if order is None or order.reducing:
            return
        core, market = self._core, decided.facts.market
        leader = decided.facts.leader
        signal = leader.increase_ms or leader.read_ms
        core.signals[decided.leg.id] = signal, leader.increase_price or market.mark
        core.rates.entered(link.id, link.follower_id, decided.facts.now_ms)
        core.world.grows(link, decided.leg, order.order.size, market, at)

    def _quiet(self, link: Link, decided: Decided, batch: Batch) -> None:
        """Nothing to send. When nothing is missing either, the leader's trades so far are done."""
        core, leg, outcome = self._core, decided.leg, decided.outcome
        episode = outcome.leg.episode
        if outcome.setting is not None or (episode is not None and episode.late_ms is not None):
            return
        if outcome.why is not None and episode is not None and episode.opening is not None:
            return
        self._done_with(link, leg)
        if outcome.why is None and core.causes.waits(link, leg):
            self._netted[leg.id] = None

    def _done_with(self, link: Link, leg: CopyLeg) -> None:
        """What the leader's position shows already; an execution may be heard before it does."""
        sight = self._core.memory.sight(link.leader_id, link.settle)
        grown = None if sight is None else sight.grown.get(leg.instrument)
        held = self._core.world.leader_size(link, leg)
        if not grown or held is None:
            return
        for part in sorted(grown, key=_NUMBER):  # in the order heard
            if part.time_ms > held.moved_ms:
                return
            self._core.world.marks[leg.id] = part.number

    def _send(self, batch: Batch) -> None:
        core = self._core
        try:
            first_id = core.tools.next_id()
        except StoreError as fault:
            core.failed(fault)
            return
        intents, change = batch.built(first_id, self._causes_of)
        if core.launch(intents, change):
            for link_id, why in batch.pauses:
                self._breakers.pause(link_id, why)

    def _causes_of(self, decided: Decided, text: str) -> tuple[Cause, ...]:
        link = self._core.book.links[decided.leg.link_id]
        return self._core.causes.taken(link, decided.leg, text)
