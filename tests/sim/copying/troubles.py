"""What goes wrong in one schedule: every kind of fault has a rate of its own, some have none."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

SENDING = (
    "refused_line", "lost", "late", "answer_lost", "error_with_effect", "error_without", "limited",
)  # fmt: skip
READING = ("down", "stale", "slow")
PUSHING = ("drop", "repeat", "delay", "long_delay")
LATE_S = (0.5, 1.4, 2.6, 3.1, 6.0, 20.0, 45.0, 110.0)


@dataclass(frozen=True, slots=True)
class Weather:
    """How bad it may get: the largest shares of calls, reads and pushes that fail, seconds between
    crashes, and whether a crash may take the last commits with it."""

    calls: float
    reads: float
    pushes: float
    crash_s: float
    late: float = 1.0
    power_loss: bool = False


DEFAULT = Weather(calls=0.18, reads=0.15, pushes=0.1, crash_s=40.0)
HOSTILE = Weather(calls=0.44, reads=0.35, pushes=0.3, crash_s=8.0, late=4.0)
POWER_LOSS = Weather(calls=0.18, reads=0.15, pushes=0.1, crash_s=15.0, power_loss=True)


class Troubles:
    """Draws faults while `on`; counts them in `met`."""

    def __init__(self, pick: random.Random, weather: Weather) -> None:
        self._pick = pick
        self.on = True
        self.met: Counter[str] = Counter()
        self._sending = self._rates(SENDING, weather.calls, {"late": weather.late})
        self._reading = self._rates(READING, weather.reads, {})
        self._pushing = self._rates(PUSHING, weather.pushes, {})
        self.no_socket = pick.choice([0.0, 0.1, 0.6])
        self.order_lag_ms = pick.choice([0, 0, 400, 1500])
        self.position_lag_ms = pick.choice([0, 0, 1000, 3000])

    def sending(self) -> str:
        """What happens to a changing call."""
        return self._draw(self._sending)

    def reading(self) -> str:
        """What happens to a read."""
        return self._draw(self._reading)

    def pushing(self) -> str:
        """What happens to a push."""
        return self._draw(self._pushing)

    def hits(self, rate: float) -> bool:
        """Whether something of this rate happens now."""
        return self.on and rate > 0 and self._pick.random() < rate

    def _rates(
        self, kinds: tuple[str, ...], most: float, more: Mapping[str, float]
    ) -> dict[str, float]:
        total = self._pick.uniform(0.0, most)
        weights = {k: self._pick.choice([0.0, 1.0, 1.0, 3.0]) * more.get(k, 1.0) for k in kinds}
        whole = sum(weights.values()) or 1.0
        return {kind: total * weight / whole for kind, weight in weights.items()}

    def _draw(self, rates: Mapping[str, float]) -> str:
        if not self.on:
            return ""
        roll = self._pick.random()
        for kind, rate in rates.items():
            roll -= rate
            if roll < 0:
                self.met[kind] += 1
                return kind
        return ""
