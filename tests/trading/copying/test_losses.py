"""Loss limits on the running engine: what trips, what follows, what is not counted."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path

import pytest

from mtrade.domain.copying import step as core
from mtrade.domain.copying.choices import LimitAction, SizeMode
from mtrade.domain.copying.codes import Code
from mtrade.domain.copying.model import LinkState
from mtrade.domain.copying.params import CopyParams, Share
from mtrade.domain.frozen import replace
from tests.trading.copying.stand import DOGE, FIRST, Stand

ONE = CopyParams(size_mode=SizeMode.RATIO, max_order=Share(D(10**6), False), max_total=D(100))
WAIT_S = 30.0  # wallets are read every ten seconds


def stand_with(folder: Path, **params: object) -> Stand:
    stand = Stand(folder, 1, step=core.step, booked=core.booked)
    stand.link(params=replace(ONE, **params))  # type: ignore[arg-type]
    stand.run(15)
    stand.trade("60000")
    stand.run(WAIT_S)
    assert stand.held() == 60_000
    return stand


def state(stand: Stand) -> LinkState:
    return stand.store.load().links[0].state


def test_c28_a_floor_stops_entries_and_leaves_the_position(tmp_path: Path) -> None:
    stand = stand_with(tmp_path, equity_floor=D(99_000), daily_loss=None)
    stand.bourse.move(DOGE, D("-0.02"))
    stand.run(WAIT_S)
    assert state(stand) is LinkState.TRIPPED
    why = stand.store.load().links[0].why
    assert why is not None
    assert why.code is Code.TRIPPED
    stand.trade("100")
    stand.run(10)
    assert stand.held() == 60_000
    stand.trade("-60100")
    stand.run(10)
    assert stand.held() == 0


def test_c28_a_days_loss_may_flatten(tmp_path: Path) -> None:
    action = LimitAction.FLATTEN_AND_STOP
    stand = stand_with(tmp_path, daily_loss=Share(D(1), True), daily_loss_action=action)
    stand.bourse.move(DOGE, D("-0.02"))
    stand.run(WAIT_S)
    assert (state(stand), stand.held()) == (LinkState.TRIPPED, D(0))


def test_c28_an_alert_only_tells(tmp_path: Path) -> None:
    action = LimitAction.ALERT
    stand = stand_with(tmp_path, daily_loss=Share(D(1), True), daily_loss_action=action)
    stand.bourse.move(DOGE, D("-0.02"))
    stand.run(WAIT_S)
    assert state(stand) is LinkState.ON
    assert stand.store.events(code=Code.TRIPPED)


@pytest.mark.parametrize("change", ["20000", "-20000"])
def test_c29_money_paid_in_or_out_is_no_result(tmp_path: Path, change: str) -> None:
    stand = stand_with(tmp_path, daily_loss=Share(D(1), True), drawdown_pct=D(1))
    futures, now = stand.bourse.world.futures, stand.clock.now_ms()
    move = futures.deposit if D(change) > 0 else futures.withdraw
    move(FIRST, "usdt", abs(D(change)), now)
    stand.run(WAIT_S)
    assert state(stand) is LinkState.ON
    stand.bourse.move(DOGE, D("-0.02"))
    stand.run(WAIT_S)
    assert state(stand) is LinkState.TRIPPED
