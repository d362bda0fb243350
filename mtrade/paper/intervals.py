"""Gate's candle intervals and where their candles begin (Gate spot and futures docs)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from mtrade.paper.series import Bar

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

LENGTHS = {
    "10s": 10 * SECOND,
    "1m": MINUTE,
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "30m": 30 * MINUTE,
    "1h": HOUR,
    "2h": 2 * HOUR,
    "4h": 4 * HOUR,
    "8h": 8 * HOUR,
    "1d": DAY,
    "7d": 7 * DAY,
    "1w": 7 * DAY,
    "30d": 30 * DAY,
}

_FIRST_MONDAY = 4 * DAY  # 1970-01-05; `7d` counts from the epoch, `1w` is the natural week


def starter(interval: str, shift_ms: int = 0) -> Callable[[int], int]:
    """The function from a time to the start of its candle.

    `shift_ms` moves midnight for intervals of a day and more (time zone utc8: 8 hours). `30d` is
    the calendar month.
    """
    length = LENGTHS[interval]
    if interval == "30d":
        return lambda at: _month(at + shift_ms) - shift_ms
    offset = _FIRST_MONDAY if interval == "1w" else 0
    if length >= DAY:
        offset -= shift_ms
    return lambda at: at - (at - offset) % length


def merge(bars: Iterable[Bar], start_of: Callable[[int], int]) -> list[Bar]:
    """Candles merged into those that begin where `start_of` says."""
    merged: list[Bar] = []
    for bar in bars:
        start = start_of(bar.start)
        if merged and merged[-1].start == start:
            merged[-1] = merged[-1].plus(bar)
        else:
            merged.append(bar._replace(start=start))
    return merged


def _month(at_ms: int) -> int:
    day = datetime.fromtimestamp(at_ms / 1000, UTC)
    first = day.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return int(first.timestamp()) * SECOND
