"""Private futures data: from the wire to the domain (Gate futures docs)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mtrade.domain.accounts import (
    Fees,
    FuturesAccount,
    LedgerEntry,
    MarginMode,
    PositionMode,
)
from mtrade.domain.instruments import Side, futures
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import Fill, OrderType, VenueOrder
from mtrade.domain.positions import Leg, Liquidation, Position, PositionClose
from mtrade.gate.faults import Unreadable
from mtrade.gate.fields import Row
from mtrade.gate.parse_spot import tif

NO_ADL_RANK = 6


def account(raw: Any, settle: str) -> FuturesAccount:
    """The futures wallet; `total` is without unrealised profit."""
    row = Row(raw, "futures account")
    history = row.row("history") if row.has("history") else Row({}, "history")
    return FuturesAccount(
        uid=row.text("user", ""),
        currency=row.text("currency", settle.upper()),
        total=row.number("total"),
        available=row.number("available"),
        unrealised_pnl=row.number("unrealised_pnl", ZERO),
        position_margin=_first(row, "position_initial_margin", "position_margin"),
        order_margin=row.number("order_margin", ZERO),
        maintenance_margin=row.number("maintenance_margin", ZERO),
        mode=_mode(row),
        fees=history.number("fee", ZERO),
        funding=history.number("fund", ZERO),
        pnl=history.number("pnl", ZERO),
    )


def fees(raw: Any, contract: str) -> Fees:
    """The account's own rates of a contract: `{"BTC_USDT": {"taker_fee", "maker_fee"}}`."""
    row = Row(raw, "fees").row(contract)
    return Fees(maker=row.number("maker_fee"), taker=row.number("taker_fee"))


def position(raw: Any, settle: str) -> Position:
    """A position or leg. Leverage "0" means cross; then the limit is the leverage."""
    row = Row(raw, "position")
    leverage = row.number("leverage", ZERO)
    cross = _is_cross(row, leverage)
    return Position(
        instrument=futures(row.text("contract"), settle),
        leg=_leg(row.text("mode", Leg.NET)),
        size=row.number("size"),
        entry_price=row.positive("entry_price"),
        mark_price=row.positive("mark_price"),
        liq_price=row.positive("liq_price"),
        leverage=row.number("cross_leverage_limit", ZERO) if cross else leverage,
        leverage_max=row.number("leverage_max", ZERO),
        margin_mode=MarginMode.CROSS if cross else MarginMode.ISOLATED,
        margin=row.number("margin", ZERO),
        initial_margin=row.number("initial_margin", ZERO),
        maintenance_margin=row.number("maintenance_margin", ZERO),
        value=row.number("value", ZERO),
        unrealised_pnl=row.number("unrealised_pnl", ZERO),
        realised_pnl=row.number("realised_pnl", ZERO),
        pnl_price=row.number("pnl_pnl", ZERO),
        pnl_fee=row.number("pnl_fee", ZERO),
        pnl_funding=row.number("pnl_fund", ZERO),
        adl_rank=row.whole("adl_ranking", NO_ADL_RANK),
        open_ms=row.ms("open_time", default=0) or None,
        update_id=row.whole("update_id", 0),
    )


def positions(raw: Any, settle: str) -> tuple[Position, ...]:
    """One position, or both legs: Gate answers an object or a list for the same call."""
    items = raw if isinstance(raw, list) else [raw]
    return tuple(position(item, settle) for item in items)


def order(raw: Any, settle: str) -> VenueOrder:
    """A futures order; the sign of the size is the side, price "0" is a market order."""
    row = Row(raw, "order")
    is_open = _is_open(row.text("status"))
    size, left = row.number("size"), row.number("left")
    if abs(left) > abs(size) or left * size < 0:
        raise Unreadable("order: the rest contradicts the size")
    price = row.positive("price")
    filled = abs(size - left)
    return VenueOrder(
        instrument=futures(row.text("contract"), settle),
        order_id=row.text("id"),
        text=row.text("text", ""),
        side=Side.SELL if size < 0 else Side.BUY,
        type=OrderType.LIMIT if price is not None else OrderType.MARKET,
        size=abs(size),
        left=abs(left),
        filled=filled,
        price=price,
        average=row.positive("fill_price") if filled > 0 else None,
        tif=tif(row.text("tif", "gtc")),
        open=is_open,
        finish_as="" if is_open else row.text("finish_as", ""),
        reduce_only=row.flag("is_reduce_only"),
        close=row.flag("is_close"),
        created_ms=row.ms("create_time", default=0),
        updated_ms=row.ms("finish_time", "update_time", "create_time", default=0),
        fee_currency=settle.upper(),
    )


def fill(raw: Any, settle: str) -> Fill:
    """An execution of an own order; the two lists of trades call its id differently."""
    row = Row(raw, "trade")
    size = row.number("size")
    if size.is_zero():
        raise Unreadable("trade: size is zero")
    return Fill(
        trade_id=row.text("trade_id" if row.has("trade_id") else "id"),
        order_id=row.text("order_id"),
        instrument=futures(row.text("contract"), settle),
        time_ms=row.ms("create_time_ms", "create_time"),
        side=Side.BUY if size > 0 else Side.SELL,
        size=abs(size),
        price=row.number("price"),
        fee=row.number("fee", ZERO),
        fee_currency=settle.upper(),
        role=row.text("role", ""),
        text=row.text("text", ""),
        close_size=row.number("close_size", ZERO),
    )


def position_close(raw: Any, settle: str) -> PositionClose:
    """A finished position: a long one was entered at `long_price` and left at `short_price`."""
    row = Row(raw, "position close")
    side = row.text("side")
    prices = row.number("long_price", ZERO), row.number("short_price", ZERO)
    entry, leave = prices if side == "long" else (prices[1], prices[0])
    return PositionClose(
        instrument=futures(row.text("contract"), settle),
        time_ms=row.ms("time"),
        side=side,
        pnl=row.number("pnl"),
        pnl_price=row.number("pnl_pnl", ZERO),
        pnl_fee=row.number("pnl_fee", ZERO),
        pnl_funding=row.number("pnl_fund", ZERO),
        max_size=abs(row.number("max_size", ZERO)),
        entry_price=entry,
        exit_price=leave,
        text=row.note("text"),
    )


def liquidation(raw: Any, settle: str) -> Liquidation:
    """A forced close."""
    row = Row(raw, "liquidation")
    return Liquidation(
        instrument=futures(row.text("contract"), settle),
        time_ms=row.ms("time"),
        size=row.number("size"),
        order_id=row.text("order_id", ""),
        entry_price=row.number("entry_price", ZERO),
        liq_price=row.number("liq_price", ZERO),
        mark_price=row.number("mark_price", ZERO),
        fill_price=row.number("fill_price", ZERO),
    )


def ledger_entry(raw: Any, settle: str) -> LedgerEntry:
    """A line of the account book."""
    row = Row(raw, "account book")
    contract = row.text("contract", "")
    return LedgerEntry(
        id=row.text("id", ""),
        time_ms=row.ms("time"),
        change=row.number("change"),
        balance=row.number("balance"),
        kind=row.text("type"),
        text=row.note("text"),
        instrument=futures(contract, settle) if contract else None,
    )


def _mode(row: Row) -> PositionMode:
    """The newer word, or the older flag."""
    word = row.text("position_mode", "")
    if word in tuple(PositionMode):
        return PositionMode(word)
    return PositionMode.DUAL if row.flag("in_dual_mode") else PositionMode.SINGLE


def _leg(word: str) -> Leg:
    if word not in tuple(Leg):
        raise Unreadable("position: unknown mode")
    return Leg(word)


def _is_cross(row: Row, leverage: Decimal) -> bool:
    word = row.text("pos_margin_mode", "")
    return word == "cross" if word in tuple(MarginMode) else leverage.is_zero()


def _is_open(status: str) -> bool:
    if status not in ("open", "finished"):
        raise Unreadable("order: unknown status")
    return status == "open"


def _first(row: Row, *names: str) -> Decimal:
    """The first of several fields that is there and not zero."""
    for name in names:
        value = row.number(name, ZERO)
        if not value.is_zero():
            return value
    return ZERO
