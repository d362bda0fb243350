"""What people do in a schedule: the leader trades, followers are touched by hand, prices move."""

from __future__ import annotations

import random
from decimal import Decimal as D

from mtrade.domain.events import PositionUpdate
from mtrade.domain.instruments import InstrumentId
from mtrade.domain.positions import Leg
from tests.sim.copying.bourse import CONTRACTS, Bourse
from tests.sim.copying.judge import RESPECT_MS
from tests.storm.stage import Stage

UNITS = {"DOGE_USDT": D(20), "ETH_USDT": D(2), "ADA_USDT": D(30)}
Sizes = dict[tuple[str, str], list[tuple[int, D]]]


class Leader:
    """Trades at random for `seconds`: opens, adds, reduces, closes, flips, bursts."""

    def __init__(
        self,
        stage: Stage,
        bourse: Bourse,
        pick: random.Random,
        uid: int,
        contracts: tuple[InstrumentId, ...],
        *,
        hedge: bool,
        seconds: float,
        pace_s: float = 6.0,
    ) -> None:
        self._stage = stage
        self._bourse = bourse
        self._pick = pick
        self._uid = uid
        self._contracts = contracts
        self._hedge = hedge
        self.sizes: Sizes = {}
        at = 2.0
        while at < seconds:
            stage.at(at, self._act)
            at += pick.expovariate(1 / pace_s)

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The legs the leader has."""
        return (Leg.LONG, Leg.SHORT) if self._hedge else (Leg.NET,)

    def note(self, update: PositionUpdate) -> None:
        """Write down what is held, step by step as it changes."""
        key = (update.instrument.name, update.leg.value)
        history = self.sizes.setdefault(key, [(0, D(0))])
        if update.size != history[-1][1]:
            history.append((self._bourse.now_ms(), update.size))

    def _act(self) -> None:
        contract = self._pick.choice(self._contracts)
        leg = self._pick.choice(self.legs)
        held = self._bourse.held(self._uid, contract, leg)
        unit = UNITS[contract.name]
        roll = self._pick.random()
        if held == 0 or roll < 0.35:
            self._grow(contract, leg, held, unit)
        elif roll < 0.6:
            self._burst(contract, held)
        elif roll < 0.8:
            self._trade(contract, -held, close=True)
        elif leg is Leg.NET:
            self._trade(contract, -held - (1 if held > 0 else -1) * unit)
        else:
            self._trade(contract, -held, close=True)

    def _grow(self, contract: InstrumentId, leg: Leg, held: D, unit: D) -> None:
        size = unit * self._pick.randint(1, 20)
        up = held > 0 if held else self._pick.random() < 0.5
        if leg is not Leg.NET:
            up = leg is Leg.LONG
        self._trade(contract, size if up else -size)

    def _burst(self, contract: InstrumentId, held: D) -> None:
        """Reduces in a few quick parts."""
        rules = self._bourse.world.rooms[contract].instrument
        parts = self._pick.choice([1, 1, 2, 5])
        part = rules.conform_size(abs(held) / (parts + 1))
        if part < rules.min_size:
            return
        signed = -part if held > 0 else part
        for number in range(parts):
            self._stage.at(number * 0.2, self._trade, contract, signed, True)

    def _trade(self, contract: InstrumentId, size: D, close: bool = False) -> None:
        if size:
            self._bourse.market(self._uid, contract, size, reduce=close)


class Hands:
    """Somebody trades by hand on a follower, or the exchange takes a position over."""

    def __init__(self, bourse: Bourse, pick: random.Random) -> None:
        self._bourse = bourse
        self._pick = pick
        self.shrunk: dict[tuple[int, str, str], list[tuple[int, int]]] = {}  # when, and which way
        self.grown: set[int] = set()
        self._before: dict[tuple[tuple[int, str, str], int], D] = {}

    def touch(self, uid: int, legs: tuple[Leg, ...]) -> None:
        """Reduce, close, add, or be liquidated."""
        contract, leg = self._pick.choice(CONTRACTS), self._pick.choice(legs)
        held = self._bourse.held(uid, contract, leg)
        if held == 0:
            return
        rules = self._bourse.world.rooms[contract].instrument
        act = self._pick.choice(["reduce", "close", "add", "liquidated"])
        key, now = (uid, contract.name, leg.value), self._bourse.now_ms()
        if act == "add":
            self.grown.add(uid)
            more = rules.min_size * 5
            self._made_good(key, now, abs(held) + more)
            self._bourse.market(uid, contract, more * (1 if held > 0 else -1))
            return
        self.shrunk.setdefault(key, []).append((now, 1 if held > 0 else -1))
        self._before[key, now] = abs(held)
        if act == "liquidated":
            self._bourse.liquidate(uid, contract)
        else:
            part = held if act == "close" else rules.conform_size(held / 2)
            self._bourse.market(uid, contract, -part, reduce=True)

    def _made_good(self, key: tuple[int, str, str], now: int, held: D) -> None:
        """What was smaller for a moment only is whole again: whoever was not there meanwhile, as
        while mTrade was off, cannot know of it."""
        self.shrunk[key] = [
            (at, way) for at, way in self.shrunk.get(key, ())
            if at + RESPECT_MS < now or self._before[key, at] > held
        ]  # fmt: skip
