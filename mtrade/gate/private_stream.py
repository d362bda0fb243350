"""The private stream of one account and market: pushes as they come, REST truth around them.

REST is read after every (re)connect, every half minute, every two seconds while the stream is
down, and soon after anything that looks incomplete. In between a glance every few seconds tells
whether a push was lost without a trace: then, and after whatever was pushed, everything is read.
A read that knows what no push told condemns the connection.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from mtrade.domain.accounts import Credentials
from mtrade.domain.errors import MTradeError
from mtrade.domain.events import AccountSnapshot, Event, Filled, PositionChanged, StreamId
from mtrade.domain.frozen import replace
from mtrade.domain.ports import Clock, EventSink, Exchange
from mtrade.gate.account_memory import AccountMemory, Suspicion
from mtrade.gate.account_reads import Glance, glance, glance_of, read_account
from mtrade.gate.book_text import Row, Update
from mtrade.gate.channels import account_channels
from mtrade.gate.frames import Push
from mtrade.gate.parse_push import Owner, parse_private
from mtrade.gate.stream import Host, Stream
from mtrade.gate.stream_link import Subscription, Timing

log = logging.getLogger(__name__)

RESYNC_S = (20.0, 30.0)
BLIND_S = 2.0
GLANCE_S = 3.5
SOON_S = 1.0
GRACE_S = 3.0
MOST_RETRY_S = 4.0
FIRST_DISTRUST_S = 60.0
MOST_DISTRUST_S = 600.0


class PrivateStream:
    """Keeps one account's events flowing."""

    def __init__(
        self,
        id: StreamId,
        url: str,
        host: Host,
        clock: Clock,
        sink: EventSink,
        exchange: Exchange,
        credentials: Credentials,
        uid: str,
        timing: Timing | None = None,
        slowdown: Callable[[], float] = lambda: 1.0,
    ) -> None:
        """With a `slowdown` above 1 regular reads come that many times more rarely."""
        self._host = host
        self._slowdown = slowdown
        self._clock = clock
        self._sink = sink
        self._exchange = exchange
        self._id = id
        self._owner = Owner(id.account_id, id.settle)
        self._channels = account_channels(id.market, uid)
        self._stream = Stream(id, url, host, clock, sink, self, credentials, timing)
        self._memory = AccountMemory()
        self._stopped = False
        self._reading = False
        self._again = False
        self._read_at = float("-inf")
        self._failures = 0
        self._moved = False
        self._glance_at = float("inf")
        self._known: Glance | None = None
        self._was_live = False
        self._live_ms = 0
        self._distrust_s = FIRST_DISTRUST_S
        self._distrust_at = float("-inf")

    def start(self) -> None:
        """Connect; the first read does not wait for it."""
        self._stream.add(self._channels)
        self._stream.start()
        self._read()

    def stop(self) -> None:
        """Disconnect for good."""
        self._stopped = True
        self._stream.stop()

    def tick(self) -> None:
        """Let time act."""
        self._stream.tick()
        now = self._host.now()
        if self._was_live and not self._stream.live:
            self._read_at = min(self._read_at, now + BLIND_S)
        self._was_live = self._stream.live
        if now >= self._read_at:
            self._read()
        elif now >= self._glance_at and not self._reading:
            self._look()

    def pushed(self, push: Push) -> None:
        parsed = parse_private(self._owner, push)
        if parsed.unreadable:
            log.warning("%d rows of %s could not be read", parsed.unreadable, push.channel)
            self._soon()
        for event in parsed.events:
            self._hear(event)

    def updated(self, update: Update[Row]) -> None:
        """No book is watched here."""

    def acked(self, item: Subscription) -> None:
        """Nothing hangs on a single channel: the read waits until all are in force."""

    def live_again(self, *, gap: bool) -> None:
        """What happened meanwhile is read, also after an overlap: it costs little."""
        self._live_ms = self._clock.now_ms()
        if gap:
            self._memory.reconnected()
        self._read()

    def _hear(self, event: Event) -> None:
        self._moved = True
        if isinstance(event, Filled):
            fresh = self._memory.pushed_fills(event)
            if fresh is None:
                return
            event = fresh
        elif isinstance(event, PositionChanged) and self._memory.pushed_position(event):
            self._soon()
        self._sink(event)

    def _soon(self) -> None:
        self._read_at = min(self._read_at, self._host.now() + SOON_S)

    def _read(self) -> None:
        """Start a read, or one more after the one that is under way: it may have begun early."""
        if self._reading or self._stopped:
            self._again = True
            return
        self._reading, self._again, self._moved = True, False, False
        self._read_at = self._glance_at = float("inf")
        since_ms = self._memory.since_ms(self._clock.now_ms())
        id = self._id
        job = partial(
            read_account,
            self._exchange,
            self._clock,
            id.account_id,
            id.market,
            id.settle,
            since_ms,
        )
        self._host.ask(job, partial(self._answered, self._live_ms))

    def _answered(self, live_ms: int, answer: AccountSnapshot | MTradeError) -> None:
        self._reading = False
        if self._stopped:
            return
        if isinstance(answer, MTradeError):
            self._failed(answer)
            return
        self._failures = 0
        self._known = glance_of(answer)
        self._glance_at = self._next_glance() if self._known else float("inf")
        fresh, suspicion = self._memory.snapshot(answer, live_ms or answer.read_ms)
        self._sink(replace(answer, fills=fresh))
        if suspicion and self._stream.live and live_ms == self._live_ms:
            self._host.later(GRACE_S, partial(self._judge, live_ms, suspicion))
        self._plan(self._pause())

    def _look(self) -> None:
        """Read everything if anything was pushed meanwhile, else see whether it still fits."""
        self._glance_at = float("inf")
        if self._moved or self._known is None:
            self._read()
            return
        job = partial(glance, self._exchange, self._id.market, self._id.settle)
        self._host.ask(job, partial(self._looked, self._known))

    def _looked(self, known: Glance, answer: Glance | MTradeError) -> None:
        """A glance that failed says nothing; a read that began since then says more."""
        if self._stopped or self._reading:
            return
        self._glance_at = self._next_glance()
        if not isinstance(answer, MTradeError) and answer != known:
            self._read()

    def _failed(self, fault: MTradeError) -> None:
        log.info("account read of a %s stream failed: %s", self._id.market, fault.message)
        self._failures += 1
        self._plan(min(BLIND_S * 2 ** min(self._failures - 1, 5), MOST_RETRY_S))

    def _plan(self, pause_s: float) -> None:
        wanted = 0.0 if self._again and not self._failures else pause_s
        self._read_at = min(self._read_at, self._host.now() + wanted)

    def _pause(self) -> float:
        if not self._stream.live:
            return BLIND_S
        shortest, longest = RESYNC_S
        return (shortest + self._host.chance() * (longest - shortest)) * self._slowdown()

    def _next_glance(self) -> float:
        return self._host.now() + GLANCE_S * self._slowdown()

    def _judge(self, live_ms: int, suspicion: Suspicion) -> None:
        """Time enough has passed for a push that was merely late."""
        same = live_ms == self._live_ms and self._stream.live and not self._stopped
        now = self._host.now()
        if not same or now < self._distrust_at or not self._memory.confirmed(suspicion):
            return
        # Should REST and pushes disagree for a reason unknown here, reconnecting must not be all
        # that this stream does.
        self._distrust_at = now + self._distrust_s
        self._distrust_s = min(self._distrust_s * 2, MOST_DISTRUST_S)
        self._stream.distrust("REST knows what no push told")
