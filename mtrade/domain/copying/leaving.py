"""The way out. Never blocked by caps, prices, lists, pauses or limits; always reduce-only. Pure."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from mtrade.domain.copying.codes import Act, Code, Reason
from mtrade.domain.copying.facts import Facts, Wanted
from mtrade.domain.copying.model import CopyLeg, LinkState
from mtrade.domain.copying.outcome import Outcome
from mtrade.domain.copying.pricing import exit_price
from mtrade.domain.copying.tracking import told
from mtrade.domain.instruments import Side
from mtrade.domain.numbers import ZERO, text
from mtrade.domain.orders import AutoSize, OrderRequest, OrderType, TimeInForce
from mtrade.domain.positions import Leg

# An enum's member is looked up once here: on Python 3.11 that costs as much as a call.
_SHADOW = LinkState.SHADOW
_LIMIT, _MARKET = OrderType.LIMIT, OrderType.MARKET
_BUY, _SELL = Side.BUY, Side.SELL
_IOC = TimeInForce.IOC

RETRY_MS = 300  # after each try without any fill, times the tries
SLOW_MS = 5_000
UNSEEN_MS = 15_000
PROOF_MS = 20_000  # within this two reads tell whether somebody else closed the position
LOUD = 3


def exit_order(leg: CopyLeg, facts: Facts, aim: Decimal) -> Outcome:
    """Bring what is held down to `aim`."""
    if facts.link.state is _SHADOW:
        return _watched(leg, facts, aim)
    pause = _pause(leg, facts)
    alerts = (_unfilled(leg),) if leg.tries >= LOUD else ()
    if leg.tries and facts.now_ms < leg.planned_ms + pause:
        why = _unfilled(leg)
        return Outcome(leg=leg, why=why, again_ms=leg.planned_ms + pause, alerts=alerts)
    gone = _gone(leg, facts)
    if gone is not None and facts.now_ms < leg.planned_ms + PROOF_MS:
        again = facts.now_ms + SLOW_MS
        return Outcome(leg=leg, why=gone, again_ms=again, alerts=alerts)
    order = _order(leg, facts, leg.owned - aim, whole=not aim)
    if order is None:
        dust = Reason(Code.DUST, {"size": text(abs(leg.owned - aim))})
        return Outcome(leg=leg, why=dust)
    wanted = Wanted(order=order, reducing=True, plan_position=facts.follower.position)
    return Outcome(leg=leg, order=wanted, alerts=alerts)


def _pause(leg: CopyLeg, facts: Facts) -> int:
    """A position that is not known needs a read long enough after the last try to become so."""
    if leg.tries < LOUD:
        return RETRY_MS * leg.tries
    return SLOW_MS if facts.follower.position is not None else UNSEEN_MS


def _gone(leg: CopyLeg, facts: Facts) -> Reason | None:
    """After a try in vain: nothing is there to be closed any more, as far as the account shows."""
    position = facts.follower.position
    if not leg.tries or position is None or position * leg.owned > 0:
        return None
    return Reason(Code.MANUAL, {"before": text(leg.owned), "after": text(position)})


def _unfilled(leg: CopyLeg) -> Reason:
    return Reason(Code.ZERO_FILL, {"count": str(leg.tries)})


def _watched(leg: CopyLeg, facts: Facts, aim: Decimal) -> Outcome:
    side = _SELL if leg.shadow > 0 else _BUY
    event = told(
        leg, facts, Act.SHADOW, Code.SHADOW, side=side.value, size=text(abs(leg.shadow - aim))
    )
    return Outcome(leg=replace(leg, shadow=aim), why=Reason(Code.SHADOW), events=(event,))


def _order(leg: CopyLeg, facts: Facts, size: Decimal, *, whole: bool) -> OrderRequest | None:
    """Signed `size` is what goes. A rest below the smallest order goes by the venue's own close,
    which is only allowed where nothing foreign stands."""
    rules = facts.market.rules
    if rules is None:
        return None
    side = _SELL if size > 0 else _BUY
    amount, there = abs(size), facts.follower.position
    if leg.tries and there is not None and there * size > 0:
        amount = min(amount, abs(there))  # the exchange refuses to close more than there is
    amount = rules.conform_size(amount)
    if not amount or amount < rules.min_size:
        return _venue_close(leg, facts, side) if whole else None
    price = exit_price(leg, facts, side)
    most = rules.max_size if price is not None else rules.market_max_size or rules.max_size
    if most is not None:
        amount = min(amount, most)
    return OrderRequest(
        instrument=leg.instrument,
        side=side,
        type=_MARKET if price is None else _LIMIT,
        size=amount,
        text="",
        price=price,
        tif=_IOC,
        reduce_only=True,
    )


def _venue_close(leg: CopyLeg, facts: Facts, side: Side) -> OrderRequest | None:
    if facts.follower.position != leg.owned:
        return None
    hedged = leg.side is not Leg.NET
    end = AutoSize.CLOSE_LONG if side is _SELL else AutoSize.CLOSE_SHORT
    return OrderRequest(
        instrument=leg.instrument,
        side=side,
        type=_MARKET,
        size=ZERO,
        text="",
        tif=_IOC,
        reduce_only=True,
        close=not hedged,
        auto_size=end if hedged else None,
    )
