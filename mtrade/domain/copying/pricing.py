"""Prices of copy orders: the worst one an entry accepts, and the steps of an exit. Pure."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from msgspec import Struct

from mtrade.domain.copying.facts import Facts, MarketFacts
from mtrade.domain.copying.model import CopyLeg, Episode
from mtrade.domain.instruments import Instrument, Side
from mtrade.domain.numbers import text

BPS = Decimal(10_000)
_BUY = Side.BUY  # looked up once: on Python 3.11 that costs as much as a call
ROOM = Decimal("0.9")  # of the exchange's largest distance from mark, which moves meanwhile


class Ends(Struct, frozen=True):
    """Between these the exchange accepts prices: farther from mark an order is refused."""

    lowest: Decimal
    highest: Decimal

    def nearest(self, price: Decimal, side: Side) -> Decimal:
        """`price`, unless it is too far away for an order that takes what is there."""
        return min(price, self.highest) if side is Side.BUY else max(price, self.lowest)


class Band(Struct, frozen=True, cache_hash=True):
    """`reference` is the leader's price, or mark; `bps` how far beyond it an entry may go."""

    reference: Decimal
    bps: Decimal
    ends: Ends | None = None

    def worst(self, side: Side) -> Decimal:
        """The worst acceptable price."""
        return _worst(self, side)

    def ran(self, side: Side, touch: Decimal | None) -> Decimal | None:
        """By how many bps the market has run beyond the band; None while it has not."""
        if touch is None or (touch - self.worst(side)) * side.sign <= 0:
            return None
        return abs(touch / self.reference - 1) * BPS


# A leader's trade concerns many followers alike: what depends on the market and their settings only
# is computed once.


@lru_cache(maxsize=256)
def _worst(band: Band, side: Side) -> Decimal:
    price = band.reference * (1 + side.sign * band.bps / BPS)
    return price if band.ends is None else band.ends.nearest(price, side)


@lru_cache(maxsize=256)
def _band(reference: Decimal, bps: Decimal, market: MarketFacts) -> Band:
    return Band(reference, bps, _ends(market))


@lru_cache(maxsize=256)
def limit(band: Band, rules: Instrument, side: Side) -> Decimal:
    """The worst acceptable price on the grid of prices."""
    return rules.conform_price(band.worst(side), side)


def entry_band(episode: Episode, facts: Facts, *, late: bool) -> Band | None:
    """The band of an entry; None without any price."""
    params, mark = facts.link.params, facts.market.mark
    bps = params.entry_slip_bps
    if episode.accepted_late or episode.joined in ("copy_now", "if_better", "ask"):
        return None if mark is None else _band(mark, bps, facts.market)
    reference = facts.leader.increase_price or leader_price(episode)
    if late:
        reference, bps = reference or facts.leader.entry_price, params.late_band_bps
    reference = reference or mark  # the net of two legs has no entry price of its own
    return None if reference is None else _band(reference, bps, facts.market)


def _ends(market: MarketFacts) -> Ends | None:
    """None while mark or the exchange's rule is not known."""
    rules, mark = market.rules, market.mark
    if rules is None or rules.price_deviation is None or mark is None:
        return None
    most = rules.price_deviation * ROOM
    return Ends(mark * (1 - most), mark * (1 + most))


def leader_price(episode: Episode) -> Decimal | None:
    """VWAP of the leader's increases in this episode."""
    if not episode.leader_opened:
        return None
    return episode.leader_cost / episode.leader_opened


def touch(facts: Facts, side: Side) -> Decimal | None:
    """What an order of this side meets first."""
    return facts.market.ask if side is _BUY else facts.market.bid


def exit_price(leg: CopyLeg, facts: Facts, side: Side) -> Decimal | None:
    """A step further from mark with each try, then any price (None, a market order)."""
    steps, mark, rules = facts.link.params.exit_steps_bps, facts.market.mark, facts.market.rules
    if mark is None or rules is None or leg.tries >= len(steps):
        return None
    price = limit(_band(mark, steps[leg.tries], facts.market), rules, side)
    return price if price > 0 else None


def gap_bps(own: Decimal, theirs: Decimal, side: Side) -> Decimal:
    """By how much the own price is worse than the leader's; below 0 is better."""
    return (own / theirs - 1) * side.sign * BPS


def shown(bps: Decimal) -> str:
    """Basis points for a sentence."""
    return text(round(bps, 1))
