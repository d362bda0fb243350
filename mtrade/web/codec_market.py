"""Market data as the JSON of docs/api.md."""

from __future__ import annotations

from mtrade.domain.instruments import Instrument
from mtrade.domain.market import Book, Candle, FundingRate, PublicTrade, Ticker
from mtrade.web.codec import Json


def instrument(row: Instrument) -> Json:
    """Trading rules of one instrument."""
    return {
        "market": row.id.market,
        "settle": row.id.settle,
        "name": row.id.name,
        "base": row.base,
        "quote": row.quote,
        "price_step": row.price_step,
        "size_step": row.size_step,
        "min_size": row.min_size,
        "max_size": row.max_size,
        "min_value": row.min_value,
        "multiplier": row.multiplier,
        "inverse": row.inverse,
        "leverage_max": row.leverage_max,
        "maker_fee": row.maker_fee,
        "taker_fee": row.taker_fee,
        "tradable": row.tradable,
    }


def ticker(row: Ticker) -> Json:
    """Last price and day statistics."""
    return {
        "instrument": row.instrument.name,
        "last": row.last,
        "bid": row.bid,
        "ask": row.ask,
        "change_pct": row.change_pct,
        "high": row.high,
        "low": row.low,
        "volume_base": row.volume_base,
        "volume_quote": row.volume_quote,
        "mark": row.mark,
        "index": row.index,
        "funding_rate": row.funding_rate,
        "funding_next_ms": row.funding_next_ms,
        "open_interest": row.open_interest,
    }


def book(row: Book, age_ms: int) -> Json:
    """The order book, best price first."""
    return {
        "bids": [[level.price, level.size] for level in row.bids],
        "asks": [[level.price, level.size] for level in row.asks],
        "time_ms": row.time_ms,
        "age_ms": age_ms,
        "sequence": row.sequence,
    }


def trade(row: PublicTrade) -> Json:
    """One print of the tape."""
    return {
        "id": row.id,
        "time_ms": row.time_ms,
        "price": row.price,
        "size": row.size,
        "side": row.side,
    }


def candle(row: Candle) -> Json:
    """Prices of one interval."""
    return {
        "start_ms": row.start_ms,
        "open": row.open,
        "high": row.high,
        "low": row.low,
        "close": row.close,
        "volume": row.volume,
    }


def funding(row: FundingRate) -> Json:
    """A settled funding rate."""
    return {"time_ms": row.time_ms, "rate": row.rate}
