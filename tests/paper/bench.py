"""A paper exchange without sockets, market or house: books are empty until a test fills them."""

from __future__ import annotations

import json
from collections.abc import Collection
from decimal import Decimal
from typing import Any
from urllib.parse import unquote_plus

from mtrade.domain.instruments import Side
from mtrade.domain.instruments import spot as pair_id
from mtrade.domain.orders import TimeInForce
from mtrade.gate.signing import sign_rest
from mtrade.paper import routes_spot, routes_wallet
from mtrade.paper.admission import Incoming
from mtrade.paper.arrivals import Arrivals
from mtrade.paper.faults import GateFault
from mtrade.paper.gateway import Gateway, Outgoing
from mtrade.paper.limits import Limiter
from mtrade.paper.market import build_rooms
from mtrade.paper.spot import SpotVenue
from mtrade.paper.users import PaperAccount, Users
from mtrade.paper.wallet import Wallet
from mtrade.paper.world import World
from tests.paper.floor import listings

NOW = 1_790_000_012_345
PAIR = "BTC_USDT"


class Clock:
    """Stands still until told otherwise."""

    def __init__(self) -> None:
        self.ms = NOW

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000


class FakeFutures:
    """Two numbers per user: what the spot side needs to see of the futures venue."""

    kinds: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.totals: dict[tuple[int, str], Decimal] = {}

    def deposit(self, uid: int, settle: str, amount: Decimal, now_ms: int) -> None:
        self.totals[uid, settle] = self.totals.get((uid, settle), Decimal(0)) + amount

    def withdraw(self, uid: int, settle: str, amount: Decimal, now_ms: int) -> None:
        if self.totals.get((uid, settle), Decimal(0)) < amount:
            raise GateFault("FUTURES_BALANCE_NOT_ENOUGH", "not enough")
        self.totals[uid, settle] -= amount

    def open_accounts(self, uid: int) -> None:
        self.totals |= {(uid, "usdt"): Decimal(0), (uid, "btc"): Decimal(0)}

    def worth(self, uid: int, settle: str) -> tuple[Decimal, Decimal]:
        return self.totals[uid, settle], Decimal(0)

    def on_prices(self, now_ms: int) -> None:
        return


class Bench:
    """Calls the gateway as signed clients do. Users `ann` and `bob` have 10,000 USDT and 1 BTC.

    `coins` leaves the markets of all others out.
    """

    def __init__(self, *, enforced: bool = False, coins: Collection[str] | None = None) -> None:
        self.clock = Clock()
        self.world = new_world(coins=coins)
        self.arrivals = Arrivals()
        self.gateway = Gateway(
            self.world,
            (*routes_spot.ROUTES, *routes_wallet.ROUTES),
            clock=self.clock,
            limiter=Limiter(enforced=enforced),
            arrivals=self.arrivals,
        )
        self.users = Users(self.world)
        for uid, name in ((1, "ann"), (2, "bob")):
            self.add(name, uid)

    @property
    def spot(self) -> SpotVenue:
        return self.world.spot

    def add(self, key: str, uid: int, **rights: Any) -> None:
        """A user with this key and the secret `secret`."""
        deposits = {"USDT": Decimal(10_000), "BTC": Decimal(1)}
        account = PaperAccount(key=key, secret="secret", uid=uid, deposits=deposits, **rights)
        self.users.ensure(account, NOW)

    def send(
        self,
        method: str,
        path: str,
        query: str = "",
        body: Any = None,
        *,
        who: str = "ann",
        headers: dict[str, str] | None = None,
    ) -> Outgoing:
        raw = b"" if body is None else json.dumps(body).encode()
        return self.gateway.dispatch(self.incoming(method, path, query, raw, who, headers))

    def incoming(
        self,
        method: str,
        path: str,
        query: str,
        raw: bytes,
        who: str = "ann",
        headers: dict[str, str] | None = None,
    ) -> Incoming:
        path, stamp = f"/api/v4{path}", str(self.clock.ms // 1000)
        sign = sign_rest("secret", method, path, unquote_plus(query), raw, stamp)
        signed = {"key": who, "sign": sign, "timestamp": stamp}
        return Incoming(method, path, query, {**signed, **(headers or {})}, raw, "127.0.0.1")

    def call(self, *args: Any, ok: int = 200, **options: Any) -> Any:
        """The JSON of a successful call."""
        answer = self.send(*args, **options)
        assert answer.status == ok, answer.body
        return json.loads(answer.body)

    def refused(self, *args: Any, **options: Any) -> tuple[int, str]:
        """Status and label of a refusal."""
        answer = self.send(*args, **options)
        body = json.loads(answer.body)
        assert set(body) == {"label", "message"}, body
        assert body["message"]
        return answer.status, body["label"]

    def order(self, side: str, amount: str, price: str | None = None, **more: Any) -> dict:
        """An order body: limit with a price, else market."""
        kind = {"type": "market", "time_in_force": "ioc"} if price is None else {"price": price}
        return {"currency_pair": PAIR, "side": side, "amount": amount, **kind, **more}

    def place(self, *args: Any, who: str = "ann", **more: Any) -> Any:
        return self.call("POST", "/spot/orders", "", self.order(*args, **more), who=who, ok=201)

    def place_refused(self, *args: Any, who: str = "ann", **more: Any) -> str:
        status, label = self.refused("POST", "/spot/orders", "", self.order(*args, **more), who=who)
        assert status == 400
        return label

    def quote(self, side: Side, price: str, size: str, tif: TimeInForce = TimeInForce.GTC) -> None:
        """The house places an order."""
        self.spot.house_place(
            pair_id(PAIR), side, Decimal(price), Decimal(size), tif=tif, now_ms=self.clock.ms
        )

    def held(self, who: int, currency: str) -> tuple[str, str]:
        own = self.spot.purse.balance(who, currency)
        return f"{own.available.normalize():f}", f"{own.locked.normalize():f}"

    def sums(self) -> dict[str, Decimal]:
        """All coins of all users and the house, per currency."""
        total: dict[str, Decimal] = {}
        for (_, currency), own in self.spot.purse.balances.items():
            total[currency] = total.get(currency, Decimal(0)) + own.available + own.locked
        return total


def new_world(seed: int = 7, coins: Collection[str] | None = None) -> World:
    world = World(seed)
    world.rooms = build_rooms(seed, NOW, None if coins is None else listings(coins))
    world.spot = SpotVenue(world)
    world.futures = FakeFutures()  # type: ignore[assignment]
    world.wallet = Wallet(world)
    return world
