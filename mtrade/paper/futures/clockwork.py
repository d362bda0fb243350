"""What happens by itself when prices move or time passes: funding and liquidation."""

from __future__ import annotations

from decimal import Decimal

from mtrade.domain.instruments import InstrumentId, Market
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import TimeInForce
from mtrade.paper import margin
from mtrade.paper.futures.entities import Account, FinishAs, Order, Position
from mtrade.paper.futures.exposure import Exposure
from mtrade.paper.futures.history import Flow, Liquidated
from mtrade.paper.futures.keeper import Keeper
from mtrade.paper.futures.pushes import Pushes
from mtrade.paper.futures.settlement import Settlement
from mtrade.paper.futures.state import State
from mtrade.paper.futures.wallets import Wallets
from mtrade.paper.room import Room
from mtrade.paper.world import HOUSE


class Funding:
    """Pays funding on open positions; the house is the other end of every payment."""

    def __init__(
        self,
        state: State,
        exposure: Exposure,
        wallets: Wallets,
        settlement: Settlement,
        pushes: Pushes,
    ) -> None:
        self._state = state
        self._exposure = exposure
        self._wallets = wallets
        self._settlement = settlement
        self._pushes = pushes
        self._settled: dict[InstrumentId, int] = {}

    def settle_due(self, now_ms: int) -> None:
        """Settle each contract once per funding time that has come."""
        for room in list(self._state.world.rooms.values()):
            due_ms = room.funding_next_ms
            if room.id.market is not Market.FUTURES or not 0 < due_ms <= now_ms:
                continue
            if self._settled.get(room.id) != due_ms:
                self._settled[room.id] = due_ms
                self._settle(room, now_ms)

    def _settle(self, room: Room, now_ms: int) -> None:
        key = room.id
        for account in self._state.owners(key.settle):
            if account.uid == HOUSE:
                continue
            for position in self._state.running(account.uid, key.settle):
                if position.contract == key.name:
                    self._pay(account, position, room, now_ms)

    def _pay(self, account: Account, position: Position, room: Room, now_ms: int) -> None:
        change = margin.funding(room.instrument, position.size, room.mark, room.funding_rate)
        if change < 0:
            change = -self._debit(account, position, -change)
        row = self._wallets.flow(
            account,
            Flow.FUNDING,
            change,
            now_ms,
            note=position.contract,
            contract=position.contract,
        )
        self._wallets.house(account.settle, Flow.FUNDING, -change, now_ms)
        position.pnl_fund += change
        self._settlement.touched(position, now_ms)
        self._pushes.balance(row)

    def _debit(self, account: Account, position: Position, owed: Decimal) -> Decimal:
        """What can be taken. When the wallet is empty the position's own margin pays."""
        spare = max(account.total - self._exposure.isolated_margin(account), ZERO)
        from_margin = min(max(owed - spare, ZERO), position.margin)
        position.margin -= from_margin
        return min(owed, spare + from_margin)


class Liquidation:
    """Closes what can no longer carry itself, at mark prices, into the insurance fund."""

    def __init__(
        self,
        state: State,
        exposure: Exposure,
        settlement: Settlement,
        keeper: Keeper,
        pushes: Pushes,
    ) -> None:
        self._state = state
        self._exposure = exposure
        self._settlement = settlement
        self._keeper = keeper
        self._pushes = pushes

    def run(self, now_ms: int) -> None:
        """Look at every account."""
        for account in list(self._state.accounts.rows.values()):
            if account.uid != HOUSE and self._state.running(account.uid, account.settle):
                self._isolated(account, now_ms)
                self._cross(account, now_ms)

    def force(self, uid: int, settle: str, contract: str, now_ms: int) -> None:
        """Take over the positions of one contract, healthy or not."""
        for position in self._state.running(uid, settle):
            if position.contract == contract:
                cross = None if position.cross else self._exposure.bankruptcy_price(position)
                self._take_over(position, cross, now_ms)

    def _isolated(self, account: Account, now_ms: int) -> None:
        for position in self._state.running(account.uid, account.settle):
            if position.cross:
                continue
            equity = position.margin + self._exposure.unrealised(position)
            if equity <= self._exposure.maintenance(position):
                price = self._exposure.bankruptcy_price(position)
                self._take_over(position, price, now_ms)

    def _cross(self, account: Account, now_ms: int) -> None:
        """The pool falls as a whole; what is left of it is shared by position value."""
        crossed = self._exposure.cross(account)
        pool = self._exposure.pool(account)
        required = sum((self._exposure.maintenance(p) for p in crossed), ZERO)
        if not crossed or pool > required:
            return
        for resting in self._state.open_orders(account.uid, account.settle):
            self._keeper.finish(resting, FinishAs.LIQUIDATED, now_ms)
        values = {id(p): self._exposure.value(p) for p in crossed}
        total = sum(values.values(), ZERO)
        # Gains first, so that they are there to pay the losses.
        for position in sorted(crossed, key=self._exposure.unrealised, reverse=True):
            share = pool * values[id(position)] / total
            rules = self._exposure.room(position).instrument
            gained = self._exposure.unrealised(position) - share
            price = margin.price_for_profit(rules, position.size, position.entry, gained)
            self._take_over(position, price, now_ms)

    def _take_over(self, position: Position, price: Decimal | None, now_ms: int) -> None:
        uid, settle, contract = position.uid, position.settle, position.contract
        for resting in self._state.open_orders(uid, settle, contract):
            self._keeper.finish(resting, FinishAs.LIQUIDATED, now_ms)
        room = self._exposure.room(position)
        price = room.mark if price is None else price
        order = self._order(position, price, now_ms)
        row = self._row(position, room, order)
        self._state.add_order(order)
        self._settlement.take_over(room, order, price, now_ms)
        self._state.liquidations.add(row)
        self._pushes.liquidation(row)

    def _order(self, position: Position, price: Decimal, now_ms: int) -> Order:
        number = self._state.world.next_id()
        return Order(
            id=number,
            uid=position.uid,
            settle=position.settle,
            contract=position.contract,
            leg=position.leg,
            size=-position.size,
            price=price,
            tif=TimeInForce.IOC,
            text=f"liq-{number}",
            taker_rate=ZERO,
            maker_rate=ZERO,
            create_ms=now_ms,
            update_ms=now_ms,
            reduce_only=True,
            close=True,
            is_liq=True,
        )

    def _row(self, position: Position, room: Room, order: Order) -> Liquidated:
        return Liquidated(
            id=self._state.world.next_id(),
            uid=position.uid,
            settle=position.settle,
            contract=position.contract,
            time_ms=order.create_ms,
            leverage=position.leverage,
            size=position.size,
            margin=position.margin,
            entry=position.entry,
            liq_price=self._exposure.liquidation_price(position) or ZERO,
            mark=room.mark,
            order_id=order.id,
            price=order.price,
        )
