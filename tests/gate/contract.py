"""What every exchange behind the port must do, whatever the network and market.

Subclasses name an account, an instrument and sizes; `tests/gate/conftest.py` starts the exchange.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from mtrade.domain.errors import AuthenticationFailed, ExchangeUnavailable, OrderRejected
from mtrade.domain.instruments import Instrument, InstrumentId, Market, Side
from mtrade.domain.orders import OrderRequest, OrderType, TimeInForce, Trigger, VenueOrder
from mtrade.gate import triggers
from mtrade.gate.clock import ExchangeClock
from mtrade.gate.exchange import GateExchange

from .conftest import ACCOUNTS, Paper

D = Decimal


def new_text() -> str:
    """A fresh order text."""
    return f"t-mt1test{secrets.token_hex(6)}"


def eventually(look: Callable[[], Any], timeout_s: float = 5.0) -> Any:
    """The first true result of `look`, asked every 50 ms; fails after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


class ExchangeContract:
    """The common part. `size` is a small order, `huge` one the account cannot pay."""

    account: str
    instrument: InstrumentId
    size: Decimal
    huge: Decimal

    def rules(self, exchange: GateExchange) -> Instrument:
        """The rules of the instrument under test."""
        found = exchange.instruments(self.instrument.market, self.instrument.settle)
        return next(i for i in found if i.id == self.instrument)

    def request(self, exchange: GateExchange, **changed: Any) -> OrderRequest:
        """A buy limit 5 % below the touch that rests, unless changed."""
        rules = self.rules(exchange)
        side = changed.pop("side", Side.BUY)
        away = D("0.95") if side is Side.BUY else D("1.05")
        touch = exchange.book(self.instrument, 5).side(side)[0].price
        fields: dict[str, Any] = {
            "instrument": self.instrument,
            "side": side,
            "type": OrderType.LIMIT,
            "size": self.size,
            "price": rules.conform_price(touch * away, side),
            "text": new_text(),
        }
        return OrderRequest(**(fields | changed))

    def place(self, exchange: GateExchange, request: OrderRequest) -> VenueOrder:
        return exchange.place(request, expires_ms=exchange.clock.now_ms() + 5000)

    def market(self, exchange: GateExchange, side: Side, **changed: Any) -> VenueOrder:
        """A market order of the small size."""
        fields = {"type": OrderType.MARKET, "price": None, "tif": TimeInForce.IOC}
        return self.place(exchange, self.request(exchange, side=side, **(fields | changed)))

    def open_ids(self, exchange: GateExchange) -> set[str]:
        where = self.instrument
        found = exchange.open_orders(where.market, where.settle, where)
        return {order.order_id for order in found}

    # Public data

    def test_the_clocks_agree(self, exchange: GateExchange) -> None:
        assert abs(exchange.server_time() - time.time() * 1000) < 5000

    def test_rules_are_complete(self, exchange: GateExchange) -> None:
        found = exchange.instruments(self.instrument.market, self.instrument.settle)
        for rules in found:
            assert rules.price_step > 0
            assert rules.size_step > 0
            assert rules.min_size > 0
            assert rules.base
            assert rules.quote
        assert self.rules(exchange).tradable

    def test_the_book_is_ordered_and_not_crossed(self, exchange: GateExchange) -> None:
        book = exchange.book(self.instrument, 20)
        bids, asks = [b.price for b in book.bids], [a.price for a in book.asks]
        assert bids == sorted(bids, reverse=True)
        assert asks == sorted(asks)
        assert bids[0] < asks[0]
        assert book.sequence > 0
        assert abs(book.time_ms - exchange.server_time()) < 60_000

    def test_tickers_quote_the_instrument(self, exchange: GateExchange) -> None:
        found = exchange.tickers(self.instrument.market, self.instrument.settle)
        ticker = next(t for t in found if t.instrument == self.instrument)
        assert ticker.bid is not None
        assert ticker.ask is not None
        assert ticker.bid < ticker.ask
        if self.instrument.market is Market.FUTURES:
            assert ticker.mark is not None
            assert ticker.funding_next_ms is not None
            assert ticker.funding_next_ms > exchange.server_time()

    def test_candles_and_trades(self, exchange: GateExchange) -> None:
        candles = exchange.candles(self.instrument, "1m", 20)
        starts = [candle.start_ms for candle in candles]
        assert len(starts) > 1
        assert starts == sorted(starts)
        assert all(c.low <= min(c.open, c.close) <= max(c.open, c.close) <= c.high for c in candles)
        trades = exchange.trades(self.instrument, 10)
        assert all(trade.size > 0 and trade.price > 0 for trade in trades)

    def test_an_unknown_instrument_is_refused(self, exchange: GateExchange) -> None:
        nowhere = InstrumentId(self.instrument.market, self.instrument.settle, "NO_SUCH")
        with pytest.raises(ExchangeUnavailable) as caught:
            exchange.book(nowhere, 5)
        assert caught.value.label

    def test_market_data_needs_no_key(self, paper: Paper) -> None:
        market = paper.public()
        assert market.book(self.instrument, 1).bids
        assert market.tickers(self.instrument.market, self.instrument.settle)
        market.close()

    # Who we are

    def test_identity(self, exchange: GateExchange) -> None:
        identity = exchange.identity()
        assert identity.uid == str(ACCOUNTS[self.account])
        assert identity.may_write(self.instrument.market.value)

    def test_fees(self, exchange: GateExchange) -> None:
        fees = exchange.fees(self.instrument)
        assert fees.maker <= fees.taker
        assert 0 < fees.taker < D("0.01")

    def test_total_balance(self, exchange: GateExchange) -> None:
        assert exchange.total_balance() > 1000

    def test_a_wrong_secret_is_named(self, paper: Paper) -> None:
        stranger = GateExchange(paper.client(self.account, secret="wrong"))
        with pytest.raises(AuthenticationFailed) as caught:
            stranger.identity()
        assert caught.value.label == "INVALID_SIGNATURE"
        stranger.close()

    def test_a_wrong_clock_is_named(self, paper: Paper) -> None:
        slow = ExchangeClock(wall_ms=lambda: time.time_ns() // 1_000_000 - 120_000)
        late = GateExchange(paper.client(self.account, clock=slow))
        with pytest.raises(AuthenticationFailed) as caught:
            late.identity()
        assert caught.value.code == "exchange_clock"
        slow.sync(late.server_time, samples=2)
        assert late.identity().uid
        late.close()

    # Orders

    def test_the_life_of_a_resting_order(self, exchange: GateExchange) -> None:
        request = self.request(exchange)
        order = self.place(exchange, request)
        assert order.open
        assert (order.size, order.left, order.filled) == (request.size, request.size, 0)
        assert order.price == request.price
        assert order.order_id in self.open_ids(exchange)
        assert exchange.find(self.instrument, order.order_id) == order
        by_text = exchange.find(self.instrument, request.text)
        assert by_text is not None
        assert by_text.order_id == order.order_id

        lower = order.price - 10 * self.rules(exchange).price_step if order.price else D(0)
        deadline = exchange.clock.now_ms() + 5000
        amended = exchange.amend(
            self.instrument, order.order_id, price=lower, size=request.size * 2, expires_ms=deadline
        )
        assert (amended.order_id, amended.price, amended.size) == (
            order.order_id,
            lower,
            request.size * 2,
        )

        ended = exchange.cancel(self.instrument, order.order_id)
        assert not ended.open
        assert ended.finish_as == "cancelled"
        assert order.order_id not in self.open_ids(exchange)
        again = exchange.cancel(self.instrument, order.order_id)
        assert (again.order_id, again.open, again.filled) == (order.order_id, False, 0)

    def test_an_unknown_order_is_none(self, exchange: GateExchange) -> None:
        assert exchange.find(self.instrument, "999999999") is None
        assert exchange.find(self.instrument, new_text()) is None
        assert exchange.search(self.instrument, new_text(), exchange.server_time() - 5000) is None
        with pytest.raises(OrderRejected):
            exchange.cancel(self.instrument, "999999999")

    def test_a_post_only_order_never_takes(self, exchange: GateExchange) -> None:
        ask = exchange.book(self.instrument, 1).asks[0].price
        request = self.request(exchange, price=self._above(exchange, ask), tif=TimeInForce.POC)
        with pytest.raises(OrderRejected) as caught:
            self.place(exchange, request)
        assert caught.value.label in ("POC_FILL_IMMEDIATELY", "ORDER_POC_IMMEDIATE")
        resting = self.place(exchange, self.request(exchange, tif=TimeInForce.POC))
        assert (resting.open, resting.tif) == (True, TimeInForce.POC)
        exchange.cancel(self.instrument, resting.order_id)

    def test_fill_or_kill_that_cannot_fill_is_refused(self, exchange: GateExchange) -> None:
        with pytest.raises(OrderRejected) as caught:
            self.place(exchange, self.request(exchange, tif=TimeInForce.FOK))
        assert caught.value.label in ("FOK_NOT_FILL", "ORDER_FOK")

    def test_an_order_far_too_large_is_refused(self, exchange: GateExchange) -> None:
        with pytest.raises(OrderRejected) as caught:
            self.place(exchange, self.request(exchange, size=self.huge))
        assert caught.value.label in ("BALANCE_NOT_ENOUGH", "INSUFFICIENT_AVAILABLE")

    def test_an_order_too_small_is_refused(self, exchange: GateExchange) -> None:
        tiny = self.rules(exchange).size_step / 10
        with pytest.raises(OrderRejected):
            self.place(exchange, self.request(exchange, size=tiny))

    def test_an_order_that_arrives_after_its_deadline_has_no_effect(
        self, exchange: GateExchange, paper: Paper
    ) -> None:
        slow = ExchangeClock(wall_ms=lambda: time.time_ns() // 1_000_000 - 20_000)
        late = GateExchange(paper.client(self.account, clock=slow))
        request = self.request(exchange)
        with pytest.raises(OrderRejected) as caught:
            late.place(request, expires_ms=slow.now_ms() + 1000)
        assert caught.value.code == "request_expired"
        assert exchange.find(self.instrument, request.text) is None
        late.close()

    def test_search_finds_open_and_finished_orders_by_text(self, exchange: GateExchange) -> None:
        since = exchange.server_time() - 5000
        order = self.place(exchange, self.request(exchange))
        found = exchange.search(self.instrument, order.text, since)
        assert found is not None
        assert found.order_id == order.order_id
        exchange.cancel(self.instrument, order.order_id)
        filled = self.market(exchange, Side.BUY)
        found = exchange.search(self.instrument, filled.text, since)
        assert found is not None
        assert (found.order_id, found.filled) == (filled.order_id, filled.filled)

    def test_cancel_all_ends_every_open_order(self, exchange: GateExchange) -> None:
        placed = {self.place(exchange, self.request(exchange)).order_id for _ in range(3)}
        where = self.instrument
        cancelled = exchange.cancel_all(where.market, where.settle, where)
        assert placed <= {order.order_id for order in cancelled}
        assert not any(order.open for order in cancelled)
        assert self.open_ids(exchange) == set()
        assert exchange.cancel_all(where.market, where.settle) == ()

    def test_a_market_order_fills_at_once_and_its_trades_carry_the_text(
        self, exchange: GateExchange
    ) -> None:
        since = exchange.server_time() - 1000
        order = self.market(exchange, Side.BUY)
        assert not order.open
        assert order.filled > 0
        assert order.average is not None
        where = self.instrument
        fills = exchange.fills(
            where.market, where.settle, instrument=where, order_id=order.order_id
        )
        assert sum(fill.size for fill in fills) == order.filled
        assert {fill.text for fill in fills} == {order.text}
        assert {fill.role for fill in fills} == {"taker"}
        assert all(fill.fee > 0 for fill in fills)
        timed = exchange.fills(where.market, where.settle, instrument=where, since_ms=since)
        assert {f.trade_id for f in fills} <= {f.trade_id for f in timed}

    def test_a_limit_beyond_the_touch_takes_and_shows_its_average(
        self, exchange: GateExchange
    ) -> None:
        ask = exchange.book(self.instrument, 1).asks[0].price
        price = self._above(exchange, ask * D("1.01"))
        order = self.place(exchange, self.request(exchange, price=price, tif=TimeInForce.IOC))
        assert not order.open
        assert order.filled == self.size
        assert order.average is not None
        assert order.average <= price

    def test_a_dead_mans_switch(self, exchange: GateExchange) -> None:
        where = self.instrument
        at_ms = exchange.countdown_cancel_all(where.market, where.settle, 30)
        assert 20_000 < at_ms - exchange.server_time() <= 31_000
        exchange.countdown_cancel_all(where.market, where.settle, 0)

    # Triggers

    def waiting(self, exchange: GateExchange, *, above: bool, near: bool) -> OrderRequest:
        """A sell that waits for a price just beyond the market, or far from it."""
        last = exchange.book(self.instrument, 1).bids[0].price
        part = D("0.01") if near else D("0.1")
        raw = last * (1 + part if above else 1 - part)
        price = self.rules(exchange).conform_price(raw, Side.SELL)
        return self.request(
            exchange,
            side=Side.SELL,
            type=OrderType.MARKET,
            price=None,
            tif=TimeInForce.IOC,
            trigger=Trigger(price=price, above=above, expires_s=3600),
        )

    def test_the_life_of_a_trigger(self, exchange: GateExchange) -> None:
        request = self.waiting(exchange, above=False, near=False)
        trigger_id = exchange.place_trigger(request)
        where = self.instrument
        waiting = {t.trigger_id: t for t in exchange.triggers(where.market, where.settle)}
        found = waiting[trigger_id]
        assert found.status == "open"
        assert (found.order.side, found.order.size) == (Side.SELL, request.size)
        assert found.order.trigger is not None
        assert request.trigger is not None
        assert found.order.trigger.price == request.trigger.price
        assert not found.order.trigger.above
        one = self.orders_api(exchange).trigger(trigger_id)
        assert one == found
        ended = exchange.cancel_trigger(self.instrument, trigger_id)
        assert (ended.trigger_id, ended.status) == (trigger_id, "cancelled")
        finished = exchange.triggers(where.market, where.settle, open=False)
        assert trigger_id in {t.trigger_id for t in finished}

    def test_a_trigger_fires_when_its_price_is_reached(
        self, exchange: GateExchange, paper: Paper
    ) -> None:
        self.market(exchange, Side.BUY)
        request = self.waiting(exchange, above=True, near=True)
        assert request.trigger is not None
        trigger_id = exchange.place_trigger(request)
        paper.set_price(self.instrument, request.trigger.price * D("1.01"))
        where = self.instrument

        def fired() -> Any:
            found = exchange.triggers(where.market, where.settle, open=False)
            return next((t for t in found if t.trigger_id == trigger_id), None)

        trigger = eventually(fired)
        assert trigger.status == "succeeded"
        assert trigger.fired_order_id not in ("", trigger_id)
        order = exchange.find(self.instrument, trigger.fired_order_id)
        assert order is not None
        assert (order.side, order.open) == (Side.SELL, False)

    def test_every_waiting_trigger_is_listed_over_all_pages(
        self, exchange: GateExchange, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(triggers, "PAGE", 1)
        placed = {
            exchange.place_trigger(self.waiting(exchange, above=False, near=False))
            for _ in range(3)
        }
        listed = exchange.triggers(self.instrument.market, self.instrument.settle)
        assert placed <= {trigger.trigger_id for trigger in listed}
        self.orders_api(exchange).cancel_triggers(self.instrument.name)

    def test_all_triggers_end_together(self, exchange: GateExchange) -> None:
        placed = [
            exchange.place_trigger(self.waiting(exchange, above=above, near=False))
            for above in (True, False)
        ]
        cancelled = self.orders_api(exchange).cancel_triggers(self.instrument.name)
        assert set(placed) <= {trigger.trigger_id for trigger in cancelled}
        assert exchange.triggers(self.instrument.market, self.instrument.settle) == ()

    # Batches

    def test_a_batch_is_answered_order_by_order(self, exchange: GateExchange) -> None:
        good, bad = self.request(exchange), self.request(exchange, size=self.huge)
        outcome = self.orders_api(exchange).create_batch(
            [good, bad], expires_ms=exchange.clock.now_ms() + 5000
        )
        assert isinstance(outcome[0], VenueOrder)
        assert isinstance(outcome[1], OrderRejected)
        cancelled = self.cancel_batch(exchange, [outcome[0].order_id, "999999999"])
        assert cancelled[0] is None
        assert cancelled[1] is not None
        assert self.open_ids(exchange) == set()

    def orders_api(self, exchange: GateExchange) -> Any:
        where = self.instrument
        spot = where.market is Market.SPOT
        return exchange.spot if spot else exchange.futures_orders(where.settle)

    def cancel_batch(self, exchange: GateExchange, ids: list[str]) -> Any:
        where = self.instrument
        if where.market is Market.SPOT:
            return exchange.spot.cancel_batch(where.name, ids)
        return exchange.futures_orders(where.settle).cancel_batch(ids)

    def _above(self, exchange: GateExchange, price: Decimal) -> Decimal:
        return self.rules(exchange).conform_price(price, Side.SELL)
