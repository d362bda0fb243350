"""Carries committed intents to the exchange and brings answers back, off the engine thread.

The only caller of `place` and `place_trigger`: an order is sent here, once, or nowhere. Answers and
evidence go into the engine's inbox as frozen messages.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from decimal import Decimal
from functools import partial

from mtrade.domain.accounts import PositionMode
from mtrade.domain.errors import ExchangeError, ExchangeUnavailable, MTradeError, OutcomeUnknown
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Market, Side
from mtrade.domain.numbers import ZERO, use_decimal_context
from mtrade.domain.orders import Intent, OrderPath, VenueTrigger
from mtrade.domain.ports import Exchange
from mtrade.domain.positions import Leg
from mtrade.trading.accounts import AccountManager
from mtrade.trading.intents import Answer, born_ms
from mtrade.trading.messages import Answered, FillsRead, Seen
from mtrade.trading.resolver import Evidence, past_fence

log = logging.getLogger(__name__)

# Threads come as they are needed: an account whose line hangs must not hold up another one.
THREADS = {"courier": 64, "watcher": 8}
LAST_CALL_MS = 300  # an order whose deadline is nearer than this is not sent at all
LOOK_BACK_MS = 60_000  # lists are searched by text, so looking back further costs only paging
MOST_TRADES = 20_000


class Courier:
    """Thread-safe. `post` puts a message into the engine's inbox; `pool` makes its threads.
    `halted` tells of an account that nothing may be sent for."""

    def __init__(
        self,
        accounts: AccountManager,
        post: Callable[[object], None],
        pool: Callable[[str], Executor] | None = None,
        halted: Callable[[str], bool] = lambda account_id: False,
    ) -> None:
        pool = pool or _pool
        self._accounts = accounts
        self._post = post
        self._halted = halted
        self._lock = threading.Lock()
        self._running: set[Future[None]] = set()
        self._senders = pool("courier")
        self._watchers = pool("watcher")  # their own, so that no look-up ever delays an order

    def send(self, intent: Intent) -> None:
        """Send a committed intent, once."""
        lost = Answer(error=OutcomeUnknown("an internal fault while sending; see the log"))
        self._run(self._senders, partial(self._send, intent), Answered(intent.id, lost))

    def look(self, intent: Intent, *, cancel: bool = False) -> None:
        """Look for an intent's order; with `cancel`, cancel it first."""
        lost = Evidence(failed=ExchangeUnavailable("an internal fault while looking; see the log"))
        self._run(self._watchers, partial(self._look, intent, cancel), Seen(intent.id, lost))

    def read_fills(self, intent: Intent) -> None:
        """Fetch the executions of an intent's order."""
        self._run(self._watchers, partial(self._read_fills, intent), None)

    def promise(self) -> Callable[[], None]:
        """Somebody else has something under way that `drain` waits for until this is called."""
        kept: Future[None] = Future()
        with self._lock:
            self._running.add(kept)
        kept.add_done_callback(partial(self._finished, None))
        return partial(kept.set_result, None)

    def drain(self, timeout: float) -> bool:
        """Wait for what is under way, and what that leads to; True when nothing is left."""
        deadline = time.monotonic() + timeout
        while True:
            with self._lock:
                running = set(self._running)
            if wait(running, max(0.0, deadline - time.monotonic())).not_done:
                return False
            if not running:
                return True

    def close(self) -> None:
        """Accept nothing more. Threads end with their present call, which has a time-out."""
        for pool in (self._senders, self._watchers):
            pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, pool: Executor, job: Callable[[], None], lost: object | None) -> None:
        """Run a job; should it die of a fault of ours, the engine is told `lost`."""
        try:
            future = pool.submit(job)
        except RuntimeError as fault:  # shut down, or the system has no thread left
            future = Future()
            future.set_exception(fault)
        with self._lock:
            self._running.add(future)
        future.add_done_callback(partial(self._finished, lost))

    def _finished(self, lost: object | None, future: Future[None]) -> None:
        with self._lock:
            self._running.discard(future)
        fault = None if future.cancelled() else future.exception()
        if fault is None:
            return
        log.error("a courier's job failed", exc_info=fault)
        if lost is not None:
            self._post(lost)

    def _send(self, intent: Intent) -> None:
        self._post(Answered(intent.id, self._answer(intent)))

    def _answer(self, intent: Intent) -> Answer:
        try:
            exchange = self._accounts.exchange(intent.account_id)
            network = self._accounts.get(intent.account_id).network
            late = too_late(intent, self._accounts.clock(network).now_ms())
        except MTradeError as fault:
            return Answer(error=ExchangeUnavailable(f"not sent: {fault.message}"))
        if late:
            return Answer(error=ExchangeUnavailable("not sent: its time had passed"))
        return self._placed(exchange, intent)

    def _placed(self, exchange: Exchange, intent: Intent) -> Answer:
        taken: list[OrderPath] = []

        def chosen(path: OrderPath) -> None:
            """The last moment: no byte has left yet."""
            if self._halted(intent.account_id):
                raise ExchangeUnavailable("not sent: trading is halted")
            taken.append(path)

        try:
            if intent.order.trigger is not None:
                chosen(OrderPath.REST)  # Gate's socket knows no trigger orders
                answer = Answer(trigger_id=exchange.place_trigger(intent.order))
            else:
                deadline = intent.expires_ms
                order = exchange.place(intent.order, expires_ms=deadline, chosen=chosen)
                answer = Answer(order=order)
        except ExchangeError as fault:
            answer = Answer(error=fault)
        return replace(answer, path=taken[-1] if taken else None)

    def _look(self, intent: Intent, cancel: bool) -> None:
        self._post(Seen(intent.id, self._evidence(intent, cancel)))

    def _evidence(self, intent: Intent, cancel: bool) -> Evidence:
        try:
            exchange = self._accounts.line(intent.account_id)
            network = self._accounts.get(intent.account_id).network
            if cancel and intent.order_id:
                exchange.cancel(intent.order.instrument, intent.order_id)
            clock = self._accounts.clock(network)
            if clock.age_ms is None:
                clock.sync()  # without the exchange's time nothing can be called late
            late = past_fence(intent, clock.now_ms())
            if intent.order.trigger is not None:
                return Evidence(trigger=_find_trigger(exchange, intent), deep=True)
            return _find_order(exchange, intent, late)
        except ExchangeError as fault:
            return Evidence(failed=fault)
        except MTradeError as fault:
            return Evidence(failed=ExchangeUnavailable(fault.message))

    def _read_fills(self, intent: Intent) -> None:
        instrument = intent.order.instrument
        try:
            fills = self._accounts.line(intent.account_id).fills(
                instrument.market,
                instrument.settle,
                instrument=instrument,
                order_id=intent.order_id,
            )
        except MTradeError:
            return  # the account's fills are read again whenever a screen shows them
        self._post(FillsRead(intent.account_id, fills))


def too_late(intent: Intent, now_ms: int) -> bool:
    """Whether an order's deadline is too near to send it at all."""
    return intent.expires_ms - now_ms < LAST_CALL_MS


def _pool(name: str) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(
        THREADS[name], thread_name_prefix=name, initializer=use_decimal_context
    )


def _find_order(exchange: Exchange, intent: Intent, late: bool) -> Evidence:
    order = intent.order
    found = exchange.find(order.instrument, intent.order_id or order.text)
    since = born_ms(intent) - LOOK_BACK_MS
    spot = order.instrument.market is Market.SPOT
    if found is None and (late or spot):
        # Gate finds a finished spot order by its text no more, so the lists are scanned.
        found = exchange.search(order.instrument, order.text, since)
    if found is not None or not late:
        return Evidence(order=found)
    trades = exchange.fills(
        order.instrument.market,
        order.instrument.settle,
        instrument=order.instrument,
        since_ms=since,
        limit=MOST_TRADES,
    )
    if len(trades) >= MOST_TRADES:
        raise ExchangeUnavailable("too many trades since this order to list them all")
    leg, position = _position(exchange, intent)
    return Evidence(deep=True, trades=trades, leg=leg, position=position)


def _position(exchange: Exchange, intent: Intent) -> tuple[Leg, Decimal | None]:
    instrument = intent.order.instrument
    if instrument.market is not Market.FUTURES or intent.plan_position is None:
        return Leg.NET, None
    mode = exchange.futures_account(instrument.settle).mode
    leg = Leg.NET
    if mode is not PositionMode.SINGLE:
        shrinks = intent.order.reduce_only or intent.order.auto_size is not None
        opens = intent.order.side.opposite if shrinks else intent.order.side
        leg = Leg.LONG if opens is Side.BUY else Leg.SHORT
    rows = exchange.positions(instrument.settle)
    sizes = [p.size for p in rows if p.instrument == instrument and p.leg is leg]
    return leg, sizes[0] if sizes else ZERO


def _find_trigger(exchange: Exchange, intent: Intent) -> VenueTrigger | None:
    instrument = intent.order.instrument
    for open in (True, False):
        for trigger in exchange.triggers(instrument.market, instrument.settle, open=open):
            same_id = bool(intent.order_id) and trigger.trigger_id == intent.order_id
            if same_id or trigger.order.text == intent.order.text:
                return trigger
    return None
