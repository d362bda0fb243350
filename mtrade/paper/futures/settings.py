"""Leverage, margin mode, margin and position mode of an account."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from mtrade.domain.numbers import ZERO, text
from mtrade.domain.positions import Leg
from mtrade.paper import margin
from mtrade.paper.faults import GateFault
from mtrade.paper.fields import wrong
from mtrade.paper.futures.entities import Account, Position
from mtrade.paper.futures.exposure import Exposure
from mtrade.paper.futures.settlement import Settlement
from mtrade.paper.futures.state import State
from mtrade.paper.room import Room


class Settings:
    """Changes what an account has chosen, if its positions and money allow it."""

    def __init__(self, state: State, exposure: Exposure, settlement: Settlement) -> None:
        self._state = state
        self._exposure = exposure
        self._settlement = settlement

    def leverage(
        self,
        legs: Iterable[Position],
        leverage: Decimal,
        cross_limit: Decimal,
        now_ms: int,
    ) -> None:
        """Isolated at `leverage`, or with 0 cross at `cross_limit` (0: the most there is).

        An open isolated position posts its margin anew. All legs change or none.
        """
        legs = tuple(legs)
        old = [(leg, leg.leverage, leg.cross_limit, leg.margin) for leg in legs]
        for leg in legs:
            self._check_leverage(leg, leverage, cross_limit)
        try:
            for leg in legs:
                self._apply(leg, leverage, cross_limit)
            for leg in legs:
                self._check_alive(leg)
        except GateFault:
            for leg, *values in old:
                leg.leverage, leg.cross_limit, leg.margin = values
            raise
        for leg in legs:
            self._settlement.touched(leg, now_ms)

    def cross_mode(self, legs: Iterable[Position], *, cross: bool, now_ms: int) -> None:
        """Switch the margin mode and keep the multiple."""
        for leg in tuple(legs):
            if leg.cross is cross:
                continue
            multiple = self._exposure.leverage(leg)
            chosen = (ZERO, multiple) if cross else (multiple, ZERO)
            self.leverage([leg], *chosen, now_ms)

    def margin(self, position: Position, change: Decimal, now_ms: int) -> None:
        """Post more margin to an isolated position, or take some back."""
        if position.cross:
            raise GateFault("POSITION_CROSS_MARGIN", "a cross position has no margin of its own")
        if position.size.is_zero():
            raise GateFault("POSITION_EMPTY", "there is no position")
        account = self._state.account(position.uid, position.settle)
        if change > self._exposure.available(account) and change > 0:
            raise GateFault("INSUFFICIENT_AVAILABLE", "not enough available balance")
        if change < 0:
            left = position.margin + change
            equity = left + self._exposure.unrealised(position)
            floor = max(self._exposure.initial(position), ZERO)
            if left < floor or equity <= self._exposure.maintenance(position):
                raise GateFault("REMOVE_TOO_MUCH", f"at least {text(floor)} must stay")
        position.margin += change
        self._settlement.touched(position, now_ms)

    def dual_mode(self, account: Account, *, dual: bool) -> None:
        """Switch between one-way and hedge mode; only without positions and orders."""
        if account.dual is dual:
            raise GateFault("NO_CHANGE", "the position mode is already that")
        if self._state.running(account.uid, account.settle):
            raise GateFault("POSITION_HOLDING", "close all positions first")
        if self._state.open_orders(account.uid, account.settle):
            raise GateFault("ORDER_PENDING", "cancel all orders first")
        account.dual = dual
        account.update_id += 1
        self._state.accounts.put(account)

    def one(self, account: Account, contract: str) -> Position:
        """The net position; POSITION_DUAL_MODE when the account hedges."""
        self._state.room(account.settle, contract)
        if account.dual:
            raise GateFault("POSITION_DUAL_MODE", "use the dual_comp calls in dual mode")
        return self._state.legs(account, contract)[0]

    def leg(self, account: Account, contract: str, side: str) -> Position:
        """A hedge leg by its name, or the net position of an account that does not hedge."""
        legs = self._state.legs(account, contract)
        if not account.dual:
            return legs[0]
        if side not in (Leg.LONG, Leg.SHORT):
            raise wrong("dual_side")
        return legs[0] if side == Leg.LONG else legs[1]

    def _apply(self, position: Position, leverage: Decimal, cross_limit: Decimal) -> None:
        position.leverage = leverage
        if leverage.is_zero():
            position.cross_limit = cross_limit
        posted = ZERO if position.cross else self._exposure.initial(position)
        position.margin = posted

    def _check_leverage(self, position: Position, leverage: Decimal, cross_limit: Decimal) -> None:
        room = self._exposure.room(position)
        multiple = leverage or cross_limit
        if multiple:
            _check_bounds(room, multiple)
        elif leverage < 0 or cross_limit < 0:
            raise wrong("leverage")
        orders = self._state.open_orders(position.uid, position.settle, position.contract)
        if position.cross is not leverage.is_zero() and orders:
            raise GateFault("ORDER_PENDING", "cancel the orders of the contract first")
        most = margin.most_value(room.listing.tiers, multiple or room.instrument.leverage_min)
        if self._exposure.value(position) > most:
            raise GateFault(
                "RISK_LIMIT_EXCEEDED", f"at this leverage a position is worth {text(most)} at most"
            )

    def _check_alive(self, position: Position) -> None:
        account = self._state.account(position.uid, position.settle)
        if self._exposure.available(account) < 0:
            raise GateFault("INSUFFICIENT_AVAILABLE", "not enough available balance")
        if position.size.is_zero():
            return
        equity = position.margin + self._exposure.unrealised(position)
        required = self._exposure.maintenance(position)
        if position.cross:
            equity = self._exposure.pool(account)
            crossed = self._exposure.cross(account)
            required = sum((self._exposure.maintenance(p) for p in crossed), ZERO)
        if equity <= required:
            raise GateFault("LIQUIDATE_IMMEDIATELY", "the position would be liquidated at once")


def _check_bounds(room: Room, multiple: Decimal) -> None:
    rules = room.instrument
    if multiple > rules.leverage_max:
        raise GateFault("LEVERAGE_TOO_HIGH", f"maximum is {text(rules.leverage_max)}")
    if multiple < rules.leverage_min:
        raise GateFault("LEVERAGE_TOO_LOW", f"minimum is {text(rules.leverage_min)}")
