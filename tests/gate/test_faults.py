"""The whole classification of answers: which error each becomes, for reads and changing calls."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.errors import (
    AuthenticationFailed,
    ExchangeError,
    ExchangeUnavailable,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
)
from mtrade.gate import labels
from mtrade.gate.faults import (
    Answer,
    Unreadable,
    decode,
    item_refusal,
    refusal,
    retry_after,
    transport_failure,
)

from .loopback import NOW_MS

KINDS = (AuthenticationFailed, ExchangeUnavailable, OrderRejected, OutcomeUnknown, RateLimited)


def answer(status: int, label: str | None = None, text: str = "why", **headers: str) -> Answer:
    body = {"message": text} | ({"label": label} if label is not None else {})
    return Answer(status, headers, json.dumps(body).encode())


def verdict(status: int, label: str | None, *, changing: bool) -> type[ExchangeError]:
    return type(refusal(answer(status, label), changing=changing, now_ms=NOW_MS))


@pytest.mark.parametrize("label", sorted(labels.REFUSED))
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_a_proven_label_in_a_4xx_is_a_refusal(status: int, label: str) -> None:
    assert verdict(status, label, changing=True) is OrderRejected
    assert verdict(status, label, changing=False) is ExchangeUnavailable


@pytest.mark.parametrize("label", sorted(labels.AUTHENTICATION))
def test_trouble_with_the_key_is_told_apart(label: str) -> None:
    assert verdict(401, label, changing=True) is AuthenticationFailed
    assert verdict(403, label, changing=False) is AuthenticationFailed


@pytest.mark.parametrize("label", sorted(labels.LIMITED))
def test_the_limiter_executed_nothing(label: str) -> None:
    assert verdict(429, label, changing=True) is RateLimited
    assert verdict(400, label, changing=False) is RateLimited


def test_a_bare_429_is_the_limiter_too() -> None:
    assert verdict(429, None, changing=True) is RateLimited


def test_too_late_is_no_trouble_with_the_key_for_an_order() -> None:
    late = refusal(answer(403, "REQUEST_EXPIRED"), changing=True, now_ms=NOW_MS)
    assert type(late) is OrderRejected
    assert late.code == "request_expired"
    wrong_clock = refusal(answer(403, "REQUEST_EXPIRED"), changing=False, now_ms=NOW_MS)
    assert type(wrong_clock) is AuthenticationFailed
    assert wrong_clock.code == "exchange_clock"


AMBIGUOUS = [
    "TOO_BUSY",
    "INTERNAL",
    "INTERNAL_SERVER_ERROR",
    "SERVER_ERROR",
    "CANCEL_FAIL",
    "DUPLICATE_REQUEST",
    "ORDER_EXISTS",
    "REPEATED_CREATION",
    "ACCOUNT_EXCEPTION",
    "SUB_ACCOUNT_TRANSFER_FAILED",
    "SOMETHING_NEW",
    "order_not_found",
    "",
    None,
]


@pytest.mark.parametrize("label", AMBIGUOUS)
@pytest.mark.parametrize("status", [400, 403, 404, 408])
def test_any_other_4xx_proves_nothing(status: int, label: str | None) -> None:
    assert verdict(status, label, changing=True) is OutcomeUnknown
    assert verdict(status, label, changing=False) is ExchangeUnavailable


@pytest.mark.parametrize("label", ["BALANCE_NOT_ENOUGH", "INVALID_KEY", "TOO_FAST", None])
@pytest.mark.parametrize("status", [100, 301, 302, 307, 500, 502, 503, 504, 599])
def test_outside_4xx_no_label_proves_anything(status: int, label: str | None) -> None:
    assert verdict(status, label, changing=True) is OutcomeUnknown
    assert verdict(status, label, changing=False) is ExchangeUnavailable


@pytest.mark.parametrize(
    ("written", "changing", "kind"),
    [
        (False, True, ExchangeUnavailable),
        (False, False, ExchangeUnavailable),
        (True, False, ExchangeUnavailable),
        (True, True, OutcomeUnknown),
    ],
)
def test_a_call_without_an_answer(written: bool, changing: bool, kind: type[Exception]) -> None:
    assert type(transport_failure("reset", written=written, changing=changing)) is kind


def test_the_table_has_no_label_in_two_groups() -> None:
    groups = [labels.REFUSED, labels.AUTHENTICATION, labels.EXPIRED, labels.LIMITED]
    assert sum(map(len, groups)) == len(frozenset().union(*groups))


def test_a_cancel_that_came_too_late_is_a_proven_refusal() -> None:
    assert labels.BENIGN_ON_CANCEL <= labels.REFUSED


def test_a_failed_item_of_a_batch() -> None:
    assert type(item_refusal("BALANCE_NOT_ENOUGH", "no")) is OrderRejected
    assert type(item_refusal("TOO_MANY_REQUESTS", "no")) is RateLimited
    assert type(item_refusal("", "no")) is OutcomeUnknown


def test_futures_detail_and_control_characters() -> None:
    raw = json.dumps({"label": "SIZE_TOO_LARGE", "detail": "a\nb\x00c" + "x" * 5000}).encode()
    error = refusal(Answer(400, {}, raw), changing=True, now_ms=NOW_MS)
    assert error.raw.startswith("a b c")
    assert len(error.raw) <= 300


@pytest.mark.parametrize(
    ("reset", "wait"),
    [(None, 1), ("", 1), ("soon", 1), ("1700000003", 3), ("1600000000", 1), ("1800000000", 60)],
)
def test_the_wait_comes_from_the_reset_header(reset: str | None, wait: int) -> None:
    headers = {} if reset is None else {"x-gate-ratelimit-reset-timestamp": reset}
    assert retry_after(headers, NOW_MS) == wait
    said = refusal(Answer(429, headers, b""), changing=True, now_ms=NOW_MS)
    assert said.retry_after == wait


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(status=st.integers(100, 599), body=st.binary(max_size=60) | JSON.map(json.dumps))
def test_no_answer_raises_anything_but_our_errors(status: int, body: Any) -> None:
    raw = body.encode() if isinstance(body, str) else body
    for changing in (True, False):
        error = refusal(Answer(status, {}, raw), changing=changing, now_ms=NOW_MS)
        assert type(error) in KINDS
        assert error.outcome_known or changing


@given(body=st.binary(max_size=80))
def test_decoding_raises_nothing_but_unreadable(body: bytes) -> None:
    with suppress(Unreadable):
        decode(Answer(200, {}, body))
