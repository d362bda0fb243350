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
from mtrade.domain.events import Event
from mtrade.domain.orders import Intent, IntentState, VenueOrder
from mtrade.domain.ports import Clock
from mtrade.trading import hearing
from mtrade.trading.afterwards import Afterwards
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
from mtrade.trading.lookout import Lookout, deaf
from mtrade.trading.messages import Answered, Commit, FillsRead, Heard, Look, Override, Seen
from mtrade.trading.ports import FillJournal
from mtrade.trading.replies import Waiters, answer, committed, overridden
from mtrade.trading.resolver import POLL_S, weigh
from mtrade.trading.times import or_zero
from mtrade.trading.troubles import Troubles
from mtrade.trading.views import Problem
from mtrade.trading.worker import Worker

log = logging.getLogger(__name__)

DRAIN_S = 8.0
OVERRIDE_S = 10.0
AGAIN_S = 5.0  # until a protective order that could not be sent or stored is tried again

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
        worker: type[Worker] = Worker,
        hears: Callable[[Intent], bool] = deaf,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._exchange_now = or_zero(exchange_ms)
        self._changed = changed
        self._lookout = Lookout(
            clock, lambda intent, cancel: self._courier.look(intent, cancel=cancel), hears
        )
        self._memory = hearing.Memory()
        self._troubles = Troubles()
        self._worker = worker(
            self._handle, self._fire_timers, self._lookout.until_next, self._troubles
        )
        self._courier = courier_for(self._worker.post)
        self._live: dict[int, Intent] = {}
        self._waiters = Waiters()
        self._afterwards = Afterwards(journal, self._troubles, clock, self._exchange_now)
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
            self._lookout.after(intent.id, 0.0)
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

    def hear(self, event: Event) -> None:
        """An event of a stream; at once and without blocking."""
        if isinstance(event, hearing.HEARD):
            self._worker.post(Heard(event))

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
                answer(message.reply, lambda: self._override(message))
            case Heard(event):
                self._hear(event)

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
            self._waiters.add(lead.id, message.reply)
        else:
            message.reply.set_result(stored)
        for intent in fresh:
            if intent.state is IntentState.SENDING:
                self._courier.send(intent)

    def _judge(self, message: Answered) -> None:
        before = self._live.get(message.intent_id)
        if before is None:
            self._afterwards.answered(message.intent_id, message.answer)
            return
        if before.state is not IntentState.SENDING and message.answer.error:
            return
        judged = judge(before, message.answer, self._clock.now_ms())
        self._afterwards.compare(judged, self._memory.told(before.id))
        self._store(rearmed(before, judged))
        self._recall(before.id)

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
        told = self._lookout.hears(intent) and not intent.final  # pushes bring the fills meanwhile
        if intent.filled > before.filled and intent.order_id and not told:
            self._courier.read_fills(intent)
        if intent.final:  # first, because writing down its protection may fail
            self._live.pop(intent.id, None)
            self._lookout.forget(intent.id)
            self._memory.forget(intent.id)
        if intent.state not in _BUSY:
            self._waiters.tell(intent, self._live.values())
            self._children(intent)
        elif intent.state is IntentState.WAITING:
            self._lookout.after(intent.id, AGAIN_S)
        if before.state is IntentState.SENDING and intent.state in _FOLLOWED:
            self._lookout.begin(intent)

    def _children(self, parent: Intent) -> None:
        waiting = [i for i in self._live.values() if i.parent == parent.order.text]
        deadline = self._exchange_now(parent.account_id) + EXPIRES_MS
        for child in after_parent(parent, waiting, self._clock.now_ms(), deadline):
            self._lookout.after(child.id, AGAIN_S)  # should the journal not take it now
            self._store(child)
            if child.state is IntentState.SENDING:
                self._courier.send(child)

    def _weigh(self, message: Seen) -> None:
        misses = self._lookout.seen(message.intent_id)
        intent, seen = self._live.get(message.intent_id), message.evidence
        if intent is None or intent.state not in _FOLLOWED:
            return
        if seen.order is not None and seen.order.open and hearing.is_behind(intent, seen.order):
            self._lookout.after(intent.id, POLL_S)  # a push told more while this look was under way
            return
        exchange_ms = self._exchange_now(intent.account_id)
        step = weigh(intent, seen, exchange_ms, self._clock.now_ms(), misses)
        self._store(step.intent)
        self._lookout.follow(step, len(self._live))

    def _hear(self, event: hearing.HeardEvent) -> None:
        mine = [i for i in self._live.values() if i.account_id == event.account_id]
        for intent, told in hearing.told_of(mine, event):
            self._memory.keep(intent.id, told)
            self._recall(intent.id)
        own = hearing.own_fills(event)
        fresh = self._journal.add_fills(event.account_id, own) if own else ()
        self._afterwards.hear(event, fresh, mine)
        for intent in hearing.missing(mine, event):
            self._lookout.look(intent)

    def _recall(self, intent_id: int) -> None:
        """Let what was told of an order count, unless its own answer is still awaited."""
        intent, told = self._live.get(intent_id), self._memory.told(intent_id)
        if intent is None or told is None or intent.state not in _FOLLOWED:
            return
        known = hearing.learned(intent, told, self._clock.now_ms())
        if known is not None:
            self._store(known)
        self._memory.forget(intent_id)

    def _look_for(self, message: Look) -> None:
        for intent in list(self._live.values()):
            if intent.account_id == message.account_id and intent.order_id == message.order_id:
                self._store(amended(intent, message.changed))
                self._lookout.look(intent)

    def _override(self, message: Override) -> Intent:
        intent = self._live.get(message.intent_id)
        if intent is None or intent.state is not IntentState.HOLD:
            raise Conflict("only an order on HOLD can be ended by hand", code="not_on_hold")
        ended = void(intent, self._clock.now_ms(), label=BY_HAND, evidence=message.reason)
        self._store(ended)
        return ended

    def _fire_timers(self) -> None:
        for intent_id in self._lookout.due():
            intent = self._live.get(intent_id)
            if intent is not None and intent.state in _FOLLOWED:
                self._lookout.look(intent)
            elif intent is not None and intent.state is IntentState.WAITING:
                self._protect_late(intent)

    def _protect_late(self, child: Intent) -> None:
        """A waiting order whose entry filled or ended while it could not be sent."""
        try:
            parent = self._journal.by_text(child.account_id, child.parent)
            if parent is not None:
                self._children(parent)
        except StoreError as fault:
            self._worker.unwritten(fault)
            self._lookout.after(child.id, AGAIN_S)
