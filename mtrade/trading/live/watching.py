"""Which public feeds flow: those somebody looks at, and a while longer.

Owned by the hub's thread. A page that is reloaded or a phone that blinks does not tear feeds down;
when nobody has looked for `LINGER_S` they end, and a phone that sleeps costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from mtrade.domain.accounts import Network
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.ports import Feeds
from mtrade.trading.live.board import Board, CandleKey, MarketKey

LINGER_S = 20.0

Key = MarketKey | CandleKey


class Watching:
    """Asks the feeds for exactly what is wanted, each thing once."""

    def __init__(self, feeds: Feeds, board: Board) -> None:
        self._feeds = feeds
        self._board = board
        self._open: dict[Key, float | None] = {}  # when to end it; None while it is wanted

    def want(self, keys: Iterable[Key]) -> None:
        """What is wanted from now on; the rest begins to linger."""
        wanted = set(keys)
        now = self._board.clock.monotonic()
        for key in wanted - self._open.keys():
            self._begin(key)
        for key, until in self._open.items():
            if key in wanted:
                self._open[key] = None
            elif until is None:
                self._open[key] = now + LINGER_S

    def end_due(self) -> None:
        """Let go of what has lingered long enough."""
        now = self._board.clock.monotonic()
        for key in [k for k, until in self._open.items() if until is not None and until <= now]:
            self._end(key)

    def close(self) -> None:
        """Let go of everything."""
        for key in list(self._open):
            self._end(key)

    def _begin(self, key: Key) -> None:
        self._open[key] = None
        match key:
            case (Network() as network, InstrumentId() as instrument):
                self._board.keep_market((network, instrument))
                self._feeds.watch(network, instrument)
            case (Network() as network, InstrumentId() as instrument, str() as interval):
                self._board.keep_candles((network, instrument, interval))
                self._feeds.watch_candles(network, instrument, interval)

    def _end(self, key: Key) -> None:
        del self._open[key]
        match key:
            case (Network() as network, InstrumentId() as instrument):
                self._feeds.unwatch(network, instrument)
                self._board.drop_market((network, instrument))
            case (Network() as network, InstrumentId() as instrument, str() as interval):
                self._feeds.unwatch_candles(network, instrument, interval)
                self._board.drop_candles((network, instrument, interval))
