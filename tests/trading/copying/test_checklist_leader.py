"""The checklist: what the leader does while mTrade looks, looks away, or is not there."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.copying.choices import OnLeaderLiq
from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import CopyChange, LegStatus
from mtrade.domain.errors import ExchangeUnavailable
from mtrade.domain.events import Event, PositionChanged
from mtrade.domain.frozen import replace
from mtrade.domain.orders import IntentState
from mtrade.domain.positions import Position
from tests.trading.copying.follow import DOGE, FIRST, LEADER, Follow, sized
from tests.trading.copying.stand import ETH, name


@pytest.fixture
def stand(tmp_path: Path) -> Follow:
    return Follow(tmp_path)


def settings(stand: Follow, link_id: int, **params: Any) -> None:
    """The link has other parameters from now on."""
    link = replace(stand.core.book.links[link_id], params=sized(**params))
    stand.ask(lambda: stand.core.launch((), CopyChange(links=(link,))))


@pytest.mark.parametrize("late_s", [0.0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.3])
@pytest.mark.parametrize(("held_s", "within_s"), [(4, 5), (0.5, 7.5)])
def test_a_close_in_the_moment_of_a_start_is_followed_soon(
    stand: Follow, held_s: float, within_s: float, late_s: float
) -> None:
    """Between the first read and the stream, where nothing tells of it but a row that is gone. For
    five seconds after it was opened that may also be a late read."""
    stand.follow()
    stand.trade("40")
    stand.run(held_s)
    assert stand.held() == 40
    stand.kill()
    stand.begin()
    stand.run(late_s)
    stand.trade("-40")
    stand.run(within_s)
    assert (stand.held(), stand.owned()) == (0, 0)


def test_c03_a_flip_closes_confirms_flat_and_opens_with_a_new_ratio(stand: Follow) -> None:
    """Two orders; the second is planned only when the first is proven to have left nothing."""
    link = stand.follow()
    stand.trade("40")
    stand.run(3)
    settings(stand, link, multiplier=D("0.5"))
    stand.trade("-60")
    stand.run(3)
    assert stand.executed() == [D(40), D(-40), D(-10)]
    _, out, again = stand.intents()
    assert (out.order.reduce_only, again.order.reduce_only) == (True, False)
    assert out.state is IntentState.DONE
    assert out.closed_ms is not None
    assert again.planned_ms >= out.closed_ms
    assert stand.leg().episodes == 2


def test_c03_the_second_leg_waits_while_the_first_is_not_flat(stand: Follow) -> None:
    stand.follow()
    stand.trade("40")
    stand.run(3)
    stand.trade("-60")  # he still found somebody
    stand.empty_book()
    stand.run(20)
    assert all(i.order.reduce_only for i in stand.intents()[1:])
    assert stand.owned() == D(40)
    stand.fill_book()
    stand.run(20)
    assert stand.executed() == [D(40), D(-40), D(-20)]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"deny": ("DOGE_USDT",)}, Code.DENIED),
        ({"max_position": D(1)}, Code.CAP_POSITION),
        ({"max_spread_bps": D("0.1")}, Code.SPREAD),
    ],
)
def test_c03_entry_checks_hold_up_the_second_leg_only(
    params: dict[str, Any], code: Code, stand: Follow
) -> None:
    link = stand.follow()
    stand.trade("40")
    stand.run(3)
    settings(stand, link, **params)
    stand.trade("-60")
    stand.run(3)
    assert stand.executed() == [D(40), D(-40)]
    assert stand.owned() == stand.held() == D(0)
    assert [row.act for row in stand.told(code)] == [Act.SKIPPED]


def away(stand: Follow, seconds: float, meanwhile: Callable[[], object]) -> None:
    """mTrade is not running for a while; the leader acts at the beginning of it."""
    stand.run(1)
    stand.kill()
    meanwhile()
    stand.run(seconds)
    stand.begin()


def test_c09_an_open_missed_a_minute_ago_is_copied_inside_the_band(stand: Follow) -> None:
    stand.follow()
    away(stand, 60, lambda: stand.trade("40"))
    stand.run(10)
    assert stand.executed() == [D(40)]
    assert stand.owned() == D(40)


def test_c09_outside_the_band_it_waits_for_a_person(stand: Follow) -> None:
    stand.follow()

    def meanwhile() -> None:
        stand.trade("40")
        stand.bourse.move(DOGE, D("0.02"))

    away(stand, 60, meanwhile)
    stand.run(10)
    assert stand.executed() == []
    why = stand.why()
    assert why is not None
    assert (why.code, why.numbers["minutes"]) == (Code.STALE, "1")
    assert {"catch_up", "skip"} <= set(stand.row().actions)


def stale(stand: Follow) -> None:
    """Seven minutes late: parked, told once, shouted, with both buttons."""
    stand.follow()
    away(stand, 420, lambda: stand.trade("40"))
    stand.run(30)
    assert stand.executed() == []
    assert stand.leg().status is LegStatus.PARKED
    assert stand.row().reason == stand.leg().reason
    (row,) = [row for row in stand.told(Code.STALE) if row.act is not Act.ALERT]
    assert row.numbers == {"minutes": "7"}
    assert Code.STALE in stand.alarms()
    assert {"catch_up", "skip"} <= set(stand.row().actions)


def test_c09_an_open_missed_seven_minutes_ago_is_caught_up_when_asked(stand: Follow) -> None:
    stale(stand)
    stand.press("catch_up")
    stand.run(3)
    assert stand.executed() == [D(40)]
    assert stand.row().in_sync
    stand.trade("-20")
    stand.run(3)
    assert stand.owned() == D(20)


def test_c09_an_open_missed_seven_minutes_ago_is_skipped_when_asked(stand: Follow) -> None:
    """Skipped for this episode; the next one is copied."""
    stale(stand)
    stand.press("skip")
    stand.run(6)
    assert stand.executed() == []
    assert stand.row().in_sync
    stand.trade("-40")
    stand.run(8)
    stand.trade("-7")
    stand.run(3)
    assert stand.executed() == [D(-7)]


def test_c10_a_close_missed_while_down_is_made_up_at_once(stand: Follow) -> None:
    """However long ago, at whatever price: as soon as two reads agree that the leader is flat."""
    stand.follow()
    stand.trade("40")
    stand.run(3)

    def meanwhile() -> None:
        stand.trade("-40")
        stand.bourse.move(DOGE, D("-0.05"))

    away(stand, 3_600, meanwhile)
    stand.run(6)
    assert stand.executed() == [D(40), D(-40)]
    assert stand.owned() == stand.held() == D(0)


def test_c10_a_reduction_missed_while_down_is_made_up_at_once(stand: Follow) -> None:
    stand.follow()
    stand.trade("40")
    stand.run(3)
    away(stand, 3_600, lambda: stand.trade("-30"))
    stand.run(2)
    assert stand.executed() == [D(40), D(-30)]


# C-11: what a read may answer while the leader is in

Rows = tuple[Position, ...]


def empty(rows: Rows) -> Rows:
    return ()


def without_one(rows: Rows) -> Rows:
    return tuple(row for row in rows if row.instrument != DOGE)


def broken(rows: Rows) -> Rows:
    raise ExchangeUnavailable("502")


@pytest.mark.parametrize("who", [LEADER, FIRST], ids=["leader", "follower"])
@pytest.mark.parametrize("answer", [empty, without_one, broken])
def test_c11_one_strange_read_is_not_flat(
    answer: Callable[[Rows], Rows], who: int, stand: Follow
) -> None:
    """Neither of the leader nor of the follower; nothing is sent, nobody is latched."""
    stand.follow()
    for contract in (DOGE, ETH):
        stand.trade("40", contract)
    stand.run(12)
    line, real = stand.lines[name(who)], stand.lines[name(who)].positions
    reads: list[float] = []

    def positions(settle: str) -> Rows:
        reads.append(stand.stage.now)
        return answer(real(settle)) if len(reads) == 1 else real(settle)

    line.positions = positions  # type: ignore[method-assign]
    before = len(stand.intents())
    stand.run(40)
    assert len(reads) > 1
    assert len(stand.intents()) == before
    assert stand.owned() == stand.held() == D(40)
    assert stand.row().in_sync
    assert stand.row().actions == ("ignore", "close")


@pytest.mark.parametrize("who", [LEADER, FIRST], ids=["leader", "follower"])
def test_c11_an_exchange_that_only_fails_is_not_flat(who: int, stand: Follow) -> None:
    """However long; entries wait, and what is held stays."""
    stand.follow()
    stand.trade("40")
    stand.run(12)
    line: Any = stand.lines[name(who)]

    def fails(*args: Any, **named: Any) -> Any:
        raise ExchangeUnavailable("503")

    for call in ("positions", "contract", "fills", "futures_account", "open_orders"):
        setattr(line, call, fails)
    stand.streams.cut(name(who), 300)
    before = len(stand.intents())
    stand.run(120)
    assert len(stand.intents()) == before
    assert stand.owned() == stand.held() == D(40)


def test_c11_two_reads_that_agree_are_flat(stand: Follow) -> None:
    """The other side of it: without any push, the second independent read counts."""
    stand.follow()
    stand.trade("40")
    stand.run(12)
    stand.streams.cut(name(LEADER), 300)
    stand.trade("-40")
    stand.run(15)
    assert stand.owned() == stand.held() == D(0)


def positions_first(stand: Follow) -> None:
    """The leader's stream tells what he holds long before it tells why."""
    hear = stand.bourse.hear

    def late(uid: int, event: Event) -> None:
        stand.stage.at(0.0 if isinstance(event, PositionChanged) else 2.0, hear, uid, event)

    stand.bourse.hear = late


@pytest.fixture(params=[False, True], ids=["cause_known", "cause_late"])
def news(request: pytest.FixtureRequest, stand: Follow) -> Follow:
    """How soon the stream tells that a change was forced."""
    if request.param:
        positions_first(stand)
    return stand


def liquidated(stand: Follow, rule: OnLeaderLiq) -> None:
    stand.follow(on_leader_liq=rule)
    stand.trade("40")
    stand.run(5)
    stand.bourse.liquidate(LEADER, DOGE)
    stand.run(5)
    assert Code.LEADER_LIQUIDATED in stand.alarms()
    assert [row.act for row in stand.told(Code.LEADER_LIQUIDATED)] == [Act.ALERT]


def test_c22_leader_liquidated_close(news: Follow) -> None:
    stand = news
    liquidated(stand, OnLeaderLiq.CLOSE)
    assert stand.executed() == [D(40), D(-40)]
    stand.trade("5")
    stand.run(5)
    assert stand.owned() == D(5)


def test_c22_leader_liquidated_keep(news: Follow) -> None:
    stand = news
    liquidated(stand, OnLeaderLiq.KEEP)
    stand.run(30)
    assert stand.executed() == [D(40)]
    why = stand.why()
    assert why is not None
    assert why.code is Code.LEADER_LIQUIDATED
    assert "close" in stand.row().actions


def test_c22_leader_liquidated_close_and_pause(news: Follow) -> None:
    """Out, and nothing new until a person lifts it."""
    stand = news
    liquidated(stand, OnLeaderLiq.CLOSE_AND_PAUSE)
    assert stand.executed() == [D(40), D(-40)]
    stand.trade("5")
    stand.run(5)
    assert stand.owned() == D(0)
    why = stand.why()
    assert why is not None
    assert why.code is Code.PAUSED
    stand.press("fix")
    stand.run(3)
    assert stand.owned() == D(5)


@pytest.mark.parametrize("rule", list(OnLeaderLiq))
def test_c22_a_close_by_own_will_is_no_liquidation(rule: OnLeaderLiq, news: Follow) -> None:
    news.follow(on_leader_liq=rule)
    news.trade("40")
    news.run(5)
    news.trade("-40")
    news.run(5)
    assert news.executed() == [D(40), D(-40)]
    assert news.alarms() == []
    news.trade("5")
    news.run(5)
    assert news.owned() == D(5)


def test_c22_keep_is_kept_over_a_restart(stand: Follow) -> None:
    """Liquidated while mTrade was down: known by the leader's trades, before anything is sent."""
    stand.follow(on_leader_liq=OnLeaderLiq.KEEP)
    stand.trade("40")
    stand.run(3)
    away(stand, 60, lambda: stand.bourse.liquidate(LEADER, DOGE))
    stand.run(30)
    assert stand.executed() == [D(40)]
    assert Code.LEADER_LIQUIDATED in stand.alarms()


@pytest.mark.parametrize("rule", list(OnLeaderLiq))
@pytest.mark.parametrize("text", ["liq-77", "auto_deleveraging"])
def test_c23_a_leader_reduced_by_force_is_followed_in_proportion(
    text: str, rule: OnLeaderLiq, news: Follow
) -> None:
    """Partly liquidated or deleveraged: a reduction like any other, with an alarm."""
    stand = news
    stand.follow(multiplier=D("0.5"), on_leader_liq=rule)
    stand.trade("40")
    stand.run(3)
    stand.forced(LEADER, "-10", text)
    stand.run(5)
    assert stand.executed() == [D(20), D(-5)]
    assert Code.LEADER_LIQUIDATED in stand.alarms()
    assert [row.act for row in stand.told(Code.LEADER_LIQUIDATED)] == [Act.ALERT]


@pytest.mark.parametrize("rule", list(OnLeaderLiq))
def test_c23_what_the_leader_does_himself_after_that_is_no_liquidation(
    rule: OnLeaderLiq, news: Follow
) -> None:
    """He closes the rest by his own will: out, whatever the rule for liquidations is."""
    stand = news
    stand.follow(on_leader_liq=rule)
    stand.trade("40")
    stand.run(3)
    stand.forced(LEADER, "-10", "liq-77")
    stand.run(5)
    stand.trade("-30")
    stand.run(5)
    assert stand.executed() == [D(40), D(-10), D(-30)]
    assert not stand.leg().paused
