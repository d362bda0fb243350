"""The catalogue: rules that hold together, and Gate's tier table to the digit."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from mtrade.domain.instruments import Market, futures, spot
from mtrade.paper.catalogue import COINS, catalogue
from mtrade.paper.room import next_funding

LISTED = dict((item.id, (item, listing)) for item, listing in catalogue())


def test_the_promised_instruments_are_there() -> None:
    coins = ["BTC", "ETH", "SOL", "XRP", "DOGE", "ADA", "LTC", "BNB", "TRX", "AVAX", "LINK", "TON"]
    for coin in coins:
        assert spot(f"{coin}_USDT") in LISTED
        assert futures(f"{coin}_USDT") in LISTED
    assert len(LISTED) == 2 * len(coins) + 1
    assert LISTED[futures("BTC_USDT")][0].multiplier == Decimal("0.0001")
    assert LISTED[futures("ETH_USDT")][0].multiplier == Decimal("0.01")
    assert LISTED[futures("SOL_USDT")][1].enable_decimal
    assert LISTED[futures("BTC_USD", "btc")][0].inverse


def test_bitcoin_tiers_are_gates() -> None:
    """Limits, rates, leverage and deductions of gate-notes (tiers), with its worked example."""
    tiers = LISTED[futures("BTC_USDT")][1].tiers
    limits = (20_000, 50_000, 100_000, 200_000, 1_000_000, 2_000_000, 3_000_000, 5_000_000)
    assert [tier.limit for tier in tiers] == [Decimal(limit) for limit in limits]
    rates = ["0.004", "0.0045", "0.005", "0.007", "0.01", "0.02", "0.05", "0.5"]
    assert [tier.maintenance_rate for tier in tiers] == [Decimal(rate) for rate in rates]
    leverage = ["125", "111", "100", "75", "50", "25", "10", "1.05"]
    assert [tier.leverage_max for tier in tiers] == [Decimal(value) for value in leverage]
    fourth = tiers[3]
    assert 120_000 * fourth.maintenance_rate - fourth.deduction == 605


@pytest.mark.parametrize("key", [k for k in LISTED if k.market is Market.FUTURES], ids=str)
def test_brackets_join_without_a_step(key: object) -> None:
    """At each limit both neighbouring tiers ask the same maintenance margin."""
    item, listing = next(value for listed, value in LISTED.items() if listed == key)
    tiers = listing.tiers
    for low, high in pairwise(tiers):
        at = low.limit
        assert at * low.maintenance_rate - low.deduction == (
            at * high.maintenance_rate - high.deduction
        )
        assert low.maintenance_rate < low.initial_rate <= high.initial_rate
    assert item.leverage_max == tiers[0].leverage_max <= 125
    assert item.maintenance_rate == tiers[0].maintenance_rate
    assert listing.tier(tiers[1].limit).tier == 2
    assert listing.tier(tiers[-1].limit * 2) == tiers[-1]


@pytest.mark.parametrize("key", LISTED, ids=str)
def test_a_first_price_lies_on_the_grid_and_a_smallest_order_is_possible(key: object) -> None:
    item, listing = next(value for listed, value in LISTED.items() if listed == key)
    price = next(Decimal(coin.price) for coin in COINS if coin.symbol == item.base)
    item.check_price(price)
    item.check_size(item.min_size)
    assert item.min_value is None or item.value(item.min_size, price) < item.min_value
    assert listing.enable_decimal == (item.id.market is Market.FUTURES and item.size_step < 1)


def test_funding_times_lie_on_the_interval() -> None:
    assert next_funding(1_790_000_012_345, 28_800) == 1_790_006_400_000
    assert next_funding(1_790_006_400_000, 28_800) == 1_790_006_400_000 + 28_800_000
    assert next_funding(1, 0) == 0
