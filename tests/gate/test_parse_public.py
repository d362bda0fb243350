"""Public pushes of both markets become market events; what nobody can read is left out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.accounts import Network
from mtrade.domain.events import CandleChanged, TickerChanged, TopChanged, Traded
from mtrade.domain.instruments import Market, Side, futures, spot
from mtrade.domain.market import Level
from mtrade.gate.frames import Push
from mtrade.gate.parse_public import PARSERS, Place, parse_public

D = Decimal
SPOT = Place(Network.PAPER, Market.SPOT, "")
USDT = Place(Network.PAPER, Market.FUTURES, "usdt")


def only(place: Place, channel: str, result: object) -> Any:
    (event,) = parse_public(place, Push(channel, 1700000000123, result))
    assert event.network is Network.PAPER  # type: ignore[union-attr]
    return event


def test_tickers() -> None:
    row = {
        "currency_pair": "BTC_USDT",
        "last": "61000.5",
        "lowest_ask": "61001",
        "highest_bid": "",
        "change_percentage": "-1.5",
        "base_volume": "10",
        "quote_volume": "610000",
        "high_24h": "62000",
        "low_24h": "60000",
    }
    event = only(SPOT, "spot.tickers", row)
    assert isinstance(event, TickerChanged)
    assert (event.ticker.instrument, event.ticker.last) == (spot("BTC_USDT"), D("61000.5"))
    assert (event.ticker.bid, event.time_ms) == (None, 1700000000123)
    perpetual = {"contract": "BTC_USDT", "last": "61000", "mark_price": "61002.1"}
    event = only(USDT, "futures.tickers", [perpetual])
    assert (event.ticker.mark, event.ticker.funding_rate) == (D("61002.1"), None)


def test_best_prices_with_an_empty_side() -> None:
    row = {"t": 1700000000100, "u": 5, "s": "BTC_USDT", "b": "61000", "B": "3", "a": "", "A": 0}
    event = only(USDT, "futures.book_ticker", row)
    assert isinstance(event, TopChanged)
    assert (event.bid, event.ask) == (Level(D(61000), D(3)), None)
    assert event.instrument == futures("BTC_USDT")


def test_prints_of_one_push_are_one_event_oldest_first() -> None:
    rows = [
        {"contract": name, "id": id, "create_time_ms": 1700000000000 + t, "price": "1", "size": s}
        for name, id, t, s in (
            ("BTC_USDT", 10, 5, "-2"),
            ("ETH_USDT", 3, 5, "1"),
            ("BTC_USDT", 9, 5, "4"),
            ("BTC_USDT", 8, 1, "1"),
        )
    ]
    bitcoin, ether = parse_public(USDT, Push("futures.trades", 1, rows))
    assert isinstance(bitcoin, Traded)
    assert [trade.id for trade in bitcoin.trades] == ["8", "9", "10"]
    assert bitcoin.trades[-1].side is Side.SELL
    assert isinstance(ether, Traded)
    one = {
        "id": 1,
        "create_time": 1700000000,
        "create_time_ms": "1700000000123.000",
        "side": "buy",
        "currency_pair": "BTC_USDT",
        "amount": "0.5",
        "price": "61000",
    }
    assert only(SPOT, "spot.trades", one).trades[0].size == D("0.5")


def test_candles_name_their_volume_differently_on_each_market() -> None:
    row = {"t": "1700000000", "v": "500", "c": "2", "h": "3", "l": "1", "o": "1", "a": "250"}
    event = only(SPOT, "spot.candlesticks", {**row, "n": "1m_BTC_USDT", "w": True})
    assert isinstance(event, CandleChanged)
    assert (event.interval, event.instrument, event.closed) == ("1m", spot("BTC_USDT"), True)
    assert (event.candle.volume, event.candle.volume_quote) == (D(250), D(500))
    event = only(USDT, "futures.candlesticks", [{**row, "n": "4h_BTC_USDT"}])
    assert (event.candle.volume, event.candle.volume_quote) == (D(500), D(250))
    assert event.closed is False
    mark = {**row, "n": "1m_mark_BTC_USDT"}
    assert parse_public(USDT, Push("futures.candlesticks", 1, [mark])) == ()


def test_an_unreadable_row_is_left_out_and_unknown_channels_are_ignored() -> None:
    good = {"contract": "BTC_USDT", "last": "1"}
    push = Push("futures.tickers", 1, [{"contract": "X", "last": "high"}, good, 7])
    assert len(parse_public(USDT, push)) == 1
    assert parse_public(USDT, Push("futures.obu", 1, [good])) == ()


VALUES = st.none() | st.integers() | st.decimals() | st.text(max_size=6) | st.booleans()
FIELDS = ("contract", "currency_pair", "last", "t", "s", "b", "B", "n", "id", "price", "size")


@given(
    channel=st.sampled_from(sorted(PARSERS)),
    result=VALUES | st.lists(VALUES | st.dictionaries(st.sampled_from(FIELDS), VALUES)),
)
def test_nothing_that_comes_can_make_it_fail(channel: str, result: Any) -> None:
    place = SPOT if channel.startswith("spot") else USDT
    parse_public(place, Push(channel, 1, result))
