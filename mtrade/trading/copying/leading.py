"""What is told of a leader's leg: its size, how sure that is, and what made it grow. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from mtrade.domain.accounts import PositionMode
from mtrade.domain.copying.facts import LeaderFacts
from mtrade.domain.copying.model import CopyLeg
from mtrade.domain.numbers import ZERO
from mtrade.domain.positions import Leg
from mtrade.trading.copying.holdings import VISIBLE_MS, Held
from mtrade.trading.copying.memory import Grown, Sight

UNEXPLAINED_MS = 3_000  # executions are looked for that long
UNHEARD_MS = 10_000  # one that closed something is told, or listed over REST, within this
AROUND_MS = 2_000  # a push of an execution may be that much behind the order it caused


def leader_facts(
    sight: Sight, held: Held, leg: CopyLeg, mark: int, now: int, max_age_ms: int
) -> LeaderFacts:
    """Growth up to the number `mark` was reckoned with before."""
    need = _growth(held, leg)
    grown = _grown(sight, held, leg, mark, need)
    if _sum(grown) < need and now - held.moved_ms > UNEXPLAINED_MS:
        # A late reading may have hidden what an execution did when that was reckoned with.
        grown = _grown(sight, held, leg, 0, need)
    live = sight.is_live(now, max_age_ms)
    order_id = grown[-1].order_id if grown else ""
    times = (sight.forced_ms, sight.freely_ms, sight.larger_ms)
    forced, freely, larger = (known.get(leg.instrument, 0) for known in times)
    return LeaderFacts(
        size=held.size,
        update_id=held.update_id,
        read_ms=max(held.read_ms, sight.read_ms if live else 0),
        live=live,
        increase_price=_vwap(grown),
        increase_ms=_since_ms(sight, held, grown, need, now),
        order_id=order_id,
        order_open=bool(order_id) and sight.orders.get(order_id, True),
        entry_price=held.entry_price,
        leverage=held.leverage,
        margin_mode=held.margin_mode,
        account=sight.wallet,
        account_ms=sight.wallet_ms,
        hedged=_is_hedged(sight, leg),
        liquidated=forced > max(freely, larger),
        explained=max(forced, freely) > larger or now - held.moved_ms > UNHEARD_MS,
        silent_s=0 if live or not sight.live_ms else max(0, (now - sight.live_ms) // 1000),
    )


def _is_hedged(sight: Sight, leg: CopyLeg) -> bool:
    """By what is held in the contract; a wallet is read more rarely."""
    rows = (sight.positions.get((leg.instrument, side)) for side in (Leg.LONG, Leg.SHORT))
    if any(held is not None and held.size for held in rows):
        return True
    return sight.wallet is not None and sight.wallet.mode is PositionMode.DUAL


def _growth(held: Held, leg: CopyLeg) -> Decimal:
    """By how much the leader has grown since the leg last reckoned with it."""
    anchor = ZERO if leg.episode is None else leg.episode.anchor
    if anchor * held.size < 0:
        anchor = ZERO
    return max(abs(held.size) - abs(anchor), ZERO)


def _grown(sight: Sight, held: Held, leg: CopyLeg, mark: int, need: Decimal) -> list[Grown]:
    """The executions that explain this growth, oldest first; without any growth those since the
    last order, which may still be under way."""
    grown = sight.grown.get(leg.instrument)
    if not grown or held.size.is_zero():
        return []
    up = held.size > 0
    found: list[Grown] = []
    total = ZERO
    for part in reversed(tuple(grown)):
        if need.is_zero() and part.time_ms < leg.planned_ms - AROUND_MS:
            break
        if part.number <= mark or (part.side.sign > 0) is not up:
            continue
        if not need.is_zero() and total >= need:
            break
        found.append(part)
        total += part.size
    return found[::-1]


def _since_ms(
    sight: Sight, held: Held, grown: Sequence[Grown], need: Decimal, now: int
) -> int | None:
    """The oldest of it. What no execution explains, although all since then are known, is older;
    what stays unexplained counts from when it was first seen."""
    if held.netted and _sum(grown) < need:
        return held.moved_ms
    if _sum(grown) < need and sight.trades_read_ms >= held.moved_ms + VISIBLE_MS:
        return sight.trades_from_ms
    if not grown and need and now - held.moved_ms > UNEXPLAINED_MS:
        return held.moved_ms
    return min((part.time_ms for part in grown), default=None)


def _sum(grown: Sequence[Grown]) -> Decimal:
    return sum((part.size for part in grown), ZERO)


def _vwap(grown: Sequence[Grown]) -> Decimal | None:
    size = _sum(grown)
    if size.is_zero():
        return None
    return sum((part.size * part.price for part in grown), ZERO) / size
