"""What the exchange shows: as its streams tell, else read when a screen asks, shared by all.

Thread-safe. Every answer carries its age; a read that fails raises, nothing is made up.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from decimal import Decimal
from functools import partial
from typing import TypeVar

from mtrade.domain.accounts import Fees, Network, PositionMode, SpotBalance
from mtrade.domain.errors import NotFound
from mtrade.domain.instruments import Instrument, InstrumentId, Market
from mtrade.domain.market import Book, Candle, FundingRate, PublicTrade, RiskTier, Ticker
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import Fill, VenueOrder, VenueTrigger
from mtrade.domain.ports import Clock, Exchange
from mtrade.domain.positions import Position, PositionClose
from mtrade.trading.accounts import AccountManager
from mtrade.trading.cache import ReadCache
from mtrade.trading.live.board import Board
from mtrade.trading.live.reads import LiveReads
from mtrade.trading.valuing import STABLE, total_worth, valued
from mtrade.trading.views import Aged, BalanceView, FuturesBalance

T = TypeVar("T")

LIVE_S = 0.7  # prices, orders, positions: about one read per second however many screens look
RULES_S = 300.0  # instruments, fees, tiers
SLOW_S = 5.0  # candles, history
BOOK_DEPTH = 50
SETTLES = ("usdt", "btc")


class LiveState:
    """Market data and accounts. What the streams are certain of costs the exchange nothing."""

    def __init__(
        self, accounts: AccountManager, clock: Clock, live: LiveReads | None = None
    ) -> None:
        self._accounts = accounts
        self._cache = ReadCache(clock)
        self._live = live or LiveReads(Board(clock))

    def instruments(
        self, network: Network, market: Market, settle: str
    ) -> Aged[tuple[Instrument, ...]]:
        """All instruments of a market with their rules."""
        data = self._accounts.market_data(network)
        return self._cache.get(
            ("instruments", network, market, settle),
            RULES_S,
            lambda: data.instruments(market, settle),
        )

    def instrument(self, network: Network, wanted: InstrumentId) -> Instrument:
        """One instrument's rules. Raises NotFound(unknown_instrument)."""
        listed = self.instruments(network, wanted.market, wanted.settle).value
        for instrument in listed:
            if instrument.id == wanted:
                return instrument
        raise NotFound(
            f"there is no {wanted.name} on this market",
            code="unknown_instrument",
            params={"instrument": wanted.name},
        )

    def tickers(self, network: Network, market: Market, settle: str) -> Aged[tuple[Ticker, ...]]:
        """Last prices and day statistics of a whole market."""
        data = self._accounts.market_data(network)
        return self._cache.get(
            ("tickers", network, market, settle), LIVE_S, lambda: data.tickers(market, settle)
        )

    def ticker(self, network: Network, wanted: InstrumentId) -> Aged[Ticker]:
        """One instrument's ticker. Raises NotFound(unknown_instrument)."""
        live = self._live.ticker(network, wanted)
        if live is not None:
            return live
        listed = self.tickers(network, wanted.market, wanted.settle)
        for ticker in listed.value:
            if ticker.instrument == wanted:
                return Aged(ticker, listed.age_ms)
        raise NotFound(f"there is no {wanted.name}", code="unknown_instrument")

    def book(self, network: Network, wanted: InstrumentId, depth: int) -> Aged[Book]:
        """The order book, at most `depth` levels a side."""
        live = self._live.book(network, wanted, depth)
        if live is not None:
            return live
        data = self._accounts.market_data(network)
        read = max(depth, BOOK_DEPTH)
        aged = self._cache.get(
            ("book", network, wanted, read), LIVE_S, lambda: data.book(wanted, read)
        )
        return Aged(aged.value.cut(depth), aged.age_ms)

    def trades(
        self, network: Network, wanted: InstrumentId, limit: int
    ) -> Aged[tuple[PublicTrade, ...]]:
        """The latest prints, newest first."""
        data = self._accounts.market_data(network)
        return self._live.trades(network, wanted, limit) or self._cache.get(
            ("trades", network, wanted, limit), LIVE_S, lambda: data.trades(wanted, limit)
        )

    def candles(
        self, network: Network, wanted: InstrumentId, interval: str, limit: int
    ) -> Aged[tuple[Candle, ...]]:
        """Candles, oldest first."""
        data = self._accounts.market_data(network)
        return self._cache.get(
            ("candles", network, wanted, interval, limit),
            LIVE_S,
            lambda: data.candles(wanted, interval, limit),
        )

    def funding(self, network: Network, wanted: InstrumentId) -> Aged[tuple[FundingRate, ...]]:
        """Settled funding rates, newest first."""
        data = self._accounts.market_data(network)
        return self._cache.get(
            ("funding", network, wanted), SLOW_S, lambda: data.funding_history(wanted, 100)
        )

    def risk_tiers(self, network: Network, wanted: InstrumentId) -> tuple[RiskTier, ...]:
        """The progressive maintenance table of a contract."""
        data = self._accounts.market_data(network)
        return self._cache.get(
            ("tiers", network, wanted), RULES_S, lambda: data.risk_tiers(wanted)
        ).value

    def balance(self, account_id: str) -> BalanceView:
        """All money of an account, valued in USDT where a price is known."""
        account = self._accounts.get(account_id)
        spot = self._spot(account_id)
        futures = [self._futures(account_id, settle) for settle in SETTLES]
        price_of = partial(self._price, account.network)
        coins = valued(spot.value, price_of)
        return BalanceView(
            account=account,
            age_ms=max([spot.age_ms, *(f.age_ms for f in futures)]),
            total_usdt=total_worth(coins, [f.value for f in futures], price_of),
            spot=coins,
            futures=tuple(f.value for f in futures),
        )

    def futures_account(self, account_id: str, settle: str) -> FuturesBalance:
        """The futures wallet of one settle currency."""
        return self._futures(account_id, settle).value

    def spot_balance(self, account_id: str, currency: str) -> SpotBalance:
        """Coins of one currency; zero when the exchange lists none."""
        found = [b for b in self._spot(account_id).value if b.currency == currency]
        return found[0] if found else SpotBalance(currency=currency, available=ZERO, locked=ZERO)

    def fees(self, account_id: str, wanted: InstrumentId) -> Fees:
        """The account's own fee rates."""
        return self._cache.get(
            ("account", account_id, "fees", wanted),
            RULES_S,
            lambda: self._exchange(account_id).fees(wanted),
        ).value

    def positions(self, account_id: str, settle: str) -> Aged[tuple[Position, ...]]:
        """Open positions (size not zero) of one settle currency."""

        def read() -> tuple[Position, ...]:
            return self._exchange(account_id).positions(settle)

        aged = self._live.positions(account_id, settle) or self._of(
            account_id, f"positions {settle}", read
        )
        return Aged(tuple(p for p in aged.value if not p.size.is_zero()), aged.age_ms)

    def contract_settings(self, account_id: str, wanted: InstrumentId) -> tuple[Position, ...]:
        """Both or the one position row of a contract, also when flat: leverage, margin mode."""

        def read() -> tuple[Position, ...]:
            return self._exchange(account_id).contract(wanted)

        return self._of(account_id, f"contract {wanted}", read).value

    def position_mode(self, account_id: str, settle: str) -> PositionMode:
        """Whether the account nets its positions or keeps two legs."""
        return self._futures(account_id, settle).value.account.mode

    def open_orders(
        self, account_id: str, market: Market, settle: str
    ) -> Aged[tuple[VenueOrder, ...]]:
        """Resting orders, newest first."""
        return self._live.open_orders(account_id, market, settle) or self._of(
            account_id,
            f"orders {market} {settle}",
            lambda: self._exchange(account_id).open_orders(market, settle),
        )

    def order_history(
        self, account_id: str, wanted: InstrumentId, limit: int
    ) -> Aged[tuple[VenueOrder, ...]]:
        """Finished orders of one instrument, newest first."""
        return self._of(
            account_id,
            f"history {wanted} {limit}",
            lambda: self._exchange(account_id).finished_orders(wanted, 0, limit),
        )

    def triggers(
        self, account_id: str, market: Market, settle: str, *, open: bool = True
    ) -> Aged[tuple[VenueTrigger, ...]]:
        """Waiting or finished trigger orders."""
        live = self._live.triggers(account_id, market, settle) if open else None
        return live or self._of(
            account_id,
            f"triggers {market} {settle} {open}",
            lambda: self._exchange(account_id).triggers(market, settle, open=open),
        )

    def fills(
        self,
        account_id: str,
        market: Market,
        settle: str,
        wanted: InstrumentId | None,
        limit: int,
    ) -> Aged[tuple[Fill, ...]]:
        """Own executions, newest first."""
        return self._of(
            account_id,
            f"fills {market} {settle} {wanted} {limit}",
            lambda: self._exchange(account_id).fills(
                market, settle, instrument=wanted, limit=limit
            ),
        )

    def position_closes(self, account_id: str, settle: str) -> Aged[tuple[PositionClose, ...]]:
        """Finished positions, newest first."""
        return self._of(
            account_id,
            f"closes {settle}",
            lambda: self._exchange(account_id).position_closes(settle),
        )

    def forget(self, account_id: str) -> None:
        """Something of this account changed: read it anew next time."""
        self._live.changed(account_id)

        def live(key: Hashable) -> bool:
            return isinstance(key, tuple) and key[:2] == ("account", account_id)

        self._cache.forget(live)

    def _exchange(self, account_id: str) -> Exchange:
        return self._accounts.exchange(account_id)

    def _of(self, account_id: str, part: str, read: Callable[[], T]) -> Aged[T]:
        return self._cache.get(("account", account_id, part), LIVE_S, read)

    def _spot(self, account_id: str) -> Aged[tuple[SpotBalance, ...]]:
        return self._live.spot(account_id) or self._of(
            account_id, "spot", lambda: self._exchange(account_id).spot_balances()
        )

    def _futures(self, account_id: str, settle: str) -> Aged[FuturesBalance]:
        return self._live.futures(account_id, settle) or self._of(
            account_id,
            f"futures {settle}",
            lambda: FuturesBalance(settle, self._exchange(account_id).futures_account(settle)),
        )

    def _price(self, network: Network, currency: str) -> Decimal | None:
        for ticker in self.tickers(network, Market.SPOT, "").value:
            if ticker.instrument.name == f"{currency}_{STABLE}":
                return ticker.last
        return None
