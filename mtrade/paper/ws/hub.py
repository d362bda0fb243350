"""Who listens to what. One hub serves every connection of the exchange. Pure: time comes in.

Public feeds exist while somebody listens. Private events go to the connections that proved to be
the user's, in the order in which the exchange told them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from mtrade.domain.instruments import InstrumentId, Market
from mtrade.paper.room import Room
from mtrade.paper.world import Event, World
from mtrade.paper.ws.books import Trail
from mtrade.paper.ws.feed import Feed, Message
from mtrade.paper.ws.frames import Out
from mtrade.paper.ws.prints import PublicLiquidations
from mtrade.paper.ws.private import CHANNELS, Address, private_text
from mtrade.paper.ws.topics import ALL, Topic


class Listener(Protocol):
    """A connection, as the hub sees it."""

    decimal_sizes: bool

    def send(self, out: Out) -> None: ...


class _Stream:
    """A feed and those who listen, in the order they came."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.listeners: dict[Listener, None] = {}

    def tell(self, messages: Iterable[Message], listeners: Iterable[Listener]) -> None:
        listed = tuple(listeners)
        for message in messages:
            for listener in listed:
                text = message.text(listener.decimal_sizes)
                listener.send(Out(text=text, role="push", channel=message.channel))


class Hub:
    """See the module."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._streams: dict[tuple[str, ...], _Stream] = {}
        self._trails: dict[InstrumentId, Trail] = {}
        self._private: dict[Address, dict[Listener, set[str]]] = {}

    @property
    def idle(self) -> bool:
        """Whether no public feed has a listener."""
        return not self._streams

    def join(self, listener: Listener, topics: Sequence[Topic], now_ms: int) -> None:
        """Let a connection hear some streams from now on, beginning with what it needs first."""
        for topic in topics:
            stream = self._streams.get(topic.name)
            if stream is None:
                stream = _Stream(topic.make(self._world, self._trail))
                self._streams[topic.name] = stream
            # What is new goes to the others first: the newcomer begins where they stand.
            stream.tell(stream.feed.flush(now_ms), stream.listeners)
            if listener not in stream.listeners:
                stream.listeners[listener] = None
                stream.tell(stream.feed.greet(now_ms), [listener])

    def hears(self, listener: Listener, topic: Topic) -> bool:
        """Whether a connection already has this stream."""
        stream = self._streams.get(topic.name)
        return stream is not None and listener in stream.listeners

    def leave(self, listener: Listener, topics: Sequence[Topic]) -> None:
        """Take some streams from a connection; fine when it never had them."""
        for topic in topics:
            self._leave(topic.name, listener)

    def join_private(self, listener: Listener, address: Address, instrument: str) -> None:
        """Let a connection hear a user's events of one instrument, or of all with `!all`."""
        self._private.setdefault(address, {}).setdefault(listener, set()).add(instrument)

    def leave_private(self, listener: Listener, channel: str, instrument: str) -> None:
        """Take it back, for whichever user it was."""
        for address, listeners in self._private.items():
            if address.channel == channel and listener in listeners:
                listeners[listener].discard(instrument)

    def has_audience(self, market: Market, channel: str, settle: str, uid: int) -> bool:
        """Whether a connection hears a user's events of this kind."""
        if not self._private:
            return False
        subjects = CHANNELS.get((market, channel), ())
        return any(Address(subject, settle, uid) in self._private for subject in subjects)

    def drop(self, listener: Listener) -> None:
        """A connection is gone."""
        for name in list(self._streams):
            self._leave(name, listener)
        for address in list(self._private):
            self._private[address].pop(listener, None)
            if not self._private[address]:
                del self._private[address]

    def beat(self, now_ms: int) -> None:
        """Push whatever is due."""
        for stream in list(self._streams.values()):
            messages = stream.feed.due(now_ms)
            if messages:
                stream.tell(messages, stream.listeners)

    def publish(self, events: Sequence[Event], now_ms: int) -> None:
        """Push private events, neighbours of one channel and user together in one frame."""
        for batch in _batches(events):
            for subject in CHANNELS.get((batch[0].market, batch[0].channel), ()):
                self._tell(subject, batch, now_ms)
            if batch[0].channel == "liquidates":
                self._note_liquidations(batch)

    def _tell(self, channel: str, batch: list[Event], now_ms: int) -> None:
        first = batch[0]
        address = Address(channel, first.settle, first.uid or 0)
        for listener, wanted in list(self._private.get(address, {}).items()):
            chosen = [e for e in batch if not e.instrument or wanted & {ALL, e.instrument}]
            for text in private_text(channel, chosen, listener.decimal_sizes, now_ms):
                listener.send(Out(text=text, role="push", channel=channel, uid=first.uid))

    def _note_liquidations(self, batch: list[Event]) -> None:
        for event in batch:
            stream = self._streams.get(
                ("futures.public_liquidates", event.settle, event.instrument)
            )
            if stream is not None and isinstance(stream.feed, PublicLiquidations):
                stream.feed.note(event.body)

    def _leave(self, name: tuple[str, ...], listener: Listener) -> None:
        stream = self._streams.get(name)
        if stream is None:
            return
        stream.listeners.pop(listener, None)
        if not stream.listeners:
            stream.feed.close()
            del self._streams[name]

    def _trail(self, room: Room) -> Trail:
        return self._trails.setdefault(room.id, Trail(room.book))


def _batches(events: Sequence[Event]) -> list[list[Event]]:
    """Runs of events that go out as one frame."""
    runs: list[list[Event]] = []
    for event in events:
        last = runs[-1][-1] if runs else None
        if last is not None and _kind(last) == _kind(event):
            runs[-1].append(event)
        else:
            runs.append([event])
    return runs


def _kind(event: Event) -> tuple[object, ...]:
    return (event.market, event.settle, event.channel, event.uid)
