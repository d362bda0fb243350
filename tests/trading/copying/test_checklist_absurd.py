"""The checklist: a leader beyond all reason. Its fills are merged, caps hold, and no account gets
more than thirty increasing orders in any minute."""

from __future__ import annotations

from decimal import Decimal as D
from itertools import cycle, pairwise
from pathlib import Path

import pytest

from mtrade.domain.copying.codes import Act, Code
from mtrade.domain.copying.model import CopyChange
from mtrade.domain.copying.params import CopyParams
from mtrade.domain.frozen import replace
from tests.trading.copying.follow import Follow, sized
from tests.trading.copying.stand import ADA, DOGE, ETH, FIRST, LEADER, SECOND, name

MINUTE_MS = 60_000
CALM_S = 80.0
MOST, MOST_OF_LINK = 30, 20


def increases(stand: Follow, uid: int = FIRST) -> list[int]:
    """When entries were decided."""
    return [
        intent.planned_ms for intent in stand.intents()
        if intent.account_id == name(uid) and not intent.order.reduce_only
    ]  # fmt: skip


def in_a_minute(times: list[int]) -> int:
    return max((sum(at <= other < at + MINUTE_MS for other in times) for at in times), default=0)


def busy(**more: object) -> CopyParams:
    """A link that may enter as often as an account may."""
    return sized(max_entries_per_min=MOST, late_band_bps=D(2000), **more)


@pytest.fixture
def stand(tmp_path: Path) -> Follow:
    return Follow(tmp_path)


def test_c42_a_thousand_fills_a_second_are_merged(stand: Follow) -> None:
    """Three seconds of them are a handful of orders, and all is there in the end."""
    stand.follow(late_band_bps=D(2000))
    for n in range(3_000):
        stand.stage.at(n / 1000, stand.trade, "1")
    stand.run(3.5)
    sent = increases(stand)
    assert 5 <= len(sent) <= MOST_OF_LINK
    assert min(b - a for a, b in pairwise(sent)) >= 150
    stand.run(CALM_S)
    assert stand.owned() == stand.held() == D(3_000)
    assert in_a_minute(increases(stand)) <= MOST_OF_LINK


def test_c42_dust_that_rounds_away_sends_nothing_and_dust_that_does_not_is_bounded(
    stand: Follow,
) -> None:
    stand.follow(multiplier=D("0.5"))
    stand.trade("40")
    stand.run(5)
    sizes = cycle(["1", "-1"])
    for n in range(600):
        stand.stage.at(n / 10, stand.trade, next(sizes))
    stand.run(65)
    assert len(stand.bourse.arrivals) == 1
    sizes = cycle(["2", "-2"])
    for n in range(600):
        stand.stage.at(n / 10, stand.trade, next(sizes))
    stand.run(60)
    assert in_a_minute(increases(stand)) <= MOST_OF_LINK
    stand.run(CALM_S)
    assert stand.owned() == stand.held() == D(20)


def test_c42_a_flip_every_second_is_followed_within_the_rate(stand: Follow) -> None:
    """Exits are never counted: the follower is never left on the wrong side."""
    stand.follow(late_band_bps=D(2000))
    stand.trade("40")
    sizes = cycle(["-80", "80"])
    for n in range(1, 120):
        stand.stage.at(float(n), stand.trade, next(sizes))
    wrong = 0
    stand.run(0.8)  # a flip is seen and left in less than a second
    for _ in range(120):
        stand.run(1.0)
        wrong += stand.held() * stand.bourse.held(LEADER, DOGE) < 0
    assert wrong == 0
    assert in_a_minute(increases(stand)) <= MOST_OF_LINK
    assert [row.act for row in stand.told(Code.CAP_RATE)][:1] == [Act.DELAYED]
    stand.run(CALM_S)
    assert stand.owned() == stand.held() == stand.bourse.held(LEADER, DOGE) != 0


def churn(stand: Follow, seconds: int) -> None:
    """A leader who comes and goes in three contracts, several times a second."""
    for n in range(seconds * 4):
        contract = (DOGE, ETH, ADA)[n % 3]
        size = "2" if n // 3 % 2 == 0 else "-2"
        stand.stage.at(n / 4, stand.trade, size, contract)
    stand.run(float(seconds))


def test_c42_two_links_of_an_account_share_thirty_a_minute(tmp_path: Path) -> None:
    """Two leaders, each with contracts of its own."""
    stand = Follow(tmp_path, 2)
    link = stand.link(params=busy(allow=("DOGE_USDT",)))
    other = replace(
        link, id=stand.core.book.next_link_id(), leader_id=name(SECOND),
        params=busy(allow=("ETH_USDT",)),
    )  # fmt: skip
    stand.ask(lambda: stand.core.launch((), CopyChange(links=(other,))))
    stand.run(8)
    for n in range(180):
        size = "2" if n % 2 == 0 else "-2"
        stand.stage.at(n / 2, stand.trade, size, DOGE, LEADER)
        stand.stage.at(n / 2, stand.trade, size, ETH, SECOND)
    stand.run(90)
    assert stand.held(contract=DOGE) == stand.held(contract=ETH) == 0
    assert MOST_OF_LINK < in_a_minute(increases(stand)) <= MOST
    sent = {i.order.instrument for i in stand.intents() if i.account_id == name(FIRST)}
    assert sent == {DOGE, ETH}


def test_c42_a_restart_does_not_begin_the_minute_anew(stand: Follow) -> None:
    stand.link(params=busy())
    stand.run(8)
    for _ in range(4):
        churn(stand, 12)
        stand.kill()
        stand.begin()
    stand.run(CALM_S)
    assert in_a_minute(increases(stand)) <= MOST


def test_c42_the_engine_keeps_pace_with_a_crowd_of_fills(stand: Follow) -> None:
    """What waits in the inbox does not grow: a second after the last fill nothing is behind."""
    stand.follow(late_band_bps=D(2000), max_entries_per_min=30)
    for n in range(2_000):
        stand.stage.at(n / 1000, stand.trade, "1" if n % 2 else "-1")
    stand.run(3.0)
    assert stand.leg().pending is None
    stand.run(CALM_S)
    assert stand.owned() == stand.held() == stand.bourse.held(LEADER, DOGE)
