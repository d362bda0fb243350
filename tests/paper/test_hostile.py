"""Whatever is sent: an answer at once, never a 5xx, and not a coin more or less than before."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from urllib.parse import unquote_plus

import pytest

from mtrade.domain.instruments import spot
from mtrade.gate.signing import sign_rest
from mtrade.paper.admission import Incoming
from mtrade.paper.exchange import ROUTES
from mtrade.paper.futures import FuturesVenue
from mtrade.paper.gateway import Gateway, Outgoing
from mtrade.paper.limits import Limiter
from mtrade.paper.market import MarketEngine, build_rooms
from mtrade.paper.spot import SpotVenue
from mtrade.paper.users import PaperAccount, Users
from mtrade.paper.wallet import Wallet
from mtrade.paper.world import World
from tests.paper.bench import Clock
from tests.paper.hostile import Hostile, Request

_DUST = Decimal("0.00000001")
_LONGEST_S = 2.0
_JUMPS = (63_000, 68_000, 60_000, 64_000)


class Exchange:
    """Everything but sockets and disk, with two funded users."""

    def __init__(self, seed: int) -> None:
        self.clock = Clock()
        self.world = World(seed)
        self.world.rooms = build_rooms(seed, self.clock.ms)
        self.world.spot = SpotVenue(self.world)
        self.world.futures = FuturesVenue(self.world)
        self.world.wallet = Wallet(self.world)
        self.engine = MarketEngine(self.world)
        limiter = Limiter(enforced=False)
        self.gateway = Gateway(self.world, ROUTES, clock=self.clock, limiter=limiter)
        users = Users(self.world)
        for uid, key in ((42, "ann"), (43, "bob")):
            deposits = {"USDT": Decimal(10_000), "BTC": Decimal(1)}
            account = PaperAccount(key=key, secret="secret", uid=uid, deposits=deposits)
            users.ensure(account, self.clock.ms)
        self.engine.tick(self.clock.ms)

    def later(self) -> None:
        """Half a second passes."""
        self.clock.ms += 500
        self.engine.tick(self.clock.ms)
        self.world.events.clear()

    def jump(self, price: int) -> None:
        """Bitcoin moves: orders fill, triggers fire, positions are liquidated."""
        self.engine.set_price(spot("BTC_USDT"), Decimal(price), self.clock.ms)

    def send(self, request: Request, key: str) -> Outgoing:
        method, path, query, body = request
        path, stamp = f"/api/v4{path}", str(self.clock.ms // 1000)
        sign = sign_rest("secret", method, path, unquote_plus(query), body, stamp)
        headers = {"key": key, "timestamp": stamp, "sign": sign}
        return self.gateway.dispatch(Incoming(method, path, query, headers, body, "127.0.0.1"))

    def wealth(self) -> dict[str, Decimal]:
        """All coins of everybody and the house, spot and futures together."""
        sums: dict[str, Decimal] = {}
        for (_, currency), own in self.world.spot.purse.balances.items():
            sums[currency] = sums.get(currency, Decimal(0)) + own.available + own.locked
        state, exposure = self.world.futures.state, self.world.futures.exposure
        for settle in ("usdt", "btc"):
            for account in state.owners(settle):
                gains = (exposure.unrealised(p) for p in state.running(account.uid, settle))
                sums[settle.upper()] += account.total + sum(gains, Decimal(0))
        return sums

    def overdrawn(self) -> list[str]:
        """Wallets of users that are below zero."""
        spot = [
            f"{uid} {currency}"
            for (uid, currency), own in self.world.spot.purse.balances.items()
            if uid in (42, 43) and min(own.available, own.locked) < 0
        ]
        state, exposure = self.world.futures.state, self.world.futures.exposure
        accounts = [state.account(uid, settle) for uid in (42, 43) for settle in ("usdt", "btc")]
        return spot + [
            f"{a.uid} {a.settle} futures"
            for a in accounts
            if a.total - exposure.isolated_margin(a) < -_DUST
        ]


def _storm(seed: int, count: int, caplog: pytest.LogCaptureFixture) -> dict[int, int]:
    """Send `count` requests; how often each status was answered."""
    exchange, hostile = Exchange(seed), Hostile(seed)
    before, answers = exchange.wealth(), dict[int, int]()
    for number in range(count):
        if number % 25 == 24:
            exchange.later()
        if number % 200 == 199:
            exchange.jump(_JUMPS[number // 200 % len(_JUMPS)])
        # Processor time: nothing in here waits, and a busy neighbour is nobody's fault.
        request, started = hostile.request(), time.process_time()
        answer = exchange.send(request, ("ann", "bob")[number % 2])
        assert time.process_time() - started < _LONGEST_S, request
        assert answer.status < 500, (request, [r.exc_info for r in caplog.records])
        if answer.status >= 400 and answer.body:
            assert set(json.loads(answer.body)) == {"label", "message"}
        answers[answer.status] = answers.get(answer.status, 0) + 1
        hostile.learn(answer.body)
    after = exchange.wealth()
    assert set(before) <= set(after)
    for currency, sum_ in after.items():
        assert abs(sum_ - before.get(currency, Decimal(0))) < _DUST, currency
    assert exchange.overdrawn() == []
    return answers


def test_a_few_hundred_hostile_requests(caplog: pytest.LogCaptureFixture) -> None:
    answers = _storm(1, 600, caplog)
    assert answers[400] > 50
    assert answers[200] > 50
    assert answers[201] > 20


@pytest.mark.full
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_five_thousand_hostile_requests(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    answers = _storm(seed, 5_000, caplog)
    assert answers[201] > 50
