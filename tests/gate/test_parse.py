"""From the wire to the domain: exact values, and for anything else only our own errors."""

from __future__ import annotations

import copy
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtrade.domain.accounts import MarginMode, PositionMode
from mtrade.domain.instruments import Side
from mtrade.domain.numbers import loads
from mtrade.domain.orders import AutoSize, OrderType, TimeInForce, TriggerSource
from mtrade.domain.positions import Leg
from mtrade.gate import parse_futures, parse_market, parse_spot
from mtrade.gate.faults import Unreadable
from mtrade.gate.fields import as_ms, as_number, as_text, as_whole

from .samples import (
    ACCOUNT,
    CONTRACT,
    FUTURES_TRIGGER,
    POSITION,
    SAMPLES,
    SPOT_ORDER,
)

D = Decimal


def parse(name: str, **changed: Any) -> Any:
    parser, sample = SAMPLES[name]
    return parser(sample | changed if changed else sample)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_parses(name: str) -> None:
    parse(name)


def test_a_pair_becomes_rules() -> None:
    pair = parse("pair")
    assert (pair.price_step, pair.size_step) == (D("0.1"), D("0.000001"))
    assert (pair.min_size, pair.min_value, pair.max_size) == (D("0.00001"), D(3), None)
    assert pair.taker_fee == D("0.002")
    assert not parse("pair", trade_status="buyable").tradable
    assert parse("pair", min_base_amount=None).min_size == D("0.000001")


def test_a_decimal_contract_steps_by_its_smallest_order() -> None:
    contract = parse("contract")
    assert (contract.size_step, contract.min_size) == (D("0.1"), D("0.1"))
    assert (contract.base, contract.quote, contract.multiplier) == ("ETH", "USDT", D("0.01"))
    assert contract.market_max_size is None
    assert contract.maker_fee == D("-0.0001")
    whole = parse("contract", enable_decimal=False, order_size_min=1)
    assert (whole.size_step, whole.min_size) == (1, 1)
    assert parse("contract", order_size_min="0").size_step == 1


def test_multiplier_zero_is_an_inverse_contract() -> None:
    inverse = parse_market.contract(CONTRACT | {"name": "BTC_USD", "quanto_multiplier": "0"}, "btc")
    assert inverse.inverse
    assert inverse.multiplier == 1
    assert inverse.id.settle == "btc"


@pytest.mark.parametrize(
    "changed", [{"in_delisting": True}, {"status": "delisting"}, {"status": "circuit_breaker"}]
)
def test_a_contract_that_cannot_be_traded(changed: dict[str, Any]) -> None:
    assert not parse("contract", **changed).tradable


def test_no_quote_is_none_never_zero() -> None:
    ticker = parse("spot ticker")
    assert ticker.ask is None
    assert ticker.bid == D("59999.9")
    assert parse("futures ticker", last="0").last is None


def test_times_in_seconds_and_milliseconds_become_milliseconds() -> None:
    assert parse("spot trade").time_ms == 1700000000123
    assert parse("futures trade").time_ms == 1700000000123
    assert parse("spot fill").time_ms == 1700000000123
    assert parse("futures book").time_ms == 1700000000123
    assert parse("spot order").created_ms == 1700000001400


def test_a_spot_candle_is_in_gates_order() -> None:
    candle = parse("spot candle")
    assert (candle.open, candle.high, candle.low, candle.close) == (3, 5, 2, 4)
    assert (candle.volume, candle.volume_quote) == (6, 10)


def test_a_spot_market_buy_has_size_in_quote_and_fill_in_base() -> None:
    order = parse_spot.order(
        SPOT_ORDER
        | {"type": "market", "amount": "70", "left": "0.143511", "filled_amount": "0.00299"}
    )
    assert order.type is OrderType.MARKET
    assert (order.size, order.left, order.filled) == (70, D("0.143511"), D("0.00299"))
    assert order.price is None
    assert not order.open


def test_an_older_market_buy_without_filled_amount() -> None:
    old = {k: v for k, v in SPOT_ORDER.items() if k != "filled_amount"}
    old |= {"type": "market", "filled_total": "122", "avg_deal_price": "61000"}
    assert parse_spot.order(old).filled == D("0.002")
    assert parse_spot.order(old | {"filled_total": "0", "avg_deal_price": ""}).filled == 0


def test_a_partly_filled_ioc_is_not_open_and_shows_its_fill() -> None:
    order = parse("futures order")
    assert (order.side, order.size, order.left, order.filled) == (Side.SELL, 12, 2, 10)
    assert (order.open, order.finish_as, order.average) == (False, "ioc", D("3004.15"))
    assert (order.type, order.tif, order.price) == (OrderType.MARKET, TimeInForce.IOC, None)
    assert order.updated_ms == 1700000001013


def test_no_fill_has_no_average() -> None:
    assert parse("futures order", left="-12", fill_price="0").average is None


@pytest.mark.parametrize(
    "changed",
    [{"left": "2"}, {"left": "-13"}, {"status": "done"}, {"status": None}, {"size": "x"}],
)
def test_a_futures_order_that_contradicts_itself_is_unreadable(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        parse("futures order", **changed)


@pytest.mark.parametrize("changed", [{"status": "new"}, {"left": "-1"}, {"side": "long"}])
def test_a_spot_order_that_makes_no_sense_is_unreadable(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        parse("spot order", **changed)


def test_an_unknown_time_in_force_or_finish_reason_is_harmless() -> None:
    order = parse("futures order", tif="xyz", finish_as="new_reason")
    assert (order.tif, order.finish_as) == (TimeInForce.GTC, "new_reason")


def test_leverage_zero_is_cross_and_a_price_of_zero_is_none() -> None:
    position = parse("position")
    assert (position.margin_mode, position.leverage) == (MarginMode.CROSS, 10)
    assert (position.liq_price, position.leg, position.size) == (None, Leg.SHORT, -12)
    isolated = parse_futures.position(POSITION | {"leverage": "5", "mode": "single"}, "usdt")
    assert (isolated.margin_mode, isolated.leverage) == (MarginMode.ISOLATED, 5)


def test_one_position_or_a_list_of_legs() -> None:
    assert len(parse_futures.positions(POSITION, "usdt")) == 1
    assert len(parse_futures.positions([POSITION, POSITION], "usdt")) == 2


def test_the_account_knows_its_position_mode() -> None:
    account = parse("account")
    assert (account.mode, account.uid, account.position_margin) == (PositionMode.DUAL, "42", 990)
    old = {k: v for k, v in ACCOUNT.items() if k != "position_mode"}
    assert parse_futures.account(old, "usdt").mode is PositionMode.DUAL
    assert (account.fees, account.funding, account.pnl) == (-1, D("-0.5"), 5)


def test_a_closed_short_was_entered_at_its_short_price() -> None:
    close = parse("position close")
    assert (close.entry_price, close.exit_price, close.max_size) == (3000, 2900, 3)


def test_a_stop_of_a_whole_long_sells() -> None:
    found = parse("futures trigger")
    order = found.order
    assert (order.side, order.size, order.close, order.trigger.above) == (Side.SELL, 0, True, False)
    assert order.trigger.source is TriggerSource.MARK
    assert (found.trigger_id, found.status, found.fired_order_id) == ("55", "open", "")
    initial = FUTURES_TRIGGER["initial"] | {"auto_size": "close_short", "is_close": False}
    short = parse("futures trigger", initial=initial, order_type="close-short-position")
    assert (short.order.side, short.order.auto_size) == (Side.BUY, AutoSize.CLOSE_SHORT)


def test_a_free_text_is_cleaned_not_refused() -> None:
    found = parse("spot trigger", reason="no\nmoney\x00" + "x" * 5000)
    assert found.reason.startswith("no money")
    assert len(found.reason) <= 300


def test_a_fired_spot_trigger() -> None:
    found = parse("spot trigger")
    assert (found.status, found.fired_order_id) == ("succeeded", "77")
    assert (found.created_ms, found.finished_ms) == (1700000000000, 1700000100000)
    waiting = parse("spot trigger", status="open", fired_order_id=0, ftime=0)
    assert (waiting.status, waiting.fired_order_id, waiting.finished_ms) == ("open", "", None)
    assert not found.order.trigger.above


def test_the_same_number_in_any_json_type() -> None:
    for value in ("-12", -12, D("-12.0")):
        assert parse("futures order", size=value, left="0").size == 12


@pytest.mark.parametrize(
    "value",
    ["NaN", "Infinity", "1e999", "9" * 41, "", " 1", "0x1", "1_0", True, None, [], {}, 10**50],
)
def test_hostile_numbers_are_unreadable(value: object) -> None:
    with pytest.raises(Unreadable):
        as_number(value, "x")


def test_negative_zero_and_long_zeros_are_zero() -> None:
    assert str(as_number("-0", "x")) == "0"
    assert str(as_number("0E-28", "x")) == "0"


@pytest.mark.parametrize("value", ["a\nb", "x" * 257, "\u202e", "a\x00", 1.5, True, None, {}])
def test_hostile_texts_are_unreadable(value: object) -> None:
    with pytest.raises(Unreadable):
        as_text(value, "x")


def test_ids_beyond_double_precision_survive() -> None:
    raw = loads('{"id": 9223372036854775807}')
    assert as_text(raw["id"], "id") == "9223372036854775807"


@given(st.decimals(min_value=0, max_value=D("4102444800"), places=3))
def test_time_keeps_its_milliseconds(seconds: Decimal) -> None:
    assert as_ms(str(seconds), "t") == int(seconds * 1000)


@given(st.integers(-(10**29), 10**29))
def test_whole_numbers_are_exact(number: int) -> None:
    assert as_whole(str(number), "n") == number
    assert as_whole(number, "n") == number


ATOM = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["", "0", "-1", "1e99", "-", "NaN", "9" * 50, 10**60, "buy", "open"])
)
JSON = st.recursive(
    ATOM,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(name=st.sampled_from(sorted(SAMPLES)), raw=JSON)
@settings(max_examples=300, deadline=None)
def test_any_json_raises_nothing_but_our_error(name: str, raw: Any) -> None:
    with suppress(Unreadable):
        SAMPLES[name][0](raw)


@given(name=st.sampled_from(sorted(SAMPLES)), where=st.integers(0, 60), value=JSON)
@settings(max_examples=800, deadline=None)
def test_any_field_replaced_raises_nothing_but_our_error(name: str, where: int, value: Any) -> None:
    parser, sample = SAMPLES[name]
    with suppress(Unreadable):
        parser(_replaced(copy.deepcopy(sample), where, value))


def _replaced(sample: Any, where: int, value: Any) -> Any:
    """`sample` with one of its fields, at any depth, replaced."""
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        items = node.items() if isinstance(node, dict) else enumerate(node)
        for key, inner in list(items):
            places.append((node, key))
            if isinstance(inner, dict | list):
                walk(inner)

    walk(sample)
    node, key = places[where % len(places)]
    node[key] = value
    return sample
