"""Price-time matching of one instrument: pure, no clock, no accounts.

A `side` names a side of the book (BUY: the bids) where orders rest, and the taker's own direction
where orders are matched: `take(Side.BUY)` lifts asks.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from mtrade.domain.instruments import InstrumentId, Side
from mtrade.domain.market import Level
from mtrade.domain.numbers import ZERO, ceiling, floor


@dataclass(slots=True)
class Resting:
    """An order in the book. `left` is in the instrument's unit, unsigned."""

    order_id: int
    uid: int
    price: Decimal
    left: Decimal


@dataclass(frozen=True, slots=True)
class Match:
    """One execution against a resting order, at its price."""

    maker_id: int
    maker_uid: int
    price: Decimal
    size: Decimal
    maker_left: Decimal


@dataclass(slots=True)
class _Queue:
    """The orders of one price, oldest first, and the sum of what is left of them."""

    price: Decimal
    total: Decimal = ZERO
    orders: dict[int, Resting] = field(default_factory=dict)


class _HalfBook:
    """One side: a queue per price and the prices sorted so that the best is last (cheap to pop)."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.queues: dict[Decimal, _Queue] = {}
        self.ranks: list[Decimal] = []

    def add(self, order: Resting) -> None:
        queue = self.queues.get(order.price)
        if queue is None:
            queue = self.queues[order.price] = _Queue(order.price)
            insort(self.ranks, self.rank(order.price))
        queue.orders[order.order_id] = order
        queue.total += order.left

    def shrink(self, order: Resting, by: Decimal) -> None:
        """Take `by` off an order; an empty order leaves, and so does an empty price."""
        queue = self.queues[order.price]
        order.left -= by
        queue.total -= by
        if order.left <= 0:
            del queue.orders[order.order_id]
        if not queue.orders:
            del self.queues[order.price]
            del self.ranks[bisect_left(self.ranks, self.rank(order.price))]

    def rank(self, price: Decimal) -> Decimal:
        """Grows with how good a price is for the taker."""
        return price if self.side is Side.BUY else -price

    def best(self) -> _Queue | None:
        return self.queues[self.price(self.ranks[-1])] if self.ranks else None

    def price(self, rank: Decimal) -> Decimal:
        return rank if self.side is Side.BUY else -rank

    def walk(self, limit: Decimal | None = None) -> Iterator[_Queue]:
        """Queues from the best price to `limit`. The book must not change meanwhile."""
        worst = None if limit is None else self.rank(limit)
        for rank in reversed(self.ranks):
            if worst is not None and rank < worst:
                return
            yield self.queues[self.price(rank)]

    def reaches(self, limit: Decimal | None) -> bool:
        """Whether the best price is at least as good for the taker as `limit`."""
        if not self.ranks:
            return False
        return limit is None or self.ranks[-1] >= self.rank(limit)


@dataclass(slots=True)
class _Appetite:
    """What the taker still wants: a size, or money to spend."""

    size: Decimal | None
    budget: Decimal | None
    step: Decimal

    def at(self, price: Decimal) -> Decimal:
        """The size wanted at `price`, never worth more than the budget."""
        if self.size is not None:
            return self.size
        budget = self.budget or ZERO
        wanted = budget / price // self.step * self.step
        # The quotient is rounded to the context's digits and may end just above the true one.
        return wanted if wanted * price <= budget else wanted - self.step

    def eat(self, size: Decimal, price: Decimal) -> None:
        if self.size is not None:
            self.size -= size
        elif self.budget is not None:
            self.budget -= size * price


class OrderBook:
    """Resting orders of one instrument in price-time priority.

    `sequence` grows by one with every change of an aggregated level. While `trail` is a list it
    takes down the side and price of each change, so that readers can tell what has moved between
    two sequences. Orders of one owner match each other unless the taker asks otherwise (Gate's
    self-trade prevention is opt-in).
    """

    def __init__(self, instrument: InstrumentId) -> None:
        self.instrument = instrument
        self.sequence = 0
        self.trail: list[tuple[Side, Decimal]] | None = None
        self._halves = {side: _HalfBook(side) for side in Side}
        self._index: dict[int, tuple[_HalfBook, Resting]] = {}

    def __len__(self) -> int:
        return len(self._index)

    def rest(self, order: Resting, side: Side) -> None:
        """Queue an order behind all others of its price. It must not cross and its id be new."""
        if order.order_id in self._index:
            raise ValueError(f"order {order.order_id} already rests")
        if order.left <= 0:
            raise ValueError("nothing left to rest")
        if self.crosses(side, order.price):
            raise ValueError("a crossing order must be matched before it rests")
        half = self._halves[side]
        half.add(order)
        self._index[order.order_id] = (half, order)
        self._note(side, order.price)

    def take(
        self,
        side: Side,
        *,
        size: Decimal | None = None,
        budget: Decimal | None = None,
        limit: Decimal | None = None,
        step: Decimal,
        uid: int,
        stop_at_own: bool = False,
    ) -> list[Match]:
        """Execute a taker of `side` against the other side, at the makers' prices, up to `limit`.

        Give exactly one of `size` and `budget` (quote money to spend; each match is rounded down
        to `step`). With `stop_at_own` it stops in front of an order of `uid`, which is then
        `front(side)`: the caller decides who of the two is cancelled, and may call again.
        """
        if (size is None) == (budget is None):
            raise ValueError("give a size or a budget")
        wish = _Appetite(size, budget, step)
        half = self._halves[side.opposite]
        matches: list[Match] = []
        while half.reaches(limit):
            maker = _first(half)
            amount = min(maker.left, wish.at(maker.price))
            if amount <= 0 or (stop_at_own and maker.uid == uid):
                break
            self._shrink(half, maker, amount)
            wish.eat(amount, maker.price)
            matches.append(Match(maker.order_id, maker.uid, maker.price, amount, maker.left))
        return matches

    def cancel(self, order_id: int) -> Resting | None:
        """Remove an order and return it with what was left; None when it does not rest."""
        found = self._index.get(order_id)
        if found is None:
            return None
        half, order = found
        left = order.left
        self._shrink(half, order, left)
        order.left = left
        return order

    def reduce(self, order_id: int, left: Decimal) -> None:
        """Lower what is left of an order; it keeps its place. Zero removes it."""
        half, order = self._index[order_id]
        if left > order.left or left < 0:
            raise ValueError("an order can only shrink in place")
        if left != order.left:
            self._shrink(half, order, order.left - left)

    def get(self, order_id: int) -> Resting | None:
        """The resting order, live: its `left` changes with every match."""
        found = self._index.get(order_id)
        return found[1] if found else None

    def orders(self, side: Side) -> list[Resting]:
        """All orders resting on `side`, in the order a taker would meet them."""
        return [order for q in self._halves[side].walk() for order in q.orders.values()]

    def front(self, side: Side) -> Resting | None:
        """The order a taker of `side` would meet first."""
        half = self._halves[side.opposite]
        return _first(half) if half.ranks else None

    def crosses(self, side: Side, price: Decimal) -> bool:
        """Whether an order of `side` at `price` would match at once."""
        return self._halves[side.opposite].reaches(price)

    def available(self, side: Side, limit: Decimal | None = None) -> Decimal:
        """The size a taker of `side` could get up to `limit`."""
        return sum((q.total for q in self._halves[side.opposite].walk(limit)), ZERO)

    def available_money(self, side: Side, limit: Decimal | None = None) -> Decimal:
        """What all of `available` costs: the sum of price times size."""
        return sum((q.total * q.price for q in self._halves[side.opposite].walk(limit)), ZERO)

    def best(self, side: Side) -> Decimal | None:
        """The best price resting on `side` of the book; None when it is empty."""
        queue = self._halves[side].best()
        return queue.price if queue else None

    def resting(self, side: Side, price: Decimal) -> Decimal:
        """The size resting on `side` at `price`."""
        queue = self._halves[side].queues.get(price)
        return queue.total if queue else ZERO

    def levels(self, side: Side, depth: int, interval: Decimal = ZERO) -> list[Level]:
        """Up to `depth` levels of `side`, best first, merged to multiples of `interval` if given.

        A merged bid shows the lower bound and a merged ask the upper bound of its bucket.
        """
        bucket = floor if side is Side.BUY else ceiling
        levels: list[Level] = []
        for queue in self._halves[side].walk():
            price = bucket(queue.price, interval) if interval > 0 else queue.price
            if levels and levels[-1].price == price:
                levels[-1] = Level(price, levels[-1].size + queue.total)
            elif len(levels) == depth:
                break
            else:
                levels.append(Level(price, queue.total))
        return levels

    def _shrink(self, half: _HalfBook, order: Resting, by: Decimal) -> None:
        half.shrink(order, by)
        if order.left <= 0:
            del self._index[order.order_id]
        self._note(half.side, order.price)

    def _note(self, side: Side, price: Decimal) -> None:
        self.sequence += 1
        if self.trail is not None:
            self.trail.append((side, price))


def _first(half: _HalfBook) -> Resting:
    """The oldest order of the best price of a side that is not empty."""
    queue = half.queues[half.price(half.ranks[-1])]
    return next(iter(queue.orders.values()))
