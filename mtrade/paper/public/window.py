"""Which part of a list or a chart a public call asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from mtrade.domain.market import Candle
from mtrade.paper import fields
from mtrade.paper.chart import Chart
from mtrade.paper.faults import GateFault
from mtrade.paper.http import Call
from mtrade.paper.intervals import HOUR, LENGTHS, starter

T = TypeVar("T")

_LATEST_S = 10**11
_ZONES = ("all", "utc0", "utc8")
_DEFAULT_LIMIT = 100


def candles(
    call: Call, chart: Chart, *, default: str, most: int, weekly: bool = False
) -> list[Candle]:
    """The candles of `interval`, `limit` or `from` and `to`, oldest first (Gate docs)."""
    known = tuple(name for name in LENGTHS if weekly or name != "1w")
    interval = fields.choice(call.query, "interval", known, default)
    shift = zone_shift(call)
    if not (call.query.get("from") or call.query.get("to")):
        limit = fields.whole(call.query, "limit", _DEFAULT_LIMIT, 1, most)
        return chart.newest(interval, limit, call.now_ms, shift)
    if call.query.get("limit"):
        raise GateFault("INVALID_PARAM_VALUE", "limit conflicts with from and to")
    end_ms = _seconds(call, "to", call.now_ms)
    first_ms = _seconds(call, "from", max(end_ms - _DEFAULT_LIMIT * LENGTHS[interval], 0))
    # The candle that `from` falls into counts and is sent: Gate refuses an uneven range of as many
    # lengths as it has candles to give (ccxt issue 17464).
    begin = starter(interval, shift)(first_ms)
    if (end_ms - begin) // LENGTHS[interval] >= most:
        message = f"range too broad, at most {most} data points are allowed per request"
        raise GateFault("INVALID_PARAM_VALUE", message)
    return chart.candles(interval, max(begin, 0), end_ms + 1, shift)


def closed(call: Call, candle: Candle, default: str) -> bool:
    """Whether a candle of this call is over."""
    interval = call.query.get("interval") or default
    return starter(interval, zone_shift(call))(call.now_ms) > candle.start_ms


def zone_shift(call: Call) -> int:
    """How far the caller's midnight is before UTC's, in ms."""
    zone = fields.choice(call.query, "timezone", _ZONES, "utc0")
    return 8 * HOUR if zone == "utc8" else 0


def time_range(call: Call) -> tuple[int, int]:
    """`from` and `to` in ms, both inclusive; everything when absent."""
    return _seconds(call, "from", 0), _seconds(call, "to", _LATEST_S * 1000, end=True)


def page(call: Call, items: Sequence[T], *, most: int = 1000, default: int = 100) -> Sequence[T]:
    """The part of a list that `limit` and `offset` ask for."""
    limit = fields.whole(call.query, "limit", default, 1, most)
    offset = fields.whole(call.query, "offset", 0, 0, 10**9)
    return items[offset : offset + limit]


def _seconds(call: Call, name: str, default_ms: int, *, end: bool = False) -> int:
    if not call.query.get(name):
        return default_ms
    at = fields.whole(call.query, name, 0, 0, _LATEST_S) * 1000
    return at + 999 if end else at
