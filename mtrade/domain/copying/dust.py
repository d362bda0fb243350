"""A share of less than the exchange takes, and the least order that may stand for it. Pure."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from msgspec.structs import replace

from mtrade.domain.copying import episodes as ep
from mtrade.domain.copying.codes import Code, Reason
from mtrade.domain.copying.facts import Facts
from mtrade.domain.copying.model import Episode
from mtrade.domain.instruments import Instrument
from mtrade.domain.numbers import text


def is_dust(episode: Episode, facts: Facts) -> bool:
    """Whether E is something, but less than the exchange takes."""
    rules = facts.market.rules
    if rules is None or not episode.exact:
        return False
    target = ep.rounded(episode.exact, rules.size_step, facts.link.params.rounding)
    return not target or abs(target) < rules.min_size


def bumped(episode: Episode, facts: Facts) -> Episode | Reason:
    """The episode with the smallest order as its target, or why that would be too much."""
    rules, most = facts.market.rules, facts.link.params.max_bump_factor
    if rules is None:
        return too_small(episode, facts)
    least = Fraction(_least(rules))
    factor = least / abs(episode.exact)
    if factor > Fraction(most):
        return Reason(Code.BUMP_REFUSED, {"factor": short(factor), "limit": text(most)})
    ratio = least / ep.copied(episode, episode.anchor)
    return replace(episode, exact=least * ep.sign(episode.exact), k_eff=ratio)


def too_small(episode: Episode, facts: Facts) -> Reason:
    """The share beside the smallest order, in contracts and in USDT."""
    rules, wanted = facts.market.rules, abs(episode.exact)
    if rules is None:
        return Reason(Code.MIN_SIZE)
    least = _least(rules)
    numbers = {"minimum": text(least), "wanted": short(wanted)}
    price = facts.leader.increase_price or facts.market.mark
    if price is not None:
        one = rules.value(least, price)
        numbers["minimum_value"] = text(round(one, 2))
        numbers["share_value"] = text(round(one * wanted.numerator / wanted.denominator / least, 2))
    return Reason(Code.MIN_SIZE, numbers)


def short(number: Fraction) -> str:
    """A ratio with at most four digits behind the point."""
    return text(round(Decimal(number.numerator) / Decimal(number.denominator), 4))


def _least(rules: Instrument) -> Decimal:
    return max(rules.min_size, rules.size_step)
