"""The contract on spot, against a running paper exchange."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mtrade.domain.accounts import Network
from mtrade.domain.errors import OrderRejected
from mtrade.domain.instruments import Market, Side, spot
from mtrade.domain.orders import OrderType, VenueOrder
from mtrade.gate.exchange import GateExchange
from mtrade.gate.networks import addresses

from .conftest import Paper
from .contract import ExchangeContract

D = Decimal


def test_the_paper_exchange_lives_where_the_table_of_networks_says(paper: Paper) -> None:
    where = addresses(Network.PAPER, paper.url)
    assert paper.told["rest"] == where.rest
    assert paper.told["ws_spot"] == where.ws_spot


class TestSpot(ExchangeContract):
    account = "spot"
    instrument = spot("BTC_USDT")
    size = D("0.001")
    huge = D(50)

    def market(self, exchange: GateExchange, side: Side, **changed: Any) -> VenueOrder:
        """A market buy spends quote money."""
        if side is Side.BUY:
            changed.setdefault("size", D(100))
        return super().market(exchange, side, **changed)

    def balances(self, exchange: GateExchange) -> dict[str, Decimal]:
        return {b.currency: b.available + b.locked for b in exchange.spot_balances()}

    def test_a_market_buy_spends_quote_and_the_fee_is_taken_from_the_coins(
        self, exchange: GateExchange
    ) -> None:
        before = self.balances(exchange)
        order = self.market(exchange, Side.BUY)
        after = self.balances(exchange)
        assert (order.size, order.type) == (100, OrderType.MARKET)
        assert order.average is not None
        assert order.fee_currency == "BTC"
        assert after["BTC"] - before["BTC"] == order.filled - order.fee
        spent = before["USDT"] - after["USDT"]
        assert spent == order.size - order.left
        assert 0 < spent <= 100

    def test_a_sell_pays_its_fee_in_quote(self, exchange: GateExchange) -> None:
        before = self.balances(exchange)
        order = self.market(exchange, Side.SELL)
        after = self.balances(exchange)
        assert order.fee_currency == "USDT"
        assert before["BTC"] - after["BTC"] == order.filled == self.size
        assert after["USDT"] > before["USDT"]

    def test_a_resting_order_locks_its_money(self, exchange: GateExchange) -> None:
        request = self.request(exchange)
        order = self.place(exchange, request)
        usdt = next(b for b in exchange.spot_balances() if b.currency == "USDT")
        assert request.price is not None
        assert usdt.locked == request.size * request.price
        exchange.cancel(self.instrument, order.order_id)
        usdt = next(b for b in exchange.spot_balances() if b.currency == "USDT")
        assert usdt.locked == 0

    def test_open_orders_of_all_pairs(self, exchange: GateExchange) -> None:
        order = self.place(exchange, self.request(exchange))
        found = exchange.open_orders(Market.SPOT)
        assert order.order_id in {o.order_id for o in found}
        exchange.cancel_all(Market.SPOT)
        assert exchange.open_orders(Market.SPOT) == ()

    def test_one_pair_and_the_wallets_own_fees(self, exchange: GateExchange) -> None:
        assert exchange.spot_market.pair("BTC_USDT") == self.rules(exchange)
        assert exchange.wallet.fees() == exchange.fees(self.instrument)

    def test_money_moves_to_the_futures_wallet_and_back(self, exchange: GateExchange) -> None:
        spot_before = self.balances(exchange)["USDT"]
        futures_before = exchange.futures_account("usdt").total
        assert exchange.transfer("USDT", D("12.5"), "spot", "futures")
        assert self.balances(exchange)["USDT"] == spot_before - D("12.5")
        assert exchange.futures_account("usdt").total == futures_before + D("12.5")
        exchange.transfer("USDT", D("12.5"), "futures", "spot")
        assert self.balances(exchange)["USDT"] == spot_before

    def test_more_money_than_there_is_cannot_move(self, exchange: GateExchange) -> None:
        with pytest.raises(OrderRejected):
            exchange.transfer("USDT", D(10**9), "spot", "futures")
