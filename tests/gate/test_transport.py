"""What can happen to a call on the wire, and what each case proves about it."""

from __future__ import annotations

import gzip
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from mtrade.domain.accounts import Network
from mtrade.domain.errors import ExchangeUnavailable, OutcomeUnknown
from mtrade.domain.frozen import replace
from mtrade.gate.client import BODY_CAP, GateClient
from mtrade.gate.networks import addresses
from mtrade.gate.transport import Timeouts

from .loopback import Server, client, hang_up, reply, reset, send, serve

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n"
PACKED = gzip.compress(b'{"a": 1}')
BOMB = gzip.compress(b" " * (BODY_CAP * 8) + b"{}")


def change(gate: GateClient, method: str = "POST", **more: Any) -> Any:
    return gate.change(method, "/spot/orders", lambda raw: raw, bucket="b", body={"a": 1}, **more)


def read(gate: GateClient) -> Any:
    return gate.read("/spot/accounts", lambda raw: raw, bucket="b")


BROKEN = {
    "closed without an answer": lambda s: hang_up(),
    "reset without an answer": lambda s: reset(),
    "reset in the middle of the head": lambda s: reset(b"HTTP/1.1 200 O"),
    "reset in the middle of the body": lambda s: reset(HEAD + b'{"id"'),
    "closed in the middle of the body": lambda s: hang_up(HEAD + b'{"id"'),
    "no answer in time": lambda s: s.stall(),
    "head that does not end": lambda s: s.stall(b"HTTP/1.1 200 OK\r\nX-A: b\r\n"),
    "body that does not end": lambda s: s.stall(HEAD + b'{"id": '),
    "head that drips": lambda s: s.drip(b"HTTP/1.1 200 OK\r\nX-A: b"),
    "body that drips": lambda s: s.drip(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"),
    "length larger than the body": lambda s: hang_up(
        b'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"a":1}'
    ),
    "length smaller than the body": lambda s: reply(b'{"a": 1}', headers={"Content-Length": "5"}),
    "truncated JSON": lambda s: reply(b'{"id": "1", "text"'),
    "not JSON": lambda s: reply(b"<html>502 Bad Gateway</html>", 502),
    "HTML with status 200": lambda s: reply(b"<html></html>"),
    "NaN": lambda s: reply(b'{"a": NaN}'),
    "deep nesting": lambda s: reply(b"[" * 100_000),
    "empty body": lambda s: reply(b""),
    "gzip bomb": lambda s: reply(BOMB, headers={"Content-Encoding": "gzip"}),
    "broken gzip": lambda s: reply(b"\x1f\x8bnot gzip", headers={"Content-Encoding": "gzip"}),
    "gzip cut short": lambda s: reply(PACKED[:-6], headers={"Content-Encoding": "gzip"}),
    "head that is cut": lambda s: hang_up(b"HTTP/1.1 200 OK\r\nX-A: b\r\n"),
    "head that is not plain": lambda s: send(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n{}"),
    "two lengths": lambda s: send(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} "
    ),
    "unknown encoding": lambda s: reply(b"\x00\x01", headers={"Content-Encoding": "br"}),
    "not HTTP": lambda s: hang_up(b"\x16\x03\x01\x02\x00garbage\r\n\r\n"),
    "redirect": lambda s: reply(b"", 302, {"Location": "http://127.0.0.1:9/elsewhere"}),
    "body over the cap": lambda s: reply(b'"' + b"x" * BODY_CAP + b'"'),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_changing_call_without_a_proper_answer_is_an_unknown_outcome(name: str) -> None:
    with serve() as server:
        server.script.append(BROKEN[name](server))
        with pytest.raises(OutcomeUnknown) as caught:
            change(client(server))
    assert len(server.requests) == 1
    assert "demo-secret" not in repr(caught.value)
    assert caught.value.__context__ is None or "SIGN" not in repr(vars(caught.value.__context__))


@pytest.mark.parametrize("name", BROKEN)
def test_a_read_without_a_proper_answer_is_only_unavailable(name: str) -> None:
    with serve() as server:
        server.script.append(BROKEN[name](server))
        with pytest.raises(ExchangeUnavailable):
            read(client(server))
    assert len(server.requests) == 1


def test_a_refused_connection_proves_that_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ExchangeUnavailable):
        change(client(Server(port)))


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
@pytest.mark.parametrize("end", [hang_up, reset], ids=["closed", "reset"])
def test_a_dropped_kept_connection_never_repeats_a_changing_call(method: str, end: Any) -> None:
    with serve(reply(), end()) as server:
        gate = client(server)
        change(gate)
        with pytest.raises(OutcomeUnknown):
            change(gate, method)
        gate.close()
    assert [r.connection for r in server.requests] == [1, 1]


def test_a_read_is_asked_again_once_when_a_kept_connection_was_dead() -> None:
    with serve(reply(), hang_up(), reply('{"again": 1}')) as server:
        gate = client(server)
        read(gate)
        assert read(gate) == {"again": 1}
        gate.close()
    assert [r.connection for r in server.requests] == [1, 1, 2]


def test_a_read_on_a_new_connection_is_not_asked_again() -> None:
    with serve(hang_up()) as server, pytest.raises(ExchangeUnavailable):
        read(client(server))
    assert len(server.requests) == 1


def test_connections_are_kept_and_reused() -> None:
    with serve() as server:
        gate = client(server)
        for _ in range(3):
            read(gate)
        gate.close()
    assert {r.connection for r in server.requests} == {1}


def test_a_connection_idle_for_long_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve() as server:
        gate = client(server)
        change(gate)
        now = time.monotonic()
        monkeypatch.setattr("mtrade.gate.transport.time.monotonic", lambda: now + 6)
        change(gate)
        gate.close()
    assert [r.connection for r in server.requests] == [1, 2]


def test_a_redirect_is_not_followed() -> None:
    with serve() as other, serve() as server:
        server.script.append(reply(b"", 307, {"Location": f"{other.url}/api/v4/spot/orders"}))
        with pytest.raises(OutcomeUnknown):
            change(client(server))
        assert other.requests == []


def test_the_environment_cannot_redirect_or_authenticate(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n", encoding="ascii")
    netrc.chmod(0o600)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "missing.pem")
    with serve(reply('{"a": 1}'), reply('{"b": 1}')) as server:
        assert read(client(server)) == {"a": 1}
        gate = client(server, keyed=False)
        assert gate.read("/spot/time", lambda raw: raw, bucket="t", public=True) == {"b": 1}
    assert all("authorization" not in r.headers for r in server.requests)


def test_cookies_are_neither_kept_nor_sent() -> None:
    with serve(reply(headers={"Set-Cookie": "a=b"})) as server:
        gate = client(server)
        read(gate)
        read(gate)
        gate.close()
    assert "cookie" not in server.requests[1].headers


def test_gzip_is_decoded() -> None:
    packed = gzip.compress(b'{"a": 1}')
    with serve(reply(packed, headers={"Content-Encoding": "gzip"})) as server:
        assert read(client(server)) == {"a": 1}


def test_a_chunked_answer_is_read() -> None:
    chunked = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"a": 1}\r\n0\r\n\r\n'
    with serve(send(chunked)) as server:
        assert read(client(server)) == {"a": 1}


def test_public_lists_may_be_larger_than_a_private_answer() -> None:
    long = b'["' + b"x" * BODY_CAP + b'"]'
    with serve(reply(long)) as server:
        gate = client(server, timeouts=Timeouts())
        found = gate.read("/spot/tickers", lambda raw: raw, bucket="t", public=True)
    assert len(found[0]) == BODY_CAP


def test_certificates_are_verified() -> None:
    """A TLS server nobody vouches for gets no request, so nothing was sent."""
    with serve() as server:
        gate = client(server)
        gate.addresses = _https(server)
        with pytest.raises(ExchangeUnavailable):
            change(gate)
    assert server.requests == []


def _https(server: Server) -> Any:
    plain = addresses(Network.PAPER, server.url)
    return replace(plain, rest=plain.rest.replace("http:", "https:"))
