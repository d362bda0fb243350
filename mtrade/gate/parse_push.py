"""Pushes of private channels: from the wire to the events of the domain (Gate WebSocket docs).

Prices and fees are JSON floats on most futures channels; they keep the digits that were printed.
A row nobody can read does not hide the others: it is counted, and the caller reads over REST.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mtrade.domain.accounts import MarginMode, SpotBalance
from mtrade.domain.events import (
    Event,
    Filled,
    FuturesBalanceChanged,
    Liquidated,
    OrderChanged,
    PositionChanged,
    PositionClosed,
    PositionUpdate,
    SpotBalanceChanged,
    TriggerChanged,
)
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import futures, spot
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import OrderRequest, OrderType, Trigger, VenueTrigger
from mtrade.domain.positions import Leg, PositionClose
from mtrade.gate import parse_futures, parse_spot
from mtrade.gate.faults import Unreadable
from mtrade.gate.fields import Row
from mtrade.gate.frames import Push
from mtrade.gate.parse_market import side
from mtrade.gate.triggers import parse_futures_trigger

MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose private stream it is; `settle` is empty for spot."""

    account_id: str
    settle: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """The events of a push, and how many of its rows could not be read."""

    events: tuple[Event, ...]
    unreadable: int = 0


Parser = Callable[[Owner, Any], Event]


def parse_private(owner: Owner, push: Push) -> Parsed:
    """The events of a push of a private channel; an unknown channel has none. Raises nothing."""
    parser = PARSERS.get(push.channel)
    if parser is None:
        return Parsed(())
    listed = push.result if isinstance(push.result, list) else [push.result]
    events: list[Event] = []
    for raw in listed[:MOST_ROWS]:
        try:
            events.append(parser(owner, raw))
        except (Unreadable, ArithmeticError):
            continue
    return Parsed(tuple(events), len(listed) - len(events))


def spot_order(owner: Owner, raw: Any) -> Event:
    """A spot push has no `status`: it follows from `event` and `finish_as`."""
    row = Row(raw, "order")
    ended = row.text("event") == "finish"
    finish = row.text("finish_as", "") if ended else "open"
    status = "open" if not ended else "closed" if finish == "filled" else "cancelled"
    return OrderChanged(account_id=owner.account_id, order=parse_spot.order(_with(raw, status)))


def spot_fill(owner: Owner, raw: Any) -> Event:
    """An own execution on spot."""
    return Filled(account_id=owner.account_id, fills=(parse_spot.fill(raw),))


def spot_balance(owner: Owner, raw: Any) -> Event:
    """`freeze` is what REST calls `locked`."""
    row = Row(raw, "balance")
    return SpotBalanceChanged(
        account_id=owner.account_id,
        balance=SpotBalance(
            currency=row.text("currency"),
            available=row.number("available"),
            locked=row.number("freeze", ZERO),
        ),
        time_ms=row.ms("timestamp_ms", "timestamp"),
    )


def spot_trigger(owner: Owner, raw: Any) -> Event:
    """A spot price order is pushed flat and without a status: what it fired, why it failed and
    when it ended tell it."""
    row = Row(raw, "price order")
    kind = parse_spot.order_type(row.text("order_type", "limit"))
    fired = row.text("fired_order_id", "0")
    order = OrderRequest(
        instrument=spot(row.text("market")),
        side=side(row.text("side")),
        type=kind,
        size=row.number("amount"),
        text=row.text("text", ""),
        price=row.positive("price") if kind is OrderType.LIMIT else None,
        trigger=Trigger(
            price=row.number("trigger_price"),
            above=_is_above(row),
            expires_s=row.whole("trigger_expiration", 0),
        ),
    )
    trigger = VenueTrigger(
        trigger_id=row.text("id"),
        order=order,
        status=_trigger_status(row, fired),
        reason=row.note("err_msg") or row.note("reason"),
        fired_order_id="" if fired == "0" else fired,
        created_ms=row.ms("ctime", default=0),
        finished_ms=row.ms("ftime", default=0) or None,
    )
    return TriggerChanged(account_id=owner.account_id, trigger=trigger)


def futures_order(owner: Owner, raw: Any) -> Event:
    """`update_time` is in ms and always there; `finish_time` is 0 while the order is open."""
    row = Row(raw, "order")
    order = parse_futures.order(raw, owner.settle)
    updated = row.ms("update_time", default=0) or order.updated_ms
    created = row.ms("create_time_ms", default=0) or order.created_ms
    return OrderChanged(
        account_id=owner.account_id, order=replace(order, updated_ms=updated, created_ms=created)
    )


def futures_fill(owner: Owner, raw: Any) -> Event:
    """An own execution on futures."""
    return Filled(account_id=owner.account_id, fills=(parse_futures.fill(raw, owner.settle),))


def position(owner: Owner, raw: Any) -> Event:
    """Leverage 0 means cross; then the limit is the leverage. `update_id` orders them."""
    row = Row(raw, "position")
    leverage = row.number("leverage", ZERO)
    cross = leverage.is_zero()
    leg = row.text("mode", Leg.NET)
    if leg not in tuple(Leg):
        raise Unreadable("position: unknown mode")
    update = PositionUpdate(
        instrument=futures(row.text("contract"), owner.settle),
        leg=Leg(leg),
        size=row.number("size"),
        entry_price=row.positive("entry_price"),
        leverage=row.number("cross_leverage_limit", ZERO) if cross else leverage,
        margin_mode=MarginMode.CROSS if cross else MarginMode.ISOLATED,
        margin=row.number("margin", ZERO),
        realised_pnl=row.number("realised_pnl", ZERO),
        update_id=row.whole("update_id"),
        time_ms=row.ms("time_ms", "time"),
    )
    return PositionChanged(account_id=owner.account_id, update=update)


def futures_balance(owner: Owner, raw: Any) -> Event:
    """The wallet without unrealised profit."""
    row = Row(raw, "balance")
    return FuturesBalanceChanged(
        account_id=owner.account_id,
        settle=owner.settle,
        total=row.number("balance"),
        time_ms=row.ms("time_ms", "time"),
    )


def futures_trigger(owner: Owner, raw: Any) -> Event:
    """A futures price order."""
    return TriggerChanged(
        account_id=owner.account_id, trigger=parse_futures_trigger(raw, owner.settle)
    )


def position_close(owner: Owner, raw: Any) -> Event:
    """Only the sum of the profit is pushed; its parts are read over REST."""
    row = Row(raw, "position close")
    close = PositionClose(
        instrument=futures(row.text("contract"), owner.settle),
        time_ms=row.ms("time_ms", "time"),
        side=row.text("side"),
        pnl=row.number("pnl"),
        pnl_price=ZERO,
        pnl_fee=ZERO,
        pnl_funding=ZERO,
        max_size=ZERO,
        entry_price=ZERO,
        exit_price=ZERO,
        text=row.note("text"),
    )
    return PositionClosed(account_id=owner.account_id, close=close)


def liquidation(owner: Owner, raw: Any) -> Event:
    """A forced close."""
    found = parse_futures.liquidation(raw, owner.settle)
    time_ms = Row(raw, "liquidation").ms("time_ms", "time")
    return Liquidated(account_id=owner.account_id, liquidation=replace(found, time_ms=time_ms))


PARSERS: Mapping[str, Parser] = {
    "spot.orders": spot_order,
    "spot.orders_v2": spot_order,
    "spot.usertrades": spot_fill,
    "spot.usertrades_v2": spot_fill,
    "spot.balances": spot_balance,
    "spot.priceorders": spot_trigger,
    "futures.orders": futures_order,
    "futures.usertrades": futures_fill,
    "futures.positions": position,
    "futures.balances": futures_balance,
    "futures.autoorders": futures_trigger,
    "futures.position_closes": position_close,
    "futures.liquidates": liquidation,
}


def _with(raw: Any, status: str) -> Any:
    return {**raw, "status": status}


def _is_above(row: Row) -> bool:
    """The rule is a sign or, in older pushes, futures' number for it."""
    rule = row.text("trigger_rule")
    if rule not in (">=", "<=", "1", "2"):
        raise Unreadable("price order: unknown rule")
    return rule in (">=", "1")


def _trigger_status(row: Row, fired: str) -> str:
    if fired not in ("", "0"):
        return "succeeded"
    said = (row.note("err_msg") or row.note("reason")).lower()
    if row.flag("instant_cancel") or "cancel" in said:
        return "cancelled"
    if not row.ms("ftime", default=0):
        return "open"
    if "expire" in said:
        return "expired"
    return "failed" if said else "cancelled"
