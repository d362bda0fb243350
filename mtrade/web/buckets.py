"""Rate limits of our own API: token buckets in memory, by caller. Thread-safe.

Cancel, close and pause never pass through here. Password checks have their own, durable counters.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum

from mtrade.domain.errors import LimitExceeded

_REMEMBERED = 4096


class Bucket(StrEnum):
    """Which limit a route falls under."""

    NONE = "none"
    API = "api"
    ORDERS = "orders"
    KEY_TEST = "key_test"
    POWER = "power"


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` calls at once, refilled at `per_second`."""

    burst: float
    per_second: float


RATES = {
    Bucket.API: Rate(60, 30),
    Bucket.ORDERS: Rate(10, 10),
    Bucket.KEY_TEST: Rate(10, 10 / 60),
    Bucket.POWER: Rate(3, 3 / 600),
}


class Buckets:
    """The fill levels of all callers; the least recently seen are forgotten first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._levels: OrderedDict[tuple[Bucket, str], tuple[float, float]] = OrderedDict()

    def take(self, bucket: Bucket, caller: str, now_s: float) -> None:
        """Count one call, or raise LimitExceeded with the seconds to wait."""
        rate = RATES.get(bucket)
        if rate is None:
            return
        with self._lock:
            level, then = self._levels.pop((bucket, caller), (rate.burst, now_s))
            level = min(rate.burst, level + max(0.0, now_s - then) * rate.per_second)
            enough = level >= 1
            self._levels[bucket, caller] = (level - 1 if enough else level, now_s)
            while len(self._levels) > _REMEMBERED:
                self._levels.popitem(last=False)
        if not enough:
            wait = max(1, math.ceil((1 - level) / rate.per_second))
            raise LimitExceeded("too many requests, wait a little", retry_after=wait)
