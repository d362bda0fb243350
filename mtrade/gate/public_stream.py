"""The public stream of one market: what is watched flows, and each watched book is kept whole."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from mtrade.domain.events import BookChanged, StreamId, TopChanged
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.market import Book
from mtrade.domain.ports import Clock, EventSink, MarketData
from mtrade.gate.book_keeper import PACE_S, BookKeeper, Paced
from mtrade.gate.book_text import Row, Update
from mtrade.gate.channels import BOOK, candle_channel, market_channels
from mtrade.gate.frames import Push
from mtrade.gate.parse_public import Place, parse_public
from mtrade.gate.stream import Host, Stream
from mtrade.gate.stream_link import Subscription, Timing

LINGER_S = 10.0


class PublicStream:
    """Counts watchers; a subscription outlives its last watcher by a little."""

    def __init__(
        self,
        id: StreamId,
        url: str,
        host: Host,
        clock: Clock,
        sink: EventSink,
        data: MarketData,
        timing: Timing | None = None,
    ) -> None:
        self._host = host
        self._sink = sink
        self._data = data
        self._place = Place(id.network, id.market, id.settle)
        self._stream = Stream(id, url, host, clock, sink, self, timing=timing)
        self._counts: dict[Subscription, int] = {}
        self._linger: dict[Subscription, Callable[[], None]] = {}
        self._books: dict[str, BookKeeper] = {}
        self._tops: dict[str, Paced] = {}

    @property
    def idle(self) -> bool:
        """Nothing is watched and nothing lingers."""
        return not self._counts

    def start(self) -> None:
        """Connect."""
        self._stream.start()

    def stop(self) -> None:
        """Disconnect for good."""
        for cancel in self._linger.values():
            cancel()
        for paced in self._tops.values():
            paced.stop()
        for keeper in self._books.values():
            keeper.stop()
        self._stream.stop()

    def tick(self) -> None:
        """Let time act."""
        self._stream.tick()

    def watch(self, instrument: InstrumentId) -> None:
        """One watcher more."""
        name = instrument.name
        if name not in self._books:
            self._books[name] = BookKeeper(self._host, self._data, instrument, self._tell_book)
        self._more(market_channels(instrument))

    def unwatch(self, instrument: InstrumentId) -> None:
        """One watcher less."""
        self._less(market_channels(instrument))

    def watch_candles(self, instrument: InstrumentId, interval: str) -> None:
        """One watcher of these candles more."""
        self._more((candle_channel(instrument, interval),))

    def unwatch_candles(self, instrument: InstrumentId, interval: str) -> None:
        """One watcher of these candles less."""
        self._less((candle_channel(instrument, interval),))

    def pushed(self, push: Push) -> None:
        if push.channel.endswith(BOOK):
            name = push.result.get("s") if isinstance(push.result, dict) else None
            if isinstance(name, str) and name in self._books:
                self._books[name].update(push.result)
            return
        for event in parse_public(self._place, push):
            if isinstance(event, TopChanged):
                self._pace_top(event)
            else:
                self._sink(event)

    def updated(self, update: Update[Row]) -> None:
        keeper = self._books.get(update.result.name)
        if keeper is not None:
            keeper.update(update.result)

    def acked(self, item: Subscription) -> None:
        if item.channel.endswith(BOOK):
            keeper = self._books.get(item.payload[0])
            if keeper is not None:
                keeper.subscribed()

    def live_again(self, *, gap: bool) -> None:
        for keeper in self._books.values():
            if gap:
                keeper.doubt()
            else:
                keeper.verify()

    def _tell_book(self, instrument: InstrumentId, book: Book | None) -> None:
        time_ms = book.time_ms if book is not None else self._host.wall_ms()
        self._sink(
            BookChanged(
                network=self._place.network, instrument=instrument, book=book, time_ms=time_ms
            )
        )

    def _pace_top(self, event: TopChanged) -> None:
        paced = self._tops.get(event.instrument.name)
        if paced is None:
            paced = self._tops[event.instrument.name] = Paced(self._host, PACE_S)
        paced.do(lambda: self._sink(event))

    def _more(self, items: tuple[Subscription, ...]) -> None:
        for item in items:
            self._counts[item] = self._counts.get(item, 0) + 1
            cancel = self._linger.pop(item, None)
            if cancel is not None:
                cancel()
        self._stream.add(items)

    def _less(self, items: tuple[Subscription, ...]) -> None:
        for item in items:
            if self._counts.get(item, 0) == 0:
                continue
            self._counts[item] -= 1
            if self._counts[item] == 0:
                self._linger[item] = self._host.later(LINGER_S, partial(self._end, item))

    def _end(self, item: Subscription) -> None:
        self._linger.pop(item, None)
        del self._counts[item]
        self._stream.remove((item,))
        if item.channel.endswith(BOOK):
            self._books.pop(item.payload[0]).stop()
            paced = self._tops.pop(item.payload[0], None)
            if paced is not None:
                paced.stop()
