"""What an account stands for: margins, what is free, where liquidation lies. Reads, never writes.

Hedge legs are summed; Gate's discount for the hedged part is not imitated, which is the careful
side (gate-notes, maintenance).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from mtrade.domain.instruments import Side
from mtrade.domain.numbers import ZERO
from mtrade.domain.positions import Leg
from mtrade.paper import margin
from mtrade.paper.futures.entities import Account, Order, Position
from mtrade.paper.futures.positions import unrealised
from mtrade.paper.futures.state import State
from mtrade.paper.room import Room


class Part(NamedTuple):
    """A piece of an order that may open something: unsigned size at the price it would get."""

    side: Side
    size: Decimal
    price: Decimal


class Exposure:
    """Margin sums over the state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def room(self, position: Position) -> Room:
        return self._state.room_of(position.instrument)

    def leverage(self, position: Position) -> Decimal:
        """The divisor of margin: the isolated leverage, the cross limit, or the contract's most."""
        most = self.room(position).instrument.leverage_max
        return position.leverage or position.cross_limit or most

    def value(self, position: Position) -> Decimal:
        """Worth at mark."""
        room = self.room(position)
        return margin.worth(room.instrument, position.size, room.mark)

    def unrealised(self, position: Position) -> Decimal:
        room = self.room(position)
        return unrealised(position, room.instrument, room.mark)

    def maintenance(self, position: Position) -> Decimal:
        """What must remain for this position, with the estimated fee of a liquidation."""
        if position.size.is_zero():
            return ZERO
        return margin.maintenance_margin(self.room(position).listing.tiers, self.value(position))

    def initial(self, position: Position) -> Decimal:
        """Initial margin: at entry when isolated, at mark when cross."""
        if position.size.is_zero():
            return ZERO
        room = self.room(position)
        price = room.mark if position.cross else position.entry
        return margin.initial_margin(room.instrument, position.size, price, self.leverage(position))

    def isolated_margin(self, account: Account) -> Decimal:
        """What the isolated positions have posted."""
        running = self._state.running(account.uid, account.settle)
        return sum((p.margin for p in running if not p.cross), ZERO)

    def cross(self, account: Account) -> list[Position]:
        """The open cross positions."""
        return [p for p in self._state.running(account.uid, account.settle) if p.cross]

    def pool(self, account: Account) -> Decimal:
        """The cross balance including unrealised profit: what stands against cross maintenance."""
        gains = sum((self.unrealised(p) for p in self.cross(account)), ZERO)
        return account.total - self.isolated_margin(account) + gains

    def available(self, account: Account) -> Decimal:
        """What new orders and withdrawals may use (gate-notes, order cost)."""
        crossed = self.cross(account)
        gains = sum((self.unrealised(p) for p in crossed), ZERO)
        used = sum((self.initial(p) for p in crossed), self.isolated_margin(account))
        return account.total - used - self.order_margin(account) + min(ZERO, gains)

    def order_margin(self, account: Account, *, cross: bool | None = None) -> Decimal:
        """What the open orders reserve; only those of cross (isolated) positions if asked."""
        orders = self._state.open_orders(account.uid, account.settle)
        contracts = dict.fromkeys(order.contract for order in orders)
        kept = (c for c in contracts if cross is None or self._crossed(account, c) is cross)
        return sum((self.contract_margin(account, c) for c in kept), ZERO)

    def contract_margin(
        self,
        account: Account,
        contract: str,
        arriving: Sequence[Part] = (),
        without: int = 0,
    ) -> Decimal:
        """What the orders of one contract reserve, with `arriving` parts served first.

        One-way: orders against the position reserve nothing for what they close, and only the
        dearer side counts. Hedge: each side opens its own leg, so both count.
        """
        orders = self._state.open_orders(account.uid, account.settle, contract)
        orders = [order for order in orders if order.id != without]
        costs = [self._side(account, contract, side, orders, arriving) for side in Side]
        return sum(costs, ZERO) if account.dual else max(costs)

    def liquidation_price(self, position: Position) -> Decimal | None:
        """The mark price that liquidates the position; an estimate when cross."""
        if position.size.is_zero():
            return None
        room = self.room(position)
        posted = self._cross_margin(position) if position.cross else position.margin
        return margin.liquidation_price(
            room.instrument, position.size, position.entry, posted, room.listing.tiers
        )

    def bankruptcy_price(self, position: Position) -> Decimal | None:
        """Where an isolated position has lost its margin; None when cross or flat."""
        if position.size.is_zero() or position.cross:
            return None
        rules = self.room(position).instrument
        return margin.bankruptcy_price(rules, position.size, position.entry, position.margin)

    def _cross_margin(self, position: Position) -> Decimal:
        account = self._state.account(position.uid, position.settle)
        others = [p for p in self.cross(account) if p is not position]
        required = sum((self.maintenance(p) for p in others), ZERO)
        return margin.cross_margin(self.pool(account), self.unrealised(position), required)

    def _crossed(self, account: Account, contract: str) -> bool:
        return self._state.legs(account, contract)[0].cross

    def _side(
        self,
        account: Account,
        contract: str,
        side: Side,
        orders: list[Order],
        arriving: Sequence[Part],
    ) -> Decimal:
        mine = [order for order in orders if order.side is side]
        first = [part for part in arriving if part.side is side]
        if not mine and not first:
            return ZERO
        position = self._opened_by(account, contract, side)
        closable = ZERO if account.dual else _closable(position, side)
        closable -= sum((order.left for order in mine if order.reduce_only), ZERO)
        resting = sorted(
            (Part(side, order.left, order.price) for order in mine if not order.reduce_only),
            key=lambda part: part.price * -side.sign,
        )
        return self._cost(position, [*first, *resting], max(closable, ZERO))

    def _opened_by(self, account: Account, contract: str, side: Side) -> Position:
        legs = self._state.legs(account, contract)
        leg = Leg.LONG if side is Side.BUY else Leg.SHORT
        return next((p for p in legs if p.leg is leg), legs[0])

    def _cost(self, position: Position, parts: Iterable[Part], closable: Decimal) -> Decimal:
        rules, leverage = self.room(position).instrument, self.leverage(position)
        total = ZERO
        for part in parts:
            closes = min(closable, part.size)
            closable -= closes
            opens = (part.size - closes) * part.side.sign
            if opens:
                total += margin.order_cost(rules, opens, part.price, leverage, rules.taker_fee)
        return total


def _closable(position: Position, side: Side) -> Decimal:
    """How much of the position an order of `side` would close."""
    return max(-position.size * side.sign, ZERO)
