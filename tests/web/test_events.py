"""The event stream: who may listen, to what, how many, for how long; and what it says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal as D
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from mtrade.domain.accounts import Network
from mtrade.domain.errors import ExchangeUnavailable
from mtrade.domain.events import (
    AccountSnapshot,
    BookChanged,
    CandleChanged,
    StreamChanged,
    StreamId,
    StreamStatus,
)
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Market
from mtrade.domain.orders import OrderSocket
from mtrade.trading.live.mailbox import LONGEST, Mailbox
from mtrade.trading.live.topics import MOST_TOPICS
from mtrade.web import events, seats
from tests.trading.fakes import BTC, book
from tests.trading.live.samples import coins, fill, order, position, trigger, wallet
from tests.trading.live.test_markets import candle, prints, ticker
from tests.web.site import Browser, Site, error_of

MARKET = "market:paper:usdt:BTC_USDT"


class Reader:
    """A browser's event stream, read message by message in the test's own thread."""

    def __init__(self, browser: Browser, topics: str, **headers: str) -> None:
        self.response = ask(browser, topics, **headers)
        assert self.response.status_code == 200, self.response.text
        self._parts: Iterator[bytes] = self.response.iter_encoded()  # type: ignore[assignment]
        self.hello = next(self._parts)
        self._waiting: list[tuple[str, Any]] = []

    def part(self) -> bytes:
        return next(self._parts)

    def message(self, until: Callable[[str, Any], bool] = lambda kind, data: True) -> Any:
        """The data of the next message for which `until` holds."""
        while True:
            while self._waiting:
                kind, data = self._waiting.pop(0)
                if until(kind, data):
                    return data
            for block in self.part().decode().split("\n\n"):
                lines = dict(line.split(": ", 1) for line in block.split("\n") if line)
                if "data" in lines:
                    self._waiting.append((lines["event"], json.loads(lines["data"])))

    def rest(self) -> list[bytes]:
        return list(self._parts)

    def close(self) -> None:
        self.response.close()


def ask(browser: Browser, topics: str, **headers: str) -> TestResponse:
    sent = {"Accept": "text/event-stream", **headers}
    return browser.send("GET", "/api/events", query={"topics": topics}, headers=sent)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LOOK_S", 0.02)


@pytest.fixture
def listen(site: Site) -> Iterator[Callable[..., Reader]]:
    opened: list[Reader] = []

    def opener(topics: str = MARKET, browser: Browser | None = None, **headers: str) -> Reader:
        reader = Reader(browser or site.browser("viewer"), topics, **headers)
        opened.append(reader)
        return reader

    yield opener
    for reader in opened:
        reader.close()
    assert site.app.extensions["mtrade"].seats.taken == 0, "every seat is given back, once"


def test_the_first_bytes_and_the_headers(listen: Callable[..., Reader]) -> None:
    reader = listen(browser=None, **{"Accept-Encoding": "gzip"})
    assert reader.hello.startswith(b"retry: 1500\n: ")
    headers = reader.response.headers
    assert headers["Content-Type"].startswith("text/event-stream")
    assert headers["Cache-Control"] == "no-store"
    assert "Content-Encoding" not in headers
    assert "Content-Length" not in headers


def test_a_token_may_listen_too(site: Site, listen: Callable[..., Reader]) -> None:
    reader = listen(browser=site.script("viewer"))
    assert reader.message()["topic"] == MARKET


def test_strangers_and_other_pages_may_not(site: Site) -> None:
    assert ask(site.stranger(), MARKET).status_code == 401
    refused = ask(site.browser("viewer"), MARKET, Origin="http://evil.example")
    assert (refused.status_code, error_of(refused)["code"]) == (403, "origin")
    plain = site.browser("viewer").get("/api/events", topics=MARKET)
    assert (plain.status_code, error_of(plain)["code"]) == (406, "not_acceptable")


@pytest.mark.parametrize(
    ("topics", "status", "code"),
    [
        ("nonsense", 400, "invalid_request"),
        ("market:moon:usdt:BTC_USDT", 400, "invalid_request"),
        (",".join(["server"] + [f"account:paper:{n}" for n in range(MOST_TOPICS)]), 400,
         "invalid_request"),
        ("account:paper:999", 404, "unknown_account"),
        ("market:paper:usdt:NOPE_USDT", 404, "unknown_instrument"),
        ("market:live:usdt:BTC_USDT", 404, "unknown_network"),
    ],
)  # fmt: skip
def test_wrong_topics_are_refused_by_name(site: Site, topics: str, status: int, code: str) -> None:
    response = ask(site.browser("viewer"), topics)
    error = error_of(response)
    assert (response.status_code, error["code"]) == (status, code)
    assert (status == 400) == ("topics" in error["fields"])


def test_an_exchange_that_cannot_be_asked_is_no_reason_to_refuse(
    site: Site, listen: Callable[..., Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*args: object) -> None:
        raise ExchangeUnavailable("down")

    for exchange in site.net.exchanges.values():
        monkeypatch.setattr(exchange, "instruments", down)
    assert listen().message()["topic"] == MARKET


def test_eight_streams_per_session_and_then_a_time_to_wait(
    site: Site, listen: Callable[..., Reader]
) -> None:
    browser = site.browser("viewer")
    for _ in range(seats.MOST_OF_ONE):
        reader = listen(browser=browser)
    full = ask(browser, MARKET)
    assert full.status_code == 503
    assert full.headers["Retry-After"] == "5"
    assert error_of(full)["code"] == "streams_full"
    listen(browser=site.browser("viewer"))
    reader.close()
    reader.close()
    listen(browser=browser)
    assert ask(browser, MARKET).status_code == 503


def test_forty_eight_streams_in_all(site: Site, listen: Callable[..., Reader]) -> None:
    browsers = [site.browser("viewer") for _ in range(seats.MOST // seats.MOST_OF_ONE)]
    for browser in browsers:
        for _ in range(seats.MOST_OF_ONE):
            listen(browser=browser)
    assert ask(site.browser("viewer"), MARKET).status_code == 503


def test_a_look_at_the_headers_takes_no_seat(site: Site) -> None:
    browser = site.browser("viewer")
    for _ in range(seats.MOST_OF_ONE + 1):
        sent = {"Accept": "text/event-stream"}
        head = browser.send("HEAD", "/api/events", query={"topics": MARKET}, headers=sent)
        assert head.status_code == 200


@pytest.mark.parametrize(("threads", "most"), [(64, 48), (512, 48), (30, 14), (20, 4), (10, 1)])
def test_threads_stay_for_the_api(threads: int, most: int) -> None:
    assert seats.most_streams(threads) == most


def ends(reader: Reader, site: Site) -> bool:
    site.clock.advance(1)
    return all(part == events.QUIET for part in reader.rest() if b"event:" not in part)


def test_it_ends_with_the_session(site: Site, listen: Callable[..., Reader]) -> None:
    browser = site.browser("viewer")
    reader = listen(browser=browser)
    assert browser.post("/api/auth/logout").status_code == 204
    assert ends(reader, site)


def test_it_ends_with_the_token(site: Site, listen: Callable[..., Reader]) -> None:
    reader = listen(browser=site.script("viewer"))
    assert site.access.tokens.revoke(site.access.tokens.list()[0].id)
    assert ends(reader, site)


def test_it_stays_open_through_an_elevation(site: Site, listen: Callable[..., Reader]) -> None:
    browser = site.browser("owner")
    reader = listen(browser=browser)
    reader.message()
    site.access.elevate(
        browser.secret, "violet-teapot-on-the-roof", address=browser.address,
        now_ms=site.clock.now_ms(),
    )  # fmt: skip
    site.clock.advance(6)
    assert reader.part()


def test_it_ends_with_the_server(site: Site, listen: Callable[..., Reader]) -> None:
    reader = listen()
    site.control.stopping = True
    assert ends(reader, site)


def test_it_ends_when_the_browser_is_gone(site: Site) -> None:
    browser = site.browser("viewer")
    client = site.app.test_client(use_cookies=False)
    response = client.get(
        "/api/events", query_string={"topics": MARKET}, base_url="http://127.0.0.1:5000",
        headers={**browser.headers, "Accept": "text/event-stream"},
        environ_overrides={"REMOTE_ADDR": "127.0.0.1", events.PEER_GONE: lambda: True},
    )  # fmt: skip
    assert all(part != events.QUIET for part in response.iter_encoded())
    response.close()


def test_it_ends_after_a_quarter_of_an_hour(site: Site, listen: Callable[..., Reader]) -> None:
    reader = listen()
    site.clock.advance(events.LIFE_S - 1)
    assert reader.part()
    site.clock.advance(2)
    assert all(b"event:" in part for part in reader.rest())


def test_a_quiet_stream_says_so_every_five_seconds(site: Site) -> None:
    context = site.app.extensions["mtrade"]
    box = Mailbox([])
    call = SimpleNamespace(context=context, desk=site.desk)

    def tick() -> bool:
        site.clock.advance(1)
        return True

    parts = events._stream(call, box, tick)  # type: ignore[arg-type]
    assert next(parts) == events.HELLO
    began = site.clock.monotonic()
    assert [next(parts), next(parts)] == [events.QUIET] * 2
    assert 0 <= site.clock.monotonic() - began - 2 * events.QUIET_S <= 1, "and not more often"
    box.put(b"x")
    assert next(parts) == b"x"
    box.close()
    assert list(parts) == []


def test_a_reader_that_lost_frames_is_told_and_gets_the_whole_state(
    site: Site, listen: Callable[..., Reader]
) -> None:
    reader = listen(f"{MARKET},server")
    reader.message(), reader.message()
    box = site.desk.hub._listeners._boxes[next(iter(site.desk.hub._listeners.topics))][0]
    for _ in range(LONGEST + 1):
        box.put(b"event: old\ndata: 1\n\n")
    assert reader.part() == events.RESYNC
    assert {reader.message()["topic"], reader.message()["topic"]} == {MARKET, "server"}


def live(site: Site, market: Market, settle: str, account: str = "") -> None:
    site.desk.hub.post(
        StreamChanged(
            stream=StreamId(Network.PAPER, market, settle, account),
            status=StreamStatus.LIVE,
            heard_ms=site.clock.now_ms(),
            round_trip_ms=7,
        )
    )


def test_a_market_in_the_shapes_of_the_api(site: Site, listen: Callable[..., Reader]) -> None:
    browser = site.browser("viewer")
    reader = listen(browser=browser)
    assert reader.message() == {
        "topic": MARKET, "ticker": None, "book": None, "trades": [], "age_ms": None,
    }  # fmt: skip
    live(site, Market.FUTURES, "usdt")
    shown = book(BTC)
    for event in (
        ticker(1, last=D(60000)),
        prints(1, 2),
        BookChanged(network=Network.PAPER, instrument=BTC, book=shown, time_ms=1),
    ):
        site.desk.hub.post(event)
    site.clock.advance(0.2)
    data = reader.message(lambda kind, data: data["book"] is not None and data["trades"])
    rest = browser.get("/api/market/book", instrument="BTC_USDT").json
    assert data["book"] == {name: rest[name] for name in data["book"]}
    assert data["ticker"]["last"] == "60000"
    assert [row["id"] for row in data["trades"]] == ["2", "1"]
    assert data["age_ms"] == 0


def test_candles_with_the_last_final_one(site: Site, listen: Callable[..., Reader]) -> None:
    topic = "candles:paper:usdt:BTC_USDT:1m"
    reader = listen(f"{topic},server")
    reader.message()
    final: CandleChanged = candle(0, 3, closed=True)
    site.desk.hub.post(final)
    site.desk.hub.post(candle(60_000, 4))
    site.clock.advance(0.2)
    found = [reader.message(lambda kind, data: kind == "candles") for _ in range(2)]
    if found[1]["closed"]:  # the final one was told alone first
        found = [found[1], reader.message(lambda kind, data: kind == "candles")]
    assert [(row["candle"]["close"], row["closed"]) for row in found] == [("3", True), ("4", False)]
    assert found[0]["topic"] == topic


def snapshots(account: str) -> tuple[AccountSnapshot, AccountSnapshot]:
    futures = AccountSnapshot(
        account_id=account, market=Market.FUTURES, settle="usdt", read_ms=1,
        orders=(order("1", 5),), triggers=(trigger("2", 5),), fills=(fill("3", 5),),
        positions=(position(BTC, 10, 1),), futures=wallet(),
    )  # fmt: skip
    spot = replace(
        futures, market=Market.SPOT, settle="", orders=(), triggers=(), fills=(), positions=(),
        futures=None, spot=(coins("USDT", "50"),),
    )  # fmt: skip
    return futures, spot


def test_an_account_in_the_shapes_of_the_api(site: Site, listen: Callable[..., Reader]) -> None:
    topic = f"account:{site.account}"
    reader = listen(topic)
    unknown = reader.message()
    parts = ("orders", "triggers", "positions", "position_mode", "balance", "fills")
    assert unknown == {
        "topic": topic, "account": site.account, "age_ms": None, "intents": [],
        **dict.fromkeys(parts),
    }  # fmt: skip
    live(site, Market.FUTURES, "usdt", site.account)
    live(site, Market.SPOT, "", site.account)
    futures, spot = snapshots(site.account)
    site.desk.hub.post(futures)
    site.desk.hub.post(spot)
    site.clock.advance(0.2)
    data = reader.message(lambda kind, data: data["orders"] is not None)
    assert [(row["order_id"], row["source"]) for row in data["orders"]] == [("1", "foreign")]
    assert [row["trigger_id"] for row in data["triggers"]] == ["2"]
    assert [row["trade_id"] for row in data["fills"]] == ["3"]
    assert [row["size"] for row in data["positions"]] == ["10"]
    assert data["position_mode"] == "single"
    assert data["balance"]["total_usdt"] == "1050"
    rest = site.browser("viewer").get("/api/positions").json["items"][0]
    assert set(data["positions"][0]) == set(rest)


def test_half_of_an_account_is_not_shown_as_all_of_it(
    site: Site, listen: Callable[..., Reader]
) -> None:
    reader = listen(f"account:{site.account}")
    reader.message()
    live(site, Market.FUTURES, "usdt", site.account)
    live(site, Market.SPOT, "", site.account)
    site.desk.hub.post(snapshots(site.account)[0])
    site.clock.advance(0.2)
    assert reader.message()["orders"] is None


def test_the_server_and_its_streams(site: Site, listen: Callable[..., Reader]) -> None:
    socket = OrderSocket(
        market=Market.FUTURES, settle="usdt", ready=True, ack_ms=3, round_trip_ms=5
    )
    site.desk.accounts.line(site.account).sockets = (socket,)  # type: ignore[attr-defined]
    reader = listen("server")
    reader.message()
    live(site, Market.SPOT, "", site.account)
    site.clock.advance(0.2)
    data = reader.message(lambda kind, data: data["streams"])
    assert data["streams"] == [{
        "network": "paper", "market": "spot", "settle": "", "account": site.account,
        "status": "live", "heard_ms_ago": 200, "round_trip_ms": 7, "reconnects": 0, "reason": "",
    }]  # fmt: skip
    assert data["health"] == {"ok": True, "problems": []}
    assert (data["version"], data["instance"], data["mode"]) == ("1.2.3", "0123abcd", "normal")
    status = site.browser("viewer").get("/api/server/status").json
    assert status["streams"][0]["status"] == "live"
    assert data["order_sockets"] == status["order_sockets"]
    assert [row["ack_ms"] for row in data["order_sockets"]] == [3]
