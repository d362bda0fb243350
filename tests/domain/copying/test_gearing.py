"""Leverage and margin mode before an episode's first order, and what a fixed margin makes of it."""

from __future__ import annotations

from decimal import Decimal as D

from mtrade.domain.accounts import MarginMode
from mtrade.domain.copying.choices import AddRule, LeverageMode, SizeMode
from mtrade.domain.copying.facts import Setting
from mtrade.domain.copying.ladder import ladder
from mtrade.domain.copying.params import Share
from mtrade.domain.frozen import replace
from tests.domain.copying.facts import Bench


def margin(**params: object) -> Bench:
    """60 USDT of margin; a contract is worth 60 USDT, the follower's leverage is still 10."""
    made = Bench(size_mode=SizeMode.FIXED_MARGIN, amount=D(60), **params)
    made.follower = replace(made.follower, leverage=D(10))
    return made


def test_a_fixed_margin_counts_with_the_leverage_that_will_be_set() -> None:
    made = margin()
    made.size = D(20)
    setting = made.look().setting
    assert setting == Setting(leverage=D(5), margin_mode=MarginMode.ISOLATED)
    made.follower = replace(made.follower, leverage=D(5))
    made.to("20")
    assert made.leg.owned == D(5)


def test_and_with_the_present_one_where_that_is_left_alone() -> None:
    made = margin(leverage_mode=LeverageMode.LEAVE)
    made.to("20")
    assert made.leg.owned == D(10)


def test_each_addition_counts_with_the_leverage_in_force() -> None:
    made = margin(add_rule=AddRule.FIXED_EACH)
    made.follower = replace(made.follower, leverage=D(5))
    made.to("20")
    made.leader["leverage"] = D(2)
    made.to("30")
    assert made.leg.owned == D(10)


def test_the_ladder_shows_that_size() -> None:
    made = margin()
    rung = ladder(made.leg, made.facts(), [D(1200)])[0]
    assert (rung.follower, rung.margin) == (D(5), D(60))


def test_many_additions_of_a_fixed_size_stay_short_numbers() -> None:
    """Each is a ratio to a price of its own, and what they add up to goes with every order."""
    made = Bench(
        size_mode=SizeMode.FIXED_NOTIONAL, amount=D(600), add_rule=AddRule.FIXED_EACH,
        max_order=Share(D(10**9), percent=False), max_total=D(10**6),
    )  # fmt: skip
    for n in range(1, 301):
        made.leader["increase_price"] = D(60_000) + D(n) / 7
        made.to(str(n))
        made.now += 1_000
    episode = made.leg.episode
    assert episode is not None
    assert len(str(episode.exact)) < 60
    assert len(str(episode.k_eff)) < 60
    assert abs(made.leg.owned - D(3_000)) < 10
