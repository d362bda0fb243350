"""The planner: a wish becomes exactly the order it means, or is refused naming the field."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from mtrade.domain.accounts import PositionMode
from mtrade.domain.errors import (
    Conflict,
    ExchangeUnavailable,
    InvalidRequest,
    MTradeError,
    NotFound,
    OrderDenied,
)
from mtrade.domain.frozen import replace
from mtrade.domain.instruments import Side, futures
from mtrade.domain.orders import AutoSize, OrderType, TimeInForce, Trigger, TriggerSource
from mtrade.domain.positions import Leg
from mtrade.domain.risk import RiskLimits
from mtrade.domain.sizing import SizeUnit
from mtrade.trading.planner import Planner
from mtrade.trading.preview import Previewer
from mtrade.trading.state import LiveState
from mtrade.trading.wishes import CloseWish, OrderWish, Protection, ProtectWish
from tests.clocks import FakeClock
from tests.trading.fakes import BTC, BTC_SPOT, FakeAccounts, FakeExchange, position

LIMITS = RiskLimits(max_order_value=D(100_000), max_leverage=D(20), price_band=D("0.05"))


class Table:
    """A planner on a scripted exchange."""

    def __init__(self) -> None:
        clock = FakeClock()
        self.exchange = FakeExchange(clock)
        accounts = self.accounts = FakeAccounts(self.exchange, clock)
        state = LiveState(accounts, clock)  # type: ignore[arg-type]
        self.planner = Planner(accounts, state, lambda: LIMITS)  # type: ignore[arg-type]
        self.previewer = Previewer(self.planner, state)


@pytest.fixture
def table() -> Table:
    return Table()


def wish(**changes: object) -> OrderWish:
    base = OrderWish(
        account_id="paper:1",
        request_id="abcdefgh",
        instrument=BTC,
        side=Side.BUY,
        type=OrderType.LIMIT,
        size=D("0.01"),
        unit=SizeUnit.BASE,
        price=D("59000.05"),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


MARKET: dict[str, object] = {"type": OrderType.MARKET, "price": None}


def test_a_limit_order_conforms_size_and_price_to_the_safe_side(table: Table) -> None:
    plan = table.planner.plan(wish(size=D("0.01009")))
    assert (plan.order.size, plan.order.price, plan.leg) == (D(100), D(59000), Leg.NET)
    sell = table.planner.plan(wish(side=Side.SELL, price=D("60000.01")))
    assert sell.order.price == D("60000.1")


def test_market_orders_are_immediate_and_spot_buys_are_in_money(table: Table) -> None:
    order = table.planner.plan(wish(**MARKET)).order
    assert (order.tif, order.price) == (TimeInForce.IOC, None)
    buy = wish(instrument=BTC_SPOT, size=D(100), unit=SizeUnit.QUOTE, **MARKET)
    spot = table.planner.plan(buy)
    assert (spot.order.size, spot.order.size_in_quote, spot.leg) == (D(100), True, None)
    assert spot.plan_position is None


def test_the_position_at_planning_is_kept_as_a_witness(table: Table) -> None:
    table.exchange.rows = (position("7"),)
    assert table.planner.plan(wish()).plan_position == D(7)
    table.exchange.rows = ()
    assert table.planner.plan(replace(wish(), request_id="other-one")).plan_position is not None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"price": None}, "price"),
        ({**MARKET, "price": D(1)}, "price"),
        ({**MARKET, "tif": TimeInForce.POC}, "tif"),
        ({"instrument": BTC_SPOT, "reduce_only": True}, "reduce_only"),
        ({"instrument": BTC_SPOT, "leverage": D(2)}, "reduce_only"),
        ({"instrument": BTC_SPOT, "unit": SizeUnit.CONTRACTS}, "unit"),
        ({"size": D("0.00001")}, "size"),
        ({"size": D(0)}, "size"),
        ({"size": D(10**9), "unit": SizeUnit.CONTRACTS}, "size"),
        ({"instrument": BTC_SPOT, "size": D("0.00001")}, "size"),
        ({"instrument": BTC_SPOT, "size": D(2), "unit": SizeUnit.QUOTE, **MARKET}, "size"),
        ({"instrument": BTC_SPOT, "take_profit": Protection(price=D(61000))}, "take_profit"),
        ({"reduce_only": True, "stop_loss": Protection(price=D(1))}, "take_profit"),
        ({"close": True}, "close"),
    ],
)
def test_what_means_nothing_is_refused_naming_the_field(
    table: Table, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        table.planner.plan(wish(**changes))
    assert field in caught.value.fields


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"instrument": futures("NONE_USDT")}, NotFound),
        ({"size": D(200_000), "unit": SizeUnit.QUOTE}, OrderDenied),
        ({"leverage": D(50)}, OrderDenied),
        ({"price": D(99_000)}, OrderDenied),
    ],
)
def test_limits_deny(table: Table, changes: dict[str, object], error: type[MTradeError]) -> None:
    with pytest.raises(error):
        table.planner.plan(wish(**changes))


def test_split_positions_are_refused_with_what_to_do(table: Table) -> None:
    table.exchange.mode = PositionMode.SPLIT
    with pytest.raises(Conflict, match="split"):
        table.planner.plan(wish())


def test_protection_of_a_long_sells_above_and_below(table: Table) -> None:
    plan = table.planner.plan(
        wish(
            take_profit=Protection(price=D(61000)),
            stop_loss=Protection(price=D(58000), source=TriggerSource.MARK),
        )
    )
    take, stop = plan.protection
    assert (take.side, take.close, take.size) == (Side.SELL, True, D(0))
    assert take.trigger == Trigger(price=D(61000), above=True)
    assert stop.trigger == Trigger(price=D(58000), above=False, source=TriggerSource.MARK)


def test_protection_of_a_short_buys_below_and_above(table: Table) -> None:
    table.exchange.mode = PositionMode.DUAL
    plan = table.planner.plan(
        wish(side=Side.SELL, price=D(60000), take_profit=Protection(price=D(58000)),
             stop_loss=Protection(price=D(61000)))
    )  # fmt: skip
    take, stop = plan.protection
    assert (take.side, take.auto_size, take.close) == (Side.BUY, AutoSize.CLOSE_SHORT, False)
    assert take.trigger is not None
    assert stop.trigger is not None
    assert (take.trigger.above, stop.trigger.above) == (False, True)


def close_wish(**changes: object) -> CloseWish:
    base = CloseWish(
        account_id="paper:1", request_id="abcdefgh", instrument=BTC, leg=Leg.NET, percent=D(100)
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def test_closing_all_at_market_is_the_exchanges_own_close(table: Table) -> None:
    table.exchange.rows = (position("-10"),)
    order = table.planner.close(close_wish()).order
    assert (order.side, order.size, order.close, order.reduce_only) == (
        Side.BUY, D(0), True, False,
    )  # fmt: skip
    table.exchange.mode = PositionMode.DUAL


def test_closing_a_hedge_leg_uses_auto_size(table: Table) -> None:
    table.exchange.mode = PositionMode.DUAL
    table.exchange.rows = (position("10", leg=Leg.LONG), position("-4", leg=Leg.SHORT))
    order = table.planner.close(close_wish(leg=Leg.SHORT)).order
    assert (order.auto_size, order.side, order.size) == (AutoSize.CLOSE_SHORT, Side.BUY, D(0))


def test_closing_a_part_is_reduce_only_and_rounds_down(table: Table) -> None:
    table.exchange.rows = (position("15"),)
    order = table.planner.close(close_wish(percent=D(50))).order
    assert (order.side, order.size, order.reduce_only, order.close) == (
        Side.SELL, D(7), True, False,
    )  # fmt: skip
    limit = table.planner.close(close_wish(price=D("61000.01"))).order
    assert (limit.size, limit.price, limit.tif) == (D(15), D("61000.1"), TimeInForce.GTC)


def test_a_part_too_small_to_close_says_the_minimum(table: Table) -> None:
    table.exchange.rows = (position("1"),)
    with pytest.raises(InvalidRequest) as caught:
        table.planner.close(close_wish(percent=D(50)))
    assert "minimum" in caught.value.fields["size"]


def test_nothing_to_close_or_protect_is_said(table: Table) -> None:
    with pytest.raises(OrderDenied):
        table.planner.close(close_wish())
    nothing = ProtectWish(account_id="paper:1", request_id="abcdefgh", instrument=BTC, leg=Leg.NET)
    with pytest.raises(OrderDenied):
        table.planner.protect(nothing)
    held = Table()
    held.exchange.rows = (position("1"),)
    with pytest.raises(InvalidRequest):
        held.planner.protect(nothing)


def test_a_conditional_close_closes_everything(table: Table) -> None:
    table.exchange.rows = (position("10"),)
    trigger = Trigger(price=D(58000), above=False)
    plan = table.planner.plan(wish(side=Side.SELL, close=True, trigger=trigger, **MARKET))
    assert (plan.order.close, plan.order.size, plan.order.trigger) == (True, D(0), trigger)


def test_preview_of_a_market_order_uses_the_book_and_names_what_it_costs(table: Table) -> None:
    seen = table.previewer.preview(wish(size=D("0.6"), leverage=D(10), **MARKET))
    assert seen.size == D(6000)
    assert seen.average == (D(60000) * 5000 + D(60001) * 1000) / 6000
    assert seen.worst == D(60001)
    assert seen.value is not None
    assert seen.margin == seen.value / 10
    assert seen.fee == seen.value * D("0.0005")
    assert seen.slippage_pct is not None
    assert seen.slippage_pct > 0
    assert seen.position_after == D(6000)
    assert seen.liq_after is not None
    assert seen.liq_after < D(60000)
    assert not seen.problems


def test_preview_names_every_problem_and_still_shows_the_numbers(table: Table) -> None:
    seen = table.previewer.preview(wish(size=D("20"), price=D(59000), leverage=D(10)))
    assert {p.code for p in seen.problems} >= {"order_value_limit", "balance"}
    assert seen.value is not None


def test_preview_of_a_reducing_order_locks_no_margin(table: Table) -> None:
    table.exchange.rows = (position("100"),)
    seen = table.previewer.preview(
        wish(side=Side.SELL, size=D(50), unit=SizeUnit.PERCENT, reduce_only=True, **MARKET)
    )
    assert (seen.size, seen.margin, seen.position_after) == (D(50), D(0), D(50))


def test_preview_of_spot_shows_coins_and_money_after(table: Table) -> None:
    seen = table.previewer.preview(
        wish(instrument=BTC_SPOT, size=D(600), unit=SizeUnit.QUOTE, **MARKET)
    )
    assert seen.size == D("0.01")
    assert seen.available_after == D(10_000) - 600
    assert seen.position_after == D("0.5") + D("0.01") * (1 - D("0.0005"))


def test_preview_of_something_hopeless_is_only_its_problem(table: Table) -> None:
    seen = table.previewer.preview(wish(size=D(0)))
    assert [p.field for p in seen.problems] == ["size"]
    assert seen.value is None


def test_preview_of_less_than_one_contract_does_not_claim_that_there_is_no_price(
    table: Table,
) -> None:
    seen = table.previewer.preview(wish(size=D(5), unit=SizeUnit.QUOTE, **MARKET))
    assert [p.field for p in seen.problems] == ["size"]
    assert (seen.size, seen.value) == (D(0), None)


def test_a_machine_without_real_money_still_lets_positions_shrink(table: Table) -> None:
    table.accounts.forbidden = table.accounts.account.network
    table.exchange.rows = (position("100"),)
    with pytest.raises(Conflict):
        table.planner.plan(wish())
    assert table.planner.close(close_wish()).order.close
    reducing = wish(side=Side.SELL, reduce_only=True, price=D(60000))
    assert table.planner.plan(reducing).order.reduce_only


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"take_profit": Protection(price=D(59000))}, "take_profit"),
        ({"stop_loss": Protection(price=D(59000))}, "stop_loss"),
        ({"price": D(61000), "stop_loss": Protection(price=D(60500))}, "stop_loss"),
        ({**MARKET, "stop_loss": Protection(price=D(60000))}, "stop_loss"),
        (
            {"side": Side.SELL, "price": D(60000), "stop_loss": Protection(price=D(59000))},
            "stop_loss",
        ),
        ({"side": Side.SELL, **MARKET, "take_profit": Protection(price=D(60000))}, "take_profit"),
    ],
)
def test_protection_the_exchange_would_refuse_after_the_fill_is_refused_before(
    table: Table, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        table.planner.plan(wish(**changes))
    assert "entry" in caught.value.fields[field]


def test_protection_of_an_entry_against_an_opposite_position_is_refused(table: Table) -> None:
    table.exchange.rows = (position("-10"),)
    with pytest.raises(InvalidRequest) as caught:
        table.planner.plan(wish(stop_loss=Protection(price=D(58000))))
    assert list(caught.value.fields) == ["stop_loss"]


def test_a_close_needs_no_prices(table: Table) -> None:
    def down(*args: object) -> None:
        raise ExchangeUnavailable("no book")

    table.exchange.book = down  # type: ignore[method-assign,assignment]
    table.exchange.rows = (position("10"),)
    assert table.planner.close(close_wish()).order.close
    with pytest.raises(ExchangeUnavailable):
        table.planner.plan(wish())


def test_a_conditional_close_of_a_hedge_leg_is_planned_on_that_leg(table: Table) -> None:
    table.exchange.mode = PositionMode.DUAL
    table.exchange.rows = (position("10", leg=Leg.LONG), position("-4", leg=Leg.SHORT))
    trigger = Trigger(price=D(58000), above=False)
    plan = table.planner.plan(wish(side=Side.SELL, close=True, trigger=trigger, **MARKET))
    assert (plan.leg, plan.plan_position) == (Leg.LONG, D(10))
    assert plan.order.auto_size is AutoSize.CLOSE_LONG
