"""Sweeping a book: exact averages, and no price where there is none."""

from __future__ import annotations

from decimal import Decimal as D

from mtrade.domain.instruments import Side
from mtrade.domain.market import Level, sweep
from mtrade.domain.positions import liquidation_distance
from tests.trading.fakes import BTC, book, position

LEVELS = (Level(D(100), D(1)), Level(D(110), D(3)))


def test_sweep_averages_over_levels() -> None:
    found = sweep(LEVELS, D(2))
    assert found is not None
    assert (found.filled, found.average, found.worst, found.complete) == (
        D(2), D(105), D(110), True,
    )  # fmt: skip


def test_a_thin_book_is_said_to_be_thin() -> None:
    found = sweep(LEVELS, D(9))
    assert found is not None
    assert (found.filled, found.complete) == (D(4), False)


def test_an_empty_side_has_no_price() -> None:
    assert sweep((), D(1)) is None


def test_a_taker_meets_the_other_side() -> None:
    assert book(BTC).side(Side.BUY)[0].price == D(60000)
    assert book(BTC).side(Side.SELL)[0].price == D("59999.9")


def test_distance_to_liquidation_counts_toward_the_danger_and_is_never_negative() -> None:
    long = position("10", mark_price=D(100), liq_price=D(90))
    assert liquidation_distance(long) == D("0.1")
    short = position("-10", mark_price=D(100), liq_price=D(110))
    assert liquidation_distance(short) == D("0.1")
    assert liquidation_distance(position("10", mark_price=D(80), liq_price=D(90))) == 0
    assert liquidation_distance(position("10", liq_price=None)) is None
