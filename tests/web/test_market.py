"""Market data and the one-screen snapshot."""

from __future__ import annotations

import pytest

from mtrade.domain.errors import ExchangeUnavailable
from tests.web.samples import THING
from tests.web.site import Site, error_of


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("instruments", {"market": "spot"}, "min_size"),
        ("instruments", {"market": "futures"}, "multiplier"),
        ("tickers", {"market": "futures"}, "last"),
        ("trades", THING, "price"),
        ("candles", {**THING, "interval": "5m"}, "close"),
        ("funding", {"instrument": "BTC_USDT"}, "rate"),
    ],
)
def test_lists_name_their_network_and_age(
    site: Site, path: str, query: dict[str, str], field: str
) -> None:
    answer = site.browser("viewer").get(f"/api/market/{path}", **query).json
    assert (answer["network"], answer["age_ms"], answer["next"]) == ("paper", 0, None)
    assert isinstance(answer["items"][0][field], str)


def test_the_book_is_pairs_of_price_and_size(site: Site) -> None:
    book = site.browser("viewer").get("/api/market/book", depth=1, **THING).json
    assert book["bids"] == [["59999.9", "5000"]]
    assert book["asks"] == [["60000", "5000"]]


@pytest.mark.parametrize("path", ["book", "trades", "candles"])
def test_an_unknown_instrument_is_not_found(site: Site, path: str) -> None:
    response = site.browser("viewer").get(f"/api/market/{path}", instrument="NOPE_USDT")
    assert (response.status_code, error_of(response)["code"]) == (404, "unknown_instrument")


def test_the_snapshot_is_the_whole_screen(site: Site) -> None:
    shown = site.browser("viewer").get("/api/snapshot", **THING).json
    assert shown["errors"] == []
    assert shown["instrument"]["name"] == shown["ticker"]["instrument"] == "BTC_USDT"
    assert (shown["account"], shown["network"], shown["mode"]) == (site.account, "paper", "normal")
    assert shown["positions"][0]["size"] == "10"
    assert shown["position_mode"] == "single"
    assert shown["balance"]["account"] == site.account
    assert shown["age_ms"] == {"market": 0, "account": 0}
    assert shown["server"].pop("build")
    assert shown["server"] == {
        "pid": 4242, "started_ms": 1, "version": "1.2.3", "instance": "0123abcd",
    }  # fmt: skip


def test_on_spot_the_positions_of_the_settle_currency_stay(site: Site) -> None:
    query = {"market": "spot", "instrument": "BTC_USDT"}
    shown = site.browser("viewer").get("/api/snapshot", **query).json
    assert shown["instrument"]["market"] == "spot"
    assert (shown["instrument"]["settle"], len(shown["positions"])) == ("", 1)


def test_a_part_that_cannot_be_read_is_null_and_named(site: Site) -> None:
    viewer = site.browser("viewer")
    viewer.get("/api/snapshot", **THING)
    site.clock.advance(5)
    for exchange in site.net.exchanges.values():
        exchange.fault = ExchangeUnavailable("no route")
    shown = viewer.get("/api/snapshot", **THING).json
    assert shown["ticker"] is None
    assert {error["part"] for error in shown["errors"]} >= {"ticker"}
    assert shown["errors"][0]["code"] == "exchange_unavailable"
    assert shown["book"] is not None
    assert shown["positions"] is not None
