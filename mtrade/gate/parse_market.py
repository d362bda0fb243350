"""Public data of both markets: from the wire to the domain."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mtrade.domain.instruments import Instrument, InstrumentId, Side, futures, spot
from mtrade.domain.market import (
    Book,
    Candle,
    FundingRate,
    Level,
    PublicTrade,
    RiskTier,
    Ticker,
)
from mtrade.domain.numbers import ONE, ZERO
from mtrade.gate.faults import Unreadable
from mtrade.gate.fields import Row, as_ms, as_number, rows

MOST_DECIMALS = 24


def server_time(raw: Any) -> int:
    """`{"server_time": ms}`."""
    return Row(raw, "time").ms("server_time")


def pair(raw: Any) -> Instrument:
    """A currency pair. `fee` is in percent and the same for maker and taker (Gate spot docs)."""
    row = Row(raw, "currency pair")
    size_step = _step(row, "amount_precision")
    fee = row.number("fee", ZERO) / 100
    return Instrument(
        id=spot(row.text("id")),
        base=row.text("base"),
        quote=row.text("quote"),
        price_step=_step(row, "precision"),
        size_step=size_step,
        min_size=row.positive("min_base_amount") or size_step,
        max_size=row.positive("max_base_amount"),
        market_max_size=row.positive("market_order_max_stock"),
        min_value=row.positive("min_quote_amount"),
        max_value=row.positive("max_quote_amount"),
        maker_fee=fee,
        taker_fee=fee,
        tradable=row.text("trade_status") == "tradable",
    )


def contract(raw: Any, settle: str) -> Instrument:
    """A perpetual contract. Multiplier "0" marks an inverse one, worth one quote unit each."""
    row = Row(raw, "contract")
    name = row.text("name")
    base, _, quote = name.partition("_")
    multiplier = row.number("quanto_multiplier")
    if multiplier < 0:
        raise Unreadable(f"contract {name}: negative multiplier")
    step = _contract_step(row)
    return Instrument(
        id=futures(name, settle),
        base=base,
        quote=quote,
        price_step=_positive(row, "order_price_round"),
        size_step=step,
        min_size=row.positive("order_size_min") or step,
        max_size=row.positive("order_size_max"),
        market_max_size=row.positive("market_order_size_max"),
        multiplier=multiplier if multiplier > 0 else ONE,
        inverse=multiplier.is_zero(),
        price_deviation=row.positive("order_price_deviate"),
        leverage_min=row.number("leverage_min", ONE),
        leverage_max=row.number("leverage_max", ONE),
        maintenance_rate=row.number("maintenance_rate", ZERO),
        maker_fee=row.number("maker_fee_rate", ZERO),
        taker_fee=row.number("taker_fee_rate", ZERO),
        funding_interval_s=row.whole("funding_interval", 0),
        tradable=row.text("status", "trading") == "trading" and not row.flag("in_delisting"),
    )


def next_funding(raw: Any) -> tuple[str, int]:
    """Name of a contract and its next funding time (UTC ms, 0 if none)."""
    row = Row(raw, "contract")
    return row.text("name"), row.ms("funding_next_apply", default=0)


def spot_ticker(raw: Any) -> Ticker:
    """Day statistics of a pair; an empty price means that there is no quote."""
    row = Row(raw, "ticker")
    return Ticker(
        instrument=spot(row.text("currency_pair")),
        last=row.positive("last"),
        bid=row.positive("highest_bid"),
        ask=row.positive("lowest_ask"),
        change_pct=_optional(row, "change_percentage"),
        high=row.positive("high_24h"),
        low=row.positive("low_24h"),
        volume_base=row.number("base_volume", ZERO),
        volume_quote=row.number("quote_volume", ZERO),
    )


def futures_ticker(raw: Any, settle: str) -> Ticker:
    """Day statistics of a contract; open interest is in contracts."""
    row = Row(raw, "ticker")
    return Ticker(
        instrument=futures(row.text("contract"), settle),
        last=row.positive("last"),
        bid=row.positive("highest_bid"),
        ask=row.positive("lowest_ask"),
        change_pct=_optional(row, "change_percentage"),
        high=row.positive("high_24h"),
        low=row.positive("low_24h"),
        volume_base=row.number("volume_24h_base", ZERO),
        volume_quote=row.number("volume_24h_quote", ZERO),
        mark=row.positive("mark_price"),
        index=row.positive("index_price"),
        funding_rate=_optional(row, "funding_rate"),
        open_interest=_optional(row, "total_size"),
    )


def book(raw: Any, instrument: InstrumentId) -> Book:
    """A snapshot of the order book; spot levels are pairs, futures levels are objects."""
    row = Row(raw, "order book")
    return Book(
        instrument=instrument,
        bids=rows(row.raw("bids"), _level, "bids"),
        asks=rows(row.raw("asks"), _level, "asks"),
        time_ms=row.ms("update", "current", default=0),
        sequence=row.whole("id", 0),
    )


def spot_trade(raw: Any, instrument: InstrumentId) -> PublicTrade:
    """A print of the tape."""
    row = Row(raw, "trade")
    return PublicTrade(
        id=row.text("id"),
        instrument=instrument,
        time_ms=row.ms("create_time_ms", "create_time"),
        price=row.number("price"),
        size=row.number("amount"),
        side=side(row.text("side")),
    )


def futures_trade(raw: Any, instrument: InstrumentId) -> PublicTrade:
    """A print of the tape; the sign of the size is the taker's side."""
    row = Row(raw, "trade")
    size = row.number("size")
    return PublicTrade(
        id=row.text("id"),
        instrument=instrument,
        time_ms=row.ms("create_time_ms", "create_time"),
        price=row.number("price"),
        size=abs(size),
        side=Side.BUY if size > 0 else Side.SELL,
    )


def spot_candle(raw: Any) -> Candle:
    """`[t, quote volume, close, high, low, open, base volume, closed]`."""
    if not isinstance(raw, list) or len(raw) < 7:
        raise Unreadable("candle: a list of at least seven was expected")
    prices = [as_number(value, "candle") for value in raw[1:7]]
    quote_volume, close, high, low, opened, volume = prices
    return Candle(
        start_ms=as_ms(raw[0], "candle"),
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
        volume_quote=quote_volume,
    )


def futures_candle(raw: Any) -> Candle:
    """Mark and index candles have no volume."""
    row = Row(raw, "candle")
    return Candle(
        start_ms=row.ms("t"),
        open=row.number("o"),
        high=row.number("h"),
        low=row.number("l"),
        close=row.number("c"),
        volume=row.number("v", ZERO),
        volume_quote=row.number("sum", ZERO),
    )


def funding_rate(raw: Any) -> FundingRate:
    """A settled funding rate."""
    row = Row(raw, "funding")
    return FundingRate(time_ms=row.ms("t"), rate=row.number("r"))


def risk_tier(raw: Any) -> RiskTier:
    """A bracket of the maintenance table."""
    row = Row(raw, "risk tier")
    return RiskTier(
        tier=row.whole("tier"),
        limit=row.number("risk_limit"),
        initial_rate=row.number("initial_rate"),
        maintenance_rate=row.number("maintenance_rate"),
        leverage_max=row.number("leverage_max"),
        deduction=row.number("deduction", ZERO),
    )


def side(word: str) -> Side:
    """`buy` or `sell`; a third one cannot be traded on."""
    if word not in ("buy", "sell"):
        raise Unreadable("side is neither buy nor sell")
    return Side(word)


def _level(raw: Any) -> Level:
    if isinstance(raw, list) and len(raw) >= 2:
        price, size = as_number(raw[0], "level"), as_number(raw[1], "level")
    else:
        row = Row(raw, "level")
        price, size = row.number("p"), row.number("s")
    if price <= 0 or size < 0:
        raise Unreadable("level: price or size out of range")
    return Level(price, size)


def _step(row: Row, name: str) -> Decimal:
    """A step from a number of decimals."""
    decimals = row.whole(name)
    if not 0 <= decimals <= MOST_DECIMALS:
        raise Unreadable(f"{name}: number of decimals out of range")
    return ONE.scaleb(-decimals)


def _contract_step(row: Row) -> Decimal:
    """Whole contracts, or for a decimal contract its smallest order (Gate futures docs)."""
    smallest = row.positive("order_size_min")
    return smallest if row.flag("enable_decimal") and smallest is not None else ONE


def _positive(row: Row, name: str) -> Decimal:
    value = row.positive(name)
    if value is None:
        raise Unreadable(f"{name}: must be above 0")
    return value


def _optional(row: Row, name: str) -> Decimal | None:
    return row.number(name) if row.has(name) else None
