"""The feeds against the real paper exchange over real sockets, with its fault plan."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests

from mtrade.domain.accounts import Credentials, Network, Secret
from mtrade.domain.errors import NotFound
from mtrade.domain.events import (
    AccountSnapshot,
    BookChanged,
    CandleChanged,
    Event,
    Filled,
    OrderChanged,
    PositionChanged,
    SpotBalanceChanged,
    StreamChanged,
    StreamId,
    StreamStatus,
    TickerChanged,
    TopChanged,
    Traded,
)
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import InstrumentId, Market, Side, futures, spot
from mtrade.domain.orders import OrderRequest, OrderType, TimeInForce, VenueOrder
from mtrade.gate.exchange import GateExchange
from mtrade.gate.feed import FULL_PACE, GateFeeds
from mtrade.gate.lines import Lines
from mtrade.loop import LoopThread
from tests.servers import Paper

WAIT_S = 20.0
UID = 1001
ACCOUNT = f"paper:{UID}"
KEY = Credentials("feed-key", Secret("secret"))
PERP, COIN = futures("BTC_USDT"), spot("BTC_USDT")


class Desk:
    """Feeds, everything they told, and another client of the same account."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper
        self.loop = LoopThread()
        self.loop.start()
        self.lines = Lines(lambda: paper.base, self.loop)
        self.exchange: GateExchange = self.lines.exchange(Network.PAPER, KEY)
        self.lines.clock(Network.PAPER).sync()
        self.events: list[Event] = []
        self._news = threading.Condition()
        self.feeds: GateFeeds = self.lines.feeds(self.hear, self.key_of, lambda _: self.exchange)

    def key_of(self, account_id: str) -> Credentials:
        if account_id != ACCOUNT:
            raise NotFound("there is no such account")
        return KEY

    def hear(self, event: Event) -> None:
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    def wait(self, fits: Callable[[list[Event]], object], since: int = 0) -> list[Event]:
        """What came since then, as soon as it fits."""
        with self._news:
            found = self._news.wait_for(lambda: fits(self.events[since:]), WAIT_S)
            assert found, [type(event).__name__ for event in self.events[since:]]
            return self.events[since:]

    def wait_live(self, *streams: StreamId, since: int = 0) -> None:
        """Each was told live, and nothing else after that."""

        def live(events: list[Event]) -> bool:
            last = {e.stream: e.status for e in events if isinstance(e, StreamChanged)}
            return all(last.get(stream) is StreamStatus.LIVE for stream in streams)

        self.wait(live, since)

    def wait_snapshot(self, since: int) -> None:
        """REST truth that was read after a moment."""
        now = self.lines.clock(Network.PAPER).now_ms()

        def read(events: list[Event]) -> bool:
            return any(isinstance(e, AccountSnapshot) and e.read_ms >= now for e in events)

        self.wait(read, since)

    def order(self, instrument: InstrumentId, size: str, **more: object) -> VenueOrder:
        request = OrderRequest(
            instrument=instrument,
            side=Side.BUY,
            type=OrderType.LIMIT if "price" in more else OrderType.MARKET,
            size=Decimal(size),
            text="t-feed",
            tif=TimeInForce.GTC if "price" in more else TimeInForce.IOC,
            **more,  # type: ignore[arg-type]
        )
        deadline = self.lines.clock(Network.PAPER).now_ms() + 5000
        return self.exchange.place(request, expires_ms=deadline)

    def fault(self, **rule: object) -> None:
        answer = requests.post(f"{self.paper.base}/paper/v1/fault", json=rule, timeout=10)
        answer.raise_for_status()

    def close(self) -> None:
        self.feeds.close()
        self.exchange.close()
        self.lines.close()
        assert self.loop.close()


@pytest.fixture(scope="module")
def paper() -> Iterator[Paper]:
    running = Paper(f"{KEY.key}:secret:{UID}:USDT=100000,BTC=2")
    yield running
    running.close()


@pytest.fixture
def desk(paper: Paper) -> Iterator[Desk]:
    made = Desk(paper)
    yield made
    requests.delete(f"{paper.base}/paper/v1/fault", timeout=10).raise_for_status()
    made.close()


def private(market: Market, settle: str = "") -> StreamId:
    return StreamId(Network.PAPER, market, settle, ACCOUNT)


PRIVATE = (private(Market.SPOT), private(Market.FUTURES, "usdt"), private(Market.FUTURES, "btc"))


def kinds(events: list[Event]) -> set[type]:
    return {type(event) for event in events}


def fills(events: list[Event], order: VenueOrder) -> list[str]:
    """The trade ids of an order, as often as they were told."""
    told = [e.fills for e in events if isinstance(e, Filled | AccountSnapshot)]
    return sorted(f.trade_id for rows in told for f in rows if f.order_id == order.order_id)


@pytest.mark.parametrize("instrument", [PERP, COIN], ids=str)
def test_what_is_watched_flows(desk: Desk, instrument: InstrumentId) -> None:
    desk.feeds.watch(Network.PAPER, instrument)
    desk.feeds.watch_candles(Network.PAPER, instrument, "1m")
    wanted = {TickerChanged, TopChanged, Traded, CandleChanged, BookChanged}
    desk.wait(lambda events: wanted <= kinds(events))
    desk.wait_live(StreamId(Network.PAPER, instrument.market, instrument.settle))
    book = [e.book for e in desk.events if isinstance(e, BookChanged)][-1]
    assert book is not None
    assert book.bids[0].price < book.asks[0].price


def test_the_local_book_is_the_one_rest_shows_at_the_same_number(desk: Desk) -> None:
    desk.feeds.watch(Network.PAPER, PERP)
    data = desk.lines.market_data(Network.PAPER)

    def told(events: list[Event]) -> dict[int, BookChanged]:
        return {e.book.sequence: e for e in events if isinstance(e, BookChanged) and e.book}

    desk.wait(told)
    compared = 0
    while not compared:
        read = data.book(PERP, 100)
        desk.wait(lambda events, n=read.sequence: max(told(events)) >= n)  # type: ignore[misc]
        same = told(desk.events).get(read.sequence)
        if same is not None and same.book is not None:
            assert (same.book.bids, same.book.asks) == (read.bids, read.asks)
            compared += 1


def test_what_another_client_does_is_told_at_once_and_agrees_with_rest(desk: Desk) -> None:
    desk.feeds.open_account(ACCOUNT)
    desk.wait_live(*PRIVATE)
    mark = len(desk.events)
    resting = desk.order(COIN, "0.001", price=Decimal("20000"))
    taken = desk.order(PERP, "3")

    def complete(events: list[Event]) -> bool:
        seen = {OrderChanged, PositionChanged, SpotBalanceChanged} <= kinds(events)
        ids = [e.order.order_id for e in events if isinstance(e, OrderChanged)]
        return seen and resting.order_id in ids and bool(fills(events, taken))

    told = desk.wait(complete, mark)
    update = next(e.update for e in told if isinstance(e, PositionChanged))
    (position,) = desk.exchange.positions("usdt")
    assert (update.size, update.update_id) == (position.size, position.update_id)
    assert update.entry_price == position.entry_price
    order = next(e.order for e in told if isinstance(e, OrderChanged) and e.order.open)
    read = desk.exchange.find(COIN, resting.order_id)
    assert read is not None
    assert order == replace(read, fee_currency=order.fee_currency)  # which only REST tells
    desk.exchange.cancel(COIN, resting.order_id)


def test_cut_sockets_come_back_and_what_was_missed_is_told_once(desk: Desk) -> None:
    desk.feeds.open_account(ACCOUNT)
    desk.wait_live(*PRIVATE)
    mark = len(desk.events)
    desk.fault(kind="break")
    order = desk.order(PERP, "2")
    desk.wait(lambda events: any(_down(e) for e in events), mark)
    desk.wait_live(*PRIVATE, since=mark)
    listed = desk.exchange.fills(Market.FUTURES, "usdt", order_id=order.order_id)
    traded = sorted(fill.trade_id for fill in listed)
    desk.wait(lambda events: fills(events, order) == traded, mark)
    desk.order(PERP, "1")  # after whatever was pushed REST is read again
    desk.wait_snapshot(mark)
    assert fills(desk.events[mark:], order) == traded


def test_an_upgrade_changes_the_sockets_without_a_gap(desk: Desk) -> None:
    desk.feeds.open_account(ACCOUNT)
    desk.wait_live(*PRIVATE)
    mark = len(desk.events)
    desk.fault(kind="upgrade")
    desk.wait(lambda events: {e.stream for e in events if _changed_socket(e)} >= set(PRIVATE), mark)
    assert not [e for e in desk.events[mark:] if _down(e)]


def test_unwatching_and_closing_let_go(desk: Desk) -> None:
    desk.feeds.open_account(ACCOUNT)
    desk.feeds.open_account(ACCOUNT)  # twice is once
    desk.wait_live(*PRIVATE)
    desk.feeds.open_account("paper:9")  # no such key: logged, nothing more
    threads = threading.active_count()
    mark = len(desk.events)
    desk.feeds.close_account(ACCOUNT)
    desk.wait(lambda events: {e.stream for e in events if _down(e)} >= set(PRIVATE), mark)
    desk.feeds.close_account(ACCOUNT)
    assert threading.active_count() <= threads
    desk.feeds.close()
    desk.feeds.watch(Network.PAPER, PERP)
    desk.feeds.open_account(ACCOUNT)


@pytest.mark.full
def test_a_silent_exchange_is_left_within_fifteen_seconds(desk: Desk) -> None:
    desk.feeds.open_account(ACCOUNT)
    desk.wait_live(*PRIVATE)
    mark = len(desk.events)
    desk.fault(kind="silence", seconds=20)
    desk.wait(lambda events: {e.stream for e in events if _down(e)} >= set(PRIVATE), mark)
    mark = len(desk.events)
    desk.wait_live(*PRIVATE, since=mark)


def _down(event: Event) -> bool:
    return isinstance(event, StreamChanged) and event.status is not StreamStatus.LIVE


def _changed_socket(event: Event) -> bool:
    return isinstance(event, StreamChanged) and event.reconnects > 0


def test_more_streams_than_may_read_freely_share_the_reads(desk: Desk) -> None:
    feeds: Any = desk.feeds
    few, many = [object()] * (FULL_PACE // 2), [object()] * FULL_PACE * 2
    feeds._private = {"paper:1": few}
    assert feeds._slowdown() == 1.0
    feeds._private = {"paper:1": few, "paper:2": many}
    assert feeds._slowdown() == 2.5
    feeds._private = {}
