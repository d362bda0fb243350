"""Whatever people do, no coin appears or disappears, and saved state comes back the same."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mtrade.domain.instruments import Side
from mtrade.domain.instruments import spot as pair_id
from mtrade.domain.orders import TimeInForce
from mtrade.paper.spot import SpotVenue
from mtrade.paper.spot.store import KINDS
from mtrade.paper.users import Users
from tests.paper.bench import PAIR, Bench, new_world

PRICES = st.integers(590, 610).map(lambda n: str(n * 100))
AMOUNTS = st.integers(1, 400_000).map(lambda n: f"{Decimal(n) / 1_000_000:f}")
MONEY = st.integers(300, 900_000).map(lambda n: f"{Decimal(n) / 100:f}")
WHO = st.sampled_from(["ann", "bob"])
SIDES = st.sampled_from(["buy", "sell"])
TIFS = st.sampled_from(["gtc", "ioc", "poc", "fok"])
PICK = st.integers(0, 30)

ACTIONS = st.one_of(
    st.tuples(st.just("limit"), WHO, SIDES, AMOUNTS, PRICES, TIFS),
    st.tuples(st.just("market"), WHO, SIDES, AMOUNTS, MONEY),
    st.tuples(st.just("house"), SIDES, AMOUNTS, PRICES, st.sampled_from(["gtc", "ioc"])),
    st.tuples(st.just("cancel"), WHO, PICK),
    st.tuples(st.just("amend"), WHO, PICK, AMOUNTS, PRICES),
)


def act(bench: Bench, action: tuple) -> None:
    kind, *rest = action
    if kind == "limit":
        who, side, amount, price, tif = rest
        body = bench.order(side, amount, price, time_in_force=tif)
        bench.send("POST", "/spot/orders", "", body, who=who)
    elif kind == "market":
        who, side, amount, money = rest
        body = bench.order(side, money if side == "buy" else amount)
        bench.send("POST", "/spot/orders", "", body, who=who)
    elif kind == "house":
        side, amount, price, tif = rest
        bench.quote(Side(side), price, amount, TimeInForce(tif))
    else:
        change(bench, kind, *rest)


def change(bench: Bench, kind: str, who: str, pick: int, *values: str) -> None:
    mine = bench.spot.records.open_of({"ann": 1, "bob": 2}[who])
    if not mine:
        return
    path = f"/spot/orders/{mine[pick % len(mine)].id}"
    if kind == "cancel":
        bench.send("DELETE", path, f"currency_pair={PAIR}", who=who)
    else:
        body = {"amount": values[0], "price": values[1]}
        bench.send("PATCH", path, f"currency_pair={PAIR}", body, who=who)


def check_locks(bench: Bench) -> None:
    """What is locked is exactly what open orders need, and nobody is below zero."""
    for uid in (1, 2):
        for currency in ("BTC", "USDT"):
            side = Side.BUY if currency == "USDT" else Side.SELL
            orders = [o for o in bench.spot.records.open_of(uid) if o.side is side]
            need = sum(
                (o.left * o.price if side is Side.BUY else o.left for o in orders), Decimal(0)
            )
            own = bench.spot.purse.balance(uid, currency)
            assert own.locked == need == sum((o.locked for o in orders), Decimal(0))
            assert own.available >= 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ACTIONS, max_size=40))
def test_coins_are_conserved_and_locks_are_exact(actions):
    bench = Bench(coins=("BTC",))
    before = bench.sums()
    for action in actions:
        act(bench, action)
        assert bench.sums() == before
        check_locks(bench)
        book = bench.world.rooms[pair_id(PAIR)].book
        bid, ask = book.best(Side.BUY), book.best(Side.SELL)
        assert bid is None or ask is None or bid < ask


def dump(venue: SpotVenue) -> dict:
    purse, records = venue.purse, venue.records
    keys = {
        "spot_balance": [f"{uid}:{currency}" for uid, currency in purse.balances],
        "spot_ledger": [f"{n}:{uid}" for uid, lines in purse.ledger.items() for n in lines],
        "spot_order": [str(n) for n in records.orders],
        "spot_trade": list(records.trades),
        "spot_trigger": [str(n) for n in venue.triggers.all],
        "spot_countdown": list(venue.countdowns.all),
    }
    assert set(keys) == set(KINDS)
    return {(kind, key): venue.row(kind, key) for kind in KINDS for key in keys[kind]}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ACTIONS, max_size=40))
def test_rows_rebuild_the_same_venue(actions):
    bench = Bench(coins=("BTC",))
    bench.call("POST", "/spot/countdown_cancel_all", "", {"timeout": 30})
    for action in actions:
        act(bench, action)
    changed = {pair: bench.spot.row(*pair) for pair in bench.world.take_dirty() if pair[0] in KINDS}
    saved = {pair: data for pair, data in changed.items() if data is not None}
    world = new_world(coins=("BTC",))
    users = Users(world)
    users.restore("user", "1", users_row(bench, "1"))
    for (kind, key), data in sorted(saved.items(), key=lambda item: _age(item[0])):
        world.spot.restore(kind, key, data)
    assert dump(world.spot) == dump(bench.spot)
    book = world.rooms[pair_id(PAIR)].book
    mine = {o.id: o.left for o in bench.spot.records.orders.values() if o.open}
    assert {n: book.get(n).left for n in mine} == mine
    assert world.by_key["ann"].keys["ann"] == bench.world.by_key["ann"].keys["ann"]


def users_row(bench: Bench, key: str):
    row = bench.users.row("user", key)
    assert row is not None
    return row


def _age(pair: tuple[str, str]) -> tuple[str, int]:
    number = pair[1].partition(":")[0]
    return pair[0], int(number)
