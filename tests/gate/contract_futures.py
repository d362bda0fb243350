"""What every futures account must do, one-way or hedge."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mtrade.domain.accounts import MarginMode, PositionMode
from mtrade.domain.errors import OrderRejected
from mtrade.domain.instruments import Side
from mtrade.domain.orders import OrderRequest, OrderType, TimeInForce, VenueOrder
from mtrade.domain.positions import Leg, Position
from mtrade.gate.exchange import GateExchange

from .contract import ExchangeContract, new_text

D = Decimal


class FuturesContract(ExchangeContract):
    """Common to both position modes; `mode` is the one under test."""

    mode: PositionMode

    @pytest.fixture(autouse=True)
    def flat(self, exchange: GateExchange) -> None:
        """Each test starts without orders, triggers and positions, in its mode."""
        settle = self.instrument.settle
        exchange.cancel_all(self.instrument.market, settle)
        exchange.futures_orders(settle).cancel_triggers(None)
        for position in exchange.positions(settle):
            if not position.size.is_zero():
                self.close(exchange, position)
        assert exchange.set_position_mode(settle, self.mode).mode is self.mode

    def close(self, exchange: GateExchange, position: Position) -> VenueOrder:
        raise AssertionError("the position mode says how")

    def full_close(self, exchange: GateExchange, position: Position, **how: object) -> VenueOrder:
        request = OrderRequest(
            instrument=position.instrument,
            side=Side.SELL if position.size > 0 else Side.BUY,
            type=OrderType.MARKET,
            size=D(0),
            text=new_text(),
            tif=TimeInForce.IOC,
            **how,  # type: ignore[arg-type]
        )
        return self.place(exchange, request)

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
        assert exchange.liquidations(settle) == ()

    def test_closing_with_reduce_only_never_opens(self, exchange: GateExchange) -> None:
        with pytest.raises(OrderRejected):
            self.market(exchange, Side.SELL, reduce_only=True)
        assert self.held(exchange) == {}
