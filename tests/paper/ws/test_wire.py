"""Exact numbers out, and the raw text of a member in."""

from __future__ import annotations

import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.numbers import loads
from mtrade.paper.ws.wire import echo, exact, raw_member

numbers = st.decimals(
    allow_nan=False, allow_infinity=False, places=12, min_value=-(10**12), max_value=10**12
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | numbers,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values)
def test_what_is_written_is_read_back_digit_by_digit(value):
    def plain(part):
        if isinstance(part, dict):
            return {name: plain(item) for name, item in part.items()}
        if isinstance(part, list):
            return [plain(item) for item in part]
        if isinstance(part, Decimal):
            return int(part) if part == part.to_integral_value() else part
        return part

    assert loads(exact(value)) == plain(value)


@given(values)
def test_the_quick_way_writes_the_same(value):
    assert echo(value) == exact(value)


def test_a_decimal_is_a_number_with_its_own_digits():
    assert exact({"fee": Decimal("0.18024900"), "n": Decimal("0.1")}) == '{"fee":0.180249,"n":0.1}'
    assert (
        exact([Decimal("123456789012345678.000000000001")]) == "[123456789012345678.000000000001]"
    )


@given(values, st.sampled_from(["", " ", "\n\t"]))
def test_the_raw_member_is_the_text_that_was_sent(value, blank):
    raw = json.dumps(value, default=str)
    other = f'"a"{blank}:{blank}[1,{{"req_param":2}}]'
    inner = f'{{{other},{blank}"req_param":{blank}{raw}{blank},"z":"}}"}}'
    document = f'{blank}{{"payload":{inner}{blank}}}'
    json.loads(document)
    assert raw_member(document, "payload", "req_param") == raw


def test_absent_members_and_repeated_ones():
    assert raw_member('{"payload":{"a":1}}', "payload", "req_param") is None
    assert raw_member('{"payload":7}', "payload", "req_param") is None
    assert raw_member("{}", "payload", "req_param") is None
    assert raw_member('{"a":1,"a":{"b": 2}}', "a") == '{"b": 2}'
    assert raw_member(r'{"\u0061":null}', "a") == "null"
