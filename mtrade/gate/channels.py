"""Which channels a stream subscribes to (Gate WebSocket docs). Pure."""

from __future__ import annotations

from mtrade.domain.instruments import InstrumentId, Market
from mtrade.gate.stream_link import Subscription

BOOK_DEPTH = 100
BOOK = "order_book_update"
ALL = "!all"

# The required ones are the truth of an account; without the others it is only told later.
_SPOT = (("orders_v2", True), ("usertrades_v2", True), ("balances", True), ("priceorders", False))
_FUTURES = (
    ("orders", True),
    ("usertrades", True),
    ("positions", True),
    ("balances", True),
    ("autoorders", False),
    ("position_closes", False),
    ("liquidates", False),
)


def market_channels(instrument: InstrumentId) -> tuple[Subscription, ...]:
    """Ticker, best prices, prints and order book of one instrument."""
    market, name = instrument.market, instrument.name
    return (
        Subscription(f"{market}.tickers", (name,), busy=True),
        Subscription(f"{market}.book_ticker", (name,)),
        Subscription(f"{market}.trades", (name,)),
        book_channel(instrument),
    )


def book_channel(instrument: InstrumentId) -> Subscription:
    """Updates every 100 ms; their depth must be that of the snapshot they continue."""
    level = (str(BOOK_DEPTH),) if instrument.market is Market.FUTURES else ()
    payload = (instrument.name, "100ms", *level)
    return Subscription(f"{instrument.market}.{BOOK}", payload, busy=True)


def candle_channel(instrument: InstrumentId, interval: str) -> Subscription:
    """Candles of one interval."""
    return Subscription(f"{instrument.market}.candlesticks", (interval, instrument.name))


def account_channels(market: Market, uid: str) -> tuple[Subscription, ...]:
    """Everything of one account. Futures want the user id first; a wrong one is acknowledged and
    then silent, so it must be the exchange's own."""
    if market is Market.SPOT:
        return tuple(
            _private(f"spot.{name}", () if name == "balances" else (ALL,), required)
            for name, required in _SPOT
        )
    return tuple(
        _private(f"futures.{name}", (uid,) if name == "balances" else (uid, ALL), required)
        for name, required in _FUTURES
    )


def _private(channel: str, payload: tuple[str, ...], required: bool) -> Subscription:
    return Subscription(channel, payload, private=True, required=required)
