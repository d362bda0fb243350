"""A small cache of blocking reads: one reader at a time per key, everybody shares the answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from mtrade.domain.errors import MTradeError
from mtrade.domain.ports import Clock
from mtrade.trading.views import Aged

T = TypeVar("T")

MAX_KEYS = 2_000


@dataclass(slots=True)
class _Slot:
    lock: threading.Lock = field(default_factory=threading.Lock)
    value: Any = None
    read_at: float | None = None
    reads: int = 0
    fault: MTradeError | None = None


class ReadCache:
    """Thread-safe. A value younger than its `ttl` is shared; an older one is read again.

    A failed read raises for all who waited for it, so that a dead exchange does not keep each of
    them for a time-out of its own. It leaves nothing behind: no old value is passed off as new.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._slots: dict[Hashable, _Slot] = {}

    def get(self, key: Hashable, ttl: float, read: Callable[[], T]) -> Aged[T]:
        """The cached value of `key`, or what `read` returns now, with its age."""
        slot = self._slot(key)
        seen = slot.reads
        with slot.lock:
            now = self._clock.monotonic()
            if slot.reads != seen and slot.fault is not None:
                raise slot.fault
            if slot.read_at is None or now - slot.read_at > ttl:
                self._read(slot, read)
                now = self._clock.monotonic()
            return Aged(cast("T", slot.value), round((now - (slot.read_at or now)) * 1000))

    def forget(self, matches: Callable[[Hashable], bool]) -> None:
        """Make the next `get` of every matching key read anew."""
        with self._lock:
            for key in [key for key in self._slots if matches(key)]:
                del self._slots[key]

    def _read(self, slot: _Slot, read: Callable[[], object]) -> None:
        slot.fault = None
        try:
            slot.value = read()
            slot.read_at = self._clock.monotonic()
        except MTradeError as fault:
            slot.fault = fault
            raise
        finally:
            slot.reads += 1

    def _slot(self, key: Hashable) -> _Slot:
        with self._lock:
            if key not in self._slots and len(self._slots) >= MAX_KEYS:
                self._slots.pop(next(iter(self._slots)))
            return self._slots.setdefault(key, _Slot())
