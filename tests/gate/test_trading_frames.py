"""What a reply over the trading socket means: the very verdicts of REST."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.errors import ExchangeError, OutcomeUnknown, RateLimited
from mtrade.gate import labels
from mtrade.gate.faults import Answer, Unreadable, refusal
from mtrade.gate.trading_frames import Reply, outcome, read_reply

from .loopback import NOW_MS
from .test_faults import AMBIGUOUS, JSON, KINDS
from .trading_bench import final

EVERY = sorted(labels.REFUSED | labels.AUTHENTICATION | labels.EXPIRED | labels.LIMITED)


def reply(text: str) -> Reply:
    raw = json.loads(text)
    return read_reply(raw["request_id"], raw)


def judged(text: str) -> ExchangeError:
    with pytest.raises(ExchangeError) as caught:
        outcome(reply(text), lambda raw: raw, NOW_MS)
    return caught.value


@pytest.mark.parametrize("label", [*EVERY, *AMBIGUOUS])
@pytest.mark.parametrize(
    "status", [100, 302, 400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 504]
)
def test_status_and_label_mean_what_they_mean_over_rest(status: int, label: str | None) -> None:
    body = {"message": "why"} | ({"label": label} if label is not None else {})
    rest = refusal(Answer(status, {}, json.dumps(body).encode()), changing=True, now_ms=NOW_MS)
    over_ws = judged(final("m1", "futures.order_place", status=status, label=label))
    assert type(over_ws) is type(rest)
    assert (over_ws.label, over_ws.raw, over_ws.code) == (rest.label, rest.raw, rest.code)
    assert over_ws.outcome_known is rest.outcome_known


def test_a_result_is_parsed() -> None:
    assert outcome(reply(final("m1", "x", {"id": 5})), lambda raw: raw["id"], NOW_MS) == 5


def test_a_result_nobody_can_read_leaves_the_outcome_unknown() -> None:
    def parse(raw: Any) -> Any:
        raise Unreadable("not an order")

    with pytest.raises(OutcomeUnknown, match="not an order"):
        outcome(reply(final("m1", "x", {})), parse, NOW_MS)


@pytest.mark.parametrize("label", ["BALANCE_NOT_ENOUGH", None])
def test_success_with_an_error_is_no_verdict(label: str | None) -> None:
    raw = {"header": {"status": "200"}, "data": {"errs": {"label": label}, "result": {"id": 1}}}
    assert type(judged(json.dumps({"request_id": "m1", **raw}))) is OutcomeUnknown


@pytest.mark.parametrize("status", [None, "", "ok", "20", "2000", True, 1.5, "²00"])
def test_without_a_proper_status_nothing_is_known(status: object) -> None:
    raw = {"header": {"status": status}, "data": {"errs": {"label": "BALANCE_NOT_ENOUGH"}}}
    assert type(judged(json.dumps({"request_id": "m1", **raw}))) is OutcomeUnknown


def test_a_success_without_a_result_is_unknown() -> None:
    assert type(judged('{"request_id":"m1","header":{"status":"200"}}')) is OutcomeUnknown


@pytest.mark.parametrize(
    ("field", "reset", "wait"),
    [
        ("x_gat_ratelimit_reset_timestamp", NOW_MS + 2_500, 3),
        ("x_gate_ratelimit_reset_timestamp", NOW_MS + 1_100, 2),
        ("x_gat_ratelimit_reset_timestamp", NOW_MS - 9_000, 1),
        ("x_gat_ratelimit_reset_timestamp", "soon", 1),
        ("x_gat_ratelimit_reset_timestamp", NOW_MS + 900_000, 60),
    ],
)
def test_the_limiter_says_in_milliseconds_when_to_come_again(
    field: str, reset: object, wait: int
) -> None:
    text = "Too many requests (311)"
    error = judged(
        final("m1", "x", status=429, label="TOO_MANY_REQUESTS", text=text, **{field: reset})
    )
    assert type(error) is RateLimited
    assert error.retry_after == wait


REMAIN, RESET = "x_gate_ratelimit_requests_remain", "x_gat_ratelimit_reset_timestamp"


@pytest.mark.parametrize(
    ("status", "fields", "expected"),
    [
        (200, {REMAIN: 99, RESET: 7}, (99, 7)),
        (200, {RESET: 7}, (0, 7)),
        (429, {REMAIN: 3, RESET: 7}, (0, 7)),
        (200, {REMAIN: 99}, None),
        (200, {REMAIN: "9", RESET: 7}, None),
        (200, {REMAIN: 9, RESET: -1}, None),
        (200, {}, None),
    ],
)
def test_the_budget_a_reply_tells(
    status: int, fields: dict[str, Any], expected: tuple[int, int] | None
) -> None:
    assert reply(final("m1", "x", {}, status=status, **fields)).budget == expected


@given(raw=st.dictionaries(st.sampled_from(["header", "data", "ack", "x"]), JSON))
def test_no_reply_raises_anything_but_our_errors(raw: dict[str, Any]) -> None:
    found = read_reply("m1", raw)
    with suppress(*KINDS):
        outcome(found, lambda result: result, NOW_MS)
