"""The order book against a brute-force list of orders that shares no code with it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mtrade.domain.instruments import Side, spot
from mtrade.domain.market import Level
from mtrade.paper.matching import OrderBook, Resting

PAIR = spot("BTC_USDT")
STEP = Decimal("0.01")
SIDES = st.sampled_from(list(Side))
PRICES = st.integers(95, 105).map(Decimal)
SIZES = st.integers(1, 500).map(lambda n: n * STEP)


@dataclass
class Plain:
    """One order of the model: a row of a list, found by searching."""

    id: int
    uid: int
    side: Side
    price: Decimal
    left: Decimal


class Model:
    """Price-time matching the slow way: look at every order, every time."""

    def __init__(self) -> None:
        self.orders: list[Plain] = []

    def opposite(self, side: Side, limit: Decimal | None) -> list[Plain]:
        sign = -1 if side is Side.BUY else 1
        near = [
            order
            for order in self.orders
            if order.side is not side and (limit is None or (order.price - limit) * sign >= 0)
        ]
        return sorted(near, key=lambda order: (-sign * order.price, self.orders.index(order)))

    def take(
        self, side: Side, size: Decimal | None, budget: Decimal | None, limit: Decimal | None
    ) -> list[tuple[int, Decimal, Decimal]]:
        done = []
        for maker in self.opposite(side, limit):
            if size is not None:
                amount = min(size, maker.left)
                size -= amount
            else:
                assert budget is not None
                amount = min(maker.left, (budget / maker.price) // STEP * STEP)
                budget -= amount * maker.price
            if amount <= 0:
                break
            maker.left -= amount
            done.append((maker.id, maker.price, amount))
        self.orders = [order for order in self.orders if order.left > 0]
        return done


class Matching(RuleBasedStateMachine):
    """Random orders, takers, cancels and reductions on both books."""

    def __init__(self) -> None:
        super().__init__()
        self.book = OrderBook(PAIR)
        self.model = Model()
        self.ids = 0
        self.placed = self.filled = self.cancelled = Decimal(0)

    @rule(side=SIDES, price=PRICES, size=SIZES, uid=st.integers(1, 3))
    def limit_order(self, side: Side, price: Decimal, size: Decimal, uid: int) -> None:
        """A GTC order: match what crosses, rest the remainder."""
        self.placed += size
        left = size - self._take(side, size=size, budget=None, limit=price, uid=uid)
        if left:
            self.ids += 1
            self.book.rest(Resting(self.ids, uid, price, left), side)
            self.model.orders.append(Plain(self.ids, uid, side, price, left))

    @rule(side=SIDES, size=SIZES, limit=st.none() | PRICES)
    def taker(self, side: Side, size: Decimal, limit: Decimal | None) -> None:
        """An IOC or market order of a size."""
        self.placed += size
        self.cancelled += size - self._take(side, size=size, budget=None, limit=limit, uid=9)

    @rule(budget=st.integers(1, 200_000).map(lambda n: n * STEP), limit=st.none() | PRICES)
    def market_buy(self, budget: Decimal, limit: Decimal | None) -> None:
        """A market buy in quote money never spends more than it has."""
        filled = self._take(Side.BUY, size=None, budget=budget, limit=limit, uid=9)
        self.placed += filled

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Cancelling returns what was left; doing it twice does nothing."""
        order_id = data.draw(st.integers(0, self.ids + 1))
        found = next((order for order in self.model.orders if order.id == order_id), None)
        gone = self.book.cancel(order_id)
        assert (gone.left if gone else None) == (found.left if found else None)
        assert self.book.cancel(order_id) is None
        if found:
            self.cancelled += found.left
            self.model.orders.remove(found)

    @rule(data=st.data())
    def reduce(self, data: st.DataObject) -> None:
        """A smaller order keeps its place in the queue."""
        if not self.model.orders:
            return
        order = data.draw(st.sampled_from(self.model.orders))
        left = data.draw(st.integers(0, int(order.left / STEP))) * STEP
        self.book.reduce(order.id, left)
        self.cancelled += order.left - left
        order.left = left
        self.model.orders = [order for order in self.model.orders if order.left > 0]

    @invariant()
    def agrees(self) -> None:
        """Same orders, same levels, nothing crossed, and nothing lost."""
        for side in Side:
            rows = self.model.opposite(side.opposite, None)
            assert [(o.order_id, o.left) for o in self.book.orders(side)] == [
                (row.id, row.left) for row in rows
            ]
            totals: dict[Decimal, Decimal] = {}
            for row in rows:
                totals[row.price] = totals.get(row.price, Decimal(0)) + row.left
            assert self.book.levels(side, 50) == [Level(p, s) for p, s in totals.items()]
            assert self.book.best(side) == (rows[0].price if rows else None)
        bid, ask = self.book.best(Side.BUY), self.book.best(Side.SELL)
        assert bid is None or ask is None or bid < ask
        resting = sum((order.left for order in self.model.orders), Decimal(0))
        # Every fill consumed quantity of two placed orders.
        assert self.placed == 2 * self.filled + resting + self.cancelled
        assert len(self.book) == len(self.model.orders)

    def _take(
        self,
        side: Side,
        *,
        size: Decimal | None,
        budget: Decimal | None,
        limit: Decimal | None,
        uid: int,
    ) -> Decimal:
        before = self.book.sequence
        reach = sum((o.left for o in self.model.opposite(side, limit)), Decimal(0))
        money = sum((o.left * o.price for o in self.model.opposite(side, limit)), Decimal(0))
        assert self.book.available(side, limit) == reach
        assert self.book.available_money(side, limit) == money
        if limit is not None:
            assert self.book.crosses(side, limit) == (reach > 0)
        wanted = self.model.take(side, size, budget, limit)
        got = self.book.take(side, size=size, budget=budget, limit=limit, step=STEP, uid=uid)
        assert [(m.maker_id, m.price, m.size) for m in got] == wanted
        assert self.book.sequence >= before + len(got)
        spent = sum((m.price * m.size for m in got), Decimal(0))
        assert budget is None or spent <= budget
        filled = sum((m.size for m in got), Decimal(0))
        assert size is None or filled == min(size, reach)
        self.filled += filled
        return filled


Matching.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestMatching = Matching.TestCase


def _book(*orders: tuple[Side, str, str]) -> OrderBook:
    book = OrderBook(PAIR)
    for number, (side, price, size) in enumerate(orders, start=1):
        book.rest(Resting(number, number, Decimal(price), Decimal(size)), side)
    return book


def test_a_budget_that_divides_badly_is_not_overspent() -> None:
    """The quotient 1/3 is rounded; the size must not be rounded up with it."""
    book = _book((Side.SELL, "0.3", "1000"))
    step = Decimal("0.0000000001")
    (match,) = book.take(Side.BUY, budget=Decimal("0.1"), step=step, uid=1)
    assert match.size == Decimal("0.3333333333")
    assert match.size * match.price <= Decimal("0.1")


def test_a_dust_budget_buys_nothing() -> None:
    book = _book((Side.SELL, "100", "1"))
    assert book.take(Side.BUY, budget=Decimal("0.5"), step=STEP, uid=1) == []
    assert book.available(Side.BUY) == 1


def test_merged_levels_never_promise_a_better_price() -> None:
    """A merged bid shows the lower bound of its bucket, a merged ask the upper one."""
    book = _book(
        (Side.BUY, "99.9", "1"),
        (Side.BUY, "99.1", "2"),
        (Side.BUY, "98.5", "4"),
        (Side.SELL, "100.1", "1"),
        (Side.SELL, "100.9", "2"),
        (Side.SELL, "101.2", "4"),
    )
    assert book.levels(Side.BUY, 1, Decimal(1)) == [Level(Decimal(99), Decimal(3))]
    assert book.levels(Side.SELL, 5, Decimal(1)) == [
        Level(Decimal(101), Decimal(3)),
        Level(Decimal(102), Decimal(4)),
    ]


def test_a_taker_can_stop_in_front_of_its_own_order() -> None:
    book = OrderBook(PAIR)
    book.rest(Resting(1, 5, Decimal(100), Decimal(1)), Side.SELL)
    book.rest(Resting(2, 7, Decimal(101), Decimal(1)), Side.SELL)
    got = book.take(Side.BUY, size=Decimal(2), step=STEP, uid=7, stop_at_own=True)
    assert [match.maker_id for match in got] == [1]
    front = book.front(Side.BUY)
    assert front is not None
    assert front.order_id == 2


def test_own_orders_match_when_nobody_asks_otherwise() -> None:
    book = _book((Side.SELL, "100", "1"))
    assert len(book.take(Side.BUY, size=Decimal(1), step=STEP, uid=1)) == 1


def test_the_book_refuses_what_would_corrupt_it() -> None:
    book = _book((Side.SELL, "100", "1"))
    for order, side in (
        (Resting(1, 1, Decimal(101), Decimal(1)), Side.SELL),
        (Resting(2, 1, Decimal(100), Decimal(1)), Side.BUY),
        (Resting(3, 1, Decimal(99), Decimal(0)), Side.BUY),
    ):
        with pytest.raises(ValueError, match=r"rest|match"):
            book.rest(order, side)
    with pytest.raises(ValueError, match="shrink"):
        book.reduce(1, Decimal(2))
    with pytest.raises(ValueError, match="size or a budget"):
        book.take(Side.BUY, step=STEP, uid=1)
