"""Public futures endpoints: contracts, tickers, books, trades, candles, funding, risk tiers."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from mtrade.domain.instruments import Market
from mtrade.domain.market import Candle, FundingRate, Level, PublicTrade
from mtrade.domain.numbers import text
from mtrade.paper import fields
from mtrade.paper.catalogue import index_name
from mtrade.paper.chart import Chart
from mtrade.paper.faults import GateFault
from mtrade.paper.http import Call, Reply
from mtrade.paper.public import contracts as shapes
from mtrade.paper.public import rooms, spot, window
from mtrade.paper.room import Room
from mtrade.paper.wire import wire_float, wire_seconds, wire_size
from mtrade.paper.world import World

_CANDLE = "5m"
_MOST_CANDLES = 2000
_MOST_LEVELS = 1000
_RATE = Decimal("0.000001")
_INSURANCE = {"usdt": Decimal(25_000_000), "btc": Decimal(300)}
_DAY_S = 86_400


def contracts(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/contracts` and `/contracts_all`.

    There is no filter: ccxt sends the first of several contracts along and expects all of them.
    """
    listed = list(world.rooms_of(Market.FUTURES, rooms.settle_of(call)))
    found = window.page(call, listed, most=1000, default=1000)
    return Reply([shapes.contract(room, call.decimal_sizes) for room in found])


def contract(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/contracts/{contract}`."""
    room = rooms.contract_room(world, rooms.settle_of(call), call.args["contract"])
    return Reply(shapes.contract(room, call.decimal_sizes))


def tickers(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/tickers`: a list, also for one contract."""
    return Reply([shapes.ticker(world, room, call.now_ms) for room in rooms.contracts(world, call)])


def order_book(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/order_book`."""
    room = rooms.asked_contract(world, call)
    asks, bids = spot.asked_levels(room, call, _MOST_LEVELS)
    body: dict[str, object] = {"id": room.book.sequence} if spot.asks_id(call) else {}
    at = wire_seconds(call.now_ms)
    body |= {"current": at, "update": at}
    return Reply(body | {"asks": _levels(asks, call), "bids": _levels(bids, call)})


def trades(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/trades`: newest first; `last_id` continues to older ones."""
    room = rooms.asked_contract(world, call)
    first, end = window.time_range(call)
    last = fields.whole(call.query, "last_id", 0, 0, 10**18)
    chosen = [
        trade
        for trade in reversed(room.tape.trades)
        if first <= trade.time_ms <= end and (not last or int(trade.id) < last)
    ]
    return Reply([_trade(trade, call) for trade in window.page(call, chosen)])


def candlesticks(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/candlesticks`; a `mark_` or `index_` prefix changes the price."""
    name = fields.word(call.query, "contract")
    chart, traded = _chart(world, call, name)
    bars = window.candles(call, chart, default=_CANDLE, most=_MOST_CANDLES, weekly=True)
    return Reply([_candle(bar, call, traded) for bar in bars])


def premium_index(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/premium_index`: how far mark stood from index, as candles."""
    room = rooms.asked_contract(world, call)
    mark, index = _own_chart(room.mark_chart), _own_chart(room.index_chart)
    marks = window.candles(call, mark, default="1m", most=1000, weekly=True)
    indexes = {
        bar.start_ms: bar
        for bar in window.candles(call, index, default="1m", most=1000, weekly=True)
    }
    both = [(bar, indexes[bar.start_ms]) for bar in marks if bar.start_ms in indexes]
    return Reply([_premium(bar, other) for bar, other in both])


def funding_rate(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/funding_rate`: newest first."""
    room = rooms.asked_contract(world, call)
    first, end = window.time_range(call)
    chosen = [rate for rate in reversed(room.funding) if first <= rate.time_ms <= end]
    return Reply([_rate(rate) for rate in window.page(call, chosen)])


def funding_rates(world: World, call: Call) -> Reply:
    """`POST /futures/{settle}/funding_rates`: the history of several contracts."""
    names = fields.as_list(fields.as_object(call.body).get("contracts"), 50)
    settle = rooms.settle_of(call)
    found = [rooms.contract_room(world, settle, str(name)) for name in names]
    return Reply(
        [
            {"contract": r.id.name, "data": [_rate(rate) for rate in list(r.funding)[:-101:-1]]}
            for r in found
        ]
    )


def contract_stats(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/contract_stats`: open interest and mark price over time."""
    room = rooms.asked_contract(world, call)
    limit = fields.whole(call.query, "limit", 30, 1, 100)
    interval = fields.choice(call.query, "interval", ("5m", "15m", "30m", "1h", "4h", "1d"), "5m")
    first, end = window.time_range(call)
    mark = _own_chart(room.mark_chart)
    if first:
        bars = mark.candles(interval, first, min(end, call.now_ms) + 1)[:limit]
    else:
        bars = mark.newest(interval, limit, call.now_ms)
    return Reply([_stat(bar, room, call) for bar in bars])


def insurance(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/insurance`: the fund at each midnight, newest first."""
    settle = rooms.settle_of(call)
    limit = fields.whole(call.query, "limit", 100, 1, 1000)
    today = call.now_ms // 1000 // _DAY_S
    balance = text(_INSURANCE[settle])
    return Reply([{"t": (today - back) * _DAY_S, "b": balance} for back in range(limit)])


def risk_limit_tiers(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/risk_limit_tiers`: `limit` and `offset` count contracts, not rows."""
    asked = rooms.contracts(world, call)
    found = asked if call.query.get("contract") else window.page(call, asked, most=100)
    return Reply(
        [
            {**shapes.tier(entry), "contract": room.id.name}
            for room in found
            for entry in room.listing.tiers
        ]
    )


def risk_limit_table(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/risk_limit_table`; a table's id is the name of its contract."""
    name = fields.word(call.query, "table_id")
    room = rooms.contract_room(world, rooms.settle_of(call), name)
    return Reply([shapes.tier(entry) for entry in room.listing.tiers])


def liq_orders(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/liq_orders`: liquidations of others; the house is never liquidated."""
    rooms.contracts(world, call)
    window.time_range(call)
    return Reply(window.page(call, []))


def index_constituents(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/index_constituents/{index}`."""
    settle, index = rooms.settle_of(call), call.args["index"]
    known = {index_name(r.instrument) for r in world.rooms.values() if r.id.settle == settle}
    if index not in known:
        raise GateFault("INVALID_PARAM_VALUE", f"unknown index {index}")
    source = {"exchange": "Paper", "symbols": [index]}
    return Reply({"index": index, "constituents": [source]})


def nothing(world: World, call: Call) -> Reply:
    """A list of products that the paper exchange does not have."""
    return Reply([])


def _chart(world: World, call: Call, name: str) -> tuple[Chart, bool]:
    """The chart a candlestick call names, and whether it is one of trades."""
    settle = rooms.settle_of(call)
    if name.startswith("mark_"):
        room = rooms.contract_room(world, settle, name.removeprefix("mark_"))
        return _own_chart(room.mark_chart), False
    if name.startswith("index_"):
        room = rooms.contract_room(world, settle, name.removeprefix("index_"))
        return _own_chart(room.index_chart), False
    return rooms.contract_room(world, settle, name).tape.chart, True


def _own_chart(chart: Chart | None) -> Chart:
    if chart is None:
        raise RuntimeError("a contract without a mark and index chart")
    return chart


def _levels(levels: Iterable[Level], call: Call) -> list[dict[str, object]]:
    return [
        {"p": text(level.price), "s": wire_size(level.size, call.decimal_sizes)} for level in levels
    ]


def _trade(trade: PublicTrade, call: Call) -> dict[str, object]:
    at = wire_seconds(trade.time_ms)
    return {
        "id": int(trade.id),
        "create_time": at,
        "create_time_ms": at,
        "contract": trade.instrument.name,
        "size": wire_size(trade.size * trade.side.sign, call.decimal_sizes),
        "price": text(trade.price),
    }


def _candle(bar: Candle, call: Call, traded: bool) -> dict[str, object]:
    prices = {"o": bar.open, "h": bar.high, "l": bar.low, "c": bar.close}
    body: dict[str, object] = {"t": bar.start_ms // 1000}
    body |= {name: text(price) for name, price in prices.items()}
    if traded:
        body |= {"v": wire_size(bar.volume, call.decimal_sizes), "sum": text(bar.volume_quote)}
    return body


def _premium(mark: Candle, index: Candle) -> dict[str, object]:
    opened = (mark.open / index.open - 1).quantize(_RATE)
    close = (mark.close / index.close - 1).quantize(_RATE)
    return {
        "t": mark.start_ms // 1000,
        "o": text(opened),
        "h": text(max(opened, close)),
        "l": text(min(opened, close)),
        "c": text(close),
    }


def _rate(rate: FundingRate) -> dict[str, object]:
    return {"t": rate.time_ms // 1000, "r": text(rate.rate)}


def _stat(bar: Candle, room: Room, call: Call) -> dict[str, object]:
    worth = room.instrument.value(room.open_interest, bar.close)
    return {
        "time": bar.start_ms // 1000,
        "mark_price": wire_float(bar.close),
        "open_interest": wire_size(room.open_interest, call.decimal_sizes),
        "open_interest_usd": wire_float(worth),
    }
