"""Numbers: hostile text is refused before arithmetic; text and Decimal are one value."""

from __future__ import annotations

import json
from decimal import Decimal as D
from typing import Any

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


def outcome(read: Any, body: str | bytes) -> str:
    """What reading gives, types and order included, or the kind of error."""
    try:
        return repr(read(body))
    except (ValueError, ArithmeticError, RecursionError) as error:
        return type(error).__name__


def by_library(body: str | bytes) -> Any:
    """Strict JSON as the standard library alone reads it."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    if isinstance(body, bytes):
        body = body.decode(json.detect_encoding(body), "surrogatepass")
    return json.loads(body, parse_float=numbers._json_decimal, parse_constant=refuse)


@pytest.mark.parametrize(
    "body",
    [
        '{"a":1,"b":2,"a":3}', "-0", "-0.0", "1.50", "1E5", "1e-500", "1e99999",
        "9" * 40, "9" * 4301, "1" * 81 + ".0", "01", "1.", ".5", "+1", "NaN", "-Infinity",
        "[1,]", "", " 1 ", "\ufeff1", '"\\ud800"', '"\ud800"', '"\\ud83d\\ude00"', '{"\\ude00":1}',
        '"\x01"', "[" * 100_000, b"\xff\xfe1\x00", b"\xef\xbb\xbf1", b'"\xed\xa0\x80"', b'"\xff"',
        b'"\xc0\x80"', b"1\x00",
    ],
)  # fmt: skip
def test_every_odd_text_is_read_as_the_standard_library_reads_it(body: str | bytes) -> None:
    assert outcome(numbers.loads, body) == outcome(by_library, body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | plain.map(float) | st.text(),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(), part, max_size=3),
    max_leaves=6,
)


@given(JSON, st.data())
def test_every_text_whole_or_damaged_is_read_as_the_standard_library_reads_it(
    value: Any, data: st.DataObject
) -> None:
    body = json.dumps(value, ensure_ascii=data.draw(st.booleans()))
    at = data.draw(st.integers(0, len(body)))
    other = data.draw(st.sampled_from('0.eE-+"\\,:[]{}u \t\x00'))
    damaged = body[:at] + other + body[at + 1 :]
    for text in (body, damaged):
        assert outcome(numbers.loads, text) == outcome(by_library, text)


def test_json_writes_decimals_as_text_and_refuses_floats_in_disguise() -> None:
    assert numbers.dumps({"p": D("1.50")}) == '{"p":"1.5"}'
    with pytest.raises(TypeError):
        numbers.dumps({"p": object()})
