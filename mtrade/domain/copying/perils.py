"""What changes the danger of a position although nobody trades. Pure.

The leader changes leverage or margin mode, or adds isolated margin: no fill tells of it, and the
follower does not do the same. And the follower's own mark price may come near its liquidation.
"""

from __future__ import annotations

from decimal import Context, Decimal

from msgspec import Struct

from mtrade.domain.accounts import MarginMode
from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.frozen import replace
from mtrade.domain.numbers import ONE, text

LEAST_PART = Decimal("0.01")  # of the margin; less may be funding, not a person
AWAY = Decimal("1.25")  # this many times the limit away, nearness is over
_HUNDREDTH = Decimal("0.01")
_SHOWN = Context(prec=8)


class Stand(Struct, frozen=True, kw_only=True):
    """One leg of an account as it was read; None is "not told"."""

    size: Decimal
    leverage: Decimal | None
    margin_mode: MarginMode | None
    margin: Decimal | None
    liq_price: Decimal | None


def merged(before: Stand, now: Stand) -> Stand:
    """What is known after `now`: a push does not tell the liquidation price, the next read does."""
    if now.liq_price is not None:
        return now
    if (before.leverage, before.margin_mode) != (now.leverage, now.margin_mode):
        return replace(now, margin=None)  # it moves by itself: nothing to compare with
    return replace(now, size=before.size, margin=before.margin, liq_price=before.liq_price)


def geared(before: Stand, now: Stand, own: Stand | None) -> Reason | None:
    """The leader changed leverage or margin mode in the midst of a position."""
    if None in (before.leverage, before.margin_mode, now.leverage, now.margin_mode):
        return None
    if (before.leverage, before.margin_mode) == (now.leverage, now.margin_mode):
        return None
    numbers = {**_gearing("before", before), **_gearing("after", now)}
    if own is not None:
        numbers |= _gearing("own", own)
    return Reason(Code.LEADER_GEARING, numbers)


def padded(before: Stand, now: Stand, own: Stand | None) -> Reason | None:
    """The leader added isolated margin: he is liquidated later now, and the follower is not."""
    if before.margin is None or now.margin is None or before.liq_price is None:
        return None
    same = (before.size, before.leverage, before.margin_mode)
    if same != (now.size, now.leverage, now.margin_mode) or now.margin_mode is MarginMode.CROSS:
        return None
    added = now.margin - before.margin
    if now.liq_price is None or added <= before.margin * LEAST_PART:
        return None
    if (before.liq_price - now.liq_price) * now.size <= 0:
        return None
    numbers = {
        "added": text(added.quantize(_HUNDREDTH)),
        "before": _price(before.liq_price),
        "after": _price(now.liq_price),
    }
    if own is not None and own.liq_price is not None:
        numbers["own"] = _price(own.liq_price)
    return Reason(Code.LEADER_MARGIN, numbers)


def distance_pct(size: Decimal, mark: Decimal | None, liq: Decimal | None) -> Decimal | None:
    """How far the mark price may still move before a position is liquidated, in percent of it; 0
    when it is there. None without a position or a liquidation price."""
    if mark is None or liq is None or mark.is_zero() or size.is_zero():
        return None
    gap = ONE - liq / mark if size > 0 else liq / mark - ONE
    return max(gap * 100, Decimal(0)).quantize(_HUNDREDTH)


def is_near(distance: Decimal, limit_pct: Decimal, *, was_near: bool) -> bool:
    """Whether a position is near its liquidation; once it was, it must get well away."""
    return distance <= (limit_pct * AWAY if was_near else limit_pct)


def near(
    distance: Decimal, limit_pct: Decimal, mark: Decimal, liq: Decimal, leader: Decimal | None
) -> Reason:
    """Why a person is called; `leader` is the leader's own distance."""
    numbers = {
        "distance": text(distance),
        "limit": text(limit_pct),
        "mark": _price(mark),
        "liq": _price(liq),
    }
    if leader is not None:
        numbers["leader"] = text(leader)
    return Reason(Code.LIQ_NEAR, numbers)


def _gearing(name: str, stand: Stand) -> dict[str, str]:
    if stand.leverage is None or stand.margin_mode is None:
        return {}
    return {name: text(stand.leverage), f"{name}_margin": stand.margin_mode.value}


def _price(price: Decimal) -> str:
    return text(_SHOWN.plus(price))
