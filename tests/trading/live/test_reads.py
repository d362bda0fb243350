"""Reads that need no request: only what is certain, with its true age, else None."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from mtrade.domain.accounts import Network
from mtrade.domain.events import BookChanged, OrderChanged, SpotBalanceChanged, StreamStatus
from mtrade.domain.instruments import Market
from mtrade.domain.orders import VenueOrder
from mtrade.trading.live.reads import OWN_CHANGE_S, YOUNG_MS, LiveReads
from mtrade.trading.live.topics import MarketTopic
from mtrade.trading.state import LiveState
from tests.trading.fakes import CONTRACT, book
from tests.trading.live.samples import (
    ACCOUNT,
    BTC,
    coins,
    order,
    position,
    snapshot,
    trigger,
    wallet,
)
from tests.trading.live.stand import PUBLIC, SPOT, USDT, Stand
from tests.trading.live.test_markets import prints, ticker

PAPER = Network.PAPER


@pytest.fixture
def stand() -> Stand:
    made = Stand()
    made.board.rules[PAPER, BTC] = CONTRACT
    made.live(USDT)
    made.live(SPOT)
    made.post(
        snapshot(1, orders=(order("1", 5),), triggers=(trigger("2", 5),)),
        snapshot(1, market=Market.SPOT, settle="", futures=None, spot=(coins("USDT", "5"),)),
    )
    return made


@pytest.fixture
def reads(stand: Stand) -> LiveReads:
    return LiveReads(stand.board)


def account_parts(reads: LiveReads) -> list[object]:
    return [
        reads.positions(ACCOUNT, "usdt"),
        reads.open_orders(ACCOUNT, Market.FUTURES, "usdt"),
        reads.triggers(ACCOUNT, Market.FUTURES, "usdt"),
        reads.futures(ACCOUNT, "usdt"),
        reads.spot(ACCOUNT),
    ]


def test_a_live_account_needs_no_request_and_is_as_old_as_its_stream(
    stand: Stand, reads: LiveReads
) -> None:
    stand.clock.advance(3)
    assert all(account_parts(reads))
    orders = reads.open_orders(ACCOUNT, Market.FUTURES, "usdt")
    assert orders is not None
    assert ([o.order_id for o in orders.value], orders.age_ms) == (["1"], 3_000)
    stand.live(USDT)  # a pong
    again = reads.open_orders(ACCOUNT, Market.FUTURES, "usdt")
    assert again is not None
    assert again.age_ms == 0


def test_nothing_is_certain_while_a_stream_is_down_or_silent_or_not_read_again(
    stand: Stand, reads: LiveReads
) -> None:
    stand.clock.advance(YOUNG_MS / 1000 + 1)
    assert not any(account_parts(reads))
    for stream in (USDT, SPOT):
        stand.live(stream)
    assert all(account_parts(reads))
    stand.live(USDT, status=StreamStatus.DOWN)
    stand.live(SPOT, status=StreamStatus.CONNECTING)
    assert not any(account_parts(reads))
    stand.live(USDT)
    assert reads.open_orders(ACCOUNT, Market.FUTURES, "usdt") is None
    stand.post(snapshot(2))
    assert reads.open_orders(ACCOUNT, Market.FUTURES, "usdt") is not None
    assert reads.spot("paper:9") is None


def test_after_an_own_change_the_exchange_is_asked_for_a_moment(
    stand: Stand, reads: LiveReads
) -> None:
    reads.changed(ACCOUNT)
    assert not any(account_parts(reads))
    stand.clock.advance(OWN_CHANGE_S)
    assert all(account_parts(reads))


def test_margins_that_may_have_moved_are_read(stand: Stand, reads: LiveReads) -> None:
    stand.clock.advance(0.1)
    stand.post(OrderChanged(account_id=ACCOUNT, order=order("3", 50)))
    assert reads.positions(ACCOUNT, "usdt") is None
    assert reads.futures(ACCOUNT, "usdt") is None
    assert reads.open_orders(ACCOUNT, Market.FUTURES, "usdt") is not None
    stand.clock.advance(0.1)
    stand.post(snapshot(60, futures=wallet("7")))
    found = reads.futures(ACCOUNT, "usdt")
    assert found is not None
    assert found.value.account.total == D(7)


def test_positions_without_a_live_mark_price_are_read(stand: Stand, reads: LiveReads) -> None:
    stand.post(snapshot(2, positions=(position(BTC, 100, 1),)))
    assert reads.positions(ACCOUNT, "usdt") is None
    stand.listen(MarketTopic(PAPER, BTC))
    stand.live(PUBLIC)
    stand.post(ticker(1, mark=D(61000)))
    found = reads.positions(ACCOUNT, "usdt")
    money = reads.futures(ACCOUNT, "usdt")
    assert found is not None
    assert money is not None
    assert found.value[0].unrealised_pnl == money.value.account.unrealised_pnl == D(10)
    stand.live(PUBLIC, status=StreamStatus.DOWN)
    assert reads.positions(ACCOUNT, "usdt") is None


def test_market_data_is_used_part_by_part(stand: Stand, reads: LiveReads) -> None:
    assert reads.ticker(PAPER, BTC) is None
    stand.listen(MarketTopic(PAPER, BTC))
    stand.live(PUBLIC)
    stand.post(BookChanged(network=PAPER, instrument=BTC, book=book(BTC), time_ms=1), prints(1, 2))
    assert reads.ticker(PAPER, BTC) is None
    two = reads.book(PAPER, BTC, 2)
    assert two is not None
    assert two.value == book(BTC)
    one = reads.book(PAPER, BTC, 1)
    assert one is not None
    assert len(one.value.bids) == 1
    assert reads.book(PAPER, BTC, 3) is None, "deeper than is known"
    assert reads.trades(PAPER, BTC, 3) is None
    tape = reads.trades(PAPER, BTC, 2)
    assert tape is not None
    assert [t.id for t in tape.value] == ["2", "1"]


def test_the_state_asks_the_exchange_only_for_what_is_not_certain(stand: Stand) -> None:
    asked: list[str] = []

    def open_orders(market: Market, settle: str) -> tuple[VenueOrder, ...]:
        asked.append(f"orders {market} {settle}")
        return (order("9", 1),)

    stand.exchange.open_orders = open_orders  # type: ignore[attr-defined]
    state = LiveState(stand.accounts, stand.clock, LiveReads(stand.board))  # type: ignore[arg-type]
    live = state.open_orders(ACCOUNT, Market.FUTURES, "usdt")
    assert [o.order_id for o in live.value] == ["1"]
    assert asked == []
    state.forget(ACCOUNT)
    read = state.open_orders(ACCOUNT, Market.FUTURES, "usdt")
    assert [o.order_id for o in read.value] == ["9"]
    assert asked == ["orders futures usdt"]
    stand.clock.advance(OWN_CHANGE_S)
    money = SpotBalanceChanged(account_id=ACCOUNT, balance=coins("USDT", "8"), time_ms=9)
    stand.post(money)
    assert state.spot_balance(ACCOUNT, "USDT").available == D(8)
    stand.live(SPOT, status=StreamStatus.DOWN)
    assert state.spot_balance(ACCOUNT, "USDT").available == D(10_000)
