"""The hub: newest state at most ten times a second, encoded once, and nothing for nobody."""

from __future__ import annotations

import threading
from decimal import Decimal as D
from types import SimpleNamespace

import pytest

from mtrade.domain.accounts import Network
from mtrade.domain.errors import NotFound
from mtrade.domain.events import (
    BookChanged,
    CandleChanged,
    OrderChanged,
    StreamChanged,
    StreamStatus,
)
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import futures, spot
from mtrade.trading.live.board import Board
from mtrade.trading.live.hub import YIELD_S, Hub
from mtrade.trading.live.mailbox import LONGEST
from mtrade.trading.live.reader import WALLET_S
from mtrade.trading.live.topics import AccountTopic, CandleTopic, MarketTopic, ServerTopic, Topic
from mtrade.trading.live.watching import LINGER_S
from tests.trading.fakes import ACCOUNT, CONTRACT, book
from tests.trading.live.samples import ACCOUNT as OWN
from tests.trading.live.samples import BTC, coins, order, position, snapshot
from tests.trading.live.stand import PUBLIC, SPOT, USDT, Stand, told
from tests.trading.live.test_markets import candle, ticker

PAPER = Network.PAPER
MARKET = MarketTopic(PAPER, BTC)
MINE = AccountTopic(OWN)


@pytest.fixture
def stand() -> Stand:
    return Stand()


def changed(time_ms: int) -> BookChanged:
    return BookChanged(network=PAPER, instrument=BTC, book=book(BTC), time_ms=time_ms)


def kinds(frames: bytes) -> list[str]:
    return [kind for kind, _, _ in told(frames)]


def test_the_first_message_of_every_topic_comes_at_once(stand: Stand) -> None:
    box = stand.listen(MARKET, MINE, ServerTopic())
    messages = told(box.take(0))
    assert [kind for kind, _, _ in messages] == ["market", "account", "server"]
    assert messages[0][2] == str(MARKET)
    numbers = [number for _, number, _ in messages]
    assert numbers == sorted(numbers)


def test_news_is_told_at_once_and_then_ten_times_a_second_at_most(stand: Stand) -> None:
    box = stand.listen(MARKET)
    box.take(0)
    stand.step(1.0)
    stand.encoded.clear()
    for number in range(50):  # fifty pushes in a quarter of a second
        stand.post(changed(number))
        stand.clock.advance(0.005)
    stand.step(0.1)
    assert stand.encoded == [MARKET] * 4
    assert kinds(box.take(0)) == ["market"] * 4


def test_what_comes_a_moment_after_the_first_word_is_told_with_it(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub lets go of the processor meanwhile: who trades or copies goes first."""
    box = stand.listen(MARKET)
    box.take(0)
    stand.step(1.0)
    stand.encoded.clear()
    waited: list[float] = []

    def moment(seconds: float) -> None:
        waited.append(seconds)
        stand.hub.post(changed(2))

    monkeypatch.setattr("mtrade.trading.live.hub.time", SimpleNamespace(sleep=moment))
    stand.hub.post(changed(1))
    stand.hub.work(0, YIELD_S)
    assert waited == [YIELD_S]
    stand.step(0.2)
    assert stand.encoded == [MARKET]  # both at once: nothing of them was left


def test_a_topic_is_encoded_once_for_all_and_all_get_the_same_bytes(stand: Stand) -> None:
    boxes = [stand.listen(MARKET) for _ in range(10)]
    for box in boxes:
        box.take(0)
    stand.step(1.0)
    stand.encoded.clear()
    stand.post(changed(1))
    assert stand.encoded == [MARKET]
    assert len({box.take(0) for box in boxes}) == 1


def test_numbers_grow_over_everything_a_reader_sees(stand: Stand) -> None:
    box = stand.listen(MARKET, MINE)
    for number in range(20):
        stand.post(changed(number), OrderChanged(account_id=OWN, order=order(str(number), number)))
        stand.clock.advance(0.1)
        if number % 3 == 0:
            stand.listen(MARKET)
    stand.step(0.1)
    assert box.overflown()
    stand.hub.resend(box)
    stand.step()
    again = told(box.take(0))
    assert [kind for kind, _, _ in again] == ["market", "account"], "the whole present state"
    other = stand.listen(MINE)
    assert told(other.take(0))[0][1] > again[-1][1]


def test_a_reader_that_does_not_read_costs_a_few_frames_and_nobody_else(stand: Stand) -> None:
    asleep, awake = stand.listen(MARKET), stand.listen(MARKET)
    got = 0
    for number in range(LONGEST * 3):
        stand.post(changed(number))
        stand.clock.advance(0.1)
        stand.step()
        got += len(told(awake.take(0)))
    assert got >= LONGEST * 3
    assert asleep.overflown()
    assert not awake.overflown()


def test_nobody_listening_no_feeds_and_no_work(stand: Stand) -> None:
    stand.post(changed(1), ticker(1, mark=D(1)))
    stand.step(10)
    assert stand.encoded == []
    assert stand.feeds.open_now() == set()
    assert stand.board.markets == {}


def test_feeds_follow_the_listeners_and_linger_a_while(stand: Stand) -> None:
    candles = CandleTopic(PAPER, BTC, "1m")
    one, two = stand.listen(MARKET, candles), stand.listen(MARKET)
    assert stand.feeds.open_now() == {(PAPER, BTC), (PAPER, BTC, "1m")}
    stand.hub.unsubscribe(one)
    stand.hub.unsubscribe(one)
    stand.step()
    stand.step(LINGER_S + 1)
    stand.step(1)
    assert stand.feeds.open_now() == {(PAPER, BTC)}
    stand.hub.unsubscribe(two)
    stand.step()
    stand.step(LINGER_S - 1)
    again = stand.listen(MARKET)
    stand.step(LINGER_S)
    stand.step(1)
    assert stand.feeds.calls == ["watch usdt:BTC_USDT"], "a reload tears nothing down"
    stand.hub.unsubscribe(again)
    stand.step()
    stand.step(LINGER_S + 1)
    stand.step(1)
    assert stand.feeds.open_now() == set()
    assert stand.board.markets == {}
    assert stand.board.candles == {}


def test_a_candle_topic_is_told_of_its_candles(stand: Stand) -> None:
    topic = CandleTopic(PAPER, BTC, "1m")
    box = stand.listen(topic)
    box.take(0)
    stand.step(1)
    stand.post(candle(0, 5))
    assert kinds(box.take(0)) == ["candles"]
    running = stand.board.candles[PAPER, BTC, "1m"].running
    assert running is not None
    assert running.close == D(5)
    other: CandleChanged = replace(candle(0, 5), interval="5m")
    stand.post(other)
    stand.step(1)
    assert box.take(0) == b""


def test_a_quiet_topic_is_told_again_because_its_age_is_news(stand: Stand) -> None:
    box = stand.listen(MARKET, ServerTopic())
    box.take(0)
    stand.step(1.0)
    assert box.take(0) == b""
    stand.step(1.5)
    assert sorted(kinds(box.take(0))) == ["market", "server"]


def test_private_feeds_are_open_for_exactly_the_enabled_accounts(stand: Stand) -> None:
    assert stand.feeds.accounts == {"paper:1": 1}
    second = replace(ACCOUNT, id="paper:2", name="Second")
    stand.accounts.rows = [replace(ACCOUNT, enabled=False), second]
    stand.post(snapshot(1))
    stand.hub.accounts_changed()
    stand.step()
    assert stand.feeds.accounts == {"paper:1": 0, "paper:2": 1}
    stand.post(snapshot(2))
    stand.live(USDT)
    assert stand.board.sections == {}, "what is not open any more is not kept"
    assert stand.board.streams == {}
    stand.accounts.rows = [ACCOUNT, second]
    stand.hub.accounts_changed()
    stand.hub.accounts_changed()
    stand.step()
    assert stand.feeds.accounts == {"paper:1": 1, "paper:2": 1}


def test_a_new_key_opens_the_feeds_anew_even_when_nobody_saw_the_old_one_go(stand: Stand) -> None:
    """Removed and added again between two looks, the account has the same id."""
    opened: list[str] = []
    close, open_ = stand.feeds.close_account, stand.feeds.open_account
    stand.feeds.close_account = lambda id: (opened.append(f"-{id}"), close(id))[1]  # type: ignore[method-assign]
    stand.feeds.open_account = lambda id: (opened.append(f"+{id}"), open_(id))[1]  # type: ignore[method-assign]
    stand.accounts.rows = [replace(ACCOUNT, name="another name", colour="#ffffff")]
    stand.hub.accounts_changed()
    stand.step()
    assert opened == []
    stand.accounts.rows = [replace(ACCOUNT, key_tail="new!")]
    stand.hub.accounts_changed()
    stand.step()
    assert opened == ["-paper:1", "+paper:1"]
    assert stand.feeds.accounts == {"paper:1": 1}


def test_positions_that_are_shown_are_followed_at_their_mark_price(stand: Stand) -> None:
    stand.live(USDT)
    stand.post(snapshot(1, positions=(position(BTC, 100, 1),)))
    stand.step(1)
    assert stand.feeds.open_now() == set()
    box = stand.listen(MINE)
    assert stand.feeds.open_now() == {(PAPER, BTC)}
    stand.step(1)
    assert stand.reader.read_all() == 1, "the contract's rules are read once"
    stand.step(1)
    assert stand.board.rules[PAPER, BTC] == CONTRACT
    stand.step(0.2)
    box.take(0)
    stand.encoded.clear()
    stand.post(ticker(1, mark=D(61000)))
    assert stand.encoded == [MINE]
    stand.post(snapshot(2))
    stand.step(1)
    stand.step(LINGER_S + 1)
    stand.step(1)
    assert stand.feeds.open_now() == set(), "a position that ended is not followed"


def test_a_wallet_that_moved_is_read_again_but_only_for_somebody(stand: Stand) -> None:
    stand.live(USDT)
    stand.post(snapshot(1))
    stand.step(1)
    moved = OrderChanged(account_id=OWN, order=order("1", 5))
    stand.post(moved)
    stand.step(1)
    assert stand.reader.read_all() == 0
    stand.listen(MINE)
    stand.step(1)
    assert stand.reader.read_all() == 1
    stand.step(WALLET_S + 1)
    assert stand.board.section(USDT).futures == stand.exchange.futures_account("usdt")
    assert stand.reader.read_all() == 0, "it has not moved since"


def test_prices_are_read_for_coins_that_are_shown(stand: Stand) -> None:
    stand.exchange.tickers = lambda market, settle="": (  # type: ignore[attr-defined]
        replace(ticker(1, last=D(60000)).ticker, instrument=spot("BTC_USDT")),
        replace(ticker(1, last=D(2)).ticker, instrument=spot("ETH_BTC")),
    )
    stand.live(SPOT)
    held = (coins("BTC", "1"), coins("USDT", "5"))
    stand.post(snapshot(1, market=SPOT.market, settle="", futures=None, spot=held))
    stand.listen(MINE)
    stand.step(1)
    assert stand.reader.read_all() == 1
    stand.step(1)
    assert stand.board.prices == {PAPER: {"BTC": D(60000)}}


def test_what_ticker_pushes_leave_out_is_read_for_what_is_shown(stand: Stand) -> None:
    row = replace(ticker(1, last=D(1)).ticker, funding_next_ms=99)
    stand.exchange.tickers = lambda market, settle="": (row,)  # type: ignore[attr-defined]
    stand.listen(MARKET)
    stand.step(1)
    stand.post(ticker(5, last=D(7)))
    assert stand.reader.read_all() == 1
    stand.step(1)
    shown = stand.board.markets[PAPER, BTC].ticker
    assert shown is not None
    assert (shown.last, shown.funding_next_ms) == (D(7), 99)
    assert stand.reader.read_all() == 0


def test_a_closed_stream_that_nobody_needs_is_no_fault_to_show(stand: Stand) -> None:
    box = stand.listen(MARKET)
    stand.live(PUBLIC)
    stand.live(PUBLIC, status=StreamStatus.DOWN)
    assert PUBLIC in stand.board.streams
    stand.hub.unsubscribe(box)
    stand.step()
    stand.step(LINGER_S + 1)
    stand.live(PUBLIC, status=StreamStatus.DOWN)
    assert PUBLIC not in stand.board.streams


def test_an_account_is_proven_again_only_by_a_read_after_its_stream_came_back(
    stand: Stand,
) -> None:
    stand.live(USDT)
    stand.post(snapshot(1))
    stand.live(USDT, status=StreamStatus.DOWN)
    stand.post(snapshot(2))
    stand.live(USDT)
    assert not stand.board.section(USDT).complete
    stand.post(snapshot(3))
    assert stand.board.section(USDT).complete


def test_a_topic_that_cannot_be_told_does_not_stop_the_others(stand: Stand) -> None:
    def say(topic: Topic) -> list[str]:
        if topic == MINE:
            raise NotFound("gone")
        return ["1"]

    stand.say = say
    box = stand.listen(MINE, MARKET)
    assert kinds(box.take(0)) == ["market"]
    stand.step(3)
    assert kinds(box.take(0)) == ["market"]


def test_the_server_topic_hears_of_streams_and_the_journal(stand: Stand) -> None:
    box = stand.listen(ServerTopic())
    box.take(0)
    stand.step(1)
    stand.live(PUBLIC, round_trip_ms=5)
    assert kinds(box.take(0)) == ["server"]
    stand.clock.advance(0.2)
    stand.hub.touched(OWN)
    stand.step()
    assert kinds(box.take(0)) == ["server"]


def test_a_lost_stream_takes_the_proof_away(stand: Stand) -> None:
    stand.listen(MARKET)
    stand.live(USDT)
    stand.live(PUBLIC)
    stand.post(snapshot(1), changed(1))
    assert stand.board.section(USDT).complete
    assert stand.board.markets[PAPER, BTC].book is not None
    stand.live(USDT, status=StreamStatus.DOWN)
    stand.live(PUBLIC, status=StreamStatus.DOWN)
    assert not stand.board.section(USDT).complete
    assert stand.board.markets[PAPER, BTC].book is None
    assert not stand.board.is_live(USDT)


class Starved(Board):
    """Fails on one event, as a fault of ours would."""

    def apply(self, event: object) -> bool:
        if isinstance(event, StreamChanged):
            raise ZeroDivisionError
        return super().apply(event)  # type: ignore[arg-type]


def test_the_thread_outlives_a_fault_and_says_so() -> None:
    stand = Stand()
    hub = Hub(Starved(stand.clock), stand.accounts, stand.clock, stand.feeds, stand._reader)  # type: ignore[arg-type]
    hub.encode_with(lambda topic: ["1"])
    hub.start()
    try:
        assert hub.problems() == ()
        hub.post(StreamChanged(stream=USDT, status=StreamStatus.LIVE, heard_ms=1))
        box = hub.subscribe([MarketTopic(PAPER, futures("ETH_USDT"))])
        assert kinds(box.take(5)) == ["market"]
        assert [p.code for p in hub.problems()] == ["hub"]
    finally:
        hub.close()
    assert box.take(5) == b""
    assert box.closed
    assert not [t for t in threading.enumerate() if t.name == "hub"]
