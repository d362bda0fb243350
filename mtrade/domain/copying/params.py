"""The parameters of a link: one table that checks input, fills the settings drawer and the docs.

Every field of `CopyParams` is one parameter; its metadata is a `Rule`. Money is USDT, a percentage
is a number like 5 for 5 %, `bps` are hundredths of a percent. Numbers are Decimal or int, a
parameter that is off is None. Sizing parameters act from the next episode, all others at once.
"""

# ruff: noqa: RUF009 - the calls make fields
from __future__ import annotations

from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any

from mtrade.domain.copying import choices as c


class Group(StrEnum):
    """The part of the settings drawer a parameter belongs to."""

    SIZE = "size"
    CAPS = "caps"
    PRICE = "price"
    SAFETY = "safety"
    MARGIN = "margin"
    JOIN = "join"
    HANDS = "hands"


class Kind(StrEnum):
    """How a value is written in JSON: numbers and money as decimal text, the rest as it is."""

    NUMBER = "number"
    WHOLE = "whole"
    FLAG = "flag"
    CHOICE = "choice"
    NAMES = "names"
    STEPS = "steps"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Share:
    """An amount of USDT, or a percentage of the follower's equity; written `250` or `5%`."""

    value: Decimal
    percent: bool

    def of(self, equity: Decimal) -> Decimal:
        """The amount in USDT."""
        return equity * self.value / 100 if self.percent else self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a parameter may be. `optional` allows None (off); `unit` is shown behind the field."""

    group: Group
    kind: Kind
    low: Decimal | None = None
    high: Decimal | None = None
    unit: str = ""
    optional: bool = False
    choices: type[StrEnum] | None = None


def _rule(default: Any, group: Group, kind: Kind, *bounds: str, **more: Any) -> Any:
    low, high = (Decimal(b) for b in bounds) if bounds else (None, None)
    rule = Rule(group=group, kind=kind, low=low, high=high, **more)
    return field(default=default, metadata={"rule": rule})


def _number(default: str | None, group: Group, low: str, high: str, unit: str = "") -> Any:
    value = None if default is None else Decimal(default)
    return _rule(value, group, Kind.NUMBER, low, high, unit=unit, optional=default is None)


def _whole(default: int | None, group: Group, low: str, high: str, unit: str = "") -> Any:
    return _rule(default, group, Kind.WHOLE, low, high, unit=unit, optional=default is None)


def _choice(default: StrEnum, group: Group) -> Any:
    return _rule(default, group, Kind.CHOICE, choices=type(default))


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyParams:
    """All parameters; meanings in docs/copying.md. `amount` is what the fixed size modes fix: USDT
    of position value, USDT of margin, or contracts. An empty `allow` allows everything."""

    size_mode: c.SizeMode = _choice(c.SizeMode.EQUITY, Group.SIZE)
    multiplier: Decimal = _number("1", Group.SIZE, "0.01", "100")
    amount: Decimal | None = _number(None, Group.SIZE, "0.0001", "100000000")
    equity_base: c.EquityBase = _choice(c.EquityBase.WALLET, Group.SIZE)
    add_rule: c.AddRule = _choice(c.AddRule.PROPORTIONAL, Group.SIZE)
    resize_tolerance: Decimal = _number("0", Group.SIZE, "0", "50", "%")
    inverse: bool = _rule(False, Group.SIZE, Kind.FLAG)
    side_filter: c.SideFilter = _choice(c.SideFilter.BOTH, Group.SIZE)
    rounding: c.Rounding = _choice(c.Rounding.DOWN, Group.SIZE)
    below_min: c.BelowMin = _choice(c.BelowMin.SKIP, Group.SIZE)
    max_bump_factor: Decimal = _number("3", Group.SIZE, "1", "100", "x")

    max_order: Share = _rule(Share(Decimal(100), True), Group.CAPS, Kind.SHARE, "0.01", "100000000")
    max_position: Decimal | None = _number(None, Group.CAPS, "1", "100000000", "USDT")
    max_total: Decimal = _number("3", Group.CAPS, "0.01", "100", "x")
    max_open_positions: int = _whole(10, Group.CAPS, "1", "200")
    max_margin_pct: Decimal = _number("80", Group.CAPS, "1", "100", "%")
    min_free_margin_pct: Decimal = _number("10", Group.CAPS, "0", "99", "%")
    max_entries_per_min: int = _whole(20, Group.CAPS, "1", "30")
    max_adds: int | None = _whole(None, Group.CAPS, "0", "1000")
    insufficient_margin: c.MarginPolicy = _choice(c.MarginPolicy.CLIP, Group.CAPS)
    cap_policy: c.CapPolicy = _choice(c.CapPolicy.CLIP, Group.CAPS)
    allow: tuple[str, ...] = _rule((), Group.CAPS, Kind.NAMES)
    deny: tuple[str, ...] = _rule((), Group.CAPS, Kind.NAMES)
    min_leader_value: Decimal = _number("0", Group.CAPS, "0", "100000000", "USDT")
    min_volume_24h: Decimal | None = _number(None, Group.CAPS, "1", "100000000000", "USDT")
    max_spread_bps: Decimal | None = _number(None, Group.CAPS, "0.1", "10000", "bps")

    entry_slip_bps: Decimal = _number("30", Group.PRICE, "1", "1000", "bps")
    entry_retry_s: int = _whole(10, Group.PRICE, "0", "300", "s")
    exit_steps_bps: tuple[Decimal, ...] = _rule(
        (Decimal(30), Decimal(100), Decimal(300)), Group.PRICE, Kind.STEPS, "1", "5000", unit="bps"
    )
    late_band_bps: Decimal = _number("50", Group.PRICE, "1", "2000", "bps")
    signal_max_age_ms: int = _whole(3000, Group.PRICE, "500", "60000", "ms")
    coalesce_ms: int = _whole(150, Group.PRICE, "0", "5000", "ms")

    daily_loss: Share | None = _rule(
        Share(Decimal(5), True), Group.SAFETY, Kind.SHARE, "0.01", "100000000", optional=True
    )
    daily_loss_action: c.LimitAction = _choice(c.LimitAction.CLOSE_ONLY, Group.SAFETY)
    drawdown_pct: Decimal | None = _rule(
        Decimal(15), Group.SAFETY, Kind.NUMBER, "0.1", "100", unit="%", optional=True
    )
    drawdown_action: c.LimitAction = _choice(c.LimitAction.CLOSE_ONLY, Group.SAFETY)
    equity_floor: Decimal | None = _number(None, Group.SAFETY, "0", "100000000", "USDT")
    floor_action: c.LimitAction = _choice(c.LimitAction.CLOSE_ONLY, Group.SAFETY)
    reject_count: int = _whole(5, Group.SAFETY, "1", "100")
    reject_window_s: int = _whole(60, Group.SAFETY, "1", "3600", "s")
    rearm: c.Rearm = _choice(c.Rearm.MANUAL, Group.SAFETY)
    warn_at_pct: Decimal = _number("70", Group.SAFETY, "1", "100", "%")
    liq_guard_pct: Decimal = _number("3", Group.SAFETY, "0", "50", "%")
    on_leader_liq: c.OnLeaderLiq = _choice(c.OnLeaderLiq.CLOSE, Group.SAFETY)
    blind_alert_s: int = _whole(30, Group.SAFETY, "5", "3600", "s")
    on_blind: c.OnBlind = _choice(c.OnBlind.HOLD, Group.SAFETY)
    blind_close_min: int = _whole(10, Group.SAFETY, "1", "1440", "min")

    max_leverage: Decimal = _number("10", Group.MARGIN, "1", "200", "x")
    leverage_mode: c.LeverageMode = _choice(c.LeverageMode.CAP, Group.MARGIN)
    fixed_leverage: Decimal | None = _number(None, Group.MARGIN, "1", "200", "x")
    margin_mode: c.MarginChoice = _choice(c.MarginChoice.MIRROR, Group.MARGIN)
    on_leverage_fail: c.OnFail = _choice(c.OnFail.SKIP, Group.MARGIN)
    hedge_to_one_way: c.HedgeToOneWay = _choice(c.HedgeToOneWay.REFUSE, Group.MARGIN)

    late_join: c.LateJoin = _choice(c.LateJoin.WAIT_FLAT, Group.JOIN)
    late_slip_bps: Decimal = _number("0", Group.JOIN, "0", "2000", "bps")
    late_entries: c.LateEntries = _choice(c.LateEntries.CONVERGE, Group.JOIN)

    on_manual_reduce: c.OnReduce = _choice(c.OnReduce.RESPECT, Group.HANDS)
    on_manual_close: c.OnClose = _choice(c.OnClose.RESPECT, Group.HANDS)
    on_manual_add: c.OnAdd = _choice(c.OnAdd.FOREIGN, Group.HANDS)
    on_foreign: c.OnForeign = _choice(c.OnForeign.BLOCK_CONTRACT, Group.HANDS)


RULES: dict[str, Rule] = {f.name: f.metadata["rule"] for f in fields(CopyParams)}
