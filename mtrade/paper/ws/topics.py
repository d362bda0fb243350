"""What a payload of a public channel asks for, and its feeds (Gate WebSocket docs)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mtrade.domain.instruments import InstrumentId, Market
from mtrade.paper.intervals import LENGTHS
from mtrade.paper.room import Room
from mtrade.paper.world import World
from mtrade.paper.ws.books import BookTicker, Obu, Snapshots, Trail, Updates
from mtrade.paper.ws.feed import Feed
from mtrade.paper.ws.frames import INVALID, FrameFault
from mtrade.paper.ws.prints import Candles, PublicLiquidations, Stats, Tickers, Trades

Trails = Callable[[Room], Trail]
Make = Callable[[World, Trails], Feed]

ALL = "!all"
_SPOT_DEPTHS = ("5", "10", "20", "30", "50", "100")
_FUTURES_DEPTHS = ("1", "5", "10", "20", "50", "100")
_OBU = {"50": 20, "400": 100}  # levels, and how often in ms
_STATS = ("10s", "1m", "5m", "15m", "30m", "1h", "4h", "1d")


@dataclass(frozen=True, slots=True)
class Topic:
    """One stream: a channel of one instrument with its options. `make` builds its feed."""

    channel: str
    key: tuple[str, ...]
    instrument: InstrumentId
    make: Make
    once: bool = False  # a second subscription of one connection is an error

    @property
    def name(self) -> tuple[str, ...]:
        """What makes it this stream and no other."""
        return (self.channel, self.instrument.settle, *self.key)


class Reader:
    """Reads payloads for one market and settle currency."""

    def __init__(self, world: World, market: Market, settle: str) -> None:
        self._world = world
        self._market = market
        self._settle = settle
        self._parsers: dict[str, Callable[[str, list[str]], list[Topic]]] = {
            "tickers": self._each(lambda c, r: lambda w, _: Tickers(c, r, w)),
            "trades": self._each(lambda c, r: lambda *_: Trades(c, r)),
            "book_ticker": self._each(lambda c, r: lambda *_: BookTicker(c, r)),
            "candlesticks": self._candles,
            "order_book_update": self._updates,
            "order_book": self._snapshots,
            "obu": self._obu,
        }
        if market is Market.FUTURES:
            self._parsers["contract_stats"] = self._stats
            self._parsers["public_liquidates"] = self._liquidates

    def knows(self, subject: str) -> bool:
        """Whether it is a public channel."""
        return subject in self._parsers

    def topics(self, channel: str, payload: object) -> list[Topic]:
        """The streams a payload names; all of them exist, or FrameFault."""
        words = strings(payload)
        if not words:
            raise FrameFault(INVALID, "invalid argument: empty payload")
        return self._parsers[channel.partition(".")[2]](channel, words)

    def room(self, name: str) -> Room:
        """The room of an instrument of this market."""
        room = self._world.rooms.get(InstrumentId(self._market, self._settle, name))
        if room is None:
            kind = "currency pair" if self._market is Market.SPOT else "contract"
            raise FrameFault(INVALID, f"unknown {kind}: {name}"[:200])
        return room

    def _each(self, make: Callable[[str, Room], Make]) -> Callable[[str, list[str]], list[Topic]]:
        def parse(channel: str, words: list[str]) -> list[Topic]:
            rooms = [self.room(word) for word in words]
            return [Topic(channel, (r.id.name,), r.id, make(channel, r)) for r in rooms]

        return parse

    def _candles(self, channel: str, words: list[str]) -> list[Topic]:
        if len(words) < 2:
            raise FrameFault(INVALID, "invalid argument: interval and name are needed")
        interval = _choice(words[0], tuple(LENGTHS), "interval")
        return [self._candle(channel, interval, name) for name in words[1:]]

    def _candle(self, channel: str, interval: str, name: str) -> Topic:
        kind, _, plain = name.partition("_")
        if self._market is Market.FUTURES and kind in ("mark", "index"):
            room = self.room(plain)
            chart = room.mark_chart if kind == "mark" else room.index_chart
        else:
            room, kind = self.room(name), ""
            chart = room.tape.chart
        if chart is None:
            raise FrameFault(INVALID, f"no {kind} prices of {plain}")
        source = chart

        def make(world: World, trails: Trails) -> Feed:
            return Candles(channel, room, source, interval, name, traded=not kind)

        return Topic(channel, (interval, name), room.id, make)

    def _updates(self, channel: str, words: list[str]) -> list[Topic]:
        room = self.room(words[0])
        pace = _choice(_at(words, 1, "100ms"), ("20ms", "100ms"), "interval")
        depths = ("20",) if pace == "20ms" else ("20", "50", "100")
        default = "20" if pace == "20ms" else "100"
        asked = _at(words, 2, default) if self._market is Market.FUTURES else default
        depth = int(_choice(asked, depths, "level"))
        period = int(pace.removesuffix("ms"))

        def make(world: World, trails: Trails) -> Feed:
            return Updates(channel, room, trails(room), depth=depth, period_ms=period)

        return [Topic(channel, (room.id.name, pace, str(depth)), room.id, make)]

    def _snapshots(self, channel: str, words: list[str]) -> list[Topic]:
        room, spot = self.room(words[0]), self._market is Market.SPOT
        depth = int(
            _choice(_at(words, 1, "20"), _SPOT_DEPTHS if spot else _FUTURES_DEPTHS, "limit")
        )
        pace = _at(words, 2, "1000ms" if spot else "0")
        _choice(pace, ("100ms", "1000ms") if spot else ("0",), "interval")
        period = int(pace.removesuffix("ms")) or 100

        def make(world: World, trails: Trails) -> Feed:
            return Snapshots(channel, room, depth=depth, period_ms=period)

        return [Topic(channel, (room.id.name, str(depth), pace), room.id, make)]

    def _obu(self, channel: str, words: list[str]) -> list[Topic]:
        return [self._one_obu(channel, word) for word in words]

    def _one_obu(self, channel: str, stream: str) -> Topic:
        head, _, rest = stream.partition(".")
        name, _, depth = rest.rpartition(".")
        if head != "ob":
            raise FrameFault(INVALID, f"invalid argument: {stream}"[:200])
        room = self.room(name)
        period = _OBU[_choice(depth, tuple(_OBU), "level")]

        def make(world: World, trails: Trails) -> Feed:
            levels = int(depth)
            return Obu(channel, room, trails(room), depth=levels, period_ms=period, stream=stream)

        return Topic(channel, (stream,), room.id, make, once=True)

    def _stats(self, channel: str, words: list[str]) -> list[Topic]:
        room = self.room(words[0])
        interval = _choice(_at(words, 1, "1m"), _STATS, "interval")

        def make(world: World, trails: Trails) -> Feed:
            return Stats(channel, room, interval)

        return [Topic(channel, (room.id.name, interval), room.id, make)]

    def _liquidates(self, channel: str, words: list[str]) -> list[Topic]:
        if ALL in words:
            listed = self._world.rooms_of(self._market, self._settle)
            words = [room.id.name for room in listed]
        return self._each(lambda c, r: lambda *_: PublicLiquidations(c, r))(channel, words)


def strings(payload: object) -> list[str]:
    """A payload as texts; absent, null and an empty object are an empty list."""
    if payload is None or payload == {}:
        return []
    if not isinstance(payload, list) or not all(isinstance(item, str | int) for item in payload):
        raise FrameFault(INVALID, "invalid argument: the payload is a list of texts")
    return [str(item) for item in payload]


def _at(words: Sequence[str], index: int, default: str) -> str:
    return words[index] if index < len(words) else default


def _choice(value: str, allowed: tuple[str, ...], name: str) -> str:
    if value not in allowed:
        raise FrameFault(INVALID, f"invalid argument: {name} {value}"[:200])
    return value
