"""What limits an entry: lists and filters refuse it, caps clip it, each with the deciding number.

Exits never come here.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from mtrade.domain.copying.choices import CapPolicy, MarginPolicy, SideFilter
from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.copying.episodes import equity
from mtrade.domain.copying.facts import Facts
from mtrade.domain.copying.model import CopyLeg
from mtrade.domain.numbers import ZERO, text

# An enum's member is looked up once here: on Python 3.11 that costs as much as a call.
_CAP_ORDER, _CAP_TOTAL = Code.CAP_ORDER, Code.CAP_TOTAL
_RISK_TIER, _CAP_MARGIN = Code.RISK_TIER, Code.CAP_MARGIN
_BOTH = SideFilter.BOTH

ACCOUNT_RATE = 30  # increasing orders a minute and account
RESERVE = Decimal("1.05")  # margin estimates get this much room for fees and the last price


class Clip(Struct, frozen=True):
    """What of `size` may be sent, and why not more; `waits` says that the rest may come later."""

    size: Decimal
    why: Reason | None = None
    waits: bool = False
    pause: bool = False


def money(value: Decimal) -> str:
    """USDT for a sentence."""
    return text(round(max(value, ZERO), 2))


def refused(leg: CopyLeg, facts: Facts, up: bool) -> Reason | None:
    """A list or filter that forbids the entry for this episode."""
    params, name = facts.link.params, leg.instrument.name
    if name in params.deny or (params.allow and name not in params.allow):
        return Reason(Code.DENIED, {"instrument": name})
    filtered = params.side_filter is not _BOTH
    if filtered and up is not (params.side_filter is SideFilter.LONG):
        return Reason(Code.SIDE_FILTER, {"allowed": params.side_filter.value})
    return _small(facts) or _illiquid(facts)


def _small(facts: Facts) -> Reason | None:
    rules, price = facts.market.rules, facts.leader.increase_price or facts.market.mark
    least = facts.link.params.min_leader_value
    if not least or rules is None or price is None:
        return None
    value = rules.value(facts.leader.size, price)
    if value >= least:
        return None
    return Reason(Code.LEADER_SMALL, {"value": money(value), "limit": text(least)})


def _illiquid(facts: Facts) -> Reason | None:
    params, market = facts.link.params, facts.market
    least, widest = params.min_volume_24h, params.max_spread_bps
    if least is not None and market.volume_24h is not None and market.volume_24h < least:
        return Reason(Code.VOLUME, {"volume": money(market.volume_24h), "limit": text(least)})
    if widest is None or market.bid is None or market.ask is None or not market.bid:
        return None
    spread = (market.ask - market.bid) / market.bid * 10_000
    if spread <= widest:
        return None
    return Reason(Code.SPREAD, {"spread": text(round(spread, 1)), "limit": text(widest)})


def too_fast(facts: Facts) -> Reason | None:
    """Too many entries within a minute: the next ones wait."""
    follower, most = facts.follower, facts.link.params.max_entries_per_min
    if follower.entries_link >= most:
        return Reason(Code.CAP_RATE, {"count": str(follower.entries_link), "limit": str(most)})
    if follower.entries_account >= ACCOUNT_RATE:
        count = str(follower.entries_account)
        return Reason(Code.CAP_RATE, {"count": count, "limit": str(ACCOUNT_RATE)})
    return None


def clipped(leg: CopyLeg, facts: Facts, held: Decimal, size: Decimal, price: Decimal) -> Clip:
    """`size` (unsigned, on the grid) as far as the caps allow it; the smallest one wins."""
    params, rules = facts.link.params, facts.market.rules
    if rules is None:
        return Clip(ZERO, Reason(Code.NO_PRICE), waits=True)
    if facts.follower.account is None:
        return Clip(ZERO, Reason(Code.NO_EQUITY), waits=True)
    if held.is_zero() and facts.follower.open_legs >= params.max_open_positions:
        count = {"count": str(facts.follower.open_legs), "limit": str(params.max_open_positions)}
        return Clip(ZERO, Reason(Code.CAP_COUNT, count))
    wanted = rules.value(size, price)
    code, allowed = _CAP_ORDER, wanted
    for rule, room in _allowances(facts, held, price):
        if room < allowed:
            code, allowed = rule, room
    if allowed >= wanted:
        return Clip(size)
    margin = code is _CAP_MARGIN
    skip = params.cap_policy is CapPolicy.SKIP
    if margin:
        skip = params.insufficient_margin is not MarginPolicy.CLIP
    left = ZERO if skip or allowed <= 0 else min(size, rules.size_from_value(allowed, price))
    numbers = {"allowed": money(allowed), "wanted": money(wanted)}
    pause = margin and params.insufficient_margin is MarginPolicy.PAUSE_LINK
    return Clip(left if left >= rules.min_size else ZERO, Reason(code, numbers), pause=pause)


def tier_room(facts: Facts, held: Decimal, price: Decimal) -> Decimal | None:
    """What the exchange's risk tier at this leverage leaves, in USDT; None when it is not known."""
    rules, most = facts.market.rules, facts.market.tier_value
    if rules is None or most is None:
        return None
    position = facts.follower.position
    return most - rules.value(held if position is None else position, price)


def _allowances(facts: Facts, held: Decimal, price: Decimal) -> list[tuple[Code, Decimal]]:
    params, rules, follower = facts.link.params, facts.market.rules, facts.follower
    if rules is None or follower.account is None:
        return []
    own = equity(follower.account, params.equity_base)
    rooms = [
        (_CAP_ORDER, params.max_order.of(own)),
        (_CAP_TOTAL, params.max_total * own - follower.total_value),
    ]
    if params.max_position is not None:
        rooms.append((Code.CAP_POSITION, params.max_position - rules.value(held, price)))
    if (room := tier_room(facts, held, price)) is not None:
        rooms.append((_RISK_TIER, room))
    if follower.leverage:
        free = follower.account.available - own * params.min_free_margin_pct / 100
        used = own - follower.account.available
        room = min(free, own * params.max_margin_pct / 100 - used)
        rooms.append((_CAP_MARGIN, room * follower.leverage / RESERVE))
    return rooms
