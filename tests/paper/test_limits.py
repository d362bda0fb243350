"""Budgets are spent, reported and renewed; a refused request costs nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mtrade.paper.limits import BUDGETS, Limiter

NOW = 1_700_000_000_000
KEY = ("1", "BTC_USDT")


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 400)), max_size=60))
def test_no_window_ever_passes_more_than_the_budget(requests):
    limiter, now, passed = Limiter(), NOW, []
    budget = BUDGETS["spot_order"]
    for cost, later in requests:
        now += later
        verdict = limiter.take("spot_order", KEY, cost, now)
        assert 0 <= verdict.remain <= verdict.limit == budget.requests
        if verdict.allowed:
            passed.append((now, cost))
        else:
            assert now < verdict.reset_ms <= now + budget.period_ms
    for start, _ in passed:
        # Fixed windows: at worst the end of one and the start of the next lie within a period.
        inside = sum(cost for at, cost in passed if start <= at < start + budget.period_ms)
        assert inside <= 2 * budget.requests


def test_a_refused_request_spends_nothing():
    limiter = Limiter()
    assert limiter.take("spot_order", KEY, 6, NOW).remain == 4
    assert not limiter.take("spot_order", KEY, 5, NOW).allowed
    assert limiter.take("spot_order", KEY, 4, NOW).allowed


def test_users_and_buckets_do_not_share():
    limiter = Limiter()
    limiter.take("spot_order", KEY, 10, NOW)
    assert limiter.take("spot_order", ("2", "BTC_USDT"), 10, NOW).allowed
    assert limiter.take("spot_cancel", KEY, 10, NOW).allowed


def test_reset_is_now_until_the_budget_is_gone():
    limiter = Limiter()
    assert limiter.take("spot_order", KEY, 9, NOW).reset_ms == NOW
    assert limiter.take("spot_order", KEY, 1, NOW + 10).reset_ms == NOW + 1000


def test_an_unenforced_limiter_refuses_nobody_but_reports():
    limiter = Limiter(enforced=False)
    verdicts = [limiter.take("spot_order", KEY, 1, NOW) for _ in range(30)]
    assert all(verdict.allowed for verdict in verdicts)
    assert verdicts[-1].remain == 0


def test_windows_of_the_past_are_forgotten():
    limiter = Limiter()
    for number in range(9000):
        limiter.take("spot_order", (str(number),), 1, NOW + number)
    assert len(limiter._windows) < 5200
