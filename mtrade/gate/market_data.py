"""The market data port on top of Gate: public data of one network, without a key."""

from __future__ import annotations

from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Instrument, InstrumentId, Market
from mtrade.domain.market import Book, Candle, FundingRate, PublicTrade, RiskTier, Ticker
from mtrade.gate.client import GateClient
from mtrade.gate.markets import FuturesMarket, SpotMarket

SCHEDULE_S = 60.0


class GateMarketData:
    """Implements the domain's MarketData. Blocking, thread-safe."""

    def __init__(self, client: GateClient) -> None:
        self._client = client
        self.clock = client.clock
        self.spot_market = SpotMarket(client)
        self.futures_market = FuturesMarket(client)
        self._funding: dict[str, tuple[float, dict[str, int]]] = {}

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def server_time(self) -> int:
        return self.spot_market.server_time()

    def instruments(self, market: Market, settle: str = "") -> tuple[Instrument, ...]:
        if market is Market.SPOT:
            return self.spot_market.pairs()
        return self.futures_market.contracts(settle)

    def tickers(self, market: Market, settle: str = "") -> tuple[Ticker, ...]:
        """Day statistics. Gate's futures tickers lack the funding time: it is computed from the
        contracts, which are asked for once and again when the schedule has run out."""
        if market is Market.SPOT:
            return self.spot_market.tickers()
        found = self.futures_market.tickers(settle)
        times = self._funding_times(settle, {ticker.instrument.name for ticker in found})
        return tuple(
            replace(ticker, funding_next_ms=times.get(ticker.instrument.name)) for ticker in found
        )

    def book(self, instrument: InstrumentId, depth: int) -> Book:
        if instrument.market is Market.SPOT:
            return self.spot_market.book(instrument, depth)
        return self.futures_market.book(instrument, depth)

    def trades(self, instrument: InstrumentId, limit: int) -> tuple[PublicTrade, ...]:
        if instrument.market is Market.SPOT:
            return self.spot_market.trades(instrument, limit)
        return self.futures_market.trades(instrument, limit)

    def candles(self, instrument: InstrumentId, interval: str, limit: int) -> tuple[Candle, ...]:
        if instrument.market is Market.SPOT:
            return self.spot_market.candles(instrument, interval, limit)
        return self.futures_market.candles(instrument, interval, limit)

    def funding_history(self, instrument: InstrumentId, limit: int) -> tuple[FundingRate, ...]:
        if instrument.market is Market.SPOT:
            return ()
        return self.futures_market.funding_history(instrument, limit)

    def risk_tiers(self, instrument: InstrumentId) -> tuple[RiskTier, ...]:
        if instrument.market is Market.SPOT:
            return ()
        return self.futures_market.risk_tiers(instrument)

    def _funding_times(self, settle: str, names: set[str]) -> dict[str, int]:
        """Next funding time of each contract. The interval may change at any funding, so a passed
        time makes the schedule be read again, at most once a minute, rather than guessed."""
        clock = self.clock
        read_at, known = self._funding.get(settle, (-SCHEDULE_S, {}))
        now = clock.now_ms()
        passed = any(known.get(name, 0) <= now for name in names)
        if passed and clock.monotonic() - read_at >= SCHEDULE_S:
            known = self.futures_market.funding_times(settle)
            self._funding[settle] = (clock.monotonic(), known)
        return {name: next_ms for name, next_ms in known.items() if next_ms > now}
