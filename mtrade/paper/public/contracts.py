"""Contract objects and futures tickers in Gate's shape (Gate futures docs)."""

from __future__ import annotations

from decimal import Decimal

from mtrade.domain.instruments import Instrument, Side, futures
from mtrade.domain.market import RiskTier
from mtrade.domain.numbers import text
from mtrade.paper.public.spot import best_size, percent
from mtrade.paper.room import Room
from mtrade.paper.tape import DayStats
from mtrade.paper.wire import wire_quote, wire_seconds, wire_size
from mtrade.paper.world import World

_SATOSHI = Decimal("0.00000001")


def contract(room: Room, decimal_sizes: bool) -> dict[str, object]:
    """One contract object."""
    return {
        **_identity(room),
        **_order_rules(room, decimal_sizes),
        **_risk(room),
        **_prices(room),
        **_funding(room),
        **_counters(room, decimal_sizes),
    }


def ticker(world: World, room: Room, now_ms: int) -> dict[str, object]:
    """One ticker of the list. All is text, `total_size` under either size header: Gate's clients of
    the integer age already read it as one.
    """
    day = room.tape.day(now_ms, room.last)
    return {
        "contract": room.id.name,
        "last": text(room.last),
        "change_percentage": percent(room.last, day.open),
        "change_price": text(room.last - day.open),
        "change_utc0": percent(room.last, day.open_utc0),
        "change_utc0_price": text(room.last - day.open_utc0),
        "change_utc8": percent(room.last, day.open_utc8),
        "change_utc8_price": text(room.last - day.open_utc8),
        "total_size": text(room.open_interest),
        "low_24h": text(day.low),
        "high_24h": text(day.high),
        **_volumes(world, room, day),
        "mark_price": text(room.mark),
        "index_price": text(room.index),
        "funding_rate": text(room.funding_rate),
        "funding_rate_indicative": text(room.funding_rate_indicative),
        "quanto_base_rate": "",
        "lowest_ask": wire_quote(room.book.best(Side.SELL)),
        "lowest_size": wire_quote(best_size(room, Side.SELL)),
        "highest_bid": wire_quote(room.book.best(Side.BUY)),
        "highest_size": wire_quote(best_size(room, Side.BUY)),
    }


def tier(entry: RiskTier) -> dict[str, object]:
    """One row of a risk limit table."""
    return {
        "tier": entry.tier,
        "risk_limit": text(entry.limit),
        "initial_rate": text(entry.initial_rate),
        "maintenance_rate": text(entry.maintenance_rate),
        "leverage_max": text(entry.leverage_max),
        "deduction": text(entry.deduction),
    }


def multiplier(rules: Instrument) -> str:
    """Base coins per contract; Gate writes 0 for an inverse contract (1 USD each)."""
    return "0" if rules.inverse else text(rules.multiplier)


def _identity(room: Room) -> dict[str, object]:
    created = room.listing.created_s
    return {
        "name": room.id.name,
        "type": "inverse" if room.instrument.inverse else "direct",
        "contract_type": "",
        "quanto_multiplier": multiplier(room.instrument),
        "mark_type": "index",
        "status": "trading" if room.instrument.tradable else "delisting",
        "in_delisting": not room.instrument.tradable,
        "is_pre_market": False,
        "create_time": created,
        "launch_time": created,
        "config_change_time": created,
        "delisting_time": 0,
        "delisted_time": 0,
    }


def _order_rules(room: Room, decimal_sizes: bool) -> dict[str, object]:
    rules, listing = room.instrument, room.listing
    largest = rules.max_size if rules.max_size is not None else rules.min_size
    return {
        "order_size_min": wire_size(rules.min_size, decimal_sizes),
        "order_size_max": wire_size(largest, decimal_sizes),
        "market_order_size_max": wire_quote(rules.market_max_size) or "0",
        "enable_decimal": listing.enable_decimal,
        "order_price_round": text(rules.price_step),
        "mark_price_round": text(listing.mark_step),
        "order_price_deviate": wire_quote(rules.price_deviation),
        "market_order_slip_ratio": text(listing.market_slip_ratio),
        "orders_limit": listing.orders_limit,
        "maker_fee_rate": text(listing.public_maker_fee),
        "taker_fee_rate": text(listing.public_taker_fee),
        "ref_discount_rate": "0",
        "ref_rebate_rate": "0.2",
        "enable_bonus": True,
        "enable_credit": True,
        "enable_circuit_breaker": False,
    }


def _risk(room: Room) -> dict[str, object]:
    rules, tiers = room.instrument, room.listing.tiers
    return {
        "leverage_min": text(rules.leverage_min),
        "leverage_max": text(rules.leverage_max),
        "cross_leverage_default": text(room.listing.cross_leverage_default),
        "maintenance_rate": text(rules.maintenance_rate),
        "risk_limit_base": text(tiers[0].limit),
        "risk_limit_step": text(tiers[1].limit - tiers[0].limit),
        "risk_limit_max": text(tiers[-1].limit),
    }


def _prices(room: Room) -> dict[str, object]:
    return {
        "mark_price": text(room.mark),
        "index_price": text(room.index),
        "last_price": text(room.last),
    }


def _funding(room: Room) -> dict[str, object]:
    limit = text(room.listing.funding_rate_limit)
    return {
        "funding_rate": text(room.funding_rate),
        "funding_rate_indicative": text(room.funding_rate_indicative),
        "funding_interval": room.instrument.funding_interval_s,
        "funding_next_apply": wire_seconds(room.funding_next_ms),
        "funding_offset": 0,
        "funding_rate_limit": limit,
        "funding_cap_ratio": "0.75",
        "funding_impact_value": "60000" if room.id.settle == "usdt" else "1",
        "interest_rate": text(room.listing.interest_rate),
    }


def _counters(room: Room, decimal_sizes: bool) -> dict[str, object]:
    return {
        "orderbook_id": room.book.sequence,
        "trade_id": room.trade_id,
        "trade_size": wire_size(room.traded, decimal_sizes),
        "position_size": wire_size(room.open_interest, decimal_sizes),
    }


def _volumes(world: World, room: Room, day: DayStats) -> dict[str, str]:
    rules, price = room.instrument, room.mark
    base = day.volume / price if rules.inverse else day.volume * rules.multiplier
    quote = day.volume_quote
    bitcoin = world.rooms[futures("BTC_USDT")].index
    settle = base if rules.inverse else quote
    return {
        "volume_24h": text(day.volume),
        "volume_24h_base": text(base.quantize(_SATOSHI)),
        "volume_24h_quote": text(quote),
        "volume_24h_settle": text(settle.quantize(_SATOSHI)),
        "volume_24h_btc": text((quote / bitcoin).quantize(_SATOSHI)),
        "volume_24h_usd": text(quote),
    }
