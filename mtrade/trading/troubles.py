"""What the engine cannot mend by itself and a person must know. Shown as the server's health."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from mtrade.domain.errors import MTradeError
from mtrade.domain.orders import Intent, IntentState
from mtrade.domain.risk import is_reducing
from mtrade.trading.intents import BY_HAND, PARENT_NOT_FILLED
from mtrade.trading.views import Problem

log = logging.getLogger(__name__)

_EXPECTED = (PARENT_NOT_FILLED, BY_HAND)


class Troubles:
    """Written by the engine thread, read by any."""

    def __init__(self) -> None:
        self._found: dict[str, Problem] = {}

    def note(self, code: str, message: str, **params: str) -> None:
        """Something is wrong until it is cleared."""
        self._found[code] = Problem(code, message, params=params)

    def clear(self, code: str) -> None:
        """It is well again."""
        self._found.pop(code, None)

    def unwritten(self, fault: MTradeError) -> None:
        """The journal could not be written."""
        log.error("the journal cannot be written: %s", fault.message)
        self.note("journal", f"the journal cannot be written: {fault.message}")

    def watch(self, intent: Intent) -> None:
        """An entry whose protection the exchange refuses stands naked: say so until one rests."""
        order = intent.order
        if order.trigger is None or not is_reducing(order):
            return
        if intent.state is IntentState.OPEN:
            self.clear("unprotected")
        elif intent.parent and intent.state is IntentState.VOID and intent.label not in _EXPECTED:
            name = order.instrument.name
            self.note(
                "unprotected",
                f"a take profit or stop loss of {name} was refused: {intent.evidence}",
                instrument=name,
                reason=intent.evidence or intent.label,
            )

    def all(self, live: Iterable[Intent]) -> tuple[Problem, ...]:
        """Everything now, with the orders whose outcome only a person can decide."""
        held = sum(intent.state is IntentState.HOLD for intent in live)
        found = tuple(self._found.values())
        if not held:
            return found
        text = f"{held} orders are on HOLD: check them at the exchange and end them by hand"
        return (*found, Problem("held", text, params={"n": str(held)}))
