"""What leaves a socket: in order, together, at the client's pace, and within bounds."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mtrade.paper.ws import outlet
from mtrade.paper.ws.mischief import How, Item
from mtrade.paper.ws.outlet import Outlet


class Wire:
    """A transport that can be told to have a full buffer; also the request that owns it."""

    def __init__(self) -> None:
        self.transport: Wire | None = self
        self.writes: list[bytes] = []
        self.waiting = 0
        self.ended = ""

    def write(self, data: bytes) -> None:
        self.writes.append(data)

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def is_closing(self) -> bool:
        return bool(self.ended)

    def close(self) -> None:
        self.ended = "closed"

    def abort(self) -> None:
        self.ended = "aborted"


class Slow:
    """The socket's own way of writing, which waits until the client reads."""

    def __init__(self, wire: Wire) -> None:
        self.closed = False
        self.reads = asyncio.Event()
        self.sent: list[bytes] = []
        self._wire = wire

    async def send_frame(self, payload: bytes, kind: object) -> None:
        await self.reads.wait()
        if self._wire.ended:
            raise ConnectionResetError
        self.sent.append(payload)


def stage() -> tuple[Any, Any, Outlet]:
    wire: Any = Wire()
    socket: Any = Slow(wire)
    return wire, socket, Outlet(wire, socket)


async def turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def test_what_is_put_in_one_pass_leaves_in_one_write_and_in_order():
    async def work() -> None:
        wire, _, out = stage()
        out.put([Item("a")])
        out.put([Item("bc")])
        assert wire.writes == []
        await turn()
        assert wire.writes == [b"\x81\x01a\x81\x02bc"]
        out.put([Item("d")])
        out.flush()
        assert wire.writes[1:] == [b"\x81\x01d"]
        await turn()
        assert len(wire.writes) == 2

    asyncio.run(work())


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_the_head_tells_the_length(size: int, head: bytes):
    async def work() -> None:
        wire, _, out = stage()
        out.put([Item("x" * size)])
        out.flush()
        assert wire.writes == [head + b"x" * size]

    asyncio.run(work())


def test_a_client_that_does_not_take_it_gets_the_rest_later_in_order():
    async def work() -> None:
        wire, socket, out = stage()
        wire.waiting = 10
        out.put([Item("a"), Item("b")])
        await turn()
        out.put([Item("c")])
        out.flush()
        await turn()
        assert wire.writes == [] == socket.sent
        socket.reads.set()
        await turn()
        assert socket.sent == [b"a", b"b", b"c"]
        wire.waiting = 0
        out.put([Item("d")])
        await turn()
        assert wire.writes == [b"\x81\x01d"]

    asyncio.run(work())


def test_a_client_that_never_reads_is_cut_off(monkeypatch):
    monkeypatch.setattr(outlet, "QUEUE_MOST", 3)

    async def work() -> None:
        wire, _, out = stage()
        wire.waiting = 10
        out.put([Item("a")] * 3)
        await turn()
        assert not wire.ended
        out.put([Item("a")] * 3)
        assert wire.ended == "aborted"
        assert out.gone
        await out.end()

    asyncio.run(work())


def test_a_fault_ends_the_connection_where_it_stands():
    async def work() -> None:
        wire, _, out = stage()
        out.put([Item("a"), Item("abcd", How.HALF), Item("never")])
        await turn()
        assert wire.writes == [b"\x81\x01a", b"\x81\x04ab"]
        assert wire.ended == "closed"

    asyncio.run(work())


def test_a_connection_that_breaks_while_waiting_ends_the_writer():
    async def work() -> None:
        wire, socket, out = stage()
        wire.waiting = 10
        out.put([Item("a")])
        await turn()
        wire.abort()
        socket.reads.set()
        await turn()
        assert out.gone
        assert socket.sent == []
        await out.end()

    asyncio.run(work())


def test_half_a_surrogate_pair_does_not_stop_anything():
    async def work() -> None:
        wire, _, out = stage()
        out.put([Item("\ud800")])
        out.flush()
        assert wire.writes == [b"\x81\x01?"]

    asyncio.run(work())
