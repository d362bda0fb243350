"""The contract on futures in hedge mode, on a contract with decimal sizes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mtrade.domain.accounts import PositionMode
from mtrade.domain.errors import OrderRejected
from mtrade.domain.instruments import Side, futures
from mtrade.domain.positions import Leg
from mtrade.gate.exchange import GateExchange

from .contract_futures import FuturesContract

D = Decimal


class TestHedge(FuturesContract):
    account = "hedge"
    mode = PositionMode.DUAL
    instrument = futures("ETH_USDT")
    size = D("1.5")
    huge = D(20_000)

    def test_both_legs_stand_side_by_side(self, exchange: GateExchange) -> None:
        self.market(exchange, Side.BUY)
        self.market(exchange, Side.SELL, size=D("0.7"))
        held = self.held(exchange)
        assert held[Leg.LONG].size == D("1.5")
        assert held[Leg.SHORT].size == D("-0.7")

    def test_a_full_close_ends_only_its_leg(self, exchange: GateExchange) -> None:
        self.market(exchange, Side.BUY)
        self.market(exchange, Side.SELL)
        closed = self.close(exchange, self.held(exchange)[Leg.LONG])
        assert (closed.side, closed.filled) == (Side.SELL, self.size)
        assert set(self.held(exchange)) == {Leg.SHORT}

    def test_reduce_only_chooses_the_leg_by_its_sign(self, exchange: GateExchange) -> None:
        self.market(exchange, Side.BUY)
        self.market(exchange, Side.SELL)
        self.market(exchange, Side.BUY, size=D("0.5"), reduce_only=True)
        held = self.held(exchange)
        assert held[Leg.SHORT].size == D("-1.0")
        assert held[Leg.LONG].size == D("1.5")

    def test_a_one_way_close_is_refused(self, exchange: GateExchange) -> None:
        self.market(exchange, Side.BUY)
        with pytest.raises(OrderRejected) as caught:
            self.place(exchange, self.full_close(self.held(exchange)[Leg.LONG], close=True))
        assert caught.value.label == "POSITION_DUAL_MODE"
        assert set(self.held(exchange)) == {Leg.LONG}
