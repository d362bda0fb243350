"""The trading API: login, envelopes, and the same effects as REST (gate-notes, trading API)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mtrade.domain.numbers import dumps, loads
from tests.paper.ws.calls import call, rest
from tests.paper.ws.stand import Client, Stand

LIMIT = {"contract": "BTC_USDT", "size": 3, "price": "60000", "tif": "gtc"}
SPOT = {"currency_pair": "BTC_USDT", "side": "buy", "amount": "0.01", "price": "60000"}


@pytest.fixture
def futures(stand):
    client = Client(stand)
    client.login()
    return client


@pytest.fixture
def spot(stand):
    client = Client(stand, "spot")
    client.login()
    return client


@pytest.mark.parametrize("param", [None, "{}", "null", '{ "a" : [1, 2] }', '""'])
def test_a_login_is_signed_over_the_raw_text_of_its_parameter(stand, param):
    answer = Client(stand).login(param=param)
    assert answer["request_id"] == "r1"
    assert answer["header"]["status"] == "200"
    assert answer["header"]["channel"] == "futures.login"
    assert answer["data"]["result"] == {"api_key": "ann", "uid": "42"}


@pytest.mark.parametrize(
    ("change", "status", "label"),
    [
        ({"api_key": "nobody"}, "401", "INVALID_KEY"),
        ({"signature": "00"}, "401", "INVALID_SIGNATURE"),
        ({"timestamp": "1"}, "403", "REQUEST_EXPIRED"),
        ({"timestamp": None}, "400", "INVALID_PARAM_VALUE"),
    ],
)
def test_a_wrong_login_is_refused(stand, change, status, label):
    client = Client(stand)
    payload = {
        "req_id": "r",
        "api_key": "ann",
        "signature": "00",
        "timestamp": str(stand.clock.ms // 1000),
    }
    frame = {"time": 1, "channel": "futures.login", "event": "api", "payload": payload | change}
    (answer,) = client.say(frame)
    assert (answer["header"]["status"], answer["data"]["errs"]["label"]) == (status, label)
    (refused,) = client.api("futures.order_place", LIMIT)
    assert refused["header"]["status"] == "400"
    assert refused["data"]["errs"] == {"label": "AUTHENTICATION_FAILED", "message": "Not login"}


def test_logging_in_twice_and_signing_everything_is_fine(stand, futures):
    futures.login()
    now_s = stand.clock.ms // 1000
    frame = {"time": now_s, "channel": "futures.order_place", "event": "api"}
    extra = {"api_key": "ann", "signature": "whatever", "timestamp": str(now_s)}
    payload = {"req_id": "x", "req_param": LIMIT, **extra}
    frames = futures.say({**frame, "payload": payload, "auth": {"KEY": "ann", "SIGN": "?"}})
    assert frames[-1]["data"]["result"]["status"] == "open"


def test_a_placement_has_an_acknowledgement_and_a_result(futures):
    header = {"X-Gate-Channel-Id": "ccxt"}
    ack, final = futures.api("futures.order_place", {**LIMIT, "text": "t-1"}, req_header=header)
    assert ack["ack"] is True
    assert ack["request_id"] == final["request_id"] == "r2"
    assert ack["data"]["result"] == {
        "req_id": "r2", "req_header": header, "req_param": {**LIMIT, "text": "t-1"},
    }  # fmt: skip
    head = ack["header"]
    assert head["x_gate_ratelimit_requests_remain"] == 99
    assert head["x_gate_ratelimit_limit"] == 100
    assert head["x_gat_ratelimit_reset_timestamp"] > 10**12
    assert isinstance(head["response_time"], str)
    assert head["x_in_time"] > 10**15
    assert final["ack"] is False
    assert final["header"]["status"] == "200"
    assert final["data"]["result"]["text"] == "t-1"


def test_other_requests_have_only_a_result(futures):
    placed = futures.done("futures.order_place", LIMIT)
    (frame,) = futures.api("futures.order_status", {"order_id": str(placed["id"])})
    assert frame["ack"] is False
    assert frame["data"]["result"]["id"] == placed["id"]


def test_a_refusal_carries_rests_label_and_status(futures):
    ack, final = futures.api("futures.order_place", {**LIMIT, "size": -50_000, "price": "64100"})
    assert ack["ack"] is True
    assert final["header"]["status"] == "400"
    assert final["data"]["errs"]["label"] == "INSUFFICIENT_AVAILABLE"
    (missing,) = futures.api("futures.order_status", {"order_id": "12345"})
    assert missing["header"]["status"] == "404"
    assert missing["data"]["errs"]["label"] == "ORDER_NOT_FOUND"


@pytest.mark.parametrize("param", [None, [], "nonsense", "{", 7])
def test_senseless_parameters_are_refused_not_fatal(futures, param):
    for name in ("order_place", "order_cancel", "order_list", "order_amend", "order_dance"):
        final = futures.api(f"futures.{name}", param)[-1]
        assert final["header"]["status"] == "400", (name, param)
        assert final["data"]["errs"]["label"]
    assert futures.api("spot.order_place", SPOT)[-1]["header"]["status"] == "400"


def test_a_parameter_may_be_wrapped_in_a_text(futures):
    placed = futures.done("futures.order_place", dumps({**LIMIT, "text": "t-w"}))
    assert placed["text"] == "t-w"
    cancelled = futures.done("futures.order_cancel", dumps({"order_id": "t-w"}))
    assert cancelled["finish_as"] == "cancelled"


def test_every_futures_operation(futures):
    placed = futures.done("futures.order_place", LIMIT)
    key = str(placed["id"])
    amended = futures.done("futures.order_amend", {"order_id": key, "size": 2, "settle": "usdt"})
    assert amended["size"] == "2"
    assert futures.done("futures.order_status", {"order_id": key}) == amended
    listed = futures.done(
        "futures.order_list", {"contract": "BTC_USDT", "status": "open", "limit": 5}
    )
    assert [row["id"] for row in listed] == [placed["id"]]
    both = futures.done("futures.order_batch_place", [LIMIT, {**LIMIT, "size": 0}])
    assert [row["succeeded"] for row in both] == [True, False]
    gone = futures.done("futures.order_cancel_ids", [key, "999"])
    assert [(row["id"], row["succeeded"]) for row in gone] == [(key, True), ("999", False)]
    rest = futures.done("futures.order_cancel_cp", {"contract": "BTC_USDT", "side": "bid"})
    assert [row["id"] for row in rest] == [both[0]["id"]]


def test_every_spot_operation(spot):
    placed = spot.done("spot.order_place", SPOT)
    about = {"order_id": placed["id"], "currency_pair": "BTC_USDT", "account": "spot"}
    amended = spot.done("spot.order_amend", {**about, "price": "60001"})
    assert amended["price"] == "60001"
    assert spot.done("spot.order_status", about)["id"] == placed["id"]
    query = {"currency_pair": "BTC_USDT", "status": "open", "page": 1, "limit": 10}
    assert [row["id"] for row in spot.done("spot.order_list", query)] == [placed["id"]]
    many = spot.done("spot.order_place", [{**SPOT, "text": "t-1"}, {**SPOT, "text": "t-2"}])
    assert [row["succeeded"] for row in many] == [True, True]
    wanted = [{"currency_pair": "BTC_USDT", "id": many[0]["id"]}]
    assert spot.done("spot.order_cancel_ids", wanted)[0]["succeeded"] is True
    assert spot.done("spot.order_cancel", about)["status"] == "cancelled"
    left = spot.done("spot.order_cancel_cp", {"currency_pair": "BTC_USDT", "side": "buy"})
    assert [row["id"] for row in left] == [many[1]["id"]]


@pytest.mark.parametrize("seed", range(3))
def test_sockets_and_rest_do_the_same(seed):
    """The same orders on two equal exchanges, by socket and by REST, leave the same behind."""
    one, two = Stand(seed=seed + 20), Stand(seed=seed + 20)
    client = Client(one)
    client.login()
    orders = [
        {**LIMIT, "text": "t-a"},
        {"contract": "ETH_USDT", "size": "-2", "price": "0", "tif": "ioc"},
        {**LIMIT, "size": -4, "price": "66000"},
        {"contract": "ETH_USDT", "size": 0, "close": True, "price": "0", "tif": "ioc"},
        {**LIMIT, "contract": "NOPE_USDT"},
    ]
    for order in orders:
        frames = client.api("futures.order_place", order)
        answer = call(two, "ann", "POST", "/futures/usdt/orders", body=order)
        data, body = frames[-1]["data"], loads(answer.body)
        if answer.status < 300:
            assert data["result"] == body
        else:
            assert data["errs"] == body
            assert frames[-1]["header"]["status"] == str(answer.status)
    assert one.world.last_id == two.world.last_id
    for path in ("orders", "my_trades", "account_book"):
        query = "status=finished" if path == "orders" else ""
        ours = rest(one, "ann", "GET", f"/futures/usdt/{path}", query)
        assert ours == rest(two, "ann", "GET", f"/futures/usdt/{path}", query)
    assert [a["text"] for a in one.arrivals.rows()] == [a["text"] for a in two.arrivals.rows()]
    assert [a["label"] for a in one.arrivals.rows()] == [a["label"] for a in two.arrivals.rows()]
    assert {a["path"] for a in one.arrivals.rows()} == {"ws"}
    assert {a["path"] for a in two.arrivals.rows()} == {"rest"}


@pytest.mark.parametrize("name", ["req_header", "header"])
def test_a_late_request_is_refused(stand, futures, name):
    late, due = str(stand.clock.ms - 1), str(stand.clock.ms + 1)
    final = futures.api("futures.order_place", LIMIT, **{name: {"x-gate-exptime": late}})[-1]
    assert final["header"]["status"] == "403"
    assert final["data"]["errs"]["label"] == "REQUEST_EXPIRED"
    frames = futures.api("futures.order_place", LIMIT, **{name: {"X-Gate-Exptime": due}})
    assert "result" in frames[-1]["data"]


def test_budgets_are_those_of_rest_and_say_so():
    stand = Stand(limits=True)
    client = Client(stand)
    client.login()
    for number in range(100):
        if number % 2:
            client.done("futures.order_place", {**LIMIT, "size": 1})
        else:
            call(stand, "ann", "POST", "/futures/usdt/orders", body={**LIMIT, "size": 1})
    (refused,) = client.api("futures.order_place", LIMIT)
    assert refused["header"]["status"] == "429"
    assert refused["data"]["errs"]["label"] == "TOO_MANY_REQUESTS"
    assert refused["data"]["errs"]["message"].endswith("(311)")
    assert "x_gate_ratelimit_requests_remain" not in refused["header"]
    assert refused["header"]["x_gat_ratelimit_reset_timestamp"] > stand.clock.ms
    spot = Client(stand, "spot")
    spot.login()
    finals = [spot.api("spot.order_place", {**SPOT, "amount": "0.0001"})[-1] for _ in range(11)]
    assert finals[-1]["data"]["errs"]["message"].endswith("(211)")


def test_a_read_only_key_may_look_but_not_trade(stand, futures):
    stand.world.users[42].keys["ann"].permissions["futures"] = True
    (refused,) = futures.api("futures.order_place", LIMIT)
    assert refused["header"]["status"] == "403"
    assert refused["data"]["errs"]["label"] == "READ_ONLY"
    assert futures.done("futures.order_list", {"status": "open"}) == []


def test_sizes_follow_the_handshake(stand):
    client = Client(stand, sizes=False)
    client.login()
    placed = client.done("futures.order_place", LIMIT)
    assert (placed["size"], placed["left"]) == (3, 3)
    assert Decimal(placed["price"]) == 60_000
