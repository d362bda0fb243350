"""The spot venue: places, amends and cancels orders; the house trades here too."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mtrade.domain.instruments import InstrumentId, Side
from mtrade.domain.numbers import ONE, ZERO
from mtrade.domain.orders import OrderType, TimeInForce
from mtrade.paper.faults import GateFault
from mtrade.paper.matching import Resting
from mtrade.paper.room import Room
from mtrade.paper.spot import rules, store
from mtrade.paper.spot.model import SpotOrder, SpotTrigger
from mtrade.paper.spot.purse import Purse
from mtrade.paper.spot.records import Records
from mtrade.paper.spot.rules import SpotRequest
from mtrade.paper.spot.settlement import Settlement
from mtrade.paper.spot.triggers import Countdowns, Triggers
from mtrade.paper.world import HOUSE, World


class SpotVenue:
    """All currency pairs. Refusals are GateFault and leave everything as it was."""

    kinds = store.KINDS

    def __init__(self, world: World) -> None:
        self.world = world
        self.purse: Purse = Purse(world)
        self.records: Records = Records(world)
        self.triggers: Triggers = Triggers(world, self._fire)
        self.countdowns: Countdowns = Countdowns(world, self.cancel_all)
        self._settlement = Settlement(world, self.purse, self.records)

    def deposit(self, uid: int, currency: str, amount: Decimal, now_ms: int, kind: str) -> None:
        """Credit coins that come from outside the spot wallet."""
        self.purse.credit(uid, currency, amount, now_ms, kind)

    def withdraw(self, uid: int, currency: str, amount: Decimal, now_ms: int, kind: str) -> None:
        """Debit coins that leave the spot wallet; BALANCE_NOT_ENOUGH when they are not free."""
        self.purse.debit(uid, currency, amount, now_ms, kind)

    def place(self, uid: int, request: SpotRequest, now_ms: int) -> SpotOrder:
        """Place an order that passed `rules`; returns it as it stands after matching."""
        room = rules.room_of(self.world, request.pair)
        limit = _limit(request, room)
        self._check_open_orders(uid, room)
        _check_fill_rules(request, room, limit)
        order = SpotOrder(
            id=self.world.next_id(),
            uid=uid,
            pair=request.pair,
            side=request.side,
            type=request.type,
            tif=request.tif,
            amount=request.amount,
            left=request.amount,
            price=request.price,
            text=request.text,
            iceberg=request.iceberg,
            created_ms=now_ms,
            updated_ms=now_ms,
        )
        self._relock(order, _reserve(order, order.left), now_ms, "order-create")
        self.records.add(order)
        self._run(order, room, limit, now_ms)
        return order

    def amend(
        self,
        order: SpotOrder,
        *,
        price: Decimal | None,
        amount: Decimal | None,
        amend_text: str | None,
        now_ms: int,
    ) -> None:
        """Change an open limit order. A lower amount at the same price keeps its place."""
        _require_open(order)
        room = rules.room_of(self.world, order.pair)
        new_price = order.price if price is None else price
        new_amount = order.amount if amount is None else amount
        _check_amendment(order, new_price, new_amount, room)
        self._check_money(order, new_price, new_amount, room)
        order.amend_text = amend_text or order.amend_text
        if new_amount <= order.filled:
            self.cancel(order, now_ms)
        elif new_price == order.price and new_amount < order.amount:
            self._shrink(order, new_amount, room, now_ms)
        else:
            self._requeue(order, new_price, new_amount, room, now_ms)

    def cancel(self, order: SpotOrder, now_ms: int) -> None:
        """Cancel an open order."""
        _require_open(order)
        rules.room_of(self.world, order.pair).book.cancel(order.id)
        self._settlement.finish(order, "cancelled", "cancelled", now_ms)

    def cancel_all(
        self, uid: int, pair: str, now_ms: int, side: Side | None = None
    ) -> list[SpotOrder]:
        """Cancel a user's open orders, of one pair and side if given; returns them."""
        found = [o for o in self.records.open_of(uid, pair) if side in (None, o.side)]
        for order in found:
            self.cancel(order, now_ms)
        return found

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
        room = self.world.rooms[instrument]
        if tif is TimeInForce.POC and room.book.crosses(side, price):
            return None
        order = SpotOrder(
            id=self.world.next_id(),
            uid=HOUSE,
            pair=instrument.name,
            side=side,
            type=OrderType.LIMIT,
            tif=tif,
            amount=size,
            left=size,
            price=price,
            text="",
            created_ms=now_ms,
            updated_ms=now_ms,
        )
        self._settlement.execute(order, room, price, now_ms)
        if order.left <= 0 or tif not in (TimeInForce.GTC, TimeInForce.POC):
            return None
        room.book.rest(Resting(order.id, HOUSE, price, order.left), side)
        return order.id

    def house_cancel(self, instrument: InstrumentId, order_id: int, *, now_ms: int) -> None:
        """Take back a quote of the market maker; fine when it is gone."""
        self.world.rooms[instrument].book.cancel(order_id)

    def on_prices(self, now_ms: int) -> None:
        """Fire triggers, run countdowns, forget what Gate forgets."""
        self.triggers.on_prices(now_ms)
        self.countdowns.on_time(now_ms)
        self.records.vanish(now_ms)

    def row(self, kind: str, key: str) -> Mapping[str, Any] | None:
        """The present data of a changed entity; None when it no longer exists."""
        return store.row(self, kind, key)

    def restore(self, kind: str, key: str, data: Mapping[str, Any]) -> None:
        """Take one saved entity back."""
        store.restore(self, kind, key, data)

    def _run(self, order: SpotOrder, room: Room, limit: Decimal | None, now_ms: int) -> None:
        """Match, then rest or end."""
        self._settlement.execute(order, room, limit, now_ms)
        if _complete(order, room, limit):
            self._settlement.finish(order, "closed", "filled", now_ms)
        elif order.tif in (TimeInForce.GTC, TimeInForce.POC):
            room.book.rest(Resting(order.id, order.uid, order.price, order.left), order.side)
            self._settlement.announce(order, "put" if order.filled.is_zero() else "update")
        else:
            self._settlement.finish(order, "cancelled", order.tif, now_ms)

    def _shrink(self, order: SpotOrder, amount: Decimal, room: Room, now_ms: int) -> None:
        order.amount, order.left, order.updated_ms = amount, amount - order.filled, now_ms
        room.book.reduce(order.id, order.left)
        self._relock(order, _reserve(order, order.left), now_ms, "order-update")
        self._settlement.announce(order, "update")

    def _requeue(
        self, order: SpotOrder, price: Decimal, amount: Decimal, room: Room, now_ms: int
    ) -> None:
        """A new price or a larger amount: the order queues again and may match at once."""
        left = amount - order.filled
        need = left * price if order.side is Side.BUY else left
        self._relock(order, need, now_ms, "order-update")
        room.book.cancel(order.id)
        order.price, order.amount, order.left, order.updated_ms = price, amount, left, now_ms
        self._run(order, room, price, now_ms)

    def _relock(self, order: SpotOrder, need: Decimal, now_ms: int, kind: str) -> None:
        instrument = rules.room_of(self.world, order.pair).instrument
        currency = instrument.quote if order.side is Side.BUY else instrument.base
        if need >= order.locked:
            self.purse.lock(order.uid, currency, need - order.locked, now_ms, kind)
        else:
            self.purse.unlock(order.uid, currency, order.locked - need, now_ms, kind)
        order.locked = need

    def _check_money(self, order: SpotOrder, price: Decimal, amount: Decimal, room: Room) -> None:
        """Refuse an amendment that needs more than is free, before anything changes."""
        left, instrument = amount - order.filled, room.instrument
        if order.side is Side.BUY:
            self.purse.require(order.uid, instrument.quote, left * price - order.locked)
        else:
            self.purse.require(order.uid, instrument.base, left - order.locked)

    def _check_open_orders(self, uid: int, room: Room) -> None:
        most = room.listing.orders_limit
        if len(self.records.open_of(uid, room.instrument.id.name)) >= most:
            raise GateFault("TOO_MANY_ORDERS", f"at most {most} orders may be open per pair")

    def _fire(self, trigger: SpotTrigger, now_ms: int) -> int:
        """Place the order of a trigger. It does not carry the client's text (gate-notes)."""
        request = SpotRequest(
            pair=trigger.pair,
            side=trigger.put_side,
            type=trigger.put_type,
            tif=trigger.put_tif,
            amount=trigger.put_amount,
            price=trigger.put_price,
            text=rules.DEFAULT_TEXT,
        )
        rules.check_request(request, rules.room_of(self.world, trigger.pair))
        return self.place(trigger.uid, request, now_ms).id


def _limit(request: SpotRequest, room: Room) -> Decimal | None:
    """The worst price allowed; None for a market order without a slippage cap."""
    if request.type is OrderType.LIMIT:
        return request.price
    touch = room.book.best(request.side.opposite)
    if request.slippage is None or touch is None:
        return None
    return touch * (ONE + request.slippage * request.side.sign)


def _check_fill_rules(request: SpotRequest, room: Room, limit: Decimal | None) -> None:
    book, side = room.book, request.side
    if request.tif is TimeInForce.POC and book.crosses(side, request.price):
        raise GateFault("POC_FILL_IMMEDIATELY", "the post-only order would match immediately")
    if request.tif is not TimeInForce.FOK:
        return
    measure = book.available_money if request.by_money else book.available
    if measure(side, limit) < request.amount:
        raise GateFault("FOK_NOT_FILL", "the order cannot be filled completely")


def _check_amendment(order: SpotOrder, price: Decimal, amount: Decimal, room: Room) -> None:
    if price == order.price and amount == order.amount:
        raise GateFault("NO_CHANGE", "neither price nor amount changes")
    rules.check_price(price, room.instrument)
    if amount > order.filled:
        rules.check_amount(amount, room.instrument)
        rules.check_value(amount * price, room.instrument)
    if order.tif is TimeInForce.POC and room.book.crosses(order.side, price):
        raise GateFault("POC_FILL_IMMEDIATELY", "the post-only order would match immediately")


def _require_open(order: SpotOrder) -> None:
    if not order.open:
        label = "ORDER_CLOSED" if order.status == "closed" else "ORDER_CANCELLED"
        raise GateFault(label, f"the order is already {order.status}")


def _reserve(order: SpotOrder, left: Decimal) -> Decimal:
    """What an order blocks of the currency it pays with."""
    if order.side is Side.BUY and order.type is OrderType.LIMIT:
        return left * order.price
    return left


def _complete(order: SpotOrder, room: Room, limit: Decimal | None) -> bool:
    """Filled, or a market buy whose rest is too little for one more step (Gate since 2023-10)."""
    if order.left <= ZERO:
        return True
    if not order.by_money or order.filled.is_zero():
        return False
    touch = room.book.best(order.side.opposite)
    if touch is None or (limit is not None and touch > limit):
        return False
    return order.left < touch * room.instrument.size_step
