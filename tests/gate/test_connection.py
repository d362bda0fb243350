"""Head and body leave in one piece, and an answer whose head is not plain is refused."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from mtrade.gate.connection import HEAD_CAP, Adapter, Outgoing, Response

ASKED = Outgoing("POST", "http://127.0.0.1:1", "/x?a=b", {"KEY": "k", "Content-Length": "2"}, b"{}")
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nx-a: 2\r\n\r\n{}"


class Talk:
    """A connection of a pool whose other end is here."""

    def __init__(self) -> None:
        pool: Any = Adapter().poolmanager.connection_from_host("127.0.0.1", 1, "http")
        self.connection = pool.take()
        self.connection.sock, self.peer = socket.socketpair()
        # An answer is handed over before anybody reads it, also where buffers are small.
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, HEAD_CAP * 4)
        self.connection.deadline = time.monotonic() + 5

    def ask(self, answer: bytes, request: Outgoing = ASKED) -> Response:
        self.peer.sendall(answer)
        self.peer.shutdown(socket.SHUT_WR)
        response: Response = self.connection.exchange(request, 1.0)
        return response


@pytest.fixture
def talk() -> Iterator[Talk]:
    found = Talk()
    yield found
    found.connection.close()
    found.peer.close()


def test_head_and_body_are_one_write(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    plain = http.client.HTTPConnection.send
    monkeypatch.setattr(
        http.client.HTTPConnection,
        "send",
        lambda self, data: (sent.append(data), plain(self, data)),
    )
    talk.ask(GOOD)
    expected = b"POST /x?a=b HTTP/1.1\r\nHost: 127.0.0.1:1\r\nKEY: k\r\nContent-Length: 2\r\n\r\n{}"
    assert sent == [expected]
    assert talk.peer.recv(4096) == expected


def test_fields_are_found_by_their_lower_case_names_and_joined(talk: Talk) -> None:
    answer = talk.ask(GOOD)
    assert answer.fields == {"content-length": "2", "x-a": "1, 2"}
    assert answer.whole(10) == b"{}"


def test_an_interim_answer_is_passed_over(talk: Talk) -> None:
    answer = talk.ask(b"HTTP/1.1 100 Continue\r\nX-B: 1\r\n\r\n" + GOOD)
    assert (answer.status, answer.whole(10)) == (200, b"{}")


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "\x00", "ключ"])
def test_a_header_of_two_lines_is_not_written(talk: Talk, value: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        talk.ask(GOOD, Outgoing("POST", "http://127.0.0.1:1", "/x", {"KEY": value}))
    assert not talk.connection.written


@pytest.mark.parametrize("target", ["/x\r\nX-Evil: 1", "/a b", "/ё"])
def test_a_target_of_two_lines_is_not_written(talk: Talk, target: str) -> None:
    with pytest.raises((ValueError, http.client.InvalidURL)):
        talk.ask(GOOD, Outgoing("GET", "http://127.0.0.1:1", target))
    assert not talk.connection.written


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 2\r\nno colon\r\n",
        b"Content-Length: 2\r\nX-A: 1\r\n folded\r\n",
        b"Content-Length : 2\r\n",
        b"Content-Length: 2\r\nContent-Length: 3\r\n",
        b"Content-Length: -2\r\n",
        b"Content-Length: 0x2\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"X-A: " + b"x" * HEAD_CAP + b"\r\n",
        b"X-A: 1\r\n" * (HEAD_CAP // 8 + 1),
    ],
)
def test_a_head_that_is_not_plain_is_refused(talk: Talk, head: bytes) -> None:
    with pytest.raises(http.client.HTTPException):
        talk.ask(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n{}")


@pytest.mark.parametrize("cut", [b"HTTP/1.1 200 OK\r\nX-A: 1", b"HTTP/1.1 200 OK\r\n", b""])
def test_a_head_cut_short_is_refused(talk: Talk, cut: bytes) -> None:
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        talk.ask(cut)


def test_a_body_cut_short_is_refused(talk: Talk) -> None:
    answer = talk.ask(GOOD.replace(b"Length: 2", b"Length: 3"))
    with pytest.raises(http.client.IncompleteRead):
        answer.whole(10)


def test_a_body_over_the_cap_is_read_one_byte_too_far_and_no_further(talk: Talk) -> None:
    answer = talk.ask(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1000)
    assert answer.whole(10) == b"x" * 11
