"""The fold: whatever is repeated, lost before a read, or out of order, the end is the same."""

from __future__ import annotations

import random
from collections.abc import Iterable
from decimal import Decimal as D

from hypothesis import given
from hypothesis import strategies as st

from mtrade.domain.events import (
    AccountEvent,
    Filled,
    FuturesBalanceChanged,
    Liquidated,
    OrderChanged,
    PositionClosed,
    SpotBalanceChanged,
    TriggerChanged,
)
from mtrade.domain.instruments import Market
from mtrade.domain.positions import Liquidation, PositionClose
from mtrade.trading.live.fold import KEPT_ENDED, KEPT_FILLS, fold, section_of
from mtrade.trading.live.views import Section
from tests.trading.live.samples import (
    ACCOUNT,
    BTC,
    History,
    coins,
    fill,
    order,
    position,
    snapshot,
    trigger,
    update,
    wallet,
)


def folded(events: Iterable[AccountEvent], start: Section | None = None) -> Section:
    section = start or Section()
    for at, event in enumerate(events):
        section = fold(section, event, float(at))
    return section


def seen(section: Section) -> dict[str, object]:
    """What a screen would show."""
    assert section.futures is not None
    total = section.futures.total if section.wallet_total is None else section.wallet_total
    return {
        "orders": section.open_orders,
        "triggers": section.open_triggers,
        "sizes": {(p.instrument, p.leg): (p.size, p.update_id) for p in section.positions},
        "fills": section.newest_fills,
        "total": total,
    }


@given(seed=st.integers(0, 2**32), before=st.integers(0, 25), after=st.integers(0, 25))
def test_loss_then_a_read_repetition_and_any_order_end_in_the_truth(
    seed: int, before: int, after: int
) -> None:
    history, chance = History(seed), random.Random(seed)
    history.run(before)
    early = [event for _, event in history.pushes]
    read = history.read()
    history.run(after)
    late = [event for time_ms, event in history.pushes if time_ms > read.read_ms]
    truth = folded([history.read()])

    kept = [event for event in early if chance.random() < 0.5]
    events: list[AccountEvent] = [*kept, *late, read]
    events += chance.choices(events, k=len(events))
    chance.shuffle(events)
    assert seen(folded(events)) == seen(truth)


@given(seed=st.integers(0, 2**32), steps=st.integers(1, 20))
def test_an_older_read_that_comes_late_changes_nothing(seed: int, steps: int) -> None:
    history = History(seed)
    history.run(steps)
    older = history.read()
    history.run(steps)
    newer = history.read()
    assert seen(folded([newer, older])) == seen(folded([older, newer]))


def test_a_late_push_never_reopens_what_has_ended() -> None:
    events = [
        OrderChanged(account_id=ACCOUNT, order=order("1", 20, open=False, left=0)),
        OrderChanged(account_id=ACCOUNT, order=order("1", 10)),
        TriggerChanged(account_id=ACCOUNT, trigger=trigger("9", 20, "finished")),
        TriggerChanged(account_id=ACCOUNT, trigger=trigger("9", 10)),
        update(BTC, 0, 5, 20),
        update(BTC, 3, 4, 10),
    ]
    section = folded(events)
    assert section.open_orders == ()
    assert section.open_triggers == ()
    assert section.positions == ()


def test_a_read_does_not_undo_a_later_push() -> None:
    events = [
        OrderChanged(account_id=ACCOUNT, order=order("1", 105)),
        update(BTC, 3, 4, 105),
        FuturesBalanceChanged(account_id=ACCOUNT, settle="usdt", total=D(900), time_ms=105),
        snapshot(100),
    ]
    section = folded(events)
    assert [o.order_id for o in section.open_orders] == ["1"]
    assert [p.size for p in section.positions] == [D(3)]
    assert section.wallet_total == D(900)
    assert section.wallet_moved, "its margins are older than its total"


def test_a_read_that_goes_back_is_late_until_the_push_is_old() -> None:
    pushed = update(BTC, 3, 10, 1_000)
    stale = snapshot(5_000, positions=(position(BTC, 7, 9),))
    assert [p.size for p in folded([pushed, stale]).positions] == [D(3)]
    anew = snapshot(60_000, positions=(position(BTC, 7, 2),))
    assert [p.size for p in folded([pushed, anew]).positions] == [D(7)]


def test_a_read_of_the_same_state_brings_what_the_push_left_out() -> None:
    pushed = folded([update(BTC, 3, 10, 1_000)])
    assert pushed.positions[0].liq_price is None
    read = snapshot(2_000, positions=(position(BTC, 3, 10),))
    assert folded([read], pushed).positions[0].liq_price == D(50000)


def test_a_changed_size_makes_the_liquidation_price_unknown_and_scales_the_margins() -> None:
    section = folded([snapshot(1, positions=(position(BTC, 4, 1),)), update(BTC, 2, 2, 5)])
    row = section.positions[0]
    assert row.liq_price is None
    assert row.initial_margin == D(3)
    assert row.maintenance_margin == D("0.5")
    assert row.leverage_max == D(100)


def test_coins_go_by_their_time() -> None:
    def push(amount: str, time_ms: int) -> SpotBalanceChanged:
        return SpotBalanceChanged(
            account_id=ACCOUNT, balance=coins("USDT", amount), time_ms=time_ms
        )

    read = snapshot(
        100, market=Market.SPOT, settle="", futures=None,
        spot=(coins("USDT", "10"), coins("BTC", "0")),
    )  # fmt: skip
    late_first = folded([push("12", 120), read, push("11", 110), push("9", 90)])
    assert late_first.balances == (coins("USDT", "12"),)
    assert folded([push("5", 50), read]).balances == (coins("USDT", "10"),)


def test_only_so_much_is_kept_and_never_an_open_order_is_dropped() -> None:
    ended = [
        OrderChanged(account_id=ACCOUNT, order=order(str(n), n, open=False, left=0))
        for n in range(KEPT_ENDED + 50)
    ]
    resting = OrderChanged(account_id=ACCOUNT, order=order("rest", 1))
    section = folded([resting, *ended])
    assert len(section.orders) == KEPT_ENDED
    assert [o.order_id for o in section.open_orders] == ["rest"]
    many = tuple(fill(str(n), n) for n in range(KEPT_FILLS + 50))
    fills = folded([Filled(account_id=ACCOUNT, fills=many)]).newest_fills
    assert len(fills) == KEPT_FILLS
    assert fills[0].time_ms == KEPT_FILLS + 49


def test_a_wallet_counts_as_moved_from_any_event_that_moves_money_to_the_next_read() -> None:
    read = folded([snapshot(1)])
    assert not read.wallet_moved
    moved = fold(read, OrderChanged(account_id=ACCOUNT, order=order("1", 5)), 10.0)
    assert moved.wallet_moved
    assert not fold(moved, snapshot(20, futures=wallet("990")), 11.0).wallet_moved


def test_every_event_finds_its_section() -> None:
    one = D(1)
    close = PositionClose(
        instrument=BTC, time_ms=1, side="long", pnl=one, pnl_price=one, pnl_fee=one,
        pnl_funding=one, max_size=one, entry_price=one, exit_price=one, text="",
    )  # fmt: skip
    forced = Liquidation(
        instrument=BTC, time_ms=1, size=one, order_id="1", entry_price=one, liq_price=one,
        mark_price=one, fill_price=one,
    )  # fmt: skip
    usdt = (Market.FUTURES, "usdt")
    history = History(1)
    history.run(30)
    found = {section_of(event) for _, event in history.pushes}
    assert found == {usdt}
    for event in (
        PositionClosed(account_id=ACCOUNT, close=close),
        Liquidated(account_id=ACCOUNT, liquidation=forced),
        snapshot(1),
    ):
        assert section_of(event) == usdt
        assert folded([event]).heard_at == 0.0
    spot = SpotBalanceChanged(account_id=ACCOUNT, balance=coins("USDT", "1"), time_ms=1)
    assert section_of(spot) == (Market.SPOT, "")
