"""Sends the committed orders of a fan-out: all frames are written in one pass of the loop, which
has made them ready while they were being committed.

An order that its account's trading socket cannot take at this moment, and that provably was not
written, goes by REST at once; it delays nobody. Answers come back to the engine in batches.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from mtrade.domain.errors import ExchangeError, ExchangeUnavailable, MTradeError, OutcomeUnknown
from mtrade.domain.orders import Intent, OrderPath, VenueOrder
from mtrade.domain.ports import Clock, FastExchange, Send
from mtrade.trading.courier import Courier, too_late
from mtrade.trading.intents import Answer
from mtrade.trading.messages import Answered, AnsweredAll

log = logging.getLogger(__name__)

GATHER_S = 0.001  # answers of one fan-out that come this close together wake the engine once

Result = VenueOrder | ExchangeError | None


class Loop(Protocol):
    """The thread that owns the sockets. `post` may be called from any thread and is False when the
    loop is closed; `later` only on the loop's own."""

    def post(self, callback: Callable[..., object], *args: object) -> bool: ...

    def later(self, seconds: float, callback: Callable[[], object]) -> object: ...


@dataclass(slots=True)
class _Batch:
    """What one fan-out still waits for. Only the loop touches it."""

    missing: int
    release: Callable[[], None]
    ready: list[Answered] = field(default_factory=list)
    gathering: bool = False
    written: threading.Event = field(default_factory=threading.Event)


class Fanout:
    """Thread-safe. `reach` gives an account's exchange and the exchange's clock, or raises; what it
    gave is kept until `forget`. `halted` is asked directly before each write. `courier` carries
    what goes by REST and knows at a stop what is still awaited. `send` waits at most `yield_s` for
    the frames to be written: whatever its thread did meanwhile would only hold them up."""

    def __init__(
        self,
        reach: Callable[[str], tuple[FastExchange, Clock]],
        courier: Courier,
        loop: Loop,
        post: Callable[[object], None],
        halted: Callable[[str], bool] = lambda account_id: False,
        yield_s: float = 0.0,
    ) -> None:
        self._yield_s = yield_s
        self._reach = reach
        self._courier = courier
        self._loop = loop
        self._post = post
        self._halted = halted
        self._reached: dict[str, tuple[FastExchange, Clock]] = {}
        self._prepared: dict[str, tuple[FastExchange, Send]] = {}  # by order text

    def prepare(self, intents: Sequence[Intent]) -> None:
        """Serialise orders while the disk is being waited for."""
        self._loop.post(self._prepare, tuple(intents))

    def send(self, intents: Sequence[Intent]) -> None:
        """Send committed intents, once, in this order."""
        if not intents:
            return
        batch = _Batch(len(intents), self._courier.promise())
        if not self._loop.post(self._write, tuple(intents), batch):
            for intent in intents:
                self._courier.send(intent)
            batch.release()
        elif self._yield_s:
            batch.written.wait(self._yield_s)

    def forget(self, account_id: str) -> None:
        """The account was changed or removed: ask for it anew."""
        self._reached.pop(account_id, None)

    def _prepare(self, intents: Sequence[Intent]) -> None:
        self._prepared.clear()  # what is still there was never committed
        for intent in intents:
            try:
                exchange, _ = self._known(intent.account_id)
                self._prepared[intent.order.text] = exchange, _ready(exchange, intent)
            except MTradeError:
                continue  # told when it is to be written

    def _write(self, intents: Sequence[Intent], batch: _Batch) -> None:
        for position, intent in enumerate(intents):
            answered = partial(self._done, batch, intent)
            try:
                self._one(intent, answered)
            except BaseException:
                # A fault of ours must not stop the others; whether it wrote anything is unknown.
                self._loop.post(self._write, intents[position + 1 :], batch)
                answered(OutcomeUnknown("an internal fault while sending; see the log"))
                raise
        batch.written.set()

    def _one(self, intent: Intent, answered: Callable[[Result], None]) -> None:
        try:
            exchange, clock = self._known(intent.account_id)
        except MTradeError as fault:
            answered(ExchangeUnavailable(f"not sent: {fault.message}"))
            return
        if self._halted(intent.account_id):
            answered(ExchangeUnavailable("not sent: trading is halted"))
        elif too_late(intent, clock.now_ms()):
            answered(ExchangeUnavailable("not sent: its time had passed"))
        else:
            known, send = self._prepared.pop(intent.order.text, (None, None))
            if send is None or known is not exchange:  # another key may be in use by now
                send = _ready(exchange, intent)
            send(answered)

    def _known(self, account_id: str) -> tuple[FastExchange, Clock]:
        known = self._reached.get(account_id)
        if known is None:
            known = self._reached[account_id] = self._reach(account_id)
        return known

    def _done(self, batch: _Batch, intent: Intent, result: Result) -> None:
        batch.missing -= 1
        if result is None:
            self._courier.send(intent)
        else:
            batch.ready.append(Answered(intent.id, _answer(result)))
        if not batch.missing:
            self._flush(batch)
            batch.release()
        elif batch.ready and not batch.gathering:
            batch.gathering = True
            self._loop.later(GATHER_S, partial(self._flush, batch))

    def _flush(self, batch: _Batch) -> None:
        batch.gathering = False
        if batch.ready:
            self._post(AnsweredAll(tuple(batch.ready)))
            batch.ready.clear()


def _ready(exchange: FastExchange, intent: Intent) -> Send:
    return exchange.prepared(intent.order, intent.expires_ms)


def _answer(result: VenueOrder | ExchangeError) -> Answer:
    if isinstance(result, ExchangeError):
        return Answer(error=result, path=OrderPath.WS)
    return Answer(order=result, path=OrderPath.WS)
