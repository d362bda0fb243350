"""Budgets are learned from headers; what would be refused waits or is refused here."""

from __future__ import annotations

import pytest

from mtrade.domain.errors import RateLimited
from mtrade.gate.limits import REMAIN, RESET, RateBudgets

from .loopback import NOW_MS, FixedClock


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def budgets(clock: FixedClock, slept: list[float]) -> RateBudgets:
    return RateBudgets(clock, slept.append)


def headers(remain: object, reset_s: object) -> dict[str, str]:
    return {REMAIN: str(remain), RESET: str(reset_s)}


NOW_S = NOW_MS // 1000


def test_an_unknown_budget_lets_everything_through(budgets: RateBudgets, slept: list) -> None:
    for _ in range(500):
        budgets.enter("b")
    assert slept == []


def test_the_budget_is_counted_down_between_answers(budgets: RateBudgets) -> None:
    budgets.feed("b", headers(2, NOW_S + 5))
    budgets.enter("b")
    budgets.enter("b")
    with pytest.raises(RateLimited) as caught:
        budgets.enter("b")
    assert caught.value.retry_after == 6


def test_a_short_wait_is_waited(budgets: RateBudgets, clock: FixedClock, slept: list) -> None:
    clock.now = NOW_MS + 400
    budgets.feed("b", headers(0, NOW_S + 1))
    budgets.enter("b")
    assert slept == [1.6]


def test_after_the_reset_calls_go_on(
    budgets: RateBudgets, clock: FixedClock, slept: list[float]
) -> None:
    budgets.feed("b", headers(0, NOW_S + 5))
    clock.now += 6000
    budgets.enter("b")
    assert slept == []


def test_an_urgent_call_is_never_held_back(budgets: RateBudgets, slept: list) -> None:
    budgets.feed("b", headers(0, NOW_S + 50))
    budgets.enter("b", urgent=True)
    assert slept == []


def test_a_429_empties_the_budget(budgets: RateBudgets) -> None:
    budgets.feed("b", headers(7, NOW_S + 9), refused=True)
    with pytest.raises(RateLimited):
        budgets.enter("b")


def test_buckets_do_not_touch_each_other(budgets: RateBudgets) -> None:
    budgets.feed("a", headers(0, NOW_S + 9))
    budgets.enter("b")


@pytest.mark.parametrize("bad", [{}, headers("x", 1), headers(1, "-1"), headers("9" * 40, 1)])
def test_nonsense_headers_change_nothing(budgets: RateBudgets, bad: dict[str, str]) -> None:
    budgets.feed("b", headers(0, NOW_S + 9))
    budgets.feed("b", bad)
    with pytest.raises(RateLimited):
        budgets.enter("b")
