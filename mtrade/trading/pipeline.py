"""The engine thread: one inbox, sole owner of unfinished orders, sole writer of the journal.

Every order passes here: written down, then sent, then followed until its end is proven. The thread
never blocks on the network; the courier does that and posts what it learned. A guest on this thread
decides orders by itself: copying.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial

from mtrade.domain.copying.model import CopyChange
from mtrade.domain.errors import Conflict, MTradeError
from mtrade.domain.events import Event
from mtrade.domain.orders import Intent, IntentState, VenueOrder
from mtrade.domain.ports import Clock
from mtrade.trading import hearing
from mtrade.trading.courier import Courier
from mtrade.trading.inbox import Rank
from mtrade.trading.lookout import deaf
from mtrade.trading.messages import (
    Answered,
    AnsweredAll,
    Commit,
    FillsRead,
    Heard,
    Look,
    Override,
    Seen,
)
from mtrade.trading.ports import FillJournal, Guest, NoGuest, Sender
from mtrade.trading.pursuit import Pursuit
from mtrade.trading.replies import answer, committed, overridden
from mtrade.trading.times import or_zero
from mtrade.trading.views import Problem
from mtrade.trading.worker import Worker

log = logging.getLogger(__name__)

DRAIN_S = 8.0
OVERRIDE_S = 10.0

Post = Callable[[object], None]


class EachByItself:
    """Sends a fan-out without any socket of its own."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier

    def prepare(self, intents: Sequence[Intent]) -> None:
        """There is nothing to make ready."""

    def send(self, intents: Sequence[Intent]) -> None:
        for intent in intents:
            self._courier.send(intent)

    def forget(self, account_id: str) -> None:
        """Nothing is remembered."""


class Pipeline:
    """Start it, commit intents, close it. Public methods may be called from any thread, `launch`
    and `write` only from the engine's. For a `halted` account no order is accepted."""

    def __init__(
        self,
        journal: FillJournal,
        courier_for: Callable[[Post], Courier],
        clock: Clock,
        exchange_ms: Callable[[str], int],
        changed: Callable[[str], None],
        worker: type[Worker] = Worker,
        hears: Callable[[Intent], bool] = deaf,
        guest: Guest | None = None,
        sender_for: Callable[[Courier, Post], Sender] | None = None,
        halted: Callable[[str], bool] = lambda account_id: False,
    ) -> None:
        self._journal = journal
        self._guest = guest or NoGuest()
        self._halted = halted
        self._pursuit = Pursuit(journal, clock, or_zero(exchange_ms), changed, self._guest, hears)
        self._troubles = self._pursuit.troubles
        self._worker = worker(self._handle, self._tick, self._wait, self._troubles)
        self._courier = self._pursuit.courier = courier_for(self._worker.post)
        self._sender = (
            sender_for(self._courier, self._worker.post)
            if sender_for is not None
            else EachByItself(self._courier)
        )
        self._stopping = threading.Event()

    @property
    def live(self) -> Mapping[int, Intent]:
        """The orders whose end is not proven, by id."""
        return self._pursuit.live

    def start(self) -> None:
        """Take up what the last run left unfinished, then work."""
        self._pursuit.take_up()
        self._guest.started(self)
        self._worker.start()

    def commit(self, intents: Sequence[Intent], timeout: float) -> tuple[Intent, ...]:
        """Write intents down, send them, wait for the first one's outcome at most `timeout` s.

        Returns the intents as known then. Raises Conflict(stopping, halted) or StoreError, then
        nothing was sent; or OutcomeUnknown while the journal is still being written.
        """
        self._refuse(intents)
        reply: Future[tuple[Intent, ...]] = Future()
        self._worker.post(Commit(tuple(intents), reply))
        lead = intents[0]
        return committed(
            reply, timeout, lambda: self._journal.by_request(lead.account_id, lead.request_id)
        )

    def launch(self, intents: Sequence[Intent], change: CopyChange) -> None:
        """See the port `Host`."""
        try:
            stored = self._journal.commit(intents, change, partial(self._sender.prepare, intents))
        except MTradeError as fault:
            self._troubles.unwritten(fault)
            raise
        self._troubles.clear("journal")
        self._pursuit.live.update((intent.id, intent) for intent in stored)
        self._sender.send(stored)

    def write(self, change: CopyChange, ended: Sequence[Intent] = ()) -> None:
        """See the port `Host`."""
        try:
            if ended:
                self._journal.commit(ended, change)
            else:
                self._journal.update((), change)
        except MTradeError as fault:
            self._troubles.unwritten(fault)
            raise
        self._troubles.clear("journal")

    def post(self, message: object) -> None:
        """Put a message into the inbox."""
        self._worker.post(message)

    def look(self, account_id: str, order_id: str, changed: VenueOrder | None = None) -> None:
        """An order was cancelled or amended: find out about it now."""
        self._worker.post(Look(account_id, order_id, changed))

    def hear(self, event: Event) -> None:
        """An event of a stream; at once and without blocking."""
        rank = self._guest.hear(event)
        if rank is None and isinstance(event, hearing.HEARD):
            rank = Rank.NEWS
        if rank is not None:
            self._worker.post(Heard(event, rank))

    def forget(self, account_id: str) -> None:
        """The account was changed or removed."""
        self._sender.forget(account_id)

    def override(self, intent_id: int, reason: str) -> Intent:
        """A human ends an order on HOLD as void. Raises Conflict in any other state."""
        reply: Future[Intent] = Future()
        self._worker.post(Override(intent_id, reason, reply))
        return overridden(reply, OVERRIDE_S)

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong; empty when all is well."""
        return self._troubles.all(tuple(self._pursuit.live.values()))

    def unfinished(self) -> int:
        """How many orders are not proven finished."""
        return len(self._pursuit.live)

    def close(self) -> None:
        """Refuse new orders, wait for answers under way, stop. The journal keeps the rest."""
        self._stopping.set()
        self._guest.stopping()
        if not self._courier.drain(DRAIN_S):
            log.warning("some answers are still missing; the next start resolves them")
        self._worker.stop(DRAIN_S)
        self._pursuit.fills.store()
        self._courier.close()

    def _refuse(self, intents: Sequence[Intent]) -> None:
        if self._stopping.is_set():
            raise Conflict("mTrade is stopping; nothing was sent", code="stopping")
        if any(self._halted(intent.account_id) for intent in intents):
            raise Conflict("trading is halted; nothing was sent", code="halted")

    def _handle(self, message: object) -> None:
        match message:
            case Commit():
                self._commit(message)
            case Answered():
                self._pursuit.judge((message,))
            case AnsweredAll(answers):
                self._pursuit.judge(answers)
            case Seen():
                self._pursuit.weigh(message)
            case FillsRead(account_id, fills):
                self._pursuit.fills.take(account_id, fills)
            case Look():
                self._pursuit.look_for(message)
            case Override():
                answer(message.reply, lambda: self._pursuit.override(message))
            case Heard(event):
                self._hear(event)
            case _:
                self._guest.handle(message)

    def _hear(self, event: Event) -> None:
        if isinstance(event, hearing.HEARD):
            self._pursuit.hear(event)
        self._guest.heard(event)

    def _commit(self, message: Commit) -> None:
        if not message.reply.set_running_or_notify_cancel():
            return
        try:
            self._refuse(message.intents)
            stored = self._journal.commit(message.intents)
        except Conflict as refusal:
            message.reply.set_exception(refusal)
            return
        except MTradeError as fault:
            self._worker.unwritten(fault)
            message.reply.set_exception(fault)
            return
        self._troubles.clear("journal")
        texts = {intent.order.text for intent in message.intents}
        fresh = [intent for intent in stored if intent.order.text in texts]
        for intent in fresh:
            self._pursuit.live[intent.id] = intent
        lead = stored[0]
        if lead.state is IntentState.SENDING:
            self._pursuit.waiters.add(lead.id, message.reply)
        else:
            message.reply.set_result(stored)
        for intent in fresh:
            if intent.state is IntentState.SENDING:
                self._courier.send(intent)

    def _tick(self) -> None:
        self._pursuit.fire_timers()
        self._guest.tick()
        self._unfold()
        self._pursuit.fills.store()

    def _unfold(self) -> None:
        """The orders of a fan-out are out, and durable: now its rows; see the port."""
        try:
            self._journal.unfold()
        except MTradeError as fault:
            self._troubles.unwritten(fault)

    def _wait(self) -> float:
        return min(self._pursuit.lookout.until_next(), self._guest.wait())
