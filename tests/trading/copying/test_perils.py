"""A leader's leverage and margin, a follower near its liquidation: told once, at once, to whom it
concerns."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D
from pathlib import Path

import pytest

from mtrade.domain.accounts import MarginMode
from mtrade.domain.copying.choices import LeverageMode, MarginChoice
from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import CopyChange, LinkState
from mtrade.domain.frozen import replace
from tests.trading.copying.follow import Follow, sized
from tests.trading.copying.stand import DOGE, FIRST, LEADER, SECOND, name

LEAVE = {"leverage_mode": LeverageMode.LEAVE, "margin_mode": MarginChoice.LEAVE}
READ_S = 7.0  # positions are read every five seconds


@pytest.fixture
def stand(tmp_path: Path) -> Follow:
    """Leader and followers at 10x isolated; the first one follows."""
    made = Follow(tmp_path, followers=2)
    for uid in (LEADER, FIRST, SECOND):
        gear(made, uid, "10", MarginMode.ISOLATED)
    made.follow(FIRST, **LEAVE)
    return made


def gear(stand: Follow, uid: int, leverage: str, mode: MarginMode) -> None:
    stand.lines[name(uid)].set_leverage(DOGE, D(leverage), mode)


def pad(stand: Follow, uid: int, money: str) -> None:
    """Somebody adds isolated margin."""
    futures = stand.bourse.world.futures
    (position, *_) = futures.state.legs(futures.state.account(uid, "usdt"), DOGE.name)
    futures.settings.margin(position, D(money), stand.clock.now_ms())
    stand.bourse.flush()


def alerts(stand: Follow, code: Code) -> list[dict[str, str]]:
    """What the feed says of it; each row is an alert of the right contract."""
    rows = stand.told(code)
    assert {(row.act, row.instrument) for row in rows} <= {(Act.ALERT, DOGE)}
    return [dict(row.numbers) for row in rows]


def test_the_leaders_leverage_is_told_once_with_both_values_and_the_own_one(stand: Follow) -> None:
    stand.trade("400")
    stand.run(READ_S)
    gear(stand, LEADER, "20", MarginMode.ISOLATED)
    stand.run(2.0)
    gear(stand, LEADER, "5", MarginMode.CROSS)
    stand.run(60.0)
    first, second = alerts(stand, Code.LEADER_GEARING)
    assert first == {
        "before": "10", "before_margin": "isolated", "after": "20", "after_margin": "isolated",
        "own": "10", "own_margin": "isolated",
    }  # fmt: skip
    assert (second["before"], second["after"], second["after_margin"]) == ("20", "5", "cross")
    assert alerts(stand, Code.LEADER_MARGIN) == []
    assert "LEADER_GEARING" in stand.alarms()
    assert stand.executed() == [D(400)]  # nobody trades because of it


def test_a_leverage_that_is_changed_while_flat_is_no_news(stand: Follow) -> None:
    stand.trade("400")
    stand.run(READ_S)
    stand.trade("-400")
    stand.run(1.0)
    gear(stand, LEADER, "20", MarginMode.ISOLATED)
    stand.trade("400")
    stand.run(READ_S)
    assert alerts(stand, Code.LEADER_GEARING) == []


def test_added_margin_is_told_with_the_liquidation_prices(stand: Follow) -> None:
    stand.trade("400")
    stand.run(READ_S)
    pad(stand, LEADER, "300")
    stand.run(60.0)
    (told,) = alerts(stand, Code.LEADER_MARGIN)
    assert told["added"] == "300"
    assert D(told["after"]) < D(told["before"])
    assert D(told["own"]) > D(told["after"])
    assert alerts(stand, Code.LEADER_GEARING) == []
    pad(stand, LEADER, "-200")
    stand.run(READ_S)
    assert len(alerts(stand, Code.LEADER_MARGIN)) == 1


def test_adding_to_the_position_is_not_adding_margin(stand: Follow) -> None:
    for _ in range(3):
        stand.trade("400")
        stand.run(READ_S)
    stand.trade("-200")
    stand.run(READ_S)
    assert alerts(stand, Code.LEADER_MARGIN) == []


def test_who_copies_nothing_of_it_is_not_called(stand: Follow) -> None:
    """The second one only watches, or owns nothing there."""
    watching = stand.link(SECOND, params=sized(**LEAVE), state=LinkState.SHADOW)
    stand.trade("400")
    stand.run(READ_S)
    gear(stand, LEADER, "20", MarginMode.ISOLATED)
    stand.run(READ_S)
    assert len(alerts(stand, Code.LEADER_GEARING)) == 1
    assert {row.link_id for row in stand.told(Code.LEADER_GEARING)} != {watching.id}


def near(stand: Follow, percent: str) -> Callable[[], None]:
    """Bring the mark price so near to the first follower's liquidation."""
    (row,) = stand.lines[name(FIRST)].positions("usdt")
    assert row.liq_price is not None
    assert row.mark_price is not None
    wanted = row.liq_price / (1 - D(percent) / 100)
    change = wanted / row.mark_price - 1
    return lambda: stand.bourse.move(DOGE, change)


def test_a_follower_near_its_liquidation_is_told_once_next_to_the_leaders(stand: Follow) -> None:
    stand.trade("400")
    stand.run(READ_S)
    pad(stand, LEADER, "500")
    stand.run(READ_S)
    near(stand, "4")()
    stand.run(READ_S)
    assert alerts(stand, Code.LIQ_NEAR) == []
    near(stand, "2.5")()
    stand.run(60.0)
    (told,) = alerts(stand, Code.LIQ_NEAR)
    assert D("2.3") < D(told["distance"]) <= D(3)
    assert told["limit"] == "3"
    assert D(told["leader"]) > D(told["distance"])
    assert "LIQ_NEAR" in stand.alarms()
    row = stand.row()
    assert row.liq_price is not None
    assert row.liq_pct is not None
    assert row.leader_liq_pct is not None
    assert row.liq_pct <= 3 < row.leader_liq_pct


def test_it_is_over_when_the_price_is_well_away_and_may_come_again(stand: Follow) -> None:
    stand.trade("400")
    stand.run(READ_S)
    for percent in ("2.5", "3.4", "2.5"):  # around the limit: the same occurrence
        near(stand, percent)()
        stand.run(READ_S)
    assert len(alerts(stand, Code.LIQ_NEAR)) == 1
    near(stand, "5")()
    stand.run(READ_S)
    assert "LIQ_NEAR" not in stand.alarms()
    near(stand, "2")()
    stand.run(READ_S)
    assert len(alerts(stand, Code.LIQ_NEAR)) == 2


def test_the_alarm_ends_with_the_position(stand: Follow) -> None:
    stand.trade("400")
    stand.run(READ_S)
    near(stand, "2")()
    stand.run(READ_S)
    assert "LIQ_NEAR" in stand.alarms()
    stand.trade("-400")
    stand.run(READ_S)
    assert stand.owned() == D(0)
    assert "LIQ_NEAR" not in stand.alarms()


def test_a_limit_of_zero_is_off(tmp_path: Path) -> None:
    stand = Follow(tmp_path)
    for uid in (LEADER, FIRST):
        gear(stand, uid, "10", MarginMode.ISOLATED)
    stand.follow(liq_guard_pct=D(0), **LEAVE)
    stand.trade("400")
    stand.run(READ_S)
    near(stand, "1")()
    stand.run(READ_S)
    assert alerts(stand, Code.LIQ_NEAR) == []


def test_a_start_near_liquidation_says_so_again_and_compares_with_nothing_older(
    stand: Follow,
) -> None:
    stand.trade("400")
    stand.run(READ_S)
    near(stand, "2")()
    stand.run(READ_S)
    stand.kill()
    gear(stand, LEADER, "5", MarginMode.ISOLATED)
    stand.begin()
    stand.run(20.0)
    assert len(alerts(stand, Code.LIQ_NEAR)) == 2
    assert alerts(stand, Code.LEADER_GEARING) == []


def test_hands_off_is_told_too(stand: Follow) -> None:
    stand.trade("400")
    stand.run(READ_S)
    (link,) = stand.core.book.links.values()
    stand.ask(
        lambda: stand.core.launch((), CopyChange(links=(replace(link, state=LinkState.HANDS_OFF),)))
    )
    near(stand, "2")()
    stand.run(READ_S)
    assert len(alerts(stand, Code.LIQ_NEAR)) == 1
