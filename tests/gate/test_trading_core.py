"""The protocol of the trading socket: login, proof, acknowledgements, final frames, silence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.instruments import Market
from mtrade.gate import order_text
from mtrade.gate.signing import sign_login
from mtrade.gate.trading_core import Phase, Step, TradingCore
from mtrade.gate.trading_frames import Frame
from tests.clocks import FakeClock

from .trading_bench import KEY, ack, final

PLACE = "futures.order_place"


class Talk:
    """A core that talks to a test."""

    def __init__(self, market: Market = Market.FUTURES) -> None:
        self.clock = FakeClock()
        self.core = TradingCore(market, KEY, self.clock)

    def ready(self) -> Talk:
        login = json.loads(self.core.open())
        step = self.core.take(final(login["payload"]["req_id"], login["channel"], {"uid": "1"}))
        proof = json.loads(step.write[0])
        self.core.take(final(proof["payload"]["req_id"], proof["channel"], {"id": 1}))
        assert self.core.phase is Phase.READY
        return self

    def ask(self, channel: str = PLACE, lead_ms: int | None = 3000) -> Frame:
        deadline = None if lead_ms is None else self.clock.now_ms() + lead_ms
        frame = self.core.frame(channel, {"text": "t-1"}, deadline)
        self.core.wrote(frame)
        return frame


@pytest.mark.parametrize("market", list(Market))
def test_the_login_is_signed_without_a_parameter(market: Market) -> None:
    login = json.loads(Talk(market).core.open())
    assert (login["event"], login["channel"]) == ("api", f"{market}.login")
    asked = login["payload"]
    assert set(asked) == {"req_id", "api_key", "timestamp", "signature"}
    assert asked["timestamp"] == "1700000000"
    assert asked["signature"] == sign_login("demo-secret", f"{market}.login", "", "1700000000")


def test_a_login_alone_is_not_enough_the_way_is_proven_too() -> None:
    talk = Talk()
    login = json.loads(talk.core.open())
    step = talk.core.take(final(login["payload"]["req_id"], "futures.login", {"uid": "1"}))
    assert talk.core.phase is Phase.PROOF
    assert talk.core.objection(None, 0)
    proof = json.loads(step.write[0])
    assert proof["channel"] == "futures.order_status"
    number = proof["payload"]["req_id"]
    talk.core.take(final(number, "futures.order_status", status=404, label="ORDER_NOT_FOUND"))
    assert talk.core.phase is Phase.READY
    assert not talk.core.objection(None, 0)


@pytest.mark.parametrize(
    ("status", "label"),
    [(500, "INTERNAL"), (429, "TOO_MANY_REQUESTS"), (401, "INVALID_KEY"), (200, "X"), (400, "NEW")],
)
def test_an_answer_that_proves_nothing_opens_no_way(status: int, label: str) -> None:
    talk = Talk()
    login = json.loads(talk.core.open())["payload"]["req_id"]
    proof = json.loads(talk.core.take(final(login, "futures.login", {})).write[0])
    number = proof["payload"]["req_id"]
    step = talk.core.take(final(number, "futures.order_status", status=status, label=label))
    # A 200 that carries an error still came from the exchange and back: the way is there.
    assert bool(step.broken) is (status != 200)


def test_a_refused_login_breaks_the_connection_and_says_why() -> None:
    talk = Talk()
    login = json.loads(talk.core.open())["payload"]["req_id"]
    step = talk.core.take(final(login, "futures.login", status=401, label="INVALID_KEY"))
    assert (step.label, bool(step.broken)) == ("INVALID_KEY", True)


def test_a_request_is_written_with_its_deadline_and_never_encoded_twice() -> None:
    talk = Talk()
    frame = talk.core.frame(PLACE, {"size": "-12", "text": "t-ü"}, 1_700_000_003_000)
    raw = json.loads(frame.text)
    assert (raw["channel"], raw["event"], raw["time"]) == (PLACE, "api", 1_700_000_000)
    assert raw["payload"] == {
        "req_id": frame.request_id,
        "req_param": {"size": "-12", "text": "t-ü"},
        "req_header": {"x-gate-exptime": "1700000003000"},
    }
    assert "req_header" not in json.loads(talk.core.frame(PLACE, {}).text)["payload"]


def test_request_ids_are_never_used_twice_over_connections() -> None:
    talk = Talk()
    numbers = [talk.core.frame(PLACE, {}).request_id for _ in range(3)]
    talk.ready()
    numbers += [talk.core.frame(PLACE, {}).request_id for _ in range(3)]
    assert len(set(numbers)) == 6


@pytest.mark.parametrize("unusual", ["", ',"errs":null'])
def test_an_acknowledgement_changes_nothing_and_is_timed(unusual: str) -> None:
    talk = Talk().ready()
    frame = talk.ask()
    text = ack(frame.request_id, PLACE)[:-2] + unusual + "}}"
    assert (order_text.read(text) is None) is bool(unusual)  # both ways of reading
    talk.clock.advance(0.04)
    assert talk.core.take(text) == Step()
    assert talk.core.ack_ms == 40
    talk.clock.advance(5)
    assert talk.core.tick().broken  # the acknowledgement did not stop the wait


def test_the_final_frame_answers_once() -> None:
    talk = Talk().ready()
    frame = talk.ask()
    talk.clock.advance(0.1)
    (reply,) = talk.core.take(final(frame.request_id, PLACE, {"id": 1})).replies
    assert (reply.request_id, reply.status) == (frame.request_id, 200)
    assert reply.whole() == {"result": {"id": 1}}
    assert talk.core.round_trip_ms == 100
    again = talk.core.take(final(frame.request_id, PLACE, {"id": 1}))
    assert again == Step()


def test_a_second_answer_that_contradicts_the_first_changes_nothing_but_is_told() -> None:
    talk = Talk().ready()
    frame = talk.ask()
    talk.core.take(final(frame.request_id, PLACE, {"id": 1}))
    step = talk.core.take(final(frame.request_id, PLACE, {"id": 2}))
    assert not step.replies
    assert "two different answers" in step.notes[0]


def test_an_answer_to_nobody_is_told_and_answers_nobody() -> None:
    talk = Talk().ready()
    talk.ask()
    step = talk.core.take(final("someone-else", PLACE, {"id": 1}))
    assert not step.replies
    assert not step.broken
    assert step.notes


def test_an_answer_from_another_channel_is_no_answer() -> None:
    talk = Talk().ready()
    frame = talk.ask()
    (reply,) = talk.core.take(final(frame.request_id, "futures.order_cancel", {"id": 1})).replies
    assert (reply.status, reply.whole()) == (0, {})


def test_silence_breaks_after_five_seconds_and_not_before() -> None:
    talk = Talk().ready()
    frame = talk.ask()
    talk.clock.advance(4.9)
    assert not talk.core.tick().broken
    talk.clock.advance(0.1)
    assert talk.core.tick().broken
    assert talk.core.close() == (frame.request_id,)
    assert talk.core.objection(None, 0)


def test_a_pong_keeps_the_socket_fresh_and_without_one_it_is_left() -> None:
    talk = Talk().ready()
    talk.clock.advance(5)
    (ping,) = talk.core.tick().write
    assert json.loads(ping) == {"time": 1_700_000_005, "channel": "futures.ping"}
    talk.core.take('{"time":1700000005,"channel":"futures.pong","event":"","result":null}')
    talk.clock.advance(9)
    assert not talk.core.objection(None, 0)
    talk.clock.advance(1.1)
    assert talk.core.objection(None, 0) == "the socket is silent"
    talk.clock.advance(5)
    assert talk.core.tick().broken == "no sign of life"


def test_the_last_check_before_writing() -> None:
    talk = Talk().ready()
    now = talk.clock.now_ms()
    assert not talk.core.objection(talk.core.frame(PLACE, {}, now + 300), 0)
    assert talk.core.objection(talk.core.frame(PLACE, {}, now + 299), 0) == "too late to send"
    assert talk.core.objection(talk.core.frame(PLACE, {}, now + 3000), 1)
    for _ in range(32):
        assert not talk.core.objection(None, 0)
        talk.ask()
    assert talk.core.objection(None, 0) == "too many requests are unanswered"


@pytest.mark.parametrize(
    "notice",
    [
        {"channel": "futures.system", "event": "update", "result": {"type": "upgrade", "msg": "x"}},
        {"event": "upgrade"},
    ],
)
def test_before_the_exchange_closes_nothing_new_is_written(notice: dict[str, Any]) -> None:
    talk = Talk().ready()
    frame = talk.ask()
    assert talk.core.take(json.dumps(notice)).notes
    assert talk.core.objection(None, 0)
    assert not talk.core.tick().broken
    talk.core.take(final(frame.request_id, PLACE, {"id": 1}))
    assert talk.core.tick().broken


def test_an_order_told_that_nobody_is_logged_in_ends_the_connection() -> None:
    talk = Talk().ready()
    frame = talk.ask()
    step = talk.core.take(
        final(frame.request_id, PLACE, status=400, label="AUTHENTICATION_FAILED", text="Not login")
    )
    assert step.replies
    assert step.broken


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '"x"', "null", "NaN", "[" * 100_000])
def test_a_frame_that_is_none_breaks_the_connection(text: str) -> None:
    assert Talk().ready().core.take(text).broken


OBJECTS = st.dictionaries(st.text(max_size=12), st.integers() | st.text(max_size=9))


@given(raw=st.text(max_size=80) | OBJECTS.map(json.dumps))
def test_no_frame_raises(raw: str) -> None:
    Talk().ready().core.take(raw)
