"""Progressive risk tiers: each slice of a position's value is charged its own rate."""

from __future__ import annotations

from decimal import Decimal

from mtrade.domain.market import RiskTier
from mtrade.domain.numbers import ONE, ZERO

_LIMITS = (20_000, 50_000, 100_000, 200_000, 1_000_000, 2_000_000, 3_000_000, 5_000_000)

# Maintenance rate and highest leverage per tier. MAJOR is Gate's table of BTC_USDT (gate-notes,
# tiers); the other two follow its shape for contracts that allow less.
MAJOR = (
    ("0.004", "125"),
    ("0.0045", "111"),
    ("0.005", "100"),
    ("0.007", "75"),
    ("0.01", "50"),
    ("0.02", "25"),
    ("0.05", "10"),
    ("0.5", "1.05"),
)
MEDIUM = (
    ("0.005", "100"),
    ("0.0065", "75"),
    ("0.01", "50"),
    ("0.015", "33"),
    ("0.025", "20"),
    ("0.05", "10"),
    ("0.1", "5"),
    ("0.5", "1.05"),
)


def usdt_tiers(rates: tuple[tuple[str, str], ...]) -> tuple[RiskTier, ...]:
    """The table of a USDT contract, limits in USDT."""
    return _table(tuple(Decimal(limit) for limit in _LIMITS), rates)


def btc_tiers(rates: tuple[tuple[str, str], ...]) -> tuple[RiskTier, ...]:
    """The table of a contract settled in BTC, limits in BTC."""
    return _table(tuple(Decimal(limit) / 20_000 for limit in _LIMITS), rates)


def _table(limits: tuple[Decimal, ...], rates: tuple[tuple[str, str], ...]) -> tuple[RiskTier, ...]:
    tiers: list[RiskTier] = []
    deduction, below, rate_below = ZERO, ZERO, ZERO
    for number, (limit, (rate_text, leverage_text)) in enumerate(zip(limits, rates, strict=True)):
        rate, leverage = Decimal(rate_text), Decimal(leverage_text)
        if number:
            deduction += below * (rate - rate_below)
        tiers.append(
            RiskTier(
                tier=number + 1,
                limit=limit,
                initial_rate=(ONE / leverage).quantize(Decimal("0.000001")).normalize(),
                maintenance_rate=rate,
                leverage_max=leverage,
                deduction=deduction.normalize(),
            )
        )
        below, rate_below = limit, rate
    return tuple(tiers)
