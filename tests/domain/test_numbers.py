"""Numbers: hostile text is refused before arithmetic; text and Decimal are one value."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain import numbers
from mtrade.domain.errors import InvalidRequest

plain = st.decimals(
    min_value=D("-1e20"), max_value=D("1e20"), allow_nan=False, allow_infinity=False, places=12
)
steps = st.sampled_from([D("0.00001"), D("0.01"), D("0.1"), D(1), D(5), D("0.25")])


@given(plain)
def test_text_and_back_is_the_same_number(number: D) -> None:
    shown = numbers.text(number)
    assert numbers.parse(shown) == number
    assert numbers.wire(shown) == number
    assert "E" not in shown
    assert shown != "-0"


@given(plain, steps)
def test_rounding_never_leaves_the_grid_and_never_goes_the_wrong_way(number: D, step: D) -> None:
    down = numbers.round_down(number, step)
    assert numbers.is_multiple(down, step)
    assert abs(down) <= abs(number) < abs(down) + step
    assert numbers.floor(number, step) <= number <= numbers.ceiling(number, step)
    assert numbers.round_down(down, step) == down


@pytest.mark.parametrize(
    "hostile",
    [
        "NaN", "Infinity", "-Infinity", "1e5", "1E999", "", " ", "-", ".", "1.", ".5", "0x10",
        "1_000", "１２", "1 000", "9" * 25, "0." + "1" * 25, "--1", "+1", True, None, 1.5, [], {},
    ],
)  # fmt: skip
def test_hostile_text_is_refused_naming_the_field(hostile: object) -> None:
    with pytest.raises(InvalidRequest) as caught:
        numbers.parse(hostile, field="price")
    assert "price" in caught.value.fields


def test_a_comma_is_a_decimal_point() -> None:
    assert numbers.parse(" 0,012 ") == D("0.012")


def test_negative_zero_is_zero() -> None:
    assert numbers.text(numbers.parse("-0.00")) == "0"
    assert numbers.text(D("-0")) == "0"


@pytest.mark.parametrize("bad", ["abc", "NaN", True, None, [], "1e99999", "0" * 100])
def test_wire_refuses_what_is_no_number(bad: object) -> None:
    with pytest.raises(ValueError, match="not"):
        numbers.wire(bad)


def test_json_keeps_decimals_and_refuses_constants() -> None:
    assert numbers.loads('{"p": 0.1}')["p"] == D("0.1")
    for bad in ('{"p": NaN}', '{"p": Infinity}', '{"p": 1.0e9999}', '{"p": 0.' + "1" * 99 + "}"):
        with pytest.raises(ValueError, match=r"."):
            numbers.loads(bad)


def test_json_writes_decimals_as_text_and_refuses_floats_in_disguise() -> None:
    assert numbers.dumps({"p": D("1.50")}) == '{"p":"1.5"}'
    with pytest.raises(TypeError):
        numbers.dumps({"p": object()})
