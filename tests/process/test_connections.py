"""Silent and slow visitors: bounded per address, cut in time, and never in the way of others."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from mtrade.config import Config
from mtrade.process import http as web
from tests.process.test_http import certificate, post, server

__all__ = ["certificate"]


def dial(port: int, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=5, source_address=(source, 0))


def hung_up(raw: socket.socket) -> bool:
    try:
        return raw.recv(1000) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request has to arrive within 0.4 s, and begin within one."""
    monkeypatch.setattr(web, "ARRIVAL_S", 0.4)
    monkeypatch.setattr(web, "TIMEOUT_S", 1)


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has only one loopback address")
def test_one_address_holds_so_many_sockets_and_others_are_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web, "CONNECTIONS_PER_ADDRESS", 3)
    with server() as port, ExitStack() as stack:
        held = [stack.enter_context(dial(port, "127.0.0.2")) for _ in range(3)]
        with dial(port, "127.0.0.2") as surplus:
            assert hung_up(surplus)
        assert post(port, b"").status == 200
        held.pop().close()
        deadline = time.monotonic() + 5
        while True:  # room is made when the server notices
            with dial(port, "127.0.0.2") as again, contextlib.suppress(ConnectionError):
                again.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                if again.recv(100):
                    break
            assert time.monotonic() < deadline


def test_one_address_cannot_take_every_thread() -> None:
    assert Config().server.threads > web.CONNECTIONS_PER_ADDRESS


def test_more_silent_visitors_than_threads_keep_nobody_waiting() -> None:
    with server() as port, ExitStack() as stack:  # it has four threads
        for _ in range(12):
            stack.enter_context(dial(port))
        begun = time.monotonic()
        assert post(port, b"").status == 200
        assert time.monotonic() - begun < 2


def test_a_crowd_of_slow_visitors_is_cut_sooner() -> None:
    with server() as port, ExitStack() as stack:  # it has four threads
        for _ in range(6):
            slow = stack.enter_context(dial(port))
            slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        begun = time.monotonic()
        assert post(port, b"").status == 200
        assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("first", "drop"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"a"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n", b"a"),
    ],
    ids=["slow headers", "slow body"],
)
def test_a_request_that_does_not_arrive_is_cut(hasty: None, first: bytes, drop: bytes) -> None:
    with server() as port, dial(port) as raw:
        begun = time.monotonic()
        raw.settimeout(0.05)
        raw.sendall(first)
        gone = False
        while not gone and time.monotonic() - begun < 5:
            try:
                raw.sendall(drop)
                gone = not raw.recv(1000)
            except TimeoutError:
                continue
            except ConnectionError:
                gone = True
        assert gone
        assert 0.3 < time.monotonic() - begun < 2


def test_a_visitor_who_says_nothing_is_cut(hasty: None) -> None:
    with server() as port, dial(port) as raw:
        begun = time.monotonic()
        assert hung_up(raw)
        assert time.monotonic() - begun < 3


def test_an_idle_connection_may_wait_between_requests_longer_than_one_may_take(
    hasty: None,
) -> None:
    with server() as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        for _ in range(2):
            connection.request("GET", "/")
            assert connection.getresponse().read()
            time.sleep(0.6)
        connection.close()


def test_a_visitor_without_a_handshake_keeps_nobody_out(
    certificate: tuple[Path, Path], hasty: None
) -> None:
    cert, key = certificate
    context = ssl.create_default_context(cafile=str(cert))
    context.check_hostname = False
    with server(certificate=cert, private_key=key) as port, dial(port) as silent:
        begun = time.monotonic()
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        connection.close()
        assert time.monotonic() - begun < 0.3
        assert hung_up(silent)
        with dial(port) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200" not in plain.recv(100)
