"""The life of a stream without its sockets: connect, subscribe, live, and never give up. Pure.

    DOWN --connect--> CONNECTING --handshake, acks--> LIVE --fault, close--> DOWN (back-off) --> ...

A fault is a missing pong, a missing ack, an unreadable frame or a distrust from outside (REST saw
what no push told). An upgrade notice, or a busy channel that fell quiet, opens a second connection
and drops the first one only when the second is live, so that nothing is missed in between.
Time is monotonic seconds, chance is a function; commands go out, the shell obeys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mtrade.domain.events import StreamStatus
from mtrade.gate.frames import Frame, Pong, Upgrade
from mtrade.gate.stream_link import Link, LinkCommand, Subscription, Timing

MOST_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a connection under this number."""

    link: int


@dataclass(frozen=True, slots=True)
class Drop:
    """Close a connection; nothing more is heard of it."""

    link: int
    reason: str


@dataclass(frozen=True, slots=True)
class Resync:
    """Live (again): read over REST what the stream cannot have told.

    `gap` is False when another connection was live until now, so that nothing was missed.
    """

    reason: str
    gap: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """State, age or round trip of the stream is to be told."""


Command = LinkCommand | Connect | Drop | Resync | Changed


class StreamCore:
    """At most two connections: the one in use, and the one that will replace it."""

    def __init__(self, *, chance: Callable[[], float], timing: Timing | None = None) -> None:
        self.status = StreamStatus.DOWN
        self._lost = ""
        self.reconnects = -1
        self.heard_at: float | None = None
        self.round_trip_ms: int | None = None
        self._chance = chance
        self._timing = timing or Timing()
        self._wanted: dict[Subscription, None] = {}
        self._links: list[Link] = []  # the one in use first
        self._running = False
        self._replace = ""
        self._numbers = 0
        self._failures = 0
        self._connected_at = float("-inf")
        self._due_at = 0.0
        self._limits: dict[str, float] = {}
        self._told: tuple[StreamStatus, str] = (self.status, "")

    @property
    def reason(self) -> str:
        """Why the stream is not live; empty while it is."""
        if self.status is StreamStatus.LIVE:
            return ""
        problem = self._links[0].problem if self._links else ""
        return problem or self._lost

    @property
    def wanted(self) -> tuple[Subscription, ...]:
        """Everything subscribed to."""
        return tuple(self._wanted)

    def start(self, now: float) -> list[Command]:
        """Begin."""
        self._running = True
        self._due_at = now
        return self.tick(now)

    def stop(self) -> list[Command]:
        """End for good."""
        self._running = False
        out: list[Command] = [Drop(link.number, "stopped") for link in self._links]
        self._links.clear()
        return [*out, *self._tell()]

    def add(self, items: Iterable[Subscription], now: float) -> list[Command]:
        """Subscribe to more; what is there already stays as it is."""
        fresh = [item for item in items if item not in self._wanted]
        self._wanted.update(dict.fromkeys(fresh))
        return [command for link in self._links for i in fresh for command in link.add(i, now)]

    def remove(self, items: Iterable[Subscription]) -> list[Command]:
        """Subscribe to less."""
        gone = [item for item in items if item in self._wanted]
        for item in gone:
            del self._wanted[item]
        return [command for link in self._links for i in gone for command in link.remove(i)]

    def opened(self, number: int, now: float) -> list[Command]:
        """The handshake of a connection is done."""
        link = self._find(number)
        if link is None:
            return []
        return self._after(list(link.opened(self._wanted, now)), now)

    def closed(self, number: int, reason: str, now: float) -> list[Command]:
        """A connection ended, or never came to be."""
        link = self._find(number)
        if link is None:
            return []
        self._lose(link, reason, now)
        return self.tick(now)

    def pushed(self, number: int, channel: str, now: float) -> bool:
        """Data of a channel came over a connection; whether it counts."""
        link = self._links[0] if self._links else None
        if link is not None and link.number == number:
            self.heard_at = now
        else:
            link = self._find(number)
            if link is None:
                return False
        link.pushed(channel, now)
        if self._limits:
            self._limits.pop(channel, None)
        return True

    def heard(self, number: int, frame: Frame, now: float) -> list[Command]:
        """A frame of a connection that is not data."""
        link = self._find(number)
        if link is None:
            return []
        if link is self._links[0]:
            self.heard_at = now
        out: list[Command] = [*link.heard(frame, now)]
        if isinstance(frame, Upgrade):
            self._replace = self._replace or "the exchange upgrades"
            self._due_at = now
        if isinstance(frame, Pong) and link is self._links[0]:
            out.append(Changed())
        return self._after(out, now)

    def distrust(self, reason: str, now: float, number: int | None = None) -> list[Command]:
        """A connection (the one in use) lies or is dead: drop it and open another at once."""
        link = self._find(number) if number is not None else next(iter(self._links), None)
        if link is None:
            return []
        self._lose(link, reason, now)
        return [Drop(link.number, reason), *self.tick(now)]

    def tick(self, now: float) -> list[Command]:
        """Let time act; to be called every quarter of a second or so."""
        out: list[Command] = []
        for link in list(self._links):
            out += link.tick(now)
            fault = link.fault(now)
            if fault:
                out.append(Drop(link.number, fault))
                self._lose(link, fault, now)
        self._look_for_quiet(now)
        wants = self._running and (not self._links or (self._replace and len(self._links) == 1))
        if wants and now >= max(self._due_at, self._connected_at + self._timing.gap):
            out.append(self._connect(now))
        return self._after(out, now)

    def _connect(self, now: float) -> Connect:
        self._numbers += 1
        self.reconnects += 1
        self._connected_at = now
        self._links.append(Link(self._numbers, now, self._timing))
        return Connect(self._numbers)

    def _lose(self, link: Link, reason: str, now: float) -> None:
        """Forget a connection and say when the next one may be tried."""
        in_use = link is self._links[0]
        self._links.remove(link)
        if in_use:
            self._lost = reason
            self._replace = ""
        stable = link.was_live and now - link.live_since >= self._timing.stable
        self._failures = 1 if stable else self._failures + 1
        doublings = min(self._failures - 1, MOST_DOUBLINGS)
        pause = min(self._timing.first_pause * 2**doublings, self._timing.most_pause)
        self._due_at = now + pause * (0.5 + self._chance() / 2)

    def _look_for_quiet(self, now: float) -> None:
        """A market may really sleep: each false alarm doubles the patience with its channel."""
        link = self._links[0] if self._links else None
        if link is None or not link.was_live or self._replace:
            return
        for channel, age in link.quiet(now).items():
            limit = self._limits.get(channel, self._timing.quiet)
            if age > limit:
                self._limits[channel] = min(limit * 2, self._timing.quiet_most)
                self._replace = f"{channel} fell quiet"
                self._due_at = now
                return

    def _after(self, out: list[Command], now: float) -> list[Command]:
        """What follows from the new state: the replacement takes over, the stream is live."""
        for link in list(self._links):
            if not link.was_live and link.complete(self._wanted):
                link.was_live, link.live_since = True, now
                out += self._take_over(link)
        return [*out, *self._tell()]

    def _take_over(self, link: Link) -> Sequence[Command]:
        reason = self._replace or self._lost
        others = [old for old in self._links if old is not link]
        self._links = [link]
        self._replace = self._lost = ""
        dropped = [Drop(old.number, "replaced") for old in others]
        return [*dropped, Resync(reason, gap=not any(old.was_live for old in others))]

    def _tell(self) -> list[Command]:
        link = self._links[0] if self._links else None
        if link is not None:
            self.round_trip_ms = link.round_trip_ms
        self.status = self._judge(link)
        state = (self.status, self.reason)
        if state == self._told:
            return []
        self._told = state
        return [Changed()]

    def _judge(self, link: Link | None) -> StreamStatus:
        if link is None:
            return StreamStatus.DOWN
        live = link.was_live and link.complete(self._wanted)
        return StreamStatus.LIVE if live else StreamStatus.CONNECTING

    def _find(self, number: int) -> Link | None:
        for link in self._links:
            if link.number == number:
                return link
        return None
