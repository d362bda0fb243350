"""How the paper exchange writes values that change their type with the caller."""

from __future__ import annotations

from decimal import Decimal

from mtrade.domain.numbers import text


def wire_size(size: Decimal, decimal_sizes: bool) -> str | int:
    """A contract size: canonical text for callers that sent X-Gate-Size-Decimal, else an integer.

    Without the header Gate truncates fractional contracts toward zero (gate-notes.md, sizes).
    """
    return text(size) if decimal_sizes else int(size)
