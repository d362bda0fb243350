"""What is told of an order that has ended: compared with the journal, and a difference is shown.

An end is final, so a late answer or push changes nothing any more. One that contradicts the journal
means that something was proven wrongly, and a person must know. For the engine thread only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from mtrade.domain.events import AccountSnapshot
from mtrade.domain.orders import Fill, Intent, IntentState, VenueOrder, VenueTrigger
from mtrade.domain.ports import Clock
from mtrade.trading.hearing import HeardEvent, Told, told_by
from mtrade.trading.intents import PREFIX, Answer
from mtrade.trading.ports import FillJournal
from mtrade.trading.resolver import SETTLE_MS
from mtrade.trading.troubles import Troubles

log = logging.getLogger(__name__)


def difference(known: Intent, told: Told) -> str:
    """What `told`, an order or trigger of the same text, contradicts in `known`; else empty."""
    if isinstance(told, VenueTrigger):
        void = known.state is IntentState.VOID and told.status == "open"
        return "it had no effect, but waits at the exchange" if void else ""
    if known.order.trigger is not None:
        return ""  # the order a trigger placed has its text
    if known.order_id and told.order_id != known.order_id:
        return f"order {known.order_id} is known, the exchange also has {told.order_id}"
    return _other_end(known, told) if known.final else ""


def _other_end(known: Intent, told: VenueOrder) -> str:
    """An ended order gains no fills and loses none; while it is told as open it may be an old
    state of an order that was there, but not one of an order that never was."""
    if told.filled > known.filled or (not told.open and told.filled < known.filled):
        return f"{known.filled} were filled, the exchange says {told.filled}"
    if told.open and known.state is IntentState.VOID:
        return "it had no effect, but rests at the exchange"
    return ""


class Afterwards:
    """Notes a trouble for each order whose end is told in two ways. `exchange_ms` is an account's
    time at the exchange, 0 when unknown."""

    def __init__(
        self,
        journal: FillJournal,
        troubles: Troubles,
        clock: Clock,
        exchange_ms: Callable[[str], int],
    ) -> None:
        self._journal = journal
        self._troubles = troubles
        self._clock = clock
        self._exchange_ms = exchange_ms

    def answered(self, intent_id: int, answer: Answer) -> None:
        """An answer came for an order that has ended already."""
        known = self._journal.get(intent_id)
        if known is not None and answer.order is not None:
            self.compare(known, answer.order)

    def hear(self, event: HeardEvent, live: Iterable[Intent]) -> None:
        """A push or a snapshot, and what is unfinished on its account."""
        unfinished = {intent.order.text: intent for intent in live}
        for told in told_by(event):
            text = _text(told)
            known = unfinished.get(text) or self._ended(event.account_id, text)
            if known is not None:
                self.compare(known, told)
                self._still_open(known, told, event)

    def filled(self, account_id: str, fill: Fill) -> None:
        """An execution that was not known before."""
        known = self._ended(account_id, fill.text)
        if known is not None and known.order.trigger is None and fill.size > known.filled:
            self._alert(known, f"{known.filled} were filled, a trade has {fill.size}")

    def compare(self, known: Intent, told: Told | None) -> None:
        """Alert when the two cannot both be true."""
        why = difference(known, told) if told is not None else ""
        if why:
            self._alert(known, why)

    def _still_open(self, known: Intent, told: Told, event: HeardEvent) -> None:
        """A list read well after the end must not have the order any more."""
        if not isinstance(event, AccountSnapshot) or known.state is not IntentState.DONE:
            return
        now = self._exchange_ms(event.account_id)
        if not now or known.closed_ms is None or not _is_open(told):
            return
        ended_ago = self._clock.now_ms() - known.closed_ms
        if ended_ago - (now - event.read_ms) > SETTLE_MS:
            self._alert(known, "it has ended, but the exchange lists it as open")

    def _ended(self, account_id: str, text: str) -> Intent | None:
        known = self._journal.by_text(account_id, text) if text.startswith(PREFIX) else None
        return known if known is not None and known.final else None

    def _alert(self, known: Intent, why: str) -> None:
        name = known.order.instrument.name
        log.error("order %s of %s: %s", known.order.text, known.account_id, why)
        self._troubles.note(
            "contradiction",
            f"the exchange contradicts the journal about an order of {name}: {why}",
            instrument=name,
            text=known.order.text,
            reason=why,
        )


def _text(told: Told) -> str:
    return told.order.text if isinstance(told, VenueTrigger) else told.text


def _is_open(told: Told) -> bool:
    return told.status == "open" if isinstance(told, VenueTrigger) else told.open
