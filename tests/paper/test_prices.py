"""Synthetic prices: deterministic, alive, clustered, and continuous after being set."""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import pairwise
from statistics import mean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.paper.catalogue import COINS
from mtrade.paper.prices import IndexPrices, Premium, funding_rate
from tests.paper.floor import NOW

STEPS = st.lists(st.integers(0, 3_000), min_size=1, max_size=40)


def _path(seed: int, steps: list[int]) -> list[tuple[Decimal, ...]]:
    prices, at, path = IndexPrices(seed, NOW), NOW, []
    for step in steps:
        at += step
        prices.advance(at)
        path.append(tuple(prices[coin.symbol] for coin in COINS))
    return path


@given(seed=st.integers(0, 10**6), steps=STEPS)
def test_the_same_seed_and_ticks_give_the_same_path(seed: int, steps: list[int]) -> None:
    assert _path(seed, steps) == _path(seed, steps)


def test_another_seed_gives_another_path() -> None:
    assert _path(1, [1000] * 5) != _path(2, [1000] * 5)


def _returns(symbol: str, count: int) -> list[float]:
    prices, at, found = IndexPrices(3, NOW), NOW, []
    for _ in range(count):
        before, at = prices[symbol], at + 1000
        prices.advance(at)
        found.append(math.log(prices[symbol] / before))
    return found


def test_volatility_is_plausible_and_comes_in_clusters() -> None:
    """A year's deviation near the coin's own, and minutes that differ more than chance allows."""
    moves = _returns("BTC", 20_000)
    yearly = pstdev(moves) * math.sqrt(365 * 86_400)
    assert 0.2 < yearly < 1.2
    hours = [pstdev(moves[n : n + 2_000]) for n in range(0, len(moves), 2_000)]
    # Two thousand draws of one deviation would scatter by about 1.6 %.
    assert pstdev(hours) / mean(hours) > 0.05


def test_coins_move_together() -> None:
    bitcoin, ether = _returns("BTC", 4_000), _returns("ETH", 4_000)
    together = mean(a * b for a, b in zip(bitcoin, ether, strict=True))
    assert together / pstdev(bitcoin) / pstdev(ether) > 0.5


def test_a_pause_is_not_a_leap_and_a_clock_going_back_changes_nothing() -> None:
    prices = IndexPrices(5, NOW)
    prices.advance(NOW + 86_400_000)
    assert abs(prices["BTC"] / 64_000 - 1) < Decimal("0.01")
    before = prices["BTC"]
    prices.advance(NOW)
    assert prices["BTC"] == before


def test_a_set_price_holds_exactly_and_the_walk_goes_on_from_there() -> None:
    prices = IndexPrices(5, NOW)
    prices.put("BTC", Decimal("51234.5"))
    assert prices["BTC"] == Decimal("51234.5")
    prices.advance(NOW + 1000)
    assert prices["BTC"] != Decimal("51234.5")
    assert abs(prices["BTC"] / Decimal("51234.5") - 1) < Decimal("0.002")


def test_mark_follows_the_index_smoothly() -> None:
    """Mark lies on its grid, close to the index, and moves less than the premium does."""
    premium, index, step = Premium(5, "usdt:BTC_USDT", NOW), Decimal(64_000), Decimal("0.01")
    marks, fairs = [], []
    for _ in range(2_000):
        premium.advance(1000)
        marks.append(premium.mark(index, step))
        fairs.append(premium.fair(index))
    assert all(mark % step == 0 and abs(mark / index - 1) < Decimal("0.005") for mark in marks)
    moves = [abs(b - a) for a, b in pairwise(marks)]
    jumps = [abs(b - a) for a, b in pairwise(fairs)]
    assert 0 < mean(moves) < mean(jumps)


BASE, LIMIT = Decimal("0.0001"), Decimal("0.003")


@pytest.mark.parametrize(
    ("premium", "hours", "rate"),
    [
        ("0", 8, "0.0001"),  # only interest
        ("0.0004", 8, "0.0001"),  # interest pulls back within its clamp
        ("0.001", 8, "0.0005"),  # 0.1 % premium less the 0.05 % clamp
        ("-0.001", 8, "-0.0005"),
        ("0.001", 4, "0.00025"),  # half the interval, half the rate
        ("0.5", 8, "0.003"),  # never beyond the limit
        ("-0.5", 8, "-0.003"),
    ],
)
def test_funding_follows_gates_formula(premium: str, hours: int, rate: str) -> None:
    got = funding_rate(Decimal(premium), BASE, hours * 3600, LIMIT)
    assert got == Decimal(rate)
