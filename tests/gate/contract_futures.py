"""What every futures account must do, one-way or hedge."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mtrade.domain.accounts import MarginMode, PositionMode
from mtrade.domain.errors import OrderRejected
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Side
from mtrade.domain.orders import (
    AutoSize,
    OrderRequest,
    OrderType,
    TimeInForce,
    Trigger,
    VenueOrder,
)
from mtrade.domain.positions import Leg, Position
from mtrade.gate.exchange import GateExchange

from .conftest import Paper
from .contract import ExchangeContract, eventually, new_text

D = Decimal


class FuturesContract(ExchangeContract):
    """Common to both position modes; `mode` is the one under test."""

    mode: PositionMode

    @pytest.fixture(autouse=True)
    def flat(self, exchange: GateExchange) -> None:
        """Each test starts without orders, triggers and positions, in its mode, at 3x."""
        settle = self.instrument.settle
        exchange.cancel_all(self.instrument.market, settle)
        exchange.futures_orders(settle).cancel_triggers(None)
        for position in exchange.positions(settle):
            if not position.size.is_zero():
                self.close(exchange, position)
        assert exchange.set_position_mode(settle, self.mode).mode is self.mode
        exchange.set_leverage(self.instrument, D(3), MarginMode.ISOLATED)

    @property
    def dual(self) -> bool:
        return self.mode is PositionMode.DUAL

    def close_request(self, position: Position) -> OrderRequest:
        """The request that closes a whole position in this mode."""
        if not self.dual:
            return self.full_close(position, close=True)
        long = position.leg is Leg.LONG
        return self.full_close(
            position, auto_size=AutoSize.CLOSE_LONG if long else AutoSize.CLOSE_SHORT
        )

    def close(self, exchange: GateExchange, position: Position) -> VenueOrder:
        return self.place(exchange, self.close_request(position))

    def full_close(self, position: Position, **how: Any) -> OrderRequest:
        return OrderRequest(
            instrument=position.instrument,
            side=Side.SELL if position.size > 0 else Side.BUY,
            type=OrderType.MARKET,
            size=D(0),
            text=new_text(),
            tif=TimeInForce.IOC,
            **how,
        )

    def held(self, exchange: GateExchange) -> dict[Leg, Position]:
        found = exchange.positions(self.instrument.settle)
        return {p.leg: p for p in found if p.instrument == self.instrument and not p.size.is_zero()}

    def test_public_history(self, exchange: GateExchange) -> None:
        tiers = exchange.risk_tiers(self.instrument)
        limits = [tier.limit for tier in tiers]
        assert limits == sorted(limits)
        assert tiers[0].leverage_max == self.rules(exchange).leverage_max
        rates = exchange.funding_history(self.instrument, 5)
        assert [r.time_ms for r in rates] == sorted((r.time_ms for r in rates), reverse=True)

    def test_a_wallet_with_its_position_mode(self, exchange: GateExchange) -> None:
        account = exchange.futures_account(self.instrument.settle)
        assert account.mode is self.mode
        assert account.currency == self.instrument.settle.upper()
        assert 0 < account.available <= account.total

    def test_switching_the_mode_needs_an_empty_account(self, exchange: GateExchange) -> None:
        other = PositionMode.DUAL if self.mode is PositionMode.SINGLE else PositionMode.SINGLE
        self.market(exchange, Side.BUY)
        with pytest.raises(OrderRejected) as caught:
            exchange.set_position_mode(self.instrument.settle, other)
        assert caught.value.label in ("POSITION_HOLDING", "ORDER_PENDING")
        assert exchange.futures_account(self.instrument.settle).mode is self.mode

    @pytest.mark.parametrize("margin", list(MarginMode))
    def test_leverage_and_margin_mode(self, exchange: GateExchange, margin: MarginMode) -> None:
        for leverage in (D(7), D(3)):
            legs = exchange.set_leverage(self.instrument, leverage, margin)
            assert {leg.leverage for leg in legs} == {leverage}
            assert {leg.margin_mode for leg in legs} == {margin}
        self.market(exchange, Side.BUY)
        position = next(iter(self.held(exchange).values()))
        assert (position.leverage, position.margin_mode) == (D(3), margin)

    def test_too_much_leverage_is_refused(self, exchange: GateExchange) -> None:
        with pytest.raises(OrderRejected):
            exchange.set_leverage(self.instrument, D(1000), MarginMode.ISOLATED)

    def test_margin_can_be_added_to_an_isolated_position(self, exchange: GateExchange) -> None:
        exchange.set_leverage(self.instrument, D(5), MarginMode.ISOLATED)
        self.market(exchange, Side.BUY)
        (leg, before), *_ = self.held(exchange).items()
        amount = D("0.5") if self.instrument.settle == "usdt" else D("0.0001")
        exchange.change_margin(self.instrument, amount, leg)
        after = self.held(exchange)[leg]
        assert after.margin == before.margin + amount
        with pytest.raises(OrderRejected):
            exchange.change_margin(self.instrument, D(-1000), leg)

    def test_one_contract_and_one_position(self, exchange: GateExchange) -> None:
        assert exchange.futures_market.contract(self.instrument) == self.rules(exchange)
        self.market(exchange, Side.BUY)
        wallet = exchange.futures_wallet(self.instrument.settle)
        legs = wallet.position(self.instrument.name, dual=self.dual)
        assert len(legs) == (2 if self.dual else 1)
        assert sum(leg.size for leg in legs) == self.size

    def test_margin_mode_alone(self, exchange: GateExchange) -> None:
        wallet = exchange.futures_wallet(self.instrument.settle)
        for mode in (MarginMode.CROSS, MarginMode.ISOLATED):
            legs = wallet.set_margin_mode(self.instrument.name, mode, dual=self.dual)
            assert {leg.margin_mode for leg in legs} == {mode}

    def test_a_risk_limit_is_accepted(self, exchange: GateExchange) -> None:
        limit = exchange.risk_tiers(self.instrument)[1].limit
        wallet = exchange.futures_wallet(self.instrument.settle)
        assert wallet.set_risk_limit(self.instrument.name, limit, dual=self.dual)

    def test_a_stop_loss_closes_the_whole_position(
        self, exchange: GateExchange, paper: Paper
    ) -> None:
        self.market(exchange, Side.BUY)
        last = exchange.book(self.instrument, 1).bids[0].price
        stop = self.rules(exchange).conform_price(last * D("0.99"), Side.SELL)
        (_, position), *_ = self.held(exchange).items()
        trigger_id = exchange.place_trigger(
            replace(self.close_request(position), trigger=Trigger(price=stop, above=False))
        )
        (waiting,) = exchange.triggers(self.instrument.market, self.instrument.settle)
        assert (waiting.trigger_id, waiting.order.side) == (trigger_id, Side.SELL)
        assert (waiting.order.size, waiting.status) == (0, "open")
        paper.set_price(self.instrument, stop * D("0.995"))
        eventually(lambda: not self.held(exchange))
        paper.set_price(self.instrument, last)

    def test_a_liquidation_is_told(self, exchange: GateExchange, paper: Paper) -> None:
        exchange.set_leverage(self.instrument, D(50), MarginMode.ISOLATED)
        self.market(exchange, Side.BUY)
        (_, position), *_ = self.held(exchange).items()
        assert position.liq_price is not None
        assert position.entry_price is not None
        assert position.liq_price < position.entry_price
        before = exchange.book(self.instrument, 1).bids[0].price
        paper.set_price(self.instrument, position.liq_price * D("0.97"))
        eventually(lambda: not self.held(exchange))
        liquidation = eventually(lambda: exchange.liquidations(self.instrument.settle))[0]
        assert liquidation.instrument == self.instrument
        assert abs(liquidation.size) == self.size
        paper.set_price(self.instrument, before)

    def test_a_position_and_its_books(self, exchange: GateExchange) -> None:
        since = exchange.server_time()
        order = self.market(exchange, Side.BUY)
        (_, position), *_ = self.held(exchange).items()
        assert position.size == order.filled
        assert position.entry_price == order.average
        assert position.update_id > 0
        assert position.mark_price is not None
        self.close(exchange, position)
        assert self.held(exchange) == {}
        settle = self.instrument.settle
        closes = exchange.position_closes(settle, 10)
        assert closes[0].instrument == self.instrument
        assert closes[0].time_ms >= since - 1000
        assert closes[0].side == "long"
        kinds = {entry.kind for entry in exchange.account_book(settle, limit=50)}
        assert {"fee", "pnl"} <= kinds
        only = exchange.account_book(settle, kind="fee", limit=50)
        assert {entry.kind for entry in only} == {"fee"}

    def test_closing_with_reduce_only_never_opens(self, exchange: GateExchange) -> None:
        with pytest.raises(OrderRejected):
            self.market(exchange, Side.SELL, reduce_only=True)
        assert self.held(exchange) == {}
