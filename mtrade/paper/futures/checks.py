"""The rules an order must pass before it may touch the book, and Gate's label for each."""

from __future__ import annotations

from copy import copy
from decimal import Decimal
from typing import NamedTuple

from mtrade.domain.instruments import Side
from mtrade.domain.market import sweep
from mtrade.domain.numbers import ONE, ZERO, is_multiple, text
from mtrade.domain.orders import TimeInForce
from mtrade.paper import margin
from mtrade.paper.faults import GateFault
from mtrade.paper.fields import wrong
from mtrade.paper.futures import positions
from mtrade.paper.futures.entities import Account, Position
from mtrade.paper.futures.exposure import Exposure, Part
from mtrade.paper.futures.state import State
from mtrade.paper.room import Room

_DEPTH = 1000


class Candidate(NamedTuple):
    """An order about to match or rest: `size` is what is still to fill, signed.

    `limit` is the worst price it accepts: its own, or the protection of a market order. `replaces`
    is the id of the open order it is the new form of.
    """

    account: Account
    room: Room
    position: Position
    size: Decimal
    price: Decimal
    limit: Decimal
    tif: TimeInForce
    reduce_only: bool
    replaces: int = 0

    @property
    def side(self) -> Side:
        return Side.BUY if self.size > 0 else Side.SELL


def check_grid(room: Room, size: Decimal, price: Decimal) -> None:
    """Steps, minimum, maximum, and the band around mark."""
    rules = room.instrument
    amount = abs(size)
    if not is_multiple(amount, rules.size_step):
        raise GateFault("INVALID_PARAM_VALUE", f"size step is {text(rules.size_step)}")
    if amount < rules.min_size:
        raise GateFault("SIZE_TOO_SMALL", f"minimum size is {text(rules.min_size)}")
    most = rules.market_max_size if price.is_zero() else None
    for limit in (rules.max_size, most):
        if limit and amount > limit:
            raise GateFault("SIZE_TOO_LARGE", f"maximum size is {text(limit)}")
    check_price(room, price)


def check_price(room: Room, price: Decimal) -> None:
    """Tick and band; a market order (zero) has neither."""
    rules = room.instrument
    if price.is_zero():
        return
    if price < 0 or not is_multiple(price, rules.price_step):
        raise wrong("price")
    if rules.price_deviation and abs(price - room.mark) > room.mark * rules.price_deviation:
        raise GateFault(
            "PRICE_TOO_DEVIATED",
            f"price is over {text(rules.price_deviation)} away from mark {text(room.mark)}",
        )


def protection(room: Room, side: Side, slip_ratio: Decimal) -> Decimal:
    """The worst price a market order accepts: its slip ratio, or the contract's, around mark."""
    rules = room.instrument
    ratio = slip_ratio or room.listing.market_slip_ratio or rules.price_deviation or ONE
    return room.mark * max(ONE + ratio * side.sign, ZERO)


class Checks:
    """Checks that need the account."""

    def __init__(self, state: State, exposure: Exposure) -> None:
        self._state = state
        self._exposure = exposure

    def may_rest(self, candidate: Candidate) -> None:
        """Post-only must not cross, fill-or-kill must find everything, orders are limited."""
        book, account = candidate.room.book, candidate.account
        side, limit = candidate.side, candidate.limit
        if candidate.tif is TimeInForce.POC and book.crosses(side, limit):
            raise GateFault("ORDER_POC_IMMEDIATE", "a post-only order would match at once")
        if candidate.tif is TimeInForce.FOK and book.available(side, limit) < abs(candidate.size):
            raise GateFault("ORDER_FOK", "the order cannot be filled at once in full")
        if candidate.tif in (TimeInForce.GTC, TimeInForce.POC) and not candidate.replaces:
            contract = candidate.position.contract
            orders = self._state.open_orders(account.uid, account.settle, contract)
            if len(orders) >= candidate.room.listing.orders_limit:
                raise GateFault("TOO_MANY_ORDERS", f"{len(orders)} orders are open already")

    def reduces(self, candidate: Candidate) -> None:
        """A reduce-only order needs something to reduce, and not less than its size."""
        held = candidate.position.size
        if held.is_zero():
            raise GateFault("POSITION_EMPTY", "there is no position to reduce")
        if held * candidate.size > 0:
            raise GateFault("INCREASE_POSITION", "a reduce-only order would increase the position")
        if abs(candidate.size) > abs(held):
            raise GateFault("REDUCE_EXCEEDED", f"the position is only {text(held)}")

    def exit_price(self, candidate: Candidate) -> None:
        """A closing limit must not lie beyond liquidation or bankruptcy."""
        position, price = candidate.position, candidate.price
        closing = positions.split(position, candidate.size).closing
        if not closing or position.cross or price.is_zero():
            return
        bankrupt = self._exposure.bankruptcy_price(position)
        liquidation = self._exposure.liquidation_price(position)
        sign = 1 if position.size > 0 else -1
        if bankrupt is not None and (price - bankrupt) * sign < 0:
            raise GateFault("PRICE_OVER_BANKRUPT", f"bankruptcy is at {_short(bankrupt)}")
        if liquidation is not None and (price - liquidation) * sign < 0:
            raise GateFault("PRICE_OVER_LIQUIDATION", f"liquidation is at {_short(liquidation)}")

    def affordable(self, candidate: Candidate) -> None:
        """Risk limit, money, and that the fill would not be liquidated at once."""
        if candidate.reduce_only:
            return
        self._risk_limit(candidate)
        now, later = self._parts(candidate)
        parts = [part for part in (now, later) if part is not None]
        if parts:
            self._money(candidate, parts)
        if now is not None:
            self._survives(candidate, now)

    def _risk_limit(self, candidate: Candidate) -> None:
        position, room = candidate.position, candidate.room
        account, sign = candidate.account, candidate.side.sign
        orders = self._state.open_orders(account.uid, account.settle, position.contract)
        same = (
            order.left
            for order in orders
            if order.side is candidate.side
            and not order.reduce_only
            and order.id != candidate.replaces
        )
        held = position.size * sign
        total = held + abs(candidate.size) + sum(same, ZERO)
        if total <= abs(position.size) and held <= 0:
            return
        value = margin.worth(room.instrument, total, room.mark)
        lever = position.leverage or position.cross_limit or room.instrument.leverage_min
        most = margin.most_value(room.listing.tiers, lever)
        if value > most:
            raise GateFault(
                "RISK_LIMIT_EXCEEDED",
                f"at leverage {text(lever)} the position may be worth {text(most)}",
            )

    def _parts(self, candidate: Candidate) -> tuple[Part | None, Part | None]:
        """What would fill at once, at its average price, and what would rest."""
        side, size, limit = candidate.side, abs(candidate.size), candidate.limit
        book = candidate.room.book
        best = book.best(side.opposite)
        crosses = best is not None and (limit - best) * side.sign >= 0
        levels = book.levels(side.opposite, _DEPTH) if crosses else []
        reached = tuple(level for level in levels if (limit - level.price) * side.sign >= 0)
        found = sweep(reached, size)
        filled = found.filled if found else ZERO
        now = Part(side, filled, found.average) if found else None
        rests = candidate.tif in (TimeInForce.GTC, TimeInForce.POC) and filled < size
        return now, Part(side, size - filled, candidate.price) if rests else None

    def _money(self, candidate: Candidate, parts: list[Part]) -> None:
        account, contract = candidate.account, candidate.position.contract
        before = self._exposure.contract_margin(account, contract)
        after = self._exposure.contract_margin(account, contract, parts, candidate.replaces)
        need = after - before
        if need > 0 and need > self._exposure.available(account):
            raise GateFault("INSUFFICIENT_AVAILABLE", "not enough available balance for the order")

    def _survives(self, candidate: Candidate, part: Part) -> None:
        room, before = candidate.room, candidate.position
        after = copy(before)
        signed = part.size * part.side.sign
        parts = positions.split(before, signed)
        if not parts.opening:
            return
        gained = ZERO
        if parts.closing:
            gained = positions.reduce(after, room.instrument, parts.closing, part.price)
        opened = parts.opening * part.side.sign
        positions.add(after, room.instrument, opened, part.price, 0)
        required = self._exposure.maintenance(after)
        equity = after.margin + self._exposure.unrealised(after)
        if after.cross:
            pool = self._exposure.pool(candidate.account) - self._exposure.unrealised(before)
            cost = margin.fee(room.instrument, signed, part.price, room.instrument.taker_fee)
            equity += pool + gained - cost
            crossed = self._exposure.cross(candidate.account)
            others = (p for p in crossed if p is not before)
            required += sum((self._exposure.maintenance(p) for p in others), ZERO)
        if equity <= required:
            raise GateFault("LIQUIDATE_IMMEDIATELY", "the position would be liquidated at once")


def _short(price: Decimal) -> str:
    return text(price.quantize(Decimal("1e-8")))
