"""The socket shell against a real server on loopback: what it sends, and every way it can end."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import re
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from mtrade.domain.accounts import Network
from mtrade.domain.errors import ConfigError
from mtrade.gate import socket as shell
from mtrade.gate.networks import LIVE, addresses
from mtrade.gate.socket import Socket, Sockets
from mtrade.loop import LoopThread
from tests.process.test_http import certificate

__all__ = ["certificate"]
WAIT_S = 10.0
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455
Talk = Callable[[web.WebSocketResponse, web.Request], Awaitable[None]]
Tls = tuple[ssl.SSLContext | None, ssl.SSLContext | None]  # the server's and ours


class Ear:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.over = threading.Event()
        self.heard = threading.Event()
        self.texts: list[str] = []
        self.ends: list[str] = []

    def opened(self) -> None:
        self.open.set()

    def received(self, text: str) -> None:
        self.texts.append(text)
        self.heard.set()

    def closed(self, reason: str) -> None:
        self.ends.append(reason)
        self.over.set()


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    thread = LoopThread()
    thread.start()
    yield thread
    assert thread.close()


@asynccontextmanager
async def serving(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    async def handle(request: web.Request) -> web.WebSocketResponse:
        peer = web.WebSocketResponse(autoping=False)
        await peer.prepare(request)
        await talk(peer, request)
        return peer

    async def away(request: web.Request) -> web.Response:
        raise web.HTTPFound("/ws/v4/")

    app = web.Application()
    app.router.add_get("/ws/v4/", handle)
    app.router.add_get("/away/", away)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    assert site._server is not None
    try:
        yield site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    finally:
        await runner.cleanup()


def until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_S
    while not true() and time.monotonic() < deadline:
        time.sleep(0.005)
    return true()


class Bench:
    """A server that talks as a test says, a socket to it, and what was heard."""

    def __init__(self, loop: LoopThread, talk: Talk, tls: Tls = (None, None)) -> None:
        self.loop = loop
        self.ear = Ear()
        theirs, ours = tls
        self._server = serving(talk, theirs)
        port = loop.call(self._server.__aenter__(), WAIT_S)
        self.where = addresses(Network.PAPER, f"http://127.0.0.1:{port}")
        if theirs is not None:
            rest, ws = (url.replace("://", "s://") for url in (self.where.rest, self.where.ws_spot))
            self.where = dataclasses.replace(self.where, rest=rest, ws_spot=ws)
        self.sockets = Sockets(self.where, ours)
        self.socket = self.open(self.where.ws_spot)

    def open(self, url: str, ear: Ear | None = None) -> Socket:
        async def run() -> Socket:
            return self.sockets.open(url, ear or self.ear)

        return self.loop.call(run(), WAIT_S)

    def send(self, text: str) -> bool:
        async def run() -> bool:
            return self.socket.send(text)

        return self.loop.call(run(), WAIT_S)

    def close(self) -> None:
        self.loop.call(self.sockets.close(), WAIT_S)
        self.loop.call(self._server.__aexit__(None, None, None), WAIT_S)

    def end(self) -> str:
        """Why the connection ended; told exactly once."""
        assert self.ear.over.wait(WAIT_S)
        self.close()
        (reason,) = self.ear.ends
        return reason


async def echo(peer: web.WebSocketResponse, request: web.Request) -> None:
    async for message in peer:
        await peer.send_str(message.data)


def test_it_opens_with_the_size_header_and_without_compression(loop: LoopThread) -> None:
    seen: dict[str, str] = {}

    async def talk(peer: web.WebSocketResponse, request: web.Request) -> None:
        seen.update(request.headers)
        await echo(peer, request)

    bench = Bench(loop, talk)
    assert bench.ear.open.wait(WAIT_S)
    assert bench.send("hello")
    assert bench.ear.heard.wait(WAIT_S)
    assert bench.ear.texts == ["hello"]
    assert seen["X-Gate-Size-Decimal"] == "1"
    assert "Sec-WebSocket-Extensions" not in seen
    loop.post(bench.socket.close, "enough")
    assert bench.end() == "enough"
    assert loop.call(asyncio.sleep(0, bench.socket.send("late")), WAIT_S) is False


def test_it_answers_the_servers_pings(loop: LoopThread) -> None:
    answered = threading.Event()

    async def talk(peer: web.WebSocketResponse, request: web.Request) -> None:
        await peer.ping(b"x")
        await peer.receive(WAIT_S)
        answered.set()

    bench = Bench(loop, talk)
    assert answered.wait(WAIT_S)
    bench.end()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\x82\x02ab", "a broken frame came (1003)"),
        (b"\x81\x02\xff\xfe", "a broken frame came (1007)"),
        (b"\x81\x7f" + (1 << 24).to_bytes(8, "big") + b"x" * 70_000, "a broken frame came (1009)"),
        (b"\xf1\x02ab", "a broken frame came (1002)"),
        (b"\x88\x02\x03\xe9", "the exchange closed (1001)"),
    ],
    ids=["binary", "not utf-8", "16 MiB", "reserved bits", "going away"],
)
def test_a_frame_that_must_not_come_ends_the_connection(
    loop: LoopThread, raw: bytes, reason: str
) -> None:
    async def talk(peer: web.WebSocketResponse, request: web.Request) -> None:
        assert request.transport is not None
        request.transport.write(raw)
        await peer.receive(WAIT_S)

    assert Bench(loop, talk).end() == reason


def test_what_comes_at_once_is_heard_in_order_with_pings_answered_in_between(
    loop: LoopThread,
) -> None:
    pongs: list[bytes] = []

    async def talk(peer: web.WebSocketResponse, request: web.Request) -> None:
        assert request.transport is not None
        texts = [b"\x81\x01" + str(number).encode() for number in range(9)]
        request.transport.write(
            b"".join([*texts[:4], b"\x89\x01p", *texts[4:], b"\x8a\x00", b"\x88\x02\x03\xe8"])
        )
        pongs.append((await peer.receive(WAIT_S)).data)

    bench = Bench(loop, talk)
    assert bench.end() == "the exchange closed (1000)"
    assert bench.ear.texts == list("012345678")
    assert pongs == [b"p"]


def test_text_is_heard_in_the_call_that_read_it(loop: LoopThread) -> None:
    """Not by a task that had to be woken first; a ping that waits for its task keeps its place."""
    tasks: list[asyncio.Task[object] | None] = []

    class Noting(Ear):
        def received(self, text: str) -> None:
            tasks.append(asyncio.current_task())
            super().received(text)

    bench = Bench(loop, echo)
    assert bench.ear.open.wait(WAIT_S)
    ear = Noting()
    bench.socket = bench.open(bench.where.ws_spot, ear)
    assert ear.open.wait(WAIT_S)
    for number in range(3):
        ear.heard.clear()
        assert bench.send(str(number))
        assert ear.heard.wait(WAIT_S)
    bench.close()
    assert ear.texts == list("012")
    assert tasks == [None, None, None]


def test_text_behind_a_ping_that_cannot_be_answered_any_more_is_heard(loop: LoopThread) -> None:
    async def talk(peer: web.WebSocketResponse, request: web.Request) -> None:
        await peer.receive(WAIT_S)
        assert request.transport is not None
        request.transport.write(b"\x81\x01a" + b"\x89\x00\x81\x01b" * 50)
        request.transport.close()

    for _ in range(5):
        bench = Bench(loop, talk)
        assert bench.ear.open.wait(WAIT_S)
        assert bench.send("go")
        assert "closed" in bench.end()
        assert bench.ear.texts == ["a", *"b" * 50]


def contexts(certificate: tuple[Path, Path]) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Of a server with that certificate, and of a client that trusts it under any name."""
    cert, key = certificate
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(cert, key)
    ours = ssl.create_default_context(cafile=str(cert))
    ours.check_hostname = False
    return theirs, ours


def test_under_tls_text_is_heard_the_same_way(
    loop: LoopThread, certificate: tuple[Path, Path]
) -> None:
    """Gate's own sockets are; a connection that is cut then ends too."""
    tasks: list[asyncio.Task[object] | None] = []

    class Noting(Ear):
        def received(self, text: str) -> None:
            tasks.append(asyncio.current_task())
            super().received(text)

    async def talk(peer: web.WebSocketResponse, request: web.Request) -> None:
        for _ in range(2):
            text = (await peer.receive_str(timeout=WAIT_S)).encode()
            assert request.transport is not None
            request.transport.write(b"\x81\x01" + text + b"\x89\x00\x81\x01." + b"\x81\x01!")
            await peer.receive(WAIT_S)  # the pong
        assert request.transport is not None
        request.transport.abort()

    bench = Bench(loop, talk, contexts(certificate))
    assert bench.ear.open.wait(WAIT_S)
    ear = Noting()
    bench.socket = bench.open(bench.where.ws_spot, ear)
    assert ear.open.wait(WAIT_S)
    for number in range(2):
        assert bench.send(str(number))
        assert until(lambda: len(ear.texts) >= 3 * (number + 1))  # noqa: B023 - called at once
    assert ear.over.wait(WAIT_S)
    bench.close()
    assert ear.texts == list("0.!1.!")
    assert tasks[0] is None
    assert "closed" in ear.ends[0]


def test_a_certificate_that_nobody_vouches_for_is_refused(
    loop: LoopThread, certificate: tuple[Path, Path]
) -> None:
    theirs, _ = contexts(certificate)
    assert Bench(loop, echo, (theirs, None)).end() == "SSLCertVerificationError"


@pytest.mark.parametrize(
    ("raw", "heard", "reason"),
    [
        (b"\x01\x01a\x89\x00\x00\x01b\x80\x01c\x81\x01d", ["abc", "d"], "the exchange closed"),
        (b"\x01\x01\xc3\x80\x01\xa9", ["\u00e9"], "the exchange closed"),
        (b"\x01\x00\x80\x00", [""], "the exchange closed"),
        (b"\x80\x01c", [], "a broken frame came (1002)"),
        (b"\x01\x01a\x81\x01b\x81\x01c", [], "a broken frame came (1002)"),
        (b"\x01\x01\xc3\x80\x01a", [], "a broken frame came (1007)"),
        ((b"\x01\x7e\xff\xff" + b"x" * 65535) + (b"\x00\x7e\xff\xff" + b"x" * 65535) * 65,
         [], "a broken frame came (1009)"),
    ],
    ids=["in three", "inside a character", "empty", "continues nothing", "not continued",
         "not utf-8", "too large"],
)  # fmt: skip
def test_a_message_may_come_in_several_frames(
    loop: LoopThread, raw: bytes, heard: list[str], reason: str
) -> None:
    async def talk(peer: web.WebSocketResponse, request: web.Request) -> None:
        assert request.transport is not None
        request.transport.write(raw)
        await peer.receive(0.2) if heard else await peer.receive(WAIT_S)

    bench = Bench(loop, talk)
    assert bench.end().startswith(reason)
    assert bench.ear.texts == heard


def test_a_handshake_that_nobody_waits_for_any_more_opens_nothing(loop: LoopThread) -> None:
    asked, answer, gone = threading.Event(), asyncio.Event(), threading.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await answer.wait()
        key = re.search(rb"Sec-WebSocket-Key: (\S+)", head)
        assert key is not None
        told = base64.b64encode(sha1(key.group(1) + MAGIC).digest())  # noqa: S324
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + told + b"\r\n\r\n\x81\x01x"
        )
        with suppress(ConnectionError):
            assert await reader.read() == b""
        gone.set()
        writer.close()

    async def serve() -> asyncio.Server:
        return await asyncio.start_server(slow, "127.0.0.1", 0)

    server = loop.call(serve(), WAIT_S)
    where = addresses(Network.PAPER, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    sockets, ear = Sockets(where), Ear()

    async def run() -> Socket:
        return sockets.open(where.ws_spot, ear)

    line = loop.call(run(), WAIT_S)
    assert asked.wait(WAIT_S)
    loop.post(line.close, "enough")
    assert ear.over.wait(WAIT_S)
    loop.post(answer.set)
    assert gone.wait(WAIT_S)
    loop.post(server.close)
    assert (ear.ends, ear.texts, ear.open.is_set()) == (["enough"], [], False)


async def two_texts(peer: web.WebSocketResponse, request: web.Request) -> None:
    """In one write, once asked."""
    await peer.receive(WAIT_S)
    assert request.transport is not None
    request.transport.write(b"\x81\x01a\x81\x01b")
    await peer.receive(WAIT_S)


def two_texts_at_once(bench: Bench, ear: Ear) -> None:
    """Let a connection get them, until it is over."""
    assert bench.ear.open.wait(WAIT_S)
    bench.socket = bench.open(bench.where.ws_spot, ear)
    assert ear.open.wait(WAIT_S)
    assert bench.send("go")
    assert ear.over.wait(WAIT_S)
    bench.close()


def test_a_fault_of_the_listener_ends_its_connection_and_is_told(
    loop: LoopThread, caplog: pytest.LogCaptureFixture
) -> None:
    class Faulty(Ear):
        def received(self, text: str) -> None:
            super().received(text)
            raise LookupError(text)

    ear = Faulty()
    two_texts_at_once(Bench(loop, two_texts), ear)
    assert ear.ends == ["internal error: LookupError"]
    assert ear.texts == ["a"]
    assert "LookupError" in caplog.text


def test_a_listener_that_fails_when_it_is_opened_hears_nothing_and_is_told(
    loop: LoopThread, caplog: pytest.LogCaptureFixture
) -> None:
    class Faulty(Ear):
        def opened(self) -> None:
            super().opened()
            raise LookupError

    async def talk(peer: web.WebSocketResponse, request: web.Request) -> None:
        assert request.transport is not None
        request.transport.write(b"\x81\x01a\x81\x01b")
        await peer.receive(WAIT_S)

    bench, ear = Bench(loop, talk), Faulty()
    assert bench.ear.open.wait(WAIT_S)
    bench.open(bench.where.ws_spot, ear)
    assert ear.over.wait(WAIT_S)
    bench.close()
    assert (ear.ends, ear.texts) == (["internal error: LookupError"], [])
    assert "LookupError" in caplog.text


def test_a_fault_in_reading_a_text_is_the_listeners_not_the_exchanges(
    loop: LoopThread, caplog: pytest.LogCaptureFixture
) -> None:
    class Faulty(Ear):
        def received(self, text: str) -> None:
            b"\xff".decode()

    ear = Faulty()
    two_texts_at_once(Bench(loop, two_texts), ear)
    assert ear.ends == ["internal error: UnicodeDecodeError"]


def test_the_exchanges_last_word_is_answered(loop: LoopThread) -> None:
    answered: list[bytes] = []

    async def talk(peer: web.WebSocketResponse, request: web.Request) -> None:
        assert request.transport is not None
        request.transport.write(b"\x88\x02\x03\xe9")
        await peer.receive(WAIT_S)
        answered.append(peer.close_code.to_bytes(2, "big") if peer.close_code else b"")

    assert Bench(loop, talk).end() == "the exchange closed (1001)"
    assert answered == [(1000).to_bytes(2, "big")]


def test_who_says_good_bye_and_reads_no_more_is_left_all_the_same(
    loop: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "CLOSE_S", 0.2)
    full, done = threading.Event(), asyncio.Event()

    async def talk(peer: web.WebSocketResponse, request: web.Request) -> None:
        wire = request.transport
        assert isinstance(wire, asyncio.Transport)
        wire.pause_reading()
        await asyncio.to_thread(full.wait, WAIT_S)
        wire.write(b"\x88\x02\x03\xe8")
        await done.wait()
        wire.abort()

    bench = Bench(loop, talk)
    assert bench.ear.open.wait(WAIT_S)

    async def buffered() -> int:
        bench.socket.send("x" * 1_000_000)
        return bench.socket.buffered()

    assert until(lambda: loop.call(buffered(), WAIT_S) > 0)
    full.set()
    assert bench.ear.over.wait(WAIT_S)
    assert bench.ear.ends == ["the exchange closed (1000)"]
    loop.post(done.set)
    bench.close()


@pytest.mark.parametrize(
    ("raw", "reason", "within"),
    [
        (b"\x88\x02\x03\xe8", "the exchange closed (1000)", 1.0),
        (b"\x82\x01x\x88\x02\x03\xe8", "a broken frame came (1003)", 1.0),
        (b"\x81\x81abcdx", "a broken frame came (1002)", 2.0),
    ],
    ids=["close", "binary, then close", "masked"],
)
def test_a_silent_peer_does_not_keep_a_connection_that_has_ended(
    loop: LoopThread,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    raw: bytes,
    reason: str,
    within: float,
) -> None:
    """Under TLS, too, whose own good-bye nobody answers; no order may wait for it."""
    monkeypatch.setattr(shell, "CLOSE_S", 0.2)
    gone = asyncio.Event()

    async def talk(peer: web.WebSocketResponse, request: web.Request) -> None:
        wire = request.transport
        assert isinstance(wire, asyncio.Transport)
        await peer.receive()
        wire.pause_reading()
        wire.write(raw)
        await gone.wait()
        wire.abort()

    bench = Bench(loop, talk, contexts(certificate))
    assert bench.ear.open.wait(WAIT_S)
    began = time.monotonic()
    assert bench.send("go")
    assert bench.ear.over.wait(WAIT_S)
    took = time.monotonic() - began
    loop.post(gone.set)
    bench.close()
    assert bench.ear.ends == [reason]
    assert took < within


@pytest.mark.parametrize(
    "raw",
    [
        b"\x81\x7f" + (5 << 20).to_bytes(8, "big") + b"x" * (5 << 20) + b"\x81\x01y",
        b"\x88\x02\x00\x01\x81\x01y",
    ],
    ids=["too large", "an illegal code"],
)
def test_nothing_is_heard_behind_a_broken_frame(loop: LoopThread, raw: bytes) -> None:
    async def talk(peer: web.WebSocketResponse, request: web.Request) -> None:
        assert request.transport is not None
        request.transport.write(raw)
        await peer.receive(WAIT_S)

    bench = Bench(loop, talk)
    assert bench.end().startswith("a broken frame came")
    assert bench.ear.texts == []


def test_before_a_connection_and_after_it_no_frame_can_leave(loop: LoopThread) -> None:
    """Whoever asks first takes another way; a frame that was not written is no unknown outcome."""
    states: list[tuple[bool, bool]] = []

    class Asking(Ear):
        def received(self, text: str) -> None:
            super().received(text)
            bench.socket.close("enough")
            states.append((bench.socket.buffered() < shell.NEVER, bench.socket.send("x")))

        def closed(self, reason: str) -> None:
            states.append((bench.socket.buffered() < shell.NEVER, bench.socket.send("x")))
            super().closed(reason)

    bench, ear = Bench(loop, two_texts), Asking()
    two_texts_at_once(bench, ear)
    assert states == [(False, False), (False, False)]


def test_the_systems_certificates_are_read_once_and_decide() -> None:
    first, second = Sockets(LIVE)._tls, Sockets(LIVE)._tls
    assert first is second
    assert first is not None
    assert first.verify_mode is ssl.CERT_REQUIRED
    assert first.check_hostname
    assert Sockets(addresses(Network.PAPER, "http://127.0.0.1:1"))._tls is None


def test_nothing_is_heard_of_a_connection_that_is_being_closed(loop: LoopThread) -> None:
    class Leaving(Ear):
        def received(self, text: str) -> None:
            super().received(text)
            bench.socket.close("enough")

    bench, ear = Bench(loop, two_texts), Leaving()
    two_texts_at_once(bench, ear)
    assert ear.ends == ["enough"]
    assert ear.texts == ["a"]


def test_a_connection_cut_in_the_middle_of_a_frame_ends(loop: LoopThread) -> None:
    async def talk(peer: web.WebSocketResponse, request: web.Request) -> None:
        assert request.transport is not None
        request.transport.write(b"\x81\x7e\x01\x00half")
        request.transport.abort()

    assert "closed" in Bench(loop, talk).end()


def test_a_refused_handshake_is_told_and_never_opened(loop: LoopThread) -> None:
    bench = Bench(loop, echo)
    ear = Ear()
    bench.open(bench.where.ws_futures["usdt"], ear)
    assert ear.over.wait(WAIT_S)
    assert ear.ends == ["the handshake was refused (404)"]
    assert not ear.open.is_set()
    bench.close()


def test_a_hosts_next_address_is_tried_beside_one_that_does_not_answer(
    loop: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken IPv6 at home must not cost the whole time there is to connect."""
    asked: list[dict[str, object]] = []
    real = loop.loop.create_connection

    def noted(*args: Any, **more: Any) -> Any:
        asked.append(more)
        return real(*args, **more)

    monkeypatch.setattr(loop.loop, "create_connection", noted)
    bench = Bench(loop, echo)
    assert bench.ear.open.wait(WAIT_S)
    bench.close()
    assert [more["happy_eyeballs_delay"] for more in asked] == [0.25]


def test_a_handshake_that_hangs_is_given_up(
    loop: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "HANDSHAKE_S", 0.2)

    with socket.create_server(("127.0.0.1", 0)) as mute:  # the kernel accepts, nobody answers
        where = addresses(Network.PAPER, f"http://127.0.0.1:{mute.getsockname()[1]}")
        sockets, ear = Sockets(where), Ear()

        async def run() -> None:
            sockets.open(where.ws_spot, ear)

        loop.call(run(), WAIT_S)
        assert ear.over.wait(WAIT_S)
        assert ear.ends == ["TimeoutError"]
        loop.call(sockets.close(), WAIT_S)


@pytest.mark.parametrize(
    "url",
    [
        "ws://example.com/ws/v4/",
        "wss://127.0.0.1/ws/v4/",
        "http://127.0.0.1/ws/v4/",
        "ws://127.0.0.1.example.com/",
        "ws://127.0.0.1@example.com/",
    ],
)
def test_it_goes_to_no_other_host(url: str) -> None:
    sockets = Sockets(addresses(Network.PAPER, "http://127.0.0.1:1"))
    with pytest.raises(ConfigError):
        sockets.open(url, Ear())


def test_real_networks_are_never_spoken_to_in_clear() -> None:
    with pytest.raises(ConfigError):
        Sockets(LIVE).open("ws://api.gateio.ws/ws/v4/", Ear())


def test_a_socket_closed_before_its_first_step_still_says_so(loop: LoopThread) -> None:
    bench = Bench(loop, echo)
    ear = Ear()

    async def run() -> None:
        bench.sockets.open(bench.where.ws_spot, ear).close("changed my mind")

    loop.call(run(), WAIT_S)
    assert ear.over.wait(WAIT_S)
    assert ear.ends == ["changed my mind"]
    bench.close()


def test_a_listener_that_fails_ends_its_own_connection_only(
    loop: LoopThread, caplog: pytest.LogCaptureFixture
) -> None:
    class Bad(Ear):
        def received(self, text: str) -> None:
            raise KeyError(text)

    bench = Bench(loop, echo)
    bad = Bad()
    line = bench.open(bench.where.ws_spot, bad)
    assert bad.open.wait(WAIT_S)
    loop.post(line.send, "x")
    assert bad.over.wait(WAIT_S)
    assert bad.ends == ["internal error: KeyError"]
    assert bench.ear.open.wait(WAIT_S)
    assert bench.send("still there")
    assert bench.ear.heard.wait(WAIT_S)
    bench.close()


def test_closing_all_ends_every_connection_and_leaves_no_task(loop: LoopThread) -> None:
    bench = Bench(loop, echo)
    assert bench.ear.open.wait(WAIT_S)
    bench.close()
    assert len(bench.ear.ends) == 1
    assert not bench.sockets._open


def test_a_redirect_is_not_followed_with_a_login(loop: LoopThread) -> None:
    async def talk(peer: web.WebSocketResponse, request: web.Request) -> None:
        await peer.receive()

    bench, ear = Bench(loop, talk), Ear()
    bench.open(bench.where.ws_spot.replace("/ws/v4/", "/away/"), ear)
    assert ear.over.wait(WAIT_S)
    assert ear.ends == ["the exchange redirects"]
    assert not ear.open.is_set()
    bench.close()
