"""Parameters as text: round trips, and every refusal names its field and its limit."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from mtrade.domain.copying.choices import LeverageMode, SizeMode
from mtrade.domain.copying.codec import changed, from_next_episode, written
from mtrade.domain.copying.params import RULES, CopyParams, Kind, Share
from mtrade.domain.errors import InvalidRequest
from mtrade.domain.numbers import dumps, loads

PLAIN = CopyParams()


def refused(**raw: Any) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as refusal:
        changed(raw, PLAIN)
    return refusal.value.fields


def test_everything_comes_back_through_json() -> None:
    params = CopyParams(
        size_mode=SizeMode.FIXED_NOTIONAL, amount=D("250.5"), max_order=Share(D(250), False),
        daily_loss=None, max_position=D(1000), allow=("BTC_USDT", "ETH_USDT"), inverse=True,
        exit_steps_bps=(D(10), D("20.5")), max_adds=0,
    )  # fmt: skip
    assert changed(loads(dumps(written(params))), PLAIN) == params
    assert changed(written(PLAIN), params) == PLAIN


def test_a_partial_change_leaves_the_rest() -> None:
    base = changed({"multiplier": "0.5"}, PLAIN)
    after = changed({"max_order": "5%"}, base)
    assert (after.multiplier, after.max_order) == (D("0.5"), Share(D(5), True))


@pytest.mark.parametrize(
    ("raw", "field", "word"),
    [
        ({"nonsense": 1}, "nonsense", "unknown"),
        ({"multiplier": "0.001"}, "multiplier", "0.01"),
        ({"multiplier": "101"}, "multiplier", "100"),
        ({"multiplier": "NaN"}, "multiplier", "number"),
        ({"multiplier": "1e5"}, "multiplier", "number"),
        ({"multiplier": True}, "multiplier", "number"),
        ({"multiplier": None}, "multiplier", "required"),
        ({"multiplier": ["1"]}, "multiplier", "number"),
        ({"coalesce_ms": "1.5"}, "coalesce_ms", "whole"),
        ({"coalesce_ms": -1}, "coalesce_ms", "0"),
        ({"inverse": "yes"}, "inverse", "true or false"),
        ({"inverse": 1}, "inverse", "true or false"),
        ({"size_mode": "double"}, "size_mode", "ratio"),
        ({"size_mode": 3}, "size_mode", "equity"),
        ({"allow": 7}, "allow", "contracts"),
        ({"allow": ["<b>"]}, "allow", "contracts"),
        ({"allow": [f"A{n}_USDT" for n in range(201)]}, "allow", "200"),
        ({"exit_steps_bps": []}, "exit_steps_bps", "1 to 10"),
        ({"exit_steps_bps": ["5001"]}, "exit_steps_bps", "5000"),
        ({"max_order": "five"}, "max_order", "number"),
        ({"max_order": "20000%"}, "max_order", "10000%"),
        ({"max_order": True}, "max_order", "5%"),
        ({"size_mode": "fixed_notional"}, "amount", "required"),
        ({"size_mode": "fixed_margin"}, "amount", "required"),
        ({"size_mode": "fixed_contracts"}, "amount", "required"),
        ({"leverage_mode": "fixed"}, "fixed_leverage", "required"),
    ],
)  # fmt: skip
def test_a_wrong_value_names_its_field_and_limit(
    raw: dict[str, Any], field: str, word: str
) -> None:
    assert word in refused(**raw)[field]


def test_every_wrong_field_is_named_at_once() -> None:
    assert set(refused(multiplier="x", warn_at_pct="0", nope=1)) == {
        "multiplier", "warn_at_pct", "nope",
    }  # fmt: skip


@pytest.mark.parametrize("name", [n for n, r in RULES.items() if r.low is not None])
def test_bounds_are_inclusive_and_enforced(name: str) -> None:
    rule = RULES[name]
    assert rule.low is not None
    assert rule.high is not None
    for bound, beyond in ((rule.low, rule.low - 1), (rule.high, rule.high + 1)):
        wrap: Any = [str(bound)] if rule.kind is Kind.STEPS else str(bound)
        changed({name: wrap}, PLAIN)
        wrap = [str(beyond)] if rule.kind is Kind.STEPS else str(beyond)
        assert name in refused(**{name: wrap})


def test_off_is_null_only_where_a_limit_may_be_off() -> None:
    assert changed({"daily_loss": None, "max_position": None}, PLAIN).daily_loss is None
    assert refused(max_order=None) == {"max_order": "is required"}


def test_names_are_tidied() -> None:
    assert changed({"deny": " btc_usdt, eth_usdt  BTC_USDT "}, PLAIN).deny == (
        "BTC_USDT", "ETH_USDT",
    )  # fmt: skip


def test_the_fixed_modes_take_an_amount() -> None:
    params = changed({"size_mode": "fixed_margin", "amount": "10"}, PLAIN)
    assert (params.size_mode, params.amount) == (SizeMode.FIXED_MARGIN, D(10))
    fixed = changed({"leverage_mode": "fixed", "fixed_leverage": "7"}, PLAIN)
    assert (fixed.leverage_mode, fixed.fixed_leverage) == (LeverageMode.FIXED, D(7))


def test_which_changes_wait_for_the_next_episode() -> None:
    after = changed({"multiplier": "2", "max_total": "1", "side_filter": "long"}, PLAIN)
    assert from_next_episode(PLAIN, after) == ("multiplier",)
    assert from_next_episode(PLAIN, PLAIN) == ()
