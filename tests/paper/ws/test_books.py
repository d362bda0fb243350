"""Books that a client rebuilds from snapshots and pushes equal the exchange's, at every moment."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from mtrade.domain.instruments import InstrumentId, Market, Side, futures, spot
from mtrade.domain.numbers import loads
from mtrade.paper.admission import Incoming
from mtrade.paper.matching import OrderBook, Resting
from tests.paper.ws.stand import Client, Stand

SIDES = {"b": Side.BUY, "a": Side.SELL}


class Crowd:
    """Random orders straight into one book: new ones, cancels, shrinks and takers."""

    def __init__(self, book: OrderBook, seed: int) -> None:
        self.book = book
        self.dice = random.Random(seed)
        self.ids: list[int] = []
        self.next = 10**12

    def step(self) -> None:
        {0: self.rest, 1: self.rest, 2: self.cancel, 3: self.shrink, 4: self.take}[
            self.dice.randrange(5)
        ]()

    def rest(self) -> None:
        side = self.dice.choice(tuple(Side))
        base = self.book.best(side) or self.book.best(side.opposite) or Decimal(64_000)
        price = base - side.sign * self.dice.randrange(-3, 60) * Decimal("0.1")
        if price <= 0 or self.book.crosses(side, price):
            return
        self.next += 1
        self.ids.append(self.next)
        self.book.rest(Resting(self.next, 9, price, Decimal(self.dice.randrange(1, 9))), side)

    def cancel(self) -> None:
        for _ in range(self.dice.randrange(1, 8)):
            if self.ids:
                self.book.cancel(self.ids.pop(self.dice.randrange(len(self.ids))))

    def shrink(self) -> None:
        order = self.book.get(self.dice.choice(self.ids)) if self.ids else None
        if order is not None:
            self.book.reduce(order.order_id, order.left - 1)

    def take(self) -> None:
        side = self.dice.choice(tuple(Side))
        size = Decimal(self.dice.randrange(1, 40))
        self.book.take(side, size=size, step=Decimal(1), uid=8)


class Copy:
    """A client's book, kept by the rules of Gate's documentation and nothing else."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.sides: dict[str, dict[Decimal, Decimal]] = {"b": {}, "a": {}}
        self.u = 0

    def load(self, snapshot) -> None:
        for side, name in (("b", "bids"), ("a", "asks")):
            self.sides[side] = {}
            self.apply_side(side, snapshot[name])
        self.u = snapshot["id"]

    def apply(self, result) -> None:
        if result.get("full"):
            self.sides = {"b": {}, "a": {}}
        elif result["u"] < self.u + 1:
            return
        else:
            assert result["U"] <= self.u + 1, "a gap"
        for side in self.sides:
            self.apply_side(side, result[side])
        self.u = result["u"]

    def apply_side(self, side: str, levels) -> None:
        for level in levels:
            price, size = (level["p"], level["s"]) if isinstance(level, dict) else level
            if Decimal(size):
                self.sides[side][Decimal(price)] = Decimal(size)
            else:
                self.sides[side].pop(Decimal(price), None)

    def top(self, side: str) -> list[tuple[Decimal, Decimal]]:
        return sorted(self.sides[side].items(), reverse=side == "b")[: self.depth]


def snapshot(stand: Stand, key: InstrumentId, depth: int):
    name = "currency_pair" if key.market is Market.SPOT else "contract"
    path = "/api/v4/spot" if key.market is Market.SPOT else f"/api/v4/futures/{key.settle}"
    incoming = Incoming(
        method="GET",
        raw_path=f"{path}/order_book",
        raw_query=f"{name}={key.name}&limit={depth}&with_id=true",
        headers={"x-gate-size-decimal": "1"},
        body=b"",
        remote="127.0.0.1",
    )
    return loads(stand.gateway.dispatch(incoming).body)


def equal(copy: Copy, book: OrderBook) -> None:
    for name, side in SIDES.items():
        truth = [(level.price, level.size) for level in book.levels(side, copy.depth)]
        assert copy.top(name) == truth


CASES = [
    (spot("BTC_USDT"), ["BTC_USDT", "20ms"], 20, 20),
    (spot("BTC_USDT"), ["BTC_USDT", "100ms"], 100, 100),
    (futures("BTC_USDT"), ["BTC_USDT", "20ms", "20"], 20, 20),
    (futures("BTC_USDT"), ["BTC_USDT", "100ms", "50"], 50, 100),
    (futures("BTC_USD", "btc"), ["BTC_USD", "100ms", "20"], 20, 100),
]


@pytest.mark.parametrize(("key", "payload", "depth", "pace"), CASES)
@pytest.mark.parametrize("seed", [1, 2])
def test_snapshot_and_updates_make_the_exchanges_book(stand, key, payload, depth, pace, seed):
    channel = f"{key.market}.order_book_update"
    client = Client(stand, str(key.market), key.settle)
    book = stand.world.rooms[key].book
    crowd, copy = Crowd(book, seed), None
    _, first = client.subscribe(channel, payload)
    assert first["result"]["a"] == first["result"]["b"] == []
    assert first["result"]["u"] <= book.sequence
    waiting = []
    for step in range(1_500):
        for _ in range(crowd.dice.randrange(1, 12)):
            crowd.step()
        if crowd.dice.random() < 0.02:
            # In the middle between two pushes: the hardest moment for a snapshot.
            copy = Copy(depth)
            copy.load(snapshot(stand, key, depth))
            assert all(copy.u >= result["u"] for result in waiting[-1:])
            equal(copy, book)
        for _ in range(crowd.dice.randrange(3)):
            crowd.step()
        stand.pass_time(pace, tick=False)
        for result in client.results(channel):
            waiting = [result]
            if copy is not None:
                copy.apply(result)
        if copy is not None:
            equal(copy, book)
            assert copy.u == book.sequence
        assert step < 3 or waiting


@pytest.mark.parametrize(
    ("key", "depth", "pace"), [(spot("BTC_USDT"), 50, 20), (futures("BTC_USDT"), 400, 100)]
)
def test_obu_begins_with_the_whole_book_and_follows(stand, key, depth, pace):
    channel, stream = f"{key.market}.obu", f"ob.BTC_USDT.{depth}"
    client = Client(stand, str(key.market), key.settle)
    room = stand.world.rooms[key]
    crowd, copy = Crowd(room.book, 3), Copy(depth)
    (_, first) = client.subscribe(channel, [stream])
    assert first["result"]["full"] is True
    assert "U" not in first["result"]
    copy.apply(first["result"])
    equal(copy, room.book)
    for step in range(1_000):
        for _ in range(crowd.dice.randrange(9)):
            crowd.step()
        if step == 500:
            late = Client(stand, str(key.market), key.settle)
            other = Copy(depth)
            other.apply(late.subscribe(channel, [stream])[1]["result"])
            equal(other, room.book)
        stand.pass_time(pace, tick=False)
        for result in client.results(channel):
            assert result["U"] == copy.u + 1
            assert result["s"] == stream
            copy.apply(result)
        equal(copy, room.book)
        if step > 500:
            for result in late.results(channel):
                other.apply(result)
            equal(other, room.book)
    (again,) = client.subscribe(channel, [stream])
    assert again["error"] == {"code": 2, "message": f"Alert sub {stream}"}


def test_differences_keep_their_pace_and_say_nothing_when_nothing_happened(stand):
    fast, slow = Client(stand), Client(stand)
    fast.subscribe("futures.order_book_update", ["BTC_USDT", "20ms", "20"])
    slow.subscribe("futures.order_book_update", ["BTC_USDT", "100ms", "20"])
    crowd = Crowd(stand.world.rooms[futures("BTC_USDT")].book, 5)
    for _ in range(100):
        crowd.rest()
        stand.pass_time(10, tick=False)
    assert 48 <= len(fast.take()) <= 51
    assert 9 <= len(slow.take()) <= 11
    stand.pass_time(1_000, tick=False)
    fast.take()
    stand.pass_time(1_000, tick=False)
    assert fast.take() == []


def test_the_shapes_of_spot_and_futures_books(stand):
    one = Client(stand, "spot")
    one.subscribe("spot.order_book_update", ["BTC_USDT", "100ms"])
    many = Client(stand, sizes=False)
    many.subscribe("futures.order_book_update", ["BTC_USDT", "100ms", "20"])
    stand.pass_time(500)
    (spot_result,) = one.results("spot.order_book_update")
    assert set(spot_result) == {"t", "e", "E", "s", "U", "u", "b", "a", "l"}
    assert spot_result["e"] == "depthUpdate"
    assert all(isinstance(part, str) for level in spot_result["b"] for part in level)
    (result,) = many.results("futures.order_book_update")
    assert set(result) == {"t", "s", "U", "u", "b", "a", "l"}
    levels = result["b"] + result["a"]
    assert levels
    assert all(isinstance(level["s"], int) and isinstance(level["p"], str) for level in levels)


def test_whole_books_and_best_prices(stand):
    client = Client(stand, "spot")
    _, whole = client.subscribe("spot.order_book", ["BTC_USDT", "5", "100ms"])
    assert len(whole["result"]["bids"]) == len(whole["result"]["asks"]) == 5
    assert whole["result"]["lastUpdateId"] == stand.world.rooms[spot("BTC_USDT")].book.sequence
    _, best = client.subscribe("spot.book_ticker", ["BTC_USDT"])
    assert (best["result"]["b"], best["result"]["B"]) == tuple(whole["result"]["bids"][0])
    other = Client(stand, sizes=False)
    _, whole = other.subscribe("futures.order_book", ["BTC_USDT", "1", "0"])
    assert whole["event"] == "all"
    assert isinstance(whole["result"]["asks"][0]["s"], int)
    _, best = other.subscribe("futures.book_ticker", ["BTC_USDT"])
    assert isinstance(best["result"]["A"], int)
    book = stand.world.rooms[futures("BTC_USDT")].book
    for side in Side:
        for order in book.orders(side):
            book.cancel(order.order_id)
    stand.pass_time(1_000, tick=False)
    (empty,) = other.results("futures.book_ticker")
    assert (empty["b"], empty["B"], empty["a"], empty["A"]) == ("", 0, "", 0)
