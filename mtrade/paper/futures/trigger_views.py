"""Price orders as Gate writes them (Gate futures docs; gate-notes, price orders)."""

from __future__ import annotations

from mtrade.domain.numbers import text
from mtrade.domain.orders import TriggerSource
from mtrade.paper.futures.entities import Trigger
from mtrade.paper.futures.views import Json, seconds
from mtrade.paper.wire import wire_size

SOURCES = (TriggerSource.LAST, TriggerSource.MARK, TriggerSource.INDEX)


def trigger_view(trigger: Trigger, decimal_sizes: bool) -> Json:
    """A stored price order."""
    body: Json = {
        "id": trigger.id,
        "id_string": str(trigger.id),
        "user": trigger.uid,
        "create_time": seconds(trigger.create_ms),
        "status": trigger.status,
        "trade_id": trigger.order_id,
        "me_order_id": 0,
        "initial": _initial(trigger, decimal_sizes),
        "trigger": {
            "strategy_type": 0,
            "price_type": SOURCES.index(trigger.source),
            "price": text(trigger.price),
            "rule": trigger.rule,
            "expiration": trigger.expiration_s,
        },
    }
    optional = {
        "order_type": trigger.order_type,
        "finish_as": trigger.finish_as,
        "reason": trigger.reason,
        "finish_time": seconds(trigger.finish_ms) if trigger.finish_ms else "",
    }
    return body | {name: value for name, value in optional.items() if value}


def _initial(trigger: Trigger, decimal_sizes: bool) -> Json:
    body: Json = {
        "contract": trigger.contract,
        "size": wire_size(trigger.size, decimal_sizes),
        "amount": text(trigger.size),
        "price": text(trigger.order_price),
        "tif": str(trigger.tif),
        "text": trigger.text,
        "is_close": trigger.close,
        "is_reduce_only": trigger.reduce_only,
    }
    return body | ({"auto_size": trigger.auto_size} if trigger.auto_size else {})
