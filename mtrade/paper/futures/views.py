"""Orders, positions and accounts as Gate writes them (Gate futures docs; gate-notes, futures REST).

Amounts are text, contract sizes follow the caller's size header, enums are left out when empty:
Gate's own client refuses an empty enum.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from mtrade.domain.numbers import ZERO, text
from mtrade.domain.positions import Leg
from mtrade.paper import margin
from mtrade.paper.futures.entities import Account, Order, Position
from mtrade.paper.futures.exposure import Exposure
from mtrade.paper.futures.state import State
from mtrade.paper.room import Room
from mtrade.paper.wire import wire_size

Json = dict[str, Any]

_GRAIN = Decimal("1e-12")
_WIDE = Context(prec=60)
NO_ADL_RANK = 6


def amount(number: Decimal) -> str:
    """Money or a price, to twelve places."""
    return text(number.quantize(_GRAIN, ROUND_HALF_EVEN, _WIDE))


def free(number: Decimal) -> str:
    """Money that may be spent: to twelve places, never more than there is, never below zero."""
    return text(max(number, ZERO).quantize(_GRAIN, ROUND_DOWN, _WIDE))


def seconds(time_ms: int) -> float:
    """A time as Gate writes it: seconds with the milliseconds behind the point."""
    return time_ms / 1000


def average(order: Order, room: Room) -> Decimal:
    """The average fill price; zero without a fill."""
    return margin.price_of(room.instrument, order.filled, order.worth) or ZERO


def order_view(order: Order, room: Room, decimal_sizes: bool) -> Json:
    """A FuturesOrder."""
    sign = order.side.sign
    body: Json = {
        "id": order.id,
        "user": order.uid,
        "contract": order.contract,
        "create_time": seconds(order.create_ms),
        "update_time": seconds(order.update_ms),
        "size": wire_size(order.size, decimal_sizes),
        "left": wire_size(order.left * sign, decimal_sizes),
        "iceberg": wire_size(order.iceberg, decimal_sizes),
        "price": text(order.price),
        "fill_price": "0" if order.filled.is_zero() else amount(average(order, room)),
        "tif": str(order.tif),
        "text": order.text,
        "status": "open" if order.open else "finished",
        "is_reduce_only": order.reduce_only,
        "is_close": order.close,
        "is_liq": order.is_liq,
        "tkfr": text(order.taker_rate),
        "mkfr": text(order.maker_rate),
        "refu": 0,
        "refr": "0",
        "stp_id": 0,
        "stp_act": "-",
        "amend_text": order.amend_text,
        "biz_info": "-",
        "update_id": order.update_id,
    }
    if order.auto_size:
        body["auto_size"] = order.auto_size
    if order.slip_ratio:
        body["market_order_slip_ratio"] = text(order.slip_ratio)
    if not order.open:
        body |= {"finish_time": seconds(order.finish_ms), "finish_as": str(order.finish_as)}
    return body


class Views:
    """Views that need sums over the state."""

    def __init__(self, state: State, exposure: Exposure) -> None:
        self._state = state
        self._exposure = exposure

    def order(self, order: Order, decimal_sizes: bool) -> Json:
        """A FuturesOrder."""
        return order_view(order, self._state.room_of(order.instrument), decimal_sizes)

    def position(self, position: Position, decimal_sizes: bool) -> Json:
        """A Position."""
        room = self._exposure.room(position)
        initial = self._exposure.initial(position)
        liquidation = self._exposure.liquidation_price(position)
        orders = self._state.open_orders(position.uid, position.settle, position.contract)
        return {
            "user": position.uid,
            "contract": position.contract,
            "size": wire_size(position.size, decimal_sizes),
            "mode": str(position.leg),
            "leverage": text(position.leverage),
            "cross_leverage_limit": text(position.cross_limit if position.cross else ZERO),
            "pos_margin_mode": "cross" if position.cross else "isolated",
            "lever": text(self._exposure.leverage(position)),
            "margin": amount(initial if position.cross else position.margin),
            "initial_margin": amount(initial),
            "maintenance_margin": amount(self._exposure.maintenance(position)),
            "entry_price": amount(position.entry),
            "mark_price": text(room.mark),
            "liq_price": amount(liquidation or ZERO),
            "value": amount(self._exposure.value(position)),
            "unrealised_pnl": amount(self._exposure.unrealised(position)),
            "adl_ranking": NO_ADL_RANK,
            "pending_orders": sum(1 for o in orders if position.leg in (Leg.NET, o.leg)),
            "close_order": self._close_order(position),
            "update_time": position.update_ms // 1000,
            "update_id": position.update_id,
            "open_time": position.open_ms // 1000,
            "pid": 0,
            **_results(position),
            **self._tier(position, room),
        }

    def account(self, account: Account) -> Json:
        """A FuturesAccount."""
        running = self._state.running(account.uid, account.settle)
        initial = sum((self._exposure.initial(p) for p in running), ZERO)
        isolated = self._exposure.isolated_margin(account)
        gains = sum((self._exposure.unrealised(p) for p in running), ZERO)
        required = sum((self._exposure.maintenance(p) for p in running), ZERO)
        return {
            "user": account.uid,
            "currency": account.settle.upper(),
            "total": amount(account.total),
            "unrealised_pnl": amount(gains),
            "available": free(self._exposure.available(account)),
            "order_margin": amount(self._exposure.order_margin(account)),
            "position_margin": amount(isolated),
            "position_initial_margin": amount(initial),
            "maintenance_margin": amount(required),
            "isolated_position_margin": amount(isolated),
            "point": "0",
            "bonus": "0",
            "in_dual_mode": account.dual,
            "position_mode": "dual" if account.dual else "single",
            "margin_mode": 0,
            "enable_credit": False,
            "enable_evolved_classic": False,
            "enable_new_dual_mode": True,
            "enable_tiered_mm": True,
            "enable_dual_plus": False,
            "update_time": account.update_ms // 1000,
            "update_id": account.update_id,
            "history": _history(account),
            **self._pool(account),
        }

    def _pool(self, account: Account) -> Json:
        crossed = self._exposure.cross(account)
        pool = self._exposure.pool(account)
        initial = sum((self._exposure.initial(p) for p in crossed), ZERO)
        required = sum((self._exposure.maintenance(p) for p in crossed), ZERO)
        return {
            "cross_order_margin": amount(self._exposure.order_margin(account, cross=True)),
            "cross_initial_margin": amount(initial),
            "cross_maintenance_margin": amount(required),
            "cross_unrealised_pnl": amount(
                sum((self._exposure.unrealised(p) for p in crossed), ZERO)
            ),
            "cross_available": free(self._exposure.available(account)),
            "cross_margin_balance": amount(pool),
            "cross_mmr": amount(required / pool if pool > 0 else ZERO),
            "cross_imr": amount(initial / pool if pool > 0 else ZERO),
        }

    def _tier(self, position: Position, room: Room) -> Json:
        value = self._exposure.value(position)
        tier = margin.tier_at(room.listing.tiers, value)
        plain = margin.tiered_maintenance(room.listing.tiers, value)
        return {
            "leverage_max": text(min(tier.leverage_max, room.instrument.leverage_max)),
            "risk_limit": text(tier.limit),
            "maintenance_rate": text(tier.maintenance_rate),
            "average_maintenance_rate": amount(
                plain / value if value > 0 else tier.maintenance_rate
            ),
        }

    def _close_order(self, position: Position) -> Json | None:
        orders = self._state.open_orders(position.uid, position.settle, position.contract)
        found = next((o for o in orders if o.close and o.leg is position.leg), None)
        if found is None:
            return None
        return {"id": found.id, "price": text(found.price), "is_liq": found.is_liq}


def _results(position: Position) -> Json:
    return {
        "realised_pnl": amount(position.realised),
        "pnl_pnl": amount(position.pnl_pnl),
        "pnl_fund": amount(position.pnl_fund),
        "pnl_fee": amount(position.pnl_fee),
        "history_pnl": amount(position.history_pnl),
        "last_close_pnl": amount(position.last_close_pnl),
        "realised_point": "0",
        "history_point": "0",
    }


def _history(account: Account) -> Json:
    unused = ("refr", "point_dnw", "point_fee", "point_refr", "bonus_dnw", "bonus_offset")
    return {
        "dnw": amount(account.dnw),
        "pnl": amount(account.pnl),
        "fee": amount(account.fee),
        "fund": amount(account.fund),
        **dict.fromkeys((*unused, "cross_settle"), "0"),
    }
