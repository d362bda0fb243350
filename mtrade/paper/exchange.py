"""The paper exchange as one object: state, prices, HTTP server, persistence.

How it is embedded: mTrade's bootstrap runs one asyncio loop in a thread and talks to this object
only through it,

    streams = LoopThread()
    streams.start()
    paper = PaperExchange(seed=7, accounts=[...], storage=SqlitePaperStorage(path), clock=clock)
    addresses = streams.call(paper.start(), 30)            # a free port on loopback
    fresh = streams.call(paper.create_account("second", {"USDT": Decimal(10_000)}), 10)
    ...
    streams.call(paper.close(), 30)                        # saves, then lets go of the file

Every method but the constructor runs on that loop, so the state needs no lock. Time comes from
`clock`, randomness from `seed` and, for new keys, from `token`. An answer to a private call leaves
only when what it reports is on disk; prices are saved every few seconds.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mtrade.domain.instruments import InstrumentId, Market
from mtrade.domain.numbers import use_decimal_context
from mtrade.domain.ports import Clock
from mtrade.paper import routes_futures, routes_market, routes_spot, routes_wallet
from mtrade.paper.arrivals import Arrivals
from mtrade.paper.faultplan import FaultPlan
from mtrade.paper.following import Following, Prices
from mtrade.paper.futures import FuturesVenue
from mtrade.paper.gateway import Gateway
from mtrade.paper.http import Route
from mtrade.paper.limits import Limiter
from mtrade.paper.market import MarketEngine, build_rooms
from mtrade.paper.saver import PaperStorage, Saver
from mtrade.paper.server import Server
from mtrade.paper.spot import SpotVenue
from mtrade.paper.thinning import thin
from mtrade.paper.users import PaperAccount, Users
from mtrade.paper.wallet import Wallet
from mtrade.paper.world import Event, World
from mtrade.paper.ws.private import in_order

_log = logging.getLogger(__name__)

TICK_S = 0.5
LAZY_MS = 3_000

ROUTES: tuple[Route, ...] = (
    *routes_market.ROUTES,
    *routes_futures.ROUTES,
    *routes_spot.ROUTES,
    *routes_wallet.ROUTES,
)

Listener = Callable[[Sequence[Event]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where the exchange listens. The socket paths are Gate's."""

    rest: str
    ws_spot: str
    ws_futures_usdt: str
    ws_futures_btc: str

    @classmethod
    def at(cls, host: str, port: int) -> Addresses:
        """The addresses of an exchange on `host` and `port`."""
        shown = f"[{host}]" if ":" in host else host
        return cls(
            rest=f"http://{shown}:{port}/api/v4",
            ws_spot=f"ws://{shown}:{port}/ws/v4/",
            ws_futures_usdt=f"ws://{shown}:{port}/v4/ws/futures/usdt",
            ws_futures_btc=f"ws://{shown}:{port}/v4/ws/futures/btc",
        )


class PaperExchange:
    """See the module. `control` opens the test paths of `control.py`, on loopback only, and with
    them the fault plan; tests may also hand over a plan of their own. `listener` hears every event
    once it is saved.
    """

    def __init__(
        self,
        *,
        seed: int,
        clock: Clock,
        accounts: Iterable[PaperAccount] = (),
        storage: PaperStorage | None = None,
        control: bool = False,
        enforce_limits: bool = True,
        token: Callable[[int], str] = secrets.token_hex,
        listener: Listener | None = None,
        tick_s: float = TICK_S,
        faults: FaultPlan | None = None,
        prices: Prices = Prices.SYNTHETIC,
    ) -> None:
        use_decimal_context()
        self._clock = clock
        self._accounts = tuple(accounts)
        self._token = token
        self._listener = listener
        self._tick_s = tick_s
        self.world = _world(seed, clock.now_ms())
        self.market = MarketEngine(self.world, Following(prices))
        self._users = Users(self.world)
        self._saver = Saver(
            self.world,
            storage,
            (self._users, self.market, self.world.spot, self.world.futures, self.world.wallet),
            lazy=("world", *self.market.kinds),
        )
        self.arrivals = Arrivals()
        gateway = Gateway(
            self.world,
            ROUTES,
            clock=clock,
            limiter=Limiter(enforced=enforce_limits),
            arrivals=self.arrivals if control else None,
        )
        plan = FaultPlan(seed) if control and faults is None else faults
        self._server = Server(gateway, self, clock=clock, plan=plan, control=control)
        if listener is None:
            self.world.audience = self._server.sockets.has_audience
        self._outbox: deque[tuple[int, list[Event]]] = deque()
        self._batches = 0
        self._ticking: asyncio.Task[None] | None = None
        self._saved_ms = 0

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> Addresses:
        """Restore the saved state, open the market, listen. Port 0 takes a free one.

        Raises StoreError when the state cannot be read and OSError when the port is taken.
        """
        await self._saver.load()
        now_ms = self._clock.now_ms()
        for account in self._accounts:
            self._users.ensure(account, now_ms)
        self.market.tick(now_ms)
        await self.settled()
        bound = await self._server.start(host, port)
        self._ticking = asyncio.create_task(self._tick_for_ever(), name="paper-ticks")
        return Addresses.at(host, bound)

    async def close(self) -> None:
        """Stop listening, save everything, let go of the storage. Idempotent."""
        try:
            if self._ticking is not None:
                self._ticking.cancel()
                await asyncio.gather(self._ticking, return_exceptions=True)
                self._ticking = None
                await self._server.close()
                self.market.flush()
                await self._saver.all()
        finally:
            self._saver.close()

    async def create_account(
        self, name: str, deposits: Mapping[str, Decimal]
    ) -> tuple[int, str, str]:
        """A new account with a key of all rights; returns uid, key and secret, saved."""
        account = PaperAccount(
            key=self._token(16),
            secret=self._token(32),
            uid=self._users.free_uid(),
            deposits=deposits,
            name=name,
        )
        self._users.ensure(account, self._clock.now_ms())
        await self.settled()
        return account.uid, account.key, account.secret

    async def set_price(self, instrument: InstrumentId, price: Decimal) -> None:
        """Move a market to a price at once, with everything that sets off."""
        self.market.set_price(instrument, price, self._clock.now_ms())
        await self.settled()

    def follow(self, coin: str, price: Decimal, at_ms: int) -> None:
        """Take in what a coin costs in USD on the real market; the next tick goes there.

        Without fresh ones for 15 s the market goes on by itself (`auto`) or halts (`live`);
        `synthetic` never listens.
        """
        self.market.following.note(coin, price, at_ms)

    async def liquidate(self, uid: int, settle: str, contract: str) -> None:
        """Take a user's position over at its bankruptcy price, as if the market had gone there."""
        self.world.futures.liquidate(uid, settle, contract, self._clock.now_ms())
        await self.settled()

    def announce_upgrade(self, market: Market | None) -> None:
        """Tell socket clients that they will be cut off soon."""
        self._server.sockets.announce_upgrade(market)

    def break_sockets(self, market: Market | None) -> None:
        """Cut every socket, or those of one market."""
        self._server.sockets.break_all(market)

    def thin(self, order: object, size: Decimal) -> None:
        """Leave only `size` in the book for an order that is about to come."""
        thin(self.world, order, size)

    def kept(self) -> bool:
        """Take what has happened so far; True when no disk has to be waited for, and it is told."""
        batch = self._take()
        if not self._saver.idle():
            return False
        self._tell(batch)
        return True

    def settled(self) -> Coroutine[Any, Any, None]:
        """Take what has happened so far; awaited, returns when it is on disk and told."""
        return self._told(self._take())

    def _take(self) -> int:
        """Put the events so far in line; returns their number in it."""
        if self.world.events:
            events, self.world.events = in_order(self.world.events), []
            self._batches += 1
            self._outbox.append((self._batches, events))
        self._server.sockets.stir()
        return self._batches

    async def _told(self, batch: int) -> None:
        await self._saver.settled()
        self._tell(batch)

    def _tell(self, batch: int) -> None:
        """In the order in which it happened: what came before this batch was saved before it."""
        while self._outbox and self._outbox[0][0] <= batch:
            _, events = self._outbox.popleft()
            self._server.sockets.publish(events)
            if self._listener is not None:
                self._listener(events)

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._tick_s)
            try:
                await self._tick()
            except Exception:  # noqa: BLE001 - the top of a task
                # The market must go on: what could not be saved is tried again next time.
                _log.exception("a tick of the paper exchange failed")

    async def _tick(self) -> None:
        now_ms = self._clock.now_ms()
        self.market.tick(now_ms)
        await self.settled()
        if now_ms - self._saved_ms >= LAZY_MS:
            self._saved_ms = now_ms
            await self._saver.all()


def _world(seed: int, now_ms: int) -> World:
    world = World(seed)
    world.rooms = build_rooms(seed, now_ms)
    world.spot = SpotVenue(world)
    world.futures = FuturesVenue(world)
    world.wallet = Wallet(world)
    return world
