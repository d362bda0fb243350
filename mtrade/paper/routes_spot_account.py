"""Spot balances, ledger, own trades and fee rates over REST (Gate spot docs)."""

from __future__ import annotations

from typing import Any

from mtrade.domain.instruments import Instrument
from mtrade.domain.numbers import text
from mtrade.paper.faults import GateFault
from mtrade.paper.fields import word
from mtrade.paper.http import Call, Reply, Route
from mtrade.paper.paging import by_page, window
from mtrade.paper.spot import rules, view
from mtrade.paper.spot.model import Balance
from mtrade.paper.world import World

_TRADES_SPAN_MS = 30 * 86_400_000
_TRADES_DEFAULT_MS = 7 * 86_400_000


def accounts(world: World, call: Call) -> Reply:
    """GET /spot/accounts: with `currency` that one alone, also when it was never touched."""
    currency = word(call.query, "currency", "").upper()
    mine = dict(world.spot.purse.of(call.owner.uid))
    if currency:
        return Reply([view.balance_view(currency, mine.get(currency, Balance()))])
    return Reply([view.balance_view(name, held) for name, held in sorted(mine.items())])


def account_book(world: World, call: Call) -> Reply:
    """GET /spot/account_book, newest first"""
    start, end = window(call.query)
    currency, kind = word(call.query, "currency", ""), word(call.query, "type", "")
    mine = world.spot.purse.ledger.get(call.owner.uid, {})
    found = (
        line
        for line in reversed(mine.values())
        if currency in ("", line.currency)
        and kind in ("", line.kind)
        and start <= line.time_ms <= end
    )
    return Reply([view.ledger_view(line) for line in by_page(found, call.query)])


def my_trades(world: World, call: Call) -> Reply:
    """GET /spot/my_trades: the last seven days unless `from` says otherwise, at most 30 days."""
    query = call.query
    pair, order_id = word(query, "currency_pair", ""), word(query, "order_id", "")
    if order_id and not pair:
        raise GateFault("MISSING_REQUIRED_PARAM", "order_id needs currency_pair")
    if pair:
        rules.room_of(world, pair)
    start, end = _span(call)
    found = (
        trade
        for trade in world.spot.records.trades_of(call.owner.uid)
        if pair in ("", trade.pair)
        and order_id in ("", str(trade.order_id), trade.text)
        and start <= trade.time_ms <= end
    )
    return Reply([view.trade_view(trade) for trade in by_page(found, query)])


def fee(world: World, call: Call) -> Reply:
    """GET /spot/fee"""
    pair = word(call.query, "currency_pair", "BTC_USDT")
    return Reply(_fee(call, rules.room_of(world, pair).instrument))


def batch_fee(world: World, call: Call) -> Reply:
    """GET /spot/batch_fee: at most 50 pairs, comma separated"""
    pairs = word(call.query, "currency_pairs").split(",")[:50]
    rooms = [rules.room_of(world, pair) for pair in pairs]
    return Reply({room.instrument.id.name: _fee(call, room.instrument) for room in rooms})


def _span(call: Call) -> tuple[int, int]:
    start, end = window(call.query)
    end = min(end, call.now_ms)
    if not call.query.get("from"):
        start = end - _TRADES_DEFAULT_MS
    if end - start > _TRADES_SPAN_MS:
        raise GateFault("INVALID_PARAM_VALUE", "the time range is over 30 days")
    return start, end


def _fee(call: Call, instrument: Instrument) -> dict[str, Any]:
    return {
        "user_id": call.owner.uid,
        "taker_fee": text(instrument.taker_fee),
        "maker_fee": text(instrument.maker_fee),
        "rpi_maker_fee": text(instrument.maker_fee),
        "gt_discount": False,
        "gt_taker_fee": "0",
        "gt_maker_fee": "0",
        "loan_fee": "0.18",
        "point_type": "1",
        "currency_pair": instrument.id.name,
        "debit_fee": 3,
        "rpi_mm": 1,
    }


ROUTES: tuple[Route, ...] = (
    Route(method="GET", path="/spot/accounts", handler=accounts, permission="spot"),
    Route(method="GET", path="/spot/account_book", handler=account_book, permission="spot"),
    Route(method="GET", path="/spot/my_trades", handler=my_trades, permission="spot"),
    Route(method="GET", path="/spot/fee", handler=fee, permission="spot"),
    Route(method="GET", path="/spot/batch_fee", handler=batch_fee, permission="spot"),
)
