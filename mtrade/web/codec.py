"""Domain objects as the JSON of docs/api.md: accounts, orders, triggers, positions, fills."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from mtrade.domain.accounts import Account
from mtrade.domain.instruments import Instrument, InstrumentId
from mtrade.domain.orders import Fill, Intent, IntentKind, Trigger, VenueOrder, VenueTrigger
from mtrade.domain.positions import Position, PositionClose, liquidation_distance
from mtrade.trading.views import BalanceView, Preview

Json = dict[str, object]

HUNDRED = Decimal(100)
PERCENT_STEP = Decimal("0.0001")


def items(rows: Iterable[Json], beside: Json | None = None, *, cursor: str | None = None) -> Json:
    """The list shape; `beside` are facts about the whole list."""
    return {"items": list(rows), "next": cursor, **(beside or {})}


def origin(account: Account, age_ms: int) -> Json:
    """Where data of an account comes from, and how old it is."""
    return {"network": account.network, "account": account.id, "age_ms": age_ms}


def instrument_fields(wanted: InstrumentId) -> Json:
    """The three fields that name an instrument."""
    return {"market": wanted.market, "settle": wanted.settle, "instrument": wanted.name}


def account(row: Account, error: str) -> Json:
    """An account; of its key only the tail."""
    return {
        "id": row.id,
        "name": row.name,
        "network": row.network,
        "uid": row.uid,
        "key_tail": row.key_tail,
        "permissions": [{"name": p.name, "read_only": p.read_only} for p in row.permissions],
        "colour": row.colour,
        "enabled": row.enabled,
        "created_ms": row.created_ms,
        "error": error,
    }


def balance(view: BalanceView) -> Json:
    """All money of one account."""
    return {
        "account": view.account.id,
        "name": view.account.name,
        "network": view.account.network,
        "age_ms": view.age_ms,
        "total_usdt": view.total_usdt,
        "spot": [
            {
                "currency": coin.balance.currency,
                "available": coin.balance.available,
                "locked": coin.balance.locked,
                "value_usdt": coin.value_usdt,
            }
            for coin in view.spot
        ],
        "futures": [
            {
                "settle": wallet.settle,
                "currency": wallet.account.currency,
                "total": wallet.account.total,
                "available": wallet.account.available,
                "unrealised_pnl": wallet.account.unrealised_pnl,
                "order_margin": wallet.account.order_margin,
                "position_margin": wallet.account.position_margin,
                "maintenance_margin": wallet.account.maintenance_margin,
                "position_mode": wallet.account.mode,
            }
            for wallet in view.futures
        ],
    }


def trigger_condition(trigger: Trigger | None) -> Json | None:
    """When a conditional order fires."""
    if trigger is None:
        return None
    return {"price": trigger.price, "above": trigger.above, "source": trigger.source}


def intent(row: Intent) -> Json:
    """A journal row."""
    order = row.order
    return {
        "id": str(row.id),
        "account": row.account_id,
        "network": row.account_id.partition(":")[0],
        "request_id": row.request_id,
        "kind": row.kind,
        "state": row.state,
        **instrument_fields(order.instrument),
        "side": order.side,
        "type": order.type,
        "size": order.size,
        "price": order.price,
        "tif": order.tif,
        "reduce_only": order.reduce_only,
        "close": order.close or order.auto_size is not None,
        "trigger": trigger_condition(order.trigger),
        "text": order.text,
        "parent": row.parent or None,
        "order_id": row.order_id or None,
        "filled": row.filled,
        "average": row.average,
        "label": row.label or None,
        "evidence": row.evidence or None,
        "planned_ms": row.planned_ms,
        "sent_ms": row.sent_ms,
        "path": row.path,
        "closed_ms": row.closed_ms,
    }


def order(row: VenueOrder, own: Mapping[str, Intent]) -> Json:
    """An order of the exchange; one that is not in the journal was placed elsewhere."""
    planned = own.get(row.text)
    return {
        "order_id": row.order_id,
        "text": row.text,
        "intent": None if planned is None else str(planned.id),
        **instrument_fields(row.instrument),
        "side": row.side,
        "type": row.type,
        "size": row.size,
        "left": row.left,
        "filled": row.filled,
        "price": row.price,
        "average": row.average,
        "tif": row.tif,
        "reduce_only": row.reduce_only,
        "open": row.open,
        "finish_as": row.finish_as or None,
        "created_ms": row.created_ms,
        "updated_ms": row.updated_ms,
        "source": "foreign" if planned is None else IntentKind(planned.kind),
    }


def trigger(row: VenueTrigger) -> Json:
    """A conditional order of the exchange."""
    wanted = row.order
    return {
        "trigger_id": row.trigger_id,
        **instrument_fields(wanted.instrument),
        "side": wanted.side,
        "type": wanted.type,
        "size": wanted.size,
        "price": wanted.price,
        "trigger": trigger_condition(wanted.trigger),
        "reduce_only": wanted.reduce_only,
        "close": wanted.close or wanted.auto_size is not None,
        "text": wanted.text,
        "status": row.status,
        "reason": row.reason or None,
        "fired_order_id": row.fired_order_id or None,
        "created_ms": row.created_ms,
    }


def position(row: Position, account_id: str, rules: Instrument | None) -> Json:
    """A position. Coins need the contract's rules and are null without them."""
    distance = liquidation_distance(row)
    return {
        "account": account_id,
        "settle": row.instrument.settle,
        "instrument": row.instrument.name,
        "leg": row.leg,
        "size": row.size,
        "coins": _coins(row, rules),
        "entry_price": row.entry_price,
        "mark_price": row.mark_price,
        "liq_price": row.liq_price,
        "liq_distance_pct": None if distance is None else percent(distance),
        "leverage": row.leverage,
        "leverage_max": row.leverage_max,
        "margin_mode": row.margin_mode,
        "margin": row.margin,
        "value": row.value,
        "unrealised_pnl": row.unrealised_pnl,
        "roe_pct": _return_on_margin(row),
        "realised_pnl": row.realised_pnl,
        "pnl_price": row.pnl_price,
        "pnl_fee": row.pnl_fee,
        "pnl_funding": row.pnl_funding,
        "adl_rank": row.adl_rank,
        "open_ms": row.open_ms,
    }


def position_close(row: PositionClose) -> Json:
    """A finished position."""
    return {
        "instrument": row.instrument.name,
        "settle": row.instrument.settle,
        "time_ms": row.time_ms,
        "side": row.side,
        "pnl": row.pnl,
        "pnl_price": row.pnl_price,
        "pnl_fee": row.pnl_fee,
        "pnl_funding": row.pnl_funding,
        "max_size": row.max_size,
        "entry_price": row.entry_price,
        "exit_price": row.exit_price,
    }


def fill(row: Fill) -> Json:
    """An own execution."""
    return {
        "trade_id": row.trade_id,
        "order_id": row.order_id,
        **instrument_fields(row.instrument),
        "time_ms": row.time_ms,
        "side": row.side,
        "size": row.size,
        "price": row.price,
        "fee": row.fee,
        "fee_currency": row.fee_currency,
        "role": row.role,
        "text": row.text,
    }


def preview(row: Preview, problems: list[Json]) -> Json:
    """What an order would do; `problems` are translated already."""
    numbers = {name: getattr(row, name) for name in _PREVIEW}
    return {**numbers, "problems": problems}


_PREVIEW = (
    "size",
    "unit",
    "value",
    "margin",
    "fee",
    "fee_rate",
    "average",
    "worst",
    "slippage_pct",
    "liq_before",
    "liq_after",
    "position_before",
    "position_after",
    "available_before",
    "available_after",
    "max_size",
)


def percent(share: Decimal) -> Decimal:
    """A fraction as percent, for reading."""
    return (share * HUNDRED).quantize(PERCENT_STEP)


def _coins(row: Position, rules: Instrument | None) -> Decimal | None:
    price = row.mark_price or row.entry_price
    if rules is None or price is None or price.is_zero():
        return None
    return rules.coins(row.size, price)


def _return_on_margin(row: Position) -> Decimal | None:
    held = row.initial_margin or row.margin
    return None if held <= 0 else percent(row.unrealised_pnl / held)
