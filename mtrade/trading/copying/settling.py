"""The ledger moves only here: by what is proven to be filled, in the transaction that says so."""

from __future__ import annotations

from collections.abc import Sequence

from mtrade.domain.copying.codes import Act
from mtrade.domain.copying.leaving import LOUD
from mtrade.domain.copying.model import Cause, CopyChange, CopyEvent, CopyLeg, Link
from mtrade.domain.copying.pricing import gap_bps, shown
from mtrade.domain.copying.step import Outcome
from mtrade.domain.frozen import replace
from mtrade.domain.orders import Intent, IntentState
from mtrade.domain.risk import is_reducing
from mtrade.trading.copying.breakers import Breakers
from mtrade.trading.copying.core import Core
from mtrade.trading.copying.patience import Patience
from mtrade.trading.copying.world import network_of
from mtrade.trading.ports import Moved


class Settling:
    """Engine thread only."""

    def __init__(self, core: Core, breakers: Breakers, patience: Patience) -> None:
        self._core = core
        self._breakers = breakers
        self._patience = patience
        self._outcomes: dict[int, Outcome] = {}

    def settling(self, moved: Sequence[Moved]) -> CopyChange:
        """What the new states of copy orders mean for their legs; remembers nothing that counts."""
        if self._outcomes:  # the journal did not take the last ones: give it nothing it may refuse
            self._core.causes.forget()
        self._outcomes = {}
        legs: list[CopyLeg] = []
        events: list[CopyEvent] = []
        freed: list[str] = []
        causes: dict[tuple[int, str], Cause] = {}  # two legs of a link share its leader's trades
        at = self._core.fresh_pass()
        for before, after in moved:
            leg = None if after.leg_id is None else self._core.book.legs.get(after.leg_id)
            link = None if leg is None else self._core.book.links.get(leg.link_id)
            if leg is None or link is None:
                continue
            facts = self._core.world.facts(link, leg, at)
            outcome = self._core.tools.booked(leg, before, after, facts)
            outcome = self._outcomes[after.id] = self._measured(outcome, after)
            if outcome.leg != leg:
                legs.append(outcome.leg)
            events += (*outcome.events, *self._core.alarms(link, leg, outcome))
            if after.state is IntentState.VOID:
                freed.append(after.order.text)
            elif after.final:
                # What the leader's stream told since the plan belongs to this order too.
                for cause in self._core.causes.named(link, leg, after.order.text):
                    causes.setdefault((link.id, cause.trade_id), cause)
        return CopyChange(
            legs=tuple(legs),
            events=tuple(events),
            freed=tuple(freed),
            causes=tuple(causes.values()),
        )

    def settled(self, moved: Sequence[Moved], change: CopyChange) -> None:
        """It is written: look at the legs again."""
        core = self._core
        core.wrote(change)
        for before, after in moved:
            outcome = self._outcomes.get(after.id)
            if outcome is None or after.leg_id is None:
                continue
            link = core.book.links[outcome.leg.link_id]
            if after.final:
                if after.state is IntentState.DONE:
                    core.causes.taken(link, outcome.leg, after.order.text)
                core.causes.ended(after.order.text, effect=after.state is IntentState.DONE)
                core.errands.wallet_after(after.account_id, link.settle)
                self._measure(outcome, after)
                self._be_patient(link, outcome, after)
            self._breakers.learned(link, before, after)
            if outcome.pause is not None:
                self._breakers.pause(link.id, outcome.pause)
            self._wake(outcome, after)
        self._outcomes = {}

    def _be_patient(self, link: Link, outcome: Outcome, after: Intent) -> None:
        """An order that did not get through is no entry of this minute, and the next one waits; an
        exit that keeps being turned away is shouted."""
        core, wait = self._core, self._patience.learned(outcome.leg.id, after)
        if wait is None:
            return
        if not is_reducing(after.order):
            core.rates.forget(link.id, after.account_id)
        elif wait.count == LOUD:
            core.launch((), CopyChange(events=(core.alarm(link, wait.why, outcome.leg),)))

    def _measured(self, outcome: Outcome, after: Intent) -> Outcome:
        """The row of a copied entry also tells how late it was, and how much worse its price."""
        known = self._core.signals.get(outcome.leg.id)
        if known is None or is_reducing(after.order) or after.average is None:
            return outcome
        measured = {"lag_ms": str(self._lag(after, known[0]))}
        if known[1]:
            measured["gap_bps"] = shown(gap_bps(after.average, known[1], after.order.side))
        events = tuple(
            replace(event, numbers={**event.numbers, **measured})
            if event.act is Act.COPIED
            else event
            for event in outcome.events
        )
        return replace(outcome, events=events)

    def _measure(self, outcome: Outcome, after: Intent) -> None:
        known = self._core.signals.pop(outcome.leg.id, None)
        if known is not None and not after.filled.is_zero():
            self._core.lags[outcome.leg.link_id] = self._lag(after, known[0])

    def _lag(self, after: Intent, signal_ms: int) -> int:
        return max(0, self._core.now_ms(network_of(after.account_id)) - signal_ms)

    def _wake(self, outcome: Outcome, after: Intent) -> None:
        core = self._core
        core.touch((outcome.leg.id,))
        if outcome.again_ms is not None:
            now = core.now_ms(network_of(after.account_id))
            core.again(outcome.leg.id, max(0.0, (outcome.again_ms - now) / 1000))
