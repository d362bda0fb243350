"""Endless answers: a reader that left or sleeps frees its thread, and the application is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any
from wsgiref.types import StartResponse

import pytest

from mtrade.process import http, network
from mtrade.process.http import serving
from mtrade.process.peer import ENVIRON_KEY


class Endless:
    """An application that never stops talking, and notes how it ended."""

    def __init__(self, chunk: bytes, pause_s: float) -> None:
        self.closed, self.gone = threading.Event(), threading.Event()
        self._chunk, self._pause_s = chunk, pause_s

    def __call__(self, environ: dict[str, Any], start: StartResponse) -> Iterator[bytes]:
        start("200 OK", [("Content-Type", "text/event-stream")])
        return self._talk(environ)

    def _talk(self, environ: dict[str, Any]) -> Iterator[bytes]:
        try:
            yield b": hello\n\n"
            while not environ[ENVIRON_KEY]():
                if self._chunk:
                    yield self._chunk
                self.closed.wait(self._pause_s)
            self.gone.set()
        finally:
            self.closed.set()


def visitor(port: int) -> socket.socket:
    """Connected, and served its first bytes: from then on only the application notices a leave."""
    line = socket.create_connection(("127.0.0.1", port), timeout=30)
    line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    heard = b""
    while b"hello" not in heard:
        heard += line.recv(100)
    assert b"200 OK" in heard
    return line


def test_who_leaves_is_noticed_without_a_byte_being_sent() -> None:
    application = Endless(b"", 0.05)
    bound = network.bind("127.0.0.1", 0)
    with serving(bound, application, threads=2):
        visitor(bound.getsockname()[1]).close()
        assert application.gone.wait(30)
        assert application.closed.wait(30)


def test_who_sleeps_is_dropped_by_the_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TIMEOUT_S", 0.5)
    application = Endless(b"x" * 65_536, 0.0)
    bound = network.bind("127.0.0.1", 0)
    with serving(bound, application, threads=2):
        with visitor(bound.getsockname()[1]):
            assert application.closed.wait(30)
        assert not application.gone.is_set()
