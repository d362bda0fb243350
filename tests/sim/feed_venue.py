"""A model exchange at the other end of the streams: acks, pushes, and the weather between.

It knows nothing of the client's code; frames are JSON texts as Gate writes them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from mtrade.domain.errors import ExchangeUnavailable
from mtrade.gate.stream import Listener
from tests.sim.feed_world import World

LATENCY = 0.02


@dataclass
class Weather:
    """How often what goes wrong; each schedule draws its own, so that some never see a kind."""

    drop: float = 0.0  # a push is lost
    double: float = 0.0  # a push comes twice
    late: float = 0.0  # a push is overtaken by others
    cut: float = 0.0  # a connection ends, each half second
    mute: float = 0.0  # a connection falls silent, each half second
    refuse: float = 0.0  # a connection is not accepted
    deaf: float = 0.0  # a frame of the client is lost
    deny: float = 0.0  # a subscription is refused
    garbage: float = 0.0  # a frame is broken
    upgrade: float = 0.0  # notice, then the end, each half second
    rest: float = 0.0  # a REST call fails

    @classmethod
    def drawn(cls, world: World) -> Weather:
        """Rates of one schedule."""
        chance = world.random
        weather = cls()
        for name, most in MOST.items():
            if chance.random() < 0.4:
                setattr(weather, name, chance.random() * most)
        return weather


MOST = {
    "drop": 0.3,
    "double": 0.4,
    "late": 0.4,
    "cut": 0.5,
    "mute": 0.3,
    "refuse": 0.7,
    "deaf": 0.3,
    "deny": 0.2,
    "garbage": 0.02,
    "upgrade": 0.2,
    "rest": 0.5,
}


@dataclass(eq=False)
class Connection:
    """The exchange's end of a socket."""

    venue: Venue
    listener: Listener
    open: bool = False
    ended: bool = False
    topics: set[tuple[str, str]] = field(default_factory=set)
    mute_until: float = -1.0

    def send(self, text: str) -> bool:
        if not self.open:
            return False
        if not self.venue.happens("deaf"):
            self.venue.world.later(LATENCY, lambda: self._take(text))
        return True

    def close(self, reason: str) -> None:
        self.end(reason)

    def end(self, reason: str) -> None:
        """Either side closes; the client hears of it once."""
        if not self.ended:
            self.ended, self.open = True, False
            self.venue.connections.remove(self)
            self.venue.world.later(0.0, lambda: self.listener.closed(reason))

    def push(self, text: str) -> None:
        """One frame on its way."""
        venue = self.venue
        if venue.world.time < self.mute_until or venue.happens("drop"):
            return
        if venue.happens("garbage"):
            text = text[: venue.world.random.randrange(len(text))]
        for _ in range(2 if venue.happens("double") else 1):
            delay = LATENCY
            if venue.happens("late"):
                delay += venue.world.random.random() * 2
            self._deliver(text, delay)

    def answer(self, frame: dict[str, Any]) -> None:
        """An ack or pong: silence swallows it too."""
        if self.venue.world.time >= self.mute_until:
            self._deliver(json.dumps(frame), LATENCY)

    def _deliver(self, text: str, delay: float) -> None:
        def arrive() -> None:
            if self.open:
                self.listener.received(text)

        self.venue.world.later(delay, arrive)

    def _take(self, text: str) -> None:
        if not self.open:
            return
        frame = json.loads(text)
        channel = frame["channel"]
        if channel.endswith(".ping"):
            self.answer({"channel": channel.replace("ping", "pong"), "event": "", "result": None})
            return
        back = {"id": frame["id"], "channel": channel, "event": frame["event"]}
        if self.venue.happens("deny"):
            self.answer({**back, "error": {"code": 3, "message": "busy"}})
            return
        topic = (channel, frame.get("payload", [""])[0])
        if frame["event"] == "subscribe":
            self.topics.add(topic)
        else:
            self.topics.discard(topic)
        self.answer({**back, "result": {"status": "success"}})


class Venue:
    """Accepts connections and spreads pushes; the faults end when the schedule says so."""

    def __init__(self, world: World, weather: Weather, faults_end: float) -> None:
        self.world = world
        self.weather = weather
        self.faults_end = faults_end
        self.connections: list[Connection] = []
        self.accepted = 0
        world.every(lambda: 0.5, self._blow, until=faults_end)

    def happens(self, kind: str) -> bool:
        """Whether a fault strikes now."""
        rate: float = getattr(self.weather, kind)
        return rate > 0 and self.world.time < self.faults_end and self.world.random.random() < rate

    def latency(self) -> float:
        """Of one direction of a REST call."""
        return 0.01 + self.world.random.random() * 0.1

    def rest(self) -> None:
        """The door of every REST call."""
        if self.happens("rest"):
            raise ExchangeUnavailable("maintenance", http_status=503)

    def connect(self, listener: Listener) -> Connection:
        connection = Connection(self, listener)
        self.connections.append(connection)

        def accept() -> None:
            if connection.ended:
                return
            if self.happens("refuse"):
                connection.end("refused")
                return
            connection.open = True
            self.accepted += 1
            listener.opened()

        self.world.later(LATENCY, accept)
        return connection

    def publish(self, channel: str, result: Any, key: str) -> None:
        """A push to everybody subscribed to the channel under `key`."""
        frame = {
            "time_ms": self.world.now_ms(),
            "channel": channel,
            "event": "update",
            "result": result,
        }
        text = json.dumps(frame)
        for connection in list(self.connections):
            if (channel, key) in connection.topics:
                connection.push(text)

    def _blow(self) -> None:
        """Twice a second: what happens to connections."""
        for connection in list(self.connections):
            if not connection.open:
                continue
            if self.happens("cut"):
                connection.end("cut")
            elif self.happens("mute"):
                length = 1 + self.world.random.random() * 20
                connection.mute_until = min(self.world.time + length, self.faults_end)
            elif self.happens("upgrade"):
                self._upgrade(connection)

    def _upgrade(self, connection: Connection) -> None:
        notice = {"type": "upgrade", "msg": "soon"}
        connection.answer({"channel": "spot.system", "event": "update", "result": notice})
        self.world.later(2.0, lambda: connection.end("upgraded"))
