"""Everything the streams have told, in one place: the hub's thread writes, any thread reads.

Each entry is a frozen view, replaced as a whole, so a reader never sees half a change. What is not
watched or open is not kept: an old view must not pass for a live one.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from mtrade.domain.accounts import Network
from mtrade.domain.events import (
    BookChanged,
    CandleChanged,
    Event,
    StreamChanged,
    StreamId,
    StreamStatus,
    TickerChanged,
    TopChanged,
    Traded,
)
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Instrument, InstrumentId, Market
from mtrade.domain.ports import Clock
from mtrade.trading.live.fold import fold, section_of
from mtrade.trading.live.markets import fold_candle, fold_market
from mtrade.trading.live.messages import TickersRead, WalletRead
from mtrade.trading.live.readings import fold_reading
from mtrade.trading.live.views import CandleView, MarketView, Section

MarketKey = tuple[Network, InstrumentId]
CandleKey = tuple[Network, InstrumentId, str]


class Board:
    """The newest views. `apply`, `read` and the keepers are for the hub's thread only."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.streams: dict[StreamId, StreamChanged] = {}
        self.sections: dict[StreamId, Section] = {}
        self.markets: dict[MarketKey, MarketView] = {}
        self.candles: dict[CandleKey, CandleView] = {}
        self.rules: dict[MarketKey, Instrument] = {}
        self.prices: dict[Network, dict[str, Decimal]] = {}
        self._heard: dict[StreamId, float] = {}
        self._accounts: frozenset[str] = frozenset()

    def apply(self, event: Event) -> bool:
        """Take an event in; False when it is about something that nobody keeps."""
        at = self.clock.monotonic()
        match event:
            case StreamChanged():
                return self._stream(event, at)
            case TickerChanged() | TopChanged() | BookChanged() | Traded():
                return self._market(event, at)
            case CandleChanged():
                key = (event.network, event.instrument, event.interval)
                if key not in self.candles:
                    return False
                self.candles[key] = fold_candle(self.candles[key], event)
                self._heard[public_stream(event.network, event.instrument)] = at
                return True
            case _:
                if event.account_id not in self._accounts:
                    return False
                stream = private_stream(event.account_id, *section_of(event))
                self.sections[stream] = fold(self.section(stream), event, at)
                self._heard[stream] = at
                return True

    def read(self, reading: WalletRead) -> None:
        """Take in what a look over REST showed of a futures wallet."""
        stream = private_stream(reading.account_id, Market.FUTURES, reading.settle)
        if reading.account_id in self._accounts:
            self.sections[stream] = fold_reading(self.section(stream), reading)

    def read_tickers(self, reading: TickersRead) -> None:
        """Take in what pushes leave out, as REST shows it; the rest only where nothing is known."""
        for row in reading.rows:
            key = (reading.network, row.instrument)
            view = self.markets.get(key)
            if view is not None:
                known = view.ticker or row
                ticker = replace(known, funding_next_ms=row.funding_next_ms)
                self.markets[key] = replace(view, ticker=ticker)

    def keep_accounts(self, account_ids: Iterable[str]) -> None:
        """Forget every other account."""
        self._accounts = frozenset(account_ids)
        for stream in [s for s in self.streams if s.account_id and not self._kept(s)]:
            del self.streams[stream]
        for stream in [s for s in self.sections if not self._kept(s)]:
            del self.sections[stream]

    def keep_market(self, key: MarketKey) -> None:
        """Begin to keep an instrument."""
        self.markets.setdefault(key, MarketView())

    def drop_market(self, key: MarketKey) -> None:
        """Forget an instrument that is not watched any more."""
        self.markets.pop(key, None)

    def keep_candles(self, key: CandleKey) -> None:
        """Begin to keep the candles of one interval."""
        self.candles.setdefault(key, CandleView())

    def drop_candles(self, key: CandleKey) -> None:
        """Forget candles that are not watched any more."""
        self.candles.pop(key, None)

    def section(self, stream: StreamId) -> Section:
        """What is known of one account and market; empty before anything is."""
        return self.sections.get(stream) or Section()

    def account_streams(self, account_id: str) -> tuple[StreamId, ...]:
        """The private streams an account has."""
        return tuple(sorted(s for s in list(self.streams) if s.account_id == account_id))

    def is_live(self, stream: StreamId) -> bool:
        """Whether what a stream said is to be trusted."""
        known = self.streams.get(stream)
        return known is not None and known.status is StreamStatus.LIVE

    def is_proven(self, stream: StreamId) -> bool:
        """Whether a private stream is live and all of its account was read since it came back."""
        return self.is_live(stream) and self.section(stream).complete

    def age_ms(self, stream: StreamId, at: float | None, *, proven: bool) -> int | None:
        """How old something is that was last changed at `at`; None when it never was.

        Something proven is confirmed anew by every sign of life of its stream.
        """
        if at is None:
            return None
        confirmed = max(at, self._heard.get(stream, at)) if proven else at
        return max(0, round((self.clock.monotonic() - confirmed) * 1000))

    def heard_ms_ago(self, stream: StreamId) -> int | None:
        """Time since a stream's last sign of life."""
        heard = self._heard.get(stream)
        return None if heard is None else max(0, round((self.clock.monotonic() - heard) * 1000))

    def _stream(self, event: StreamChanged, at: float) -> bool:
        stream = event.stream
        if stream.account_id and not self._kept(stream):
            return False
        if event.heard_ms > 0:
            heard = at - max(0.0, (self.clock.now_ms() - event.heard_ms) / 1000)
            self._heard[stream] = max(heard, self._heard.get(stream, heard))
        if (event.status is StreamStatus.LIVE) is not self.is_live(stream):
            self._distrust(stream)
        self.streams[stream] = event
        if not stream.account_id and event.status is StreamStatus.DOWN:
            self._forget_idle(stream)
        return True

    def _forget_idle(self, stream: StreamId) -> None:
        """A public stream that nobody needs is closed, which is no fault to be shown."""
        needed = {public_stream(*key) for key in self.markets}
        needed |= {public_stream(*key[:2]) for key in self.candles}
        if stream not in needed:
            self.streams.pop(stream, None)

    def _distrust(self, stream: StreamId) -> None:
        """What a lost stream said stays to be shown, but nothing confirms it until it is back,
        and for an account until all of it was read again after that."""
        if stream.account_id:
            if stream in self.sections:
                self.sections[stream] = self.sections[stream].without_proof()
            return
        if not self.is_live(stream):
            return  # it comes back: what it brought while it was joining is good
        for key, view in self.markets.items():
            if public_stream(*key) == stream:
                self.markets[key] = view.without_proof()

    def _market(self, event: TickerChanged | TopChanged | BookChanged | Traded, at: float) -> bool:
        instrument = (
            event.ticker.instrument if isinstance(event, TickerChanged) else event.instrument
        )
        key = (event.network, instrument)
        if key not in self.markets:
            return False
        self.markets[key] = fold_market(self.markets[key], event, at)
        self._heard[public_stream(*key)] = at
        return True

    def _kept(self, stream: StreamId) -> bool:
        return stream.account_id in self._accounts


def private_stream(account_id: str, market: Market, settle: str) -> StreamId:
    """The stream that covers an account's market; its id begins with the network's name."""
    return StreamId(Network(account_id.partition(":")[0]), market, settle, account_id)


def public_stream(network: Network, instrument: InstrumentId) -> StreamId:
    """The stream that covers an instrument."""
    return StreamId(network, instrument.market, instrument.settle)
