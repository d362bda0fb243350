"""Requests of two meanings are refused with a closed connection, and nothing behind them runs."""

from __future__ import annotations

import re
import socket

import pytest

from tests.process.test_http import server

HOST = b"Host: x\r\n"
NEXT = b"GET /second HTTP/1.1\r\nHost: x\r\n\r\n"


def talk(port: int, sent: bytes) -> tuple[list[bytes], bool]:
    """Status codes of all answers, and whether the server hung up within a second."""
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=1) as raw:
        raw.sendall(sent)
        try:
            while chunk := raw.recv(4096):
                said += chunk
        except TimeoutError:
            return re.findall(rb"HTTP/1\.1 (\d+)", said), False
        except ConnectionError:
            pass
    return re.findall(rb"HTTP/1\.1 (\d+)", said), True


def post(*headers: bytes, body: bytes = b"{}") -> bytes:
    return b"POST / HTTP/1.1\r\n" + HOST + b"".join(h + b"\r\n" for h in headers) + b"\r\n" + body


SHAPES = {
    "length and chunks": post(
        b"Content-Length: 4", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"
    ),
    "chunks": post(b"Transfer-Encoding: chunked", body=b"2\r\n{}\r\n0\r\n\r\n"),
    "blank before the colon": post(b"Transfer-Encoding : chunked", b"Content-Length: 2"),
    "two lengths": post(b"Content-Length: 2", b"Content-Length: 40"),
    "the same length twice": post(b"Content-Length: 2", b"Content-Length: 2"),
    "negative length": post(b"Content-Length: -1"),
    "signed length": post(b"Content-Length: +2"),
    "length with underscore": post(b"Content-Length: 0_2"),
    "wide digits": post("Content-Length: ２".encode()),
    "folded line": post(b"X: a\r\n b", b"Content-Length: 2"),
    "folded host": b"GET / HTTP/1.1\r\nHost: evil\r\n x\r\n\r\n",
    "bare LF": b"GET / HTTP/1.1\n" + HOST + b"\n",
    "bare LF in a header": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\nY: b\r\n\r\n",
    "bare CR": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\rY: b\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n",
    "NUL in the path": b"GET /a\0b HTTP/1.1\r\n" + HOST + b"\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: evil\r\n" + HOST + b"\r\n",
    "two cookies": b"GET / HTTP/1.1\r\n" + HOST + b"Cookie: a=1\r\nCookie: a=2\r\n\r\n",
    "underscore": b"GET / HTTP/1.1\r\n" + HOST + b"X_CSRF_Token: a\r\n\r\n",
    "no colon": b"GET / HTTP/1.1\r\n" + HOST + b"rubbish\r\n\r\n",
    "no name": b"GET / HTTP/1.1\r\n" + HOST + b": value\r\n\r\n",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_request_of_two_meanings_is_refused(shape: str) -> None:
    with server() as port:
        assert talk(port, SHAPES[shape] + NEXT) == ([b"400"], True)


def test_honest_requests_share_a_connection() -> None:
    whole = post(b"Content-Length: 2", b"Accept: a", b"Accept: b", b"X-Empty:", b"X:\ta b\t")
    with server() as port:
        codes, _ = talk(port, whole + NEXT + b"GET / HTTP/1.0\r\n" + HOST + b"\r\n")
        assert codes == [b"200"] * 3


def test_a_body_that_is_cut_off_is_not_taken_for_whole() -> None:
    with server() as port, socket.create_connection(("127.0.0.1", port), timeout=5) as raw:
        raw.sendall(post(b"Content-Length: 20"))
        raw.shutdown(socket.SHUT_WR)
        assert raw.recv(200).startswith(b"HTTP/1.1 400 ")
