"""The private streams of all accounts, with faults: drops, repeats, delays, silence, reconnects.

What was pushed while a stream was away is lost for good; when it comes back it brings a snapshot
read over REST, as the product's own streams do.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from mtrade.domain.accounts import Network
from mtrade.domain.errors import ExchangeError
from mtrade.domain.events import (
    AccountSnapshot,
    Event,
    StreamChanged,
    StreamId,
    StreamStatus,
    TickerChanged,
)
from mtrade.domain.instruments import InstrumentId, Market
from tests.sim.copying.bourse import CONTRACTS, Bourse
from tests.sim.copying.line import SimLine
from tests.sim.copying.troubles import Troubles
from tests.storm.stage import Stage

ALIVE_S = 4.0
SNAPSHOT_S = 30.0
TICKER_S = 1.0


class Streams:
    """Stands in for the feeds of one process; `hear` is where its events go."""

    def __init__(
        self,
        stage: Stage,
        bourse: Bourse,
        troubles: Troubles,
        pick: random.Random,
        lines: dict[str, SimLine],
        hear: Callable[[Event], None],
    ) -> None:
        self._stage = stage
        self._bourse = bourse
        self._troubles = troubles
        self._pick = pick
        self._lines = lines
        self._hear = hear
        self._live: dict[str, bool] = {}
        self._watched: set[InstrumentId] = set()
        self.dead = False
        self._stage.at(TICKER_S, self._tick)

    # the port of the feeds

    def watch(self, network: Network, instrument: InstrumentId) -> None:
        if instrument in CONTRACTS:
            self._watched.add(instrument)
            self._stage.at(0.01, self._ticker, instrument)

    def unwatch(self, network: Network, instrument: InstrumentId) -> None:
        """Prices go on."""

    def watch_candles(self, network: Network, instrument: InstrumentId, interval: str) -> None:
        """Nobody looks at a chart."""

    def unwatch_candles(self, network: Network, instrument: InstrumentId, interval: str) -> None:
        """Nobody looks at a chart."""

    def open_account(self, account_id: str) -> None:
        if account_id not in self._live:
            self._live[account_id] = False
            self._stage.at(self._pick.uniform(0.05, 0.5), self._join, account_id)

    def close_account(self, account_id: str) -> None:
        self._live.pop(account_id, None)

    def hears(self, account_id: str) -> bool:
        """Whether the stream of an account seems to be there."""
        return self._live.get(account_id, False)

    # what the exchange tells

    def push(self, account_id: str, event: Event) -> None:
        """Something happened; perhaps it is heard."""
        if self.dead or not self._live.get(account_id):
            return
        fault = self._troubles.pushing()
        if fault == "drop":
            return
        delay = self._pick.uniform(0.001, 0.05)
        if fault == "delay":
            delay = self._pick.uniform(0.2, 3.0)
        elif fault == "long_delay":
            delay = self._pick.uniform(5.0, 30.0)
        self._stage.at(delay, self._tell, event)
        if fault == "repeat":
            for _ in range(2):
                self._stage.at(self._pick.uniform(0.0, 5.0), self._tell, event)

    def cut(self, account_id: str, seconds: float) -> None:
        """The stream of an account is away for a while."""
        if self._live.get(account_id):
            self._live[account_id] = False
            self._status(account_id, StreamStatus.DOWN)
            self._stage.at(seconds, self._join, account_id)

    def silence(self, account_id: str, seconds: float) -> None:
        """The stream looks alive and tells nothing; the watchdog finds out."""
        if self._live.get(account_id):
            self._live[account_id] = False
            self._stage.at(min(seconds, 12.0), self._status, account_id, StreamStatus.DOWN)
            self._stage.at(seconds + 12.0, self._join, account_id)

    def _join(self, account_id: str) -> None:
        if self.dead or account_id not in self._live:
            return
        self._live[account_id] = True
        self._status(account_id, StreamStatus.LIVE)
        self._snapshot(account_id)

    def _snapshot(self, account_id: str) -> None:
        if self.dead or not self._live.get(account_id):
            return
        line, read_ms = self._lines[account_id], self._bourse.now_ms()
        try:
            event = AccountSnapshot(
                account_id=account_id,
                market=Market.FUTURES,
                settle="usdt",
                read_ms=read_ms,
                orders=line.open_orders(Market.FUTURES, "usdt"),
                triggers=(),
                fills=line.fills(Market.FUTURES, "usdt", limit=100),
                positions=line.positions("usdt"),
                futures=line.futures_account("usdt"),
            )
        except ExchangeError:
            self._stage.at(1.0, self._snapshot, account_id)
            return
        self._stage.at(self._pick.uniform(0.01, 0.2), self._tell, event)
        self._stage.at(SNAPSHOT_S, self._snapshot, account_id)

    def _tick(self) -> None:
        if self.dead:
            return
        for account_id, live in self._live.items():
            if live and self._stage.now % ALIVE_S < TICKER_S:
                self._status(account_id, StreamStatus.LIVE)
        for instrument in CONTRACTS:
            if instrument in self._watched:
                self._ticker(instrument)
        self._stage.at(TICKER_S, self._tick)

    def _ticker(self, instrument: InstrumentId) -> None:
        self._tell(
            TickerChanged(
                network=Network.PAPER,
                ticker=self._bourse.ticker(instrument),
                time_ms=self._bourse.now_ms(),
            )
        )

    def _status(self, account_id: str, status: StreamStatus) -> None:
        stream = StreamId(Network.PAPER, Market.FUTURES, "usdt", account_id)
        heard = self._bourse.now_ms()
        self._tell(StreamChanged(stream=stream, status=status, heard_ms=heard, round_trip_ms=1))

    def _tell(self, event: Event) -> None:
        if not self.dead:
            self._hear(event)
