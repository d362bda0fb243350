"""One instrument's place on the exchange: its rules, book, tape and prices."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal

from mtrade.domain.instruments import Instrument, InstrumentId, Side
from mtrade.domain.market import FundingRate, PublicTrade, RiskTier
from mtrade.domain.numbers import ONE, ZERO
from mtrade.paper.chart import Chart
from mtrade.paper.matching import OrderBook
from mtrade.paper.tape import Tape

KEPT_FUNDING = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What Gate publishes about an instrument beside its trading rules (Gate spot, futures docs).

    The `public_*` rates are the base rates of the contract object, not those a user pays; the
    instrument holds the latter. Turnover and depth describe the synthetic market, in quote units.
    """

    base_name: str
    quote_name: str
    created_s: int
    orders_limit: int = 200
    enable_decimal: bool = False
    mark_step: Decimal = ONE
    tiers: tuple[RiskTier, ...] = ()
    cross_leverage_default: Decimal = ONE
    public_maker_fee: Decimal = ZERO
    public_taker_fee: Decimal = ZERO
    interest_rate: Decimal = ZERO
    funding_rate_limit: Decimal = ZERO
    market_slip_ratio: Decimal = ZERO
    turnover: Decimal = ZERO
    depth: Decimal = ZERO

    def tier(self, value: Decimal) -> RiskTier:
        """The bracket a position of `value` (settle currency) reaches into; the last is open."""
        for tier in self.tiers:
            if value <= tier.limit:
                return tier
        return self.tiers[-1]


@dataclass(slots=True, kw_only=True)
class Room:
    """An instrument and its live market. Prices are in quote units, rates are fractions.

    On spot `mark` equals `index`. Funding: on the tick where `now_ms >= funding_next_ms` the
    futures venue pays `funding_rate` at `mark`, in `on_prices`; right after it the market engine
    calls `roll_funding`, which books the rate and sets the next time.
    """

    instrument: Instrument
    listing: Listing
    book: OrderBook
    tape: Tape
    last: Decimal
    mark: Decimal
    index: Decimal
    funding_rate: Decimal = ZERO
    funding_rate_indicative: Decimal = ZERO
    funding_next_ms: int = 0
    funding: deque[FundingRate] = field(default_factory=lambda: deque(maxlen=KEPT_FUNDING))
    open_interest: Decimal = ZERO
    trade_id: int = 0
    traded: Decimal = ZERO
    mark_chart: Chart | None = None
    index_chart: Chart | None = None

    @property
    def id(self) -> InstrumentId:
        """The instrument's id."""
        return self.instrument.id

    def trade(
        self, trade_id: int, side: Side, price: Decimal, size: Decimal, *, now_ms: int
    ) -> None:
        """Print one match. Venues call it once per match, in order; `side` is the taker's."""
        self.last = price
        self.trade_id = trade_id
        self.traded += abs(size)
        self.tape.record(
            PublicTrade(
                id=str(trade_id),
                instrument=self.instrument.id,
                time_ms=now_ms,
                price=price,
                size=abs(size),
                side=side,
            )
        )

    def roll_funding(self, now_ms: int) -> None:
        """Book the settled rate and move on to the first funding time after `now_ms`."""
        self.funding.append(FundingRate(time_ms=self.funding_next_ms, rate=self.funding_rate))
        self.funding_next_ms = next_funding(now_ms, self.instrument.funding_interval_s)


def next_funding(now_ms: int, interval_s: int) -> int:
    """The first multiple of the funding interval after `now_ms`, in UTC ms; 0 without funding."""
    step = interval_s * 1000
    return now_ms - now_ms % step + step if step else 0
