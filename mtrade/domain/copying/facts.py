"""What is known at this moment, handed to the deciding functions. Frozen; None is "not known"."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from mtrade.domain.accounts import FuturesAccount, MarginMode, PositionMode
from mtrade.domain.copying.codes import Reason
from mtrade.domain.copying.model import Link
from mtrade.domain.instruments import Instrument
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import OrderRequest


class LeaderFacts(Struct, frozen=True, kw_only=True):
    """The leader's leg as the highest `update_id` shows it.

    `size` is signed. `read_ms` is the exchange time up to which this reading is known to hold: of a
    push or of the read that confirmed it. `live`: increases may follow it. `increase_price` is the
    VWAP of the fills since the last plan that grew the position and `increase_ms` the time of their
    oldest; None when no such fill was seen. `order_id` names the order that grows it now and
    `order_open` whether that order still works. `hedged`: long and short are kept apart.
    `liquidated`: what last made it smaller was
    forced by the exchange; `explained`: that execution was heard of, or for too long was not.
    """

    size: Decimal
    update_id: int
    read_ms: int
    live: bool
    increase_price: Decimal | None = None
    increase_ms: int | None = None
    order_id: str = ""
    order_open: bool = False
    entry_price: Decimal | None = None
    leverage: Decimal | None = None
    margin_mode: MarginMode | None = None
    account: FuturesAccount | None = None
    account_ms: int = 0
    hedged: bool = False
    liquidated: bool = False
    explained: bool = True
    silent_s: int = 0


class MarketFacts(Struct, frozen=True, kw_only=True, cache_hash=True):
    """The contract's rules and prices. `tier_value` is the largest value at the leverage."""

    rules: Instrument | None = None
    mark: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    volume_24h: Decimal | None = None
    tier_value: Decimal | None = None


class FollowerFacts(Struct, frozen=True, kw_only=True):
    """The follower's account and this leg as last read. `position` is the whole of it, foreign part
    included. `moved`: a leg of an earlier position mode still has its episode. The totals are over
    all of the link's legs, this one and orders under way included, valued at mark. `entries_link`
    and `entries_account` count increases of the last minute."""

    position: Decimal | None = None
    update_id: int = 0
    position_ms: int = 0
    account: FuturesAccount | None = None
    account_ms: int = 0
    mode: PositionMode | None = None
    moved: bool = False
    leverage: Decimal | None = None
    margin_mode: MarginMode | None = None
    total_value: Decimal = ZERO
    open_legs: int = 0
    entries_link: int = 0
    entries_account: int = 0


class Facts(Struct, frozen=True, kw_only=True):
    """All of it. `brake` is a reason that stops everything (halt), `gate` one that stops increases
    (normal mode, clock, disk, not reconciled, second instance ...). `as_geared`: leverage and
    margin mode are taken as they are. `now_ms` is exchange time."""

    link: Link
    leader: LeaderFacts
    market: MarketFacts
    follower: FollowerFacts
    now_ms: int
    brake: Reason | None = None
    gate: Reason | None = None
    as_geared: bool = False


class Setting(Struct, frozen=True, kw_only=True):
    """Leverage and margin mode to be set, and read back, before the entry."""

    leverage: Decimal
    margin_mode: MarginMode


class Wanted(Struct, frozen=True, kw_only=True):
    """An order a leg wants sent; its text comes later. `reducing` ones never fail a gate."""

    order: OrderRequest
    reducing: bool
    plan_position: Decimal | None = None
