"""A hub without its thread: feeds that only note what they are asked, time that a test moves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mtrade.domain.accounts import Account, Network
from mtrade.domain.events import Event, StreamChanged, StreamId, StreamStatus
from mtrade.domain.instruments import InstrumentId, Market
from mtrade.trading.live.board import Board
from mtrade.trading.live.hub import Hub
from mtrade.trading.live.mailbox import Mailbox
from mtrade.trading.live.reader import Reader
from mtrade.trading.live.topics import Topic
from tests.clocks import FakeClock
from tests.trading.fakes import FakeAccounts, FakeExchange

USDT = StreamId(Network.PAPER, Market.FUTURES, "usdt", "paper:1")
SPOT = StreamId(Network.PAPER, Market.SPOT, "", "paper:1")
PUBLIC = StreamId(Network.PAPER, Market.FUTURES, "usdt")


@dataclass
class FakeFeeds:
    """Implements Feeds: counts what is open now."""

    watched: Counter[tuple[object, ...]] = field(default_factory=Counter)
    accounts: Counter[str] = field(default_factory=Counter)
    calls: list[str] = field(default_factory=list)

    def watch(self, network: Network, instrument: InstrumentId) -> None:
        self.calls.append(f"watch {instrument}")
        self.watched[network, instrument] += 1

    def unwatch(self, network: Network, instrument: InstrumentId) -> None:
        self.calls.append(f"unwatch {instrument}")
        self.watched[network, instrument] -= 1

    def watch_candles(self, network: Network, instrument: InstrumentId, interval: str) -> None:
        self.watched[network, instrument, interval] += 1

    def unwatch_candles(self, network: Network, instrument: InstrumentId, interval: str) -> None:
        self.watched[network, instrument, interval] -= 1

    def open_account(self, account_id: str) -> None:
        self.accounts[account_id] += 1

    def close_account(self, account_id: str) -> None:
        self.accounts[account_id] -= 1

    def open_now(self) -> set[tuple[object, ...]]:
        assert all(count in (0, 1) for count in self.watched.values()), self.watched
        return {key for key, count in self.watched.items() if count}


class ListedAccounts(FakeAccounts):
    """Accounts as a test lists them."""

    def __init__(self, exchange: FakeExchange, clock: FakeClock) -> None:
        super().__init__(exchange, clock)
        self.rows: list[Account] = [self.account]

    def list(self) -> tuple[Account, ...]:
        return tuple(self.rows)


class HandReader(Reader):
    """Reads when a test says so, in the test's thread."""

    def start(self) -> None:
        """No thread."""

    def close(self) -> None:
        """No thread."""

    def read_all(self) -> int:
        done = 0
        while not self._jobs.empty():
            job = self._jobs.get()
            assert job is not None
            self._post(job())
            done += 1
        return done


class Stand:
    """A hub, stepped by hand."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.feeds = FakeFeeds()
        self.exchange = FakeExchange(self.clock)
        self.exchange.tickers = lambda market, settle="": ()  # type: ignore[attr-defined]
        self.accounts = ListedAccounts(self.exchange, self.clock)
        self.board = Board(self.clock)
        self.hub = Hub(self.board, self.accounts, self.clock, self.feeds, self._reader)  # type: ignore[arg-type]
        self.encoded: list[Topic] = []
        self.say: Callable[[Topic], list[str]] = lambda topic: [json.dumps(str(topic))]
        self.hub.encode_with(self._encode)
        self.hub.accounts_changed()
        self.step()

    def _reader(self, post: Callable[[object], None]) -> HandReader:
        self.reader = HandReader(self.accounts, self.clock, post)  # type: ignore[arg-type]
        return self.reader

    def _encode(self, topic: Topic) -> list[str]:
        self.encoded.append(topic)
        return self.say(topic)

    def step(self, seconds: float = 0.0) -> None:
        """Let time pass and the hub work once."""
        self.clock.advance(seconds)
        assert self.hub.work(0)

    def post(self, *events: Event) -> None:
        for event in events:
            self.hub.post(event)
        self.step()

    def listen(self, *topics: Topic) -> Mailbox:
        box = self.hub.subscribe(topics)
        self.step()
        return box

    def live(self, stream: StreamId, **changes: Any) -> None:
        """A stream is live and was heard just now."""
        self.post(
            StreamChanged(
                stream=stream,
                status=changes.pop("status", StreamStatus.LIVE),
                heard_ms=changes.pop("heard_ms", self.clock.now_ms()),
                **changes,
            )
        )


def told(frames: bytes) -> list[tuple[str, int, Any]]:
    """The messages in some bytes: kind, number, data."""
    found = []
    for block in frames.decode().split("\n\n"):
        if block:
            lines = dict(line.split(": ", 1) for line in block.split("\n"))
            found.append((lines["event"], int(lines["id"]), json.loads(lines["data"])))
    return found
