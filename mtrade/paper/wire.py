"""How the paper exchange writes values whose JSON type is Gate's choice."""

from __future__ import annotations

from decimal import Decimal

from mtrade.domain.numbers import text


def wire_size(size: Decimal, decimal_sizes: bool) -> str | int:
    """A contract size: canonical text for callers that sent X-Gate-Size-Decimal, else an integer.

    Without the header Gate truncates fractional contracts toward zero (gate-notes.md, sizes).
    """
    return text(size) if decimal_sizes else int(size)


def wire_seconds(time_ms: int) -> float:
    """A time as seconds with the milliseconds behind the point: a JSON number."""
    return time_ms / 1000


def wire_float(number: Decimal) -> float:
    """A statistic that Gate sends as a JSON number instead of text; it is never read back."""
    return float(number)


def wire_quote(number: Decimal | None) -> str:
    """A price that may not be quoted: canonical text, or the empty text when there is none."""
    return "" if number is None else text(number)
