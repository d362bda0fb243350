"""Makes intents: the only place that gives an order its text. Time and randomness come in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mtrade.domain.frozen import replace
from mtrade.domain.orders import Intent, IntentKind, IntentState, OrderRequest
from mtrade.domain.ports import Clock
from mtrade.trading.intents import NOISE, order_text
from mtrade.trading.planner import Plan


@dataclass(frozen=True, slots=True)
class Drafter:
    """`instance` names this installation in order texts; `noise(n)` draws n random bytes."""

    clock: Clock
    instance: str
    noise: Callable[[int], bytes]

    def family(
        self, plan: Plan, kind: IntentKind, *, request_id: str, digest: str, expires_ms: int
    ) -> tuple[Intent, ...]:
        """The intent of a plan and the protection that waits for its fill, not yet journalled.

        Only the first one carries the `request_id`: who asks again gets the family by it.
        """
        lead = replace(
            self._draft(plan, kind, plan.order, expires_ms),
            request_id=request_id,
            digest=digest,
            state=IntentState.SENDING,
        )
        lead = replace(lead, sent_ms=lead.planned_ms)
        children = (self._draft(plan, kind, order, expires_ms) for order in plan.protection)
        return (lead, *(replace(child, parent=lead.order.text) for child in children))

    def _draft(self, plan: Plan, kind: IntentKind, order: OrderRequest, expires_ms: int) -> Intent:
        text = order_text(kind, plan.leg, self.instance, self.noise(NOISE))
        return Intent(
            id=0,
            account_id=plan.account.id,
            kind=kind,
            request_id="",
            order=replace(order, text=text),
            expires_ms=expires_ms,
            state=IntentState.WAITING,
            planned_ms=self.clock.now_ms(),
            plan_position=plan.plan_position,
        )
