"""Which part of a leader's position a follower's leg mirrors: one-way and hedge accounts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from msgspec.structs import replace

from mtrade.domain.accounts import PositionMode
from mtrade.domain.copying.choices import HedgeToOneWay
from mtrade.domain.copying.params import CopyParams
from mtrade.domain.numbers import ZERO
from mtrade.domain.positions import Leg
from mtrade.trading.copying.holdings import Held

# An enum's member is looked up once here: on Python 3.11 that costs as much as a call.
_FIRST_LEG = HedgeToOneWay.FIRST_LEG
_NET, _LEG_LONG, _LEG_SHORT = Leg.NET, Leg.LONG, Leg.SHORT
_SINGLE = PositionMode.SINGLE

Rows = Mapping[Leg, Held]

_LONG = {Leg.LONG: 1, Leg.SHORT: -1}


def sides(mode: PositionMode, size: Decimal | int, inverse: bool) -> Leg:
    """The leg of a follower that mirrors a leader's position of this signed size."""
    if mode is _SINGLE:
        return _NET
    up = (size > 0) is not inverse
    return _LEG_LONG if up else _LEG_SHORT


@lru_cache(maxsize=64)
def all_sides(mode: PositionMode, held: tuple[int, ...], inverse: bool) -> tuple[Leg, ...]:
    """The legs of a follower that mirror what a leader holds, of which the signs are given."""
    found = {sides(mode, sign, inverse) for sign in held}
    return tuple(leg for leg in Leg if leg in found)


def mirrored(rows: Rows, side: Leg, params: CopyParams, first: Leg | None) -> Held | None:
    """What the leader holds, as far as it concerns one leg of a follower; None when nothing is
    known. `first` is the leg of a hedge leader that a one-way follower began with."""
    if side is _NET:
        return _netted(rows, params, first)
    wanted = _LONG[side] * (-1 if params.inverse else 1)
    own = rows.get(_LEG_LONG if wanted > 0 else _LEG_SHORT)
    net = rows.get(_NET)
    if net is None or (own is not None and net.size.is_zero()):
        return own
    if net.size * wanted > 0:
        return net
    return replace(net, size=ZERO, entry_price=None)


def first_leg(rows: Rows, known: Leg | None) -> Leg | None:
    """The leg a one-way follower sticks to until it is flat."""
    open_ = [leg for leg in (_LEG_LONG, _LEG_SHORT) if leg in rows and not rows[leg].size.is_zero()]
    if known in open_:
        return known
    return min(open_, key=lambda leg: rows[leg].same_ms) if open_ else None


def _netted(rows: Rows, params: CopyParams, first: Leg | None) -> Held | None:
    legs = [rows[leg] for leg in (_LEG_LONG, _LEG_SHORT) if leg in rows]
    net = rows.get(_NET)
    if not legs or (net is not None and not net.size.is_zero()):
        return net
    if params.hedge_to_one_way is _FIRST_LEG and first is not None:
        return rows[first]
    open_ = [held for held in legs if not held.size.is_zero()]
    if len(open_) == 1 and len(legs) == 1:
        return open_[0]
    total = sum((held.size for held in legs), ZERO)
    return replace(
        max(legs, key=lambda held: held.update_id),
        size=total,
        netted=True,
        update_id=sum(held.update_id for held in legs),
        read_ms=min(held.read_ms for held in legs),
        moved_ms=max(held.moved_ms for held in legs),
        same_ms=max(held.same_ms for held in legs),
        entry_price=open_[0].entry_price if len(open_) == 1 else None,
        liq_price=open_[0].liq_price if len(open_) == 1 else None,
    )
