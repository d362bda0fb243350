"""Reads what copying must know from the exchange, off the engine thread; answers go to its inbox.

The same question is asked once at a time: asking again before its answer is there does nothing. It
also sets leverage and margin mode, the only change that copying makes besides its orders.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from mtrade.domain.accounts import Network
from mtrade.domain.copying.facts import Setting
from mtrade.domain.errors import ExchangeUnavailable, MTradeError, OutcomeUnknown
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import InstrumentId, Market
from mtrade.domain.numbers import use_decimal_context
from mtrade.domain.ports import Exchange
from mtrade.trading.accounts import AccountManager
from mtrade.trading.copying.sightings import (
    ContractSeen,
    PositionsSeen,
    RulesSeen,
    SettingSeen,
    Sighting,
    TiersSeen,
    TradesSeen,
    WalletSeen,
)

log = logging.getLogger(__name__)

S = TypeVar("S", bound=Sighting)
Of = TypeVar("Of", PositionsSeen, WalletSeen, ContractSeen, TradesSeen, SettingSeen)

THREADS = 16  # they come as they are needed
MOST_TRADES = 5_000


class Scout:
    """Thread-safe; every `ask` returns at once, False when that is being asked already."""

    def __init__(
        self,
        accounts: AccountManager,
        post: Callable[[object], None],
        pool: Callable[[str], Executor] | None = None,
    ) -> None:
        self._accounts = accounts
        self._post = post
        self._lock = threading.Lock()
        self._asked: set[Hashable] = set()
        self._readers = (pool or _pool)("scout")

    def close(self) -> None:
        """Ask nothing more. Threads end with their present call, which has a time-out."""
        self._readers.shutdown(wait=False, cancel_futures=True)

    def ask_positions(self, account_id: str, settle: str) -> bool:
        """Every position that is not flat."""
        return self._account(
            PositionsSeen(account_id=account_id, settle=settle),
            lambda seen, line: replace(seen, positions=line.positions(settle)),
        )

    def ask_wallet(self, account_id: str, settle: str) -> bool:
        """The futures wallet."""
        return self._account(
            WalletSeen(account_id=account_id, settle=settle),
            lambda seen, line: replace(seen, account=line.futures_account(settle)),
        )

    def ask_contract(self, account_id: str, instrument: InstrumentId) -> bool:
        """Leverage and margin mode of one contract."""
        return self._account(
            ContractSeen(account_id=account_id, instrument=instrument),
            lambda seen, line: replace(seen, rows=line.contract(instrument)),
        )

    def ask_trades(self, account_id: str, settle: str, since_ms: int) -> bool:
        """Executions since then; a list that may be cut is an error."""
        return self._account(
            TradesSeen(account_id=account_id, settle=settle, since_ms=since_ms), _trades
        )

    def ask_setting(self, account_id: str, instrument: InstrumentId, setting: Setting) -> bool:
        """Set leverage and margin mode, and read them back."""
        return self._account(
            SettingSeen(account_id=account_id, instrument=instrument, setting=setting), _set
        )

    def ask_rules(self, network: Network, settle: str) -> bool:
        """The rules of all contracts."""

        def read(seen: RulesSeen) -> RulesSeen:
            market = self._accounts.market_data(network)
            return replace(seen, rules=market.instruments(Market.FUTURES, settle))

        return self._network(RulesSeen(network=network, settle=settle), network, read)

    def ask_tiers(self, network: Network, instrument: InstrumentId) -> bool:
        """The risk limit tiers of one contract."""

        def read(seen: TiersSeen) -> TiersSeen:
            market = self._accounts.market_data(network)
            return replace(seen, tiers=market.risk_tiers(instrument))

        return self._network(TiersSeen(network=network, instrument=instrument), network, read)

    def _account(self, asked: Of, read: Callable[[Of, Exchange], Of]) -> bool:
        def job() -> Of:
            network = self._accounts.get(asked.account_id).network
            line = self._accounts.line(asked.account_id)
            return read(self._dated(asked, network), line)

        return self._ask(asked, job)

    def _network(self, asked: S, network: Network, read: Callable[[S], S]) -> bool:
        return self._ask(asked, lambda: read(self._dated(asked, network)))

    def _dated(self, asked: S, network: Network) -> S:
        return replace(asked, read_ms=self._accounts.clock(network).now_ms())

    def _ask(self, asked: Sighting, job: Callable[[], Sighting]) -> bool:
        key = _question(asked)
        with self._lock:
            if key in self._asked:
                return False
            self._asked.add(key)
        future: Future[Sighting] = Future()
        try:
            future = self._readers.submit(job)
        except RuntimeError as fault:  # shut down, or the system has no thread left
            future.set_exception(fault)
        future.add_done_callback(partial(self._finished, asked, key))
        return True

    def _finished(self, asked: Sighting, key: Hashable, future: Future[Sighting]) -> None:
        with self._lock:
            self._asked.discard(key)
        if future.cancelled():
            return
        fault = future.exception()
        if fault is None:
            self._post(future.result())
            return
        if not isinstance(fault, MTradeError):
            log.error("a read for copying failed", exc_info=fault)
            fault = ExchangeUnavailable("an internal fault while reading; see the log")
        self._post(replace(asked, error=fault))


def _question(asked: Sighting) -> Hashable:
    """What is being asked; two settings of one contract must never race, whatever they set."""
    if isinstance(asked, SettingSeen):
        return (SettingSeen, asked.account_id, asked.instrument)
    return asked


def _trades(seen: TradesSeen, line: Exchange) -> TradesSeen:
    found = line.fills(Market.FUTURES, seen.settle, since_ms=seen.since_ms, limit=MOST_TRADES)
    if len(found) >= MOST_TRADES:
        raise ExchangeUnavailable("too many trades to list them all")
    return replace(seen, trades=found)


def _set(seen: SettingSeen, line: Exchange) -> SettingSeen:
    setting = seen.setting
    fault: OutcomeUnknown | None = None
    try:
        line.set_leverage(seen.instrument, setting.leverage, setting.margin_mode)
    except OutcomeUnknown as lost:
        fault = lost
    return replace(seen, rows=line.contract(seen.instrument), error=fault)


def _pool(name: str) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix=name, initializer=use_decimal_context)
