"""Randomness of the synthetic market: seeded streams, and the one door from float to Decimal.

The price processes and the market maker may compute with floats, because a synthetic price is
nobody's money until it is quoted. `decimal_of` is the only place where such a float becomes a
Decimal, through text with a fixed number of digits.
"""

from __future__ import annotations

import random
from decimal import Decimal


def dice(seed: int, *path: object) -> random.Random:
    """An independent stream of random numbers for one purpose, the same for one seed."""
    name = "/".join(str(part) for part in (seed, *path))
    return random.Random(name)  # noqa: S311 - draws a synthetic market, guards no secret


def decimal_of(number: float) -> Decimal:
    """The Decimal of a synthetic number, with twelve digits after the point."""
    return Decimal(f"{number:.12f}")
