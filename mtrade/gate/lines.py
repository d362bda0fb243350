"""The lines to the networks: addresses, clocks and clients, each made once.

Thread-safe. One small thread keeps the clocks of the networks in use synchronised.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from weakref import WeakSet

from mtrade.domain.accounts import Credentials, Network
from mtrade.domain.errors import MTradeError
from mtrade.domain.ports import EventSink, Exchange
from mtrade.gate.client import GateClient
from mtrade.gate.clock import ExchangeClock
from mtrade.gate.exchange import GateExchange
from mtrade.gate.feed import GateFeeds
from mtrade.gate.market_data import GateMarketData
from mtrade.gate.networks import Addresses, addresses
from mtrade.gate.trading_socket import TradingSockets
from mtrade.loop import LoopThread

log = logging.getLogger(__name__)

LOOK_S = 5.0


class LineClock:
    """The clock of one network, with how it is known."""

    def __init__(self, server_time: Callable[[], int]) -> None:
        self._server_time = server_time
        self._clock = ExchangeClock()
        self.now_ms = self._clock.now_ms
        self.monotonic = self._clock.monotonic

    @property
    def offset_ms(self) -> int | None:
        """How far this computer's clock is behind the exchange's; None before the first sync."""
        last = self._clock.last_sync
        return None if last is None else last.computer_offset_ms

    @property
    def round_trip_ms(self) -> int | None:
        """The quickest measured round trip of the last sync."""
        last = self._clock.last_sync
        return None if last is None else last.error_ms * 2

    @property
    def age_ms(self) -> int | None:
        """How long ago the last sync was."""
        last = self._clock.last_sync
        return None if last is None else round((self._clock.monotonic() - last.at) * 1000)

    def sync(self) -> None:
        """Ask the exchange for its time. Raises ExchangeUnavailable; the old offset stays then."""
        self._clock.sync(self._server_time)

    def doubt(self) -> None:
        """The exchange found a request too late: the offset may be wrong."""
        self._clock.doubt()

    def due(self) -> bool:
        """Whether it is time to ask again."""
        return self._clock.needs_sync()


class Lines:
    """Hands out market data, exchanges and clocks; `paper_url` is where paper listens now.

    Without a `loop` there are no sockets and every order goes over REST. Reads call `give_way`.
    """

    def __init__(
        self,
        paper_url: Callable[[], str],
        loop: LoopThread | None = None,
        give_way: Callable[[], None] = lambda: None,
    ) -> None:
        self._paper_url = paper_url
        self._loop = loop
        self._give_way = give_way
        self._lock = threading.RLock()
        self._public: dict[Network, GateMarketData] = {}
        self._clocks: dict[Network, LineClock] = {}
        self._exchanges: WeakSet[GateExchange] = WeakSet()
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._keep_time, name="clocks", daemon=True)

    def start(self) -> None:
        """Begin keeping the clocks synchronised."""
        self._thread.start()

    def host(self, network: Network) -> str:
        """The host name or address requests go to."""
        return self.addresses(network).rest.split("//", 1)[-1].split("/", 1)[0]

    def clock(self, network: Network) -> LineClock:
        """The clock of a network; it counts with this computer's time until its first sync."""
        with self._lock:
            if network not in self._clocks:
                self._clocks[network] = LineClock(lambda: self.market_data(network).server_time())
                self._wake.set()
            return self._clocks[network]

    def market_data(self, network: Network) -> GateMarketData:
        """Public data of a network."""
        with self._lock:
            if network not in self._public:
                where, clock = self.addresses(network), self.clock(network)
                client = GateClient(where, clock, give_way=self._give_way)
                self._public[network] = GateMarketData(client)
            return self._public[network]

    def exchange(
        self, network: Network, credentials: Credentials, *, warm: bool = False
    ) -> GateExchange:
        """A new exchange for one account; its user closes it.

        A `warm` one keeps trading sockets open, so that an order finds them logged in.
        """
        clock = self.clock(network)

        def expired() -> None:
            clock.doubt()
            self._wake.set()

        where = self.addresses(network)
        client = GateClient(where, clock, credentials, on_expired=expired, give_way=self._give_way)
        sockets = None
        if warm and self._loop is not None:
            sockets = TradingSockets(where, credentials, clock, self._loop, expired)
            sockets.open()
        exchange = GateExchange(client, sockets)
        with self._lock:
            self._exchanges.add(exchange)
        return exchange

    def feeds(
        self,
        sink: EventSink,
        credentials_of: Callable[[str], Credentials],
        exchange_of: Callable[[str], Exchange],
    ) -> GateFeeds:
        """The streams of all networks, for one `sink`; their user closes them before the lines.

        The two others are asked when an account is opened. Needs a loop.
        """
        if self._loop is None:
            raise ValueError("streams need a loop")
        return GateFeeds(
            loop=self._loop,
            exchanges=self,
            sink=sink,
            credentials_of=credentials_of,
            exchange_of=exchange_of,
        )

    def close(self) -> None:
        """Stop keeping time and close all connections."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(LOOK_S)
        with self._lock:
            lines = [*self._public.values(), *self._exchanges]
        for line in lines:
            line.close()

    def addresses(self, network: Network) -> Addresses:
        """Where a network lives now. Raises ConfigError for a bad paper address."""
        return addresses(network, self._paper_url() if network is Network.PAPER else "")

    def _keep_time(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(LOOK_S)
            self._wake.clear()
            with self._lock:
                clocks = dict(self._clocks)
            for network, clock in clocks.items():
                if clock.due():
                    self._sync(network, clock)

    def _sync(self, network: Network, clock: LineClock) -> None:
        try:
            clock.sync()
        except MTradeError as fault:
            log.warning("the clock of %s could not be read: %s", network, fault.message)
