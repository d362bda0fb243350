"""Repeated fills are told once, and what REST knew before any push is suspicious."""

from __future__ import annotations

from decimal import Decimal

from mtrade.domain.accounts import MarginMode
from mtrade.domain.events import AccountSnapshot, Filled, PositionChanged, PositionUpdate
from mtrade.domain.instruments import InstrumentId, Market, Side, futures
from mtrade.domain.orders import Fill
from mtrade.domain.positions import Leg, Position
from mtrade.gate.account_memory import OVERLAP_MS, AccountMemory

BTC, ETH = futures("BTC_USDT"), futures("ETH_USDT")
ONE, ZERO = Decimal(1), Decimal(0)
LIVE_MS = 1_000_000
LATER = LIVE_MS + 10_000


def fill(id: str, *, time_ms: int = LATER, instrument: InstrumentId = BTC) -> Fill:
    return Fill(
        trade_id=id,
        order_id="1",
        instrument=instrument,
        time_ms=time_ms,
        side=Side.BUY,
        size=ONE,
        price=ONE,
        fee=ZERO,
        fee_currency="USDT",
        role="maker",
        text="",
    )


def filled(*fills: Fill) -> Filled:
    return Filled(account_id="a", fills=fills)


def moved(update_id: int) -> PositionChanged:
    update = PositionUpdate(
        instrument=BTC,
        leg=Leg.NET,
        size=ONE,
        entry_price=ONE,
        leverage=ONE,
        margin_mode=MarginMode.CROSS,
        margin=ONE,
        realised_pnl=ZERO,
        update_id=update_id,
        time_ms=1,
    )
    return PositionChanged(account_id="a", update=update)


def read(*fills: Fill, update_id: int | None = None) -> AccountSnapshot:
    positions = () if update_id is None else (position(update_id),)
    return AccountSnapshot(
        account_id="a",
        market=Market.FUTURES,
        settle="usdt",
        read_ms=LATER,
        orders=(),
        triggers=(),
        fills=fills,
        positions=positions,
    )


def position(update_id: int) -> Position:
    return Position(
        instrument=BTC,
        leg=Leg.NET,
        size=ONE,
        entry_price=ONE,
        mark_price=ONE,
        liq_price=None,
        leverage=ONE,
        leverage_max=ONE,
        margin_mode=MarginMode.CROSS,
        margin=ONE,
        initial_margin=ONE,
        maintenance_margin=ONE,
        value=ONE,
        unrealised_pnl=ZERO,
        realised_pnl=ZERO,
        update_id=update_id,
    )


def test_a_fill_is_told_once_by_push_or_read() -> None:
    memory = AccountMemory()
    assert memory.pushed_fills(filled(fill("1"), fill("1"), fill("2"))) == filled(
        fill("1"), fill("2")
    )
    assert memory.pushed_fills(filled(fill("2"))) is None
    fresh, _ = memory.snapshot(read(fill("2"), fill("3"), fill("3")), LIVE_MS)
    assert [f.trade_id for f in fresh] == ["3"]
    assert memory.pushed_fills(filled(fill("3"))) is None


def test_the_same_id_on_another_instrument_is_another_fill() -> None:
    memory = AccountMemory()
    memory.pushed_fills(filled(fill("1")))
    assert memory.pushed_fills(filled(fill("1", instrument=ETH))) is not None


def test_reading_overlaps_the_last_known_fill() -> None:
    memory = AccountMemory()
    assert memory.since_ms(5_000_000) == 5_000_000 - OVERLAP_MS
    memory.pushed_fills(filled(fill("1", time_ms=4_000_000)))
    assert memory.since_ms(5_000_000) == 4_000_000 - OVERLAP_MS


def test_a_fill_no_push_told_condemns_unless_the_push_was_only_late() -> None:
    memory = AccountMemory()
    _, suspicion = memory.snapshot(read(fill("1")), LIVE_MS)
    assert suspicion
    assert memory.confirmed(suspicion)
    memory.pushed_fills(filled(fill("1")))
    assert not memory.confirmed(suspicion)


def test_a_fill_from_before_the_connection_is_no_reason() -> None:
    memory = AccountMemory()
    _, suspicion = memory.snapshot(read(fill("1", time_ms=LIVE_MS + 500)), LIVE_MS)
    assert not suspicion


def test_a_position_that_moved_without_a_push_condemns() -> None:
    memory = AccountMemory()
    assert not memory.snapshot(read(update_id=7), LIVE_MS)[1], "the first read is the base"
    memory.pushed_position(moved(8))
    assert not memory.snapshot(read(update_id=8), LIVE_MS)[1]
    _, suspicion = memory.snapshot(read(update_id=9), LIVE_MS)
    assert memory.confirmed(suspicion)
    memory.pushed_position(moved(9))
    assert not memory.confirmed(suspicion)


def test_a_missing_number_before_a_push_is_noticed() -> None:
    memory = AccountMemory()
    assert not memory.pushed_position(moved(7)), "nothing to compare with"
    assert not memory.pushed_position(moved(8))
    assert memory.pushed_position(moved(10))
    assert not memory.pushed_position(moved(9)), "late, not missing"
    memory.reconnected()
    assert not memory.pushed_position(moved(50))
