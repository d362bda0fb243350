"""What has been traded on one instrument: the last trades, the candles, the day's statistics."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from decimal import Decimal

from mtrade.domain.instruments import Instrument
from mtrade.domain.market import PublicTrade
from mtrade.domain.numbers import ZERO
from mtrade.paper.chart import Chart, Scale
from mtrade.paper.intervals import DAY, HOUR, starter

KEPT_TRADES = 1000


@dataclass(frozen=True, slots=True)
class DayStats:
    """The last 24 hours, and the first prices of the day in UTC and in UTC+8."""

    open: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal
    volume_quote: Decimal
    open_utc0: Decimal
    open_utc8: Decimal


class Tape:
    """Trades of one instrument, newest last, and the candles they make."""

    def __init__(self, instrument: Instrument, chart: Chart | None = None) -> None:
        self.instrument = instrument
        self.chart = chart or Chart(Scale.of(instrument))
        self.trades: deque[PublicTrade] = deque(maxlen=KEPT_TRADES)

    def record(self, trade: PublicTrade) -> None:
        """Print one trade; ids must grow and times not fall."""
        self.trades.append(trade)
        rules = self.instrument
        steps = int(trade.size / rules.size_step)
        ticks = int(trade.price / rules.price_step)
        turnover = steps if rules.inverse else steps * ticks
        self.chart.record(trade.time_ms, trade.price, steps, turnover)

    def day(self, now_ms: int, last: Decimal) -> DayStats:
        """Statistics of the 24 hours before `now_ms`; `last` stands in where nothing is known."""
        whole = self.chart.since(now_ms - DAY)
        if whole is None:
            return DayStats(last, last, last, ZERO, ZERO, last, last)
        return DayStats(
            whole.open,
            whole.high,
            whole.low,
            whole.volume,
            whole.volume_quote,
            self._open_of_day(now_ms, 0, last),
            self._open_of_day(now_ms, 8 * HOUR, last),
        )

    def _open_of_day(self, now_ms: int, shift_ms: int, last: Decimal) -> Decimal:
        since = self.chart.since(starter("1d", shift_ms)(now_ms))
        return since.open if since else last
