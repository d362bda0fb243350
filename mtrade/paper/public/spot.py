"""Public spot endpoints: pairs, tickers, books, trades, candles (Gate spot docs)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from mtrade.domain.instruments import Instrument, Side
from mtrade.domain.market import Candle, Level, PublicTrade
from mtrade.domain.numbers import ZERO, text
from mtrade.paper import fields
from mtrade.paper.catalogue import CURRENCIES, Coin
from mtrade.paper.faults import GateFault
from mtrade.paper.http import Call, Reply
from mtrade.paper.public import rooms, window
from mtrade.paper.room import Room
from mtrade.paper.wire import wire_quote
from mtrade.paper.world import World

_CANDLE = "30m"
_MOST_CANDLES = 1000
_MOST_LEVELS = 5000
_CENT = Decimal("0.01")


def server_time(world: World, call: Call) -> Reply:
    """`GET /spot/time`."""
    return Reply({"server_time": call.now_ms})


def currencies(world: World, call: Call) -> Reply:
    """`GET /spot/currencies`."""
    return Reply([_currency(coin) for coin in CURRENCIES])


def currency(world: World, call: Call) -> Reply:
    """`GET /spot/currencies/{currency}`."""
    for coin in CURRENCIES:
        if coin.symbol == call.args["currency"]:
            return Reply(_currency(coin))
    raise GateFault("INVALID_CURRENCY", f"Invalid currency {call.args['currency']}")


def pairs(world: World, call: Call) -> Reply:
    """`GET /spot/currency_pairs`."""
    return Reply([_pair(room) for room in rooms.pairs(world, call)])


def pair(world: World, call: Call) -> Reply:
    """`GET /spot/currency_pairs/{currency_pair}`."""
    return Reply(_pair(rooms.pair_room(world, call.args["currency_pair"])))


def tickers(world: World, call: Call) -> Reply:
    """`GET /spot/tickers`: a list, also for one pair."""
    window.zone_shift(call)
    return Reply([_ticker(room, call.now_ms) for room in rooms.pairs(world, call)])


def order_book(world: World, call: Call) -> Reply:
    """`GET /spot/order_book`."""
    room = rooms.asked_pair(world, call)
    asks, bids = asked_levels(room, call, _MOST_LEVELS)
    body: dict[str, object] = {"id": room.book.sequence} if asks_id(call) else {}
    body |= {"current": call.now_ms, "update": call.now_ms}
    return Reply(body | {"asks": _rows(asks), "bids": _rows(bids)})


def trades(world: World, call: Call) -> Reply:
    """`GET /spot/trades`: newest first."""
    room = rooms.asked_pair(world, call)
    first, end = window.time_range(call)
    limit = fields.whole(call.query, "limit", 100, 1, 1000)
    skip = (fields.whole(call.query, "page", 1, 1, 10**6) - 1) * limit
    chosen = [t for t in _after_last(room, call) if first <= t.time_ms <= end]
    return Reply([_trade(trade) for trade in chosen[::-1][skip : skip + limit]])


def candlesticks(world: World, call: Call) -> Reply:
    """`GET /spot/candlesticks`: arrays of text, oldest first."""
    room = rooms.asked_pair(world, call)
    bars = window.candles(call, room.tape.chart, default=_CANDLE, most=_MOST_CANDLES)
    return Reply([_candle(bar, window.closed(call, bar, _CANDLE)) for bar in bars])


def asked_levels(room: Room, call: Call, most: int) -> tuple[list[Level], list[Level]]:
    """Asks and bids as `limit` and `interval` ask for them."""
    depth = fields.whole(call.query, "limit", 10, 1, most)
    interval = fields.number(call.query, "interval", ZERO)
    if interval < 0:
        raise fields.wrong("interval")
    book = room.book
    return book.levels(Side.SELL, depth, interval), book.levels(Side.BUY, depth, interval)


def asks_id(call: Call) -> bool:
    """Whether the book's id is wanted."""
    return fields.flag(call.query, "with_id")


def percent(now: Decimal, then: Decimal) -> str:
    """The change in percent, with two digits."""
    return text(((now / then - 1) * 100).quantize(_CENT)) if then else "0"


def best_size(room: Room, side: Side) -> Decimal | None:
    """The size at the best price of a side."""
    levels = room.book.levels(side, 1)
    return levels[0].size if levels else None


def _after_last(room: Room, call: Call) -> list[PublicTrade]:
    trades = list(room.tape.trades)
    last = fields.whole(call.query, "last_id", 0, 0, 10**18)
    if not last:
        return trades
    if fields.flag(call.query, "reverse"):
        return [trade for trade in trades if int(trade.id) < last]
    return [trade for trade in trades if int(trade.id) > last]


def _rows(levels: Iterable[Level]) -> list[list[str]]:
    return [[text(level.price), text(level.size)] for level in levels]


def _currency(coin: Coin) -> dict[str, object]:
    flags = {
        "withdraw_disabled": False,
        "withdraw_delayed": False,
        "deposit_disabled": False,
    }
    chain = {"name": coin.chain, "addr": "", **flags}
    return {
        "currency": coin.symbol,
        "name": coin.name,
        "delisted": False,
        **flags,
        "trade_disabled": False,
        "chain": coin.chain,
        "chains": [chain],
    }


def _pair(room: Room) -> dict[str, object]:
    rules = room.instrument
    return {
        "id": rules.id.name,
        "base": rules.base,
        "base_name": room.listing.base_name,
        "quote": rules.quote,
        "quote_name": room.listing.quote_name,
        "fee": text(rules.taker_fee * 100),
        **_pair_limits(rules),
        "trade_status": "tradable" if rules.tradable else "untradable",
        "sell_start": room.listing.created_s,
        "buy_start": room.listing.created_s,
        "delisting_time": 0,
        "type": "normal",
        "trade_url": f"https://www.gate.com/trade/{rules.id.name}",
        "st_tag": False,
    }


def _pair_limits(rules: Instrument) -> dict[str, object]:
    return {
        "min_base_amount": text(rules.min_size),
        "min_quote_amount": wire_quote(rules.min_value),
        "max_base_amount": None if rules.max_size is None else text(rules.max_size),
        "max_quote_amount": None if rules.max_value is None else text(rules.max_value),
        "amount_precision": _digits(rules.size_step),
        "precision": _digits(rules.price_step),
        "up_rate": "0",
        "down_rate": "0",
        "slippage": "0.05",
        "market_order_max_stock": text(rules.market_max_size or ZERO),
        "market_order_max_money": text(rules.max_value or ZERO),
    }


def _digits(step: Decimal) -> int:
    """Digits behind the point of a step that is a power of ten."""
    return max(-step.adjusted(), 0)


def _ticker(room: Room, now_ms: int) -> dict[str, str]:
    day = room.tape.day(now_ms, room.last)
    return {
        "currency_pair": room.id.name,
        "last": text(room.last),
        "lowest_ask": wire_quote(room.book.best(Side.SELL)),
        "lowest_size": wire_quote(best_size(room, Side.SELL)),
        "highest_bid": wire_quote(room.book.best(Side.BUY)),
        "highest_size": wire_quote(best_size(room, Side.BUY)),
        "change_percentage": percent(room.last, day.open),
        "change_utc0": percent(room.last, day.open_utc0),
        "change_utc8": percent(room.last, day.open_utc8),
        "base_volume": text(day.volume),
        "quote_volume": text(day.volume_quote),
        "high_24h": text(day.high),
        "low_24h": text(day.low),
    }


def _trade(trade: PublicTrade) -> dict[str, str]:
    return {
        "id": trade.id,
        "create_time": str(trade.time_ms // 1000),
        "create_time_ms": f"{trade.time_ms}.000",
        "currency_pair": trade.instrument.name,
        "side": trade.side.value,
        "amount": text(trade.size),
        "price": text(trade.price),
        "sequence_id": trade.id,
    }


def _candle(bar: Candle, over: bool) -> list[str]:
    prices = (bar.close, bar.high, bar.low, bar.open)
    return [
        str(bar.start_ms // 1000),
        text(bar.volume_quote),
        *(text(price) for price in prices),
        text(bar.volume),
        "true" if over else "false",
    ]
