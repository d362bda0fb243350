"""What callers send is read tolerantly or refused with a label, never with a crash."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.numbers import loads, text
from mtrade.paper import fields
from mtrade.paper.faults import GateFault
from mtrade.paper.paging import by_offset, by_page, window

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=True),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(ANY)
def test_no_value_crashes_a_reader(value):
    source = {"x": value}
    for read in (
        lambda: fields.word(source, "x"),
        lambda: fields.number(source, "x"),
        lambda: fields.whole(source, "x", 1, 0, 10),
        lambda: fields.flag(source, "x"),
        lambda: fields.choice(source, "x", ("a",)),
        lambda: fields.as_object(value),
        lambda: fields.as_list(value, 3),
        lambda: window({"from": value}),
        lambda: by_page([1, 2], {"page": value}),
        lambda: by_offset([1, 2], {"offset": value}),
    ):
        with suppress(GateFault):
            read()


@given(st.decimals(min_value="-1e20", max_value="1e20", places=12))
def test_text_integer_and_json_numbers_mean_the_same(value):
    sent = loads(f'{{"a":{text(value)}}}')
    for source in ({"a": text(value)}, sent):
        assert fields.number(source, "a") == value


@pytest.mark.parametrize("value", [1e-5, 100000.0])
def test_exponents_of_json_floats_are_understood(value):
    assert fields.number(loads(f'{{"a":{value!r}}}'), "a") == Decimal(repr(value))


@pytest.mark.parametrize(
    ("value", "meaning"),
    [(True, True), ("True", True), ("1", True), (0, False), ("FALSE", False), ("", False)],
)
def test_booleans_come_in_many_shapes(value, meaning):
    assert fields.flag({"x": value}, "x") is meaning
