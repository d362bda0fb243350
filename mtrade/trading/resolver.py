"""Proving what became of an order whose answer is missing. Pure: evidence in, next step out.

X-Gate-Exptime turns "unknown" into "known": what reaches Gate after the deadline is refused, so an
order that cannot be found by text and has no trades, well after the deadline, had no effect. The
rules are those of docs/adr/0007.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import accumulate

from msgspec import Struct

from mtrade.domain.errors import ExchangeError
from mtrade.domain.instruments import Market, Side
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import Fill, Intent, IntentState, OrderRequest, VenueOrder, VenueTrigger
from mtrade.domain.positions import Leg
from mtrade.trading.intents import (
    FENCED,
    PREFIX,
    born_ms,
    may_rest,
    settle_from,
    settle_from_trades,
    void,
)

SETTLE_MS = 5_000  # how late an accepted order may become visible over REST
PLAN_AGE_MS = 10_000  # how old the position may have been that an order was planned by
CLOCK_MS = 1_000  # our clock and the exchange's, each as wrong as entries allow
POLL_S = 0.7
MISS_GAP_S = 2.0
HOLD_POLL_S = 30.0
TRIGGER_PATIENCE_MS = 60_000
TRACK_S = 2.0


class Evidence(Struct, frozen=True, kw_only=True):
    """What one look at the exchange showed.

    `deep` tells that finished orders and trades were listed too, not only the look-up by text.
    `trades` are all own trades of the instrument since shortly before the order was sent.
    `position` is that of `leg`, the one the order concerns.
    """

    order: VenueOrder | None = None
    trigger: VenueTrigger | None = None
    deep: bool = False
    trades: tuple[Fill, ...] = ()
    leg: Leg = Leg.NET
    position: Decimal | None = None
    failed: ExchangeError | None = None


class Step(Struct, frozen=True):
    """What follows: the intent as now known, when to look again, whether to cancel the order."""

    intent: Intent
    look_after_s: float | None = None
    misses: int = 0
    cancel: bool = False


def past_fence(intent: Intent, exchange_ms: int) -> bool:
    """Whether nothing still under way can have an effect or still be invisible."""
    if intent.order.trigger is not None:
        return exchange_ms > born_ms(intent) + TRIGGER_PATIENCE_MS
    return exchange_ms > intent.expires_ms + SETTLE_MS


def weigh(intent: Intent, seen: Evidence, exchange_ms: int, now_ms: int, misses: int) -> Step:
    """Decide what `seen` proves about an UNKNOWN, HOLD or OPEN intent."""
    pause = HOLD_POLL_S if intent.state is IntentState.HOLD else POLL_S
    if seen.failed is not None:
        return Step(intent, max(pause, MISS_GAP_S), misses)
    if intent.order.trigger is not None:
        return _weigh_trigger(intent, seen, exchange_ms, now_ms, misses)
    if seen.order is not None:
        return _found(intent, seen.order, now_ms)
    if not past_fence(intent, exchange_ms) or not seen.deep:
        return Step(intent, pause, 0)
    own = tuple(t for t in seen.trades if t.text == intent.order.text)
    if own:
        filled = sum((t.size for t in own), ZERO)
        money = sum((t.size * t.price for t in own), ZERO)
        done = settle_from_trades(
            intent, filled, money / filled, now_ms, evidence="found in the account's trades"
        )
        return Step(done)
    return _missed(intent, seen, now_ms, misses + 1, pause)


def _found(intent: Intent, order: VenueOrder, now_ms: int) -> Step:
    if why := contradiction(intent, order):
        return Step(intent.advance(IntentState.HOLD, evidence=why), HOLD_POLL_S)
    known = settle_from(intent, order, now_ms, evidence="found at the exchange")
    if not order.open:
        return Step(known)
    if may_rest(intent.order):
        return Step(known, TRACK_S)
    return Step(known, POLL_S, cancel=True)


def contradiction(intent: Intent, order: VenueOrder) -> str:
    """Why `order`, found by the id or text of `intent`, cannot be what was sent or answered; else
    empty. Size and price may have been amended elsewhere, so they prove nothing."""
    asked = intent.order
    plain = not (asked.close or asked.auto_size or order.size.is_zero())
    if not order.open and order.filled < intent.filled:
        return f"{intent.filled} were filled, but the order has ended with {order.filled}"
    if intent.order_id and order.order_id != intent.order_id:
        return f"order {intent.order_id} was looked up, {order.order_id} was found"
    if order.instrument != asked.instrument or (plain and order.side is not asked.side):
        return f"a {order.side} of {order.instrument.name} was found under its name"
    return ""


def _missed(intent: Intent, seen: Evidence, now_ms: int, misses: int, pause: float) -> Step:
    if misses < 2:
        return Step(intent, max(pause, MISS_GAP_S), misses)
    if intent.state is IntentState.OPEN:
        # It rested once, no further trade carries its text, and the exchange forgets such orders.
        gone = settle_from_trades(
            intent, intent.filled, intent.average, now_ms, evidence="ended; no longer listed"
        )
        return Step(gone)
    if _witness_contradicts(intent, seen):
        if intent.state is IntentState.HOLD:
            return Step(intent, HOLD_POLL_S, misses)
        held = intent.advance(
            IntentState.HOLD,
            evidence="not found, but the position changed without a trade that explains it",
        )
        return Step(held, HOLD_POLL_S, misses)
    return Step(
        void(
            intent,
            now_ms,
            label=FENCED,
            evidence="not found twice after its deadline, no trade carries its text",
        )
    )


def _witness_contradicts(intent: Intent, seen: Evidence) -> bool:
    """Whether the position moved by more than the listed trades of other orders explain."""
    if intent.order.instrument.market is not Market.FUTURES:
        return False
    if intent.plan_position is None or seen.position is None:
        return False
    born = born_ms(intent)
    after = [trade for trade in seen.trades if trade.time_ms >= born]
    gap = seen.position - intent.plan_position - sum(_moves(after, seen.leg), ZERO)
    if not gap or _unseen_before(intent, seen, gap):
        return False
    return _may_be_its_own(intent.order, gap) or not _seen_after(intent, after, seen.leg, gap)


def _unseen_before(intent: Intent, seen: Evidence, gap: Decimal) -> bool:
    """Whether what others traded shortly before the plan makes up the gap: the position that it
    went by can be a little old. Own orders do not count, they were reckoned with."""
    born = born_ms(intent)
    near = [trade for trade in seen.trades if born - PLAN_AGE_MS <= trade.time_ms < born]
    return gap in accumulate(reversed(list(_moves(_foreign(near), seen.leg))))


def _seen_after(intent: Intent, after: Sequence[Fill], leg: Leg, gap: Decimal) -> bool:
    """Whether that position showed a part of what others did, by the exchange's clock, just after
    the plan: an order that fills in several parts may have been half done."""
    latest = born_ms(intent) + CLOCK_MS
    near = [trade for trade in after if trade.time_ms <= latest]
    return -gap in accumulate(_moves(_foreign(near), leg))


def _may_be_its_own(order: OrderRequest, gap: Decimal) -> bool:
    """Whether a fill of this order would have moved the position like that."""
    most = order.size or abs(gap)
    return 0 < gap * order.side.sign <= most


def _foreign(trades: Iterable[Fill]) -> list[Fill]:
    """Those of others, oldest first; they are listed newest first, also within a millisecond."""
    found = [trade for trade in trades if not trade.text.startswith(PREFIX)]
    return sorted(reversed(found), key=lambda trade: trade.time_ms)


def _moves(trades: Iterable[Fill], leg: Leg) -> Iterator[Decimal]:
    return (_moved(trade, leg) for trade in trades)


def _moved(trade: Fill, leg: Leg) -> Decimal:
    """By how much a trade moved a leg. In hedge mode a trade closes one leg or opens the other one,
    which its closing part tells (Gate futures docs: `close_size`)."""
    if leg is Leg.NET:
        return trade.size * trade.side.sign
    closed = abs(trade.close_size)
    opens = (trade.side is Side.BUY) is (leg is Leg.LONG)
    return (trade.size - closed if opens else closed) * trade.side.sign


def _weigh_trigger(
    intent: Intent, seen: Evidence, exchange_ms: int, now_ms: int, misses: int
) -> Step:
    trigger = seen.trigger
    if trigger is not None and trigger.status == "open":
        known = intent.advance(
            IntentState.OPEN, order_id=trigger.trigger_id, evidence="waiting at the exchange"
        )
        return Step(known, TRACK_S)
    if trigger is not None:
        done = intent.advance(
            IntentState.DONE,
            order_id=trigger.trigger_id,
            label=trigger.reason or trigger.status,
            closed_ms=now_ms,
            evidence=f"the exchange reports it as {trigger.status}",
        )
        return Step(done)
    if not past_fence(intent, exchange_ms):
        return Step(intent, POLL_S, 0)
    if misses + 1 < 2:
        return Step(intent, MISS_GAP_S, misses + 1)
    if intent.state is IntentState.OPEN:
        return Step(settle_from_trades(intent, ZERO, None, now_ms, evidence="no longer listed"))
    if intent.state is IntentState.HOLD:
        return Step(intent, HOLD_POLL_S, misses)
    # Trigger orders carry no deadline at Gate, so absence never proves that none will appear.
    held = intent.advance(
        IntentState.HOLD, evidence="a trigger order that cannot be found; it has no deadline"
    )
    return Step(held, HOLD_POLL_S, misses)
