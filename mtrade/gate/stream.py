"""One stream at work: obeys its core, speaks Gate's frames, and tells what it hears.

It runs on the loop and never waits. The world reaches it through a `Host`: time, chance, sockets
and a place for blocking reads, so that a simulation can be one too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol, TypeVar

from mtrade.domain.accounts import Credentials
from mtrade.domain.errors import MTradeError
from mtrade.domain.events import StreamChanged, StreamId, StreamStatus
from mtrade.domain.ports import Clock, EventSink
from mtrade.gate import book_text, frames
from mtrade.gate.book_text import Row, Update
from mtrade.gate.faults import Unreadable
from mtrade.gate.frames import Push
from mtrade.gate.stream_core import Changed, Command, Connect, Drop, Resync, StreamCore
from mtrade.gate.stream_link import (
    Acked,
    Denied,
    Ping,
    Subscribe,
    Subscription,
    Timing,
    Unsubscribe,
)

log = logging.getLogger(__name__)

T = TypeVar("T")


class Wire(Protocol):
    """An open or opening connection."""

    def send(self, text: str) -> bool: ...

    def close(self, reason: str) -> None: ...


class Listener(Protocol):
    """Who a wire reports to."""

    def opened(self) -> None: ...

    def received(self, text: str) -> None: ...

    def closed(self, reason: str) -> None: ...


class Host(Protocol):
    """Where a stream lives. `now` is monotonic seconds, `wall_ms` this computer's UTC time."""

    def now(self) -> float: ...

    def wall_ms(self) -> int: ...

    def chance(self) -> float:
        """At random from 0 to 1."""
        ...

    def later(self, delay: float, call: Callable[[], None]) -> Callable[[], None]:
        """Call once after `delay` seconds; the result cancels."""
        ...

    def ask(self, job: Callable[[], T], answer: Callable[[T | MTradeError], None]) -> None:
        """Run a blocking job elsewhere; its result, or error, is answered on the loop."""
        ...

    def open(self, url: str, listener: Listener) -> Wire:
        """Start a connection. Raises ConfigError for an address that is not this network's."""
        ...


class Handler(Protocol):
    """What a public or private stream does with what comes."""

    def pushed(self, push: Push) -> None: ...

    def updated(self, update: Update[Row]) -> None:
        """An order book changed."""
        ...

    def acked(self, item: Subscription) -> None: ...

    def live_again(self, *, gap: bool) -> None: ...


class Stream:
    """Connections to one URL with one set of subscriptions."""

    def __init__(
        self,
        id: StreamId,
        url: str,
        host: Host,
        clock: Clock,
        sink: EventSink,
        handler: Handler,
        credentials: Credentials | None = None,
        timing: Timing | None = None,
    ) -> None:
        """`clock` is the exchange's: subscriptions are signed with its time."""
        self.id = id
        self._url = url
        self._host = host
        self._clock = clock
        self._sink = sink
        self._handler = handler
        self._credentials = credentials
        self._core = StreamCore(chance=host.chance, timing=timing)
        self._wires: dict[int, Wire] = {}

    @property
    def live(self) -> bool:
        """Subscribed, acknowledged and heard of lately."""
        return self._core.status is StreamStatus.LIVE

    def start(self) -> None:
        """Connect."""
        self._obey(self._core.start(self._host.now()))

    def stop(self) -> None:
        """Disconnect for good."""
        self._obey(self._core.stop())

    def tick(self) -> None:
        """To be called every quarter of a second."""
        self._obey(self._core.tick(self._host.now()))

    def add(self, items: Iterable[Subscription]) -> None:
        """Subscribe to more."""
        self._obey(self._core.add(items, self._host.now()))

    def remove(self, items: Iterable[Subscription]) -> None:
        """Subscribe to less."""
        self._obey(self._core.remove(items))

    def distrust(self, reason: str) -> None:
        """What REST tells was not pushed: the connection is dead, whatever it says."""
        log.warning("%s is not trusted: %s", _named(self.id), reason)
        self._obey(self._core.distrust(reason, self._host.now()))

    def opened(self, link: int) -> None:
        """A handshake is done."""
        self._obey(self._core.opened(link, self._host.now()))

    def received(self, link: int, text: str) -> None:
        """A text frame came. One nobody can read means that the connection is out of step."""
        now = self._host.now()
        update = book_text.read(text)
        if update is not None:
            if self._core.pushed(link, update.channel, now):
                self._handler.updated(update)
            return
        try:
            frame = frames.classify(text)
        except Unreadable as fault:
            self._obey(self._core.distrust(fault.message, now, link))
            return
        if not isinstance(frame, Push):
            self._obey(self._core.heard(link, frame, now))
        elif self._core.pushed(link, frame.channel, now):
            self._handler.pushed(frame)

    def closed(self, link: int, reason: str) -> None:
        """A connection ended."""
        self._wires.pop(link, None)
        self._obey(self._core.closed(link, reason, self._host.now()))

    def _obey(self, commands: Iterable[Command]) -> None:
        for command in commands:
            self._do(command)

    def _do(self, command: Command) -> None:
        match command:
            case Subscribe(link, id, item) | Unsubscribe(link, id, item):
                write = frames.subscribe if isinstance(command, Subscribe) else frames.unsubscribe
                self._send(link, self._signed(write, id, item))
            case Ping(link):
                prefix = self.id.market.value
                self._send(link, frames.ping(prefix, time_s=self._time_s()))
            case Acked(item):
                self._handler.acked(item)
            case Denied(item, code, message):
                log.warning("%s: %s refused (%d): %s", _named(self.id), item.channel, code, message)
            case Connect(link):
                self._connect(link)
            case Drop(link, reason):
                self._drop(link, reason)
            case Resync(_, gap):
                self._handler.live_again(gap=gap)
            case Changed():
                self._tell()

    def _connect(self, link: int) -> None:
        try:
            self._wires[link] = self._host.open(self._url, _Line(self, link))
        except MTradeError as fault:
            log.warning("%s: %s", _named(self.id), fault.message)
            self._obey(self._core.closed(link, fault.message, self._host.now()))

    def _drop(self, link: int, reason: str) -> None:
        wire = self._wires.pop(link, None)
        if wire is not None:
            log.info("%s: connection dropped: %s", _named(self.id), reason)
            wire.close(reason)

    def _send(self, link: int, text: str) -> None:
        """A frame for a connection that is gone is lost; its end is told by `closed`."""
        wire = self._wires.get(link)
        if wire is not None:
            wire.send(text)

    def _signed(self, write: Callable[..., str], id: int, item: Subscription) -> str:
        credentials = self._credentials if item.private else None
        return write(
            item.channel, item.payload, id=id, time_s=self._time_s(), credentials=credentials
        )

    def _time_s(self) -> int:
        return self._clock.now_ms() // 1000

    def _tell(self) -> None:
        core, heard = self._core, self._core.heard_at
        age_ms = 0 if heard is None else round((self._host.now() - heard) * 1000)
        self._sink(
            StreamChanged(
                stream=self.id,
                status=core.status,
                heard_ms=0 if heard is None else self._host.wall_ms() - age_ms,
                round_trip_ms=core.round_trip_ms,
                reconnects=max(core.reconnects, 0),
                reason=core.reason,
            )
        )


class _Line:
    """The listener of one connection of a stream."""

    def __init__(self, stream: Stream, link: int) -> None:
        self._stream = stream
        self._link = link
        self.received = partial(stream.received, link)  # without a call between, for each frame

    def opened(self) -> None:
        self._stream.opened(self._link)

    def closed(self, reason: str) -> None:
        self._stream.closed(self._link, reason)


def _named(id: StreamId) -> str:
    """For the log, without the account's id."""
    kind = "private" if id.account_id else "public"
    return f"{id.network} {kind} {id.settle or id.market} stream"
