"""From a wish to an order: reads what the decision needs, converts sizes, runs the risk gates.

Runs in the caller's thread, because it reads from the exchange; decides nothing that lasts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from mtrade.domain.accounts import Account, PositionMode
from mtrade.domain.errors import Conflict, InvalidRequest, OrderDenied
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import InstrumentId, Market, Side
from mtrade.domain.market import Book
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import OrderRequest, OrderType, TimeInForce, VenueOrder
from mtrade.domain.positions import Leg, Position
from mtrade.domain.risk import RiskLimits, check_leverage, check_order, is_reducing
from mtrade.domain.sizing import SizeUnit, SizingFacts, order_size
from mtrade.trading.accounts import AccountManager
from mtrade.trading.scene import Scene
from mtrade.trading.shapes import (
    check_protection,
    check_rules,
    check_shape,
    closing,
    full_close,
    price_of,
    protective,
    tif_of,
)
from mtrade.trading.state import LiveState
from mtrade.trading.wishes import CloseWish, OrderWish, ProtectWish

BOOK_LEVELS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An order that may be sent, still without its text, and what was true when it was planned."""

    account: Account
    order: OrderRequest
    leg: Leg | None
    plan_position: Decimal | None = None
    protection: tuple[OrderRequest, ...] = ()


class Planner:
    """Turns wishes into plans. Raises InvalidRequest, OrderDenied, Conflict, ExchangeError."""

    def __init__(
        self, accounts: AccountManager, state: LiveState, limits: Callable[[], RiskLimits]
    ) -> None:
        self._accounts = accounts
        self._state = state
        self._limits = limits

    def scene(self, account_id: str, wanted: InstrumentId, *, book: bool = True) -> Scene:
        """Read rules, position and, unless nothing depends on prices, book of one instrument."""
        account = self._accounts.get(account_id)
        instrument = self._state.instrument(account.network, wanted)
        rows: tuple[Position, ...] = ()
        mode = PositionMode.SINGLE
        if wanted.market is Market.FUTURES:
            mode = self._state.position_mode(account.id, wanted.settle)
            if mode is PositionMode.SPLIT:
                raise Conflict(
                    "this account uses split positions; switch it to one-way or hedge on Gate",
                    code="split_mode",
                )
            rows = self._state.contract_settings(account.id, wanted)
        prices = Book(instrument=wanted, bids=(), asks=(), time_ms=0)
        if book:
            prices = self._state.book(account.network, wanted, BOOK_LEVELS).value
        return Scene(account=account, instrument=instrument, book=prices, rows=rows, mode=mode)

    def plan(self, wish: OrderWish) -> Plan:
        """The order a wish means, checked against rules and limits."""
        scene = self.scene(wish.account_id, wish.instrument)
        if not wish.reduce_only and not wish.close:
            self._accounts.check_network(scene.account.network)
        order = self.order(wish, scene)
        self.check(order, scene, wish)
        leg = scene.leg_for(wish.side, reduce_only=wish.reduce_only or wish.close)
        position = scene.position(leg)
        return Plan(
            account=scene.account,
            order=order,
            leg=leg,
            plan_position=position.size if position else (ZERO if leg else None),
            protection=self._protection(wish, scene, order),
        )

    def order(self, wish: OrderWish, scene: Scene) -> OrderRequest:
        """Convert sizes and prices; no gate is run here."""
        check_shape(wish)
        if wish.close:
            return closing(wish, scene)
        size = order_size(
            wish.size,
            wish.unit,
            scene.instrument,
            wish.side,
            wish.type,
            self.facts(wish, scene),
            reduce_only=wish.reduce_only,
        )
        order = OrderRequest(
            instrument=wish.instrument,
            side=wish.side,
            type=wish.type,
            size=size,
            text="",
            price=price_of(wish, scene.instrument),
            tif=tif_of(wish),
            reduce_only=wish.reduce_only,
            trigger=wish.trigger,
        )
        check_rules(order, scene.instrument)
        return order

    def check(self, order: OrderRequest, scene: Scene, wish: OrderWish) -> None:
        """Run the risk gates; orders that can only shrink a position pass."""
        limits = self._limits()
        reducing = is_reducing(order)
        if wish.instrument.market is Market.FUTURES and not reducing:
            position = scene.position(scene.leg_for(wish.side, reduce_only=False))
            # Without a word in the ticket the entry is made with what the contract is set to.
            leverage = wish.leverage or (position.leverage if position else None)
            if leverage:
                check_leverage(leverage, scene.instrument, limits)
        check_order(order, scene.instrument, scene.book, limits, reducing=reducing)

    def check_amend(
        self, account: Account, present: VenueOrder, price: Decimal | None, size: Decimal | None
    ) -> bool:
        """Check an amendment; True when it cannot add risk, otherwise the gates have passed it."""
        if price is None and size is None:
            raise InvalidRequest("give a price or a size", fields={"price": "is missing"})
        rules = self._state.instrument(account.network, present.instrument)
        changed = OrderRequest(
            instrument=present.instrument,
            side=present.side,
            type=present.type,
            size=present.size if size is None else size,
            text=present.text,
            price=present.price if price is None else price,
            reduce_only=present.reduce_only,
            close=present.close,
        )
        check_rules(changed, rules)
        smaller = changed.size <= present.size and changed.price == present.price
        if smaller or is_reducing(changed):
            return True
        book = self._state.book(account.network, present.instrument, BOOK_LEVELS).value
        check_order(changed, rules, book, self._limits(), reducing=False)
        return False

    def facts(self, wish: OrderWish, scene: Scene) -> SizingFacts:
        """The numbers a size conversion needs, read only when the unit asks for them."""
        leg = scene.leg_for(wish.side, reduce_only=wish.reduce_only)
        position = scene.position(leg)
        price = wish.price if wish.type is OrderType.LIMIT else None
        touch = scene.book.side(wish.side)
        if wish.trigger is not None and price is None:
            price = wish.trigger.price
        elif price is None and touch:
            price = touch[0].price
        return SizingFacts(
            price=price,
            leverage=self._leverage(wish, scene, position),
            available=self._available(wish, scene) if wish.unit is SizeUnit.PERCENT else None,
            position=abs(position.size) if position else None,
            taker_fee=scene.instrument.taker_fee,
        )

    def close(self, wish: CloseWish) -> Plan:
        """The order that closes `percent` of a position; all of it at market is a full close."""
        scene = self.scene(wish.account_id, wish.instrument, book=False)
        position = scene.position(wish.leg)
        if position is None or position.size.is_zero():
            raise OrderDenied("there is no position to close", code="no_position")
        side = Side.SELL if position.size > 0 else Side.BUY
        base = OrderRequest(
            instrument=wish.instrument,
            side=side,
            type=OrderType.MARKET if wish.price is None else OrderType.LIMIT,
            size=ZERO,
            text="",
            price=wish.price and scene.instrument.conform_price(wish.price, side),
            tif=TimeInForce.IOC if wish.price is None else TimeInForce.GTC,
            reduce_only=True,
        )
        whole = wish.percent == 100
        if whole and wish.price is None:
            order = full_close(base, wish.leg)
        else:
            size = scene.instrument.conform_size(abs(position.size) * wish.percent / 100)
            order = replace(base, size=abs(position.size) if whole else size)
            check_rules(order, scene.instrument)
        return Plan(account=scene.account, order=order, leg=wish.leg, plan_position=position.size)

    def protect(self, wish: ProtectWish) -> tuple[Plan, ...]:
        """Take profit and stop loss for an open position, each a position-wide trigger."""
        scene = self.scene(wish.account_id, wish.instrument, book=False)
        position = scene.position(wish.leg)
        if position is None or position.size.is_zero():
            raise OrderDenied("there is no position to protect", code="no_position")
        long = position.size > 0
        orders = protective(
            wish.instrument, wish.leg, wish.take_profit, wish.stop_loss, scene, long=long
        )
        if not orders:
            raise InvalidRequest(
                "give a take profit or a stop loss", fields={"take_profit": "is missing"}
            )
        return tuple(
            Plan(account=scene.account, order=o, leg=wish.leg, plan_position=position.size)
            for o in orders
        )

    def _protection(
        self, wish: OrderWish, scene: Scene, order: OrderRequest
    ) -> tuple[OrderRequest, ...]:
        if wish.take_profit is None and wish.stop_loss is None:
            return ()
        leg = scene.leg_for(wish.side, reduce_only=wish.reduce_only)
        if leg is None or wish.reduce_only or wish.trigger is not None or order.close:
            raise InvalidRequest(
                "take profit and stop loss belong to an order that opens a futures position",
                fields={"take_profit": "only with an order that opens a futures position"},
            )
        check_protection(wish, leg, scene, order)
        long = wish.side is Side.BUY
        return protective(wish.instrument, leg, wish.take_profit, wish.stop_loss, scene, long=long)

    def _leverage(self, wish: OrderWish, scene: Scene, position: Position | None) -> Decimal | None:
        if wish.leverage is not None:
            return wish.leverage
        if position is None or position.leverage.is_zero():
            return scene.instrument.leverage_max
        return position.leverage

    def _available(self, wish: OrderWish, scene: Scene) -> Decimal:
        instrument = scene.instrument
        if instrument.id.market is Market.FUTURES:
            return self._state.futures_account(
                scene.account.id, instrument.id.settle
            ).account.available
        currency = instrument.quote if wish.side is Side.BUY else instrument.base
        return self._state.spot_balance(scene.account.id, currency).available
