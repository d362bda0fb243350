"""Tickers, trades, candles, statistics and public liquidations: shapes, types and pace."""

from __future__ import annotations

from decimal import Decimal

from mtrade.domain.instruments import futures, spot
from tests.paper.ws.stand import Client


def buy(client: Client, size: int = 3, contract: str = "BTC_USDT"):
    order = {"contract": contract, "size": size, "price": "0", "tif": "ioc"}
    return client.done("futures.order_place", order)


def test_tickers_come_once_a_second(stand):
    client = Client(stand, "spot")
    client.subscribe("spot.tickers", ["BTC_USDT"])
    for number in range(40):
        stand.pass_time(100, tick=number % 10 == 0)
    rows = client.results("spot.tickers")
    assert len(rows) == 4
    assert set(rows[0]) == {
        "currency_pair", "last", "lowest_ask", "highest_bid", "change_percentage",
        "base_volume", "quote_volume", "high_24h", "low_24h",
    }  # fmt: skip
    assert all(isinstance(value, str) for value in rows[0].values())


def test_futures_tickers_are_lists_of_texts(stand):
    client = Client(stand, sizes=False)
    _, first = client.subscribe("futures.tickers", ["BTC_USDT"])
    (row,) = first["result"]
    assert row["contract"] == "BTC_USDT"
    assert {"mark_price", "index_price", "funding_rate", "volume_24h_quote"} <= set(row)
    assert all(isinstance(value, str) for value in row.values())


def test_every_print_is_pushed_once_and_in_order(stand):
    client = Client(stand)
    client.subscribe("futures.trades", ["BTC_USDT"])
    client.login()
    room, before = (
        stand.world.rooms[futures("BTC_USDT")],
        len(stand.world.rooms[futures("BTC_USDT")].tape.trades),
    )
    rows = []
    for _ in range(8):
        buy(client)
        stand.pass_time(500)
        rows += [row for result in client.results("futures.trades") for row in result]
    printed = [int(trade.id) for trade in list(room.tape.trades)[before:]]
    assert [row["id"] for row in rows] == printed
    assert set(rows[0]) == {"contract", "id", "create_time", "create_time_ms", "price", "size"}
    assert isinstance(rows[0]["size"], str)
    assert any(row["size"].startswith("-") for row in rows)


def test_spot_trades_come_one_by_one(stand):
    client = Client(stand, "spot")
    client.subscribe("spot.trades", ["BTC_USDT"])
    for _ in range(10):
        stand.pass_time(500)
    rows = client.results("spot.trades")
    assert len(rows) > 2
    assert set(rows[0]) == {
        "id", "create_time", "create_time_ms", "side", "currency_pair", "amount", "price",
        "range", "id_market",
    }  # fmt: skip
    assert isinstance(rows[0]["id"], int)
    assert isinstance(rows[0]["create_time_ms"], str)


def test_a_candle_runs_and_closes(stand):
    client = Client(stand, "spot")
    client.subscribe("spot.candlesticks", ["10s", "BTC_USDT"])
    for _ in range(30):
        stand.pass_time(2_000)
    rows = client.results("spot.candlesticks")
    assert {row["n"] for row in rows} == {"10s_BTC_USDT"}
    closed = [int(row["t"]) for row in rows if row["w"]]
    assert len(closed) >= 5
    assert closed == list(range(closed[0], closed[-1] + 10, 10))
    assert all(isinstance(row[name], str) for row in rows for name in "tvchloa")
    other = Client(stand, sizes=False)
    for name in ("BTC_USDT", "mark_BTC_USDT", "index_BTC_USDT"):
        _, first = other.subscribe("futures.candlesticks", ["1m", name])
        (row,) = first["result"]
        assert row["n"] == f"1m_{name}"
        assert isinstance(row["t"], int)
        assert isinstance(row["v"], int)
        assert (row["v"] > 0) is (name == "BTC_USDT")


def test_statistics_have_numbers(stand):
    client = Client(stand)
    _, first = client.subscribe("futures.contract_stats", ["BTC_USDT", "1m"])
    (row,) = first["result"]
    assert row["contract"] == "BTC_USDT"
    assert isinstance(row["mark_price"], int | Decimal)


def test_a_liquidation_is_public_but_nameless(stand):
    client = Client(stand)
    client.subscribe("futures.public_liquidates", ["!all"])
    client.login()
    buy(client)
    stand.world.futures.liquidate(42, "usdt", "BTC_USDT", stand.clock.ms)
    stand.publish()
    stand.pass_time(1_000)
    ((row,),) = client.results("futures.public_liquidates")
    assert set(row) == {"price", "size", "time_ms", "contract"}
    assert row["size"] == "3"
    assert isinstance(row["price"], Decimal | int)


def test_an_unwatched_market_keeps_no_trail(stand):
    assert all(room.book.trail is None for room in stand.world.rooms.values())
    client = Client(stand, "spot")
    client.subscribe("spot.order_book_update", ["BTC_USDT", "100ms"])
    assert stand.world.rooms[spot("BTC_USDT")].book.trail is not None
    for _ in range(8):
        stand.pass_time(500)
        assert stand.world.rooms[spot("BTC_USDT")].book.trail == []
