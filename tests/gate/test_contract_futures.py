"""The contract on futures in one-way mode: linear and inverse."""

from __future__ import annotations

from decimal import Decimal

from mtrade.domain.accounts import PositionMode
from mtrade.domain.instruments import Side, futures
from mtrade.domain.positions import Leg
from mtrade.gate.exchange import GateExchange

from .contract_futures import FuturesContract

D = Decimal


class OneWay(FuturesContract):
    mode = PositionMode.SINGLE

    def test_both_sides_net(self, exchange: GateExchange) -> None:
        self.market(exchange, Side.BUY)
        self.market(exchange, Side.SELL, size=self.size * 3)
        assert self.held(exchange)[Leg.NET].size == -2 * self.size

    def test_reduce_only_is_cut_to_the_position(self, exchange: GateExchange) -> None:
        self.market(exchange, Side.BUY)
        self.market(exchange, Side.SELL, reduce_only=True)
        assert self.held(exchange) == {}


class TestOneWay(OneWay):
    account = "one-way"
    instrument = futures("BTC_USDT")
    size = D(10)
    huge = D(100_000)


class TestInverse(OneWay):
    account = "inverse"
    instrument = futures("BTC_USD", "btc")
    size = D(10)
    huge = D(900_000)
