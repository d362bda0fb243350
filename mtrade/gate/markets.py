"""Public endpoints of both markets; no key is needed. `GateMarketData` is the port on top."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from mtrade.domain.instruments import Instrument, InstrumentId
from mtrade.domain.market import Book, Candle, FundingRate, PublicTrade, RiskTier, Ticker
from mtrade.gate import parse_market as parse
from mtrade.gate.client import GateClient, Query, segment
from mtrade.gate.fields import rows

T = TypeVar("T")


class SpotMarket:
    """`/spot` market data."""

    def __init__(self, client: GateClient) -> None:
        self._client = client

    def server_time(self) -> int:
        """Time of the exchange in UTC ms; serves futures too."""
        return self._read("/spot/time", parse.server_time)

    def pairs(self) -> tuple[Instrument, ...]:
        """Every currency pair with its rules."""
        return self._read("/spot/currency_pairs", lambda raw: rows(raw, parse.pair, "pairs"))

    def pair(self, name: str) -> Instrument:
        """One currency pair."""
        return self._read(
            f"/spot/currency_pairs/{segment(name)}", parse.pair, bucket="/spot/currency_pairs/"
        )

    def tickers(self, pair: str | None = None) -> tuple[Ticker, ...]:
        """Day statistics of all pairs or of one."""
        query = {"currency_pair": pair}
        return self._read(
            "/spot/tickers", lambda raw: rows(raw, parse.spot_ticker, "tickers"), query
        )

    def book(self, instrument: InstrumentId, depth: int) -> Book:
        """The order book with `depth` levels a side and its sequence number."""
        query: Query = {"currency_pair": instrument.name, "limit": depth, "with_id": True}
        return self._read("/spot/order_book", lambda raw: parse.book(raw, instrument), query)

    def trades(self, instrument: InstrumentId, limit: int) -> tuple[PublicTrade, ...]:
        """The newest prints first."""
        query: Query = {"currency_pair": instrument.name, "limit": limit}
        return self._read(
            "/spot/trades",
            lambda raw: rows(raw, lambda item: parse.spot_trade(item, instrument), "trades"),
            query,
        )

    def candles(self, instrument: InstrumentId, interval: str, limit: int) -> tuple[Candle, ...]:
        """The latest candles, oldest first."""
        query: Query = {
            "currency_pair": instrument.name,
            "interval": interval,
            "limit": min(limit, 1000),
        }
        return self._read(
            "/spot/candlesticks", lambda raw: rows(raw, parse.spot_candle, "candles"), query
        )

    def _read(
        self,
        path: str,
        parser: Callable[[Any], T],
        query: Query | None = None,
        bucket: str = "",
    ) -> T:
        return self._client.read(path, parser, query, bucket=bucket or path, public=True)


class FuturesMarket:
    """`/futures/{settle}` market data."""

    def __init__(self, client: GateClient) -> None:
        self._client = client

    def contracts(self, settle: str) -> tuple[Instrument, ...]:
        """Every contract with its rules."""
        return self._read(
            settle,
            "contracts",
            lambda raw: rows(raw, lambda item: parse.contract(item, settle), "contracts"),
        )

    def contract(self, instrument: InstrumentId) -> Instrument:
        """One contract."""
        settle = instrument.settle
        return self._read(
            settle,
            f"contracts/{segment(instrument.name)}",
            lambda raw: parse.contract(raw, settle),
            bucket="contracts/",
        )

    def funding_times(self, settle: str) -> dict[str, int]:
        """For each contract its next funding time in UTC ms."""
        found = self._read(
            settle, "contracts", lambda raw: rows(raw, parse.next_funding, "contracts")
        )
        return dict(found)

    def tickers(self, settle: str, contract: str | None = None) -> tuple[Ticker, ...]:
        """Day statistics of all contracts or of one."""
        return self._read(
            settle,
            "tickers",
            lambda raw: rows(raw, lambda item: parse.futures_ticker(item, settle), "tickers"),
            {"contract": contract},
        )

    def book(self, instrument: InstrumentId, depth: int) -> Book:
        """The order book with `depth` levels a side and its sequence number."""
        query: Query = {"contract": instrument.name, "limit": depth, "with_id": True}
        return self._read(
            instrument.settle, "order_book", lambda raw: parse.book(raw, instrument), query
        )

    def trades(self, instrument: InstrumentId, limit: int) -> tuple[PublicTrade, ...]:
        """The newest prints first."""
        return self._read(
            instrument.settle,
            "trades",
            lambda raw: rows(raw, lambda item: parse.futures_trade(item, instrument), "trades"),
            {"contract": instrument.name, "limit": limit},
        )

    def candles(self, instrument: InstrumentId, interval: str, limit: int) -> tuple[Candle, ...]:
        """The latest candles, oldest first; `mark_` or `index_` before the name is possible."""
        return self._read(
            instrument.settle,
            "candlesticks",
            lambda raw: rows(raw, parse.futures_candle, "candles"),
            {"contract": instrument.name, "interval": interval, "limit": min(limit, 2000)},
        )

    def funding_history(self, instrument: InstrumentId, limit: int) -> tuple[FundingRate, ...]:
        """Settled rates, newest first."""
        return self._read(
            instrument.settle,
            "funding_rate",
            lambda raw: rows(raw, parse.funding_rate, "funding"),
            {"contract": instrument.name, "limit": min(limit, 1000)},
        )

    def risk_tiers(self, instrument: InstrumentId) -> tuple[RiskTier, ...]:
        """The brackets of the maintenance table."""
        return self._read(
            instrument.settle,
            "risk_limit_tiers",
            lambda raw: rows(raw, parse.risk_tier, "risk tiers"),
            {"contract": instrument.name},
        )

    def _read(
        self,
        settle: str,
        name: str,
        parser: Callable[[Any], T],
        query: Query | None = None,
        bucket: str = "",
    ) -> T:
        path = f"/futures/{segment(settle)}/{name}"
        return self._client.read(
            path, parser, query, bucket=f"/futures/{bucket or name}", public=True
        )
