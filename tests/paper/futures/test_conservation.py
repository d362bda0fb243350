"""Random trading: no money appears or vanishes, and nobody loses more than they put up."""

from __future__ import annotations

import random
from contextlib import suppress
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mtrade.domain.instruments import InstrumentId, Side
from mtrade.paper.faults import GateFault
from mtrade.paper.futures.entities import FinishAs, Position
from mtrade.paper.margin import initial_margin
from tests.paper.futures.stand import ALICE, BOB, BTC, COIN, ETH, Stand

DUST = D("1e-14")
BASE = {BTC: 60_000, ETH: 3000, COIN: 50_000}

users = st.sampled_from([ALICE, BOB])
contracts = st.sampled_from([BTC, ETH, COIN])
sizes = st.sampled_from([1, 7, 300, 3000, 20_000])
signs = st.sampled_from([1, -1])
steps = st.integers(-20, 20)  # thousandths of mark


class Trading(RuleBasedStateMachine):
    """Two traders, the house, three contracts."""

    @initialize(dual=st.booleans(), cross=st.booleans())
    def open(self, dual: bool, cross: bool) -> None:
        self.stand = Stand()
        self.ended: dict[int, tuple[str, D]] = {}
        for uid in (ALICE, BOB):
            self.stand.venue.withdraw(uid, "usdt", D(9000), self.stand.now_ms)
            self.stand.venue.withdraw(uid, "btc", D("0.9"), self.stand.now_ms)
            if dual and uid == BOB:
                for settle in ("usdt", "btc"):
                    self.stand.call("POST", f"/futures/{settle}/dual_mode?dual_mode=true", uid)
        for key, price in BASE.items():
            self.stand.book(str(price - 1), str(price + 1), key=key)
            if cross:
                self.stand.leverage("leverage=0&cross_leverage_limit=50", BOB, key)
            self.stand.leverage("leverage=40", ALICE, key)
        self.wealth = {settle: self.stand.wealth(settle) for settle in ("usdt", "btc")}

    @rule(uid=users, key=contracts, size=sizes, sign=signs, off=steps, kind=st.integers(0, 5))
    def place(self, uid: int, key: InstrumentId, size: int, sign: int, off: int, kind: int) -> None:
        body: dict[str, Any] = {"size": size * sign}
        if key == ETH:
            body["size"] = str(D(size * sign) / 10)
        if kind >= 2:
            body["price"] = self.near(key, off)
        if kind in (1, 5):
            body["reduce_only"] = True
        self.attempt(lambda: self.stand.place(uid, key, **body))

    @rule(uid=users, key=contracts)
    def close(self, uid: int, key: InstrumentId) -> None:
        self.attempt(lambda: self.stand.place(uid, key, size=0, close=True))

    @rule(key=contracts, move=st.integers(-120, 120))
    def move(self, key: InstrumentId, move: int) -> None:
        room = self.stand.world.rooms[key]
        price = (room.mark * (1000 + move) / 1000).quantize(D("0.1"))
        price = min(max(price, D(BASE[key]) / 3), D(BASE[key]) * 3)
        before = self.isolated()
        self.stand.book(str(price - 1), str(price + 1), key=key)
        self.stand.mark(str(price), key=key)
        self.lost_no_more_than(before)

    @rule(key=contracts, rate=st.integers(-30, 30))
    def fund(self, key: InstrumentId, rate: int) -> None:
        room = self.stand.world.rooms[key]
        room.funding_rate = D(rate) / 10_000
        self.stand.now_ms = max(self.stand.now_ms, room.funding_next_ms)
        self.stand.venue.on_prices(self.stand.now_ms)
        for other in self.stand.world.rooms.values():
            if other.funding_next_ms <= self.stand.now_ms:
                other.roll_funding(self.stand.now_ms)

    @rule(uid=users, settle=st.sampled_from(["usdt", "btc"]))
    def deposit(self, uid: int, settle: str) -> None:
        amount = D(500) if settle == "usdt" else D("0.02")
        if self.stand.total(uid, settle) > amount:
            return
        self.stand.venue.deposit(uid, settle, amount, self.stand.now_ms)
        self.wealth[settle] += amount

    @rule(uid=users, key=contracts, side=st.sampled_from(["", "bid", "ask"]))
    def cancel(self, uid: int, key: InstrumentId, side: str) -> None:
        query = f"contract={key.name}&side={side}"
        self.stand.call("DELETE", f"/futures/{key.settle}/orders?{query}", uid)

    @rule(uid=users, key=contracts, size=sizes, off=steps)
    def amend(self, uid: int, key: InstrumentId, size: int, off: int) -> None:
        orders = self.stand.venue.state.open_orders(uid, key.settle, key.name)
        if not orders:
            return
        order = orders[size % len(orders)]
        body = {"size": str(size * order.side.sign), "price": self.near(key, off)}
        path = f"/futures/{key.settle}/orders/{order.id}"
        self.attempt(lambda: self.stand.call("PUT", path, uid, body=body))

    @rule(uid=users, key=contracts, leverage=st.integers(0, 60))
    def leverage(self, uid: int, key: InstrumentId, leverage: int) -> None:
        self.attempt(lambda: self.stand.leverage(f"leverage={leverage}", uid, key))

    @rule(uid=users, key=contracts, change=st.integers(-50, 50))
    def margin(self, uid: int, key: InstrumentId, change: int) -> None:
        path = f"/futures/{key.settle}/positions/{key.name}/margin?change={change}"
        self.attempt(lambda: self.stand.call("POST", path, uid))

    @rule(key=contracts, side=st.sampled_from(list(Side)), size=sizes, off=steps)
    def house(self, key: InstrumentId, side: Side, size: int, off: int) -> None:
        before = self.isolated()
        self.stand.quote(side, self.near(key, off), size, key)
        self.lost_no_more_than(before)

    @invariant()
    def money_is_conserved(self) -> None:
        for settle, wealth in getattr(self, "wealth", {}).items():
            assert abs(self.stand.wealth(settle) - wealth) < DUST

    @invariant()
    def positions_sum_to_zero(self) -> None:
        for key in BASE if hasattr(self, "stand") else ():
            assert self.stand.sizes(key) == 0

    @invariant()
    def nobody_owes(self) -> None:
        for uid in (ALICE, BOB) if hasattr(self, "stand") else ():
            for settle in ("usdt", "btc"):
                account = self.stand.venue.state.account(uid, settle)
                posted = self.stand.venue.exposure.isolated_margin(account)
                assert account.total - posted > -DUST
                flows = account.dnw + account.pnl + account.fee + account.fund
                assert abs(account.total - flows) < DUST

    @invariant()
    def reduce_only_orders_fit_the_position(self) -> None:
        for position in self.positions():
            orders = self.stand.venue.state.open_orders(
                position.uid, position.settle, position.contract
            )
            mine = [o for o in orders if o.reduce_only and o.leg is position.leg]
            assert all(order.size * position.size < 0 for order in mine)
            assert sum((order.left for order in mine), D(0)) <= abs(position.size)

    @invariant()
    def orders_live_by_the_rules(self) -> None:
        for order in self.stand.venue.state.orders.rows.values() if self.ready() else ():
            assert 0 <= order.filled <= abs(order.size)
            resting = self.stand.world.rooms[order.instrument].book.get(order.id)
            assert (resting is not None) == order.open
            assert resting is None or resting.left == order.left
            if order.open:
                assert order.id not in self.ended
                continue
            assert order.finish_as in set(FinishAs)
            known = self.ended.setdefault(order.id, (order.finish_as, order.filled))
            assert known == (order.finish_as, order.filled)

    def near(self, key: InstrumentId, off: int) -> str:
        """A price some thousandths away from mark."""
        mark = self.stand.world.rooms[key].mark
        return str((mark * (1000 + off) / 1000).quantize(D("0.1")))

    def ready(self) -> bool:
        return hasattr(self, "stand")

    def positions(self) -> list[Position]:
        if not self.ready():
            return []
        state = self.stand.venue.state
        return [p for u in (ALICE, BOB) for s in ("usdt", "btc") for p in state.held(u, s)]

    def attempt(self, act: Any) -> None:
        """A refusal is fine; it must not have moved money, which the invariants see."""
        before = self.isolated()
        with suppress(GateFault):
            act()
        self.lost_no_more_than(before)

    def isolated(self) -> dict[str, tuple[D, D, int]]:
        """Margin, all profit so far and the newest id, of every isolated position."""
        return {
            self.name(p): (p.margin, p.history_pnl + p.realised, self.stand.world.last_id)
            for p in self.positions()
            if not p.cross
        }

    def lost_no_more_than(self, before: dict[str, tuple[D, D, int]]) -> None:
        """A position that a step has closed cost at most what it had posted until then."""
        for position in self.positions():
            had = before.get(self.name(position))
            if had is None or position.cross or not position.size.is_zero():
                continue
            posted, result, newest = had
            posted += self.posted_since(position, newest)
            assert result - position.history_pnl <= posted + DUST

    def posted_since(self, position: Position, newest: int) -> D:
        """Margin and entry fees of what has been opened since an id was given out."""
        rules = self.stand.world.rooms[position.instrument].instrument
        total = D(0)
        for trade in self.stand.venue.state.trades.of(position.uid, position.settle):
            opened = trade.size - trade.close_size
            if trade.id > newest and trade.contract == position.contract and opened:
                total += initial_margin(rules, opened, trade.price, position.leverage)
                total += trade.fee
        return total

    @staticmethod
    def name(position: Position) -> str:
        return f"{position.uid}:{position.settle}:{position.contract}:{position.leg}"


class TestTrading(Trading.TestCase):  # type: ignore[misc, name-defined]
    """A quick look on every run."""

    settings = settings(
        max_examples=40,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def walk(seed: int, steps: int) -> Trading:
    """A long day of two busy traders: the same rules, drawn from one seed."""
    dice, day = random.Random(seed), Trading()
    day.open(dual=dice.random() < 0.3, cross=dice.random() < 0.7)
    for _ in range(steps):
        uid, key = dice.choice([ALICE, BOB]), dice.choice(list(BASE))
        size, off = dice.choice([7, 300, 3000, 9000]), dice.randint(-8, 8)
        act = dice.choices(range(9), [8, 1, 3, 1, 1, 1, 1, 2, 1])[0]
        if act == 0:
            day.place(uid, key, size, dice.choice([1, -1]), off, dice.choice([0, 0, 1, 2, 3, 4, 5]))
        elif act == 1:
            day.close(uid, key)
        elif act == 2:
            day.move(key, dice.randint(-45, 45))
        elif act == 3:
            day.fund(key, dice.randint(-30, 30))
        elif act == 4:
            day.amend(uid, key, size, off)
        elif act == 5:
            day.leverage(ALICE, key, dice.randint(0, 60))
        elif act == 6:
            day.margin(uid, key, dice.randint(-50, 50))
        elif act == 7:
            day.deposit(uid, key.settle)
        else:
            day.house(key, dice.choice(list(Side)), size, off)
        check(day)
    return day


def check(day: Trading) -> None:
    day.money_is_conserved()
    day.positions_sum_to_zero()
    day.nobody_owes()
    day.reduce_only_orders_fit_the_position()
    day.orders_live_by_the_rules()


def test_busy_days() -> None:
    """They must also have been interesting: makers, liquidations isolated and cross."""
    makers, isolated, cross = 0, 0, 0
    for seed in range(24):
        state = walk(seed, 150).stand.venue.state
        for uid in (ALICE, BOB):
            for settle in ("usdt", "btc"):
                makers += sum(trade.role == "maker" for trade in state.trades.of(uid, settle))
                for row in state.liquidations.of(uid, settle):
                    isolated, cross = isolated + bool(row.leverage), cross + (not row.leverage)
    assert makers > 20
    assert isolated > 5
    assert cross > 3


@pytest.mark.full
@pytest.mark.parametrize("seed", range(1000, 1300))
def test_many_busy_days(seed: int) -> None:
    walk(seed, 400)


@pytest.mark.full
class TestTradingForLong(Trading.TestCase):  # type: ignore[misc, name-defined]
    """A long sweep."""

    settings = settings(
        max_examples=1000,
        stateful_step_count=60,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
