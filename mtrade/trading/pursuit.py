"""Follows each order from its sending until its end is proven. For the engine thread only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from mtrade.domain.errors import Conflict, StoreError
from mtrade.domain.orders import Intent, IntentState
from mtrade.domain.ports import Clock
from mtrade.trading import hearing
from mtrade.trading.afterwards import Afterwards
from mtrade.trading.courier import Courier
from mtrade.trading.executions import Executions
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
from mtrade.trading.messages import Answered, Look, Override, Seen
from mtrade.trading.ports import FillJournal, Guest, Moved
from mtrade.trading.replies import Waiters
from mtrade.trading.resolver import POLL_S, weigh
from mtrade.trading.troubles import Troubles

AGAIN_S = 5.0  # until a protective order that could not be sent or stored is tried again

_BUSY = frozenset({IntentState.SENDING, IntentState.WAITING})
_FOLLOWED = frozenset({IntentState.OPEN, IntentState.UNKNOWN, IntentState.HOLD})


class Pursuit:
    """`live` are the orders whose end is not proven, by id. `guest` has its say in what is written
    with each new state. `courier` is set before anything is followed."""

    courier: Courier

    def __init__(
        self,
        journal: FillJournal,
        clock: Clock,
        exchange_ms: Callable[[str], int],
        changed: Callable[[str], None],
        guest: Guest,
        hears: Callable[[Intent], bool] = deaf,
    ) -> None:
        self.live: dict[int, Intent] = {}
        self.waiters = Waiters()
        self.troubles = Troubles()
        self.lookout = Lookout(
            clock, lambda intent, cancel: self.courier.look(intent, cancel=cancel), hears
        )
        self._journal = journal
        self._clock = clock
        self._exchange_now = exchange_ms
        self._changed = changed
        self._guest = guest
        self._memory = hearing.Memory()
        self._afterwards = Afterwards(journal, self.troubles, clock, exchange_ms)
        self.fills = Executions(
            journal,
            self.troubles,
            clock,
            lambda found: self._afterwards.filled(*found),
            self._read_fills,
        )

    def take_up(self) -> None:
        """Go on with what the last run left unfinished."""
        found = self._journal.unfinished()
        recovered = [recover(intent) for intent in found]
        died = [new for old, new in zip(found, recovered, strict=True) if new is not old]
        if died:
            self._journal.update(died)
        for intent in recovered:
            self.live[intent.id] = intent
            self.lookout.after(intent.id, 0.0)

    def judge(self, answers: Iterable[Answered]) -> None:
        """Answers to sends; one transaction for all."""
        moved: list[Moved] = []
        for message in answers:
            before = self.live.get(message.intent_id)
            if before is None:
                self._afterwards.answered(message.intent_id, message.answer)
            elif before.state is IntentState.SENDING or not message.answer.error:
                judged = judge(before, message.answer, self._clock.now_ms())
                self._afterwards.compare(judged, self._memory.told(before.id))
                moved.append((before, rearmed(before, judged)))
        self._store(moved)
        for before, _ in moved:
            self._recall(before.id)

    def weigh(self, message: Seen) -> None:
        """A look at the exchange came back."""
        misses = self.lookout.seen(message.intent_id)
        intent, seen = self.live.get(message.intent_id), message.evidence
        if intent is None or intent.state not in _FOLLOWED:
            return
        if seen.order is not None and seen.order.open and hearing.is_behind(intent, seen.order):
            self.lookout.after(intent.id, POLL_S)  # a push told more while this look was under way
            return
        exchange_ms = self._exchange_now(intent.account_id)
        step = weigh(intent, seen, exchange_ms, self._clock.now_ms(), misses)
        self._store([(intent, step.intent)])
        self.lookout.follow(step, len(self.live))

    def hear(self, event: hearing.HeardEvent) -> None:
        """A stream tells of orders of an account."""
        mine = [i for i in self.live.values() if i.account_id == event.account_id]
        for intent, told in hearing.told_of(mine, event):
            self._memory.keep(intent.id, told)
            self._recall(intent.id)
        self.fills.take(event.account_id, hearing.own_fills(event))
        self._afterwards.hear(event, mine)
        for intent in hearing.missing(mine, event):
            self.lookout.look(intent)

    def look_for(self, message: Look) -> None:
        """An order was changed or cancelled on request."""
        for intent in list(self.live.values()):
            if intent.account_id == message.account_id and intent.order_id == message.order_id:
                self._store([(intent, amended(intent, message.changed))])
                self.lookout.look(intent)

    def override(self, message: Override) -> Intent:
        """A human ends an order on HOLD. Raises Conflict in any other state."""
        intent = self.live.get(message.intent_id)
        if intent is None or intent.state is not IntentState.HOLD:
            raise Conflict("only an order on HOLD can be ended by hand", code="not_on_hold")
        ended = void(intent, self._clock.now_ms(), label=BY_HAND, evidence=message.reason)
        self._store([(intent, ended)])
        return ended

    def fire_timers(self) -> None:
        """Look at what is due."""
        for intent_id in self.lookout.due():
            intent = self.live.get(intent_id)
            if intent is not None and intent.state in _FOLLOWED:
                self.lookout.look(intent)
            elif intent is not None and intent.state is IntentState.WAITING:
                self._protect_late(intent)

    def _store(self, moved: Sequence[Moved]) -> None:
        """Write down what is now known, with what the guest has to say, and do what follows."""
        changed = [(before, after) for before, after in moved if before != after]
        if changed:
            change = self._guest.settling(changed)
            self._journal.update([after for _, after in changed], change)
            for _, after in changed:
                self.live[after.id] = after
                self.troubles.watch(after)
                self._changed(after.account_id)
            self._guest.settled(changed, change)
        for before, after in moved:
            self._follow(before, after)

    def _follow(self, before: Intent, intent: Intent) -> None:
        if intent.filled > before.filled and intent.order_id:
            if not self.lookout.hears(intent):
                self._read_fills(intent)
            elif intent.final:
                self.fills.expect(intent)
        if intent.final:  # first, because writing down its protection may fail
            self.live.pop(intent.id, None)
            self.lookout.forget(intent.id)
            self._memory.forget(intent.id)
        if intent.state not in _BUSY:
            self.waiters.tell(intent, self.live.values())
            self._children(intent)
        elif intent.state is IntentState.WAITING:
            self.lookout.after(intent.id, AGAIN_S)
        if before.state is IntentState.SENDING and intent.state in _FOLLOWED:
            self.lookout.begin(intent)

    def _read_fills(self, intent: Intent) -> None:
        self.courier.read_fills(intent)

    def _children(self, parent: Intent) -> None:
        waiting = [i for i in self.live.values() if i.parent == parent.order.text]
        if not waiting:
            return
        deadline = self._exchange_now(parent.account_id) + EXPIRES_MS
        for child in after_parent(parent, waiting, self._clock.now_ms(), deadline):
            self.lookout.after(child.id, AGAIN_S)  # should the journal not take it now
            self._store([(self.live[child.id], child)])
            if child.state is IntentState.SENDING:
                self.courier.send(child)

    def _recall(self, intent_id: int) -> None:
        """Let what was told of an order count, unless its own answer is still awaited."""
        intent, told = self.live.get(intent_id), self._memory.told(intent_id)
        if intent is None or told is None or intent.state not in _FOLLOWED:
            return
        known = hearing.learned(intent, told, self._clock.now_ms())
        if known is not None:
            self._store([(intent, known)])
        self._memory.forget(intent_id)

    def _protect_late(self, child: Intent) -> None:
        """A waiting order whose entry filled or ended while it could not be sent."""
        try:
            parent = self._journal.by_text(child.account_id, child.parent)
            if parent is not None:
                self._children(parent)
        except StoreError as fault:
            self.troubles.unwritten(fault)
            self.lookout.after(child.id, AGAIN_S)
