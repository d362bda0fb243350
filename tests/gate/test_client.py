"""A call: what is signed is what leaves; deadlines, budgets and hosts are checked before it."""

from __future__ import annotations

import logging
import threading
from typing import Any
from urllib.parse import unquote_plus

import pytest

from mtrade.domain.accounts import Credentials, Secret
from mtrade.domain.errors import (
    ExchangeUnavailable,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
)
from mtrade.domain.frozen import replace
from mtrade.gate.client import GateAuth, segment
from mtrade.gate.faults import Unreadable
from mtrade.gate.limits import REMAIN, RESET
from mtrade.gate.signing import sign_rest

from .loopback import KEY, NOW_MS, FixedClock, Request, client, hang_up, reply, serve


def plain(raw: Any) -> Any:
    return raw


def assert_signed(request: Request) -> None:
    expected = sign_rest(
        "demo-secret",
        request.method,
        request.path,
        unquote_plus(request.query),
        request.body,
        request.headers["timestamp"],
    )
    assert request.headers["sign"] == expected
    assert request.headers["key"] == "demo-key"
    assert request.headers["timestamp"] == str(NOW_MS // 1000)


def test_reads_and_changes_are_signed_from_the_bytes_that_left() -> None:
    with serve() as server:
        gate = client(server)
        gate.read("/wallet/fee", plain, {"a": "x,y", "note": "a b/c", "skip": None}, bucket="b")
        gate.change(
            "POST", "/spot/orders", plain, bucket="b", body={"text": "t-ё", "n": 1}, query={"q": 1}
        )
        gate.change("DELETE", f"/x/{segment('a/b?')}", plain, bucket="b", query={"flag": True})
        gate.close()
    for request in server.requests:
        assert_signed(request)
    assert server.requests[0].query == "a=x%2Cy&note=a+b%2Fc"
    assert server.requests[1].body == '{"text":"t-ё","n":1}'.encode()
    assert server.requests[2].target == "/api/v4/x/a%2Fb%3F?flag=true"


def test_every_call_asks_for_decimal_sizes_and_names_itself() -> None:
    with serve() as server:
        client(server).read("/spot/accounts", plain, bucket="b")
    headers = server.requests[0].headers
    assert headers["x-gate-size-decimal"] == "1"
    assert headers["user-agent"] == "mTrade"
    assert "content-type" not in headers


def test_public_calls_carry_no_key() -> None:
    with serve() as server:
        client(server).read("/spot/time", plain, bucket="b", public=True)
    assert not {"key", "sign", "timestamp"} & server.requests[0].headers.keys()


def test_without_a_key_private_calls_are_not_sent() -> None:
    with serve() as server:
        with pytest.raises(ExchangeUnavailable):
            client(server, keyed=False).read("/spot/accounts", plain, bucket="b")
        assert server.requests == []


def test_the_deadline_travels_with_the_order() -> None:
    with serve() as server:
        client(server).change("POST", "/x", plain, bucket="b", expires_ms=NOW_MS + 3000)
    assert server.requests[0].headers["x-gate-exptime"] == str(NOW_MS + 3000)


def test_an_order_that_could_only_be_late_is_not_written() -> None:
    with serve() as server:
        with pytest.raises(ExchangeUnavailable) as caught:
            client(server).change("POST", "/x", plain, bucket="b", expires_ms=NOW_MS + 299)
        assert server.requests == []
    assert caught.value.code == "expired_before_send"


def test_no_request_goes_to_a_host_of_another_network() -> None:
    with serve() as server:
        gate = client(server)
        gate.addresses = replace(gate.addresses, hosts=frozenset({"api.gateio.ws"}))
        with pytest.raises(ExchangeUnavailable):
            gate.change("POST", "/x", plain, bucket="b")
        assert server.requests == []


def test_a_parser_that_cannot_read_makes_a_change_unknown_and_a_read_unavailable() -> None:
    def refuse(raw: Any) -> Any:
        raise Unreadable("the answer has size 2, the request had 1")

    with serve() as server:
        gate = client(server)
        with pytest.raises(OutcomeUnknown, match="size 2"):
            gate.change("POST", "/x", refuse, bucket="b")
        with pytest.raises(ExchangeUnavailable, match="size 2"):
            gate.read("/x", refuse, bucket="b")
        gate.close()


def test_the_budget_of_the_headers_holds_back_the_next_call_but_not_an_urgent_one() -> None:
    spent = {REMAIN: "0", RESET: str(NOW_MS // 1000 + 7)}
    with serve(reply(headers=spent)) as server:
        gate = client(server)
        gate.change("POST", "/x", plain, bucket="place")
        with pytest.raises(RateLimited) as caught:
            gate.change("POST", "/x", plain, bucket="place")
        assert caught.value.retry_after == 8
        gate.change("DELETE", "/x", plain, bucket="place", urgent=True)
        gate.close()
    assert [r.method for r in server.requests] == ["POST", "DELETE"]


def test_a_refusal_carries_label_text_and_status() -> None:
    refused = reply('{"label": "BALANCE_NOT_ENOUGH", "message": "no money"}', 400)
    with serve(refused) as server, pytest.raises(OrderRejected) as caught:
        client(server).change("POST", "/x", plain, bucket="b")
    error = caught.value
    assert (error.label, error.raw, error.http_status) == ("BALANCE_NOT_ENOUGH", "no money", 400)


def test_a_created_answer_and_an_empty_204_are_successes() -> None:
    with serve(reply('{"id": 1}', 201), reply(b"", 204)) as server:
        gate = client(server)
        assert gate.change("POST", "/x", plain, bucket="b") == {"id": 1}
        assert gate.change("DELETE", "/x", plain, bucket="b") is None
        gate.close()


def test_many_threads_share_one_client() -> None:
    with serve() as server:
        gate = client(server)
        failures: list[BaseException] = []

        def work(number: int) -> None:
            try:
                for step in range(5):
                    gate.read("/x", plain, {"n": number, "s": step}, bucket="b")
            except BaseException as error:  # noqa: BLE001
                failures.append(error)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        gate.close()
    assert failures == []
    assert len({r.query for r in server.requests}) == 40
    for request in server.requests:
        assert_signed(request)


def test_secrets_do_not_show_in_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serve(reply(), hang_up()) as server:
        gate = client(server)
        gate.read("/spot/accounts", plain, bucket="b")
        with pytest.raises(OutcomeUnknown):
            gate.change("POST", "/spot/orders", plain, bucket="b", body={"a": 1})
        gate.close()
    assert "demo-secret" not in caplog.text
    for request in server.requests:
        assert request.headers["sign"] not in caplog.text


def test_secrets_do_not_show() -> None:
    shown = repr(KEY) + repr(GateAuth(Credentials("k", Secret("hidden")), FixedClock()))
    assert "demo-secret" not in shown
    assert "hidden" not in shown


def test_an_expired_request_puts_the_clock_in_doubt() -> None:
    with serve(reply('{"label":"REQUEST_EXPIRED"}', 403), reply('{"label":"X"}', 400)) as server:
        gate, doubts = client(server), []
        gate._on_expired = lambda: doubts.append(1)
        for _ in range(2):
            with pytest.raises((OrderRejected, OutcomeUnknown)):
                gate.change("POST", "/spot/orders", plain, bucket="b")
        gate.close()
    assert doubts == [1]
