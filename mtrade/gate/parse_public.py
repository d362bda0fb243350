"""Pushes of public channels: from the wire to the events of the domain (Gate WebSocket docs).

Order book updates are not here: they mean nothing without the book they belong to (`book_sync`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mtrade.domain.accounts import Network
from mtrade.domain.events import CandleChanged, Event, TickerChanged, TopChanged, Traded
from mtrade.domain.instruments import InstrumentId, Market
from mtrade.domain.market import Candle, Level, PublicTrade
from mtrade.domain.numbers import ZERO
from mtrade.gate import parse_market
from mtrade.gate.faults import Unreadable
from mtrade.gate.fields import Row
from mtrade.gate.frames import Push

MOST_ROWS = 1000
OTHER_PRICES = ("mark_", "index_")


@dataclass(frozen=True, slots=True)
class Place:
    """Which public stream a push came on; `settle` is empty for spot."""

    network: Network
    market: Market
    settle: str

    def instrument(self, name: str) -> InstrumentId:
        """The instrument of that name here."""
        return InstrumentId(self.market, self.settle, name)


def parse_public(place: Place, push: Push) -> tuple[Event, ...]:
    """The events of a push; what nobody can read is left out: the next push replaces it."""
    parser = PARSERS.get(push.channel)
    if parser is None:
        return ()
    listed = push.result if isinstance(push.result, list) else [push.result]
    events: list[Event] = []
    for raw in listed[:MOST_ROWS]:
        try:
            event = parser(place, raw, push.time_ms)
        except (Unreadable, ArithmeticError):
            continue
        if event is not None:
            events.append(event)
    return _joined(events)


def ticker(place: Place, raw: Any, time_ms: int) -> Event:
    """Day statistics. The spot push has the best prices too; futures have their own channel."""
    if place.market is Market.SPOT:
        found = parse_market.spot_ticker(raw)
    else:
        found = parse_market.futures_ticker(raw, place.settle)
    return TickerChanged(network=place.network, ticker=found, time_ms=time_ms)


def top(place: Place, raw: Any, time_ms: int) -> Event:
    """Best bid and ask; an empty string is an empty side."""
    row = Row(raw, "book ticker")
    return TopChanged(
        network=place.network,
        instrument=place.instrument(row.text("s")),
        bid=_level(row, "b", "B"),
        ask=_level(row, "a", "A"),
        time_ms=row.ms("t", default=time_ms),
    )


def trade(place: Place, raw: Any, time_ms: int) -> Event:
    """One print of the tape."""
    row = Row(raw, "trade")
    found: PublicTrade
    if place.market is Market.SPOT:
        instrument = place.instrument(row.text("currency_pair"))
        found = parse_market.spot_trade(raw, instrument)
    else:
        instrument = place.instrument(row.text("contract"))
        found = parse_market.futures_trade(raw, instrument)
    return Traded(network=place.network, instrument=instrument, trades=(found,))


def candle(place: Place, raw: Any, time_ms: int) -> Event | None:
    """The running or closed candle of `<interval>_<name>`. On spot `v` is money and `a` coins, on
    futures `v` is contracts and `a` money."""
    row = Row(raw, "candle")
    interval, _, name = row.text("n").partition("_")
    if name.startswith(OTHER_PRICES):
        return None
    spot = place.market is Market.SPOT
    volume, money = ("a", "v") if spot else ("v", "a")
    found = Candle(
        start_ms=row.ms("t"),
        open=row.number("o"),
        high=row.number("h"),
        low=row.number("l"),
        close=row.number("c"),
        volume=row.number(volume, ZERO),
        volume_quote=row.number(money, ZERO),
    )
    return CandleChanged(
        network=place.network,
        instrument=place.instrument(name),
        interval=interval,
        candle=found,
        closed=row.flag("w"),
    )


PARSERS: Mapping[str, Callable[[Place, Any, int], Event | None]] = {
    f"{market}.{channel}": parser
    for market in Market
    for channel, parser in (
        ("tickers", ticker),
        ("book_ticker", top),
        ("trades", trade),
        ("candlesticks", candle),
    )
}


def _level(row: Row, price: str, size: str) -> Level | None:
    found = row.positive(price)
    return Level(found, row.number(size, ZERO)) if found is not None else None


def _joined(events: list[Event]) -> tuple[Event, ...]:
    """Prints of one push and instrument in one event, oldest first."""
    if len(events) < 2 or not isinstance(events[0], Traded):
        return tuple(events)
    prints: dict[InstrumentId, list[PublicTrade]] = {}
    for event in events:
        if isinstance(event, Traded):
            prints.setdefault(event.instrument, []).extend(event.trades)
    network = events[0].network
    return tuple(
        Traded(network=network, instrument=i, trades=tuple(sorted(found, key=_age)))
        for i, found in prints.items()
    )


def _age(print_: PublicTrade) -> tuple[int, int]:
    return print_.time_ms, int(print_.id) if print_.id.isascii() and print_.id.isdigit() else 0
