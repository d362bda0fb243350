"""Takes an order in: resolves what it means, checks it, matches it, rests or ends it."""

from __future__ import annotations

from decimal import Decimal

from mtrade.domain.instruments import Side
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import AutoSize, TimeInForce
from mtrade.domain.positions import Leg
from mtrade.paper.faults import GateFault
from mtrade.paper.futures.checks import Candidate, Checks, check_grid, protection
from mtrade.paper.futures.entities import Account, FinishAs, Order, Position
from mtrade.paper.futures.exposure import Exposure
from mtrade.paper.futures.keeper import Keeper, leg_of
from mtrade.paper.futures.settlement import Settlement
from mtrade.paper.futures.state import State
from mtrade.paper.futures.ticket import Ticket
from mtrade.paper.room import Room

_RESTING = (TimeInForce.GTC, TimeInForce.POC)


class Placing:
    """Places and executes orders of users."""

    def __init__(
        self,
        state: State,
        exposure: Exposure,
        checks: Checks,
        settlement: Settlement,
        keeper: Keeper,
    ) -> None:
        self._state = state
        self._exposure = exposure
        self._checks = checks
        self._settlement = settlement
        self._keeper = keeper

    def place(self, uid: int, settle: str, ticket: Ticket, now_ms: int) -> Order:
        """Place an order; GateFault when it may not exist. The order returned may have ended."""
        room = self._state.room(settle, ticket.contract)
        account = self._state.account(uid, settle)
        position, size = self._resolve(account, ticket)
        reduce_only = ticket.reduce_only or ticket.close or bool(ticket.auto_size)
        candidate = self._candidate(account, room, position, size, ticket, reduce_only)
        self._admit(candidate, whole=size == -position.size)
        if reduce_only:
            self._keeper.fit(position, now_ms, reserved=abs(size))
        order = self._order(candidate, ticket, now_ms)
        self._state.add_order(order)
        self.execute(order, candidate.limit, now_ms)
        return order

    def execute(self, order: Order, limit: Decimal, now_ms: int, *, fresh: bool = True) -> None:
        """Match an order up to `limit`, then rest or end what is left."""
        room = self._state.room_of(order.instrument)
        while order.open and room.book.crosses(order.side, limit):
            size = self._next_size(order, room)
            if size <= 0:
                break
            for match in room.book.take(
                order.side,
                size=size,
                limit=limit,
                step=room.instrument.size_step,
                uid=order.uid,
            ):
                self._settlement.match(room, order, order.side, match, now_ms)
        if not order.open:
            return
        if order.tif in _RESTING and not order.price.is_zero():
            self._keeper.rest(order, fresh=fresh)
        else:
            self._keeper.finish(order, FinishAs.IOC, now_ms)

    def limit_of(
        self, room: Room, position: Position, size: Decimal, price: Decimal, slip: Decimal
    ) -> Decimal:
        """The worst price an order accepts. A market close stops where the margin is used up."""
        side = Side.BUY if size > 0 else Side.SELL
        if not price.is_zero():
            return price
        limit = protection(room, side, slip)
        bankrupt = self._exposure.bankruptcy_price(position)
        if bankrupt is None or position.size * size > 0:
            return limit
        return min(limit, bankrupt) if side is Side.BUY else max(limit, bankrupt)

    def admit(self, candidate: Candidate) -> None:
        """All checks of an order that is about to match or rest."""
        if candidate.room.instrument.tradable is False and not candidate.reduce_only:
            raise GateFault("CONTRACT_IN_DELISTING", "the contract only allows closing")
        if candidate.reduce_only:
            self._checks.reduces(candidate)
        self._checks.exit_price(candidate)
        self._checks.may_rest(candidate)
        self._checks.affordable(candidate)

    def _admit(self, candidate: Candidate, *, whole: bool) -> None:
        """A close of the whole position may be smaller than the smallest order."""
        small = whole and abs(candidate.size) < candidate.room.instrument.min_size
        if not small:
            check_grid(candidate.room, candidate.size, candidate.price)
        self.admit(candidate)

    def _resolve(self, account: Account, ticket: Ticket) -> tuple[Position, Decimal]:
        """The position or leg an order acts on, and its signed size."""
        if not account.dual:
            if ticket.auto_size:
                raise GateFault("INVALID_PARAM_VALUE", "auto_size is for dual mode only")
            position = self._state.legs(account, ticket.contract)[0]
            return position, self._full(position) if ticket.close else ticket.size
        if ticket.close:
            raise GateFault("POSITION_DUAL_MODE", "use auto_size to close in dual mode")
        if ticket.auto_size:
            if not ticket.reduce_only:
                raise GateFault("INVALID_PARAM_VALUE", "auto_size needs reduce_only")
            leg = Leg.LONG if ticket.auto_size == AutoSize.CLOSE_LONG else Leg.SHORT
            position = self._leg(account, ticket.contract, leg)
            return position, self._full(position)
        leg = leg_of(True, ticket.size, reduce_only=ticket.reduce_only)
        return self._leg(account, ticket.contract, leg), ticket.size

    def _full(self, position: Position) -> Decimal:
        if position.size.is_zero():
            raise GateFault("POSITION_EMPTY", "there is no position to close")
        return -position.size

    def _leg(self, account: Account, contract: str, leg: Leg) -> Position:
        return self._state.position(account.uid, account.settle, contract, leg)

    def _candidate(
        self,
        account: Account,
        room: Room,
        position: Position,
        size: Decimal,
        ticket: Ticket,
        reduce_only: bool,
    ) -> Candidate:
        return Candidate(
            account=account,
            room=room,
            position=position,
            size=size,
            price=ticket.price,
            limit=self.limit_of(room, position, size, ticket.price, ticket.slip_ratio),
            tif=ticket.tif,
            reduce_only=reduce_only,
        )

    def _order(self, candidate: Candidate, ticket: Ticket, now_ms: int) -> Order:
        rules = candidate.room.instrument
        return Order(
            id=self._state.world.next_id(),
            uid=candidate.account.uid,
            settle=candidate.account.settle,
            contract=ticket.contract,
            leg=candidate.position.leg,
            size=candidate.size,
            price=ticket.price,
            tif=ticket.tif,
            text=ticket.text,
            taker_rate=rules.taker_fee,
            maker_rate=rules.maker_fee,
            create_ms=now_ms,
            update_ms=now_ms,
            iceberg=ticket.iceberg,
            reduce_only=candidate.reduce_only,
            close=ticket.close or bool(ticket.auto_size),
            auto_size=ticket.auto_size,
            slip_ratio=ticket.slip_ratio,
        )

    def _next_size(self, order: Order, room: Room) -> Decimal:
        """One maker at a time: every fill may change what else may be filled."""
        maker = room.book.front(order.side)
        size = order.left if maker is None else min(order.left, maker.left)
        if not order.reduce_only:
            return size
        position = self._state.position(order.uid, order.settle, order.contract, order.leg)
        held = position.size * order.side.sign
        return min(size, max(-held, ZERO))
