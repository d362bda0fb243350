"""The engine thread: one inbox, sole owner of unfinished orders, sole writer of the journal.

Every order passes here: written down, then sent, then followed until its end is proven. The thread
never blocks on the network; the courier does that and posts what it learned.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from mtrade.domain.errors import Conflict, MTradeError, StoreError
from mtrade.domain.orders import Intent, IntentState, VenueOrder
from mtrade.domain.ports import Clock
from mtrade.trading.courier import Courier
from mtrade.trading.intents import (
    BY_HAND,
    EXPIRES_MS,
    after_parent,
    amended,
    judge,
    rearmed,
    recover,
    void,
)
from mtrade.trading.messages import Answered, Commit, FillsRead, Look, Override, Seen
from mtrade.trading.ports import FillJournal
from mtrade.trading.replies import committed, overridden
from mtrade.trading.resolver import POLL_S, TRACK_S, weigh
from mtrade.trading.timers import Timers
from mtrade.trading.troubles import Troubles
from mtrade.trading.views import Problem
from mtrade.trading.worker import Worker

log = logging.getLogger(__name__)

DRAIN_S = 8.0
OVERRIDE_S = 10.0
AGAIN_S = 5.0  # until a protective order that could not be sent or stored is tried again
CROWD = 10

_BUSY = frozenset({IntentState.SENDING, IntentState.WAITING})
_FOLLOWED = frozenset({IntentState.OPEN, IntentState.UNKNOWN, IntentState.HOLD})


class Pipeline:
    """Start it, commit intents, close it. Public methods may be called from any thread."""

    def __init__(
        self,
        journal: FillJournal,
        courier_for: Callable[[Callable[[object], None]], Courier],
        clock: Clock,
        exchange_ms: Callable[[str], int],
        changed: Callable[[str], None],
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._exchange_ms = exchange_ms
        self._changed = changed
        self._timers = Timers(clock)
        self._troubles = Troubles()
        self._worker = Worker(
            self._handle, self._fire_timers, self._timers.until_next, self._troubles
        )
        self._courier = courier_for(self._worker.post)
        self._live: dict[int, Intent] = {}
        self._misses: dict[int, int] = {}
        self._waiters: dict[int, list[Future[tuple[Intent, ...]]]] = {}
        self._looking: set[int] = set()
        self._stopping = threading.Event()

    def start(self) -> None:
        """Take up what the last run left unfinished, then work."""
        found = self._journal.unfinished()
        recovered = [recover(intent) for intent in found]
        died = [new for old, new in zip(found, recovered, strict=True) if new is not old]
        if died:
            self._journal.update(died)
        for intent in recovered:
            self._live[intent.id] = intent
            self._timers.set(intent.id, 0.0)
        self._worker.start()

    def commit(self, intents: Sequence[Intent], timeout: float) -> tuple[Intent, ...]:
        """Write intents down, send them, wait for the first one's outcome at most `timeout` s.

        Returns the intents as known then. Raises Conflict(stopping) or StoreError, then nothing was
        sent; or OutcomeUnknown while the journal is still being written.
        """
        if self._stopping.is_set():
            raise Conflict("mTrade is stopping; nothing was sent", code="stopping")
        reply: Future[tuple[Intent, ...]] = Future()
        self._worker.post(Commit(tuple(intents), reply))
        lead = intents[0]
        return committed(
            reply, timeout, lambda: self._journal.by_request(lead.account_id, lead.request_id)
        )

    def look(self, account_id: str, order_id: str, changed: VenueOrder | None = None) -> None:
        """An order was cancelled or amended: find out about it now."""
        self._worker.post(Look(account_id, order_id, changed))

    def override(self, intent_id: int, reason: str) -> Intent:
        """A human ends an order on HOLD as void. Raises Conflict in any other state."""
        reply: Future[Intent] = Future()
        self._worker.post(Override(intent_id, reason, reply))
        return overridden(reply, OVERRIDE_S)

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong; empty when all is well."""
        return self._troubles.all(tuple(self._live.values()))

    def unfinished(self) -> int:
        """How many orders are not proven finished."""
        return len(self._live)

    def close(self) -> None:
        """Refuse new orders, wait for answers under way, stop. The journal keeps the rest."""
        self._stopping.set()
        if not self._courier.drain(DRAIN_S):
            log.warning("some answers are still missing; the next start resolves them")
        self._worker.stop(DRAIN_S)
        self._courier.close()

    def _handle(self, message: object) -> None:
        match message:
            case Commit():
                self._commit(message)
            case Answered():
                self._judge(message)
            case Seen():
                self._weigh(message)
            case FillsRead(account_id, fills):
                self._journal.add_fills(account_id, fills)
            case Look():
                self._look_for(message)
            case Override():
                self._override(message)

    def _commit(self, message: Commit) -> None:
        if not message.reply.set_running_or_notify_cancel():
            return
        if self._stopping.is_set():
            message.reply.set_exception(Conflict("mTrade is stopping", code="stopping"))
            return
        try:
            stored = self._journal.commit(message.intents)
        except MTradeError as fault:
            self._worker.unwritten(fault)
            message.reply.set_exception(fault)
            return
        self._troubles.clear("journal")
        texts = {intent.order.text for intent in message.intents}
        fresh = [intent for intent in stored if intent.order.text in texts]
        for intent in fresh:
            self._live[intent.id] = intent
        lead = stored[0]
        if lead.state is IntentState.SENDING:
            self._waiters.setdefault(lead.id, []).append(message.reply)
        else:
            message.reply.set_result(stored)
        for intent in fresh:
            if intent.state is IntentState.SENDING:
                self._courier.send(intent)

    def _judge(self, message: Answered) -> None:
        before = self._live.get(message.intent_id)
        if before is None or (before.state is not IntentState.SENDING and message.answer.error):
            return
        judged = judge(before, message.answer, self._clock.now_ms())
        self._store(rearmed(before, judged))

    def _store(self, intent: Intent) -> None:
        """Write down what is now known and do what follows from it."""
        before = self._live.get(intent.id)
        if before is None:
            return
        if intent != before:
            self._journal.update([intent])
            self._live[intent.id] = intent
            self._troubles.watch(intent)
            self._changed(intent.account_id)
        self._follow(before, intent)

    def _follow(self, before: Intent, intent: Intent) -> None:
        if intent.filled > before.filled and intent.order_id:
            self._courier.read_fills(intent)
        if intent.final:  # first, because writing down its protection may fail
            self._live.pop(intent.id, None)
            self._misses.pop(intent.id, None)
        if intent.state not in _BUSY:
            self._answer_waiters(intent)
            self._children(intent)
        elif intent.state is IntentState.WAITING:
            self._timers.set(intent.id, AGAIN_S)
        if before.state is IntentState.SENDING and intent.state in _FOLLOWED:
            self._timers.set(intent.id, TRACK_S if intent.state is IntentState.OPEN else 0.0)

    def _answer_waiters(self, intent: Intent) -> None:
        for reply in self._waiters.pop(intent.id, []):
            family = [i for i in self._live.values() if i.parent == intent.order.text]
            reply.set_result((intent, *family))

    def _children(self, parent: Intent) -> None:
        waiting = [i for i in self._live.values() if i.parent == parent.order.text]
        deadline = self._exchange_now(parent) + EXPIRES_MS
        for child in after_parent(parent, waiting, self._clock.now_ms(), deadline):
            self._timers.set(child.id, AGAIN_S)  # should the journal not take it now
            self._store(child)
            if child.state is IntentState.SENDING:
                self._courier.send(child)

    def _weigh(self, message: Seen) -> None:
        self._looking.discard(message.intent_id)
        intent = self._live.get(message.intent_id)
        if intent is None or intent.state not in _FOLLOWED:
            return
        step = weigh(
            intent,
            message.evidence,
            self._exchange_now(intent),
            self._clock.now_ms(),
            self._misses.get(intent.id, 0),
        )
        self._misses[intent.id] = step.misses
        self._store(step.intent)
        if step.cancel:
            self._look_at(step.intent, cancel=True)
        elif step.look_after_s is not None:
            self._timers.set(intent.id, self._patience(step.intent, step.look_after_s))

    def _exchange_now(self, intent: Intent) -> int:
        """The exchange's time; 0, before every deadline, when the account is gone."""
        try:
            return self._exchange_ms(intent.account_id)
        except MTradeError:
            return 0

    def _patience(self, intent: Intent, wanted_s: float) -> float:
        """Many open orders share one request budget; an unknown one is never made to wait."""
        crowded = intent.state is IntentState.OPEN
        return wanted_s * max(1.0, len(self._live) / CROWD) if crowded else wanted_s

    def _look_for(self, message: Look) -> None:
        for intent in list(self._live.values()):
            if intent.account_id == message.account_id and intent.order_id == message.order_id:
                self._store(amended(intent, message.changed))
                self._look_at(intent)

    def _override(self, message: Override) -> None:
        if not message.reply.set_running_or_notify_cancel():
            return
        intent = self._live.get(message.intent_id)
        if intent is None or intent.state is not IntentState.HOLD:
            fault = Conflict("only an order on HOLD can be ended by hand", code="not_on_hold")
            message.reply.set_exception(fault)
            return
        ended = void(intent, self._clock.now_ms(), label=BY_HAND, evidence=message.reason)
        try:
            self._store(ended)
        except StoreError as fault:
            message.reply.set_exception(fault)
            return
        message.reply.set_result(ended)

    def _fire_timers(self) -> None:
        for intent_id in self._timers.due():
            intent = self._live.get(intent_id)
            if intent is not None and intent.state in _FOLLOWED:
                self._look_at(intent)
            elif intent is not None and intent.state is IntentState.WAITING:
                self._protect_late(intent)

    def _look_at(self, intent: Intent, *, cancel: bool = False) -> None:
        """One look at a time per order, so that two misses are really two."""
        if intent.id in self._looking:
            self._timers.set(intent.id, POLL_S)
            return
        self._looking.add(intent.id)
        self._courier.look(intent, cancel=cancel)

    def _protect_late(self, child: Intent) -> None:
        """A waiting order whose entry filled or ended while it could not be sent."""
        try:
            parent = self._journal.by_text(child.account_id, child.parent)
            if parent is not None:
                self._children(parent)
        except StoreError as fault:
            self._worker.unwritten(fault)
            self._timers.set(child.id, AGAIN_S)
