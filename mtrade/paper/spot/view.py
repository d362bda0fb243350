"""How spot objects look on the wire: REST objects and push bodies (Gate spot docs)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mtrade.domain.instruments import Instrument, Side
from mtrade.domain.numbers import text
from mtrade.paper.spot.model import Balance, LedgerLine, SpotOrder, SpotTrade, SpotTrigger

_AVERAGE_DIGITS = 12
_FEE_FIELDS = (
    "fee",
    "fee_currency",
    "point_fee",
    "gt_fee",
    "gt_maker_fee",
    "gt_taker_fee",
    "gt_discount",
    "rebated_fee",
    "rebated_fee_currency",
)


def order_view(order: SpotOrder, rules: Instrument, mode: str = "FULL") -> dict[str, Any]:
    """The REST order. `mode` is Gate's action_mode: ACK, RESULT (no fees) or FULL."""
    if mode == "ACK":
        return {"id": str(order.id), "text": order.text, "amend_text": order.amend_text}
    body = {
        "id": str(order.id),
        "text": order.text,
        "amend_text": order.amend_text,
        "create_time": str(order.created_ms // 1000),
        "update_time": str(order.updated_ms // 1000),
        "create_time_ms": order.created_ms,
        "update_time_ms": order.updated_ms,
        "status": order.status,
        "account": "spot",
        "auto_borrow": False,
        "auto_repay": False,
        "filled_amount": text(order.filled),
        "fill_price": text(order.total),
        "fee_currency": fee_currency(order.side, rules),
        **_core(order),
        **_fees(order, rules),
    }
    if mode == "RESULT":
        body = {name: value for name, value in body.items() if name not in _FEE_FIELDS}
    return body


def order_push(order: SpotOrder, rules: Instrument, event: str) -> dict[str, Any]:
    """The body of `spot.orders`; there is no status, times are strings (Gate WebSocket docs)."""
    return {
        "id": str(order.id),
        "user": order.uid,
        "text": order.text,
        "event": event,
        "account": "spot",
        "create_time": str(order.created_ms // 1000),
        "update_time": str(order.updated_ms // 1000),
        "create_time_ms": str(order.created_ms),
        "update_time_ms": str(order.updated_ms),
        "amend_text": order.amend_text,
        "biz_info": "-",
        **_core(order),
        **_fees(order, rules),
    }


def trade_view(trade: SpotTrade) -> dict[str, Any]:
    """A private trade."""
    return {
        "id": str(trade.id),
        "create_time": str(trade.time_ms // 1000),
        "create_time_ms": f"{trade.time_ms}.000000",
        "currency_pair": trade.pair,
        "side": trade.side,
        "role": trade.role,
        "amount": text(trade.amount),
        "price": text(trade.price),
        "order_id": str(trade.order_id),
        "fee": text(trade.fee),
        "fee_currency": trade.fee_currency,
        "point_fee": "0",
        "gt_fee": "0",
        "amend_text": trade.amend_text,
        "sequence_id": str(trade.id),
        "text": trade.text,
        "deal": text(trade.amount * trade.price),
    }


def trade_push(trade: SpotTrade) -> dict[str, Any]:
    """The body of `spot.usertrades`: ids and seconds are integers there."""
    return {
        "id": trade.id,
        "user_id": trade.uid,
        "order_id": str(trade.order_id),
        "currency_pair": trade.pair,
        "create_time": trade.time_ms // 1000,
        "create_time_ms": f"{trade.time_ms}.000000",
        "side": trade.side,
        "amount": text(trade.amount),
        "role": trade.role,
        "price": text(trade.price),
        "fee": text(trade.fee),
        "fee_currency": trade.fee_currency,
        "point_fee": "0",
        "gt_fee": "0",
        "text": trade.text,
        "amend_text": trade.amend_text,
        "biz_info": "-",
    }


def balance_view(currency: str, held: Balance) -> dict[str, Any]:
    """One spot account."""
    return {
        "currency": currency,
        "available": text(held.available),
        "locked": text(held.locked),
        "update_id": held.update_id,
    }


def ledger_view(line: LedgerLine) -> dict[str, Any]:
    """One line of the account book; its time is in milliseconds."""
    return {
        "id": str(line.id),
        "time": line.time_ms,
        "currency": line.currency,
        "change": text(line.change),
        "balance": text(line.balance),
        "type": line.kind,
        "code": "",
        "text": line.text,
    }


def trigger_view(trigger: SpotTrigger) -> dict[str, Any]:
    """A price-triggered order."""
    return {
        "id": trigger.id,
        "user": trigger.uid,
        "market": trigger.pair,
        "ctime": trigger.created_ms // 1000,
        "ftime": trigger.finished_ms // 1000,
        "fired_order_id": trigger.fired_order_id,
        "status": trigger.status,
        "reason": trigger.reason,
        "trigger": {
            "price": text(trigger.price),
            "rule": _rule(trigger),
            "expiration": trigger.expiration_s,
        },
        "put": {
            "type": trigger.put_type,
            "side": trigger.put_side,
            "price": text(trigger.put_price),
            "amount": text(trigger.put_amount),
            "account": "normal",
            "time_in_force": trigger.put_tif,
            "text": trigger.put_text,
        },
    }


def trigger_push(trigger: SpotTrigger, rules: Instrument) -> dict[str, Any]:
    """The body of `spot.priceorders`, a single object."""
    return {
        "market": trigger.pair,
        "uid": str(trigger.uid),
        "id": str(trigger.id),
        "currency_type": rules.base,
        "exchange_type": rules.quote,
        "reason": trigger.reason,
        "err_msg": trigger.reason,
        "fired_order_id": trigger.fired_order_id,
        "instant_cancel": False,
        "trigger_price": text(trigger.price),
        "trigger_rule": _rule(trigger),
        "trigger_expiration": trigger.expiration_s,
        "price": text(trigger.put_price),
        "amount": text(trigger.put_amount),
        "source": "api",
        "order_type": trigger.put_type,
        "side": trigger.put_side,
        "engine_type": "normal",
        "is_stop_order": False,
        "stop_trigger_price": "0",
        "stop_trigger_rule": "",
        "stop_price": "0",
        "ctime": str(trigger.created_ms),
        "ftime": str(trigger.finished_ms),
    }


def fee_currency(side: Side, rules: Instrument) -> str:
    """Fees are taken from what is received: base when buying, quote when selling."""
    return rules.base if side is Side.BUY else rules.quote


def _core(order: SpotOrder) -> dict[str, Any]:
    average = order.total / order.filled if order.filled else Decimal(0)
    return {
        "currency_pair": order.pair,
        "type": order.type,
        "side": order.side,
        "amount": text(order.amount),
        "price": text(order.price),
        "time_in_force": order.tif,
        "iceberg": text(order.iceberg),
        "left": text(order.left),
        "filled_total": text(order.total),
        "avg_deal_price": text(round(average, _AVERAGE_DIGITS)),
        "stp_id": 0,
        "stp_act": "-",
        "finish_as": order.finish_as,
    }


def _fees(order: SpotOrder, rules: Instrument) -> dict[str, Any]:
    """Nobody here owns GT or points, so only the plain fee is ever charged."""
    other = rules.quote if order.side is Side.BUY else rules.base
    return {
        "fee": text(order.fee),
        "fee_currency": fee_currency(order.side, rules),
        "point_fee": "0",
        "gt_fee": "0",
        "gt_maker_fee": "0",
        "gt_taker_fee": "0",
        "gt_discount": False,
        "rebated_fee": "0",
        "rebated_fee_currency": other,
    }


def _rule(trigger: SpotTrigger) -> str:
    return ">=" if trigger.above else "<="
