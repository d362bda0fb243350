"""The trading sockets of one account: connected, logged in and proven before an order needs them.

A connection that fails in any way is dropped, its unanswered requests are told so, and the next one
is tried, for ever.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from random import SystemRandom

from mtrade.domain.accounts import Credentials
from mtrade.domain.instruments import Market
from mtrade.domain.orders import OrderSocket
from mtrade.domain.ports import Clock
from mtrade.gate.labels import AUTHENTICATION
from mtrade.gate.networks import Addresses
from mtrade.gate.socket import Socket, Sockets
from mtrade.gate.trading_core import Phase, TradingCore
from mtrade.gate.trading_line import TradingLine
from mtrade.loop import LoopThread

log = logging.getLogger(__name__)

TICK_S = 0.25
LEAST_GAP_S = 1.0  # between two attempts to connect
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 15.0
DENIED_PAUSE_S = 60.0  # a key that was refused is not tried more than once a minute
CLOSE_S = 3.0
SPOT = ""
FIRST = (SPOT, "usdt")

_chance = SystemRandom()


class _Wire:
    """The line's view of an open connection."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self.buffered = socket.buffered

    def write(self, text: str) -> None:
        if not self._socket.send(text):
            raise ConnectionError

    def drop(self, reason: str) -> None:
        log.info("the trading socket is dropped: %s", reason)
        self._socket.close(reason)


class TradingSocket:
    """Keeps one line connected; listens to its present connection. On the loop only."""

    def __init__(self, sockets: Sockets, url: str, line: TradingLine) -> None:
        self._sockets = sockets
        self._url = url
        self._line = line
        self._socket: Socket | None = None
        self._failures = 0
        self._began = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False

    def connect(self) -> None:
        """Begin to connect; every end is followed by the next attempt."""
        if self._stopped:
            return
        self._began = asyncio.get_running_loop().time()
        self._failures += 1
        self._socket = self._sockets.open(self._url, self)

    def stop(self) -> None:
        """Connect no more."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()

    def opened(self) -> None:
        """The connection is there."""
        if self._socket is not None:
            self._line.opened(_Wire(self._socket))
            self._tick()

    def received(self, text: str) -> None:
        """A frame came."""
        self._line.received(text)
        if self._line.core.phase is Phase.READY:
            self._failures = 0

    def closed(self, reason: str) -> None:
        """The connection is gone, or never came."""
        self._line.closed(reason)
        loop = asyncio.get_running_loop()
        gap = self._began + LEAST_GAP_S - loop.time()
        self._later(max(gap, self._pause()), self.connect)

    def _tick(self) -> None:
        self._later(TICK_S, self._tick)
        self._line.tick()

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        """One timer: ticking while connected, waiting while not."""
        if self._timer is not None:
            self._timer.cancel()
        if not self._stopped:
            self._timer = asyncio.get_running_loop().call_later(seconds, what)

    def _pause(self) -> float:
        """Seconds, drawn at random so that many clients do not come back at once."""
        if self._line.refused in AUTHENTICATION:
            return DENIED_PAUSE_S * _chance.uniform(1.0, 1.2)
        longest = min(FIRST_PAUSE_S * 2.0 ** min(self._failures, 8), LONGEST_PAUSE_S)
        return _chance.uniform(0.0, longest) if self._failures else 0.0


class TradingSockets:
    """The lines of one account, spot and USDT futures at once, others on first use. Thread-safe."""

    def __init__(
        self,
        addresses: Addresses,
        credentials: Credentials,
        clock: Clock,
        loop: LoopThread,
        on_expired: Callable[[], None],
    ) -> None:
        self._addresses = addresses
        self._credentials = credentials
        self._clock = clock
        self._loop = loop
        self._on_expired = on_expired
        self._lock = threading.Lock()
        self._lines: dict[str, TradingLine] = {}
        self._connections = Sockets(addresses)
        self._kept: list[TradingSocket] = []
        self._closed = False

    def open(self) -> None:
        """Connect what an account will need first."""
        for settle in FIRST:
            self._line(settle)

    def line(self, settle: str) -> TradingLine | None:
        """The line for futures of a settle currency, spot when empty; None unless it is ready."""
        line = self._lines.get(settle) or self._line(settle)  # one that is there needs no lock
        return line if line is not None and line.ready() else None

    def states(self) -> tuple[OrderSocket, ...]:
        """Every line that was ever wanted, as it is now."""
        with self._lock:
            lines = sorted(self._lines.items())
        return tuple(_state(settle, line) for settle, line in lines)

    def close(self) -> None:
        """Close the connections; what is unanswered then is unknown."""
        with self._lock:
            first, self._closed = not self._closed, True
        if first and self._lines:
            try:
                self._loop.call(self._shut(), CLOSE_S)
            except (RuntimeError, TimeoutError):
                log.debug("the loop ended before the trading sockets were closed")

    async def _shut(self) -> None:
        for socket in self._kept:
            socket.stop()
        await self._connections.close()

    def _line(self, settle: str) -> TradingLine | None:
        url = self._addresses.ws_futures.get(settle, "") if settle else self._addresses.ws_spot
        with self._lock:
            line = self._lines.get(settle)
            if line is None and url and not self._closed:
                line = self._lines[settle] = self._start(settle, url)
            return line

    def _start(self, settle: str, url: str) -> TradingLine:
        market = Market.FUTURES if settle else Market.SPOT
        core = TradingCore(market, self._credentials, self._clock)
        line = TradingLine(core, self._loop.post, on_expired=self._on_expired)
        socket = TradingSocket(self._connections, url, line)
        self._kept.append(socket)
        self._loop.post(socket.connect)
        return line


def _state(settle: str, line: TradingLine) -> OrderSocket:
    return OrderSocket(
        market=Market.FUTURES if settle else Market.SPOT,
        settle=settle,
        ready=line.ready(),
        ack_ms=line.core.ack_ms,
        round_trip_ms=line.core.round_trip_ms,
    )
