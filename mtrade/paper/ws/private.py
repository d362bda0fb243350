"""Private channels: which events they carry, and how an event looks on them (Gate WebSocket docs).

Prices and fees are JSON numbers on most futures channels, users are texts, sizes follow the
connection's size header.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from mtrade.domain.instruments import Market
from mtrade.paper.wire import wire_size
from mtrade.paper.world import Event
from mtrade.paper.ws.frames import push
from mtrade.paper.ws.wire import exact

Item = dict[str, Any]
_EVENT_SEQUENCE = {"usertrades": 0, "orders": 1, "priceorders": 1, "balances": 2}

# The channels that carry an event of the exchange.
CHANNELS: Mapping[tuple[Market, str], tuple[str, ...]] = {
    (Market.SPOT, "orders"): ("spot.orders", "spot.orders_v2"),
    (Market.SPOT, "usertrades"): ("spot.usertrades", "spot.usertrades_v2"),
    (Market.SPOT, "balances"): ("spot.balances",),
    (Market.SPOT, "priceorders"): ("spot.priceorders",),
    (Market.FUTURES, "orders"): ("futures.orders",),
    (Market.FUTURES, "usertrades"): ("futures.usertrades",),
    (Market.FUTURES, "positions"): ("futures.positions", "futures.position_adl_rank"),
    (Market.FUTURES, "balances"): ("futures.balances",),
    (Market.FUTURES, "position_closes"): ("futures.position_closes",),
    (Market.FUTURES, "liquidates"): ("futures.liquidates",),
    (Market.FUTURES, "autoorders"): ("futures.autoorders",),
    # No event leads here: the insurance fund of the exchange never runs out, and its risk limits
    # follow the position by themselves.
    (Market.FUTURES, "auto_deleverages"): ("futures.auto_deleverages",),
    (Market.FUTURES, "reduce_risk_limits"): ("futures.reduce_risk_limits",),
}
PRIVATE = frozenset(name for names in CHANNELS.values() for name in names)


class Address(NamedTuple):
    """Whose events of which channel."""

    channel: str
    settle: str
    uid: int


def in_order(events: Sequence[Event]) -> list[Event]:
    """Events of one moment as Gate pushes them: on spot the fill, then the order, then the money.

    Futures events already come as position, fill, order, balance.
    """
    return sorted(events, key=_rank)


def private_text(
    channel: str, events: Sequence[Event], decimal_sizes: bool, now_ms: int
) -> Iterator[str]:
    """The frames of events of one channel and user: one list, or one object each."""
    if not events:
        return
    shape = _SHAPES[channel]
    items = [shape(event.body, decimal_sizes) for event in events]
    results: list[object] = list(items) if channel == "spot.priceorders" else [items]
    for result in results:
        yield push(channel, "update", exact(result), now_ms)


def _rank(event: Event) -> int:
    return _EVENT_SEQUENCE.get(event.channel, 0) if event.market is Market.SPOT else 0


def _picked(
    plain: str, numbers: str = "", sizes: str = ""
) -> Callable[[Mapping[str, Any], bool], Item]:
    """A shape: which fields stay, which become JSON numbers, which follow the size header."""
    kept, exacts, sized = plain.split(), numbers.split(), sizes.split()

    def shape(body: Mapping[str, Any], decimal_sizes: bool) -> Item:
        item: Item = {name: body[name] for name in kept if name in body}
        item |= {name: Decimal(str(body[name])) for name in exacts if name in body}
        item |= {name: wire_size(Decimal(body[name]), decimal_sizes) for name in sized}
        return item

    return shape


def _whole(body: Mapping[str, Any], decimal_sizes: bool) -> Item:
    return dict(body)


_spot_order_v2 = _picked(
    "id user text event create_time update_time create_time_ms update_time_ms currency_pair type "
    "account side amount price time_in_force iceberg left filled_total avg_deal_price stp_id "
    "stp_act finish_as biz_info amend_text"
)
_order = _picked(
    "id user contract create_time create_time_ms finish_time finish_time_ms update_time update_id "
    "status finish_as tif text is_close is_reduce_only is_liq refu stp_id stp_act amend_text "
    "biz_info market_order_slip_ratio",
    "price fill_price tkfr mkfr refr",
    "size left iceberg",
)
_position = _picked(
    "contract mode time time_ms update_id user",
    "leverage cross_leverage_limit leverage_max entry_price liq_price maintenance_rate margin "
    "realised_pnl realised_point history_pnl history_point last_close_pnl risk_limit",
    "size",
)


def _futures_order(body: Mapping[str, Any], decimal_sizes: bool) -> Item:
    extra = {"stop_profit_price": "", "stop_loss_price": "", "market_order_slip_ratio": "0"}
    return extra | _order(body, decimal_sizes)


def _rank_of(body: Mapping[str, Any], decimal_sizes: bool) -> Item:
    return {
        "contract": body["contract"],
        "mode": body["mode"],
        "rank_division": body["adl_ranking"],
        "time_ms": body["time_ms"],
        "user_id": int(body["user"]),
    }


def _close(body: Mapping[str, Any], decimal_sizes: bool) -> Item:
    item = _picked("contract side text time_ms user", "pnl")(body, decimal_sizes)
    return item | {"time": body["time_ms"] // 1000}


def _autoorder(body: Mapping[str, Any], decimal_sizes: bool) -> Item:
    initial = dict(body["initial"])
    initial["size"] = wire_size(Decimal(initial["size"]), decimal_sizes)
    initial["iceberg"] = wire_size(Decimal(0), decimal_sizes)
    stop = {"rule": 0, "trigger_price": "", "order_price": ""}
    plain = "id user trigger trade_id status reason finish_as order_type me_order_id name"
    return {
        "reason": "",
        "order_type": "",
        **_picked(plain)(body, decimal_sizes),
        "create_time": int(body["create_time"]),
        "initial": {"auto_size": "", **initial},
        "is_stop_order": False,
        "stop_trigger": stop,
    }


_SHAPES: Mapping[str, Callable[[Mapping[str, Any], bool], Item]] = {
    "spot.orders": _whole,
    "spot.orders_v2": _spot_order_v2,
    "spot.usertrades": _whole,
    "spot.usertrades_v2": _whole,
    "spot.balances": _whole,
    "spot.priceorders": _whole,
    "futures.orders": _futures_order,
    "futures.usertrades": _picked(
        "id order_id contract create_time create_time_ms price role text",
        "fee point_fee",
        "size close_size",
    ),
    "futures.positions": _position,
    "futures.position_adl_rank": _rank_of,
    "futures.balances": _picked("text time time_ms type user currency", "balance change"),
    "futures.position_closes": _close,
    "futures.liquidates": _picked(
        "contract user order_id time time_ms",
        "order_price entry_price fill_price liq_price mark_price margin leverage",
        "size left",
    ),
    "futures.autoorders": _autoorder,
}
