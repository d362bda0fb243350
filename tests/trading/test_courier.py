"""The courier: what it looks for, since when, and that time it does not know proves nothing."""

from __future__ import annotations

import threading
from decimal import Decimal as D

import pytest

from mtrade.domain.errors import ExchangeUnavailable
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.orders import (
    Intent,
    IntentState,
    OrderPath,
    OrderRequest,
    OrderType,
    TimeInForce,
    VenueOrder,
)
from mtrade.trading import courier as module
from mtrade.trading.courier import Courier
from mtrade.trading.messages import Answered, Seen
from mtrade.trading.resolver import SETTLE_MS, Evidence
from tests.clocks import FakeClock
from tests.trading.fakes import BTC_SPOT, FakeAccounts, FakeExchange, fill_of, request, venue_order
from tests.trading.test_intents import NOW, intent

LATE = NOW + 3000 + SETTLE_MS + 1


class Desk:
    """A courier over a scripted exchange, some time after an order was sent."""

    def __init__(self, at_ms: int = LATE) -> None:
        self.clock = FakeClock(at_ms)
        self.exchange = FakeExchange(self.clock)
        self.accounts = FakeAccounts(self.exchange, self.clock)

    def look(self, of: Intent) -> Evidence:
        posted: list[object] = []
        carrier = Courier(self.accounts, posted.append)  # type: ignore[arg-type]
        carrier.look(of)
        assert carrier.drain(5)
        carrier.close()
        (seen,) = posted
        assert isinstance(seen, Seen)
        return seen.evidence


def spot_market_buy() -> Intent:
    order = request(
        instrument=BTC_SPOT, type=OrderType.MARKET, price=None, tif=TimeInForce.IOC, size=D(100)
    )
    return intent(IntentState.UNKNOWN, order=order)


def forgotten(instrument: InstrumentId, reference: str) -> VenueOrder | None:
    return None


@pytest.mark.parametrize("ahead_s", [0, 10, 3600])
def test_a_finished_spot_order_is_found_whatever_this_computers_clock_says(ahead_s: int) -> None:
    desk = Desk()
    of = spot_market_buy()
    wrong = of.planned_ms + ahead_s * 1000
    desk.exchange.find = forgotten  # type: ignore[method-assign]
    desk.exchange.orders[of.order.text] = venue_order(of.order, created_ms=NOW)
    seen = desk.look(replace(of, planned_ms=wrong, sent_ms=wrong))
    assert seen.order is not None


def test_the_trades_of_a_lost_order_are_listed_from_its_planning_on() -> None:
    desk = Desk()
    of = intent(IntentState.UNKNOWN, planned_ms=NOW + 60_000, sent_ms=NOW + 60_000)
    desk.exchange.trades.append(fill_of(venue_order(of.order), time_ms=NOW + 5))
    seen = desk.look(of)
    assert (seen.deep, len(seen.trades)) == (True, 1)


def test_before_the_first_sync_a_deadline_is_never_called_past() -> None:
    desk = Desk()
    line = desk.accounts.network_clock
    line.age_ms, line.ahead_ms = None, -10_000  # this computer is ten seconds ahead
    assert not desk.look(intent(IntentState.UNKNOWN)).deep
    line.age_ms, line.fault = None, ExchangeUnavailable("no time")
    assert desk.look(intent(IntentState.UNKNOWN)).failed is line.fault


def test_a_list_of_trades_that_may_be_cut_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_TRADES", 1)
    desk = Desk()
    desk.exchange.trades.append(fill_of(venue_order(request("t-other")), time_ms=NOW))
    seen = desk.look(intent(IntentState.UNKNOWN))
    assert (seen.deep, seen.failed is not None) == (False, True)


def test_an_answer_tells_the_way_the_order_took() -> None:
    desk = Desk(NOW)
    posted: list[object] = []
    carrier = Courier(desk.accounts, posted.append)  # type: ignore[arg-type]
    carrier.send(intent())
    assert carrier.drain(5)
    carrier.close()
    (answered,) = posted
    assert isinstance(answered, Answered)
    assert answered.answer.path is OrderPath.REST


def test_what_follows_from_something_under_way_is_waited_for_too() -> None:
    """As when an order of a fan-out finds no socket and goes by REST instead."""
    desk = Desk(NOW)
    posted: list[object] = []
    carrier = Courier(desk.accounts, posted.append)  # type: ignore[arg-type]
    asked, go_on = threading.Event(), threading.Event()

    def slow(order: OrderRequest) -> VenueOrder:
        asked.set()
        go_on.wait(0.2)
        return venue_order(order)

    desk.exchange.on_place = slow
    release = carrier.promise()

    def follow() -> None:
        carrier.send(intent())
        asked.wait(5)
        release()

    threading.Timer(0.05, follow).start()
    assert carrier.drain(5)
    assert len(posted) == 1
    carrier.close()
