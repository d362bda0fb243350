"""Makes intents: the only place that gives an order its text. Time and randomness come in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from mtrade.domain.orders import Intent, IntentKind, IntentState, OrderRequest
from mtrade.domain.ports import Clock
from mtrade.domain.positions import Leg
from mtrade.trading.intents import order_text


@dataclass(frozen=True, slots=True)
class Drafter:
    """`instance` names this installation in order texts; `pick(n)` draws a number below n."""

    clock: Clock
    instance: str
    pick: Callable[[int], int]

    def draft(
        self,
        *,
        account_id: str,
        kind: IntentKind,
        order: OrderRequest,
        leg: Leg | None,
        request_id: str,
        expires_ms: int,
        state: IntentState,
        parent: str,
        plan_position: Decimal | None,
    ) -> Intent:
        """An intent that is not yet in the journal (its id is 0)."""
        now = self.clock.now_ms()
        text = order_text(kind, leg, self.instance, self.pick)
        return Intent(
            id=0,
            account_id=account_id,
            kind=kind,
            request_id=request_id,
            order=replace(order, text=text),
            expires_ms=expires_ms,
            state=state,
            planned_ms=now,
            sent_ms=now if state is IntentState.SENDING else None,
            parent=parent,
            plan_position=plan_position,
        )
