"""Virtual time: one heap of what is due, one seed for every chance."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from typing import Protocol, TypeVar

from mtrade.domain.errors import MTradeError
from mtrade.gate.stream import Listener, Wire

T = TypeVar("T")
BASE_MS = 1_700_000_000_000


class Venue(Protocol):
    """The exchange a host leads to."""

    def connect(self, listener: Listener) -> Wire: ...

    def latency(self) -> float: ...


class World:
    """Time and chance; also the exchange's clock."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.time = 0.0
        self._due: list[tuple[float, int, Callable[[], None], list[bool]]] = []
        self._count = itertools.count()

    def now_ms(self) -> int:
        return BASE_MS + int(self.time * 1000)

    def monotonic(self) -> float:
        return self.time

    def later(self, delay: float, call: Callable[[], None]) -> Callable[[], None]:
        gone = [False]
        item = (self.time + max(delay, 0.0), next(self._count), call, gone)
        heapq.heappush(self._due, item)

        def cancel() -> None:
            gone[0] = True

        return cancel

    def every(self, pause: Callable[[], float], call: Callable[[], None], until: float) -> None:
        """Call again and again."""

        def turn() -> None:
            if self.time < until:
                call()
                self.later(pause(), turn)

        self.later(pause(), turn)

    def run_until(self, end: float) -> None:
        while self._due and self._due[0][0] <= end:
            self.time, _, call, gone = heapq.heappop(self._due)
            if not gone[0]:
                call()
        self.time = end


class SimHost:
    """The stream's Host in a world."""

    def __init__(self, world: World, venue: Venue) -> None:
        self._world = world
        self._venue = venue
        self.later = world.later
        self.chance = world.random.random

    def now(self) -> float:
        return self._world.time

    def wall_ms(self) -> int:
        return self._world.now_ms()

    def ask(self, job: Callable[[], T], answer: Callable[[T | MTradeError], None]) -> None:
        there, back = self._venue.latency(), self._venue.latency()

        def act() -> None:
            result: T | MTradeError
            try:
                result = job()
            except MTradeError as fault:
                result = fault
            self._world.later(back, lambda: answer(result))

        self._world.later(there, act)

    def open(self, url: str, listener: Listener) -> Wire:
        return self._venue.connect(listener)
