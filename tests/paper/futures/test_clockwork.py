"""Funding and liquidation: when, how much, and never more than there is."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from mtrade.domain.instruments import Side
from mtrade.domain.positions import Leg
from tests.paper.futures.stand import ALICE, BOB, BTC, COIN, ETH, Stand


def funding_time(stand: Stand) -> None:
    stand.now_ms = stand.world.rooms[BTC].funding_next_ms
    stand.venue.on_prices(stand.now_ms)


def test_longs_pay_shorts_once_at_the_funding_time(stand: Stand) -> None:
    stand.place(size=1000)
    stand.place(BOB, size=-500)
    before = (stand.total(), stand.total(BOB))
    stand.now_ms = stand.world.rooms[BTC].funding_next_ms - 1
    stand.venue.on_prices(stand.now_ms)
    assert stand.total() == before[0]
    funding_time(stand)
    funding_time(stand)
    assert stand.total() - before[0] == D("-0.6")
    assert stand.total(BOB) - before[1] == D("0.3")
    assert stand.position().pnl_fund == D("-0.6")
    row = stand.ask("GET", "/futures/usdt/account_book?type=fund")[0]
    assert (row["change"], row["contract"]) == ("-0.6", "BTC_USDT")
    stand.world.rooms[BTC].roll_funding(stand.now_ms)
    funding_time(stand)
    assert stand.total() - before[0] == D("-1.2")


def test_funding_of_the_inverse_contract_is_in_coins(stand: Stand) -> None:
    stand.place(key=COIN, size=5000)
    before = stand.total(settle="btc")
    funding_time(stand)
    assert stand.total(settle="btc") - before == -D(5000) / 50_000 * D("0.0001")


def test_an_empty_wallet_pays_funding_from_the_margin(stand: Stand) -> None:
    stand.place(size=1000)
    stand.venue.withdraw(ALICE, "usdt", stand.available(), stand.now_ms)
    margin = stand.position().margin
    funding_time(stand)
    assert stand.position().margin == margin - D("0.6")
    assert stand.total() == stand.position().margin


@pytest.mark.parametrize(
    ("size", "safe", "gone"), [(1000, "57227", "57226"), (-1000, "62746", "62747")]
)
def test_isolated_liquidation_at_the_worked_price(
    stand: Stand, size: int, safe: str, gone: str
) -> None:
    stand.book("60000", "60000.1") if size < 0 else stand.book("59999.9", "60000")
    stand.leverage("leverage=20")
    stand.place(size=size)
    after_fee = stand.total()
    resting = stand.place(size=size, price="59000" if size > 0 else "61000")
    stand.events()
    stand.mark(safe)
    assert stand.position().size == size
    stand.mark(gone)
    assert stand.position().size == 0
    assert stand.total() == after_fee - D("304.5")
    assert resting.finish_as == "liquidated"
    order = next(o for o in stand.venue.state.all_orders(ALICE, "usdt") if o.is_liq)
    assert (order.finish_as, order.text) == ("liquidated", f"liq-{order.id}")
    row = stand.ask("GET", "/futures/usdt/liquidates")[0]
    assert (row["order_id"], row["size"], row["margin"]) == (order.id, str(size), "304.5")
    assert row["fill_price"] == ("56955" if size > 0 else "63045")
    closed = stand.ask("GET", "/futures/usdt/position_close")[0]
    assert (closed["pnl_pnl"], closed["text"]) == ("-304.5", order.text)
    channels = {event.channel for event in stand.events() if event.uid == ALICE}
    assert channels >= {"positions", "usertrades", "orders", "balances", "liquidates"}


def test_a_gap_costs_no_more_than_the_margin(stand: Stand) -> None:
    stand.leverage("leverage=50")
    stand.place(size=1000)
    after_fee, margin = stand.total(), stand.position().margin
    wealth = stand.wealth("usdt")
    stand.mark("30000")
    assert stand.total() == after_fee - margin
    assert stand.wealth("usdt") == wealth


def test_a_resting_close_that_fills_beyond_bankruptcy_costs_no_more_either(stand: Stand) -> None:
    stand.leverage("leverage=20")
    stand.place(size=-1000)
    stand.place(size=1000, price="59000")
    after_fee, margin = stand.total(), stand.position().margin
    position = stand.position()
    position.margin = D(5)  # as if funding had eaten the rest
    position.entry = D(58_000)
    stand.book("58000", "61000")
    stand.quote(Side.SELL, "59000", 1000)
    assert position.size == 0
    assert stand.total() >= after_fee - D(5)
    assert margin > 5


def test_hedge_legs_are_liquidated_one_by_one(stand: Stand) -> None:
    stand.call("POST", "/futures/usdt/dual_mode?dual_mode=true")
    stand.leverage("leverage=20")
    stand.place(size=1000)
    stand.place(size=-1000)
    stand.mark("57000")
    assert stand.position(leg=Leg.LONG).size == 0
    assert stand.position(leg=Leg.SHORT).size == -1000


def test_cross_positions_share_the_wallet_and_fall_together(stand: Stand) -> None:
    for key in (BTC, ETH):
        stand.leverage("leverage=0&cross_leverage_limit=20", key=key)
    stand.place(size=10_000)
    stand.place(key=ETH, size="-100")
    stand.mark("51500")
    assert stand.position().size == 10_000  # isolated at 20x it would be gone long ago
    shown = stand.ask("GET", "/futures/usdt/positions/BTC_USDT")
    liquidation = D(shown["liq_price"])
    stand.mark(str((liquidation + 1).quantize(D("0.1"))))
    assert stand.position().size == 10_000
    wealth = stand.wealth("usdt")
    stand.mark(str((liquidation - 1).quantize(D("0.1"))))
    assert stand.position().size == 0
    assert stand.position(key=ETH).size == 0
    assert abs(stand.total()) < D("1e-15")
    assert stand.sizes(BTC) == stand.sizes(ETH) == 0
    assert abs(stand.wealth("usdt") - wealth) < D("1e-15")


def test_a_cross_gap_never_leaves_a_debt(stand: Stand) -> None:
    for key in (BTC, ETH):
        stand.leverage("leverage=0&cross_leverage_limit=20", key=key)
    stand.place(size=10_000)
    stand.place(key=ETH, size="-100")
    wealth = stand.wealth("usdt")
    stand.mark("30000")
    assert abs(stand.total()) < D("1e-15")
    assert abs(stand.wealth("usdt") - wealth) < D("1e-15")


def test_isolated_margin_does_not_save_the_cross_pool(stand: Stand) -> None:
    stand.leverage("leverage=0&cross_leverage_limit=20")
    stand.leverage("leverage=5", key=ETH)
    stand.place(size=10_000)
    stand.place(key=ETH, size="10")
    margin = stand.position(key=ETH).margin
    stand.mark("40000")
    assert stand.position().size == 0
    assert stand.position(key=ETH).size == 10
    assert abs(stand.total() - margin) < D("1e-15")


def test_inverse_liquidation(stand: Stand) -> None:
    stand.book("49999.9", "50000", key=COIN)
    stand.place(key=COIN, size=5000)
    after_fee, margin = stand.total(settle="btc"), stand.position(key=COIN).margin
    stand.mark("45700", key=COIN)
    assert stand.position(key=COIN).size == 5000
    stand.mark("45600", key=COIN)
    assert stand.position(key=COIN).size == 0
    assert abs(stand.total(settle="btc") - after_fee + margin) < D("1e-20")
