"""The checklist: loss limits, on equity net of what was paid in or out."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal as D
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.copying.choices import LimitAction, Rearm
from mtrade.domain.copying.codes import Code
from mtrade.domain.copying.guards import Reading, Trip, armed, measured, rearms
from mtrade.domain.copying.model import Guard, Link, LinkState
from mtrade.domain.copying.params import CopyParams, Share
from mtrade.domain.frozen import replace

OFF = CopyParams(daily_loss=None, drawdown_pct=None, equity_floor=None)
DAY = "2026-03-01"


def run(params: CopyParams, *steps: tuple[str, str], day: str = DAY) -> list[Trip]:
    """Equities and flows, one after the other."""
    guard, found = Guard(), []
    for equity, flow in steps:
        guard, trips = measured(guard, params, Reading(equity=D(equity), day=day, flow=D(flow)))
        found += trips
    return found


@pytest.mark.parametrize("action", list(LimitAction))
def test_c28_daily_loss_each_action(action: LimitAction) -> None:
    params = replace(OFF, daily_loss=Share(D(5), True), daily_loss_action=action)
    trips = run(params, ("1000", "0"), ("964", "0"), ("950.01", "0"), ("950", "0"), ("940", "0"))
    assert [(t.limit, t.action) for t in trips] == [("daily_loss", None), ("daily_loss", action)]
    assert trips[1].why.code is Code.TRIPPED
    assert trips[1].why.numbers == {"limit_name": "daily_loss", "value": "50", "limit": "50"}


@pytest.mark.parametrize("action", list(LimitAction))
def test_c28_drawdown_from_the_high_water_mark_each_action(action: LimitAction) -> None:
    params = replace(OFF, drawdown_pct=D(15), drawdown_action=action)
    trips = run(params, ("1000", "0"), ("1200", "0"), ("1073", "0"), ("1020", "0"))
    assert [t.action for t in trips] == [None, action]
    assert trips[1].why.numbers == {"limit_name": "drawdown", "value": "15%", "limit": "15%"}


@pytest.mark.parametrize("action", list(LimitAction))
def test_c28_floor_each_action(action: LimitAction) -> None:
    params = replace(OFF, equity_floor=D(500), floor_action=action)
    trips = run(params, ("1000", "0"), ("651", "0"), ("650", "0"), ("500", "0"))
    assert [t.action for t in trips] == [None, action]
    assert trips[1].why.numbers["limit"] == "500"


def test_c28_a_reached_limit_is_told_once_until_armed_again() -> None:
    params = replace(OFF, daily_loss=Share(D(50), False))
    guard, first = measured(armed(Reading(equity=D(1000), day=DAY)), params,
                            Reading(equity=D(900), day=DAY))  # fmt: skip
    guard, again = measured(guard, params, Reading(equity=D(890), day=DAY))
    assert (len(first), again) == (1, ())
    guard = armed(Reading(equity=D(890), day=DAY))
    guard, after = measured(guard, params, Reading(equity=D(889), day=DAY))
    assert after == ()
    _, third = measured(guard, params, Reading(equity=D(840), day=DAY))
    assert [t.action for t in third] == [LimitAction.CLOSE_ONLY]


def test_c28_re_arming_by_hand_or_with_the_next_day() -> None:
    link = Link(id=1, leader_id="paper:1", follower_id="paper:2", params=CopyParams(),
                state=LinkState.TRIPPED, guard=Guard(day=DAY))  # fmt: skip
    assert not rearms(link, "2026-03-02")
    daily = replace(link, params=CopyParams(rearm=Rearm.NEXT_DAY))
    assert not rearms(daily, DAY)
    assert rearms(daily, "2026-03-02")
    assert not rearms(replace(daily, state=LinkState.ON), "2026-03-02")


def test_c29_a_deposit_during_a_loss_day_hides_no_loss() -> None:
    params = replace(OFF, daily_loss=Share(D(5), True))
    trips = run(params, ("1000", "0"), ("1460", "500"), ("1450", "0"))
    assert [t.action for t in trips] == [None, LimitAction.CLOSE_ONLY]
    assert run(params, ("1000", "0"), ("500", "-500"), ("490", "0")) == []


def test_c29_a_withdrawal_is_no_drawdown() -> None:
    params = replace(OFF, drawdown_pct=D(15))
    assert run(params, ("1000", "0"), ("600", "-400"), ("900", "300")) == []
    trips = run(params, ("1000", "0"), ("600", "-400"), ("450", "0"))
    assert [t.action for t in trips] == [LimitAction.CLOSE_ONLY]


def test_c29_funding_across_the_boundary_belongs_to_the_day_it_is_paid_in() -> None:
    params = replace(OFF, daily_loss=Share(D(10), False), warn_at_pct=D(100))
    guard = armed(Reading(equity=D(1000), day=DAY))
    guard, before = measured(guard, params, Reading(equity=D(995), day=DAY))
    guard, boundary = measured(guard, params, Reading(equity=D(989), day="2026-03-02"))
    assert (before, boundary) == ((), ())
    assert guard.day_base == 989
    _, after = measured(guard, params, Reading(equity=D(979), day="2026-03-02"))
    assert [t.limit for t in after] == ["daily_loss"]


def test_c29_a_day_of_23_or_25_hours_ends_when_the_zone_says_so() -> None:
    params = replace(OFF, daily_loss=Share(D(10), False))
    for begin in (datetime(2026, 3, 29), datetime(2026, 10, 25)):  # noqa: DTZ001
        zone = ZoneInfo("Europe/Berlin")
        at = begin.replace(tzinfo=zone).astimezone(ZoneInfo("UTC"))
        guard, days = Guard(), []
        for hour in range(27):
            day = (at + timedelta(hours=hour)).astimezone(zone).date().isoformat()
            guard, _ = measured(guard, params, Reading(equity=D(1000 - hour), day=day))
            days.append((day, guard.day_base))
        hours = sum(day == begin.date().isoformat() for day, _ in days)
        assert hours in (23, 25)
        assert days[hours][1] == 1000 - hours


def test_a_new_day_forgets_the_daily_warning_only() -> None:
    params = replace(OFF, daily_loss=Share(D(50), False), drawdown_pct=D(10))
    guard = armed(Reading(equity=D(1000), day=DAY))
    guard, _ = measured(guard, params, Reading(equity=D(900), day=DAY))
    guard, trips = measured(guard, params, Reading(equity=D(900), day="2026-03-02"))
    assert trips == ()
    assert "drawdown" in guard.warned
    assert "daily_loss" not in guard.warned


money = st.integers(-500, 500).map(D)


@given(moves=st.lists(st.tuples(money, money), max_size=20))
def test_flows_change_no_limit(moves: list[tuple[D, D]]) -> None:
    """The same trading with and without money moving in and out trips the same drawdown."""
    params = replace(OFF, daily_loss=Share(D(200), False), equity_floor=D(700))
    plain, moved = Guard(), Guard()
    equity, with_flows = D(10_000), D(10_000)
    for gain, flow in [(D(0), D(0)), *moves]:
        equity += gain
        with_flows += gain + flow
        plain, one = measured(plain, params, Reading(equity=equity, day=DAY))
        moved, two = measured(moved, params, Reading(equity=with_flows, day=DAY, flow=flow))
        assert [(t.limit, t.action) for t in one] == [(t.limit, t.action) for t in two]
