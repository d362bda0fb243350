"""Notices that somebody else changed a follower's position, once that has been seen for long
enough. Engine thread only."""

from __future__ import annotations

from msgspec.structs import replace

from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.copying.facts import Facts
from mtrade.domain.copying.interference import Reading, Suspicion, observed, suspected
from mtrade.domain.copying.model import CopyLeg, Link
from mtrade.domain.copying.outcome import Outcome
from mtrade.trading.copying.memory import Memory


class Hands:
    """What is suspected is remembered only here: a start looks anew."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._suspicions: dict[int, Suspicion] = {}

    def seen(self, link: Link, leg: CopyLeg, facts: Facts) -> Outcome | None:
        """What a proven change means for the leg; None when there is nothing to say."""
        known, found = self._suspicions.pop(leg.id, None), None
        if leg.owned and not self._is_blind(facts):
            position, at = facts.follower.position, facts.follower.position_ms
            if position is not None:
                found = suspected(known, leg, Reading(position, at))
        if found is None:
            return None
        self._suspicions[leg.id] = found
        outcome = observed(leg, facts, found, forced=self._forced(link, leg))
        if outcome.leg == leg:
            return None
        del self._suspicions[leg.id]
        return outcome

    def doubted(self, leg: CopyLeg, facts: Facts) -> Facts:
        """While less seems to be there than is owned, nothing is added: it may have been a hand.

        One reading may only be old; after an exit without any effect it is believed at once. Before
        the first one, as after a start, nobody knows.
        """
        if facts.gate is not None or not leg.owned:
            return facts
        known, there = self._suspicions.get(leg.id), facts.follower.position
        if known is not None:
            there = known.position
        elif there is not None and not leg.tries:
            return facts
        if there is not None and there / leg.owned >= 1:
            return facts
        return replace(facts, gate=Reason(Code.NOT_RECONCILED))

    def _is_blind(self, facts: Facts) -> bool:
        """Own orders may be missing in the journal: then a position explains nothing."""
        gate = facts.gate
        return facts.brake is not None or (gate is not None and gate.code is Code.NOT_RECONCILED)

    def _forced(self, link: Link, leg: CopyLeg) -> bool:
        sight = self._memory.sight(link.follower_id, link.settle)
        return sight is not None and leg.instrument in sight.forced_ms
