"""The futures venue: builds its parts, and is what the world, the wallet and the routes talk to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from mtrade.domain.instruments import InstrumentId, Side
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import TimeInForce
from mtrade.paper.futures.checks import Checks
from mtrade.paper.futures.clockwork import Funding, Liquidation
from mtrade.paper.futures.desk import ID_MS, Desk
from mtrade.paper.futures.entities import Order
from mtrade.paper.futures.exposure import Exposure
from mtrade.paper.futures.keeper import Keeper
from mtrade.paper.futures.placing import Placing
from mtrade.paper.futures.pushes import Pushes
from mtrade.paper.futures.settings import Settings
from mtrade.paper.futures.settlement import Settlement
from mtrade.paper.futures.state import State
from mtrade.paper.futures.ticket import Amendment, Ticket
from mtrade.paper.futures.triggers import Triggers
from mtrade.paper.futures.views import Views
from mtrade.paper.futures.wallets import Wallets
from mtrade.paper.matching import Resting
from mtrade.paper.room import Room
from mtrade.paper.world import HOUSE, World

_RESTING = (TimeInForce.GTC, TimeInForce.POC)
_MOST_ROUNDS = 100


class FuturesVenue:
    """Everything private under `/futures/{settle}`, for all settle currencies."""

    def __init__(self, world: World) -> None:
        self.state = State(world)
        self.exposure = Exposure(self.state)
        self.views = Views(self.state, self.exposure)
        pushes = Pushes(world, self.views)
        keeper = Keeper(self.state, pushes)
        self.wallets = Wallets(self.state, self.exposure, pushes)
        settlement = Settlement(self.state, self.exposure, self.wallets, keeper, pushes)
        checks = Checks(self.state, self.exposure)
        self.placing = Placing(self.state, self.exposure, checks, settlement, keeper)
        self.desk = Desk(self.state, self.placing, keeper)
        self.triggers = Triggers(self.state, self.placing, keeper, pushes)
        self.settings = Settings(self.state, self.exposure, settlement)
        self._settlement = settlement
        self._funding = Funding(self.state, self.exposure, self.wallets, settlement, pushes)
        self._liquidation = Liquidation(self.state, self.exposure, settlement, keeper, pushes)
        self._tables = {
            table.kind: table
            for table in (
                self.state.accounts,
                self.state.positions,
                self.state.orders,
                self.state.triggers,
                self.state.countdowns,
                self.state.trades,
                self.state.ledger,
                self.state.closes,
                self.state.liquidations,
                self.state.snapshots,
            )
        }
        self.kinds = tuple(self._tables)

    def open_accounts(self, uid: int) -> None:
        """Create the empty wallets of a new user in every settle currency."""
        for settle in self.state.settles():
            self.state.account(uid, settle)

    def deposit(self, uid: int, settle: str, amount: Decimal, now_ms: int) -> None:
        """Money arrives from the spot wallet."""
        self.wallets.deposit(uid, settle, amount, now_ms)

    def withdraw(self, uid: int, settle: str, amount: Decimal, now_ms: int) -> None:
        """Money leaves for the spot wallet; GateFault when that much is not free."""
        self.wallets.withdraw(uid, settle, amount, now_ms)

    def worth(self, uid: int, settle: str) -> tuple[Decimal, Decimal]:
        """The wallet of a user and the unrealised profit of all positions."""
        running = self.state.running(uid, settle)
        gains = [self.exposure.unrealised(position) for position in running]
        return self.state.account(uid, settle).total, sum(gains, ZERO)

    def place(self, uid: int, settle: str, ticket: Ticket, now_ms: int) -> Order:
        """Place an order of a user; what it moved may fire price orders."""
        order = self.placing.place(uid, settle, ticket, now_ms)
        self._fire(order.instrument, now_ms)
        return order

    def amend(self, uid: int, settle: str, key: str, wish: Amendment, now_ms: int) -> Order:
        """Change an open order; it may trade, so price orders may fire."""
        order = self.desk.amend(uid, settle, key, wish, now_ms)
        self._fire(order.instrument, now_ms)
        return order

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
        """Place an order of the market maker; returns its id when (a part of) it rests.

        Price orders fire in `on_prices`, when its quotes stand again: in the middle of a requote
        there may be nothing to trade with.
        """
        room = self.state.room_of(instrument)
        if not _may_match(room, side, price, size, tif):
            return None
        left = self._match_house(room, side, price, size, now_ms)
        number = None
        if left > 0 and tif in _RESTING:
            number = self.state.world.next_id()
            room.book.rest(Resting(number, HOUSE, price, left), side)
        return number

    def house_cancel(self, instrument: InstrumentId, order_id: int, *, now_ms: int) -> None:
        """Take an order of the market maker out of the book."""
        self.state.room_of(instrument).book.cancel(order_id)

    def on_prices(self, now_ms: int) -> None:
        """Prices have moved: settle funding, liquidate, fire triggers, run out timers."""
        self._funding.settle_due(now_ms)
        self._liquidation.run(now_ms)
        self.triggers.expire(now_ms)
        for instrument in dict.fromkeys(t.instrument for t in self.state.waiting()):
            self._fire(instrument, now_ms)
        self.desk.run_countdowns(now_ms)
        self.state.forget_faded(now_ms - ID_MS)

    def liquidate(self, uid: int, settle: str, contract: str, now_ms: int) -> None:
        """Take over what a user holds in a contract, whatever its margin says."""
        self._liquidation.force(uid, settle, contract, now_ms)

    def row(self, kind: str, key: str) -> Mapping[str, Any] | None:
        """The present data of a changed entity; None when it no longer exists."""
        return self._tables[kind].row(key)

    def restore(self, kind: str, key: str, data: Mapping[str, Any]) -> None:
        """Take one saved entity back, at start, before any call."""
        special: dict[str, Callable[[Mapping[str, Any]], object]] = {
            self.state.orders.kind: self._restore_order,
            self.state.positions.kind: self.state.restore_position,
            self.state.triggers.kind: self.state.restore_trigger,
        }
        special.get(kind, self._tables[kind].restore)(data)

    def _restore_order(self, data: Mapping[str, Any]) -> None:
        order = self.state.restore_order(data)
        if order.open:
            resting = Resting(order.id, order.uid, order.price, order.left)
            self.state.room_of(order.instrument).book.rest(resting, order.side)

    def _match_house(
        self, room: Room, side: Side, price: Decimal, size: Decimal, now_ms: int
    ) -> Decimal:
        """One maker at a time: a fill may end the next order. Returns what is left."""
        left = size
        while left > 0 and room.book.crosses(side, price):
            maker = room.book.front(side)
            wanted = left if maker is None else min(left, maker.left)
            step = room.instrument.size_step
            for match in room.book.take(side, size=wanted, limit=price, step=step, uid=HOUSE):
                self._settlement.match(room, None, side, match, now_ms)
                left -= match.size
        return left

    def _fire(self, instrument: InstrumentId, now_ms: int) -> None:
        """Fire price orders until none is due: each one may move the last price."""
        for _ in range(_MOST_ROUNDS):
            if not self.triggers.fire(instrument, now_ms):
                return


def _may_match(room: Room, side: Side, price: Decimal, size: Decimal, tif: TimeInForce) -> bool:
    if tif is TimeInForce.POC:
        return not room.book.crosses(side, price)
    return tif is not TimeInForce.FOK or room.book.available(side, price) >= size
