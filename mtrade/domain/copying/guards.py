"""Loss limits of a link, on equity with unrealised profit and net of what was paid in or out."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from mtrade.domain.copying.choices import LimitAction, Rearm
from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.copying.model import Guard, Link, LinkState
from mtrade.domain.copying.params import CopyParams
from mtrade.domain.frozen import replace
from mtrade.domain.numbers import ZERO, text

DAILY, DRAWDOWN, FLOOR = "daily_loss", "drawdown", "equity_floor"
_CENT = Decimal("0.01")


class Reading(Struct, frozen=True, kw_only=True):
    """`equity` is total plus unrealised profit in USDT. `flow` is what was paid in (out: below 0)
    since the last reading. `day` names the day of the server's zone, which knows about DST."""

    equity: Decimal
    day: str
    flow: Decimal = ZERO


class Trip(Struct, frozen=True):
    """A limit that was reached (`action`), or nearly (`action` None): `why` has both numbers."""

    limit: str
    action: LimitAction | None
    why: Reason


class _Gauge(Struct, frozen=True):
    """`used` of `limit`, both unsigned and in the unit a person thinks in."""

    name: str
    used: Decimal
    limit: Decimal
    shown: Decimal
    shown_limit: str
    action: LimitAction


def measured(guard: Guard, params: CopyParams, reading: Reading) -> tuple[Guard, tuple[Trip, ...]]:
    """The guard after a reading, and what it set off; each limit once, each warning once."""
    guard = _moved(guard, reading)
    trips: list[Trip] = []
    warned = set(guard.warned)
    for gauge in _gauges(guard, params, reading):
        if gauge.used >= gauge.limit:
            if _mark(gauge.name) not in warned:
                trips.append(Trip(gauge.name, gauge.action, _why(gauge)))
            warned |= {gauge.name, _mark(gauge.name)}
        elif gauge.used * 100 >= gauge.limit * params.warn_at_pct and gauge.name not in warned:
            trips.append(Trip(gauge.name, None, _why(gauge)))
            warned.add(gauge.name)
    if warned != guard.warned:
        guard = replace(guard, warned=frozenset(warned))
    return guard, tuple(trips)


def armed(reading: Reading) -> Guard:
    """A guard that begins now: at arming, and at every re-arming."""
    return Guard(day=reading.day, day_base=reading.equity, high=reading.equity)


def rearms(link: Link, day: str) -> bool:
    """Whether a tripped link comes back by itself, because a new day has begun."""
    tripped = link.state is LinkState.TRIPPED
    return tripped and link.params.rearm is Rearm.NEXT_DAY and day != link.guard.day


def _moved(guard: Guard, reading: Reading) -> Guard:
    if guard.day_base is None or guard.high is None:
        return armed(reading)
    flows = guard.flows + reading.flow
    high = max(guard.high, reading.equity - flows)
    if reading.day == guard.day:
        return replace(guard, high=high, flows=flows, day_flows=guard.day_flows + reading.flow)
    # What was paid in between the days is in the first equity of the new one.
    kept = frozenset(guard.warned - {DAILY, _mark(DAILY)})
    return replace(
        guard, high=high, flows=flows, day=reading.day, day_base=reading.equity, day_flows=ZERO,
        warned=kept,
    )  # fmt: skip


def _gauges(guard: Guard, params: CopyParams, reading: Reading) -> Iterator[_Gauge]:
    if guard.day_base is None or guard.high is None:
        return
    net = reading.equity - guard.flows
    if params.daily_loss is not None:
        lost = max(guard.day_base + guard.day_flows - reading.equity, ZERO)
        limit = params.daily_loss.of(guard.day_base)
        yield _Gauge(DAILY, lost, limit, lost, text(_cents(limit)), params.daily_loss_action)
    if params.drawdown_pct is not None and guard.high > 0:
        fallen = max(guard.high - net, ZERO) / guard.high * 100
        shown_limit = f"{text(params.drawdown_pct)}%"
        yield _Gauge(
            DRAWDOWN, fallen, params.drawdown_pct, fallen, shown_limit, params.drawdown_action
        )
    if params.equity_floor is not None:
        room = max(guard.high - params.equity_floor, ZERO)
        shown_limit = text(_cents(params.equity_floor))
        yield _Gauge(FLOOR, guard.high - net, room, net, shown_limit, params.floor_action)


def _why(gauge: _Gauge) -> Reason:
    value = text(_cents(gauge.shown)) + ("%" if gauge.name == DRAWDOWN else "")
    numbers = {"limit_name": gauge.name, "value": value, "limit": gauge.shown_limit}
    return Reason(Code.TRIPPED, numbers)


def _mark(name: str) -> str:
    return f"{name}!"


def _cents(value: Decimal) -> Decimal:
    return value.quantize(_CENT)
