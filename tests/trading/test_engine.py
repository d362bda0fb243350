"""The engine: what a person asks for is sent once and within the limits, or is refused."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal as D
from pathlib import Path

import pytest

from mtrade.domain.accounts import MarginMode, PositionMode
from mtrade.domain.errors import (
    Conflict,
    ExchangeError,
    ExchangeUnavailable,
    InvalidRequest,
    OrderDenied,
    OrderRejected,
    OutcomeUnknown,
)
from mtrade.domain.instruments import Side
from mtrade.domain.orders import OrderRequest, VenueOrder
from mtrade.domain.positions import Leg, Position
from mtrade.store.journal import SqliteJournal
from mtrade.trading.courier import Courier
from mtrade.trading.drafts import Drafter
from mtrade.trading.engine import TradingEngine
from mtrade.trading.pipeline import Pipeline
from mtrade.trading.planner import Planner
from mtrade.trading.preview import Previewer
from mtrade.trading.state import LiveState
from mtrade.trading.wishes import Protection, ProtectWish
from tests.clocks import FakeClock
from tests.trading.fakes import (
    BTC,
    FakeAccounts,
    FakeExchange,
    MemoryChoices,
    position,
    request,
    venue_order,
)
from tests.trading.test_planner import LIMITS, MARKET, close_wish, wish


class Desk:
    """The real trading layer on a real journal over a scripted exchange."""

    def __init__(self, folder: Path) -> None:
        clock = FakeClock()
        self.exchange = FakeExchange(clock)
        self.accounts = FakeAccounts(self.exchange, clock)
        self.journal = SqliteJournal(folder / "mtrade.db")
        state = LiveState(self.accounts, clock)  # type: ignore[arg-type]
        self.planner = Planner(self.accounts, state, lambda: LIMITS)  # type: ignore[arg-type]
        self.pipeline = Pipeline(
            self.journal,
            lambda post: Courier(self.accounts, post),  # type: ignore[arg-type]
            clock,
            lambda account_id: clock.now_ms(),
            state.forget,
        )
        self.engine = TradingEngine(
            accounts=self.accounts,  # type: ignore[arg-type]
            state=state,
            planner=self.planner,
            previewer=Previewer(self.planner, state),
            pipeline=self.pipeline,
            drafter=Drafter(clock, "abcd", random.Random(1).randbytes),
            journal=self.journal,
            choices=MemoryChoices(),
            clock=clock,
            limits=lambda: LIMITS,
        )
        self.pipeline.start()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.pipeline.close()
    made.journal.close()


def test_a_repeated_request_is_the_first_order_also_in_other_words(desk: Desk) -> None:
    first = desk.engine.submit(wish()).intent
    again = desk.engine.submit(wish(size=D("0.0100"))).intent
    assert again == first
    assert len(desk.exchange.placed) == 1


@pytest.mark.parametrize("change", [{"size": D("0.02")}, {"side": Side.SELL}, {"account_id": "x"}])
def test_a_request_id_of_another_order_is_refused(desk: Desk, change: dict[str, object]) -> None:
    first = desk.engine.submit(wish()).intent
    with pytest.raises(Conflict) as caught:
        desk.engine.submit(wish(price=D(60000), **change))
    assert caught.value.code == "request_id_reused"
    assert caught.value.params["intent"] == str(first.id)
    assert len(desk.exchange.placed) == 1


def test_a_close_does_not_take_the_id_of_an_order(desk: Desk) -> None:
    desk.exchange.rows = (position("10"),)
    desk.engine.submit(wish())
    with pytest.raises(Conflict):
        desk.engine.close_position(close_wish())


def test_an_entry_never_loses_its_protection_to_an_older_request(desk: Desk) -> None:
    desk.exchange.rows = (position("10"),)
    protect = ProtectWish(
        account_id="paper:1", request_id="abcdefgh", instrument=BTC, leg=Leg.NET,
        stop_loss=Protection(price=D(50000)),
    )  # fmt: skip
    desk.engine.protect(protect)
    done = desk.engine.submit(wish(stop_loss=Protection(price=D(58000))))
    assert len(done.protection) == 1
    assert len({row.order.text for row in desk.journal.recent(None, before_id=None, limit=9)}) == 3


class TestLeverage:
    """What is set before an entry."""

    def test_is_set_on_the_leg_that_the_order_opens(self, desk: Desk) -> None:
        desk.exchange.mode = PositionMode.DUAL
        desk.exchange.rows = (
            position("0", leg=Leg.LONG, leverage=D(5)),
            position("0", leg=Leg.SHORT, leverage=D(10)),
        )
        desk.engine.submit(wish(side=Side.SELL, price=D(60000), leverage=D(5)))
        assert desk.exchange.leverages == [(D(5), MarginMode.ISOLATED)]
        desk.engine.submit(wish(request_id="abcdefgi", leverage=D(5)))
        assert len(desk.exchange.leverages) == 1

    @pytest.mark.parametrize(
        ("fault", "error"),
        [(OrderRejected("no"), OrderRejected), (OutcomeUnknown("?"), ExchangeUnavailable)],
    )
    def test_without_it_no_entry_is_sent(
        self, desk: Desk, fault: ExchangeError, error: type[ExchangeError]
    ) -> None:
        def failing(*args: object) -> tuple[Position, ...]:
            raise fault

        desk.exchange.set_leverage = failing  # type: ignore[method-assign]
        with pytest.raises(error):
            desk.engine.submit(wish(leverage=D(5)))
        assert not desk.exchange.placed
        assert not desk.journal.recent(None, before_id=None, limit=9)

    def test_is_left_alone_by_whatever_closes(self, desk: Desk) -> None:
        desk.exchange.rows = (position("100"),)
        desk.engine.submit(wish(side=Side.SELL, reduce_only=True, leverage=D(5), **MARKET))
        desk.engine.close_position(close_wish(request_id="abcdefgi"))
        assert not desk.exchange.leverages

    def test_a_margin_mode_that_cannot_be_set_stops_the_entry(self, desk: Desk) -> None:
        desk.exchange.rows = (position("0", leverage=D(0), margin_mode=MarginMode.CROSS),)
        with pytest.raises(InvalidRequest) as caught:
            desk.engine.submit(wish(margin_mode=MarginMode.ISOLATED))
        assert "leverage" in caught.value.fields
        assert not desk.exchange.placed

    def test_the_owners_limit_also_binds_what_the_contract_is_set_to(self, desk: Desk) -> None:
        desk.exchange.rows = (position("10", leverage=D(100)),)
        with pytest.raises(OrderDenied) as caught:
            desk.engine.submit(wish())
        assert caught.value.code == "leverage_limit"
        desk.engine.submit(wish(side=Side.SELL, reduce_only=True, **MARKET))


class TestAmending:
    """Changing a resting order."""

    def resting(self, desk: Desk, **changes: object) -> VenueOrder:
        order = request("t-web", size=D(100), price=D(59000))
        made = venue_order(order, open=True, filled=D(0), **changes)
        desk.exchange.orders["t-web"] = made
        return made

    @pytest.mark.parametrize(
        ("change", "code"),
        [({"size": D(20_000)}, "order_value_limit"), ({"price": D(64_000)}, "price_band")],
    )
    def test_passes_the_gates_of_a_new_order(
        self, desk: Desk, change: dict[str, D], code: str
    ) -> None:
        self.resting(desk)
        with pytest.raises(OrderDenied) as caught:
            self.amend(desk, **change)
        assert caught.value.code == code
        assert not desk.exchange.amended

    def test_a_smaller_or_reducing_order_passes_always(self, desk: Desk) -> None:
        self.resting(desk, size=D(10**6))
        self.amend(desk, size=D(90_000))
        self.resting(desk, reduce_only=True)
        self.amend(desk, price=D(90_000))
        assert len(desk.exchange.amended) == 2

    def test_an_unknown_order_is_said_and_nothing_is_sent(self, desk: Desk) -> None:
        with pytest.raises(OrderRejected):
            self.amend(desk, size=D(1))
        assert not desk.exchange.amended

    def amend(self, desk: Desk, price: D | None = None, size: D | None = None) -> VenueOrder:
        return desk.engine.amend("paper:1", BTC, "77", price=price, size=size)


def test_a_refused_take_profit_does_not_keep_back_the_stop_loss(desk: Desk) -> None:
    real = desk.exchange.place_trigger

    def picky(order: OrderRequest) -> str:
        assert order.trigger is not None
        if order.trigger.above:
            raise OrderRejected("no", label="AUTO_TRIGGER_PRICE_LESS_LAST")
        return real(order)

    desk.exchange.place_trigger = picky  # type: ignore[method-assign]
    desk.exchange.rows = (position("10"),)
    both = ProtectWish(
        account_id="paper:1", request_id="abcdefgh", instrument=BTC, leg=Leg.NET,
        take_profit=Protection(price=D(61000)), stop_loss=Protection(price=D(58000)),
    )  # fmt: skip
    with pytest.raises(OrderRejected):
        desk.engine.protect(both)
    assert len(desk.exchange.waiting) == 1


def test_new_risk_waits_for_a_clock_and_a_close_does_not(desk: Desk) -> None:
    desk.exchange.rows = (position("10"),)
    line = desk.accounts.network_clock
    line.age_ms, line.fault = None, ExchangeUnavailable("no time")
    with pytest.raises(ExchangeUnavailable) as caught:
        desk.engine.submit(wish())
    assert caught.value.code == "clock_unknown"
    desk.engine.close_position(close_wish())
    assert [o.close for o in desk.exchange.placed] == [True]
