"""Matches become trades: coins change hands, fees go to the house, orders learn what they got."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from mtrade.domain.instruments import Market, Side
from mtrade.domain.instruments import spot as pair_id
from mtrade.domain.numbers import ZERO
from mtrade.domain.orders import OrderType
from mtrade.paper.matching import Match
from mtrade.paper.room import Room
from mtrade.paper.spot import view
from mtrade.paper.spot.model import SpotOrder, SpotTrade
from mtrade.paper.spot.purse import Purse
from mtrade.paper.spot.records import Records
from mtrade.paper.world import HOUSE, Event, World


@dataclass(frozen=True, slots=True, kw_only=True)
class _Deal:
    """One match, as both sides see it."""

    trade_id: int
    room: Room
    price: Decimal
    size: Decimal
    now_ms: int

    @property
    def cost(self) -> Decimal:
        """Quote money of the match."""
        return self.price * self.size


class Settlement:
    """Executes takers against the book and books the result on both sides."""

    def __init__(self, world: World, purse: Purse, records: Records) -> None:
        self._world = world
        self._purse = purse
        self._records = records

    def execute(self, taker: SpotOrder, room: Room, limit: Decimal | None, now_ms: int) -> None:
        """Match `taker` up to `limit`, and settle every match."""
        matches = room.book.take(
            taker.side,
            size=None if taker.by_money else taker.left,
            budget=taker.left if taker.by_money else None,
            limit=limit,
            step=room.instrument.size_step,
            uid=taker.uid,
        )
        for match in matches:
            self._settle(taker, match, room, now_ms)

    def finish(self, order: SpotOrder, status: str, finish_as: str, now_ms: int) -> None:
        """End an order and give back what it still blocks."""
        rules = self._world.rooms[pair_id(order.pair)].instrument
        currency = rules.quote if order.side is Side.BUY else rules.base
        self._purse.unlock(order.uid, currency, order.locked, now_ms, "order-update")
        order.locked = ZERO
        order.status, order.finish_as, order.updated_ms = status, finish_as, now_ms
        self.announce(order, "finish")

    def announce(self, order: SpotOrder, event: str) -> None:
        """Record a change of an order and push it."""
        self._records.changed(order)
        rules = self._world.rooms[pair_id(order.pair)].instrument
        self._emit("orders", order, view.order_push(order, rules, event))

    def _settle(self, taker: SpotOrder, match: Match, room: Room, now_ms: int) -> None:
        deal = _Deal(
            trade_id=self._world.next_id(),
            room=room,
            price=match.price,
            size=match.size,
            now_ms=now_ms,
        )
        room.trade(deal.trade_id, taker.side, deal.price, deal.size, now_ms=now_ms)
        maker = self._records.orders.get(match.maker_id)
        if taker.uid == HOUSE:
            taker.left -= deal.size
            if maker is None:
                return  # the house among itself: a print on the tape, no coin moves
        self._party(taker, "taker", room.instrument.taker_fee, deal)
        if maker is None:
            self._house(taker.side.opposite, deal)
            return
        self._party(maker, "maker", room.instrument.maker_fee, deal)
        if match.maker_left.is_zero():
            self.finish(maker, "closed", "filled", now_ms)
        else:
            self.announce(maker, "update")

    def _party(self, order: SpotOrder, role: str, rate: Decimal, deal: _Deal) -> None:
        if order.uid == HOUSE:
            self._house(order.side, deal)
            return
        fee = self._swap(order, rate, deal)
        order.filled += deal.size
        order.total += deal.cost
        order.left -= deal.cost if order.by_money else deal.size
        order.fee += fee
        order.updated_ms = deal.now_ms
        self._record(order, role, fee, deal)

    def _swap(self, order: SpotOrder, rate: Decimal, deal: _Deal) -> Decimal:
        """Pay out of what is blocked, receive, pay the fee out of that; returns the fee."""
        rules, note = deal.room.instrument, f"{order.pair}:{order.id}"
        buys = order.side is Side.BUY
        pays, paid = (rules.quote, deal.cost) if buys else (rules.base, deal.size)
        gets, got = (rules.base, deal.size) if buys else (rules.quote, deal.cost)
        reserved = paid
        if buys and order.type is OrderType.LIMIT:
            reserved = order.price * deal.size
        uid, now_ms, purse = order.uid, deal.now_ms, self._purse
        purse.spend_locked(uid, pays, paid, now_ms, "order-match", note)
        purse.unlock(uid, pays, reserved - paid, now_ms, "order-match")
        order.locked -= reserved
        fee = got * rate
        purse.credit(uid, gets, got, now_ms, "order-match", note)
        purse.debit(uid, gets, fee, now_ms, "trade-fee-deduct", note)
        purse.credit(HOUSE, gets, fee, now_ms, "trade-fee-deduct")
        return fee

    def _house(self, side: Side, deal: _Deal) -> None:
        """The house's end of a match: no fee, no lock, no limit."""
        rules, buys = deal.room.instrument, side is Side.BUY
        sign = 1 if buys else -1
        purse, now_ms = self._purse, deal.now_ms
        purse.credit(HOUSE, rules.base, deal.size * sign, now_ms, "order-match")
        purse.credit(HOUSE, rules.quote, -deal.cost * sign, now_ms, "order-match")

    def _record(self, order: SpotOrder, role: str, fee: Decimal, deal: _Deal) -> None:
        trade = SpotTrade(
            id=deal.trade_id,
            order_id=order.id,
            uid=order.uid,
            pair=order.pair,
            side=order.side,
            role=role,
            amount=deal.size,
            price=deal.price,
            fee=fee,
            fee_currency=view.fee_currency(order.side, deal.room.instrument),
            text=order.text,
            amend_text=order.amend_text,
            time_ms=deal.now_ms,
        )
        self._records.add_trade(trade)
        self._world.dirty("spot_trade", trade.key)
        self._emit("usertrades", order, view.trade_push(trade))

    def _emit(self, channel: str, order: SpotOrder, body: dict[str, object]) -> None:
        if order.uid == HOUSE:
            return
        self._world.emit(
            Event(
                market=Market.SPOT,
                settle="",
                channel=channel,
                uid=order.uid,
                instrument=order.pair,
                body=body,
            )
        )
