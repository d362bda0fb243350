"""A leader's trade is consumed by at most one order of a follower, also across a restart."""

from __future__ import annotations

from collections.abc import Iterable

from mtrade.domain.copying.model import CopyLeg, Link
from mtrade.domain.copying.params import CopyParams
from mtrade.domain.frozen import replace
from mtrade.domain.orders import Fill
from mtrade.domain.positions import Leg
from mtrade.trading.copying.causes import MOST, Causes
from tests.trading.fakes import BTC, fill_of, request, venue_order

LINK = Link(id=1, leader_id="paper:1", follower_id="paper:2", params=CopyParams())
LEG = CopyLeg(id=1, link_id=1, follower_id="paper:2", instrument=BTC, side=Leg.NET)


def fill(number: int, at: int = 1000) -> Fill:
    return fill_of(venue_order(request()), trade_id=str(number), time_ms=at)


def nothing(follower: str, leader: str, names: Iterable[str]) -> frozenset[str]:
    return frozenset()


def test_what_an_order_took_no_other_order_takes() -> None:
    causes = Causes(nothing)
    causes.heard([LINK], [fill(1), fill(2), fill(1)])
    taken = causes.taken(LINK, LEG, "t-a")
    assert [cause.trade_id for cause in taken] == ["BTC_USDT:1", "BTC_USDT:2"]
    assert causes.taken(LINK, LEG, "t-b") == ()


def test_an_order_without_effect_gives_its_trades_back() -> None:
    causes = Causes(nothing)
    causes.heard([LINK], [fill(1)])
    causes.taken(LINK, LEG, "t-a")
    causes.heard([LINK], [fill(2)])
    causes.ended("t-a", effect=False)
    again = causes.taken(LINK, LEG, "t-b")
    assert [cause.trade_id for cause in again] == ["BTC_USDT:1", "BTC_USDT:2"]
    causes.ended("t-b", effect=True)
    assert causes.taken(LINK, LEG, "t-c") == ()


def test_a_trade_of_an_earlier_run_is_not_taken_again() -> None:
    causes = Causes(lambda follower, leader, names: frozenset(names))
    causes.since_ms = 5000
    causes.heard([LINK], [fill(1, at=4000), fill(2, at=6000)])
    assert [cause.trade_id for cause in causes.taken(LINK, LEG, "t")] == ["BTC_USDT:2"]


def test_a_trade_that_an_earlier_link_consumed_is_not_taken_again() -> None:
    """The same two accounts are linked again: the journal knows what the link before took."""
    causes = Causes(lambda follower, leader, names: frozenset(names))
    again, leg = replace(LINK, id=2, created_ms=5000), replace(LEG, link_id=2)
    causes.heard([again], [fill(1, at=4000), fill(2, at=6000)])
    assert [cause.trade_id for cause in causes.taken(again, leg, "t")] == ["BTC_USDT:2"]


def test_a_leg_that_waits_for_ever_keeps_the_newest_trades_only() -> None:
    causes = Causes(nothing)
    causes.heard([LINK], [fill(n) for n in range(MOST + 5)])
    names = [cause.trade_id for cause in causes.taken(LINK, LEG, "t")]
    assert len(names) == MOST
    assert names[-1] == f"BTC_USDT:{MOST + 4}"
