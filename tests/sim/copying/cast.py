"""What one schedule is about, drawn from its seed: who follows how, and what may happen.

Every feature is absent in many schedules, so that no trouble hides another. In a `plain` schedule
nothing but the leader decides the sizes, and they are demanded exactly.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal as D

from mtrade.domain.copying.choices import (
    BelowMin,
    CapPolicy,
    HedgeToOneWay,
    LateJoin,
    LeverageMode,
    MarginChoice,
    SizeMode,
)
from mtrade.domain.copying.params import CopyParams, Share
from mtrade.domain.instruments import InstrumentId
from tests.sim.copying.bourse import CONTRACTS
from tests.sim.copying.troubles import Weather

STORM_S, CALM_S = 60.0, 80.0
LEADER = 1
TOUCHED = 0.35  # share of schedules in which others trade on followers
RICH = D(10_000_000)


@dataclass(frozen=True, kw_only=True)
class Follower:
    """`exact`: nothing but the leader's size decides. `joins_s`: when the link is armed; before it
    is there and only watches when `watches`."""

    uid: int
    params: CopyParams
    money: D
    hedge: bool
    exact: bool
    joins_s: float = 0.0
    watches: bool = False


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Times are seconds from the start; rates of nothing are 0."""

    plain: bool
    contracts: tuple[InstrumentId, ...]
    leader_hedge: bool
    leader_money: D
    followers: tuple[Follower, ...]
    clock_error_ms: int
    crash_s: float
    fused: bool
    moves_s: float
    depths: tuple[D, ...]
    touches_s: tuple[float, ...]
    cuts_s: tuple[float, ...]
    halts: tuple[tuple[float, float], ...]
    full: tuple[tuple[float, float], ...]
    pace_s: float


def drawn(pick: random.Random, weather: Weather) -> Cast:
    """The cast of a schedule."""
    plain = pick.random() < 0.6
    hedge = pick.random() < 0.2
    wild = not plain
    contracts = tuple(pick.sample(CONTRACTS, pick.choice([1, 2, 2, 3])))
    return Cast(
        plain=plain,
        contracts=contracts,
        leader_hedge=hedge,
        leader_money=D(100_000),
        followers=tuple(_follower(pick, 2 + n, plain, hedge) for n in range(3)),
        clock_error_ms=pick.choice([0, 0, 0, -200, 150]),
        crash_s=pick.choice([0.0, weather.crash_s, weather.crash_s, weather.crash_s * 2]),
        fused=pick.random() < 0.6,
        moves_s=pick.choice([0.0, 4.0, 15.0]) if wild else 0.0,
        depths=(D(1), D("0.02"), D(0)) if wild and pick.random() < 0.3 else (),
        touches_s=_times(pick, 4) if wild and pick.random() < TOUCHED else (),
        cuts_s=_times(pick, pick.choice([0, 0, 2, 6])),
        halts=_spans(pick, 0.2, 8.0),
        full=_spans(pick, 0.15, 5.0),
        pace_s=pick.choice([2.5, 5.0, 8.0]),
    )


def _times(pick: random.Random, most: int) -> tuple[float, ...]:
    return tuple(pick.uniform(4.0, STORM_S) for _ in range(most))


def _spans(pick: random.Random, share: float, longest: float) -> tuple[tuple[float, float], ...]:
    if pick.random() >= share:
        return ()
    return tuple((pick.uniform(3.0, STORM_S - 9.0), pick.uniform(0.5, longest)) for _ in range(2))


def _follower(pick: random.Random, uid: int, plain: bool, leader_hedge: bool) -> Follower:
    hedge = pick.random() < (0.75 if leader_hedge else 0.25)
    free = _free(pick)
    mode = pick.choice([SizeMode.RATIO, SizeMode.RATIO, SizeMode.EQUITY, SizeMode.FIXED_CONTRACTS])
    free["size_mode"] = mode
    if mode is SizeMode.FIXED_CONTRACTS:
        free["amount"] = D(pick.choice(["3", "12", "50"]))
    else:
        free["multiplier"] = D(pick.choice(["0.25", "0.35", "0.5", "1", "1.7"]))
    free["inverse"] = pick.random() < 0.15
    money = RICH
    if mode is SizeMode.EQUITY:
        money = D(pick.choice([40_000, 150_000]))
    if leader_hedge:
        free["hedge_to_one_way"] = HedgeToOneWay.NET
    joins_s = 0.0
    if not plain:
        if pick.random() < 0.4:
            free |= _capped(pick)
        free["below_min"] = pick.choice(list(BelowMin))
        if pick.random() < 0.3:
            joins_s = pick.uniform(5.0, 40.0)
            free["late_join"] = pick.choice(
                [LateJoin.WAIT_FLAT, LateJoin.COPY_NOW, LateJoin.ADDS_ONLY, LateJoin.IF_BETTER]
            )
    return Follower(
        uid=uid,
        params=CopyParams(**free),  # type: ignore[arg-type]
        money=money,
        hedge=hedge,
        exact=plain,
        joins_s=joins_s,
        watches=pick.random() < 0.5,
    )


def _free(pick: random.Random) -> dict[str, object]:
    """Parameters under which nothing but the leader's size counts."""
    geared = pick.random() < 0.25
    return {
        "below_min": BelowMin.ACCUMULATE,
        "max_order": Share(RICH * 10, False),
        "max_total": D(100),
        "max_margin_pct": D(100),
        "min_free_margin_pct": D(0),
        "max_entries_per_min": 30,
        "daily_loss": None,
        "drawdown_pct": None,
        "reject_count": 100,
        "leverage_mode": LeverageMode.CAP if geared else LeverageMode.LEAVE,
        "margin_mode": MarginChoice.MIRROR if geared else MarginChoice.LEAVE,
        "coalesce_ms": pick.choice([0, 150, 150, 1000]),
    }


def _capped(pick: random.Random) -> dict[str, object]:
    return {
        "max_position": D(pick.choice([100, 400, 1500])),
        "cap_policy": pick.choice(list(CapPolicy)),
        "max_open_positions": pick.choice([1, 2, 10]),
    }
