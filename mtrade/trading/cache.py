"""A small cache of blocking reads: one reader at a time per key, everybody shares the answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from mtrade.domain.ports import Clock
from mtrade.trading.views import Aged

T = TypeVar("T")

MAX_KEYS = 2_000


@dataclass(slots=True)
class _Slot:
    lock: threading.Lock = field(default_factory=threading.Lock)
    value: Any = None
    read_at: float | None = None


class ReadCache:
    """Thread-safe. A value younger than its `ttl` is shared; an older one is read again.

    A failed read raises and leaves nothing behind: an old value is never passed off as new.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._slots: dict[Hashable, _Slot] = {}

    def get(self, key: Hashable, ttl: float, read: Callable[[], T]) -> Aged[T]:
        """The cached value of `key`, or what `read` returns now, with its age."""
        slot = self._slot(key)
        with slot.lock:
            now = self._clock.monotonic()
            if slot.read_at is None or now - slot.read_at > ttl:
                slot.value = read()
                slot.read_at = now = self._clock.monotonic()
            return Aged(cast("T", slot.value), round((now - slot.read_at) * 1000))

    def forget(self, matches: Callable[[Hashable], bool]) -> None:
        """Make the next `get` of every matching key read anew."""
        with self._lock:
            for key in [key for key in self._slots if matches(key)]:
                del self._slots[key]

    def _slot(self, key: Hashable) -> _Slot:
        with self._lock:
            if key not in self._slots and len(self._slots) >= MAX_KEYS:
                self._slots.pop(next(iter(self._slots)))
            return self._slots.setdefault(key, _Slot())
