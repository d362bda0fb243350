"""Socket or REST: chosen once, and nothing that was written to one is ever sent over the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal as D
from typing import Any

import pytest

from mtrade.domain.accounts import Network
from mtrade.domain.errors import (
    ExchangeError,
    ExchangeUnavailable,
    OrderRejected,
    OutcomeUnknown,
    RateLimited,
)
from mtrade.domain.instruments import Market
from mtrade.domain.orders import OrderPath, VenueOrder
from mtrade.gate.client import GateClient
from mtrade.gate.exchange import GateExchange
from mtrade.gate.networks import addresses
from mtrade.gate.trading_line import TradingLine

from .loopback import Server, hang_up, serve
from .samples import FUTURES_ORDER, SPOT_ORDER
from .test_exchange import BTC, ETH, futures_request, json_reply, spot_request
from .trading_bench import KEY, Bench, ack, final

Script = Callable[[Bench], None]


class Sockets:
    """The lines of two benches, as the account's sockets."""

    def __init__(self) -> None:
        self.benches = {"": Bench(Market.SPOT), "usdt": Bench(Market.FUTURES)}
        self.closed = False

    def line(self, settle: str) -> TradingLine | None:
        line = self.benches[settle].line
        return line if line.ready() else None

    def close(self) -> None:
        self.closed = True


class Desk:
    """An account whose socket is played by hand and whose REST is a scripted server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.sockets = Sockets()
        self.bench = self.sockets.benches["usdt"]
        self.expired: list[bool] = []
        client = GateClient(
            addresses(Network.PAPER, server.url),
            self.bench.clock,
            KEY,
            on_expired=lambda: self.expired.append(True),
        )
        self.exchange = GateExchange(client, self.sockets)
        self.taken: list[OrderPath] = []

    @property
    def soon(self) -> int:
        return self.bench.clock.now_ms() + 3000

    def place(self, **changed: Any) -> VenueOrder:
        order = futures_request(**changed)
        return self.exchange.place(order, expires_ms=self.soon, chosen=self.taken.append)

    def spot(self) -> Bench:
        self.bench = self.sockets.benches[""]
        return self.bench


@pytest.fixture
def desk() -> Iterator[Desk]:
    with serve(json_reply(FUTURES_ORDER, 201)) as server:
        made = Desk(server)
        yield made
        made.exchange.close()
        assert made.sockets.closed


def test_an_order_goes_over_the_ready_socket(desk: Desk) -> None:
    wire = desk.bench.make_ready()
    desk.bench.play = lambda: desk.bench.answer(FUTURES_ORDER)
    order = desk.place()
    assert (order.order_id, order.filled) == ("990017", 10)
    assert desk.taken == [OrderPath.WS]
    frame = json.loads(wire.written[-1])
    assert frame["channel"] == "futures.order_place"
    assert frame["payload"]["req_param"] == {
        "contract": "ETH_USDT", "size": "-12", "price": "0", "tif": "ioc", "text": "t-f9",
    }  # fmt: skip
    assert frame["payload"]["req_header"] == {"x-gate-exptime": str(desk.soon)}
    assert not desk.server.requests


def test_a_spot_order_goes_over_the_spot_socket(desk: Desk) -> None:
    bench = desk.spot()
    wire = bench.make_ready()
    bench.play = lambda: bench.answer(SPOT_ORDER)
    order = desk.exchange.place(spot_request(), expires_ms=desk.soon)
    assert order.filled == D("0.002")
    frame = json.loads(wire.written[-1])
    assert frame["channel"] == "spot.order_place"
    assert frame["payload"]["req_param"]["currency_pair"] == "BTC_USDT"
    assert not desk.server.requests


def broken(bench: Bench) -> None:
    bench.make_ready()
    bench.line.closed("reset")


def logging_in(bench: Bench) -> None:
    bench.connect()


def stuck(bench: Bench) -> None:
    bench.make_ready().waiting = 1


def silent(bench: Bench) -> None:
    bench.make_ready()
    bench.clock.advance(10.5)


def crowded(bench: Bench) -> None:
    bench.make_ready()
    for _ in range(32):
        bench.core.wrote(bench.core.frame("futures.order_place", {}))


def refused_login(bench: Bench) -> None:
    bench.connect()
    bench.answer(None, status=401, label="INVALID_KEY")


@pytest.mark.parametrize("state", [broken, logging_in, stuck, silent, crowded, refused_login])
def test_while_the_socket_is_not_right_the_order_goes_over_rest_at_once(
    desk: Desk, state: Script
) -> None:
    state(desk.bench)
    written = list(desk.bench.wire.written)
    assert desk.place().filled == 10
    assert desk.taken[-1] is OrderPath.REST
    assert len(desk.server.requests) == 1
    assert desk.bench.wire.written == written


def test_what_the_loop_did_not_come_to_is_taken_back_and_goes_over_rest(desk: Desk) -> None:
    wire = desk.bench.make_ready()
    desk.bench.stalled = True
    posted: list[tuple[Any, ...]] = []
    desk.bench.line._post = lambda *call: bool(posted.append(call)) or True  # type: ignore[func-returns-value]
    before = len(wire.written)
    assert desk.place().filled == 10
    assert desk.taken == [OrderPath.WS, OrderPath.REST]
    ((begin, *arguments),) = posted
    begin(*arguments)  # the loop comes to it after all
    assert len(wire.written) == before, "an order that was taken back left after all"


def test_an_order_too_late_for_the_socket_is_too_late_for_rest(desk: Desk) -> None:
    desk.bench.make_ready()
    with pytest.raises(ExchangeUnavailable) as caught:
        desk.exchange.place(futures_request(), expires_ms=desk.bench.clock.now_ms() + 299)
    assert caught.value.code == "expired_before_send"
    assert not desk.server.requests


def only_acknowledged(bench: Bench) -> None:
    frame = bench.last()
    bench.line.received(ack(frame["payload"]["req_id"], frame["channel"]))
    bench.pass_time(5)


def silence(bench: Bench) -> None:
    bench.pass_time(5)


def closed_before_anything(bench: Bench) -> None:
    bench.line.closed("the exchange closed")


def closed_after_the_acknowledgement(bench: Bench) -> None:
    frame = bench.last()
    bench.line.received(ack(frame["payload"]["req_id"], frame["channel"]))
    bench.line.closed("the exchange closed")


def nonsense(bench: Bench) -> None:
    bench.line.received("{")


def another_orders_answer(bench: Bench) -> None:
    bench.answer(FUTURES_ORDER | {"text": "t-other"})


def another_size(bench: Bench) -> None:
    bench.answer(FUTURES_ORDER | {"size": "-13"})


def server_error(bench: Bench) -> None:
    bench.answer(None, status=500, label="INTERNAL")


def new_label(bench: Bench) -> None:
    bench.answer(None, status=400, label="SOMETHING_NEW")


def success_with_errors(bench: Bench) -> None:
    bench.answer(None, status=200, label="BALANCE_NOT_ENOUGH")


LOST = [
    only_acknowledged, silence, closed_before_anything, closed_after_the_acknowledgement, nonsense,
    another_orders_answer, another_size, server_error, new_label, success_with_errors,
]  # fmt: skip


@pytest.mark.parametrize("script", LOST)
def test_what_was_written_and_not_properly_answered_is_unknown_and_never_sent_again(
    desk: Desk, script: Script
) -> None:
    wire = desk.bench.make_ready()
    before = len(wire.written)
    desk.bench.play = lambda: script(desk.bench)
    with pytest.raises(OutcomeUnknown):
        desk.place()
    assert desk.taken == [OrderPath.WS]
    assert not desk.server.requests
    orders = [t for t in wire.written[before:] if "order_place" in t]
    assert len(orders) == 1


def test_a_write_that_fails_is_unknown(desk: Desk) -> None:
    desk.bench.make_ready().fault = ConnectionResetError()
    with pytest.raises(OutcomeUnknown):
        desk.place()
    assert not desk.server.requests
    assert desk.bench.wire.dropped


def test_after_silence_the_next_connection_proves_itself_before_it_is_chosen(desk: Desk) -> None:
    desk.bench.make_ready()
    desk.bench.play = lambda: silence(desk.bench)
    with pytest.raises(OutcomeUnknown):
        desk.place()
    assert desk.bench.wire.dropped == ["no answer in time"]
    desk.bench.connect()
    desk.bench.answer({"uid": "42"})
    assert not desk.bench.line.ready()
    desk.bench.answer({"id": 1})
    assert desk.bench.line.ready()


def test_a_final_frame_just_in_time_is_the_answer(desk: Desk) -> None:
    desk.bench.make_ready()

    def late() -> None:
        desk.bench.pass_time(4.75)
        desk.bench.clock.advance(0.15)
        frame = next(json.loads(t) for t in reversed(desk.bench.wire.written) if "order_place" in t)
        number = frame["payload"]["req_id"]
        desk.bench.line.received(final(number, frame["channel"], FUTURES_ORDER))

    desk.bench.play = late
    assert desk.place().filled == 10


def test_swapped_answers_of_two_orders_are_both_unknown(desk: Desk) -> None:
    desk.bench.make_ready()
    answers: list[object] = []
    for name in ("t-a", "t-b"):
        desk.exchange.prepared(futures_request(text=name), desk.soon)(answers.append)
    first, second = desk.bench.last(2)["payload"]["req_id"], desk.bench.last()["payload"]["req_id"]
    swapped = ((first, "t-b"), (second, "t-a"))
    for number, name in swapped:
        answer = FUTURES_ORDER | {"text": name}
        desk.bench.line.received(final(number, "futures.order_place", answer))
    assert [type(a) for a in answers] == [OutcomeUnknown, OutcomeUnknown]


def test_refusals_are_refusals_and_teach_the_budget(desk: Desk) -> None:
    desk.bench.make_ready()
    desk.bench.play = lambda: desk.bench.answer(None, status=400, label="INSUFFICIENT_AVAILABLE")
    with pytest.raises(OrderRejected):
        desk.place()
    reset = desk.bench.clock.now_ms() + 30_000
    desk.bench.play = lambda: desk.bench.answer(
        None, status=429, label="TOO_MANY_REQUESTS", x_gat_ratelimit_reset_timestamp=reset
    )
    with pytest.raises(RateLimited) as limited:
        desk.place()
    assert limited.value.retry_after == 30
    written = len(desk.bench.wire.written)
    with pytest.raises(RateLimited):  # not even written: the budget is known to be empty
        desk.place()
    assert len(desk.bench.wire.written) == written
    desk.bench.play = lambda: desk.bench.answer(FUTURES_ORDER)
    assert desk.place(reduce_only=True).filled == 10  # what reduces is never held back
    assert not desk.server.requests


def test_a_request_called_late_puts_the_clock_in_doubt(desk: Desk) -> None:
    desk.bench.make_ready()
    desk.bench.play = lambda: desk.bench.answer(None, status=403, label="REQUEST_EXPIRED")
    with pytest.raises(OrderRejected) as late:
        desk.place()
    assert (late.value.code, desk.expired) == ("request_expired", [True])


OPEN = FUTURES_ORDER | {"status": "open", "left": "-12", "price": "3100", "fill_price": "0"}


def test_a_cancel_and_its_answer(desk: Desk) -> None:
    desk.bench.make_ready()
    desk.bench.play = lambda: desk.bench.answer(FUTURES_ORDER)
    assert not desk.exchange.cancel(ETH, "990017").open
    assert desk.bench.last()["channel"] == "futures.order_cancel"
    assert desk.bench.last()["payload"]["req_param"] == {"order_id": "990017"}
    assert not desk.server.requests


@pytest.mark.parametrize("script", [silence, closed_before_anything, server_error])
def test_a_cancel_without_an_answer_reads_the_order_and_cancels_no_second_time(
    script: Script,
) -> None:
    with serve(json_reply(FUTURES_ORDER), json_reply(OPEN), hang_up()) as server:
        desk = Desk(server)
        for known in (True, False, False):
            desk.bench.make_ready()
            desk.bench.play = lambda: script(desk.bench)
            if known:
                assert not desk.exchange.cancel(ETH, "990017").open
            else:
                with pytest.raises(OutcomeUnknown):
                    desk.exchange.cancel(ETH, "990017")
        assert {r.method for r in server.requests} == {"GET"}
        desk.exchange.close()


def test_an_amendment_and_its_answer() -> None:
    with serve(json_reply(OPEN)) as server:
        desk = Desk(server)
        desk.bench.make_ready()
        desk.bench.play = lambda: desk.bench.answer(OPEN | {"size": "-9", "left": "-9"})
        order = desk.exchange.amend(ETH, "990017", price=None, size=D(9), expires_ms=desk.soon)
        assert order.size == 9
        frame = desk.bench.last()
        assert frame["channel"] == "futures.order_amend"
        assert frame["payload"]["req_param"] == {"order_id": "990017", "size": "-9"}
        assert "req_header" in frame["payload"]
        desk.bench.play = lambda: silence(desk.bench)
        with pytest.raises(OutcomeUnknown):
            desk.exchange.futures_orders("usdt").amend(
                "990017", price=D(3), signed_size=None, expires_ms=desk.soon
            )
        assert [r.method for r in server.requests] == ["GET"]  # only the side was read
        desk.exchange.close()


def test_spot_cancel_and_amend_name_pair_and_account(desk: Desk) -> None:
    bench = desk.spot()
    bench.make_ready()
    where = {"currency_pair": "BTC_USDT", "account": "spot"}
    bench.play = lambda: bench.answer(SPOT_ORDER)
    desk.exchange.cancel(BTC, "810000017")
    assert bench.last()["channel"] == "spot.order_cancel"
    assert bench.last()["payload"]["req_param"] == {"order_id": "810000017", **where}
    desk.exchange.amend(BTC, "810000017", price=D(5), size=None, expires_ms=desk.soon)
    assert bench.last()["channel"] == "spot.order_amend"
    assert bench.last()["payload"]["req_param"] == {
        "order_id": "810000017", **where, "price": "5",
    }  # fmt: skip


def test_batches_go_over_the_socket_too(desk: Desk) -> None:
    bench = desk.bench
    bench.make_ready()
    bench.play = lambda: bench.answer([FUTURES_ORDER | {"succeeded": True}])
    api = desk.exchange.futures_orders("usdt")
    (placed,) = api.create_batch([futures_request()], expires_ms=desk.soon)
    assert isinstance(placed, VenueOrder)
    assert bench.last()["channel"] == "futures.order_batch_place"
    bench.play = lambda: bench.answer([{"id": "1", "user_id": 1, "succeeded": True}])
    assert api.cancel_batch(["1"]) == (None,)
    assert bench.last()["channel"] == "futures.order_cancel_ids"
    assert bench.last()["payload"]["req_param"] == ["1"]
    spot = desk.spot()
    spot.make_ready()
    spot.play = lambda: spot.answer([SPOT_ORDER | {"succeeded": True}])
    desk.exchange.spot.create_batch([spot_request()], expires_ms=desk.soon)
    assert spot.last()["channel"] == "spot.order_place"
    assert isinstance(spot.last()["payload"]["req_param"], list)
    spot.play = lambda: spot.answer([{"id": "1", "currency_pair": "BTC_USDT", "succeeded": True}])
    desk.exchange.spot.cancel_batch("BTC_USDT", ["1"])
    assert spot.last()["channel"] == "spot.order_cancel_ids"
    assert not desk.server.requests


def test_many_orders_are_written_before_any_answer_is_awaited(desk: Desk) -> None:
    wire = desk.bench.make_ready()
    before, answers = len(wire.written), []
    names = [f"t-{n}" for n in range(20)]

    def done(name: str) -> Callable[[VenueOrder | ExchangeError | None], None]:
        return lambda result: answers.append((name, result))

    for name in names:
        desk.exchange.prepared(futures_request(text=name), desk.soon)(done(name))
    frames = [json.loads(text) for text in wire.written[before:]]
    assert [f["payload"]["req_param"]["text"] for f in frames] == names
    assert not answers
    for frame in reversed(frames):
        text = frame["payload"]["req_param"]["text"]
        number = frame["payload"]["req_id"]
        answer = FUTURES_ORDER | {"text": text}
        desk.bench.line.received(final(number, frame["channel"], answer))
    assert [(n, r.text) for n, r in answers] == [(n, n) for n in reversed(names)]


def test_a_fan_out_learns_what_was_not_written_and_what_is_unknown(desk: Desk) -> None:
    answers: list[object] = []
    desk.exchange.prepared(futures_request(), desk.soon)(answers.append)
    assert answers == [None]
    desk.bench.make_ready()
    desk.exchange.prepared(futures_request(), desk.soon)(answers.append)
    desk.bench.line.closed("reset")
    assert type(answers[-1]) is OutcomeUnknown
    desk.bench.make_ready()
    desk.exchange.prepared(futures_request(), desk.bench.clock.now_ms())(answers.append)
    assert answers[-1] is None
    desk.exchange.prepared(futures_request(), desk.soon)(answers.append)
    desk.bench.answer(None, status=400, label="INSUFFICIENT_AVAILABLE")
    assert type(answers[-1]) is OrderRejected
    assert not desk.server.requests
