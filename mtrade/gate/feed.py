"""The streams of all networks; implements the domain's Feeds.

Every socket lives on the one loop thread, every blocking read in a small pool. Public streams open
with their first watcher and close when the last has been gone for a while; an account has one
private stream per market and settle currency.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from mtrade.domain.accounts import Credentials, Network
from mtrade.domain.errors import MTradeError
from mtrade.domain.events import StreamId
from mtrade.domain.instruments import InstrumentId, Market
from mtrade.domain.ports import Clock, EventSink, Exchange, MarketData
from mtrade.gate.loop_host import LoopHost
from mtrade.gate.networks import Addresses
from mtrade.gate.private_stream import PrivateStream
from mtrade.gate.public_stream import PublicStream
from mtrade.gate.socket import Sockets
from mtrade.loop import LoopThread

log = logging.getLogger(__name__)

TICK_S = 0.25
READERS = 8  # a read of a network that is down holds one for seconds
CLOSE_S = 5.0
SETTLES = ("usdt", "btc")
FULL_PACE = 150  # private streams; more of them share the reads that so many may make

T = TypeVar("T")


class Exchanges(Protocol):
    """Where networks live and how they are asked; `Lines` is one."""

    def addresses(self, network: Network) -> Addresses: ...

    def clock(self, network: Network) -> Clock: ...

    def market_data(self, network: Network) -> MarketData: ...


class GateFeeds:
    """Thread-safe: every call is handed to the loop and returns at once."""

    def __init__(
        self,
        *,
        loop: LoopThread,
        exchanges: Exchanges,
        sink: EventSink,
        credentials_of: Callable[[str], Credentials],
        exchange_of: Callable[[str], Exchange],
        settles: tuple[str, ...] = SETTLES,
    ) -> None:
        """`sink` is called on the loop's thread; the two others on the caller's."""
        self._loop = loop
        self._exchanges = exchanges
        self._sink = sink
        self._credentials_of = credentials_of
        self._exchange_of = exchange_of
        self._settles = settles
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reads")
        self._sockets: dict[Network, Sockets] = {}
        self._public: dict[StreamId, PublicStream] = {}
        self._private: dict[str, list[PrivateStream]] = {}
        self._closed = False
        self._ticking = False

    def watch(self, network: Network, instrument: InstrumentId) -> None:
        self._on_public(network, instrument, lambda stream: stream.watch(instrument))

    def unwatch(self, network: Network, instrument: InstrumentId) -> None:
        self._on_public(network, instrument, lambda stream: stream.unwatch(instrument), open=False)

    def watch_candles(self, network: Network, instrument: InstrumentId, interval: str) -> None:
        self._on_public(
            network, instrument, lambda stream: stream.watch_candles(instrument, interval)
        )

    def unwatch_candles(self, network: Network, instrument: InstrumentId, interval: str) -> None:
        self._on_public(
            network,
            instrument,
            lambda stream: stream.unwatch_candles(instrument, interval),
            open=False,
        )

    def open_account(self, account_id: str) -> None:
        """An account whose key cannot be had stays closed; that is logged."""
        try:
            credentials = self._credentials_of(account_id)
            exchange = self._exchange_of(account_id)
        except MTradeError as fault:
            log.warning("the streams of an account stay closed: %s", fault.message)
            return
        self._loop.post(self._open_account, account_id, credentials, exchange)

    def close_account(self, account_id: str) -> None:
        self._loop.post(self._close_account, account_id)

    def close(self) -> None:
        """Close every stream and socket."""
        try:
            self._loop.call(self._close(), CLOSE_S)
        except (RuntimeError, TimeoutError) as fault:
            log.warning("the streams did not close in time: %s", type(fault).__name__)
        self._readers.shutdown(wait=False, cancel_futures=True)

    def _on_public(
        self,
        network: Network,
        instrument: InstrumentId,
        act: Callable[[PublicStream], None],
        *,
        open: bool = True,
    ) -> None:
        id = StreamId(network, instrument.market, instrument.settle)
        self._loop.post(self._act, id, act, open)

    def _act(self, id: StreamId, act: Callable[[PublicStream], None], open: bool) -> None:
        stream = self._public.get(id)
        if self._closed or (stream is None and not open):
            return
        if stream is None:
            stream = self._public[id] = self._made(id)
            act(stream)
            stream.start()
        else:
            act(stream)
        self._begin()

    def _made(self, id: StreamId) -> PublicStream:
        return PublicStream(
            id,
            self._url(id),
            self._host(id.network),
            self._exchanges.clock(id.network),
            self._sink,
            self._exchanges.market_data(id.network),
        )

    def _open_account(self, account_id: str, credentials: Credentials, exchange: Exchange) -> None:
        if self._closed or account_id in self._private:
            return
        network, _, uid = account_id.partition(":")
        places = [(Market.SPOT, ""), *((Market.FUTURES, settle) for settle in self._settles)]
        streams = self._private[account_id] = []
        for market, settle in places:
            id = StreamId(Network(network), market, settle, account_id)
            stream = PrivateStream(
                id,
                self._url(id),
                self._host(id.network),
                self._exchanges.clock(id.network),
                self._sink,
                exchange,
                credentials,
                uid,
                slowdown=self._slowdown,
            )
            streams.append(stream)
            stream.start()
        self._begin()

    def _slowdown(self) -> float:
        return max(1.0, sum(map(len, self._private.values())) / FULL_PACE)

    def _close_account(self, account_id: str) -> None:
        for stream in self._private.pop(account_id, ()):
            stream.stop()

    async def _close(self) -> None:
        self._closed = True
        for account_id in list(self._private):
            self._close_account(account_id)
        for stream in self._public.values():
            stream.stop()
        self._public.clear()
        for sockets in self._sockets.values():
            await sockets.close()

    def _begin(self) -> None:
        if not self._ticking:
            self._ticking = True
            self._loop.loop.call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        """Each stream in a turn of its own: what fails in one must not stop the others."""
        if self._closed:
            return
        loop = self._loop.loop
        loop.call_later(TICK_S, self._tick)
        for id, stream in list(self._public.items()):
            if stream.idle:
                del self._public[id]
                stream.stop()
            else:
                loop.call_soon(stream.tick)
        for streams in self._private.values():
            for private in streams:
                loop.call_soon(private.tick)

    def _host(self, network: Network) -> LoopHost:
        if network not in self._sockets:
            self._sockets[network] = Sockets(self._exchanges.addresses(network))
        return LoopHost(self._loop.loop, self._sockets[network], self._readers, random.random)

    def _url(self, id: StreamId) -> str:
        where = self._exchanges.addresses(id.network)
        return where.ws_spot if id.market is Market.SPOT else where.ws_futures[id.settle]
