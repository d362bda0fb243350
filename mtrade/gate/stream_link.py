"""One connection of a stream, without the connection: acks, pings and watchdogs. Pure.

Time comes in as monotonic seconds; what is to be done goes out as commands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mtrade.gate.frames import Ack, Frame, Pong, Refused


@dataclass(frozen=True, slots=True, order=True)
class Subscription:
    """A channel with its payload; one symbol each, because a bad one fails its whole frame.

    Without a `required` one the stream is not live. A `busy` channel never rests for long.
    """

    channel: str
    payload: tuple[str, ...]
    private: bool = False
    required: bool = False
    busy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds. Gate closes after a minute without a message; pings keep that from happening."""

    connect: float = 12.0
    ack: float = 5.0
    ping: float = 5.0
    pong: float = 12.0
    quiet: float = 15.0
    quiet_most: float = 300.0
    refused: float = 5.0
    refused_most: float = 60.0
    first_pause: float = 0.5
    most_pause: float = 15.0
    gap: float = 1.0
    stable: float = 10.0
    stall: float = 3.0


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Send a subscription."""

    link: int
    id: int
    subscription: Subscription


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Send the end of a subscription; its ack is of no interest."""

    link: int
    id: int
    subscription: Subscription


@dataclass(frozen=True, slots=True)
class Ping:
    """Send an application ping."""

    link: int


@dataclass(frozen=True, slots=True)
class Acked:
    """A subscription is in force; pushes of it may have come before."""

    subscription: Subscription


@dataclass(frozen=True, slots=True)
class Denied:
    """The exchange refused a subscription; it is asked again later, the others go on."""

    subscription: Subscription
    code: int
    message: str


LinkCommand = Subscribe | Unsubscribe | Ping | Acked | Denied
ACK_TRIES = 3
FIRST_PING_S = 1.0


@dataclass(slots=True)
class _Asked:
    """A subscription that has no ack yet."""

    subscription: Subscription
    deadline: float
    tries: int = 1


class Link:
    """State of one connection, from the handshake on."""

    def __init__(self, number: int, now: float, timing: Timing) -> None:
        self.number = number
        self.open = False
        self.was_live = False
        self.live_since = 0.0
        self.started_at = now
        self.heard_at = now
        self.round_trip_ms: int | None = None
        self.problem = ""
        self._timing = timing
        self._pong_at = now
        self._pinged_at = now
        self._ticked_at = now
        self._excused_until = 0.0
        self._last_id = 0
        self._asked: dict[int, _Asked] = {}
        self._acked: dict[Subscription, None] = {}
        self._refused: dict[Subscription, tuple[float, float]] = {}
        self._data_at: dict[str, float] = {}

    def opened(self, wanted: Iterable[Subscription], now: float) -> list[LinkCommand]:
        """The handshake is done: subscribe to everything, and measure the line a second later,
        when no answer has to wait behind those of the subscriptions."""
        self.open = True
        self.heard_at = self._pong_at = now
        self._pinged_at = now - self._timing.ping + FIRST_PING_S
        return [self._ask(item, now) for item in wanted]

    def add(self, item: Subscription, now: float) -> list[LinkCommand]:
        """One subscription more."""
        return [self._ask(item, now)] if self.open else []

    def remove(self, item: Subscription) -> list[LinkCommand]:
        """One subscription less."""
        self._asked = {id: a for id, a in self._asked.items() if a.subscription != item}
        self._refused.pop(item, None)
        self._acked.pop(item, None)
        if not any(other.channel == item.channel for other in self._acked):
            self._data_at.pop(item.channel, None)
        return [Unsubscribe(self.number, self._id(), item)] if self.open else []

    def pushed(self, channel: str, now: float) -> None:
        """Data of a channel came."""
        self.heard_at = now
        if channel in self._data_at:
            self._data_at[channel] = now

    def heard(self, frame: Frame, now: float) -> list[LinkCommand]:
        """A frame came that is not data."""
        self.heard_at = now
        match frame:
            case Pong():
                self._pong_at = now
                self.round_trip_ms = max(round((now - self._pinged_at) * 1000), 0)
            case Ack(event="subscribe"):
                return self._accepted(frame.id, now)
            case Refused():
                return self._rejected(frame, now)
        return []

    def complete(self, wanted: Iterable[Subscription]) -> bool:
        """Whether every required subscription is in force and none waits for its first answer."""
        waiting = bool(self._asked) and not self.was_live
        return (
            self.open
            and not waiting
            and all(item in self._acked for item in wanted if item.required)
        )

    def tick(self, now: float) -> list[LinkCommand]:
        """Ping, and ask again for what was not answered or was refused."""
        if now - self._ticked_at > self._timing.stall:
            # The loop stood still and has not listened: what waits in the buffers comes first.
            self._excused_until = now + self._timing.stall
        self._ticked_at = now
        if not self.open:
            return []
        out: list[LinkCommand] = []
        if now - self._pinged_at >= self._timing.ping:
            self._pinged_at = now
            out.append(Ping(self.number))
        for id, asked in self._asked.items():
            if now >= asked.deadline and asked.tries < ACK_TRIES:
                asked.tries += 1
                asked.deadline = now + self._timing.ack
                out.append(Subscribe(self.number, id, asked.subscription))
        due = [item for item, (at, _) in self._refused.items() if now >= at]
        return [*out, *(self._ask(item, now) for item in due)]

    def fault(self, now: float) -> str:
        """Why this connection is beyond hope; empty while it is not."""
        timing = self._timing
        if now < self._excused_until:
            return ""
        if not self.open:
            late = now - self.started_at > timing.connect
            return "the handshake took too long" if late else ""
        if now - self._pong_at > timing.pong:
            return "no answer to pings"
        for asked in self._asked.values():
            if now >= asked.deadline and asked.tries >= ACK_TRIES:
                return f"no answer to the subscription of {asked.subscription.channel}"
        return ""

    def quiet(self, now: float) -> dict[str, float]:
        """How long each busy channel has been without data."""
        if now < self._excused_until:
            return {}
        return {channel: now - at for channel, at in self._data_at.items()}

    def _ask(self, item: Subscription, now: float) -> Subscribe:
        id = self._id()
        self._asked[id] = _Asked(item, now + self._timing.ack)
        if item in self._refused:
            _, pause = self._refused[item]
            self._refused[item] = (float("inf"), pause)
        return Subscribe(self.number, id, item)

    def _id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _accepted(self, id: int, now: float) -> list[LinkCommand]:
        asked = self._asked.pop(id, None)
        if asked is None:
            return []
        item = asked.subscription
        self._refused.pop(item, None)
        self._acked[item] = None
        if item.busy:
            self._data_at.setdefault(item.channel, now)
        if not self._refused:
            self.problem = ""
        return [Acked(item)]

    def _rejected(self, frame: Refused, now: float) -> list[LinkCommand]:
        asked = self._asked.pop(frame.id, None)
        if asked is None:
            return []
        item, timing = asked.subscription, self._timing
        _, pause = self._refused.get(item, (0.0, timing.refused / 3))
        pause = min(pause * 3, timing.refused_most)
        self._refused[item] = (now + pause, pause)
        if item.required:
            self.problem = f"{item.channel} was refused: {frame.message}"
        return [Denied(item, frame.code, frame.message)]
