"""Orders over real sockets to a real paper exchange, with the faults it can be told to make."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal as D
from typing import Any

import pytest
import requests

from mtrade.domain.accounts import Credentials, Network, Secret
from mtrade.domain.errors import (
    ExchangeError,
    ExchangeUnavailable,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
)
from mtrade.domain.instruments import InstrumentId, Market, Side, futures, spot
from mtrade.domain.orders import OrderPath, OrderRequest, OrderType, TimeInForce, VenueOrder
from mtrade.gate import trading_socket
from mtrade.gate.exchange import GateExchange
from mtrade.gate.lines import Lines
from mtrade.loop import LoopThread
from tests.servers import Paper

BTC, BTC_SPOT = futures("BTC_USDT"), spot("BTC_USDT")
KEY = Credentials("socket-key", Secret("socket-secret"))
PATIENCE_S = 15.0


def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, f"never happened: {what}"
        threading.Event().wait(0.02)


class Desk:
    """An account with warm sockets."""

    def __init__(self, paper: Paper, key: Credentials = KEY) -> None:
        self.paper = paper
        self.loop = LoopThread("test-streams")
        self.loop.start()
        self.lines = Lines(lambda: paper.base, self.loop)
        self.exchange: GateExchange = self.lines.exchange(Network.PAPER, key, warm=True)
        self.taken: list[OrderPath] = []

    def ready(self, settle: str = "usdt") -> bool:
        return self.exchange.paths.sockets.line(settle) is not None

    def place(self, instrument: InstrumentId = BTC, **changed: Any) -> VenueOrder:
        return self.exchange.place(
            self.order(instrument, **changed), expires_ms=self.soon(), chosen=self.taken.append
        )

    def order(self, instrument: InstrumentId = BTC, **changed: Any) -> OrderRequest:
        fields: dict[str, Any] = {
            "instrument": instrument,
            "side": Side.BUY,
            "type": OrderType.MARKET,
            "size": D(1) if instrument == BTC else D(50),
            "text": f"t-{secrets.token_hex(8)}",
            "tif": TimeInForce.IOC,
        }
        return OrderRequest(**(fields | changed))

    def soon(self) -> int:
        return self.lines.clock(Network.PAPER).now_ms() + 3000

    def fault(self, kind: str, match: str = "futures.order_*", **more: Any) -> None:
        """The next frame of this kind goes wrong."""
        rule = {"kind": kind, "match": match, "count": 1} | more
        requests.post(f"{self.paper.base}/paper/v1/fault", json=rule, timeout=10).raise_for_status()

    def arrived(self, text: str) -> int:
        return sum(row["text"] == text for row in self.paper.arrivals())

    def close(self) -> None:
        requests.delete(f"{self.paper.base}/paper/v1/fault", timeout=10)
        self.lines.close()
        assert self.loop.close()


@pytest.fixture(scope="module")
def paper() -> Iterator[Paper]:
    exchange = Paper(f"{KEY.key}:socket-secret:4711:USDT=1000000,BTC=5")
    yield exchange
    exchange.close()


@pytest.fixture
def desk(paper: Paper, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(trading_socket, "LEAST_GAP_S", 0.2)
    made = Desk(paper)
    until(lambda: made.ready() and made.ready(""), "the sockets log in")
    yield made
    made.close()


def test_orders_of_both_markets_leave_over_their_sockets(desk: Desk) -> None:
    bought = desk.place()
    assert (bought.open, bought.filled) == (False, D(1))
    coins = desk.place(BTC_SPOT)
    assert coins.filled > 0
    assert desk.taken == [OrderPath.WS, OrderPath.WS]
    found = desk.exchange.find(BTC, bought.order_id)
    assert found is not None
    assert (found.text, found.filled) == (bought.text, bought.filled)


def test_the_sockets_tell_whether_they_are_ready_and_how_fast_the_answers_are(desk: Desk) -> None:
    desk.place()
    spot_line, futures_line = desk.exchange.order_sockets()
    assert (spot_line.market, spot_line.settle, spot_line.ready) == (Market.SPOT, "", True)
    assert (futures_line.market, futures_line.settle, futures_line.ready) == (
        Market.FUTURES, "usdt", True,
    )  # fmt: skip
    assert futures_line.ack_ms is not None
    assert futures_line.round_trip_ms is not None
    assert 0 <= futures_line.ack_ms <= futures_line.round_trip_ms < 5_000
    desk.exchange.close()
    until(lambda: not any(row.ready for row in desk.exchange.order_sockets()), "they are closed")


@pytest.mark.parametrize("instrument", [BTC, BTC_SPOT])
def test_a_resting_order_is_amended_and_cancelled_over_the_socket(
    desk: Desk, instrument: InstrumentId
) -> None:
    size = D(2) if instrument == BTC else D("0.002")
    resting = desk.place(
        instrument, type=OrderType.LIMIT, price=D(60_000), tif=TimeInForce.GTC, size=size
    )
    assert resting.open
    changed = desk.exchange.amend(
        instrument, resting.order_id, price=D(60_100), size=None, expires_ms=desk.soon()
    )
    assert changed.price == D(60_100)
    ended = desk.exchange.cancel(instrument, resting.order_id)
    assert not ended.open
    assert not desk.exchange.cancel(instrument, resting.order_id).open  # too late is no failure


def test_a_refusal_over_the_socket_is_a_refusal(desk: Desk) -> None:
    with pytest.raises(OrderRejected) as no:
        desk.place(size=D(10**9))
    assert no.value.label
    assert desk.taken == [OrderPath.WS]


@pytest.mark.parametrize("kind", ["close_before", "drop_request"])
def test_what_never_arrived_is_unknown_and_sent_nowhere_else(desk: Desk, kind: str) -> None:
    desk.fault(kind)
    order = desk.order()
    with pytest.raises(OutcomeUnknown):
        desk.exchange.place(order, expires_ms=desk.soon())
    assert desk.arrived(order.text) == 0
    assert desk.exchange.find(BTC, order.text) is None


@pytest.mark.parametrize(
    "kind",
    [
        "close_before_ack",
        "close_before_final",
        "close_mid_frame",
        "server_error_after",
        "html",
        "truncate",
        "contradict",
    ],
)
def test_what_was_executed_without_an_answer_is_unknown_and_found(desk: Desk, kind: str) -> None:
    desk.fault(kind)
    order = desk.order()
    with pytest.raises(OutcomeUnknown):
        desk.exchange.place(order, expires_ms=desk.soon(), chosen=desk.taken.append)
    assert desk.taken == [OrderPath.WS]
    assert desk.arrived(order.text) == 1
    found = desk.exchange.find(BTC, order.text)
    assert found is not None
    assert found.filled == D(1)


def test_after_five_seconds_of_silence_the_socket_is_replaced_and_proven(desk: Desk) -> None:
    desk.fault("lose_answer")
    order = desk.order()
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        desk.exchange.place(order, expires_ms=desk.soon())
    assert 4.5 < time.monotonic() - began < 6.5
    assert not desk.ready()
    assert desk.place().filled == D(1)  # at the same moment, over REST
    until(desk.ready, "the socket comes back")
    assert desk.place().filled == D(1)
    assert desk.taken == [OrderPath.REST, OrderPath.WS]
    assert desk.arrived(order.text) == 1


def test_a_repeated_answer_and_a_missing_acknowledgement_are_no_matter(desk: Desk) -> None:
    for kind in ("repeat_answer", "no_ack"):
        desk.fault(kind)
        assert desk.place().filled == D(1)
    assert desk.taken == [OrderPath.WS, OrderPath.WS]


def test_a_limit_and_a_server_error_are_told_apart(desk: Desk) -> None:
    desk.fault("server_error")
    with pytest.raises(OutcomeUnknown):
        desk.place()
    desk.fault("rate_limit", seconds="1")
    with pytest.raises(RateLimited):
        desk.place()
    assert desk.taken == [OrderPath.WS, OrderPath.WS]


def test_a_cancel_without_an_answer_reads_the_order(desk: Desk) -> None:
    resting = desk.place(type=OrderType.LIMIT, price=D(60_000), tif=TimeInForce.GTC)
    desk.fault("close_before", "futures.order_cancel")
    with pytest.raises(OutcomeUnknown):
        desk.exchange.cancel(BTC, resting.order_id)
    until(desk.ready, "the socket comes back")
    desk.fault("close_before_ack", "futures.order_cancel")
    assert not desk.exchange.cancel(BTC, resting.order_id).open


def test_many_orders_leave_in_one_pass_and_are_answered_by_callback(desk: Desk) -> None:
    answers: list[VenueOrder | ExchangeError | None] = []
    orders = [desk.order() for _ in range(20)]

    def fan_out() -> None:
        for order in orders:
            desk.exchange.prepared(order, desk.soon())(answers.append)

    desk.loop.post(fan_out)
    until(lambda: len(answers) == len(orders), "twenty answers")
    texts = [a.text for a in answers if isinstance(a, VenueOrder)]
    assert sorted(texts) == sorted(order.text for order in orders)


def test_told_that_the_exchange_will_close_the_socket_is_replaced_in_peace(desk: Desk) -> None:
    line = desk.exchange.paths.sockets.line("usdt")
    assert line is not None
    before = line._wire
    desk.fault("upgrade")
    until(lambda: desk.ready() and line._wire is not before, "a new socket")
    assert desk.place().filled == D(1)
    assert desk.taken == [OrderPath.WS]


def test_a_wrong_key_stays_on_rest_and_is_not_tried_again_at_once(paper: Paper) -> None:
    desk = Desk(paper, Credentials(KEY.key, Secret("wrong")))
    try:
        line = desk.exchange.paths.sockets._lines["usdt"]  # type: ignore[attr-defined]
        until(lambda: line.refused == "INVALID_SIGNATURE", "the login is refused")
        assert not desk.ready()
        with suppress(ExchangeError):
            desk.place()
        assert desk.taken == [OrderPath.REST]
    finally:
        desk.close()


@contextmanager
def exchange_that_goes() -> Iterator[Paper]:
    paper = Paper(f"{KEY.key}:socket-secret:4711:USDT=1000")
    try:
        yield paper
    finally:
        if paper.process.poll() is None:
            paper.close()


@pytest.mark.process
def test_an_exchange_that_is_gone_means_not_sent_not_unknown() -> None:
    with exchange_that_goes() as paper:
        desk = Desk(paper)
        until(desk.ready, "the socket logs in")
        order, deadline = desk.order(), desk.soon()
        paper.close()
        until(lambda: not desk.ready(), "the loss is noticed")
        with pytest.raises(ExchangeUnavailable):
            desk.exchange.place(order, expires_ms=max(deadline, desk.soon()))
        desk.lines.close()
        assert desk.loop.close()


def test_the_btc_socket_opens_on_first_use(desk: Desk) -> None:
    assert "btc" not in desk.exchange.paths.sockets._lines  # type: ignore[attr-defined]
    assert not desk.ready("btc")
    until(lambda: desk.ready("btc"), "the socket of the other settle currency logs in")


def test_closing_an_exchange_closes_its_sockets(desk: Desk) -> None:
    desk.exchange.close()
    until(lambda: not desk.ready(), "the sockets close")
    assert desk.place().filled == D(1)
    assert desk.taken == [OrderPath.REST]
