"""The front door refuses in Gate's order with Gate's labels, and lets the honest in."""

from __future__ import annotations

import json

import pytest

from mtrade.gate.signing import sign_rest
from mtrade.paper.admission import Incoming
from tests.paper.bench import NOW, Bench

ACCOUNTS = ("GET", "/spot/accounts")


@pytest.fixture
def bench():
    return Bench()


def raw(bench, stamp=None, query="", signed=None, path="/api/v4/spot/accounts", **headers):
    stamp = str(NOW // 1000) if stamp is None else stamp
    sign = sign_rest("secret", "GET", path, query if signed is None else signed, b"", stamp)
    all_headers = {"key": "ann", "timestamp": stamp, "sign": sign, **headers}
    present = {name: value for name, value in all_headers.items() if value is not None}
    answer = bench.gateway.dispatch(Incoming("GET", path, query, present, b"", "127.0.0.1"))
    return answer.status, json.loads(answer.body) if answer.body else None


def label(answer):
    return answer[0], answer[1]["label"]


@pytest.mark.parametrize("stamp", [NOW // 1000, NOW // 1000 - 60, NOW // 1000 + 60])
def test_a_timestamp_within_a_minute_is_accepted(bench, stamp):
    bench.clock.ms = NOW // 1000 * 1000
    assert raw(bench, str(stamp))[0] == 200


def test_a_float_timestamp_is_signed_as_its_text(bench):
    assert raw(bench, f"{NOW // 1000}.1297011")[0] == 200


@pytest.mark.parametrize("stamp", [str(NOW // 1000 - 62), str(NOW // 1000 + 62), str(NOW)])
def test_a_stale_timestamp_is_expired_also_when_it_is_milliseconds(bench, stamp):
    assert label(raw(bench, stamp)) == (403, "REQUEST_EXPIRED")


@pytest.mark.parametrize("stamp", ["soon", "1e9", "-5", "NaN", "１７９０００００１２", "1" * 40])
def test_a_timestamp_that_is_no_number_is_refused(bench, stamp):
    assert label(raw(bench, stamp)) == (400, "INVALID_PARAM_VALUE")


@pytest.mark.parametrize("missing", ["key", "sign", "timestamp"])
def test_a_missing_header_comes_first(bench, missing):
    answer = raw(bench, "1", **{missing: None})
    assert label(answer) == (400, "MISSING_REQUIRED_HEADER")


def test_a_stale_time_comes_before_an_unknown_key(bench):
    assert label(raw(bench, "1", key="nobody")) == (403, "REQUEST_EXPIRED")


def test_an_unknown_key_comes_before_a_bad_signature(bench):
    assert label(raw(bench, key="nobody", sign="x")) == (401, "INVALID_KEY")


@pytest.mark.parametrize("sign", ["0" * 128, "é", "x"])
def test_a_bad_signature_is_refused(bench, sign):
    assert label(raw(bench, sign=sign)) == (401, "INVALID_SIGNATURE")


def test_the_query_may_be_signed_raw_or_decoded(bench):
    query = "currency=BTC&note=a+b%2Fc"
    assert raw(bench, query=query, signed=query)[0] == 200
    assert raw(bench, query=query, signed="currency=BTC&note=a b/c")[0] == 200
    assert label(raw(bench, query=query, signed="currency=ETH")) == (401, "INVALID_SIGNATURE")


def test_the_body_is_hashed_as_sent(bench):
    body = b'{"currency_pair": "BTC_USDT",   "side":"buy"}'
    request = bench.incoming("POST", "/spot/orders", "", body)
    changed = Incoming("POST", request.raw_path, "", request.headers, body + b" ", "127.0.0.1")
    assert json.loads(bench.gateway.dispatch(request).body)["label"] == "MISSING_REQUIRED_PARAM"
    assert bench.gateway.dispatch(changed).status == 401


def test_a_key_without_the_right_is_forbidden_and_a_read_only_one_cannot_write(bench):
    bench.add("viewer", 3, permissions={"spot": True})
    assert bench.send(*ACCOUNTS, who="viewer").status == 200
    order = bench.order("buy", "0.001", "60000")
    assert bench.refused("POST", "/spot/orders", "", order, who="viewer") == (403, "READ_ONLY")
    assert bench.refused("GET", "/wallet/fee", who="viewer") == (403, "FORBIDDEN")


def test_an_address_outside_the_whitelist_is_forbidden(bench):
    bench.add("home", 4, ip_whitelist=("192.168.1.5",))
    assert bench.refused(*ACCOUNTS, who="home") == (403, "IP_FORBIDDEN")


def test_an_unknown_path_is_a_bare_404_and_a_wrong_method_has_a_label(bench):
    nowhere = bench.send("GET", "/spot/nowhere")
    assert (nowhere.status, nowhere.body) == (404, b"")
    assert bench.refused("PUT", "/spot/accounts") == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b'{"a":NaN}', b"[" * 50_000, b'{"a":1' + b"0" * 5000 + b"}"]
)
def test_what_is_not_json_is_refused(bench, body):
    answer = bench.gateway.dispatch(bench.incoming("POST", "/spot/orders", "", body))
    assert (answer.status, json.loads(answer.body)["label"]) == (400, "INVALID_REQUEST_BODY")


@pytest.mark.parametrize("body", [[], [1], "x", 1, None, {"currency_pair": {}}, {"side": []}])
def test_json_of_the_wrong_shape_is_refused(bench, body):
    for path in ("/spot/orders", "/spot/batch_orders", "/spot/price_orders", "/wallet/transfers"):
        assert bench.refused("POST", path, "", body)[0] == 400


@pytest.mark.parametrize("number", ["1e999", "-1", "0", "NaN", "1" * 30, "1e-30", True, {}, "１"])
def test_hostile_numbers_are_refused(bench, number):
    order = {**bench.order("buy", "1", "60000"), "amount": number}
    assert bench.refused("POST", "/spot/orders", "", order)[0] == 400


def test_a_late_request_is_refused_and_leaves_nothing(bench):
    order = bench.order("buy", "0.001", "60000", text="t-late")
    late = {"x-gate-exptime": str(NOW - 1)}
    assert bench.refused("POST", "/spot/orders", "", order, headers=late) == (
        403,
        "REQUEST_EXPIRED",
    )
    assert bench.held(1, "USDT") == ("10000", "0")
    in_time = {"x-gate-exptime": str(NOW)}
    assert bench.send("POST", "/spot/orders", "", order, headers=in_time).status == 201
    for method, path in (
        ("DELETE", "/spot/orders/1"),
        ("PATCH", "/spot/orders/1"),
        ("DELETE", "/spot/orders"),
        ("POST", "/spot/batch_orders"),
        ("POST", "/spot/cancel_batch_orders"),
        ("POST", "/spot/amend_batch_orders"),
    ):
        query = "currency_pair=BTC_USDT"
        assert bench.refused(method, path, query, headers=late) == (403, "REQUEST_EXPIRED")
    assert bench.send(*ACCOUNTS, headers=late).status == 200
    odd = {"x-gate-exptime": "soon"}
    assert bench.refused("POST", "/spot/orders", "", order, headers=odd)[0] == 400


def test_headers_tell_time_trace_request_and_budget(bench):
    answer = bench.send(*ACCOUNTS, headers={"x-client-request-id": "abc-1"})
    assert answer.headers["X-In-Time"] == str(NOW * 1000)
    assert answer.headers["X-Client-Request-Id"] == "abc-1"
    assert len(answer.headers["X-Gate-Trace-Id"]) == 32
    assert answer.headers["X-Gate-RateLimit-Requests-Remain"] == "199"
    assert answer.headers["X-Gate-RateLimit-Limit"] == "200"
    assert answer.headers["X-Gate-RateLimit-Reset-Timestamp"] == str(NOW // 1000)
    evil = bench.send(*ACCOUNTS, headers={"x-client-request-id": "a\r\nSet-Cookie: x"})
    assert "X-Client-Request-Id" not in evil.headers


def test_the_eleventh_spot_order_of_a_second_is_too_many_but_another_market_is_free():
    bench = Bench(enforced=True)
    order = bench.order("buy", "0.0001", "50000")
    for _ in range(10):
        assert bench.send("POST", "/spot/orders", "", order).status == 201
    refused = bench.send("POST", "/spot/orders", "", order)
    assert (refused.status, json.loads(refused.body)["label"]) == (429, "TOO_MANY_REQUESTS")
    assert refused.headers["X-Gate-RateLimit-Requests-Remain"] == "0"
    assert refused.headers["X-Gate-RateLimit-Reset-Timestamp"] == str((NOW + 1000) // 1000)
    other = {**order, "currency_pair": "ETH_USDT", "amount": "0.1", "price": "100"}
    assert bench.send("POST", "/spot/orders", "", other).status == 201
    assert bench.send("POST", "/spot/orders", "", order, who="bob").status == 201
    bench.clock.ms += 1000
    assert bench.send("POST", "/spot/orders", "", order).status == 201


def test_every_order_of_a_batch_counts():
    bench = Bench(enforced=True)
    batch = [bench.order("buy", "0.0001", "50000", text=f"t-{n}") for n in range(6)]
    assert bench.send("POST", "/spot/batch_orders", "", batch).status == 200
    assert bench.send("POST", "/spot/batch_orders", "", batch).status == 429


def test_failed_logins_draw_on_the_budget_of_the_address():
    bench = Bench(enforced=True)
    answers = [raw(bench, sign="0" * 128)[0] for _ in range(201)]
    assert answers == [401] * 200 + [429]
    assert bench.send(*ACCOUNTS).status == 200


def test_arrivals_witness_every_create_request_with_its_outcome(bench):
    good = bench.place("buy", "0.001", "60000", text="t-1")
    bench.place_refused("buy", "9", "60000", text="t-2")
    batch = [
        bench.order("buy", "0.001", "60000", text="t-3"),
        bench.order("buy", "9", "60000", text="t-4"),
    ]
    bench.call("POST", "/spot/batch_orders", "", batch)
    rows = [(a["uid"], a["text"], a["accepted"], a["label"]) for a in bench.arrivals.rows()]
    assert rows == [
        (1, "t-1", True, ""),
        (1, "t-2", False, "BALANCE_NOT_ENOUGH"),
        (1, "t-3", True, ""),
        (1, "t-4", False, "BALANCE_NOT_ENOUGH"),
    ]
    assert bench.arrivals.rows()[0]["order_id"] == good["id"]
    assert {a["path"] for a in bench.arrivals.rows()} == {"rest"}


def test_a_lone_surrogate_in_a_text_does_not_break_the_answer(bench):
    batch = [bench.order("buy", "0.001", "60000", text="t-\ud800")]
    answer = bench.call("POST", "/spot/batch_orders", "", batch)
    assert answer[0]["label"] == "INVALID_PARAM_VALUE"


def test_a_defect_is_told_as_unknown_and_logged(bench, monkeypatch, caplog):
    def broken(*args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(bench.spot, "place", broken)
    order = bench.order("buy", "0.001", "60000")
    assert bench.refused("POST", "/spot/orders", "", order) == (500, "INTERNAL")
    assert "POST /spot/orders" in caplog.text
