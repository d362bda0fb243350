"""Fills, closes, ledger rows and other history as Gate writes them (Gate futures docs)."""

from __future__ import annotations

from mtrade.domain.numbers import ZERO, text
from mtrade.paper.futures.history import Close, LedgerRow, Liquidated, Snapshot, Trade
from mtrade.paper.futures.views import Json, amount, seconds
from mtrade.paper.wire import wire_size


def trade_view(trade: Trade, decimal_sizes: bool, id_name: str = "id") -> Json:
    """A fill. `my_trades` calls its number `id`, the time-range list `trade_id` (as text)."""
    return {
        id_name: trade.id if id_name == "id" else str(trade.id),
        "create_time": seconds(trade.time_ms),
        "contract": trade.contract,
        "order_id": str(trade.order_id),
        "size": wire_size(trade.size, decimal_sizes),
        "close_size": wire_size(trade.close_size, decimal_sizes),
        "price": text(trade.price),
        "role": trade.role,
        "text": trade.text,
        "fee": amount(trade.fee),
        "point_fee": "0",
        "trade_value": amount(trade.value),
    }


def ledger_view(row: LedgerRow) -> Json:
    """A line of the account book. Its time is whole: ccxt reads no fraction here."""
    return {
        "id": str(row.id),
        "time": row.time_ms // 1000,
        "change": amount(row.change),
        "balance": amount(row.balance),
        "type": str(row.flow),
        "text": row.text,
        "contract": row.contract,
        "trade_id": str(row.trade_id) if row.trade_id else "",
    }


def close_view(row: Close) -> Json:
    """A finished position. Prices are entry and exit by side: a long's entry is `long_price`.

    Its sizes are text under either size header, as Gate's clients of every age read them.
    """
    entry, exit_ = amount(row.entry), amount(row.exit)
    return {
        "time": seconds(row.time_ms),
        "contract": row.contract,
        "side": "long" if row.long else "short",
        "pnl": amount(row.pnl),
        "pnl_pnl": amount(row.pnl_pnl),
        "pnl_fund": amount(row.pnl_fund),
        "pnl_fee": amount(row.pnl_fee),
        "text": row.text,
        "max_size": text(row.max_size),
        "accum_size": text(row.accum_size),
        "first_open_time": row.open_ms // 1000,
        "long_price": entry if row.long else exit_,
        "short_price": exit_ if row.long else entry,
    }


def liquidation_view(row: Liquidated, decimal_sizes: bool) -> Json:
    """A forced close."""
    return {
        "time": row.time_ms // 1000,
        "contract": row.contract,
        "leverage": text(row.leverage),
        "size": wire_size(row.size, decimal_sizes),
        "margin": amount(row.margin),
        "entry_price": amount(row.entry),
        "liq_price": amount(row.liq_price),
        "mark_price": text(row.mark),
        "order_id": row.order_id,
        "order_price": amount(row.price),
        "fill_price": amount(row.price),
        "left": wire_size(ZERO, decimal_sizes),
    }


def snapshot_view(row: Snapshot, decimal_sizes: bool) -> Json:
    """A position as it stood."""
    return {
        "time": row.time_ms // 1000,
        "contract": row.contract,
        "mode": str(row.leg),
        "size": wire_size(row.size, decimal_sizes),
        "entry_price": amount(row.entry),
        "margin": amount(row.margin),
        "leverage": text(row.leverage),
        "cross_leverage_limit": text(row.cross_limit if row.leverage.is_zero() else ZERO),
        "liq_price": amount(row.liq_price),
        "realised_pnl": amount(row.realised),
        "history_pnl": amount(row.history_pnl),
        "last_close_pnl": amount(row.last_close_pnl),
        "realised_point": "0",
        "history_point": "0",
    }
