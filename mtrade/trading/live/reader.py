"""Blocking reads the hub needs now and then, in a thread of their own: contract rules, the prices
of coins, and a wallet after it moved. Each at most once per pause, answers go to the hub's inbox.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Hashable

from mtrade.domain.accounts import Network
from mtrade.domain.errors import MTradeError
from mtrade.domain.instruments import InstrumentId, Market
from mtrade.domain.numbers import use_decimal_context
from mtrade.domain.ports import Clock
from mtrade.trading.accounts import AccountManager
from mtrade.trading.live.messages import PricesRead, RulesRead, TickersRead, WalletRead
from mtrade.trading.valuing import STABLE

log = logging.getLogger(__name__)

RULES_S = 300.0
PRICES_S = 10.0
TICKERS_S = 60.0
WALLET_S = 1.0
CLOSE_S = 2.0

Job = Callable[[], object]


class Reader:
    """`ask_*` are for the hub's thread and return at once."""

    def __init__(
        self, accounts: AccountManager, clock: Clock, post: Callable[[object], None]
    ) -> None:
        self._accounts = accounts
        self._clock = clock
        self._post = post
        self._asked: dict[Hashable, float] = {}
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="hub-reader", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def close(self) -> None:
        """Read nothing more; a read under way has its own time-out."""
        self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join(CLOSE_S)

    def ask_rules(self, network: Network, wanted: InstrumentId) -> None:
        """The rules of all instruments of a market."""
        market, settle = wanted.market, wanted.settle
        self._ask(
            ("rules", network, market, settle),
            RULES_S,
            lambda: RulesRead(
                network, self._accounts.market_data(network).instruments(market, settle)
            ),
        )

    def ask_tickers(self, network: Network, wanted: InstrumentId) -> None:
        """The tickers of a market, for what their pushes leave out."""
        market, settle = wanted.market, wanted.settle
        self._ask(
            ("tickers", network, market, settle),
            TICKERS_S,
            lambda: TickersRead(
                network, self._accounts.market_data(network).tickers(market, settle)
            ),
        )

    def ask_prices(self, network: Network) -> None:
        """The last prices of all coins that trade against USDT."""
        self._ask(("prices", network), PRICES_S, lambda: self._prices(network))

    def ask_wallet(self, account_id: str, settle: str) -> None:
        """A futures wallet and its positions."""
        self._ask(
            ("wallet", account_id, settle), WALLET_S, lambda: self._wallet(account_id, settle)
        )

    def _ask(self, key: Hashable, pause_s: float, job: Job) -> None:
        now = self._clock.monotonic()
        if now - self._asked.get(key, now - pause_s) >= pause_s:
            self._asked[key] = now
            self._jobs.put(job)

    def _run(self) -> None:
        use_decimal_context()
        while (job := self._jobs.get()) is not None:
            try:
                self._post(job())
            except MTradeError as fault:
                log.info("a read for the live view failed: %s", fault.message)

    def _prices(self, network: Network) -> PricesRead:
        rows = self._accounts.market_data(network).tickers(Market.SPOT)
        ending = f"_{STABLE}"
        found = {
            row.instrument.name.removesuffix(ending): row.last
            for row in rows
            if row.last is not None and row.instrument.name.endswith(ending)
        }
        return PricesRead(network, found)

    def _wallet(self, account_id: str, settle: str) -> WalletRead:
        exchange = self._accounts.exchange(account_id)
        network = self._accounts.get(account_id).network
        began_at, read_ms = self._clock.monotonic(), self._accounts.clock(network).now_ms()
        return WalletRead(
            account_id=account_id,
            settle=settle,
            read_ms=read_ms,
            began_at=began_at,
            futures=exchange.futures_account(settle),
            positions=exchange.positions(settle),
        )
