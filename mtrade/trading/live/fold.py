"""Folds what a private stream brings into a section. Pure.

Messages may be repeated, lost, late or out of order; the result depends on which arrived, not on
their order. Orders only go forward and an end is final; positions go by `update_id`; trades and
conditional orders by their id. A REST snapshot replaces what was known before its `read_ms`, never
what a later push said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from mtrade.domain.events import (
    AccountEvent,
    AccountSnapshot,
    Filled,
    FuturesBalanceChanged,
    Liquidated,
    OrderChanged,
    PositionChanged,
    PositionClosed,
    SpotBalanceChanged,
    TriggerChanged,
)
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Market
from mtrade.domain.orders import Fill, VenueOrder, VenueTrigger
from mtrade.trading.live.legs import fold_position, replaced_legs
from mtrade.trading.live.views import Coins, Section

KEPT_ENDED = 200
KEPT_FILLS = 200

K = TypeVar("K")
V = TypeVar("V")


def fold(section: Section, event: AccountEvent, at: float) -> Section:
    """The section after `event`, which arrived at the monotonic time `at`."""
    heard = replace(section, heard_at=at)
    match event:
        case OrderChanged():
            return _moved(_with_orders(heard, (event.order,)), at)
        case Filled():
            return _moved(replace(heard, fills=_fills(heard.fills, event.fills)), at)
        case PositionChanged():
            return _moved(fold_position(heard, event.update), at)
        case SpotBalanceChanged():
            return _with_coins(heard, event)
        case FuturesBalanceChanged():
            return _moved(_with_total(heard, event), at)
        case TriggerChanged():
            return _with_triggers(heard, (event.trigger,))
        case AccountSnapshot():
            return _snapshot(heard, event, at)
        case _:  # a position's end or a forced close: positions and fills say the same
            return _moved(heard, at)


def section_of(event: AccountEvent) -> tuple[Market, str]:
    """Which section an event belongs to: market and settle currency."""
    match event:
        case AccountSnapshot():
            return event.market, event.settle
        case FuturesBalanceChanged():
            return Market.FUTURES, event.settle
        case SpotBalanceChanged():
            return Market.SPOT, ""
        case Filled():
            wanted = event.fills[0].instrument
        case OrderChanged():
            wanted = event.order.instrument
        case PositionChanged():
            wanted = event.update.instrument
        case TriggerChanged():
            wanted = event.trigger.order.instrument
        case PositionClosed():
            wanted = event.close.instrument
        case Liquidated():
            wanted = event.liquidation.instrument
    return wanted.market, wanted.settle


def is_forward(known: VenueOrder, other: VenueOrder) -> bool:
    """Whether `other` is a later state of the same order than `known`."""
    return _rank(other) > _rank(known)


def _moved(section: Section, at: float) -> Section:
    """Something happened after which the margins of the wallet are not known exactly."""
    return replace(section, moved_at=at)


def _rank(order: VenueOrder) -> tuple[bool, int, object]:
    return not order.open, order.updated_ms, order.filled


def _with_orders(section: Section, orders: Iterable[VenueOrder]) -> Section:
    found = dict(section.orders)
    for order in orders:
        known = found.get(order.order_id)
        if known is None and order.open and order.updated_ms < section.read_ms:
            continue  # the snapshot would have listed it
        if known is None or is_forward(known, order):
            found[order.order_id] = order
    return replace(section, orders=_bounded(found, lambda o: o.open, lambda o: o.updated_ms))


def _fills(known: Mapping[str, Fill], fills: Iterable[Fill]) -> Mapping[str, Fill]:
    found = {**{fill.trade_id: fill for fill in fills}, **known}
    if len(found) <= KEPT_FILLS:
        return found
    newest = sorted(found.values(), key=lambda f: (f.time_ms, f.trade_id))[-KEPT_FILLS:]
    return {fill.trade_id: fill for fill in newest}


def _with_triggers(section: Section, rows: Iterable[VenueTrigger]) -> Section:
    found = dict(section.triggers)
    for row in rows:
        known = found.get(row.trigger_id)
        if known is None and row.status == "open" and row.created_ms < section.read_ms:
            continue  # the snapshot would have listed it
        if known is None or known.status == "open":
            found[row.trigger_id] = row
    kept = _bounded(found, lambda t: t.status == "open", lambda t: t.finished_ms or 0)
    return replace(section, triggers=kept)


def _with_coins(section: Section, event: SpotBalanceChanged) -> Section:
    known = section.coins.get(event.balance.currency)
    if event.time_ms < section.read_ms or (known and known.time_ms > event.time_ms):
        return section
    new = Coins(balance=event.balance, time_ms=event.time_ms)
    return replace(section, coins={**section.coins, event.balance.currency: new})


def _with_total(section: Section, event: FuturesBalanceChanged) -> Section:
    if event.time_ms < max(section.wallet_time_ms, section.read_ms):
        return section
    return replace(section, wallet_total=event.total, wallet_time_ms=event.time_ms)


def _snapshot(section: Section, event: AccountSnapshot, at: float) -> Section:
    if event.read_ms < section.read_ms:
        return replace(section, fills=_fills(section.fills, event.fills))
    read = _with_orders(_without_missing(section, event), event.orders)
    read = _with_triggers(read, event.triggers)
    read = replace(
        read,
        read_ms=event.read_ms,
        complete=True,
        fills=_fills(read.fills, event.fills),
        legs=replaced_legs(section.legs, event.positions, event.read_ms),
        coins=_replaced_coins(section, event),
    )
    return _with_wallet(read, event, at)


def _without_missing(section: Section, event: AccountSnapshot) -> Section:
    """Without open orders and triggers that the snapshot should list and does not."""
    listed = {order.order_id for order in event.orders}
    waiting = {row.trigger_id for row in event.triggers}
    return replace(
        section,
        orders={
            key: order
            for key, order in section.orders.items()
            if not order.open or key in listed or order.updated_ms >= event.read_ms
        },
        triggers={
            key: row
            for key, row in section.triggers.items()
            if row.status != "open" or key in waiting or row.created_ms >= event.read_ms
        },
    )


def _replaced_coins(section: Section, event: AccountSnapshot) -> Mapping[str, Coins]:
    later = {c: coins for c, coins in section.coins.items() if coins.time_ms >= event.read_ms}
    read = {row.currency: Coins(balance=row, time_ms=event.read_ms) for row in event.spot}
    return {**read, **later}


def _with_wallet(section: Section, event: AccountSnapshot, at: float) -> Section:
    if event.futures is None:
        return section
    read = replace(section, futures=event.futures, wallet_at=at)
    if section.wallet_time_ms < event.read_ms:
        return replace(read, wallet_total=None, wallet_time_ms=event.read_ms)
    return replace(read, moved_at=at + 1e-6)  # the push is younger than the reading's margins


def _bounded(
    rows: dict[K, V], is_open: Callable[[V], bool], ended: Callable[[V], int]
) -> Mapping[K, V]:
    """All open rows and the latest ended ones."""
    over = len(rows) - KEPT_ENDED
    if over <= 0:
        return rows
    done = sorted((k for k, row in rows.items() if not is_open(row)), key=lambda k: ended(rows[k]))
    for key in done[:over]:
        del rows[key]
    return rows
