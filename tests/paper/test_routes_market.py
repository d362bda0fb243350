"""What the public endpoints say: sizes, order, windows, and agreement with book and tape."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mtrade.domain.instruments import Side, futures, spot
from mtrade.paper.faults import GateFault
from mtrade.paper.wire import wire_size
from mtrade.paper.world import World
from tests.paper.asking import AT, ask, running_market
from tests.paper.floor import open_market


@pytest.fixture(scope="module")
def world() -> World:
    return running_market()


def test_time_is_in_milliseconds(world: World) -> None:
    assert ask(world, "/spot/time") == {"server_time": AT}


def test_a_pair_has_the_fields_clients_need(world: World) -> None:
    pair = ask(world, "/spot/currency_pairs/BTC_USDT")
    wanted = {"id": "BTC_USDT", "base": "BTC", "quote": "USDT", "fee": "0.2", "precision": 1}
    assert wanted.items() <= pair.items()
    assert pair["amount_precision"] == 6
    assert pair["min_quote_amount"] == "3"
    assert pair["trade_status"] == "tradable"


def test_a_contract_has_the_fields_clients_need(world: World) -> None:
    """Those ccxt and the copy engine read (gate-notes, minimum fields)."""
    contract = ask(world, "/futures/usdt/contracts/BTC_USDT")
    assert contract["quanto_multiplier"] == "0.0001"
    assert contract["order_price_round"] == "0.1"
    assert (contract["status"], contract["in_delisting"]) == ("trading", False)
    assert contract["enable_decimal"] is False
    assert contract["funding_interval"] == 28_800
    assert isinstance(contract["funding_next_apply"], float)
    assert Decimal(contract["leverage_max"]) == 125
    assert ask(world, "/futures/btc/contracts/BTC_USD")["quanto_multiplier"] == "0"
    assert ask(world, "/futures/btc/contracts/BTC_USD")["type"] == "inverse"


def test_contract_sizes_follow_the_header(world: World) -> None:
    """Text with it; without it integers, truncated toward zero."""
    query = {"contract": "SOL_USDT"}
    for decimal_sizes, kind in ((True, str), (False, int)):
        book = ask(world, "/futures/usdt/order_book", decimal_sizes=decimal_sizes, **query)
        trades = ask(world, "/futures/usdt/trades", decimal_sizes=decimal_sizes, **query)
        candles = ask(world, "/futures/usdt/candlesticks", decimal_sizes=decimal_sizes, **query)
        ticker = ask(world, "/futures/usdt/tickers", decimal_sizes=decimal_sizes, **query)
        contract = ask(world, "/futures/usdt/contracts/SOL_USDT", decimal_sizes=decimal_sizes)
        assert {type(level["s"]) for level in book["asks"]} == {kind}
        assert {type(trade["size"]) for trade in trades} == {kind}
        assert {type(candle["v"]) for candle in candles} == {kind}
        assert isinstance(ticker[0]["total_size"], str)
        assert isinstance(contract["order_size_min"], kind)
        assert isinstance(contract["order_size_max"], kind)
    assert wire_size(Decimal("-1.70"), True) == "-1.7"
    assert wire_size(Decimal("-1.70"), False) == -1


def test_books_are_sorted_and_carry_their_id_only_on_request(world: World) -> None:
    book = ask(world, "/spot/order_book", currency_pair="BTC_USDT", limit=20, with_id="true")
    assert book["id"] == world.rooms[spot("BTC_USDT")].book.sequence
    assert "id" not in ask(world, "/spot/order_book", currency_pair="BTC_USDT")
    asks = [Decimal(price) for price, _ in book["asks"]]
    bids = [Decimal(price) for price, _ in book["bids"]]
    assert len(asks) == len(bids) == 20
    assert asks == sorted(asks)
    assert bids == sorted(bids, reverse=True)
    merged = ask(world, "/futures/usdt/order_book", contract="BTC_USDT", interval="10", limit=5)
    assert all(Decimal(level["p"]) % 10 == 0 for level in merged["asks"] + merged["bids"])


def test_trades_come_newest_first_and_page_by_id(world: World) -> None:
    pages = [ask(world, "/spot/trades", currency_pair="BTC_USDT", limit=10, page=n) for n in (1, 2)]
    ids = [int(trade["id"]) for page in pages for trade in page]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 20
    older = ask(
        world, "/spot/trades", currency_pair="BTC_USDT", limit=5, last_id=ids[9], reverse="true"
    )
    assert [int(trade["id"]) for trade in older] == ids[10:15]
    newer = ask(world, "/spot/trades", currency_pair="BTC_USDT", last_id=ids[3])
    assert [int(trade["id"]) for trade in newer] == ids[:3]
    first = ask(world, "/futures/usdt/trades", contract="BTC_USDT", limit=4)
    more = ask(world, "/futures/usdt/trades", contract="BTC_USDT", limit=4, offset=2)
    assert first[2:] == more[:2]


def test_a_futures_trade_is_signed_by_its_taker(world: World) -> None:
    tape = {trade.id: trade for trade in world.rooms[futures("BTC_USDT")].tape.trades}
    for trade in ask(world, "/futures/usdt/trades", contract="BTC_USDT", limit=50):
        assert (Decimal(trade["size"]) > 0) == (tape[str(trade["id"])].side is Side.BUY)
        assert trade["create_time_ms"] == tape[str(trade["id"])].time_ms / 1000


@pytest.mark.parametrize(
    "interval", ["10s", "1m", "5m", "15m", "30m", "1h", "2h", "4h", "8h", "1d"]
)
def test_charts_are_full_from_the_first_minute(world: World, interval: str) -> None:
    """A hundred candles, aligned, oldest first; only the last one is open."""
    rows = ask(world, "/spot/candlesticks", currency_pair="BTC_USDT", interval=interval)
    assert len(rows) == 100
    starts = [int(row[0]) for row in rows]
    assert starts == sorted(starts)
    assert [row[7] for row in rows] == ["true"] * 99 + ["false"]
    for _, quote, close, high, low, opened, base, _ in rows:
        assert Decimal(low) <= min(Decimal(opened), Decimal(close))
        assert Decimal(high) >= max(Decimal(opened), Decimal(close))
        assert Decimal(quote) >= 0
        assert Decimal(base) >= 0


def test_a_range_of_candles_includes_both_ends(world: World) -> None:
    start = AT // 60_000 * 60 - 600
    rows = ask(
        world,
        "/futures/usdt/candlesticks",
        contract="BTC_USDT",
        interval="1m",
        to=start + 300,
        from_=start,
    )
    assert [row["t"] for row in rows] == list(range(start, start + 301, 60))


def test_a_range_begins_with_the_candle_that_its_first_second_falls_into(world: World) -> None:
    """Exactly as many as asked: ccxt sends an uneven `from` and a `to` of limit - 1 lengths on."""
    at = AT // 1000 - 7200 + 17
    asked = {"contract": "BTC_USDT", "interval": "1m", "from_": at, "to": at + 9 * 60}
    rows = ask(world, "/futures/usdt/candlesticks", **asked)
    first = at // 60 * 60
    assert [row["t"] for row in rows] == list(range(first, first + 600, 60))


def test_as_many_candles_as_allowed_and_not_one_more(world: World) -> None:
    at = AT // 1000 - 90_000 + 17
    asked = {"currency_pair": "BTC_USDT", "interval": "1m", "from_": at}
    assert len(ask(world, "/spot/candlesticks", **asked, to=at + 999 * 60)) == 1000
    with pytest.raises(GateFault, match="1000 data points"):
        ask(world, "/spot/candlesticks", **asked, to=at + 1000 * 60 - 1)


def test_mark_candles_have_no_volume_and_end_at_the_mark(world: World) -> None:
    rows = ask(world, "/futures/usdt/candlesticks", contract="mark_BTC_USDT", interval="1m")
    assert "v" not in rows[-1]
    assert Decimal(rows[-1]["c"]) == world.rooms[futures("BTC_USDT")].mark
    index = ask(world, "/futures/usdt/candlesticks", contract="index_BTC_USDT", interval="1m")
    assert Decimal(index[-1]["c"]) == world.rooms[futures("BTC_USDT")].index
    premium = ask(world, "/futures/usdt/premium_index", contract="BTC_USDT", interval="1m")
    expected = Decimal(rows[-1]["c"]) / Decimal(index[-1]["c"]) - 1
    assert abs(Decimal(premium[-1]["c"]) - expected) < Decimal("0.000001")


def test_tickers_agree_with_the_book_and_the_tape(world: World) -> None:
    room = world.rooms[spot("ETH_USDT")]
    (ticker,) = ask(world, "/spot/tickers", currency_pair="ETH_USDT")
    assert Decimal(ticker["last"]) == room.last
    assert Decimal(ticker["highest_bid"]) == room.book.best(Side.BUY)
    assert Decimal(ticker["lowest_ask"]) == room.book.best(Side.SELL)
    assert Decimal(ticker["low_24h"]) <= room.last <= Decimal(ticker["high_24h"])
    assert Decimal(ticker["quote_volume"]) > 100_000_000
    assert all(isinstance(value, str) for value in ticker.values())


def test_an_empty_side_is_not_quoted() -> None:
    """Nobody rests before the first tick: empty text, never a zero price."""
    world = open_market()[0]
    (ticker,) = ask(world, "/spot/tickers", currency_pair="BTC_USDT")
    assert (ticker["lowest_ask"], ticker["highest_bid"]) == ("", "")
    (ticker,) = ask(world, "/futures/usdt/tickers", contract="BTC_USDT")
    assert (ticker["lowest_ask"], ticker["highest_size"]) == ("", "")


def test_funding_histories(world: World) -> None:
    rows = ask(world, "/futures/usdt/funding_rate", contract="BTC_USDT", limit=10)
    times = [row["t"] for row in rows]
    assert times == list(range(times[0], times[0] - 10 * 28_800, -28_800))
    both = ask(
        world,
        "/futures/usdt/funding_rates",
        method="POST",
        body={"contracts": ["BTC_USDT", "TON_USDT"]},
    )
    assert [item["contract"] for item in both] == ["BTC_USDT", "TON_USDT"]
    assert both[0]["data"][:10] == rows
    for body in ({}, {"contracts": []}, ["BTC_USDT"], None):
        with pytest.raises(GateFault):
            ask(world, "/futures/usdt/funding_rates", method="POST", body=body)


def test_risk_tiers_page_and_agree_with_the_table(world: World) -> None:
    tiers = ask(world, "/futures/usdt/risk_limit_tiers", contract="BTC_USDT")
    assert [tier["risk_limit"] for tier in tiers][:3] == ["20000", "50000", "100000"]
    assert tiers[3]["deduction"] == "235"
    table = ask(world, "/futures/usdt/risk_limit_table", table_id="BTC_USDT")
    assert [{**row, "contract": "BTC_USDT"} for row in table] == tiers
    everything = ask(world, "/futures/usdt/risk_limit_tiers")
    assert len(everything) == 12 * 8
    assert ask(world, "/futures/usdt/risk_limit_tiers", limit=2, offset=1) == everything[8:24]


def test_the_list_of_contracts_has_no_filter(world: World) -> None:
    """ccxt names one contract when it wants the funding rates of several."""
    found = ask(world, "/futures/usdt/contracts", contract="BTC_USDT")
    assert len(found) == 12


def test_settle_currency_in_any_case(world: World) -> None:
    assert len(ask(world, "/futures/USDT/contracts")) == 12
