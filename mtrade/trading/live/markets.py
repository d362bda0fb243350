"""Folds what a public stream brings into the view of one instrument. Pure."""

from __future__ import annotations

from decimal import Decimal

from mtrade.domain.events import (
    BookChanged,
    CandleChanged,
    TickerChanged,
    TopChanged,
    Traded,
)
from mtrade.domain.frozen import replace
from mtrade.domain.market import PublicTrade, Ticker
from mtrade.trading.live.views import CandleView, MarketView

PRINTS = 50
TICKER, TOP, BOOK, TAPE = "ticker", "top", "book", "tape"

_PART = {TickerChanged: TICKER, TopChanged: TOP, BookChanged: BOOK, Traded: TAPE}

_FIELDS = tuple(name for name in Ticker.__struct_fields__ if name != "instrument")


def fold_market(
    view: MarketView, event: TickerChanged | TopChanged | BookChanged | Traded, at: float
) -> MarketView:
    """The view after `event`, which arrived at the monotonic time `at`."""
    heard = replace(view, heard_at=at, fresh=view.fresh | {_PART[type(event)]})
    match event:
        case TickerChanged():
            return _ticker(heard, event)
        case TopChanged():
            if event.time_ms < view.top_ms:
                return heard
            return replace(heard, bid=event.bid, ask=event.ask, top_ms=event.time_ms)
        case BookChanged():
            return replace(heard, book=event.book)
        case Traded():
            known = view.trades if TAPE in view.fresh else ()  # after a loss there is a gap
            return replace(heard, trades=_prints(known, event.trades))


def fold_candle(view: CandleView, event: CandleChanged) -> CandleView:
    """The candles after `event`; one older than both known ones changes nothing."""
    candle = event.candle
    running, closed = view.running, view.closed
    if event.closed:
        if closed is not None and candle.start_ms < closed.start_ms:
            return view
        if running is not None and running.start_ms <= candle.start_ms:
            running = None
        return CandleView(running=running, closed=candle)
    if closed is not None and candle.start_ms <= closed.start_ms:
        return view
    if running is not None and candle.start_ms < running.start_ms:
        return view
    return CandleView(running=candle, closed=closed)


def quoted(view: MarketView) -> Ticker | None:
    """The ticker with the newest best prices that are known."""
    if view.ticker is None or view.top_ms < view.ticker_ms:
        return view.ticker
    bid = None if view.bid is None else view.bid.price
    ask = None if view.ask is None else view.ask.price
    return replace(view.ticker, bid=bid, ask=ask)


def mark_of(view: MarketView | None) -> Decimal | None:
    """The mark price, None where none was heard."""
    return None if view is None or view.ticker is None else view.ticker.mark


def _ticker(view: MarketView, event: TickerChanged) -> MarketView:
    known, new = view.ticker, event.ticker
    if known is None:
        return replace(view, ticker=new, ticker_ms=event.time_ms)
    older = event.time_ms < view.ticker_ms
    first, second = (known, new) if older else (new, known)
    said = {name: getattr(first, name) for name in _FIELDS}
    merged = replace(second, **{name: value for name, value in said.items() if value is not None})
    return replace(view, ticker=merged, ticker_ms=max(view.ticker_ms, event.time_ms))


def _prints(
    known: tuple[PublicTrade, ...], new: tuple[PublicTrade, ...]
) -> tuple[PublicTrade, ...]:
    rows = {trade.id: trade for trade in (*known, *new)}
    ordered = sorted(rows.values(), key=lambda t: (t.time_ms, len(t.id), t.id), reverse=True)
    return tuple(ordered[:PRINTS])
