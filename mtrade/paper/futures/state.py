"""Everything the futures venue remembers, with its indexes."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mtrade.domain.instruments import InstrumentId, Market, futures
from mtrade.domain.numbers import ZERO
from mtrade.domain.positions import Leg
from mtrade.paper.faults import GateFault
from mtrade.paper.futures.entities import Account, Countdown, Order, Position, Trigger
from mtrade.paper.futures.history import Close, LedgerRow, Liquidated, Snapshot, Trade
from mtrade.paper.futures.tables import Log, Table
from mtrade.paper.room import Room
from mtrade.paper.world import HOUSE, World

DEFAULT_LEVERAGE = Decimal(10)
ROWS_KEPT = 20_000
SNAPSHOTS_KEPT = 2_000


class State:
    """Tables of the venue. Who changes a record says so by `put`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.accounts = Table(world, "futures_account", Account, lambda a: f"{a.settle}:{a.uid}")
        self.positions = Table(world, "futures_position", Position, _position_key)
        self.orders = Table(world, "futures_order", Order, lambda o: str(o.id))
        self.triggers = Table(world, "futures_trigger", Trigger, lambda t: str(t.id))
        self.countdowns = Table(world, "futures_countdown", Countdown, _countdown_key)
        self.trades = Log(world, "futures_trade", Trade, kept=ROWS_KEPT, key=_trade_key)
        self.ledger = Log(world, "futures_ledger", LedgerRow, kept=ROWS_KEPT)
        self.closes = Log(world, "futures_close", Close, kept=ROWS_KEPT)
        self.liquidations = Log(world, "futures_liquidation", Liquidated, kept=ROWS_KEPT)
        self.snapshots = Log(world, "futures_snapshot", Snapshot, kept=SNAPSHOTS_KEPT)
        self._held: dict[tuple[int, str], dict[tuple[str, Leg], Position]] = {}
        self._orders: dict[tuple[int, str], dict[int, Order]] = {}
        self._open: dict[tuple[int, str], dict[int, Order]] = {}
        self._texts: dict[tuple[int, str, str], list[Order]] = {}
        self._waiting: dict[InstrumentId, dict[int, Trigger]] = {}
        self._fading: deque[Order] = deque()
        self._ended: dict[tuple[int, str], deque[Order]] = {}

    def room(self, settle: str, contract: str) -> Room:
        """The market of a contract, or CONTRACT_NOT_FOUND."""
        room = self.world.rooms.get(futures(contract, settle))
        if room is None:
            raise GateFault("CONTRACT_NOT_FOUND", f"contract {contract} not found")
        return room

    def room_of(self, instrument: InstrumentId) -> Room:
        """The market of a record that exists."""
        return self.world.rooms[instrument]

    def settles(self) -> tuple[str, ...]:
        """The settle currencies that have contracts."""
        kinds = (key.settle for key in self.world.rooms if key.market is Market.FUTURES)
        return tuple(dict.fromkeys(kinds))

    def account(self, uid: int, settle: str) -> Account:
        """The wallet of a user; it exists from the first look, so nobody is USER_NOT_FOUND."""
        found = self.accounts.rows.get(f"{settle}:{uid}")
        if found is None:
            found = Account(uid=uid, settle=settle)
            self.accounts.put(found)
        return found

    def position(self, uid: int, settle: str, contract: str, leg: Leg) -> Position:
        """A position; a contract never touched has a flat one with the default leverage."""
        held = self._held.setdefault((uid, settle), {})
        position = held.get((contract, leg))
        if position is None:
            room = self.room(settle, contract)
            position = held[contract, leg] = Position(
                uid=uid,
                settle=settle,
                contract=contract,
                leg=leg,
                leverage=_first_leverage(uid, room),
                cross_limit=room.listing.cross_leverage_default,
            )
        return position

    def legs(self, account: Account, contract: str) -> tuple[Position, ...]:
        """The position, or both legs, that the account's mode has in a contract."""
        legs = (Leg.LONG, Leg.SHORT) if account.dual else (Leg.NET,)
        return tuple(self.position(account.uid, account.settle, contract, leg) for leg in legs)

    def held(self, uid: int, settle: str) -> list[Position]:
        """Every position of an account that was ever touched."""
        return list(self._held.get((uid, settle), {}).values())

    def running(self, uid: int, settle: str) -> list[Position]:
        """The positions of an account that are not flat."""
        return [p for p in self._held.get((uid, settle), {}).values() if not p.size.is_zero()]

    def owners(self, settle: str) -> list[Account]:
        """All accounts of a settle currency."""
        return [a for a in self.accounts.rows.values() if a.settle == settle]

    def add_order(self, order: Order) -> None:
        """Remember a new order."""
        self.orders.put(order)
        self._index(order)

    def closed(self, order: Order) -> None:
        """Note that an order has ended."""
        self._open[order.uid, order.settle].pop(order.id, None)
        self.orders.put(order)
        self._shelve(order)

    def forget_faded(self, before_ms: int) -> None:
        """Drop the orders that ended without a fill before a time (gate-notes, orders)."""
        while self._fading and self._fading[0].finish_ms < before_ms:
            self._forget(self._fading.popleft())

    def _forget(self, order: Order) -> None:
        self.orders.drop(order)
        self._orders[order.uid, order.settle].pop(order.id, None)
        texts = self._texts.get((order.uid, order.settle, order.text), [])
        if order in texts:
            texts.remove(order)

    def open_orders(self, uid: int, settle: str, contract: str = "") -> list[Order]:
        """The open orders of an account, oldest first."""
        orders = self._open.get((uid, settle), {}).values()
        chosen = (o for o in orders if not contract or o.contract == contract)
        return sorted(chosen, key=_by_id)

    def all_orders(self, uid: int, settle: str) -> list[Order]:
        """Every order of an account that is still remembered, newest first."""
        return sorted(self._orders.get((uid, settle), {}).values(), key=_by_id, reverse=True)

    def texts(self, uid: int, settle: str, text: str) -> list[Order]:
        """The orders that carry a text, the latest first."""
        return sorted(self._texts.get((uid, settle, text), ()), key=_by_id, reverse=True)

    def add_trigger(self, trigger: Trigger) -> None:
        """Remember a price order that waits."""
        self.triggers.put(trigger)
        self._waiting.setdefault(trigger.instrument, {})[trigger.id] = trigger

    def trigger_ended(self, trigger: Trigger) -> None:
        """Note that a price order waits no more."""
        self._waiting.get(trigger.instrument, {}).pop(trigger.id, None)
        self.triggers.put(trigger)

    def waiting(self, instrument: InstrumentId | None = None) -> list[Trigger]:
        """The price orders that wait, of one contract or all, oldest first."""
        shelves = [self._waiting.get(instrument, {})] if instrument else self._waiting.values()
        return [trigger for shelf in shelves for trigger in shelf.values()]

    def all_triggers(self, uid: int, settle: str) -> list[Trigger]:
        """Every price order of an account, newest first."""
        rows = self.triggers.rows.values()
        mine = (t for t in rows if (t.uid, t.settle) == (uid, settle))
        return sorted(mine, key=lambda trigger: trigger.id, reverse=True)

    def restore_trigger(self, data: Mapping[str, Any]) -> None:
        """Take a saved price order back."""
        trigger = self.triggers.restore(data)
        if trigger.status == "open":
            self._waiting.setdefault(trigger.instrument, {})[trigger.id] = trigger

    def restore_order(self, data: Mapping[str, Any]) -> Order:
        """Take a saved order back into the indexes."""
        order = self.orders.restore(data)
        self._index(order)
        return order

    def restore_position(self, data: Mapping[str, Any]) -> None:
        """Take a saved position back."""
        position = self.positions.restore(data)
        held = self._held.setdefault((position.uid, position.settle), {})
        held[position.contract, position.leg] = position

    def _shelve(self, order: Order) -> None:
        """Keep an ended order: for a while without a fill, else until many newer ones ended."""
        if order.filled.is_zero():
            self._fading.append(order)
            return
        ended = self._ended.setdefault((order.uid, order.settle), deque())
        ended.append(order)
        if len(ended) > ROWS_KEPT:
            self._forget(ended.popleft())

    def _index(self, order: Order) -> None:
        owner = (order.uid, order.settle)
        self._orders.setdefault(owner, {})[order.id] = order
        self._open.setdefault(owner, {})
        if order.open:
            self._open[owner][order.id] = order
        else:
            self._shelve(order)
        if order.text.startswith("t-"):
            self._texts.setdefault((*owner, order.text), []).append(order)


def _first_leverage(uid: int, room: Room) -> Decimal:
    """Isolated, so that a first trade risks its margin only; the house is never liquidated."""
    return ZERO if uid == HOUSE else min(room.instrument.leverage_max, DEFAULT_LEVERAGE)


def _by_id(order: Order) -> int:
    return order.id


def _position_key(position: Position) -> str:
    return f"{position.settle}:{position.uid}:{position.contract}:{position.leg}"


def _countdown_key(countdown: Countdown) -> str:
    return f"{countdown.settle}:{countdown.uid}:{countdown.contract}"


def _trade_key(trade: Trade) -> str:
    return f"{trade.id}:{trade.uid}:{trade.role}"
