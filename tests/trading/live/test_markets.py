"""Market views: newest wins by the exchange's time, prints are told apart by id."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.accounts import Network
from mtrade.domain.events import BookChanged, CandleChanged, TickerChanged, TopChanged, Traded
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Side
from mtrade.domain.market import Candle, Level, PublicTrade, Ticker
from mtrade.trading.live.markets import PRINTS, fold_candle, fold_market, mark_of, quoted
from mtrade.trading.live.values import revalued
from mtrade.trading.live.views import CandleView, MarketView
from tests.trading.fakes import CONTRACT, book
from tests.trading.live.samples import BTC, position

PAPER = Network.PAPER
FLAT = Ticker(
    instrument=BTC, last=None, bid=None, ask=None, change_pct=None, high=None, low=None,
    volume_base=D(1), volume_quote=D(2),
)  # fmt: skip


def ticker(time_ms: int, **changes: object) -> TickerChanged:
    return TickerChanged(
        network=PAPER,
        ticker=replace(FLAT, **changes),  # type: ignore[arg-type]
        time_ms=time_ms,
    )


def top(bid: str, time_ms: int) -> TopChanged:
    return TopChanged(
        network=PAPER, instrument=BTC, bid=Level(D(bid), D(1)), ask=None, time_ms=time_ms
    )


def prints(*numbers: int) -> Traded:
    trades = tuple(
        PublicTrade(id=str(n), instrument=BTC, time_ms=n // 3, price=D(1), size=D(1), side=Side.BUY)
        for n in numbers
    )
    return Traded(network=PAPER, instrument=BTC, trades=trades)


def test_a_ticker_keeps_what_a_push_leaves_out_and_ignores_what_is_older() -> None:
    view = fold_market(MarketView(), ticker(10, last=D(5), mark=D(6)), 1.0)
    view = fold_market(view, ticker(20, last=D(7)), 2.0)
    view = fold_market(view, ticker(15, last=D(1), index=D(9)), 3.0)
    assert view.ticker is not None
    assert (view.ticker.last, view.ticker.mark, view.ticker.index) == (D(7), D(6), D(9))
    assert view.heard_at == 3.0
    assert mark_of(view) == D(6)
    assert mark_of(None) is mark_of(MarketView()) is None


def test_the_newest_best_prices_are_shown() -> None:
    view = fold_market(MarketView(), ticker(10, bid=D(1), ask=D(2)), 1.0)
    view = fold_market(view, top("3", 20), 2.0)
    view = fold_market(view, top("2", 15), 3.0)
    shown = quoted(view)
    assert shown is not None
    assert (shown.bid, shown.ask) == (D(3), None)
    newer = quoted(fold_market(view, ticker(30, bid=D(4), ask=D(5)), 4.0))
    assert newer is not None
    assert newer.bid == D(4)
    assert quoted(MarketView()) is None


def test_an_unsure_book_is_none() -> None:
    sure = BookChanged(network=PAPER, instrument=BTC, book=book(BTC), time_ms=1)
    view = fold_market(MarketView(), sure, 1.0)
    assert view.book == book(BTC)
    assert fold_market(view, replace(sure, book=None), 2.0).book is None


@given(st.lists(st.lists(st.integers(1, 200), max_size=8), max_size=30), st.randoms())
def test_prints_in_any_order_and_repeated_give_the_same_tape(
    pushes: list[list[int]], chance: object
) -> None:
    again = [*pushes, *pushes]
    chance.shuffle(again)  # type: ignore[attr-defined]

    def tape(order: list[list[int]]) -> list[str]:
        view = MarketView()
        for numbers in order:
            view = fold_market(view, prints(*numbers), 0.0)
        return [trade.id for trade in view.trades]

    numbers = {n for push in pushes for n in push}
    newest = sorted(numbers, reverse=True)[:PRINTS]
    assert tape(pushes) == tape(again) == [str(n) for n in newest]


def candle(start: int, close: int, *, closed: bool = False) -> CandleChanged:
    one = D(1)
    made = Candle(start_ms=start, open=one, high=one, low=one, close=D(close), volume=one,
                  volume_quote=one)  # fmt: skip
    return CandleChanged(network=PAPER, instrument=BTC, interval="1m", candle=made, closed=closed)


@pytest.mark.parametrize(
    ("events", "running", "closed"),
    [
        ([candle(0, 1), candle(0, 2)], 2, None),
        ([candle(0, 1), candle(0, 3, closed=True)], None, 3),
        ([candle(0, 3, closed=True), candle(60, 4)], 4, 3),
        ([candle(60, 4), candle(0, 3, closed=True)], 4, 3),
        ([candle(60, 4), candle(0, 9)], 4, None),
        ([candle(60, 5, closed=True), candle(60, 9), candle(0, 3, closed=True)], None, 5),
    ],
)
def test_a_candle_ends_in_its_final_form(
    events: list[CandleChanged], running: int | None, closed: int | None
) -> None:
    view = CandleView()
    for event in events:
        view = fold_candle(view, event)
    found = [None if c is None else int(c.close) for c in (view.running, view.closed)]
    assert found == [running, closed]


def test_a_position_is_revalued_at_mark() -> None:
    row = position(BTC, 100, 1, entry_price=D(60000), initial_margin=D(0))
    shown = revalued(row, CONTRACT, D(61000))
    assert shown.unrealised_pnl == D(10)
    assert shown.value == D(610)
    assert shown.initial_margin == D(61)
    assert shown.mark_price == D(61000)
    assert revalued(row, None, D(61000)) is row
    assert revalued(row, CONTRACT, None) is row
