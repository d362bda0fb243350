"""The state of the paper exchange: users, markets, venues, and what changed since the last save.

Everything here is owned by one thread. Time comes in as `now_ms`; randomness lives in the price
processes, seeded. Nothing in this package knows about disks or sockets except `server.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from mtrade.domain.instruments import InstrumentId, Market, Side
from mtrade.domain.orders import TimeInForce

if TYPE_CHECKING:
    from mtrade.paper.futures import FuturesVenue
    from mtrade.paper.room import Room
    from mtrade.paper.spot import SpotVenue
    from mtrade.paper.wallet import Wallet

HOUSE = 0  # the uid of the market maker that quotes the synthetic market

Row = tuple[str, str, Mapping[str, Any]]  # kind, key, data (JSON values; decimals as text)


@dataclass(slots=True)
class ApiKey:
    """A key with its rights. `permissions` maps a name to True when it is read-only."""

    key: str
    secret: str
    permissions: dict[str, bool]
    ip_whitelist: tuple[str, ...] = ()
    name: str = ""
    created_ms: int = 0


@dataclass(slots=True)
class User:
    """An account holder; balances and positions belong to the venues."""

    uid: int
    keys: dict[str, ApiKey] = field(default_factory=dict)
    copy_role: int = 0


class Venue(Protocol):
    """What the world asks of the spot and the futures venue."""

    kinds: tuple[str, ...]

    def house_place(
        self,
        instrument: InstrumentId,
        side: Side,
        price: Decimal,
        size: Decimal,
        *,
        tif: TimeInForce,
        now_ms: int,
    ) -> int | None:
        """Place an order of the market maker; returns its id when (a part of) it rests."""
        ...

    def house_cancel(self, instrument: InstrumentId, order_id: int, *, now_ms: int) -> None: ...

    def on_prices(self, now_ms: int) -> None:
        """Prices have moved: fire triggers, liquidate, settle funding, run countdowns."""
        ...

    def row(self, kind: str, key: str) -> Mapping[str, Any] | None:
        """The present data of a changed entity; None when it no longer exists."""
        ...

    def restore(self, kind: str, key: str, data: Mapping[str, Any]) -> None:
        """Take one saved entity back, at start, before any call."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something a private or public channel would push. `channel` is Gate's without the prefix."""

    market: Market
    settle: str
    channel: str
    uid: int | None
    instrument: str
    body: Mapping[str, Any]


# Market, channel, settle currency and user of an event: whether anybody would hear it.
Audience = Callable[[Market, str, str, int], bool]


def _everybody(market: Market, channel: str, settle: str, uid: int) -> bool:
    return True


class World:
    """Users, rooms (one per instrument) and venues; ids; the set of unsaved changes."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.users: dict[int, User] = {}
        self.by_key: dict[str, User] = {}
        self.rooms: dict[InstrumentId, Room] = {}
        self.spot: SpotVenue
        self.futures: FuturesVenue
        self.wallet: Wallet
        self.events: list[Event] = []
        self.audience: Audience = _everybody
        self._dirty: dict[tuple[str, str], None] = {}
        self._next_id = 1_000_000

    def next_id(self) -> int:
        """A fresh id, growing, unique over orders, trades, triggers and ledger rows."""
        self._next_id += 1
        self.dirty("world", "ids")
        return self._next_id

    @property
    def last_id(self) -> int:
        """The newest id given out."""
        return self._next_id

    def resume_ids(self, last_id: int) -> None:
        """Go on after the newest id of a former life, so that no id is ever given out twice."""
        self._next_id = max(self._next_id, last_id)

    def dirty(self, kind: str, key: str) -> None:
        """Note that an entity changed; the next save asks its venue for the new row."""
        self._dirty[(kind, key)] = None

    def take_dirty(self) -> tuple[tuple[str, str], ...]:
        """The changes since the last call, oldest first; clears them."""
        changed = tuple(self._dirty)
        self._dirty.clear()
        return changed

    def emit(self, event: Event) -> None:
        """Queue an event for the push channels; the shell takes and clears the queue."""
        self.events.append(event)

    def add_user(self, user: User) -> User:
        """Register a user and every key of it."""
        self.users[user.uid] = user
        for key in user.keys:
            self.by_key[key] = user
        self.dirty("user", str(user.uid))
        return user

    def rooms_of(self, market: Market, settle: str = "") -> Iterable[Room]:
        """The rooms of one market and settle currency, in catalogue order."""
        return (
            room
            for key, room in self.rooms.items()
            if key.market is market and key.settle == settle
        )
