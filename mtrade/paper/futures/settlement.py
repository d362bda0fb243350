"""Turns matches into money: positions, wallets, trades, history, pushes.

Conservation: what a trader gains or pays has another end at the other trader or at the house, so
the sum of wallets and unrealised profit over all users changes only by deposits, and the positions
of a contract sum to zero. An isolated position never loses more than its margin, the cross pool
never more than itself: the house, as insurance fund, bears the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mtrade.domain.instruments import Side
from mtrade.domain.numbers import ZERO
from mtrade.domain.positions import Leg
from mtrade.paper import margin
from mtrade.paper.futures import positions
from mtrade.paper.futures.entities import FinishAs, Order, Position
from mtrade.paper.futures.exposure import Exposure
from mtrade.paper.futures.history import Close, Flow, LedgerRow, Snapshot, Trade
from mtrade.paper.futures.keeper import Keeper
from mtrade.paper.futures.pushes import Pushes
from mtrade.paper.futures.state import State
from mtrade.paper.futures.wallets import Wallets
from mtrade.paper.matching import Match
from mtrade.paper.room import Room
from mtrade.paper.world import HOUSE


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One side of a match. `rate` is the fee rate; `size` is unsigned."""

    trade_id: int
    size: Decimal
    price: Decimal
    role: str
    rate: Decimal
    now_ms: int


@dataclass(slots=True)
class _Outcome:
    """What a fill did to a position."""

    closed: Decimal = ZERO
    profit: Decimal = ZERO
    fee: Decimal = ZERO
    close: Close | None = None


class Settlement:
    """Books every match, both sides of it."""

    def __init__(
        self,
        state: State,
        exposure: Exposure,
        wallets: Wallets,
        keeper: Keeper,
        pushes: Pushes,
    ) -> None:
        self._state = state
        self._exposure = exposure
        self._wallets = wallets
        self._keeper = keeper
        self._pushes = pushes

    def match(self, room: Room, taker: Order | None, side: Side, match: Match, now_ms: int) -> None:
        """Book a match of a taker of `side`; None is the house."""
        trade_id = self._state.world.next_id()
        room.trade(trade_id, side, match.price, match.size, now_ms=now_ms)
        maker = self._state.orders.rows.get(str(match.maker_id))
        if taker is None and maker is None:
            return
        for order, role, sign in ((taker, "taker", side.sign), (maker, "maker", -side.sign)):
            if order is None:
                self._house(room, match.size * sign, match.price, now_ms)
                continue
            rate = order.taker_rate if role == "taker" else order.maker_rate
            self.fill(
                order,
                Fill(
                    trade_id=trade_id,
                    size=match.size,
                    price=match.price,
                    role=role,
                    rate=rate,
                    now_ms=now_ms,
                ),
            )

    def take_over(self, room: Room, order: Order, price: Decimal, now_ms: int) -> None:
        """The insurance fund fills a liquidation order completely at `price`, without a fee."""
        trade_id = self._state.world.next_id()
        size = order.left
        self._house(room, -size * order.side.sign, price, now_ms)
        self.fill(
            order,
            Fill(trade_id=trade_id, size=size, price=price, role="taker", rate=ZERO, now_ms=now_ms),
        )

    def fill(self, order: Order, fill: Fill) -> None:
        """Book one side of a match for a user's order."""
        room = self._state.room_of(order.instrument)
        position = self._state.position(order.uid, order.settle, order.contract, order.leg)
        was_long = position.size > 0
        done = self._move(position, room, order, fill)
        self._order(order, room, fill)
        rows = self._money(order, fill, done)
        trade = self._trade(order, room, fill, done)
        self.touched(position, fill.now_ms)
        if done.close:
            self._state.closes.add(done.close)
            self._pushes.close(done.close)
        self._pushes.trade(trade)
        self._pushes.order(order)
        for row in rows:
            self._pushes.balance(row)
        self._keeper.fit(position, fill.now_ms)
        if done.close:
            self._keeper.untie(position, was_long, fill.now_ms)

    def touched(self, position: Position, now_ms: int) -> None:
        """Note a change of a position: number it, remember it, push it."""
        position.update_id += 1
        position.update_ms = now_ms
        self._state.positions.put(position)
        if position.uid != HOUSE:
            self._state.snapshots.add(self._snapshot(position, now_ms))
            self._pushes.position(position)

    def _move(self, position: Position, room: Room, order: Order, fill: Fill) -> _Outcome:
        """Change the position: the closing part first, then the opening part."""
        rules, sign = room.instrument, order.side.sign
        parts = positions.split(position, fill.size * sign)
        done = _Outcome(closed=parts.closing)
        if parts.closing:
            self._close_part(position, room, parts.closing, fill, done)
        if position.size.is_zero() and parts.closing:
            done.close = self._flat(position, room, order, fill)
        if parts.opening:
            cost = margin.fee(rules, parts.opening, fill.price, fill.rate)
            positions.add(position, rules, parts.opening * sign, fill.price, fill.now_ms)
            position.pnl_fee -= cost
            done.fee += cost
            self._fit_wallet(position, done)
        return done

    def _fit_wallet(self, position: Position, done: _Outcome) -> None:
        """Losses may have eaten what an order had reserved: then it opens with less margin."""
        account = self._state.account(position.uid, position.settle)
        free = account.total + done.profit - self._exposure.isolated_margin(account)
        short = max(done.fee - free, ZERO)
        from_margin = min(short, position.margin)
        position.margin -= from_margin
        waived = min(short - from_margin, max(done.fee, ZERO))
        position.pnl_fee += waived
        done.fee -= waived

    def _close_part(
        self, position: Position, room: Room, closing: Decimal, fill: Fill, done: _Outcome
    ) -> None:
        rules = room.instrument
        can_lose = self._can_lose(position, closing)
        made = positions.reduce(position, rules, closing, fill.price)
        kept = max(made, -can_lose)
        cost = margin.fee(rules, closing, fill.price, fill.rate)
        cost = min(cost, can_lose + kept)
        self._wallets.house(position.settle, Flow.PROFIT, made - kept, fill.now_ms)
        position.pnl_pnl += kept
        position.pnl_fee -= cost
        done.profit, done.fee = kept, cost

    def _can_lose(self, position: Position, closing: Decimal) -> Decimal:
        if not position.cross:
            return positions.margin_share(position, closing)
        account = self._state.account(position.uid, position.settle)
        return max(account.total - self._exposure.isolated_margin(account), ZERO)

    def _flat(self, position: Position, room: Room, order: Order, fill: Fill) -> Close:
        row = Close(
            id=self._state.world.next_id(),
            uid=position.uid,
            settle=position.settle,
            contract=position.contract,
            leg=position.leg,
            time_ms=fill.now_ms,
            long=order.side is Side.SELL,
            pnl=position.realised,
            pnl_pnl=position.pnl_pnl,
            pnl_fee=position.pnl_fee,
            pnl_fund=position.pnl_fund,
            text=order.text,
            max_size=position.max_size,
            accum_size=position.closed_size,
            open_ms=position.open_ms,
            entry=position.entry,
            exit=positions.exit_price(position, room.instrument),
        )
        positions.settle_flat(position)
        return row

    def _order(self, order: Order, room: Room, fill: Fill) -> None:
        order.filled += fill.size
        order.worth += margin.worth(room.instrument, fill.size, fill.price)
        if order.left.is_zero():
            reason = FinishAs.LIQUIDATED if order.is_liq else FinishAs.FILLED
            self._keeper.end(order, reason, fill.now_ms)
        else:
            self._keeper.touch(order, fill.now_ms)

    def _money(self, order: Order, fill: Fill, done: _Outcome) -> list[LedgerRow | None]:
        account = self._state.account(order.uid, order.settle)
        flows = ((Flow.PROFIT, done.profit), (Flow.FEE, -done.fee))
        rows = [
            self._wallets.flow(
                account,
                kind,
                change,
                fill.now_ms,
                note=f"{order.contract}:{order.id}",
                contract=order.contract,
                trade_id=fill.trade_id,
            )
            for kind, change in flows
        ]
        self._wallets.house(order.settle, Flow.FEE, done.fee, fill.now_ms)
        return rows

    def _trade(self, order: Order, room: Room, fill: Fill, done: _Outcome) -> Trade:
        sign = order.side.sign
        trade = Trade(
            id=fill.trade_id,
            uid=order.uid,
            settle=order.settle,
            contract=order.contract,
            order_id=order.id,
            size=fill.size * sign,
            close_size=done.closed * sign,
            price=fill.price,
            role=fill.role,
            text=order.text,
            fee=done.fee,
            value=margin.worth(room.instrument, fill.size, fill.price),
            time_ms=fill.now_ms,
        )
        self._state.trades.add(trade)
        return trade

    def _house(self, room: Room, signed: Decimal, price: Decimal, now_ms: int) -> None:
        """The house's side: a position like any other, without margin or fee."""
        key = room.id
        position = self._state.position(HOUSE, key.settle, key.name, Leg.NET)
        parts = positions.split(position, signed)
        if parts.closing:
            made = positions.reduce(position, room.instrument, parts.closing, price)
            position.pnl_pnl += made
            self._wallets.house(key.settle, Flow.PROFIT, made, now_ms)
            if position.size.is_zero():
                positions.settle_flat(position)
        if parts.opening:
            opened = parts.opening * (1 if signed > 0 else -1)
            positions.add(position, room.instrument, opened, price, now_ms)
        self.touched(position, now_ms)

    def _snapshot(self, position: Position, now_ms: int) -> Snapshot:
        return Snapshot(
            id=self._state.world.next_id(),
            uid=position.uid,
            settle=position.settle,
            contract=position.contract,
            leg=position.leg,
            time_ms=now_ms,
            size=position.size,
            entry=position.entry,
            margin=position.margin,
            leverage=position.leverage,
            cross_limit=position.cross_limit,
            liq_price=self._exposure.liquidation_price(position) or ZERO,
            realised=position.realised,
            history_pnl=position.history_pnl,
            last_close_pnl=position.last_close_pnl,
        )
