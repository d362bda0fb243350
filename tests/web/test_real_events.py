"""Event streams of a real server over a real exchange: quick, few, and gone when they should."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal as D

import pytest
import requests

from mtrade.domain.accounts import Credentials, Network, Secret
from mtrade.domain.instruments import Side, futures
from mtrade.domain.orders import OrderRequest, OrderType
from mtrade.gate.exchange import GateExchange
from mtrade.gate.lines import Lines
from mtrade.web.seats import MOST, MOST_OF_ONE
from tests.servers import Paper, Script, Server
from tests.sse import Message, Stream

KEY, SECRET = "events-key", "events-secret"
PASSWORD = "seven grey geese over the harbour"
BTC = futures("BTC_USDT")
MARKET = "market:paper:usdt:BTC_USDT"


@dataclass
class Stand:
    """A server, its exchange, and another program that trades on the same account."""

    server: Server
    script: Script
    account: str
    other: GateExchange
    lines: Lines

    def sign_in(self) -> tuple[dict[str, str], str]:
        """A new device: its cookie header and its CSRF token."""
        with requests.Session() as browser:
            browser.trust_env = False
            answer = browser.post(
                f"{self.server.base}/api/auth/login",
                json={"password": PASSWORD, "remember": False},
                headers={"Origin": self.server.base},
            )  # fmt: skip
            assert answer.ok, answer.text
            cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        return {"Cookie": cookie}, answer.json()["csrf"]

    @property
    def own(self) -> dict[str, str]:
        return {"Authorization": str(self.script.session.headers["Authorization"])}

    def place(self, text: str) -> str:
        """A limit order far below the market, by the other program."""
        order = OrderRequest(
            instrument=BTC, side=Side.BUY, type=OrderType.LIMIT, size=D(1), text=text,
            price=D(58000),
        )  # fmt: skip
        now = self.lines.clock(Network.PAPER).now_ms()
        return self.other.place(order, expires_ms=now + 3000).order_id


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    paper = Paper(f"{KEY}:{SECRET}:4242:USDT=1000000")
    server = Server(tmp_path_factory.mktemp("home"), MTRADE_PAPER_URL=paper.rest)
    lines = Lines(lambda: paper.rest)
    try:
        server.start()
        server.admin("set-password", "--stdin", given=f"{PASSWORD}\n")
        script = Script(server, server.admin("token", "add", "events", "--role", "owner"))
        body = {"network": "paper", "name": "Shared", "key": KEY, "secret": SECRET}
        made = script.post("/api/accounts", body)
        assert made.status_code == 201, made.text
        other = lines.exchange(Network.PAPER, Credentials(KEY, Secret(SECRET)))
        yield Stand(server, script, made.json()["id"], other, lines)
    finally:
        lines.close()
        server.stop()
        paper.close()


@pytest.fixture
def listen(stand: Stand) -> Iterator[Callable[..., Stream]]:
    opened: list[Stream] = []

    def opener(
        topics: str, headers: dict[str, str] | None = None, source: str = "127.0.0.1"
    ) -> Stream:
        stream = Stream(stand.server.port, topics, headers or stand.own, source)
        opened.append(stream)
        return stream

    yield opener
    for stream in opened:
        stream.close()


def shows(text: str) -> Callable[[Message], bool]:
    """Whether a message shows the order with this text."""

    def found(message: Message) -> bool:
        rows = message.data.get("orders") or []
        return any(row["text"] == text for row in rows)

    return found


def test_an_order_of_another_program_is_seen_within_a_third_of_a_second(
    stand: Stand, listen: Callable[..., Stream]
) -> None:
    stream = listen(f"account:{stand.account}")
    stream.wait(lambda message: message.data["orders"] is not None)
    delays = []
    for number in range(20):
        began = time.monotonic()
        order_id = stand.place(f"t-other{number}")
        delays.append(stream.wait(shows(f"t-other{number}")).at - began)
        stand.other.cancel(BTC, order_id)
    assert statistics.median(delays) < 0.3, sorted(delays)
    numbers = [message.number for message in stream.messages]
    assert numbers == sorted(set(numbers))


def test_a_market_flows_and_is_a_few_times_a_second_at_most(
    stand: Stand, listen: Callable[..., Stream]
) -> None:
    stream = listen(MARKET)
    first = stream.wait(lambda message: message.data["book"] and message.data["ticker"])
    assert first.data["book"]["bids"]
    later = stream.wait(lambda message: message.at - first.at > 2)
    between = [m for m in stream.messages if first.at < m.at <= first.at + 2]
    assert 1 <= len(between) <= 21
    assert later.data["age_ms"] < 3_000


def test_reads_cost_the_exchange_nothing_while_its_streams_tell(
    stand: Stand, listen: Callable[..., Stream]
) -> None:
    stream = listen(f"{MARKET},account:{stand.account}")
    stream.wait(lambda m: m.kind == "market" and bool(m.data["book"]))
    shown = stand.script.get("/api/snapshot", market="futures", instrument="BTC_USDT")
    assert shown["errors"] == []
    assert shown["age_ms"]["account"] < 12_000


def test_it_ends_within_a_second_of_the_logout(stand: Stand, listen: Callable[..., Stream]) -> None:
    cookie, csrf = stand.sign_in()
    streams = [listen(MARKET, cookie), listen("server", cookie)]
    for stream in streams:
        stream.wait(lambda message: True)
    out = requests.post(
        f"{stand.server.base}/api/auth/logout", json={}, timeout=10,
        headers={**cookie, "Origin": stand.server.base, "X-CSRF-Token": csrf},
    )  # fmt: skip
    ended = time.monotonic()
    assert out.status_code == 204
    assert max(stream.wait_end() for stream in streams) - ended < 1.0


def test_streams_are_few_the_api_answers_and_who_leaves_makes_room(
    stand: Stand, listen: Callable[..., Stream]
) -> None:
    crowd: list[Stream] = []
    for visitor in range(MOST // MOST_OF_ONE):
        headers, _ = stand.sign_in()
        source = f"127.0.0.{visitor + 2}"
        crowd += [listen(MARKET, headers, source) for _ in range(MOST_OF_ONE)]
        if not visitor:
            ninth = listen(MARKET, headers, source)
            assert (ninth.status, ninth.headers["Retry-After"]) == (503, "5")
    assert {stream.status for stream in crowd} == {200}
    began = time.monotonic()
    assert listen(MARKET, stand.own).status == 503
    assert stand.script.get("/api/ping")["now_ms"]
    assert time.monotonic() - began < 2.0
    for stream in crowd:
        stream.wait(lambda message: message.kind == "market")
        stream.close()
    left = time.monotonic()
    while (again := listen(MARKET, stand.own)).status != 200:
        again.close()
        threading.Event().wait(0.1)
        assert time.monotonic() - left < 3.0, "their seats are still taken"


def test_the_end_of_the_server_ends_them_and_the_next_one_tells_it_all_again(
    stand: Stand, listen: Callable[..., Stream]
) -> None:
    topics = f"{MARKET},account:{stand.account},server"
    before = listen(topics)
    before.wait(lambda message: message.kind == "server")
    assert stand.server.process is not None
    stopped = time.monotonic()
    stand.server.process.terminate()
    assert before.wait_end() - stopped < 1.5
    assert stand.server.process.wait(30) == 0
    stand.server.start()
    after = listen(topics)
    first = after.wait(lambda message: message.kind == "server")
    assert first.number > before.messages[-1].number, "numbers grow over restarts"
    after.wait(lambda m: m.kind == "account" and m.data["orders"] is not None)
    after.wait(lambda m: m.kind == "market" and bool(m.data["book"]))
