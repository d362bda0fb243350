"""Positions go by `update_id`; a failed, late or single read never makes one flat."""

from __future__ import annotations

import random
from decimal import Decimal as D

from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.accounts import MarginMode
from mtrade.domain.events import PositionUpdate
from mtrade.domain.frozen import replace
from mtrade.domain.positions import Leg, Position
from mtrade.trading.copying.holdings import Held, Key, closed, pushed, read
from tests.trading.fakes import BTC, position

T0 = 1_700_000_000_000
KEY: Key = (BTC, Leg.NET)


def push(size: str, number: int, at: int = T0) -> PositionUpdate:
    return PositionUpdate(
        instrument=BTC, leg=Leg.NET, size=D(size), entry_price=D(60000), leverage=D(5),
        margin_mode=MarginMode.CROSS, margin=D(1), realised_pnl=D(0), update_id=number, time_ms=at,
    )  # fmt: skip


def row(size: str, number: int) -> Position:
    return replace(position(size), update_id=number)


def held(size: str = "5", number: int = 7, at: int = T0) -> Held:
    found = pushed(None, push(size, number, at))
    assert found is not None
    return found


def after(known: Held, rows: list[Position], at: int) -> Held:
    return {KEY: known, **read({KEY: known}, rows, at, "usdt")}[KEY]


def test_a_push_with_a_lower_number_changes_nothing_however_late_it_is() -> None:
    assert pushed(held(), push("9", 6, T0 + 5000)) is None
    newer = pushed(held(), push("0", 8, T0 - 5000))
    assert newer is not None
    assert newer.size == 0


def test_one_missing_row_is_not_flat_and_two_in_a_row_are() -> None:
    known = after(held(), [], T0 + 6000)
    assert known.size == 5
    assert after(known, [], T0 + 6500).size == 5
    assert after(known, [], T0 + 7000).size == 0


def test_a_row_that_is_back_between_two_misses_starts_the_count_anew() -> None:
    known = after(held(), [], T0 + 6000)
    known = after(known, [row("5", 7)], T0 + 7000)
    known = after(known, [], T0 + 8000)
    assert known.size == 5


def test_a_read_may_be_too_early_to_show_what_a_push_has_told() -> None:
    known = after(held(), [], T0 + 1000)
    known = after(known, [], T0 + 3000)
    assert known.size == 5


def test_a_position_that_was_there_long_before_the_first_read_is_missed_at_once() -> None:
    """REST has listed it: a read without it is no late one, and the second look decides."""
    old = replace(row("5", 7), open_ms=T0 - 60_000)
    (known,) = read({}, [old], T0, "usdt").values()
    known = after(known, [], T0 + 500)
    assert known.size == 5
    assert after(known, [], T0 + 1500).size == 0


def test_a_position_that_was_opened_just_before_the_first_read_is_not() -> None:
    (known,) = read({}, [replace(row("5", 7), open_ms=T0 - 100)], T0, "usdt").values()
    known = after(known, [], T0 + 500)
    assert after(known, [], T0 + 1500).size == 5


def test_a_change_that_came_after_unheard_ones_may_be_of_a_new_position() -> None:
    (known,) = read({}, [replace(row("5", 7), open_ms=T0 - 60_000)], T0, "usdt").values()
    for number, left in ((8, 0), (9, 6)):
        told = pushed(known, push("6", number, T0 + 400))
        assert told is not None
        told = after(told, [], T0 + 500)
        assert after(told, [], T0 + 1500).size == left


def test_after_a_close_was_told_one_read_without_the_row_is_enough() -> None:
    told = closed(held(), T0 + 100)
    assert told.size == 5
    assert after(told, [], T0 + 200).size == 0


def test_an_end_that_was_told_of_an_earlier_position_means_nothing() -> None:
    assert closed(held(at=T0), T0 - 10) == held(at=T0)


def test_a_late_read_is_not_believed_until_it_is_later_than_any_delay() -> None:
    known = after(held("5", 7), [row("3", 4)], T0 + 6000)
    assert known.size == 5
    assert after(known, [row("3", 4)], T0 + 20_000).size == 5
    assert after(known, [row("3", 4)], T0 + 40_000).size == 3


def test_a_read_of_another_currency_is_silent_about_this_one() -> None:
    assert read({KEY: held()}, [], T0 + 60_000, "btc") == {}


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_whatever_order_pushes_come_in_the_last_one_counts(
    sizes: list[int], pick: random.Random
) -> None:
    pushes = [push(str(size), n, T0 + n) for n, size in enumerate(sizes, 1)]
    shuffled = pushes * 2
    pick.shuffle(shuffled)
    known: Held | None = None
    for told in shuffled:
        known = pushed(known, told) or known
    assert known is not None
    assert (known.size, known.update_id) == (D(sizes[-1]), len(sizes))
