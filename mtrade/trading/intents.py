"""Intents: how they are born and what an answer makes of them. Pure."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from mtrade.domain.errors import (
    ExchangeError,
    ExchangeUnavailable,
    MTradeError,
    OrderRejected,
    OutcomeUnknown,
)
from mtrade.domain.frozen import replace
from mtrade.domain.orders import (
    Intent,
    IntentKind,
    IntentState,
    OrderPath,
    OrderRequest,
    OrderType,
    TimeInForce,
    VenueOrder,
)
from mtrade.domain.positions import Leg

PREFIX = "t-mt1"
NOISE = 10  # random bytes of an order's text, 16 characters in base32
_KIND = {
    IntentKind.COPY: "c",
    IntentKind.MANUAL: "m",
    IntentKind.AUTO: "a",
    IntentKind.FLATTEN: "f",
}
_LEG = {Leg.NET: "N", Leg.LONG: "L", Leg.SHORT: "S", None: "-"}

EXPIRES_MS = 3_000  # the window in which a request may take effect (X-Gate-Exptime)

NOT_SENT = "NOT_SENT"
FENCED = "FENCED"
PARENT_NOT_FILLED = "PARENT_NOT_FILLED"
BY_HAND = "BY_HAND"


def order_text(kind: IntentKind, leg: Leg | None, instance: str, noise: bytes) -> str:
    """An order's label, 25 characters after `t-` of the 28 that Gate allows.

    `noise` is `NOISE` random bytes, drawn for this order alone. The text is a search key, not an
    idempotency key: Gate accepts the same one twice.
    """
    return f"{PREFIX}{_KIND[kind]}{_LEG[leg]}{instance}{b32encode(noise).decode().lower()}"


class Answer(Struct, frozen=True):
    """What came back for one send: an order, a trigger id, or an error. Exactly one is set.

    `path` is the way it left, as far as that was chosen.
    """

    order: VenueOrder | None = None
    trigger_id: str = ""
    error: ExchangeError | None = None
    path: OrderPath | None = None


def judge(intent: Intent, answer: Answer, now_ms: int) -> Intent:
    """The intent after its own answer; without proof it is UNKNOWN, never rejected or done."""
    intent = replace(intent, path=answer.path or intent.path)
    if answer.error is not None:
        return _judge_error(intent, answer.error, now_ms)
    if answer.trigger_id:
        return intent.advance(
            IntentState.OPEN, order_id=answer.trigger_id, evidence="accepted by the exchange"
        )
    if answer.order is None:
        return intent.advance(IntentState.UNKNOWN, evidence="no answer")
    return settle_from(intent, answer.order, now_ms, evidence="answer of the exchange")


def _judge_error(intent: Intent, error: ExchangeError, now_ms: int) -> Intent:
    if isinstance(error, OutcomeUnknown) or not error.outcome_known:
        return intent.advance(IntentState.UNKNOWN, evidence=error.message)
    not_sent = isinstance(error, ExchangeUnavailable)
    return void(
        replace(intent, path=None) if not_sent else intent,
        now_ms,
        label=NOT_SENT if not_sent else (error.label or error.code),
        evidence=error.raw or error.message,
    )


def rearmed(before: Intent, judged: Intent) -> Intent:
    """A protective order that provably never left waits again instead of being given up: an entry
    must not stand naked because the line was down for a moment. Its text was never used."""
    if not before.parent or judged.state is not IntentState.VOID or judged.label != NOT_SENT:
        return judged
    return before.advance(IntentState.WAITING, evidence=judged.evidence)


def settle_from(intent: Intent, order: VenueOrder, now_ms: int, *, evidence: str) -> Intent:
    """The intent after reading its order: OPEN while it rests, DONE when it has ended."""
    proven = {
        "order_id": order.order_id,
        "filled": order.filled,
        "average": order.average,
        "evidence": evidence,
    }
    if order.open:
        if not may_rest(intent.order):
            # Must not happen for an immediate order; the resolver cancels it and reads again.
            return intent.advance(IntentState.UNKNOWN, **proven)
        return intent.advance(IntentState.OPEN, **proven)
    return intent.advance(IntentState.DONE, label=order.finish_as, closed_ms=now_ms, **proven)


def settle_from_trades(
    intent: Intent, filled: Decimal, average: Decimal | None, now_ms: int, *, evidence: str
) -> Intent:
    """DONE with what the trades alone prove."""
    return intent.advance(
        IntentState.DONE, filled=filled, average=average, closed_ms=now_ms, evidence=evidence
    )


def void(intent: Intent, now_ms: int, *, label: str, evidence: str) -> Intent:
    """The intent had no effect; `label` says why."""
    return intent.advance(IntentState.VOID, label=label, evidence=evidence, closed_ms=now_ms)


def recover(intent: Intent) -> Intent:
    """What a start makes of an unfinished intent: one that died while sending is unknown."""
    if intent.state is IntentState.SENDING:
        return intent.advance(
            IntentState.UNKNOWN, evidence="the process ended while this was being sent"
        )
    return intent


def after_parent(
    parent: Intent, children: Iterable[Intent], now_ms: int, expires_ms: int
) -> list[Intent]:
    """Waiting protective orders after their entry changed: sent once it has filled a part, void
    when it ended without a fill, untouched otherwise."""
    waiting = [child for child in children if child.state is IntentState.WAITING]
    if parent.filled > 0:
        fresh = [replace(child, expires_ms=expires_ms) for child in waiting]
        return [child.advance(IntentState.SENDING, sent_ms=now_ms) for child in fresh]
    if not parent.final:
        return []
    why = "the order it protects ended without a fill"
    return [void(child, now_ms, label=PARENT_NOT_FILLED, evidence=why) for child in waiting]


def born_ms(intent: Intent) -> int:
    """When it was planned by the exchange's clock; `planned_ms` is by this computer's."""
    return intent.expires_ms - EXPIRES_MS


def may_rest(order: OrderRequest) -> bool:
    """Whether an open state is a proper state of this order."""
    if order.trigger is not None:
        return True
    return order.type is OrderType.LIMIT and order.tif in (TimeInForce.GTC, TimeInForce.POC)


def amended(intent: Intent, order: VenueOrder | None) -> Intent:
    """The intent with the size and price its order, not a trigger of the same id, now has."""
    if order is None or not order.open or order.text != intent.order.text:
        return intent
    changed = replace(intent.order, size=order.size, price=order.price)
    return replace(intent, order=changed)


def told(intent: Intent) -> Intent:
    """The intent, or the error that says what became of it."""
    params = {"intent": str(intent.id)}
    if intent.state is IntentState.VOID and intent.label == NOT_SENT:
        fault: MTradeError = ExchangeUnavailable(f"the order was not sent: {intent.evidence}")
    elif intent.state is IntentState.VOID:
        fault = OrderRejected(
            f"the exchange refused the order: {intent.evidence or intent.label}",
            label=intent.label,
            raw=intent.evidence,
        )
    elif intent.state in (IntentState.SENDING, IntentState.UNKNOWN, IntentState.HOLD):
        fault = OutcomeUnknown("the order was sent, its outcome is being checked")
    else:
        return intent
    fault.params.update(params)
    raise fault
