"""Fills, closes, ledger and other history over REST (Gate futures docs)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from mtrade.domain.instruments import Market
from mtrade.domain.numbers import text
from mtrade.paper.fields import choice, whole, word
from mtrade.paper.futures.history_views import (
    close_view,
    ledger_view,
    liquidation_view,
    snapshot_view,
    trade_view,
)
from mtrade.paper.http import Call, Reply, Route
from mtrade.paper.paging import by_offset, window
from mtrade.paper.public.rooms import settle_of
from mtrade.paper.world import World

_BASE = "/futures/{settle}"
_NEWEST = 10**18


class _Dated(Protocol):
    @property
    def contract(self) -> str: ...

    @property
    def time_ms(self) -> int: ...


D = TypeVar("D", bound=_Dated)


def my_trades(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/my_trades`: newest first."""
    query = call.query
    before = whole(query, "last_id", 0, 0, _NEWEST) or _NEWEST
    order = whole(query, "order", 0, 0, _NEWEST)
    found = [
        trade
        for trade in _of_contract(world, call, world.futures.state.trades.of(*_owner(call)))
        if trade.id < before and order in (0, trade.order_id)
    ]
    return _page(call, found, lambda trade: trade_view(trade, call.decimal_sizes))


def my_trades_by_time(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/my_trades_timerange`: the number of a trade is `trade_id` here."""
    role = choice(call.query, "role", ("", "taker", "maker"), "")
    found = [
        trade
        for trade in _in_window(world, call, world.futures.state.trades.of(*_owner(call)))
        if role in ("", trade.role)
    ]
    return _page(call, found, lambda trade: trade_view(trade, call.decimal_sizes, "trade_id"))


def account_book(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/account_book`."""
    kind = word(call.query, "type", "")
    found = [
        row
        for row in _in_window(world, call, world.futures.state.ledger.of(*_owner(call)))
        if kind in ("", row.flow)
    ]
    return _page(call, found, ledger_view)


def position_close(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/position_close`; `pnl` is `profit` or `loss`."""
    side = choice(call.query, "side", ("", "long", "short"), "")
    result = choice(call.query, "pnl", ("", "profit", "loss"), "")
    found = [
        row
        for row in _in_window(world, call, world.futures.state.closes.of(*_owner(call)))
        if side in ("", "long" if row.long else "short")
        and result in ("", "profit" if row.pnl > 0 else "loss")
    ]
    return _page(call, found, close_view)


def liquidates(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/liquidates`; `at` picks one second."""
    at = whole(call.query, "at", 0, 0, _NEWEST)
    found = [
        row
        for row in _in_window(world, call, world.futures.state.liquidations.of(*_owner(call)))
        if at in (0, row.time_ms // 1000)
    ]
    return _page(call, found, lambda row: liquidation_view(row, call.decimal_sizes))


def auto_deleverages(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/auto_deleverages`: the insurance fund never runs dry here."""
    settle_of(call)
    return Reply([])


def positions_by_time(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/positions_timerange`: how a position stood after each change."""
    word(call.query, "contract")
    found = _in_window(world, call, world.futures.state.snapshots.of(*_owner(call)))
    return _page(call, found, lambda row: snapshot_view(row, call.decimal_sizes))


def fee(world: World, call: Call) -> Reply:
    """`GET /futures/{settle}/fee`: the caller's own rates."""
    settle, name = settle_of(call), call.query.get("contract", "")
    if name:
        world.futures.state.room(settle, name)
    rooms = world.rooms_of(Market.FUTURES, settle)
    rules = (room.instrument for room in rooms if name in ("", room.id.name))
    rates = {
        rule.id.name: {"taker_fee": text(rule.taker_fee), "maker_fee": text(rule.maker_fee)}
        for rule in rules
    }
    return Reply(rates)


def _owner(call: Call) -> tuple[int, str]:
    return call.owner.uid, settle_of(call)


def _of_contract(world: World, call: Call, rows: Sequence[D]) -> list[D]:
    name = call.query.get("contract", "")
    if name:
        world.futures.state.room(settle_of(call), name)
    return [row for row in rows if name in ("", row.contract)]


def _in_window(world: World, call: Call, rows: Sequence[D]) -> list[D]:
    start, end = window(call.query)
    chosen = _of_contract(world, call, rows)
    return [row for row in chosen if start <= row.time_ms <= end]


def _page(call: Call, rows: Sequence[D], view: Callable[[D], dict[str, Any]]) -> Reply:
    page, headers = by_offset(rows, call.query)
    return Reply([view(row) for row in page], headers=headers)


def _get(path: str, handler: Callable[[World, Call], Reply]) -> Route:
    return Route(method="GET", path=_BASE + path, handler=handler, permission="futures")


ROUTES = (
    _get("/my_trades", my_trades),
    _get("/my_trades_timerange", my_trades_by_time),
    _get("/account_book", account_book),
    _get("/position_close", position_close),
    _get("/liquidates", liquidates),
    _get("/auto_deleverages", auto_deleverages),
    _get("/positions_timerange", positions_by_time),
    _get("/fee", fee),
)
